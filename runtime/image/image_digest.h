/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Digests as images name their parts: "sha256:" and 64 lower-case hexadecimal digits (image-spec
 * descriptor.md). Digests become file names, so nothing else passes.
 */
#ifndef YAWL_RUNTIME_IMAGE_IMAGE_DIGEST_H
#define YAWL_RUNTIME_IMAGE_IMAGE_DIGEST_H

#include <stdbool.h>
#include <stddef.h>

#include "common/error.h"
#include "common/sha256.h"

/* "sha256:", the digits and a NUL. */
enum { IMAGE_DIGEST_SIZE = 7 + SHA256_HEX_SIZE };

bool image_digest_is_valid(const char *text);

/* As above, with the reason: unknown algorithm, wrong length, wrong letter. `text` may be NULL. */
MUST_CHECK int image_digest_check(const char *text, struct error *err);

/* The digits of a valid digest, borrowed. */
const char *image_digest_hex(const char *digest);

/* Whether `text` is `length` lower-case hexadecimal digits. */
bool image_digest_is_hex(const char *text, size_t length);

/* "sha256:" and the digits. */
void image_digest_of_hex(const char *hex, char ret_digest[IMAGE_DIGEST_SIZE]);
void image_digest_of_bytes(const void *bytes, size_t length, char ret_digest[IMAGE_DIGEST_SIZE]);

#endif
