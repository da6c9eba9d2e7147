/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whether a step that failed is tried again, and the wait before: it doubles with each try and has
 * a random part, so that many clients do not come back at once. A registry that says when to come
 * back (Retry-After) is obeyed, within limits.
 */
#ifndef YAWL_RUNTIME_IMAGE_REGISTRY_RETRY_H
#define YAWL_RUNTIME_IMAGE_REGISTRY_RETRY_H

#include "runtime/image/registry/http.h"
#include "runtime/image/registry/registry.h"

/* Filled in by the caller but for `failed`. */
struct retry {
    const struct registry_options *options;
    const char *registry;         /* for the news */
    const atomic_bool *cancelled; /* besides the options'; may be NULL */
    unsigned max_tries;
    unsigned failed; /* tries so far; back to 0 after progress */
};

/* After a try that failed (`why` has text) or was answered by an error: true when it waited and
 * another try makes sense. */
bool retry_again(struct retry *retry, const struct http_response *response,
                 const struct error *why);

/* Tells the news to whoever listens. */
void registry_notice(const struct registry_options *options, const char *registry,
                     const char *format, ...) PRINTF_LIKE(3, 4);

#endif
