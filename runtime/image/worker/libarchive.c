/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/image/worker/libarchive.h"

#include <errno.h>

static la_ssize_t feed_read(struct archive *archive, void *owner, const void **ret_bytes)
{
    struct libarchive_feed *feed = owner;
    size_t length;

    if (byte_source_read(feed->source, ret_bytes, &length, &feed->err) < 0) {
        feed->failed = true;
        archive_set_error(archive, EIO, "%s", feed->err.text);
        return ARCHIVE_FATAL;
    }
    return (la_ssize_t)length;
}

static la_int64_t feed_skip(struct archive *archive UNUSED, void *owner, la_int64_t length)
{
    struct libarchive_feed *feed = owner;

    return byte_source_skip(feed->source, length);
}

int libarchive_open(struct archive *archive, struct libarchive_feed *feed, struct error *err)
{
    if (archive_read_set_read_callback(archive, feed_read) != ARCHIVE_OK ||
        archive_read_set_skip_callback(archive, feed_skip) != ARCHIVE_OK ||
        archive_read_set_callback_data(archive, feed) != ARCHIVE_OK ||
        archive_read_open1(archive) != ARCHIVE_OK)
        return libarchive_error(archive, feed, err);
    return 0;
}

int libarchive_error(struct archive *archive, const struct libarchive_feed *feed, struct error *err)
{
    const char *text = archive_error_string(archive);

    if (feed->failed) {
        if (err)
            *err = feed->err;
        return -1;
    }
    return error_set(err, "%s", text ? text : "unreadable archive");
}
