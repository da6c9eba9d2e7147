/* SPDX-License-Identifier: Apache-2.0 */
#include "common/sha256.h"

#include <sys/types.h>

#include <sha2.h>

#include "common/cleanup.h"

struct sha256 {
    SHA2_CTX context;
};

struct sha256 *sha256_new(void)
{
    struct sha256 *hash = calloc(1, sizeof(*hash));

    if (!hash)
        abort();
    SHA256Init(&hash->context);
    return hash;
}

void sha256_update(struct sha256 *hash, const void *bytes, size_t length)
{
    SHA256Update(&hash->context, bytes, length);
}

void sha256_finish(struct sha256 *take_hash, char ret_hex[SHA256_HEX_SIZE])
{
    (void)SHA256End(&take_hash->context, ret_hex);
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
