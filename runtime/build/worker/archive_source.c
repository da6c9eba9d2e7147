/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/build/worker/archive_source.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/fd.h"
#include "runtime/image/image_limits.h"
#include "runtime/image/worker/checked_source.h"
#include "runtime/image/worker/inflated_source.h"
#include "runtime/image/worker/layer_unpack.h"
#include "runtime/image/worker/xz_source.h"

enum { HEADER_BYTES = 512, CHECKSUM_AT = 148, CHECKSUM_BYTES = 8 };

static bool is_xz(int fd)
{
    char start[XZ_MAGIC_BYTES];

    return pread(fd, start, sizeof(start), 0) == sizeof(start) &&
           xz_source_is(start, sizeof(start));
}

static struct byte_source *open_tar(int fd, struct error *err)
{
    const struct checked_source_spec spec = {.size = -1, .limit_bytes = LIMIT_LAYER_BYTES};
    struct stat status;
    struct byte_source *source;

    if (fstat(fd, &status) < 0) {
        error_sys(err, "examine the archive");
        return NULL;
    }
    source = byte_source_of_file(fd, 0, status.st_size);
    source = is_xz(fd) ? xz_source_new(source, err) : inflated_source_new(source, err);
    return source ? checked_source_new(source, &spec) : NULL;
}

/* The first bytes of what is in it. A file that cannot be inflated is none. */
static size_t read_start(int fd, unsigned char start[HEADER_BYTES])
{
    scoped(byte_source_free) struct byte_source *source = open_tar(fd, NULL);
    size_t length = 0, n = 1;
    const void *bytes;

    while (source && length < HEADER_BYTES && n > 0) {
        if (byte_source_read(source, &bytes, &n, NULL) < 0)
            return 0;
        if (n > HEADER_BYTES - length)
            n = HEADER_BYTES - length;
        memcpy(start + length, bytes, n);
        length += n;
    }
    return length;
}

/* The sum of the header's bytes, its own field taken as blanks (POSIX.1-2017, pax). */
static bool is_header(const unsigned char header[HEADER_BYTES])
{
    char field[CHECKSUM_BYTES + 1] = "";
    unsigned long sum = 0;

    memcpy(field, header + CHECKSUM_AT, CHECKSUM_BYTES);
    for (size_t i = 0; i < HEADER_BYTES; i++)
        sum += i >= CHECKSUM_AT && i < CHECKSUM_AT + CHECKSUM_BYTES ? ' ' : header[i];
    return *header && strtoul(field, NULL, 8) == sum;
}

bool archive_source_is(int fd)
{
    unsigned char start[HEADER_BYTES];

    return read_start(fd, start) == HEADER_BYTES && is_header(start);
}

int archive_source_unpack(int fd, int dir_fd, int *ret_tree_fd, struct error *err)
{
    scoped(byte_source_free) struct byte_source *tar = open_tar(fd, err);
    size_t left_out;

    if (!tar || layer_unpack(tar, dir_fd, &left_out, err) < 0)
        return error_wrap(err, "unpack");
    *ret_tree_fd = openat(dir_fd, "fs", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    return *ret_tree_fd < 0 ? error_sys(err, "open what was unpacked") : 0;
}
