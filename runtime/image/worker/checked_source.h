/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A byte source that watches what passes: its size and its digest.
 *
 * Whoever reads gets an error instead of the end when the bytes were not the announced ones. Until
 * then nothing that was read may take effect; that is why layers are unpacked aside and renamed
 * afterwards.
 */
#ifndef YAWL_RUNTIME_IMAGE_WORKER_CHECKED_SOURCE_H
#define YAWL_RUNTIME_IMAGE_WORKER_CHECKED_SOURCE_H

#include <stdatomic.h>
#include <stdbool.h>

#include "runtime/image/worker/byte_source.h"

struct checked_source_spec {
    const char *digest;           /* "sha256:...", copied; NULL: not checked */
    int64_t size;                 /* exact; -1: not checked */
    int64_t limit_bytes;          /* more is an error */
    const atomic_bool *cancelled; /* true: reading fails; NULL: never */
    char *ret_digest;             /* IMAGE_DIGEST_SIZE bytes, written at the end; or NULL */
    int64_t *ret_size;            /* written at the end; or NULL */
};

struct byte_source *checked_source_new(struct byte_source *take_inner,
                                       const struct checked_source_spec *spec);

#endif
