/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/image/worker/xz_source.h"

#include <string.h>

#include "common/memory.h"
#include "runtime/image/worker/libarchive.h"

struct xz_source {
    struct byte_source *inner;
    struct libarchive_feed feed; /* its archive is NULL behind the end */
};

/* The .xz file format 1.2.0, 2.1.1.1; bzip2 has a block size of '1' to '9' behind its letters. */
bool xz_source_is(const void *start, size_t length)
{
    static const unsigned char xz[XZ_MAGIC_BYTES] = {0xfd, '7', 'z', 'X', 'Z', 0};
    const char *bytes = start;

    if (length < XZ_MAGIC_BYTES)
        return false;
    return memcmp(start, xz, sizeof(xz)) == 0 ||
           (memcmp(start, "BZh", 3) == 0 && bytes[3] >= '1' && bytes[3] <= '9');
}

static int read_xz(void *owner, const void **ret_bytes, size_t *ret_length, struct error *err)
{
    struct xz_source *xz = owner;
    la_int64_t offset;
    int result;

    *ret_length = 0;
    if (!xz->feed.archive)
        return 0;
    do
        result =
            xz->feed.lib.archive_read_data_block(xz->feed.archive, ret_bytes, ret_length, &offset);
    while (result == ARCHIVE_OK && *ret_length == 0);
    if (result != ARCHIVE_OK && result != ARCHIVE_EOF)
        return libarchive_feed_error(&xz->feed, err);
    if (result == ARCHIVE_EOF) {
        libarchive_feed_done(&xz->feed);
        *ret_length = 0;
    }
    return 0;
}

static void free_xz(void *owner)
{
    struct xz_source *xz = owner;

    libarchive_feed_done(&xz->feed);
    byte_source_free(xz->inner);
    free(xz);
}

static int open_xz(struct xz_source *xz, struct error *err)
{
    const struct libarchive *lib = &xz->feed.lib;
    struct archive_entry *entry;

    if (libarchive_feed_init(&xz->feed, xz->inner, err) < 0)
        return -1;
    if (lib->archive_read_support_filter_xz(xz->feed.archive) != ARCHIVE_OK ||
        lib->archive_read_support_filter_bzip2(xz->feed.archive) != ARCHIVE_OK ||
        lib->archive_read_support_format_raw(xz->feed.archive) != ARCHIVE_OK)
        return libarchive_feed_error(&xz->feed, err);
    if (libarchive_feed_open(&xz->feed, err) < 0)
        return -1;
    if (lib->archive_read_next_header(xz->feed.archive, &entry) != ARCHIVE_OK)
        return libarchive_feed_error(&xz->feed, err);
    return 0;
}

struct byte_source *xz_source_new(struct byte_source *take_inner, struct error *err)
{
    static const struct byte_source_ops ops = {.read = read_xz, .free = free_xz};
    struct xz_source *xz = memory_new(struct xz_source);
    scoped(byte_source_free) struct byte_source *source = byte_source_new(&ops, xz);

    xz->inner = take_inner;
    return open_xz(xz, err) == 0 ? steal(source) : NULL;
}
