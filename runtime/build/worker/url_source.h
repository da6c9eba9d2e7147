/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ADD of an http or https address: fetched into a file, its digest known when it is whole.
 */
#ifndef YAWL_RUNTIME_BUILD_WORKER_URL_SOURCE_H
#define YAWL_RUNTIME_BUILD_WORKER_URL_SOURCE_H

#include <stdbool.h>

#include "common/arena.h"
#include "common/error.h"
#include "runtime/image/image_digest.h"

bool url_source_is(const char *text);

/* The name that the file gets in a directory: the last part of the path. Fails when there is none.
 */
MUST_CHECK int url_source_name(const char *url, struct arena *arena, const char **ret_name,
                               struct error *err);

/* Fetches it into a new file; redirections are followed, never from https to http. What does not
 * have the digest (or NULL: any) is an error. `ret_digest` is what it has. */
MUST_CHECK int url_source_fetch(const char *url, const char *checksum, int fd,
                                char ret_digest[IMAGE_DIGEST_SIZE], struct error *err);

#endif
