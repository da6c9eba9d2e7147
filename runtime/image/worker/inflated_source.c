/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/image/worker/inflated_source.h"

#include <string.h>

#include "common/memory.h"
#include "runtime/image/worker/gzip_source.h"
#include "runtime/image/worker/zstd_source.h"

/* RFC 1952 2.3.1; RFC 8878 3.1.1 and 3.1.2, where the first byte of a skippable frame varies. */
enum packing packing_of(const void *start, size_t length)
{
    static const unsigned char gzip[] = {0x1f, 0x8b};
    static const unsigned char zstd[] = {0x28, 0xb5, 0x2f, 0xfd};
    static const unsigned char skippable[] = {0x50, 0x2a, 0x4d, 0x18};
    const unsigned char *bytes = start;

    if (length >= sizeof(gzip) && memcmp(bytes, gzip, sizeof(gzip)) == 0)
        return PACKING_GZIP;
    if (length < PACKING_MAGIC_BYTES)
        return PACKING_NONE;
    if (memcmp(bytes, zstd, sizeof(zstd)) == 0 ||
        ((bytes[0] & 0xf0) == skippable[0] && memcmp(bytes + 1, skippable + 1, 3) == 0))
        return PACKING_ZSTD;
    return PACKING_NONE;
}

/* A source whose beginning was read ahead, to see what it is. The pieces before the last are so
 * short that they fit into `start`. */
struct peeked {
    struct byte_source *inner;
    char start[PACKING_MAGIC_BYTES];
    size_t start_length;
    const void *piece;
    size_t piece_length;
};

static int peeked_read(void *owner, const void **ret_bytes, size_t *ret_length, struct error *err)
{
    struct peeked *peeked = owner;

    if (peeked->start_length > 0) {
        *ret_bytes = peeked->start;
        *ret_length = peeked->start_length;
        peeked->start_length = 0;
        return 0;
    }
    if (peeked->piece_length > 0) {
        *ret_bytes = peeked->piece;
        *ret_length = peeked->piece_length;
        peeked->piece_length = 0;
        return 0;
    }
    return byte_source_read(peeked->inner, ret_bytes, ret_length, err);
}

static void peeked_free(void *owner)
{
    struct peeked *peeked = owner;

    byte_source_free(peeked->inner);
    free(peeked);
}

static const struct byte_source_ops peeked_ops = {.read = peeked_read, .free = peeked_free};

static int peek(struct peeked *peeked, enum packing *ret_packing, struct error *err)
{
    size_t length;

    do {
        if (byte_source_read(peeked->inner, &peeked->piece, &peeked->piece_length, err) < 0)
            return -1;
        length = PACKING_MAGIC_BYTES - peeked->start_length;
        if (length > peeked->piece_length)
            length = peeked->piece_length;
        if (length > 0)
            memcpy(peeked->start + peeked->start_length, peeked->piece, length);
        peeked->start_length += length;
        peeked->piece = (const char *)peeked->piece + length;
        peeked->piece_length -= length;
    } while (length > 0 && peeked->start_length < PACKING_MAGIC_BYTES);
    *ret_packing = packing_of(peeked->start, peeked->start_length);
    return 0;
}

struct byte_source *inflated_source_new(struct byte_source *take_inner, struct error *err)
{
    struct peeked *peeked = memory_new(struct peeked);
    struct byte_source *source = byte_source_new(&peeked_ops, peeked);
    enum packing packing;

    peeked->inner = take_inner;
    if (peek(peeked, &packing, err) < 0) {
        byte_source_free(source);
        return NULL;
    }
    if (packing == PACKING_GZIP)
        return gzip_source_new(source);
    if (packing == PACKING_ZSTD)
        return zstd_source_new(source);
    return source;
}
