/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/build/worker/layer_pool.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/fd.h"
#include "common/file.h"
#include "common/memory.h"
#include "common/path.h"
#include "runtime/build/worker/tree_tar.h"
#include "runtime/image/image_limits.h"
#include "runtime/image/worker/checked_source.h"
#include "runtime/image/worker/image_staging.h"

/* A layer whose tree is held open. */
struct open_layer {
    const char *hex;
    int fs_fd;
};

struct layer_pool {
    struct image_store *store;
    struct image_staging *staging;
    struct arena *arena;
    pthread_mutex_t lock;
    struct open_layer *open;
    size_t n_open;
    struct string_list taken; /* hex, of this run */
    struct string_list covering;
    unsigned n_named; /* for names in the staging area */
};

struct layer_pool *layer_pool_new(struct image_store *store, struct error *err)
{
    scoped(layer_pool_free) struct layer_pool *pool = memory_new(struct layer_pool);

    pool->store = store;
    pool->arena = arena_new();
    (void)pthread_mutex_init(&pool->lock, NULL);
    pool->staging = image_staging_new(store, err);
    return pool->staging ? steal(pool) : NULL;
}

void layer_pool_free(struct layer_pool *pool)
{
    if (!pool)
        return;
    for (size_t i = 0; i < pool->n_open; i++)
        fd_close(pool->open[i].fs_fd);
    image_staging_free(pool->staging);
    (void)pthread_mutex_destroy(&pool->lock);
    arena_free(pool->arena);
    free(pool);
}

/* -- taking */

static int digest_tree(int upper_fd, const struct upper_list *list,
                       char ret_diff_id[IMAGE_DIGEST_SIZE], struct error *err)
{
    const struct checked_source_spec spec = {
        .size = -1, .limit_bytes = LIMIT_LAYER_BYTES, .ret_digest = ret_diff_id};
    scoped(byte_source_free) struct byte_source *source =
        checked_source_new(tree_tar_new(upper_fd, list), &spec);

    return byte_source_drain(source, err);
}

/* As layer_unpack.h has them. The root alone has no entry in the tar: it is implicit. */
static int write_notes(int layer_fd, const struct upper_list *list, struct error *err)
{
    char digits[24];
    int length = snprintf(digits, sizeof(digits), "%lld", (long long)list->file_bytes);

    if (list->covers_all && file_replace(layer_fd, "opaque", "", 0, 0600, err) < 0)
        return -1;
    if (file_replace(layer_fd, "size", digits, (size_t)length, 0600, err) < 0)
        return -1;
    return file_replace(layer_fd, "implicit", "", 1, 0600, err);
}

static int stage(struct layer_pool *pool, int step_fd, const struct upper_list *list,
                 const char *hex, struct error *err)
{
    const char *name = arena_printf(pool->arena, "step-%u", pool->n_named++);
    scoped_fd int layer_fd = -1;

    if (image_staging_make_layer(pool->staging, name, &layer_fd, err) < 0)
        return -1;
    if (renameat(step_fd, "upper", layer_fd, "fs") < 0)
        return error_sys(err, "keep what the step has written");
    if (write_notes(layer_fd, list, err) < 0 ||
        image_staging_rename_layer(pool->staging, name, hex, err) < 0 ||
        image_staging_keep_layer(pool->staging, hex, err) < 0)
        return -1;
    string_list_add(pool->arena, &pool->taken, hex);
    if (list->covers_all)
        string_list_add(pool->arena, &pool->covering, hex);
    return 0;
}

static bool is_here(const struct layer_pool *pool, const char *hex)
{
    return string_list_has(&pool->taken, hex) || image_store_has_layer(pool->store, hex);
}

/* What is newer gets this time (unix seconds), on the disk as in the list. */
static int make_older(int upper_fd, const struct upper_list *list, int64_t newest_s,
                      struct error *err)
{
    const struct timespec times[2] = {{.tv_nsec = UTIME_OMIT}, {.tv_sec = newest_s}};

    for (size_t i = 0; i < list->count; i++) {
        struct upper_item *item = &list->items[i];

        if (item->status.st_mtim.tv_sec < newest_s)
            continue;
        if (utimensat(upper_fd, item->path, times, AT_SYMLINK_NOFOLLOW) < 0)
            return error_sys(err, "set the time of '%s'", item->path);
        item->status.st_mtim = times[1];
    }
    return 0;
}

int layer_pool_take(struct layer_pool *pool, int step_fd, int64_t newest_s,
                    char ret_diff_id[IMAGE_DIGEST_SIZE], struct error *err)
{
    scoped(arena_free) struct arena *arena = arena_new();
    scoped_fd int upper_fd =
        openat(step_fd, "upper", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    struct upper_list list;
    const char *hex;
    int result = 0;

    if (upper_fd < 0)
        return error_sys(err, "open what the step has written");
    if (upper_list_read(upper_fd, arena, &list, err) < 0)
        return -1;
    *ret_diff_id = '\0';
    if (list.count == 0 && !list.covers_all)
        return 0;
    if (make_older(upper_fd, &list, newest_s, err) < 0)
        return -1;
    if (digest_tree(upper_fd, &list, ret_diff_id, err) < 0)
        return -1;
    (void)pthread_mutex_lock(&pool->lock);
    hex = arena_strdup(pool->arena, image_digest_hex(ret_diff_id));
    if (!is_here(pool, hex))
        result = stage(pool, step_fd, &list, hex, err);
    (void)pthread_mutex_unlock(&pool->lock);
    return result;
}

/* -- finding */

bool layer_pool_has(struct layer_pool *pool, const char *diff_id)
{
    bool result;

    (void)pthread_mutex_lock(&pool->lock);
    result = is_here(pool, image_digest_hex(diff_id));
    (void)pthread_mutex_unlock(&pool->lock);
    return result;
}

bool layer_pool_covers_all(struct layer_pool *pool, const char *diff_id)
{
    bool result;

    (void)pthread_mutex_lock(&pool->lock);
    result = string_list_has(&pool->covering, image_digest_hex(diff_id));
    (void)pthread_mutex_unlock(&pool->lock);
    if (!result) {
        scoped(arena_free) struct arena *arena = arena_new();

        result = faccessat(image_store_layers_fd(pool->store),
                           arena_printf(arena, "%s/opaque", image_digest_hex(diff_id)), F_OK,
                           AT_SYMLINK_NOFOLLOW) == 0;
    }
    return result;
}

static int open_layer(struct layer_pool *pool, const char *hex, int *ret_fd, struct error *err)
{
    for (size_t i = 0; i < pool->n_open; i++) {
        if (!string_eq(pool->open[i].hex, hex))
            continue;
        *ret_fd = pool->open[i].fs_fd;
        return 0;
    }
    if (image_staging_open_layer(pool->staging, hex, ret_fd, err) < 0)
        return -1;
    pool->open = arena_room(pool->arena, pool->open, pool->n_open);
    pool->open[pool->n_open++] = (struct open_layer){arena_strdup(pool->arena, hex), *ret_fd};
    return 0;
}

int layer_pool_path(struct layer_pool *pool, const char *diff_id, struct arena *arena,
                    const char **ret_path, struct error *err)
{
    int result, fd = -1;

    (void)pthread_mutex_lock(&pool->lock);
    result = open_layer(pool, image_digest_hex(diff_id), &fd, err);
    (void)pthread_mutex_unlock(&pool->lock);
    if (result == 0)
        *ret_path = arena_printf(arena, "/proc/self/fd/%d", fd);
    return result;
}

int layer_pool_commit(struct layer_pool *pool, struct error *err)
{
    struct image_staging *next;
    int result = 0;

    (void)pthread_mutex_lock(&pool->lock);
    if (pool->taken.count > 0) {
        result = image_staging_commit(pool->staging, NULL, 0, err);
        next = result == 0 ? image_staging_new(pool->store, err) : NULL;
        if (next) {
            image_staging_free(pool->staging);
            pool->staging = next;
            pool->taken = (struct string_list){0};
        } else {
            result = -1;
        }
    }
    (void)pthread_mutex_unlock(&pool->lock);
    return result;
}
