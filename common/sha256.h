/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SHA-256 by nettle, which uses the processor's instructions for it; this is its one home.
 */
#ifndef YAWL_COMMON_SHA256_H
#define YAWL_COMMON_SHA256_H

#include <stddef.h>

enum { SHA256_HEX_SIZE = 65 };

struct sha256;

struct sha256 *sha256_new(void);
void sha256_update(struct sha256 *hash, const void *bytes, size_t length);
/* Writes 64 lower-case hexadecimal digits and a NUL, and frees the hash. */
void sha256_finish(struct sha256 *take_hash, char ret_hex[SHA256_HEX_SIZE]);
void sha256_free(struct sha256 *hash);

void sha256_hex(const void *bytes, size_t length, char ret_hex[SHA256_HEX_SIZE]);

#endif
