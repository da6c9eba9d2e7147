/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/image/worker/byte_source.h"

#include <errno.h>
#include <stdbool.h>
#include <unistd.h>

#include "common/fd.h"
#include "common/memory.h"

/* Large enough that system calls do not count, small enough for the second-level cache. */
enum { CHUNK_BYTES = 256 * 1024 };

struct byte_source {
    const struct byte_source_ops *ops;
    void *owner;
};

struct byte_source *byte_source_new(const struct byte_source_ops *ops, void *take_owner)
{
    struct byte_source *source = memory_new(struct byte_source);

    source->ops = ops;
    source->owner = take_owner;
    return source;
}

void byte_source_free(struct byte_source *source)
{
    if (!source)
        return;
    source->ops->free(source->owner);
    free(source);
}

int byte_source_read(struct byte_source *source, const void **ret_bytes, size_t *ret_length,
                     struct error *err)
{
    return source->ops->read(source->owner, ret_bytes, ret_length, err);
}

int64_t byte_source_skip(struct byte_source *source, int64_t length)
{
    return source->ops->skip ? source->ops->skip(source->owner, length) : 0;
}

int byte_source_drain(struct byte_source *source, struct error *err)
{
    const void *bytes;
    size_t length;

    do {
        if (byte_source_read(source, &bytes, &length, err) < 0)
            return -1;
    } while (length > 0);
    return 0;
}

struct file_source {
    int fd;
    bool owns_fd;
    int64_t offset;
    int64_t left;
    char chunk[CHUNK_BYTES];
};

static int file_source_read(void *owner, const void **ret_bytes, size_t *ret_length,
                            struct error *err)
{
    struct file_source *file = owner;
    size_t wanted = file->left < CHUNK_BYTES ? (size_t)file->left : CHUNK_BYTES;
    ssize_t n = 0;

    if (wanted > 0) {
        do
            n = pread(file->fd, file->chunk, wanted, file->offset);
        while (n < 0 && errno == EINTR);
        if (n < 0)
            return error_sys(err, "read");
        if (n == 0)
            return error_set(err, "the file ends %lld bytes early", (long long)file->left);
    }
    file->offset += n;
    file->left -= n;
    *ret_bytes = file->chunk;
    *ret_length = (size_t)n;
    return 0;
}

static int64_t file_source_skip(void *owner, int64_t length)
{
    struct file_source *file = owner;
    int64_t skipped = length < file->left ? length : file->left;

    file->offset += skipped;
    file->left -= skipped;
    return skipped;
}

static void file_source_free(void *owner)
{
    struct file_source *file = owner;

    if (file->owns_fd)
        fd_close(file->fd);
    free(file);
}

static const struct byte_source_ops file_source_ops = {
    .read = file_source_read, .skip = file_source_skip, .free = file_source_free};

struct byte_source *byte_source_of_file(int fd, int64_t offset, int64_t length)
{
    struct file_source *file = memory_new(struct file_source);

    file->fd = fd;
    file->offset = offset;
    file->left = length;
    return byte_source_new(&file_source_ops, file);
}

struct byte_source *byte_source_of_own_file(int take_fd, int64_t length)
{
    struct file_source *file = memory_new(struct file_source);

    file->fd = take_fd;
    file->owns_fd = true;
    file->left = length;
    return byte_source_new(&file_source_ops, file);
}

static int stream_source_read(void *owner, const void **ret_bytes, size_t *ret_length,
                              struct error *err)
{
    struct file_source *file = owner;
    ssize_t n;

    do
        n = read(file->fd, file->chunk, CHUNK_BYTES);
    while (n < 0 && errno == EINTR);
    if (n < 0)
        return error_sys(err, "read");
    *ret_bytes = file->chunk;
    *ret_length = (size_t)n;
    return 0;
}

static const struct byte_source_ops stream_source_ops = {.read = stream_source_read,
                                                         .free = file_source_free};

struct byte_source *byte_source_of_stream(int fd)
{
    struct file_source *file = memory_new(struct file_source);

    file->fd = fd;
    return byte_source_new(&stream_source_ops, file);
}

struct bytes_source {
    const void *bytes;
    size_t length;
};

static int bytes_source_read(void *owner, const void **ret_bytes, size_t *ret_length,
                             struct error *err UNUSED)
{
    struct bytes_source *source = owner;

    *ret_bytes = source->bytes;
    *ret_length = source->length;
    source->length = 0;
    return 0;
}

static const struct byte_source_ops bytes_source_ops = {.read = bytes_source_read, .free = free};

struct byte_source *byte_source_of_bytes(const void *bytes, size_t length)
{
    struct bytes_source *source = memory_new(struct bytes_source);

    source->bytes = bytes;
    source->length = length;
    return byte_source_new(&bytes_source_ops, source);
}
