/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/image/worker/tar_reader.h"

#include <criterion/criterion.h>
#include <sys/mman.h>

#include "common/fd.h"
#include "tests/unit/runtime/image/worker/tar_builder.h"

static struct byte_source *source_of(const struct text *bytes)
{
    int fd = memfd_create("bytes", MFD_CLOEXEC);

    cr_assert_eq(fd_write_all(fd, text_get(bytes), bytes->length), 0);
    return byte_source_of_own_file(fd, (int64_t)bytes->length);
}

Test(tar_reader, positions_lead_to_the_data)
{
    scoped_text struct text tar = {0};
    scoped(byte_source_free) struct byte_source *source = NULL;
    scoped(tar_reader_free) struct tar_reader *reader = NULL;
    const struct tar_entry *entry;
    char path[150] = "";
    int count = 0;

    memset(path, 'p', sizeof(path) - 1);
    TAR(&tar, .path = "a", .data = "one!", .size = 4);
    TAR(&tar, .path = path, .data = "two!", .size = 4);
    tar_put_pax(&tar, "mtime", "5.25", 4);
    TAR(&tar, .path = "c", .data = "tre!", .size = 4);
    TAR(&tar, .path = "d/");
    tar_end(&tar);
    source = source_of(&tar);
    reader = tar_reader_new(source, NULL);
    cr_assert_not_null(reader);
    while (tar_reader_next(reader, &entry, NULL) == 0 && entry) {
        if (entry->kind == TAR_FILE)
            cr_expect_eq(tar.data[tar_reader_position(reader) + 3], '!', "%s", entry->path);
        count++;
    }
    cr_expect_eq(count, 4);
}

Test(tar_reader, pax_times_have_their_fraction)
{
    scoped_text struct text tar = {0};
    scoped(byte_source_free) struct byte_source *source = NULL;
    scoped(tar_reader_free) struct tar_reader *reader = NULL;
    const struct tar_entry *entry;

    tar_put_pax(&tar, "mtime", "5.25", 4);
    TAR(&tar, .path = "c");
    tar_end(&tar);
    source = source_of(&tar);
    reader = tar_reader_new(source, NULL);
    cr_assert_eq(tar_reader_next(reader, &entry, NULL), 0);
    cr_expect_eq(entry->mtime.tv_sec, 5);
    cr_expect_eq(entry->mtime.tv_nsec, 250000000);
}

Test(tar_reader, an_archive_of_zeros_is_empty)
{
    scoped_text struct text tar = {0};
    scoped(byte_source_free) struct byte_source *source = NULL;
    scoped(tar_reader_free) struct tar_reader *reader = NULL;
    const struct tar_entry *entry;

    tar_end(&tar);
    source = source_of(&tar);
    reader = tar_reader_new(source, NULL);
    cr_assert_not_null(reader);
    cr_assert_eq(tar_reader_next(reader, &entry, NULL), 0);
    cr_expect_null(entry);
}

Test(tar_reader, a_wrong_checksum_is_an_error)
{
    scoped_text struct text tar = {0};
    scoped(byte_source_free) struct byte_source *source = NULL;
    scoped(tar_reader_free) struct tar_reader *reader = NULL;
    const struct tar_entry *entry;

    TAR(&tar, .path = "a");
    TAR(&tar, .path = "b");
    tar.data[512] = 'c';
    tar_end(&tar);
    source = source_of(&tar);
    reader = tar_reader_new(source, NULL);
    cr_assert_eq(tar_reader_next(reader, &entry, NULL), 0);
    cr_expect_eq(tar_reader_next(reader, &entry, NULL), -1);
}
