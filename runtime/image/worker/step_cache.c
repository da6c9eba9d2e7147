/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/image/worker/step_cache.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/fd.h"
#include "common/file.h"
#include "common/json.h"
#include "common/memory.h"
#include "common/path.h"
#include "runtime/image/worker/dir_names.h"

enum { RECORD_MOST_BYTES = 4096 };

static const char folder[] = "build/steps";

struct new_record {
    char key[SHA256_HEX_SIZE];
    struct step_record record;
};

struct step_cache {
    struct image_store *store;
    int dir_fd;
    pthread_mutex_t lock;
    struct new_record *records;
    size_t count, capacity;
};

struct step_cache *step_cache_new(struct image_store *store, struct error *err)
{
    scoped(step_cache_free) struct step_cache *cache = memory_new(struct step_cache);
    int root_fd = image_store_root_fd(store);

    cache->store = store;
    (void)pthread_mutex_init(&cache->lock, NULL);
    cache->dir_fd = -1;
    if (path_make_dirs(root_fd, folder, 0700, err) < 0)
        return NULL;
    cache->dir_fd = path_open_beneath(root_fd, folder, O_RDONLY | O_DIRECTORY, 0);
    if (cache->dir_fd < 0) {
        error_sys(err, "open '%s'", folder);
        return NULL;
    }
    return steal(cache);
}

void step_cache_free(struct step_cache *cache)
{
    if (!cache)
        return;
    fd_close(cache->dir_fd);
    (void)pthread_mutex_destroy(&cache->lock);
    free(cache->records);
    free(cache);
}

static bool record_read(int dir_fd, const char *key, struct step_record *out)
{
    scoped_text struct text bytes = {0};
    scoped(json_release) json_t *json = NULL;
    const char *diff_id;

    if (file_read(dir_fd, key, RECORD_MOST_BYTES, &bytes, NULL, NULL) < 0)
        return false;
    json = json_parse(text_get(&bytes), bytes.length, NULL);
    diff_id = json_get_string(json, "layer", "");
    if (!json || (*diff_id && !image_digest_is_valid(diff_id)))
        return false;
    (void)snprintf(out->diff_id, sizeof(out->diff_id), "%s", diff_id);
    (void)snprintf(out->created, sizeof(out->created), "%s", json_get_string(json, "created", ""));
    return true;
}

static const struct step_record *find_new(const struct step_cache *cache, const char *key)
{
    for (size_t i = 0; i < cache->count; i++)
        if (string_eq(cache->records[i].key, key))
            return &cache->records[i].record;
    return NULL;
}

bool step_cache_find(struct step_cache *cache, const char *key, struct step_record *ret_record)
{
    const struct step_record *known;

    (void)pthread_mutex_lock(&cache->lock);
    known = find_new(cache, key);
    if (known)
        *ret_record = *known;
    (void)pthread_mutex_unlock(&cache->lock);
    if (known)
        return true;
    if (!record_read(cache->dir_fd, key, ret_record))
        return false;
    if (*ret_record->diff_id &&
        !image_store_has_layer(cache->store, image_digest_hex(ret_record->diff_id)))
        return false;
    (void)utimensat(cache->dir_fd, key, NULL, AT_SYMLINK_NOFOLLOW);
    return true;
}

void step_cache_put(struct step_cache *cache, const char *key, const struct step_record *record)
{
    struct new_record *new_record;

    (void)pthread_mutex_lock(&cache->lock);
    memory_grow(cache->records, cache->count, cache->capacity);
    new_record = &cache->records[cache->count++];
    (void)snprintf(new_record->key, sizeof(new_record->key), "%s", key);
    new_record->record = *record;
    (void)pthread_mutex_unlock(&cache->lock);
}

static int record_write(int dir_fd, const struct new_record *new_record, struct error *err)
{
    const struct step_record *record = &new_record->record;
    scoped(json_release) json_t *json = json_object();
    scoped_text struct text bytes = {0};

    (void)json_object_set_new(json, "created", json_string(record->created));
    if (*record->diff_id)
        (void)json_object_set_new(json, "layer", json_string(record->diff_id));
    json_format(json, &bytes);
    return file_replace(dir_fd, new_record->key, text_get(&bytes), bytes.length, 0600, err);
}

int step_cache_commit(struct step_cache *cache, struct error *err)
{
    int result = 0;

    (void)pthread_mutex_lock(&cache->lock);
    for (size_t i = 0; i < cache->count && result == 0; i++)
        result = record_write(cache->dir_fd, &cache->records[i], err);
    cache->count = 0;
    (void)pthread_mutex_unlock(&cache->lock);
    return result;
}

/* -- pruning */

/* Private caches have a lock each, "lock-1" and so on. */
static bool is_used(int caches_fd, const char *name, struct arena *arena)
{
    scoped_fd int folder_fd = path_open_beneath(caches_fd, name, O_RDONLY | O_DIRECTORY, 0);
    struct string_list names = {0};

    if (folder_fd < 0 || dir_names_read(folder_fd, arena, &names, NULL) < 0)
        return false;
    for (size_t i = 0; i < names.count; i++) {
        scoped_fd int lock_fd = -1;

        if (!string_starts_with(names.items[i], "lock"))
            continue;
        lock_fd = openat(folder_fd, names.items[i], O_RDWR | O_CLOEXEC | O_NOFOLLOW);
        if (lock_fd >= 0 && flock(lock_fd, LOCK_EX | LOCK_NB) < 0)
            return true;
    }
    return false;
}

static int remove_cache(int caches_fd, const char *name, struct arena *arena, struct error *err)
{
    return is_used(caches_fd, name, arena) ? 0 : path_remove_tree(caches_fd, name, err);
}

static int remove_caches(int root_fd, struct arena *arena, struct error *err)
{
    scoped_fd int caches_fd = path_open_beneath(root_fd, "build/caches", O_RDONLY | O_DIRECTORY, 0);
    struct string_list names = {0};

    if (caches_fd < 0)
        return 0;
    if (dir_names_read(caches_fd, arena, &names, err) < 0)
        return -1;
    for (size_t i = 0; i < names.count; i++)
        if (remove_cache(caches_fd, names.items[i], arena, err) < 0)
            return -1;
    return 0;
}

static int remove_records(int dir_fd, const struct step_prune *rule, struct arena *arena,
                          size_t *count, struct error *err)
{
    struct string_list names = {0};

    if (dir_names_read(dir_fd, arena, &names, err) < 0)
        return error_wrap(err, "'%s'", folder);
    for (size_t i = 0; i < names.count; i++) {
        struct stat status;

        if (fstatat(dir_fd, names.items[i], &status, AT_SYMLINK_NOFOLLOW) < 0 ||
            (!rule->all && status.st_mtim.tv_sec >= rule->before))
            continue;
        if (unlinkat(dir_fd, names.items[i], 0) < 0)
            return error_sys(err, "remove '%s'", names.items[i]);
        (*count)++;
    }
    return 0;
}

int step_cache_prune(struct image_store *store, const struct step_prune *rule, size_t *ret_count,
                     struct error *err)
{
    scoped(arena_free) struct arena *arena = arena_new();
    int root_fd = image_store_root_fd(store);
    scoped_fd int dir_fd = path_open_beneath(root_fd, folder, O_RDONLY | O_DIRECTORY, 0);

    *ret_count = 0;
    if (dir_fd >= 0 && remove_records(dir_fd, rule, arena, ret_count, err) < 0)
        return -1;
    return rule->all ? remove_caches(root_fd, arena, err) : 0;
}

int step_cache_layers(struct image_store *store, struct arena *arena,
                      struct string_list *ret_diff_ids, struct error *err)
{
    scoped_fd int dir_fd =
        path_open_beneath(image_store_root_fd(store), folder, O_RDONLY | O_DIRECTORY, 0);
    struct string_list names = {0}, diff_ids = {0};

    *ret_diff_ids = diff_ids;
    if (dir_fd < 0) /* nothing was ever built */
        return 0;
    if (dir_names_read(dir_fd, arena, &names, err) < 0)
        return error_wrap(err, "'%s'", folder);
    for (size_t i = 0; i < names.count; i++) {
        struct step_record record;

        if (record_read(dir_fd, names.items[i], &record) && *record.diff_id)
            string_list_add(arena, &diff_ids, arena_strdup(arena, record.diff_id));
    }
    *ret_diff_ids = diff_ids;
    return 0;
}
