/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/image/worker/image_import.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "common/fd.h"
#include "common/text.h"
#include "runtime/image/image_digest.h"
#include "runtime/image/image_platform.h"
#include "runtime/image/worker/image_staging.h"
#include "runtime/image/worker/layer_jobs.h"
#include "runtime/image/worker/layer_mend.h"

/* One image on its way. */
struct import {
    struct image_store *store;
    const struct import_image *image;
    struct arena *arena;
    struct image_config config;
    struct image_staging *staging;
    int locks_fd;
    struct layer_job *jobs; /* the layers that are missing, by digest, none twice */
    size_t n_jobs;
};

static int compare_jobs(const void *a, const void *b)
{
    const struct layer_job *left = a;
    const struct layer_job *right = b;

    return strcmp(left->diff_id, right->diff_id);
}

/* The missing layers, in the order of their digests: every process locks in that order, so none
 * waits in a circle. */
static void list_missing(struct import *import)
{
    const struct string_list *diff_ids = &import->config.diff_ids;
    size_t count = 0;

    import->jobs = arena_new_array(import->arena, struct layer_job, diff_ids->count + 1);
    for (size_t i = 0; i < diff_ids->count; i++) {
        if (!image_store_has_layer(import->store, image_digest_hex(diff_ids->items[i])))
            import->jobs[count++] = (struct layer_job){.layer = &import->image->layers[i],
                                                       .diff_id = diff_ids->items[i]};
    }
    if (count > 0)
        qsort(import->jobs, count, sizeof(*import->jobs), compare_jobs);
    for (size_t i = 0; i < count; i++) {
        if (i == 0 || !string_eq(import->jobs[i].diff_id, import->jobs[i - 1].diff_id))
            import->jobs[import->n_jobs++] = import->jobs[i];
    }
}

/* Each layer's lock is the byte of the file that its digest's first digits name. Two layers on one
 * byte would only wait for each other. The lock ends with the descriptor. */
static int lock_layer(struct import *import, const char *diff_id, struct error *err)
{
    char digits[13] = "";
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_len = 1};

    memcpy(digits, image_digest_hex(diff_id), sizeof(digits) - 1);
    lock.l_start = (off_t)strtoll(digits, NULL, 16);
    while (fcntl(import->locks_fd, F_OFD_SETLKW, &lock) < 0) {
        if (errno != EINTR)
            return error_sys(err, "lock layer '%s'", diff_id);
    }
    return 0;
}

/* Waits until nobody else unpacks what we miss, and leaves out what is there now. */
static int lock_missing(struct import *import, struct error *err)
{
    size_t count = 0;

    import->locks_fd = openat(image_store_root_fd(import->store), "layer-locks",
                              O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (import->locks_fd < 0)
        return error_sys(err, "open 'layer-locks'");
    for (size_t i = 0; i < import->n_jobs; i++) {
        struct layer_job job = import->jobs[i];

        if (lock_layer(import, job.diff_id, err) < 0)
            return -1;
        if (!image_store_has_layer(import->store, image_digest_hex(job.diff_id)))
            import->jobs[count++] = job;
    }
    import->n_jobs = count;
    return 0;
}

static int compare_texts(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static int read_mend_layer(struct import *import, const char *name, struct mend_layer *out,
                           struct error *err)
{
    scoped_text struct text note = {0};
    const char *end;

    if (image_staging_open_layer(import->staging, name, &out->fs_fd, err) < 0 ||
        image_staging_read_note(import->staging, name, "implicit", &note, err) < 0)
        return -1;
    end = text_get(&note) + note.length;
    for (const char *path = text_get(&note); path < end; path += strlen(path) + 1)
        string_list_add(import->arena, &out->implicit, arena_strdup(import->arena, path));
    if (out->implicit.count > 0)
        qsort(out->implicit.items, out->implicit.count, sizeof(*out->implicit.items),
              compare_texts);
    return 0;
}

static int make_mend(struct import *import, const char *name, const struct mend_layer *layers,
                     struct error *err)
{
    scoped_fd int mend_fd = -1;
    bool needed;

    if (image_staging_make_layer(import->staging, name, &mend_fd, err) < 0 ||
        layer_mend(layers, import->config.diff_ids.count, mend_fd, &needed, err) < 0)
        return -1;
    return needed ? image_staging_keep_layer(import->staging, name, err) : 0;
}

static int mend(struct import *import, struct error *err)
{
    const struct string_list *diff_ids = &import->config.diff_ids;
    struct mend_layer *layers =
        arena_new_array(import->arena, struct mend_layer, diff_ids->count + 1);
    const char *name;
    int result = 0;

    image_store_mend_name(diff_ids, import->arena, &name);
    if (image_store_has_layer(import->store, name))
        return 0;
    for (size_t i = 0; i < diff_ids->count; i++)
        layers[i].fs_fd = -1;
    for (size_t i = 0; i < diff_ids->count && result == 0; i++)
        result = read_mend_layer(import, image_digest_hex(diff_ids->items[i]), &layers[i], err);
    if (result == 0)
        result = make_mend(import, name, layers, err);
    for (size_t i = 0; i < diff_ids->count; i++)
        fd_close(layers[i].fs_fd);
    return result < 0 ? error_wrap(err, "assemble the layers") : 0;
}

static int commit(struct import *import, struct error *err)
{
    const struct import_image *image = import->image;
    size_t count = image->references.count ? image->references.count : 1;
    struct image_record *records = arena_new_array(import->arena, struct image_record, count);
    char manifest[IMAGE_DIGEST_SIZE];
    const char *platform;

    if (image_platform_key(image->platform, import->arena, &platform, err) < 0)
        return -1;
    image_digest_of_bytes(image->manifest.bytes, image->manifest.length, manifest);
    for (size_t i = 0; i < count; i++)
        records[i] =
            (struct image_record){.reference = image->references.count ? image->references.items[i]
                                                                       : import->config.digest,
                                  .config = import->config.digest,
                                  .manifest = image->manifest.length ? manifest : NULL,
                                  .index = image->index_digest,
                                  .platform = platform,
                                  .pulled_at = image->pulled_at};

    if (image_staging_put_blob(import->staging, import->config.digest, image->config.bytes,
                               image->config.length, err) < 0)
        return -1;
    if (image->manifest.length > 0 &&
        image_staging_put_blob(import->staging, manifest, image->manifest.bytes,
                               image->manifest.length, err) < 0)
        return -1;
    return image_staging_commit(import->staging, records, count, err);
}

static void prepare_layers(struct import *import, const struct layer_opener *opener)
{
    for (size_t i = 0; i < import->n_jobs && opener->prepare; i++)
        opener->prepare(opener->owner, import->jobs[i].layer);
}

static int finish_layers(struct import *import, const struct layer_opener *opener,
                         struct error *err)
{
    for (size_t i = 0; i < import->n_jobs && opener->finish; i++) {
        const struct import_layer *layer = import->jobs[i].layer;

        if (opener->finish(opener->owner, layer, import->staging, err) < 0)
            return error_wrap(err, "layer '%s'", layer->name);
    }
    return 0;
}

static int run(struct import *import, const struct layer_opener *opener, struct error *err)
{
    const struct import_image *image = import->image;

    if (image_config_parse(image->config.bytes, image->config.length, import->arena,
                           &import->config, err) < 0)
        return -1;
    if (import->config.diff_ids.count != image->n_layers)
        return error_set(err, "the configuration names %zu layers, but there are %zu",
                         import->config.diff_ids.count, image->n_layers);
    list_missing(import);
    if (lock_missing(import, err) < 0)
        return -1;
    import->staging = image_staging_new(import->store, err);
    if (!import->staging)
        return -1;
    prepare_layers(import, opener);
    if (layer_jobs_run(import->jobs, import->n_jobs, opener, import->staging, err) < 0 ||
        finish_layers(import, opener, err) < 0 || mend(import, err) < 0)
        return -1;
    return commit(import, err);
}

int image_import(struct image_store *store, const struct import_image *image,
                 const struct layer_opener *opener, struct error *err)
{
    scoped(arena_free) struct arena *arena = arena_new();
    struct import import = {.store = store, .image = image, .arena = arena, .locks_fd = -1};
    int result = run(&import, opener, err);

    image_staging_free(import.staging);
    fd_close(import.locks_fd);
    return result;
}
