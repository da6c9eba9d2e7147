/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/image/worker/image_staging.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/fd.h"
#include "common/file.h"
#include "common/memory.h"
#include "common/path.h"
#include "common/process.h"
#include "common/text.h"
#include "runtime/image/image_digest.h"
#include "runtime/image/image_limits.h"

/* A whole file that is to be a blob. */
struct staged_blob {
    const char *hex; /* its name in the store */
    int dir_fd;      /* borrowed */
    const char *name;
};

struct image_staging {
    struct image_store *store;
    struct arena *arena;
    struct string_list layers; /* whole */
    struct staged_blob *blobs;
    size_t n_blobs, blobs_capacity;
    char name[80]; /* below tmp/ */
    int fd;
    unsigned n_trash;
};

struct image_staging *image_staging_new(struct image_store *store, struct error *err)
{
    scoped(image_staging_free) struct image_staging *staging = memory_new(struct image_staging);
    int tmp_fd = image_store_tmp_fd(store);

    staging->store = store;
    staging->arena = arena_new();
    staging->fd = -1;
    (void)snprintf(staging->name, sizeof(staging->name), "import-%d-%llu", (int)getpid(),
                   (unsigned long long)clock_realtime_ns());
    if (mkdirat(tmp_fd, staging->name, 0700) < 0) {
        error_sys(err, "create 'tmp/%s'", staging->name);
        return NULL;
    }
    staging->fd = openat(tmp_fd, staging->name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (staging->fd < 0) {
        error_sys(err, "open 'tmp/%s'", staging->name);
        return NULL;
    }
    return steal(staging);
}

void image_staging_free(struct image_staging *staging)
{
    if (!staging)
        return;
    fd_close(staging->fd);
    /* What cannot be removed now is garbage for the next sweep. */
    (void)!path_remove_tree(image_store_tmp_fd(staging->store), staging->name, NULL);
    arena_free(staging->arena);
    free(staging->blobs);
    free(staging);
}

int image_staging_make_layer(struct image_staging *staging, const char *name, int *ret_fd,
                             struct error *err)
{
    if (mkdirat(staging->fd, name, 0700) < 0)
        return error_sys(err, "create '%s'", name);
    *ret_fd = openat(staging->fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    return *ret_fd < 0 ? error_sys(err, "open '%s'", name) : 0;
}

int image_staging_rename_layer(struct image_staging *staging, const char *name,
                               const char *new_name, struct error *err)
{
    if (renameat2(staging->fd, name, staging->fd, new_name, RENAME_NOREPLACE) < 0)
        return error_sys(err, "rename layer '%s' to '%s'", name, new_name);
    return 0;
}

int image_staging_keep_layer(struct image_staging *staging, const char *name, struct error *err)
{
    const char *marker = arena_printf(staging->arena, "%s/complete", name);

    if (file_replace(staging->fd, marker, "", 0, 0600, err) < 0)
        return -1;
    string_list_add(staging->arena, &staging->layers, arena_strdup(staging->arena, name));
    return 0;
}

/* The directory that has the layer: ours, or the store's. */
static int open_layer(const struct image_staging *staging, const char *name, struct error *err)
{
    enum { FLAGS = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC };
    int fd = openat(staging->fd, name, FLAGS);

    if (fd < 0 && errno == ENOENT)
        fd = openat(image_store_layers_fd(staging->store), name, FLAGS);
    return fd < 0 ? error_sys(err, "open layer '%s'", name) : fd;
}

int image_staging_open_layer(const struct image_staging *staging, const char *name, int *ret_fs_fd,
                             struct error *err)
{
    scoped_fd int fd = open_layer(staging, name, err);

    if (fd < 0)
        return -1;
    *ret_fs_fd = openat(fd, "fs", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    return *ret_fs_fd < 0 ? error_sys(err, "open the tree of layer '%s'", name) : 0;
}

int image_staging_read_note(const struct image_staging *staging, const char *name, const char *note,
                            struct text *ret_bytes, struct error *err)
{
    scoped_fd int fd = open_layer(staging, name, err);
    bool exists;

    if (fd < 0)
        return -1;
    return file_read(fd, note, (size_t)LIMIT_IMPLICIT_DIRS * (LIMIT_ENTRY_PATH_BYTES + 1),
                     ret_bytes, &exists, err);
}

int image_staging_write_note(struct image_staging *staging, const char *name, const char *note,
                             const char *text, struct error *err)
{
    scoped_fd int fd = open_layer(staging, name, err);

    if (fd < 0)
        return -1;
    return file_replace(fd, note, text, strlen(text), 0600, err);
}

/* Blobs -------------------------------------------------------------------------------------------
 */

enum { BLOB_NAME_BYTES = 100 };

/* The name of a blob's file in the staging directory, apart from layers. */
static void blob_name(const char *name, char ret_name[BLOB_NAME_BYTES])
{
    (void)snprintf(ret_name, BLOB_NAME_BYTES, "blob-%s", name);
}

int image_staging_make_blob(struct image_staging *staging, const char *name, int *ret_fd,
                            struct error *err)
{
    char file[BLOB_NAME_BYTES];
    int fd;

    blob_name(name, file);
    fd = openat(staging->fd, file, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0)
        return error_sys(err, "create '%s'", file);
    *ret_fd = fd;
    return 0;
}

int image_staging_keep_blob(struct image_staging *staging, const char *name, const char *digest,
                            struct error *err)
{
    char file[BLOB_NAME_BYTES];

    blob_name(name, file);
    return image_staging_adopt_blob(staging, digest, staging->fd, file, err);
}

int image_staging_put_blob(struct image_staging *staging, const char *digest, const void *bytes,
                           size_t length, struct error *err)
{
    char name[BLOB_NAME_BYTES];

    if (image_store_has_blob(staging->store, digest))
        return 0;
    blob_name(image_digest_hex(digest), name);
    if (file_replace(staging->fd, name, bytes, length, 0600, err) < 0)
        return -1;
    return image_staging_adopt_blob(staging, digest, staging->fd, name, err);
}

static const struct staged_blob *find_blob(const struct image_staging *staging, const char *hex)
{
    for (size_t i = 0; i < staging->n_blobs; i++) {
        if (string_eq(staging->blobs[i].hex, hex))
            return &staging->blobs[i];
    }
    return NULL;
}

int image_staging_open_blob(const struct image_staging *staging, const char *digest, int *ret_fd,
                            struct error *err)
{
    const char *hex = image_digest_hex(digest);
    const struct staged_blob *blob = find_blob(staging, hex);
    int fd = openat(blob ? blob->dir_fd : image_store_blobs_fd(staging->store),
                    blob ? blob->name : hex, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);

    if (fd < 0)
        return error_sys(err, "open blob '%s'", digest);
    *ret_fd = fd;
    return 0;
}

int image_staging_adopt_blob(struct image_staging *staging, const char *digest, int dir_fd,
                             const char *name, struct error *err)
{
    const char *hex = image_digest_hex(digest);

    if (faccessat(dir_fd, name, F_OK, AT_SYMLINK_NOFOLLOW) < 0)
        return error_sys(err, "adopt '%s' as blob '%s'", name, digest);
    if (find_blob(staging, hex))
        return 0;
    memory_grow(staging->blobs, staging->n_blobs, staging->blobs_capacity);
    staging->blobs[staging->n_blobs++] =
        (struct staged_blob){.hex = arena_strdup(staging->arena, hex),
                             .dir_fd = dir_fd,
                             .name = arena_strdup(staging->arena, name)};
    return 0;
}

/* The commit --------------------------------------------------------------------------------------
 */

/* Moves a layer to its place. Another process may have been there first; one without a marker is
 * what a damaged file system left, and gives way. */
static int move_layer(struct image_staging *staging, const char *name, struct error *err)
{
    int layers_fd = image_store_layers_fd(staging->store);
    const char *trash;

    if (renameat2(staging->fd, name, layers_fd, name, RENAME_NOREPLACE) == 0)
        return 0;
    if (errno != EEXIST)
        return error_sys(err, "move layer '%s' into the store", name);
    if (image_store_has_layer(staging->store, name))
        return 0;
    trash = arena_printf(staging->arena, "trash-%u", staging->n_trash++);
    if (renameat2(layers_fd, name, staging->fd, trash, RENAME_NOREPLACE) < 0 ||
        renameat2(staging->fd, name, layers_fd, name, RENAME_NOREPLACE) < 0)
        return error_sys(err, "replace the damaged layer '%s'", name);
    return 0;
}

/* One that is there already is replaced by its equal. */
static int move_blob(struct image_staging *staging, const struct staged_blob *blob,
                     struct error *err)
{
    int blobs_fd = image_store_blobs_fd(staging->store);

    if (renameat(blob->dir_fd, blob->name, blobs_fd, blob->hex) == 0)
        return 0;
    /* Another process adopted the same file, a download. */
    if (errno == ENOENT && faccessat(blobs_fd, blob->hex, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
        return 0;
    return error_sys(err, "move blob '%s' into the store", blob->hex);
}

static int move_parts(struct image_staging *staging, struct error *err)
{
    int blobs_fd = image_store_blobs_fd(staging->store);

    for (size_t i = 0; i < staging->layers.count; i++) {
        if (move_layer(staging, staging->layers.items[i], err) < 0)
            return -1;
    }
    for (size_t i = 0; i < staging->n_blobs; i++) {
        if (move_blob(staging, &staging->blobs[i], err) < 0)
            return -1;
    }
    /* The names must be on the disk before the index that needs them. */
    if (fsync(image_store_layers_fd(staging->store)) < 0 || fsync(blobs_fd) < 0)
        return error_sys(err, "sync the store");
    return 0;
}

static int set_records(struct image_staging *staging, const struct image_record *records,
                       size_t n_records, struct error *err)
{
    int images_fd = image_store_images_fd(staging->store);
    struct image_catalog catalog;

    if (image_catalog_read(images_fd, staging->arena, &catalog, err) < 0)
        return -1;
    for (size_t i = 0; i < n_records; i++)
        image_catalog_put(&catalog, &records[i]);
    return image_catalog_write(images_fd, &catalog, err);
}

/* One call for everything that was written; without layers that is little enough to do it singly.
 */
static int sync_parts(struct image_staging *staging, struct error *err)
{
    if (staging->layers.count > 0)
        return syncfs(staging->fd) < 0 ? error_sys(err, "sync the layers") : 0;
    for (size_t i = 0; i < staging->n_blobs; i++) {
        const struct staged_blob *blob = &staging->blobs[i];
        scoped_fd int fd = openat(blob->dir_fd, blob->name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);

        if ((fd < 0 && errno != ENOENT) || (fd >= 0 && fsync(fd) < 0))
            return error_sys(err, "sync '%s'", blob->name);
    }
    return 0;
}

int image_staging_commit(struct image_staging *staging, const struct image_record *records,
                         size_t n_records, struct error *err)
{
    scoped_fd int lock_fd = -1;

    if (sync_parts(staging, err) < 0)
        return -1;
    lock_fd = image_catalog_lock(image_store_images_fd(staging->store), err);
    if (lock_fd < 0 || move_parts(staging, err) < 0)
        return -1;
    return set_records(staging, records, n_records, err);
}

/* Sweeping ----------------------------------------------------------------------------------------
 */

int image_staging_clear(int dir_fd, struct error *err)
{
    int own_fd = openat(dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *dir = own_fd < 0 ? NULL : fdopendir(own_fd);
    struct dirent *entry;
    int result = 0;

    if (!dir) {
        fd_close(own_fd);
        return error_sys(err, "open directory");
    }
    while (result == 0 && (entry = readdir(dir))) {
        if (!string_eq(entry->d_name, ".") && !string_eq(entry->d_name, ".."))
            result = path_remove_tree(dir_fd, entry->d_name, err);
    }
    (void)closedir(dir);
    return result;
}

void image_staging_sweep(struct image_store *store)
{
    int lock_fd = image_store_lock_fd(store);

    /* Between the two locks another process may come in; what it finds is a store like any other.
     */
    if (flock(lock_fd, LOCK_EX | LOCK_NB) == 0)
        (void)!image_staging_clear(image_store_tmp_fd(store), NULL);
    while (flock(lock_fd, LOCK_SH) < 0 && errno == EINTR)
        ;
}
