/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/image/worker/inflated_source.h"

#include "common/memory.h"
#include "runtime/image/worker/libarchive.h"

struct inflated_source {
    struct byte_source *inner;
    struct archive *archive;
    struct libarchive_feed feed;
    bool ended;
};

static int inflated_source_end(struct inflated_source *inflated, size_t *ret_length,
                               struct error *err)
{
    inflated->ended = true;
    *ret_length = 0;
    return byte_source_drain(inflated->inner, err);
}

static int inflated_source_read(void *owner, const void **ret_bytes, size_t *ret_length,
                                struct error *err)
{
    struct inflated_source *inflated = owner;
    la_int64_t offset;
    int result;

    if (inflated->ended) {
        *ret_length = 0;
        return 0;
    }
    do
        result = archive_read_data_block(inflated->archive, ret_bytes, ret_length, &offset);
    while (result == ARCHIVE_OK && *ret_length == 0);
    if (result == ARCHIVE_EOF)
        return inflated_source_end(inflated, ret_length, err);
    if (result != ARCHIVE_OK)
        return libarchive_error(inflated->archive, &inflated->feed, err);
    return 0;
}

static void inflated_source_free(void *owner)
{
    struct inflated_source *inflated = owner;

    if (!inflated)
        return;
    libarchive_free(inflated->archive);
    byte_source_free(inflated->inner);
    free(inflated);
}
DEFINE_SCOPED(struct inflated_source *, inflated_source_free)

static const struct byte_source_ops inflated_source_ops = {.read = inflated_source_read,
                                                           .free = inflated_source_free};

/* libarchive's "raw" format is one nameless member: the stream itself. */
struct byte_source *inflated_source_new(struct byte_source *take_inner, struct error *err)
{
    scoped(inflated_source_free) struct inflated_source *inflated =
        memory_new(struct inflated_source);
    struct archive_entry *entry;
    int result;

    inflated->inner = take_inner;
    inflated->feed.source = take_inner;
    inflated->archive = archive_read_new();
    if (!inflated->archive)
        abort();
    if (archive_read_support_filter_gzip(inflated->archive) != ARCHIVE_OK ||
        archive_read_support_filter_zstd(inflated->archive) != ARCHIVE_OK ||
        archive_read_support_format_raw(inflated->archive) != ARCHIVE_OK ||
        archive_read_support_format_empty(inflated->archive) != ARCHIVE_OK) {
        libarchive_error(inflated->archive, &inflated->feed, err);
        return NULL;
    }
    if (libarchive_open(inflated->archive, &inflated->feed, err) < 0)
        return NULL;

    result = archive_read_next_header(inflated->archive, &entry);
    if (result == ARCHIVE_EOF)
        inflated->ended = true;
    else if (result != ARCHIVE_OK) {
        libarchive_error(inflated->archive, &inflated->feed, err);
        return NULL;
    }
    return byte_source_new(&inflated_source_ops, steal(inflated));
}
