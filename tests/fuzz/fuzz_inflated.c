/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inflates hostile bytes, gzip by the member and zstd: whatever they are, in which pieces they come
 * does not matter; and what is packed comes out as it was.
 *
 * Input: piece size u8 | bytes.
 */
#include "tests/fuzz/fuzz.h"

#include <string.h>

#include "common/memory.h"
#include "common/text.h"
#include "runtime/image/worker/gzip_codec.h"
#include "runtime/image/worker/inflated_source.h"

enum { LIMIT_OUTPUT = 1 << 22 };

/* Gives bytes in pieces, each in memory of its own. */
struct pieces {
    const uint8_t *bytes;
    size_t left, size;
    char *piece;
};

static int pieces_read(void *owner, const void **ret_bytes, size_t *ret_length,
                       struct error *err UNUSED)
{
    struct pieces *pieces = owner;
    size_t length = pieces->left < pieces->size ? pieces->left : pieces->size;

    free(pieces->piece);
    pieces->piece = memory_alloc(length + 1);
    if (length > 0)
        memcpy(pieces->piece, pieces->bytes, length);
    pieces->bytes += length;
    pieces->left -= length;
    *ret_bytes = pieces->piece;
    *ret_length = length;
    return 0;
}

static void pieces_free(void *owner)
{
    struct pieces *pieces = owner;

    free(pieces->piece);
    free(pieces);
}

/* What comes out up to the limit; false when it fails. */
static bool inflate(const uint8_t *data, size_t size, size_t piece_size, struct text *out)
{
    static const struct byte_source_ops ops = {.read = pieces_read, .free = pieces_free};
    scoped(byte_source_free) struct byte_source *source = NULL;
    struct pieces *pieces = memory_new(struct pieces);
    const void *bytes;
    size_t length;

    *pieces = (struct pieces){.bytes = data, .left = size, .size = piece_size};
    source = inflated_source_new(byte_source_new(&ops, pieces), NULL);
    if (!source)
        return false;
    do {
        if (byte_source_read(source, &bytes, &length, NULL) < 0)
            return false;
        text_append_bytes(out, bytes, length);
    } while (length > 0 && out->length < LIMIT_OUTPUT);
    return true;
}

static void pack(const uint8_t *data, size_t size, struct text *out)
{
    scoped(gzip_deflater_free) struct gzip_deflater *deflater = gzip_deflater_new();
    struct gzip_buffers buffers = {.in = data, .n_in = size};
    bool end = false;

    while (!end) {
        enum { ROOM = 4096 };

        buffers.out = (uint8_t *)text_reserve(out, ROOM);
        buffers.n_out = ROOM;
        fuzz_require(gzip_deflater_step(deflater, &buffers, true, &end, NULL) == 0);
        out->length += ROOM - buffers.n_out;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    scoped_text struct text whole = {0}, pieces = {0}, packed = {0}, again = {0};
    size_t piece_size;
    bool ok;

    if (size < 1)
        return 0;
    piece_size = (size_t)data[0] + 1;
    ok = inflate(data + 1, size - 1, size, &whole);
    fuzz_require(inflate(data + 1, size - 1, piece_size, &pieces) == ok ||
                 pieces.length >= LIMIT_OUTPUT || whole.length >= LIMIT_OUTPUT);
    fuzz_require(!ok || whole.length >= LIMIT_OUTPUT ||
                 (whole.length == pieces.length &&
                  memcmp(text_get(&whole), text_get(&pieces), whole.length) == 0));

    pack(data + 1, size - 1, &packed);
    fuzz_require(inflate((const uint8_t *)text_get(&packed), packed.length, piece_size, &again));
    fuzz_require(again.length == size - 1 && memcmp(text_get(&again), data + 1, size - 1) == 0);
    return 0;
}
