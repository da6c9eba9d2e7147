/* SPDX-License-Identifier: Apache-2.0 */
#include "common/sha256.h"

#include <nettle/sha2.h>
#include <nettle/version.h>
#include <stdint.h>
#include <stdlib.h>

#include "common/memory.h"

#undef sha256_update /* nettle's macro for its own; this is ours */

struct sha256 {
    struct sha256_ctx context;
};

struct sha256 *sha256_new(void)
{
    struct sha256 *hash = memory_new(struct sha256);

    nettle_sha256_init(&hash->context);
    return hash;
}

void sha256_update(struct sha256 *hash, const void *bytes, size_t length)
{
    nettle_sha256_update(&hash->context, length, bytes);
}

void sha256_finish(struct sha256 *take_hash, char ret_hex[SHA256_HEX_SIZE])
{
    static const char digits[] = "0123456789abcdef";
    uint8_t digest[SHA256_DIGEST_SIZE];

#if NETTLE_VERSION_MAJOR >= 4
    nettle_sha256_digest(&take_hash->context, digest);
#else
    nettle_sha256_digest(&take_hash->context, sizeof(digest), digest);
#endif
    for (size_t i = 0; i < sizeof(digest); i++) {
        ret_hex[2 * i] = digits[digest[i] >> 4];
        ret_hex[2 * i + 1] = digits[digest[i] & 15];
    }
    ret_hex[SHA256_HEX_SIZE - 1] = '\0';
    sha256_free(take_hash);
}

void sha256_free(struct sha256 *hash)
{
    free(hash);
}

void sha256_hex(const void *bytes, size_t length, char ret_hex[SHA256_HEX_SIZE])
{
    struct sha256 *hash = sha256_new();

    sha256_update(hash, bytes, length);
    sha256_finish(hash, ret_hex);
}
