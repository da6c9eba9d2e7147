/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/image/image_digest.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "common/text.h"

static const char algorithm[] = "sha256:";
enum { ALGORITHM_LENGTH = sizeof(algorithm) - 1, HEX_LENGTH = SHA256_HEX_SIZE - 1 };

bool image_digest_is_hex(const char *text, size_t length)
{
    return strlen(text) == length && strspn(text, "0123456789abcdef") == length;
}

int image_digest_check(const char *text, struct error *err)
{
    if (!text || !*text)
        return error_set(err, "there is no digest");
    if (!string_starts_with(text, algorithm))
        return error_set(err, "digest '%.100s' is not sha256", text);
    if (!image_digest_is_hex(text + ALGORITHM_LENGTH, HEX_LENGTH))
        return error_set(err, "digest '%.100s' is not 64 lower-case hexadecimal digits", text);
    return 0;
}

bool image_digest_is_valid(const char *text)
{
    return image_digest_check(text, NULL) == 0;
}

const char *image_digest_hex(const char *digest)
{
    assert(image_digest_is_valid(digest));
    return digest + ALGORITHM_LENGTH;
}

void image_digest_of_hex(const char *hex, char ret_digest[IMAGE_DIGEST_SIZE])
{
    assert(image_digest_is_hex(hex, HEX_LENGTH));
    memcpy(ret_digest, algorithm, ALGORITHM_LENGTH);
    memcpy(ret_digest + ALGORITHM_LENGTH, hex, SHA256_HEX_SIZE);
}

void image_digest_of_bytes(const void *bytes, size_t length, char ret_digest[IMAGE_DIGEST_SIZE])
{
    char hex[SHA256_HEX_SIZE];

    sha256_hex(bytes, length, hex);
    image_digest_of_hex(hex, ret_digest);
}
