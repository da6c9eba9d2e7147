/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/image/worker/image_archive.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/arena.h"
#include "common/fd.h"
#include "common/memory.h"
#include "common/path.h"
#include "runtime/image/image_limits.h"
#include "runtime/image/worker/checked_source.h"
#include "runtime/image/worker/inflated_source.h"
#include "runtime/image/worker/tar_reader.h"

enum { LIMIT_MEMBER_LINKS = 8 };

struct member {
    const char *name;
    const char *link; /* the name it stands for, or NULL */
    int64_t offset, size;
    size_t order; /* of two with one name the later counts */
};

struct image_archive {
    int fd;
    bool is_dir;
    struct arena *arena;
    struct member *members; /* of a tar, sorted by name and order */
    size_t count, capacity;
};

void image_archive_free(struct image_archive *archive)
{
    if (!archive)
        return;
    fd_close(archive->fd);
    arena_free(archive->arena);
    free(archive->members);
    free(archive);
}

/* Indexing a tar ----------------------------------------------------------------------------------
 */

static const char *clean_name(struct arena *arena, const char *name)
{
    name += strspn(name, "/");
    return path_clean(arena, name);
}

/* docker save writes a layer that two images share once, and a symbolic link for the second. */
static const char *link_target(struct arena *arena, const struct tar_entry *entry, const char *name)
{
    const char *slash = strrchr(name, '/');

    if (entry->kind == TAR_HARDLINK)
        return clean_name(arena, entry->link);
    return path_join(arena, slash ? arena_strndup(arena, name, (size_t)(slash - name)) : ".",
                     entry->link);
}

static void add_member(struct image_archive *archive, const struct tar_entry *entry,
                       int64_t position)
{
    struct member *member;

    memory_grow(archive->members, archive->count, archive->capacity);
    member = &archive->members[archive->count];
    *member = (struct member){.name = clean_name(archive->arena, entry->path),
                              .offset = position,
                              .size = entry->size,
                              .order = archive->count};
    if (entry->kind != TAR_FILE)
        member->link = link_target(archive->arena, entry, member->name);
    archive->count++;
}

static int compare_members(const void *a, const void *b)
{
    const struct member *left = a;
    const struct member *right = b;
    int order = strcmp(left->name, right->name);

    return order != 0 ? order : (left->order > right->order) - (left->order < right->order);
}

static int read_members(struct image_archive *archive, struct tar_reader *reader, struct error *err)
{
    const struct tar_entry *entry;

    for (;;) {
        if (tar_reader_next(reader, &entry, err) < 0)
            return -1;
        if (!entry)
            return 0;
        if (archive->count >= LIMIT_ARCHIVE_MEMBERS)
            return error_set(err, "it has more than %d members", LIMIT_ARCHIVE_MEMBERS);
        if (strnlen(entry->path, LIMIT_ENTRY_PATH_BYTES + 1) > LIMIT_ENTRY_PATH_BYTES)
            return error_set(err, "a member's name is too long");
        if (entry->kind == TAR_FILE || entry->kind == TAR_SYMLINK || entry->kind == TAR_HARDLINK)
            add_member(archive, entry, tar_reader_position(reader));
    }
}

static int index_tar(struct image_archive *archive, int64_t size, struct error *err)
{
    scoped(byte_source_free) struct byte_source *source = byte_source_of_file(archive->fd, 0, size);
    scoped(tar_reader_free) struct tar_reader *reader = tar_reader_new(source, err);

    if (!reader || read_members(archive, reader, err) < 0)
        return archive->count ? -1 : error_wrap(err, "it is no tar, plain or in gzip or zstd");
    if (archive->count > 0)
        qsort(archive->members, archive->count, sizeof(*archive->members), compare_members);
    return 0;
}

/* Spooling ----------------------------------------------------------------------------------------
 */

static int write_spool(int spool_fd, struct byte_source *source, struct error *err)
{
    for (;;) {
        const void *bytes;
        size_t length;

        if (byte_source_read(source, &bytes, &length, err) < 0)
            return -1;
        if (length == 0)
            return 0;
        if (fd_write_all(spool_fd, bytes, length) < 0)
            return error_sys(err, "write the spool file");
    }
}

/* A file without a name, or with one for a moment where the file system knows no other way. */
static int open_spool(int dir_fd, struct error *err)
{
    static const char name[] = "spool";
    int fd = openat(dir_fd, ".", O_RDWR | O_TMPFILE | O_CLOEXEC, 0600);

    if (fd < 0 && (errno == EOPNOTSUPP || errno == EISDIR || errno == ENOENT)) {
        (void)unlinkat(dir_fd, name, 0);
        fd = openat(dir_fd, name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
        (void)unlinkat(dir_fd, name, 0);
    }
    return fd < 0 ? error_sys(err, "create a spool file") : fd;
}

/* Replaces the archive's descriptor by one of a nameless file with the inflated bytes. */
static int spool(struct image_archive *archive, int spool_dir_fd, struct error *err)
{
    const struct checked_source_spec bound = {.size = -1, .limit_bytes = LIMIT_ARCHIVE_BYTES};
    scoped(byte_source_free) struct byte_source *source = NULL;
    scoped_fd int fd = open_spool(spool_dir_fd, err);

    if (fd < 0)
        return -1;
    source = inflated_source_new(byte_source_of_stream(archive->fd), err);
    if (!source)
        return -1;
    source = checked_source_new(steal(source), &bound);
    if (write_spool(fd, source, err) < 0)
        return -1;
    fd_close(archive->fd);
    archive->fd = steal_fd(&fd);
    return 0;
}

static bool is_compressed(int fd)
{
    char start[PACKING_MAGIC_BYTES];
    ssize_t length = pread(fd, start, sizeof(start), 0);

    return length > 0 && packing_of(start, (size_t)length) != PACKING_NONE;
}

static int open_file(const char *path, struct error *err)
{
    int fd = string_eq(path, "-") ? fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3)
                                  : open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);

    return fd < 0 ? error_sys(err, "open") : fd;
}

static int examine(struct image_archive *archive, int spool_dir_fd, struct error *err)
{
    struct stat status;

    if (fstat(archive->fd, &status) < 0)
        return error_sys(err, "examine");
    archive->is_dir = S_ISDIR(status.st_mode);
    if (archive->is_dir)
        return 0;
    if (!S_ISREG(status.st_mode) || lseek(archive->fd, 0, SEEK_CUR) != 0 ||
        is_compressed(archive->fd)) {
        if (spool(archive, spool_dir_fd, err) < 0)
            return -1;
        if (fstat(archive->fd, &status) < 0)
            return error_sys(err, "examine");
    }
    return index_tar(archive, status.st_size, err);
}

struct image_archive *image_archive_open(const char *path, int spool_dir_fd, struct error *err)
{
    scoped(image_archive_free) struct image_archive *archive = memory_new(struct image_archive);

    archive->arena = arena_new();
    archive->fd = open_file(path, err);
    if (archive->fd < 0 || examine(archive, spool_dir_fd, err) < 0) {
        error_wrap(err, "read archive '%s'", path);
        return NULL;
    }
    return steal(archive);
}

/* Members -----------------------------------------------------------------------------------------
 */

/* The last member of that name. */
static const struct member *find_name(const struct image_archive *archive, const char *name)
{
    size_t low = 0;
    size_t high = archive->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (strcmp(archive->members[middle].name, name) <= 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low > 0 && string_eq(archive->members[low - 1].name, name) ? &archive->members[low - 1]
                                                                      : NULL;
}

static const struct member *find_member(const struct image_archive *archive, const char *name)
{
    const struct member *member = find_name(archive, name);

    for (int links = 0; member && member->link && links < LIMIT_MEMBER_LINKS; links++)
        member = find_name(archive, member->link);
    return member && !member->link ? member : NULL;
}

/* Opens a member of a directory; its size in *ret_size. Only plain files: a FIFO would hang. */
static int open_in_dir(const struct image_archive *archive, const char *name, int64_t *ret_size,
                       struct error *err)
{
    scoped_fd int fd = path_open_beneath(archive->fd, name, O_RDONLY | O_NONBLOCK | O_NOCTTY, 0);
    struct stat status;

    if (fd < 0 || fstat(fd, &status) < 0)
        return error_sys(err, "open '%s'", name);
    if (!S_ISREG(status.st_mode))
        return error_set(err, "'%s' is not a plain file", name);
    *ret_size = status.st_size;
    return steal_fd(&fd);
}

struct byte_source *image_archive_member(const struct image_archive *archive, const char *name,
                                         struct error *err)
{
    const struct member *member;
    int64_t size = 0;
    int fd;

    if (archive->is_dir) {
        fd = open_in_dir(archive, name, &size, err);
        return fd < 0 ? NULL : byte_source_of_own_file(fd, size);
    }
    member = find_member(archive, name);
    if (!member) {
        error_set(err, "there is no '%s' in the archive", name);
        return NULL;
    }
    return byte_source_of_file(archive->fd, member->offset, member->size);
}

static bool has_member(const struct image_archive *archive, const char *name)
{
    struct stat status;

    if (archive->is_dir)
        return fstatat(archive->fd, name, &status, AT_SYMLINK_NOFOLLOW) == 0;
    return find_member(archive, name) != NULL;
}

int image_archive_read(const struct image_archive *archive, const char *name,
                       struct text *ret_bytes, bool *ret_exists, struct error *err)
{
    scoped(byte_source_free) struct byte_source *source = NULL;

    if (ret_exists) {
        *ret_exists = has_member(archive, name);
        if (!*ret_exists)
            return 0;
    }
    source = image_archive_member(archive, name, err);
    if (!source)
        return -1;
    for (;;) {
        const void *bytes;
        size_t length;

        if (byte_source_read(source, &bytes, &length, err) < 0)
            return error_wrap(err, "read '%s'", name);
        if (length == 0)
            return 0;
        if (length > LIMIT_IMAGE_DOCUMENT_BYTES - ret_bytes->length)
            return error_set(err, "read '%s': it is larger than %d bytes", name,
                             LIMIT_IMAGE_DOCUMENT_BYTES);
        text_append_bytes(ret_bytes, bytes, length);
    }
}
