/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The kinds of documents that an image's name may lead to.
 */
#ifndef YAWL_RUNTIME_IMAGE_REGISTRY_MANIFEST_TYPE_H
#define YAWL_RUNTIME_IMAGE_REGISTRY_MANIFEST_TYPE_H

#include <stddef.h>

#include "common/arena.h"
#include "common/error.h"

/* The Accept header that asks for all of them. */
extern const char manifest_type_accept[];

/* "application/json; charset=utf-8" is "application/json", in lower case; NULL is "". */
const char *manifest_type_plain(const char *content_type, struct arena *arena);

/*
 * What the document is, by the registry's word and its own, which must agree. Registries that call
 * it anything else (text/plain) are forgiven when the document itself says it. Schema 1 is refused.
 */
MUST_CHECK int manifest_type_of(const char *bytes, size_t length, const char *content_type,
                                struct arena *arena, const char **ret_type, struct error *err);

#endif
