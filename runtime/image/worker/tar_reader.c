/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/image/worker/tar_reader.h"

#include <locale.h>

#include "common/memory.h"
#include "common/text.h"
#include "runtime/image/worker/libarchive.h"

struct tar_reader {
    struct archive_entry *now; /* libarchive's; valid until the next header */
    struct libarchive_feed feed;
    struct tar_entry entry;
    locale_t locale;
};

/* pax names are UTF-8, and libarchive converts them to the thread's locale; in "C" it would spoil
 * them. */
static locale_t enter_locale(const struct tar_reader *reader)
{
    return reader->locale ? uselocale(reader->locale) : (locale_t)0;
}

static void leave_locale(locale_t before)
{
    if (before)
        (void)uselocale(before);
}

void tar_reader_free(struct tar_reader *reader)
{
    if (!reader)
        return;
    libarchive_feed_done(&reader->feed);
    if (reader->locale)
        freelocale(reader->locale);
    free(reader);
}

struct tar_reader *tar_reader_new(struct byte_source *source, struct error *err)
{
    scoped(tar_reader_free) struct tar_reader *reader = memory_new(struct tar_reader);
    const struct libarchive *lib = &reader->feed.lib;

    reader->locale = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
    if (libarchive_feed_init(&reader->feed, source, err) < 0)
        return NULL;
    if (lib->archive_read_support_filter_none(reader->feed.archive) != ARCHIVE_OK ||
        lib->archive_read_support_format_tar(reader->feed.archive) != ARCHIVE_OK) {
        libarchive_feed_error(&reader->feed, err);
        return NULL;
    }
    if (libarchive_feed_open(&reader->feed, err) < 0)
        return NULL;
    return steal(reader);
}

static enum tar_kind kind_of(const struct libarchive *lib, struct archive_entry *now)
{
    if (lib->archive_entry_hardlink(now))
        return TAR_HARDLINK;
    switch (lib->archive_entry_filetype(now)) {
    case AE_IFREG:
        return TAR_FILE;
    case AE_IFDIR:
        return TAR_DIR;
    case AE_IFLNK:
        return TAR_SYMLINK;
    case AE_IFCHR:
        return TAR_CHAR_DEVICE;
    case AE_IFBLK:
        return TAR_BLOCK_DEVICE;
    case AE_IFIFO:
        return TAR_FIFO;
    default:
        return TAR_OTHER;
    }
}

static int read_entry(struct tar_reader *reader, struct error *err)
{
    const struct libarchive *lib = &reader->feed.lib;
    struct archive_entry *now = reader->now;
    struct tar_entry entry = {
        .path = lib->archive_entry_pathname(now),
        .kind = kind_of(lib, now),
        .mode = lib->archive_entry_mode(now) & 07777,
        .uid = lib->archive_entry_uid(now),
        .gid = lib->archive_entry_gid(now),
        .size = lib->archive_entry_size(now),
        .mtime = {.tv_sec = lib->archive_entry_mtime(now),
                  .tv_nsec = lib->archive_entry_mtime_nsec(now)},
        .device_major = (unsigned)lib->archive_entry_rdevmajor(now),
        .device_minor = (unsigned)lib->archive_entry_rdevminor(now),
        .n_xattrs = lib->archive_entry_xattr_reset(now),
    };

    if (entry.kind == TAR_HARDLINK)
        entry.link = lib->archive_entry_hardlink(now);
    else if (entry.kind == TAR_SYMLINK)
        entry.link = lib->archive_entry_symlink(now);
    if (!entry.path)
        return error_set(err, "an entry's name cannot be read");
    if ((entry.kind == TAR_HARDLINK || entry.kind == TAR_SYMLINK) && !entry.link)
        return error_set(err, "'%.200s': the link's target cannot be read", entry.path);
    reader->entry = entry;
    return 0;
}

int tar_reader_next(struct tar_reader *reader, const struct tar_entry **ret_entry,
                    struct error *err)
{
    locale_t before = enter_locale(reader);
    int status;
    int result = 0;

    /* A warning means that libarchive guessed: a name that is no UTF-8, a size below zero,
     * attributes that do not parse; "retry", that it would look for the next sound header. Neither
     * is what the image's author meant. */
    status = reader->feed.lib.archive_read_next_header(reader->feed.archive, &reader->now);
    if (status == ARCHIVE_EOF)
        *ret_entry = NULL;
    else if (status != ARCHIVE_OK)
        result = libarchive_feed_error(&reader->feed, err);
    else
        result = read_entry(reader, err);
    if (status == ARCHIVE_OK && result == 0)
        *ret_entry = &reader->entry;
    leave_locale(before);
    return result;
}

bool tar_reader_next_xattr(struct tar_reader *reader, struct tar_xattr *ret_xattr)
{
    return reader->feed.lib.archive_entry_xattr_next(
               reader->now, &ret_xattr->name, &ret_xattr->value, &ret_xattr->size) == ARCHIVE_OK;
}

int tar_reader_data(struct tar_reader *reader, struct tar_data *ret_data, struct error *err)
{
    la_int64_t offset = 0;
    int status;

    do
        status = reader->feed.lib.archive_read_data_block(reader->feed.archive, &ret_data->bytes,
                                                          &ret_data->length, &offset);
    while (status == ARCHIVE_OK && ret_data->length == 0);
    if (status == ARCHIVE_EOF)
        ret_data->length = 0;
    else if (status != ARCHIVE_OK)
        return libarchive_feed_error(&reader->feed, err);
    ret_data->offset = offset;
    return 0;
}

int64_t tar_reader_position(const struct tar_reader *reader)
{
    return reader->feed.lib.archive_filter_bytes(reader->feed.archive, -1);
}
