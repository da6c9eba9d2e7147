/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/image/worker/libarchive.h"

#include <errno.h>
#include <stdlib.h>

int libarchive_load(struct libarchive *ret_lib, struct error *err)
{
    static const char *const names[] = {LIBARCHIVE_FUNCTIONS(LIBRARY_NAME)};

    return library_load("libarchive.so.13", names, ARRAY_LENGTH(names), ret_lib, err);
}

static la_ssize_t feed_read(struct archive *archive, void *owner, const void **ret_bytes)
{
    struct libarchive_feed *feed = owner;
    size_t length;

    if (byte_source_read(feed->source, ret_bytes, &length, &feed->err) < 0) {
        feed->failed = true;
        feed->lib.archive_set_error(archive, EIO, "%s", feed->err.text);
        return ARCHIVE_FATAL;
    }
    return (la_ssize_t)length;
}

static la_int64_t feed_skip(struct archive *archive UNUSED, void *owner, la_int64_t length)
{
    struct libarchive_feed *feed = owner;

    return byte_source_skip(feed->source, length);
}

int libarchive_feed_init(struct libarchive_feed *feed, struct byte_source *source,
                         struct error *err)
{
    *feed = (struct libarchive_feed){.source = source};
    if (libarchive_load(&feed->lib, err) < 0)
        return -1;
    feed->archive = feed->lib.archive_read_new();
    if (!feed->archive)
        abort();
    return 0;
}

void libarchive_feed_done(struct libarchive_feed *feed)
{
    if (feed->archive)
        (void)feed->lib.archive_read_free(steal(feed->archive));
}

int libarchive_feed_open(struct libarchive_feed *feed, struct error *err)
{
    const struct libarchive *lib = &feed->lib;

    if (lib->archive_read_set_read_callback(feed->archive, feed_read) != ARCHIVE_OK ||
        lib->archive_read_set_skip_callback(feed->archive, feed_skip) != ARCHIVE_OK ||
        lib->archive_read_set_callback_data(feed->archive, feed) != ARCHIVE_OK ||
        lib->archive_read_open1(feed->archive) != ARCHIVE_OK)
        return libarchive_feed_error(feed, err);
    return 0;
}

int libarchive_feed_error(const struct libarchive_feed *feed, struct error *err)
{
    const char *text;

    if (feed->failed) {
        if (err)
            *err = feed->err;
        return -1;
    }
    text = feed->lib.archive_error_string(feed->archive);
    return error_set(err, "%s", text ? text : "unreadable archive");
}
