/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What registries and token servers answer, as words for people: bounded and free of control
 * characters.
 */
#ifndef YAWL_RUNTIME_IMAGE_REGISTRY_REGISTRY_WORDS_H
#define YAWL_RUNTIME_IMAGE_REGISTRY_REGISTRY_WORDS_H

#include "runtime/image/registry/http.h"

/* "manifest unknown: no such tag" of the document that tells of an error, or "status 502". Returns
 * -1, as error_set(). */
int registry_words_of_answer(const struct http_response *response, struct error *err);

/* "12 of 100 pulls left", or "" when nothing is said of a quota. */
enum { REGISTRY_QUOTA_SIZE = 64 };
void registry_words_of_quota(const struct http_response *response,
                             char ret_words[REGISTRY_QUOTA_SIZE]);

/* Whether the quota is nearly used up. */
bool registry_quota_is_low(const struct http_response *response);

#endif
