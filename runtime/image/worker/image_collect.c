/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/image/worker/image_collect.h"

#include <errno.h>
#include <fcntl.h>
#include <fts.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "common/fd.h"
#include "common/file.h"
#include "common/path.h"
#include "common/process.h"
#include "common/text.h"
#include "runtime/image/image_catalog.h"
#include "runtime/image/image_digest.h"
#include "runtime/image/image_limits.h"
#include "runtime/image/worker/dir_names.h"
#include "runtime/image/worker/image_document.h"
#include "runtime/image/worker/image_leases.h"
#include "runtime/image/worker/image_staging.h"
#include "runtime/image/worker/step_cache.h"

struct collection {
    const struct collect_spec *spec;
    struct image_store *store;
    struct arena *arena;
    struct string_list layers; /* names below layers/ that stay; sorted */
    struct string_list blobs;  /* names below blobs/sha256/ that stay; sorted */
    int trash_fd;              /* a new directory below tmp/ */
    struct collected *collected;
};

static int compare_texts(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void sort(struct string_list *list)
{
    if (list->count > 0)
        qsort(list->items, list->count, sizeof(*list->items), compare_texts);
}

static bool holds(const struct string_list *list, const char *name)
{
    return list->count > 0 &&
           bsearch(&name, list->items, list->count, sizeof(*list->items), compare_texts) != NULL;
}

/* Marking -----------------------------------------------------------------------------------------
 */

static void mark_blob(struct collection *collection, const char *digest)
{
    string_list_add(collection->arena, &collection->blobs,
                    arena_strdup(collection->arena, image_digest_hex(digest)));
}

static int mark_image(struct collection *collection, const char *digest, struct error *err)
{
    struct image_config *config;
    const char *mend;

    if (image_store_read_config(collection->store, digest, collection->arena, &config, err) < 0)
        return error_wrap(err, "read image '%s'", digest);
    /* Without its configuration an image is not usable; its layers may go. */
    if (!config)
        return 0;
    mark_blob(collection, digest);
    for (size_t i = 0; i < config->diff_ids.count; i++)
        string_list_add(collection->arena, &collection->layers,
                        image_digest_hex(config->diff_ids.items[i]));
    image_store_mend_name(&config->diff_ids, collection->arena, &mend);
    string_list_add(collection->arena, &collection->layers, mend);
    return 0;
}

/* A manifest and the layers it names, as they are transported. */
static int mark_manifest(struct collection *collection, const char *digest, struct error *err)
{
    scoped_text struct text bytes = {0};
    struct image_manifest manifest;
    bool exists;

    mark_blob(collection, digest);
    if (file_read(image_store_blobs_fd(collection->store), image_digest_hex(digest),
                  LIMIT_IMAGE_DOCUMENT_BYTES, &bytes, &exists, err) < 0)
        return -1;
    if (!exists)
        return 0;
    if (image_manifest_parse(text_get(&bytes), bytes.length, collection->arena, &manifest, err) < 0)
        return error_wrap(err, "read manifest '%s'", digest);
    for (size_t i = 0; i < manifest.n_layers; i++)
        mark_blob(collection, manifest.layers[i].digest);
    return 0;
}

static int mark_references(struct collection *collection, struct error *err)
{
    struct image_catalog catalog;

    if (image_catalog_read(image_store_images_fd(collection->store), collection->arena, &catalog,
                           err) < 0)
        return -1;
    for (size_t i = 0; i < catalog.count; i++) {
        const struct image_record *record = &catalog.records[i];

        if (mark_image(collection, record->config, err) < 0)
            return -1;
        if (record->manifest && image_digest_is_valid(record->manifest) &&
            mark_manifest(collection, record->manifest, err) < 0)
            return -1;
    }
    return 0;
}

static int mark_leases(struct collection *collection, struct error *err)
{
    struct image_leases leases;

    if (image_leases_read(collection->store, collection->arena, &leases, err) < 0)
        return -1;
    for (size_t i = 0; i < leases.count; i++) {
        if (mark_image(collection, leases.leases[i].id, err) < 0)
            return -1;
    }
    return 0;
}

/* What steps of builds have made. */
static int mark_steps(struct collection *collection, struct error *err)
{
    struct string_list diff_ids;

    if (step_cache_layers(collection->store, collection->arena, &diff_ids, err) < 0)
        return -1;
    for (size_t i = 0; i < diff_ids.count; i++)
        string_list_add(collection->arena, &collection->layers,
                        image_digest_hex(diff_ids.items[i]));
    return 0;
}

/* Sweeping ----------------------------------------------------------------------------------------
 */

/* Moves a name into the trash. Nobody can have opened it since: the lock is ours. */
static int discard(struct collection *collection, int dir_fd, const char *name, const char *kind,
                   struct error *err)
{
    const char *trash = arena_printf(collection->arena, "%s-%s", kind, name);

    if (renameat(dir_fd, name, collection->trash_fd, trash) < 0 && errno != ENOENT)
        return error_sys(err, "discard '%s'", name);
    return 0;
}

static int sweep_layers(struct collection *collection, struct error *err)
{
    int layers_fd = image_store_layers_fd(collection->store);
    struct string_list names = {0};

    if (dir_names_read(layers_fd, collection->arena, &names, err) < 0)
        return error_wrap(err, "'layers'");
    for (size_t i = 0; i < names.count; i++) {
        if (holds(&collection->layers, names.items[i]) &&
            image_store_has_layer(collection->store, names.items[i]))
            continue;
        if (discard(collection, layers_fd, names.items[i], "layer", err) < 0)
            return -1;
        collection->collected->n_layers++;
    }
    return 0;
}

static int sweep_blobs(struct collection *collection, struct error *err)
{
    int blobs_fd = image_store_blobs_fd(collection->store);
    struct string_list names = {0};

    if (dir_names_read(blobs_fd, collection->arena, &names, err) < 0)
        return error_wrap(err, "'blobs'");
    for (size_t i = 0; i < names.count; i++) {
        if (holds(&collection->blobs, names.items[i]))
            continue;
        if (discard(collection, blobs_fd, names.items[i], "blob", err) < 0)
            return -1;
        collection->collected->n_blobs++;
    }
    return 0;
}

/* Everything in tmp/ and downloads/ but our trash belongs to processes that were killed: a living
 * one would hold the lock. */
static int sweep_leftovers(struct collection *collection, int dir_fd, const char *kind,
                           const char *trash_name, struct error *err)
{
    struct string_list names = {0};

    if (dir_names_read(dir_fd, collection->arena, &names, err) < 0)
        return error_wrap(err, "'%s'", kind);
    for (size_t i = 0; i < names.count; i++) {
        if (string_eq(names.items[i], trash_name))
            continue;
        if (discard(collection, dir_fd, names.items[i], kind, err) < 0)
            return -1;
        collection->collected->n_leftovers++;
    }
    return 0;
}

static int collect(struct collection *collection, const char *trash_name, struct error *err)
{
    if (mark_references(collection, err) < 0 || mark_leases(collection, err) < 0 ||
        mark_steps(collection, err) < 0)
        return -1;
    sort(&collection->layers);
    sort(&collection->blobs);
    if (sweep_layers(collection, err) < 0 || sweep_blobs(collection, err) < 0)
        return -1;
    if (!collection->spec->keep_downloads &&
        sweep_leftovers(collection, image_store_downloads_fd(collection->store), "downloads",
                        trash_name, err) < 0)
        return -1;
    return sweep_leftovers(collection, image_store_tmp_fd(collection->store), "tmp", trash_name,
                           err);
}

static int lock_alone(struct image_store *store, unsigned patience_ms, struct error *err)
{
    const struct timespec pause = {.tv_nsec = 20 * 1000 * 1000};
    uint64_t end_ms = clock_monotonic_ms() + patience_ms;

    while (flock(image_store_lock_fd(store), LOCK_EX | LOCK_NB) < 0) {
        if (errno != EWOULDBLOCK && errno != EINTR)
            return error_sys(err, "lock 'lock'");
        if (clock_monotonic_ms() >= end_ms)
            return error_set(err, "another process is using the image store");
        (void)nanosleep(&pause, NULL);
    }
    return 0;
}

static void lock_shared(struct image_store *store)
{
    while (flock(image_store_lock_fd(store), LOCK_SH) < 0 && errno == EINTR)
        ;
}

/* What removing the tree gives back to the disk, hard links counted by the part. */
static int64_t tree_bytes(int dir_fd)
{
    char path[40];
    char *roots[] = {path, NULL};
    const FTSENT *entry;
    int64_t bytes = 0;
    FTS *tree;

    (void)snprintf(path, sizeof(path), "/proc/self/fd/%d/.", dir_fd);
    tree = fts_open(roots, FTS_PHYSICAL | FTS_NOCHDIR, NULL);
    while (tree && (entry = fts_read(tree))) {
        if (entry->fts_info != FTS_DP && entry->fts_statp && entry->fts_statp->st_nlink > 0)
            bytes += (int64_t)entry->fts_statp->st_blocks * 512 /
                     (entry->fts_info == FTS_D ? 1 : (int64_t)entry->fts_statp->st_nlink);
    }
    if (tree)
        (void)fts_close(tree);
    return bytes;
}

static int run(struct collection *collection, struct error *err)
{
    int tmp_fd = image_store_tmp_fd(collection->store);
    scoped_fd int trash_fd = -1;
    char trash_name[64];
    int result;

    (void)snprintf(trash_name, sizeof(trash_name), "trash-%d-%llu", (int)getpid(),
                   (unsigned long long)clock_realtime_ns());
    if (lock_alone(collection->store, collection->spec->patience_ms, err) < 0) {
        lock_shared(collection->store);
        return -1;
    }
    if (mkdirat(tmp_fd, trash_name, 0700) == 0)
        trash_fd = openat(tmp_fd, trash_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    collection->trash_fd = trash_fd;
    if (trash_fd < 0)
        result = error_sys(err, "create 'tmp/%s'", trash_name);
    else
        result = collect(collection, trash_name, err);
    lock_shared(collection->store);

    if (trash_fd >= 0)
        collection->collected->bytes = tree_bytes(trash_fd);
    if (result < 0)
        return -1;
    return path_remove_tree(tmp_fd, trash_name, err);
}

int image_collect(struct image_store *store, const struct collect_spec *spec,
                  struct collected *ret_collected, struct error *err)
{
    scoped(arena_free) struct arena *arena = arena_new();
    struct collected collected = {0};
    struct collection collection = {
        .spec = spec, .store = store, .arena = arena, .trash_fd = -1, .collected = &collected};

    if (run(&collection, err) < 0)
        return error_wrap(err, "collect garbage");
    *ret_collected = collected;
    return 0;
}
