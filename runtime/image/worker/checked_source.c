/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/image/worker/checked_source.h"

#include <string.h>

#include "common/memory.h"
#include "common/text.h"
#include "runtime/image/image_digest.h"

struct checked_source {
    struct byte_source *inner;
    struct sha256 *hash;            /* NULL when nobody wants the digest, and after the end */
    char digest[IMAGE_DIGEST_SIZE]; /* "": not checked */
    char *ret_digest;
    int64_t *ret_size;
    int64_t size, limit_bytes, passed;
    const atomic_bool *cancelled;
    bool ended;
};

static int check_end(struct checked_source *checked, struct error *err)
{
    char hex[SHA256_HEX_SIZE];
    char digest[IMAGE_DIGEST_SIZE];

    if (checked->size >= 0 && checked->passed != checked->size)
        return error_set(err, "it has %lld bytes instead of %lld", (long long)checked->passed,
                         (long long)checked->size);
    if (checked->hash) {
        sha256_finish(steal(checked->hash), hex);
        image_digest_of_hex(hex, digest);
        if (*checked->digest && !string_eq(digest, checked->digest))
            return error_set(err, "its digest is '%s' instead of '%s'", digest, checked->digest);
        if (checked->ret_digest)
            memcpy(checked->ret_digest, digest, sizeof(digest));
    }
    if (checked->ret_size)
        *checked->ret_size = checked->passed;
    checked->ended = true;
    return 0;
}

static int checked_source_read(void *owner, const void **ret_bytes, size_t *ret_length,
                               struct error *err)
{
    struct checked_source *checked = owner;

    if (checked->ended) {
        *ret_length = 0;
        return 0;
    }
    if (checked->cancelled && atomic_load(checked->cancelled))
        return error_set(err, "cancelled");
    if (byte_source_read(checked->inner, ret_bytes, ret_length, err) < 0)
        return -1;
    if (*ret_length == 0)
        return check_end(checked, err);

    checked->passed += (int64_t)*ret_length;
    if (checked->size >= 0 && checked->passed > checked->size)
        return error_set(err, "it has more than %lld bytes", (long long)checked->size);
    if (checked->passed > checked->limit_bytes)
        return error_set(err, "it has more than %lld bytes, the limit",
                         (long long)checked->limit_bytes);
    if (checked->hash)
        sha256_update(checked->hash, *ret_bytes, *ret_length);
    return 0;
}

static void checked_source_free(void *owner)
{
    struct checked_source *checked = owner;

    sha256_free(checked->hash);
    byte_source_free(checked->inner);
    free(checked);
}

static const struct byte_source_ops checked_source_ops = {.read = checked_source_read,
                                                          .free = checked_source_free};

struct byte_source *checked_source_new(struct byte_source *take_inner,
                                       const struct checked_source_spec *spec)
{
    struct checked_source *checked = memory_new(struct checked_source);

    checked->inner = take_inner;
    checked->cancelled = spec->cancelled;
    checked->size = spec->size;
    checked->limit_bytes = spec->limit_bytes;
    checked->ret_digest = spec->ret_digest;
    checked->ret_size = spec->ret_size;
    if (spec->digest)
        memcpy(checked->digest, spec->digest, IMAGE_DIGEST_SIZE);
    if (spec->digest || spec->ret_digest)
        checked->hash = sha256_new();
    return byte_source_new(&checked_source_ops, checked);
}
