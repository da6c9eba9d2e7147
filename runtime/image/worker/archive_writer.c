/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/image/worker/archive_writer.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/arena.h"
#include "common/fd.h"
#include "common/memory.h"
#include "common/path.h"
#include "common/text.h"
#include "runtime/image/worker/dir_names.h"
#include "runtime/image/worker/libarchive.h"

enum { FILE_MODE = 0644, PRIVATE_MODE = 0600, BLOCK_BYTES = 256 * 1024 };

struct archive_writer {
    struct arena *arena;
    char *path;     /* where it goes in the end; NULL: standard output */
    char *new_path; /* where it grows; NULL: in its place */
    int fd;         /* of the tar, or of the directory */
    struct libarchive lib;
    struct archive *archive; /* NULL: into a directory */
    int write_errno;         /* why a write failed */
};

/* Opening -----------------------------------------------------------------------------------------
 */

static la_ssize_t write_tar(struct archive *archive, void *owner, const void *bytes, size_t length)
{
    struct archive_writer *writer = owner;

    if (fd_write_all(writer->fd, bytes, length) == 0)
        return (la_ssize_t)length;
    writer->write_errno = errno;
    writer->lib.archive_set_error(archive, errno, "write");
    return -1;
}

static int archive_failed(const struct archive_writer *writer, const char *step, struct error *err)
{
    const char *text = writer->lib.archive_error_string(writer->archive);

    if (writer->write_errno) {
        errno = writer->write_errno;
        return error_sys(err, "%s", step);
    }
    return error_set(err, "%s: %s", step, text ? text : "unknown error");
}

static int open_tar(struct archive_writer *writer, struct error *err)
{
    const struct libarchive *lib = &writer->lib;

    if (libarchive_load(&writer->lib, err) < 0)
        return -1;
    writer->archive = lib->archive_write_new();
    if (!writer->archive)
        abort();
    /* pax where ustar is not enough: files of more than 8 GiB. */
    if (lib->archive_write_set_format_pax_restricted(writer->archive) != ARCHIVE_OK ||
        lib->archive_write_set_bytes_per_block(writer->archive, BLOCK_BYTES) != ARCHIVE_OK ||
        lib->archive_write_set_bytes_in_last_block(writer->archive, 1) != ARCHIVE_OK ||
        lib->archive_write_open(writer->archive, writer, NULL, write_tar, NULL) != ARCHIVE_OK)
        return archive_failed(writer, "open", err);
    return 0;
}

static int open_stdout(struct archive_writer *writer, struct error *err)
{
    if (isatty(STDOUT_FILENO))
        return error_set(err, "an archive is nothing for a terminal; name a file, or redirect it");
    writer->fd = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
    return writer->fd < 0 ? error_sys(err, "open") : 0;
}

/* What is in the way is told before the work is done. */
static int check_empty(struct archive_writer *writer, struct error *err)
{
    scoped_fd int fd = open(writer->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    struct string_list names = {0};

    if (fd < 0 && errno == ENOENT)
        return 0;
    if (fd < 0)
        return error_sys(err, "open");
    if (dir_names_read(fd, writer->arena, &names, err) < 0)
        return -1;
    return names.count > 0 ? error_set(err, "the directory is not empty") : 0;
}

static int open_dir(struct archive_writer *writer, struct error *err)
{
    if (check_empty(writer, err) < 0)
        return -1;
    if (mkdir(writer->new_path, 0755) < 0)
        return error_sys(err, "create '%s'", writer->new_path);
    writer->fd = open(writer->new_path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    return writer->fd < 0 ? error_sys(err, "open '%s'", writer->new_path) : 0;
}

static int open_file(struct archive_writer *writer, struct error *err)
{
    writer->fd =
        open(writer->new_path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, PRIVATE_MODE);
    return writer->fd < 0 ? error_sys(err, "create '%s'", writer->new_path) : 0;
}

/* A device or FIFO cannot be replaced by a file that grew elsewhere. */
static int open_special(struct archive_writer *writer, struct error *err)
{
    writer->new_path = NULL;
    writer->fd = open(writer->path, O_WRONLY | O_CLOEXEC | O_NOCTTY);
    return writer->fd < 0 ? error_sys(err, "open '%s'", writer->path) : 0;
}

static int open_output(struct archive_writer *writer, const char *path, struct error *err)
{
    bool is_dir = string_ends_with(path, "/");
    struct stat status;

    if (string_eq(path, "-"))
        return open_stdout(writer, err) < 0 ? -1 : open_tar(writer, err);
    writer->path = path_clean(writer->arena, path);
    writer->new_path = arena_printf(writer->arena, "%s.new-%d", writer->path, (int)getpid());
    if (stat(writer->path, &status) == 0) {
        is_dir = is_dir || S_ISDIR(status.st_mode);
        if (!S_ISDIR(status.st_mode) && !S_ISREG(status.st_mode))
            return open_special(writer, err) < 0 ? -1 : open_tar(writer, err);
    }
    if (is_dir)
        return open_dir(writer, err);
    return open_file(writer, err) < 0 ? -1 : open_tar(writer, err);
}

struct archive_writer *archive_writer_new(const char *path, struct error *err)
{
    scoped(archive_writer_free) struct archive_writer *writer = memory_new(struct archive_writer);

    writer->arena = arena_new();
    writer->fd = -1;
    if (open_output(writer, path, err) < 0) {
        writer->new_path = NULL; /* not ours, if it is there */
        error_wrap(err, "write '%s'", path);
        return NULL;
    }
    return steal(writer);
}

void archive_writer_free(struct archive_writer *writer)
{
    if (!writer)
        return;
    if (writer->archive) {
        /* Else freeing would write the end of an archive that has none. */
        (void)writer->lib.archive_write_fail(writer->archive);
        (void)writer->lib.archive_write_free(writer->archive);
    }
    fd_close(writer->fd);
    if (writer->new_path)
        (void)!path_remove_tree(AT_FDCWD, writer->new_path, NULL);
    arena_free(writer->arena);
    free(writer);
}

/* Adding ------------------------------------------------------------------------------------------
 */

/* Writes a piece where the file's data go. */
static int put_piece(struct archive_writer *writer, int fd, const void *bytes, size_t length,
                     struct error *err)
{
    if (fd >= 0)
        return fd_write_all(fd, bytes, length) < 0 ? error_sys(err, "write") : 0;
    if (writer->lib.archive_write_data(writer->archive, bytes, length) < 0)
        return archive_failed(writer, "write", err);
    return 0;
}

static int put_data(struct archive_writer *writer, int fd, struct byte_source *source, int64_t size,
                    struct error *err)
{
    for (int64_t left = size;;) {
        const void *bytes;
        size_t length;

        if (byte_source_read(source, &bytes, &length, err) < 0)
            return -1;
        if (length == 0 && left > 0)
            return error_set(err, "it ends %lld bytes early", (long long)left);
        if (length == 0)
            return 0;
        if ((int64_t)length > left)
            return error_set(err, "it has more than %lld bytes", (long long)size);
        if (put_piece(writer, fd, bytes, length, err) < 0)
            return -1;
        left -= (int64_t)length;
    }
}

static int create_in_dir(struct archive_writer *writer, const char *name, struct error *err)
{
    const char *slash = strrchr(name, '/');
    int fd;

    if (slash &&
        path_make_dirs(writer->fd, arena_strndup(writer->arena, name, (size_t)(slash - name)), 0755,
                       err) < 0)
        return -1;
    fd = openat(writer->fd, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, FILE_MODE);
    return fd < 0 ? error_sys(err, "create") : fd;
}

static int put_header(struct archive_writer *writer, const char *name, int64_t size,
                      struct error *err)
{
    const struct libarchive *lib = &writer->lib;
    struct archive_entry *entry = lib->archive_entry_new();
    int result;

    if (!entry)
        abort();
    lib->archive_entry_set_pathname(entry, name);
    lib->archive_entry_set_filetype(entry, AE_IFREG);
    lib->archive_entry_set_perm(entry, FILE_MODE);
    lib->archive_entry_set_size(entry, size);
    lib->archive_entry_set_mtime(entry, 0, 0);
    result = lib->archive_write_header(writer->archive, entry);
    lib->archive_entry_free(entry);
    return result == ARCHIVE_OK ? 0 : archive_failed(writer, "write", err);
}

int archive_writer_put(struct archive_writer *writer, const char *name, struct byte_source *source,
                       int64_t size, struct error *err)
{
    scoped_fd int fd = -1;

    if (!writer->archive)
        fd = create_in_dir(writer, name, err);
    if (writer->archive ? put_header(writer, name, size, err) < 0 : fd < 0)
        return error_wrap(err, "'%s'", name);
    if (put_data(writer, fd, source, size, err) < 0)
        return error_wrap(err, "'%s'", name);
    return 0;
}

int archive_writer_put_bytes(struct archive_writer *writer, const char *name, const void *bytes,
                             size_t length, struct error *err)
{
    scoped(byte_source_free) struct byte_source *source = byte_source_of_bytes(bytes, length);

    return archive_writer_put(writer, name, source, (int64_t)length, err);
}

/* Ending ------------------------------------------------------------------------------------------
 */

static int sync_output(const struct archive_writer *writer, struct error *err)
{
    if (!writer->new_path)
        return 0;
    if ((writer->archive ? fsync(writer->fd) : syncfs(writer->fd)) < 0)
        return error_sys(err, "write '%s'", writer->new_path);
    return 0;
}

int archive_writer_commit(struct archive_writer *writer, struct error *err)
{
    if (writer->archive && writer->lib.archive_write_close(writer->archive) != ARCHIVE_OK)
        return archive_failed(writer, "write", err);
    if (sync_output(writer, err) < 0)
        return -1;
    if (writer->new_path && rename(writer->new_path, writer->path) < 0)
        return error_sys(err, "rename '%s' to '%s'", writer->new_path, writer->path);
    writer->new_path = NULL;
    return 0;
}
