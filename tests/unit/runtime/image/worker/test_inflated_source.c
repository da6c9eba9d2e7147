/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/image/worker/inflated_source.h"

#include <criterion/criterion.h>
#include <string.h>
#include <sys/mman.h>

#include "common/fd.h"
#include "common/memory.h"
#include "runtime/image/worker/read_ahead.h"
#include "tests/unit/runtime/image/worker/tar_builder.h"

/* Two members by zlib: "hello, ", and "world" with all that a header may have. */
static const char hello[] =
    "\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\x03\xcb\x48\xcd\xc9\xc9\xd7\x51\x00\x00\x99"
    "\x56\xea\x11\x07\x00\x00\x00";
static const char world[] =
    "\x1f\x8b\x08\x1e\x00\x00\x00\x00\x00\xff\x05\x00\x65\x78\x74\x72\x61\x6c\x61\x79"
    "\x65\x72\x2e\x74\x61\x72\x00\x61\x20\x63\x6f\x6d\x6d\x65\x6e\x74\x00\xdb\x70\x2b"
    "\xcf\x2f\xca\x49\x01\x00\x43\x11\x77\x3a\x05\x00\x00\x00";

/* Gives bytes in pieces of a certain size, each in memory of its own, so that whoever looks back
 * into an earlier one is found. */
struct pieces {
    const char *bytes;
    size_t left, size;
    char *piece;
};

static int pieces_read(void *owner, const void **ret_bytes, size_t *ret_length, struct error *err)
{
    struct pieces *pieces = owner;
    size_t length = pieces->left < pieces->size ? pieces->left : pieces->size;

    (void)err;
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

static const struct byte_source_ops pieces_ops = {.read = pieces_read, .free = pieces_free};

static struct byte_source *pieces_source(const struct text *bytes, size_t size)
{
    struct pieces *pieces = memory_new(struct pieces);

    pieces->bytes = text_get(bytes);
    pieces->left = bytes->length;
    pieces->size = size;
    return byte_source_new(&pieces_ops, pieces);
}

/* Inflates; -1 when that fails. */
static int inflate(const struct text *packed, size_t piece_size, struct text *out,
                   struct error *err)
{
    scoped(byte_source_free) struct byte_source *source =
        inflated_source_new(pieces_source(packed, piece_size), err);
    const void *bytes;
    size_t length;

    if (!source)
        return -1;
    do {
        if (byte_source_read(source, &bytes, &length, err) < 0)
            return -1;
        text_append_bytes(out, bytes, length);
    } while (length > 0);
    return 0;
}

static void expect_inflated(const struct text *packed, size_t piece_size, const char *expected)
{
    scoped_text struct text found = {0};
    struct error err = {0};

    cr_expect_eq(inflate(packed, piece_size, &found, &err), 0, "%s", err.text);
    cr_expect_eq(found.length, strlen(expected));
    cr_expect_str_eq(text_get(&found), expected, "in pieces of %zu", piece_size);
}

static void expect_error(const struct text *packed, const char *expected)
{
    scoped_text struct text found = {0};
    struct error err = {0};

    cr_expect_eq(inflate(packed, 1000, &found, &err), -1);
    cr_expect(strstr(err.text, expected) != NULL, "'%s' is not about '%s'", err.text, expected);
}

static void append_numbers(struct text *out, int count)
{
    for (int i = 0; i < count; i++)
        text_appendf(out, "%d ", i);
}

Test(inflated_source, inflates_gzip_and_zstd_and_passes_the_rest)
{
    scoped_text struct text plain = {0};
    scoped_text struct text gzip = {0};
    scoped_text struct text zstd = {0};
    const struct text *all[] = {&plain, &gzip, &zstd};
    static const size_t sizes[] = {1, 3, 7, 1000, 65536, 1000000};

    append_numbers(&plain, 100000);
    gzip_wrap(&plain, &gzip);
    zstd_wrap(&plain, &zstd);
    for (size_t i = 0; i < ARRAY_LENGTH(all); i++) {
        for (size_t k = 0; k < ARRAY_LENGTH(sizes); k++)
            expect_inflated(all[i], sizes[k], text_get(&plain));
    }
}

Test(inflated_source, inflates_all_members_of_gzip)
{
    scoped_text struct text packed = {0};

    text_append_bytes(&packed, hello, sizeof(hello) - 1);
    text_append_bytes(&packed, world, sizeof(world) - 1);
    text_append_bytes(&packed, hello, sizeof(hello) - 1);
    for (size_t size = 1; size <= packed.length; size++)
        expect_inflated(&packed, size, "hello, worldhello, ");
}

Test(inflated_source, inflates_members_that_end_anywhere)
{
    scoped_text struct text expected = {0};
    scoped_text struct text packed = {0};

    for (int i = 0; i < 40; i++) {
        scoped_text struct text plain = {0};

        append_numbers(&plain, 1 << i % 15);
        text_append(&expected, text_get(&plain));
        gzip_wrap(&plain, &packed);
    }
    for (size_t size = 1; size <= 40; size++)
        expect_inflated(&packed, size, text_get(&expected));
    expect_inflated(&packed, packed.length, text_get(&expected));
}

Test(inflated_source, passes_over_what_follows_the_last_member)
{
    static const char *const rests[] = {"garbage", "\x1f", "\x1f\x8b",
                                        "\x1f\x8b\x09 no gzip at all"};
    static const char zeros[1000];

    for (size_t i = 0; i < ARRAY_LENGTH(rests); i++) {
        scoped_text struct text packed = {0};

        text_append_bytes(&packed, hello, sizeof(hello) - 1);
        text_append(&packed, rests[i]);
        text_append_bytes(&packed, zeros, sizeof(zeros));
        expect_inflated(&packed, 100, "hello, ");
    }
}

Test(inflated_source, truncated_gzip_and_zstd_are_errors)
{
    scoped_text struct text plain = {0};
    scoped_text struct text gzip = {0};
    scoped_text struct text zstd = {0};

    append_numbers(&plain, 4000);
    gzip_wrap(&plain, &gzip);
    zstd_wrap(&plain, &zstd);
    for (; gzip.length > 10; gzip.length = gzip.length > 50 ? gzip.length / 2 : gzip.length - 1) {
        gzip.length--;
        expect_error(&gzip, "inflate gzip: ");
    }
    for (; zstd.length > 10; zstd.length = zstd.length > 50 ? zstd.length / 2 : zstd.length - 1) {
        zstd.length--;
        expect_error(&zstd, "inflate zstd: the data ends early");
    }
}

Test(inflated_source, a_wrong_checksum_or_length_of_gzip_is_an_error)
{
    for (size_t back = 1; back <= 8; back++) {
        scoped_text struct text packed = {0};

        text_append_bytes(&packed, hello, sizeof(hello) - 1);
        packed.data[packed.length - back] ^= 4;
        expect_error(&packed, "inflate gzip: ");
    }
}

Test(inflated_source, damaged_gzip_is_an_error)
{
    scoped_text struct text plain = {0};
    scoped_text struct text packed = {0};

    append_numbers(&plain, 4000);
    gzip_wrap(&plain, &packed);
    for (size_t at = 10; at < packed.length; at += 97) {
        scoped_text struct text found = {0};

        packed.data[at] ^= 0x55;
        cr_expect_eq(inflate(&packed, 1000, &found, NULL), -1, "byte %zu", at);
        packed.data[at] ^= 0x55;
    }
}

Test(inflated_source, nothing_is_nothing)
{
    scoped_text struct text empty = {0};
    scoped_text struct text packed = {0};

    expect_inflated(&empty, 1, "");
    gzip_wrap(&empty, &packed);
    expect_inflated(&packed, 1, "");
    expect_inflated(&packed, 100, "");
}
