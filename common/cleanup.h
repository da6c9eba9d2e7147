/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Scoped ownership: a local that owns something is declared `scoped`, and handing it over is
 * `steal()`.
 *
 *     scoped(endpoint_free) struct endpoint *endpoint = endpoint_new(spec);
 *     ...
 *     *ret_endpoint = steal(endpoint);
 *
 * DEFINE_SCOPED(type, destructor) goes below the destructor's declaration, once. Destructors accept
 * NULL.
 */
#ifndef YAWL_COMMON_CLEANUP_H
#define YAWL_COMMON_CLEANUP_H

#include <stdlib.h>

#define MUST_CHECK __attribute__((warn_unused_result))
#define PRINTF_LIKE(fmt, args) __attribute__((format(printf, fmt, args), nonnull(fmt)))
#define UNUSED __attribute__((unused))

#define DEFINE_SCOPED(type, destructor)                                                            \
    static inline UNUSED void destructor##_scoped(type *place)                                     \
    {                                                                                              \
        destructor(*place);                                                                        \
    }

#define scoped(destructor) __attribute__((cleanup(destructor##_scoped), unused))

/* Takes the value out of a pointer that owns, leaving NULL. */
#define steal(place)                                                                               \
    __extension__({                                                                                \
        __typeof__(&(place)) steal_place = &(place);                                               \
        __typeof__(place) steal_value = *steal_place;                                              \
        *steal_place = NULL;                                                                       \
        steal_value;                                                                               \
    })

#define ARRAY_LENGTH(array) (sizeof(array) / sizeof((array)[0]))

static inline UNUSED void free_scoped(void *place)
{
    free(*(void **)place);
}

#endif
