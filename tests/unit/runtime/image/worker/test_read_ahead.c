/* SPDX-License-Identifier: Apache-2.0 */
/* The read-ahead thread, and the other sources that stand on each other. */
#include "runtime/image/worker/read_ahead.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "common/fd.h"
#include "common/memory.h"
#include "runtime/image/image_digest.h"
#include "runtime/image/worker/checked_source.h"
#include "runtime/image/worker/inflated_source.h"
#include "tests/unit/runtime/image/worker/tar_builder.h"

/* Gives `left` bytes in pieces of odd sizes, then ends or fails. */
struct pattern {
    size_t left, at;
    bool fails;
    char piece[70001];
};

static int pattern_read(void *owner, const void **ret_bytes, size_t *ret_length, struct error *err)
{
    struct pattern *pattern = owner;
    size_t length = 1 + pattern->at * 7919 % sizeof(pattern->piece);

    if (pattern->left == 0 && pattern->fails)
        return error_set(err, "the disk is on fire");
    if (length > pattern->left)
        length = pattern->left;
    for (size_t i = 0; i < length; i++)
        pattern->piece[i] = (char)((pattern->at + i) * 31 >> 3);
    pattern->at += length;
    pattern->left -= length;
    *ret_bytes = pattern->piece;
    *ret_length = length;
    return 0;
}

static const struct byte_source_ops pattern_ops = {.read = pattern_read, .free = free};

static struct byte_source *pattern_source(size_t size, bool fails)
{
    struct pattern *pattern = memory_new(struct pattern);

    pattern->left = size;
    pattern->fails = fails;
    return byte_source_new(&pattern_ops, pattern);
}

static int read_all(struct byte_source *source, struct text *out, struct error *err)
{
    const void *bytes;
    size_t length;

    do {
        if (byte_source_read(source, &bytes, &length, err) < 0)
            return -1;
        text_append_bytes(out, bytes, length);
    } while (length > 0);
    return 0;
}

Test(read_ahead, gives_the_same_bytes)
{
    scoped(byte_source_free) struct byte_source *plain = pattern_source(9000000, false);
    scoped(byte_source_free) struct byte_source *ahead =
        read_ahead_new(pattern_source(9000000, false));
    scoped_text struct text expected = {0};
    scoped_text struct text found = {0};

    cr_assert_eq(read_all(plain, &expected, NULL), 0);
    cr_assert_eq(read_all(ahead, &found, NULL), 0);
    cr_assert_eq(found.length, 9000000);
    cr_expect(memcmp(found.data, expected.data, found.length) == 0);
}

Test(read_ahead, an_error_comes_after_the_bytes_before_it)
{
    scoped(byte_source_free) struct byte_source *ahead =
        read_ahead_new(pattern_source(3000000, true));
    scoped_text struct text found = {0};
    struct error err = {0};

    cr_expect_eq(read_all(ahead, &found, &err), -1);
    cr_expect_eq(found.length, 3000000);
    cr_expect_str_eq(err.text, "the disk is on fire");
}

Test(read_ahead, may_be_freed_in_the_middle)
{
    struct byte_source *ahead = read_ahead_new(pattern_source(900000000, false));
    const void *bytes;
    size_t length;

    cr_assert_eq(byte_source_read(ahead, &bytes, &length, NULL), 0);
    byte_source_free(ahead);
}

static void expect_check(const struct checked_source_spec *spec, const char *reason)
{
    scoped(byte_source_free) struct byte_source *checked =
        checked_source_new(pattern_source(1000, false), spec);
    struct error err = {0};

    cr_expect_eq(byte_source_drain(checked, &err), -1);
    cr_expect(strstr(err.text, reason) != NULL, "%s", err.text);
}

Test(checked_source, another_digest_size_or_too_much_is_an_error)
{
    char digest[IMAGE_DIGEST_SIZE];

    image_digest_of_bytes("x", 1, digest);
    expect_check(&(struct checked_source_spec){.digest = digest, .size = -1, .limit_bytes = 5000},
                 "its digest is");
    expect_check(&(struct checked_source_spec){.size = 1001, .limit_bytes = 5000},
                 "instead of 1001");
    expect_check(&(struct checked_source_spec){.size = 999, .limit_bytes = 5000}, "more than 999");
    expect_check(&(struct checked_source_spec){.size = -1, .limit_bytes = 500}, "the limit");
}
