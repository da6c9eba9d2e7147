/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/image/worker/missing_layers.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "common/fd.h"
#include "common/file.h"
#include "common/memory.h"
#include "common/text.h"
#include "runtime/image/image_digest.h"
#include "runtime/image/worker/layer_jobs.h"

struct missing_layers {
    struct image_store *store;
    const struct import_image *image;
    const struct string_list *diff_ids;
    struct arena *arena;
    int locks_fd;
    struct layer_job *jobs; /* in the order of the diffIDs */
    size_t n_jobs;
    const char **blobs; /* of each layer, where known */
};

struct missing_layers *missing_layers_new(struct image_store *store,
                                          const struct import_image *image,
                                          const struct string_list *diff_ids, struct arena *arena)
{
    struct missing_layers *missing = memory_new(struct missing_layers);

    missing->store = store;
    missing->image = image;
    missing->diff_ids = diff_ids;
    missing->arena = arena;
    missing->locks_fd = -1;
    missing->jobs = arena_new_array(arena, struct layer_job, image->n_layers + 1);
    missing->blobs = arena_new_array(arena, const char *, image->n_layers + 1);
    return missing;
}

void missing_layers_free(struct missing_layers *missing)
{
    if (!missing)
        return;
    fd_close(missing->locks_fd);
    free(missing);
}

const char *missing_layers_blob(const struct missing_layers *missing, size_t at)
{
    return missing->blobs[at];
}

/* Finding -----------------------------------------------------------------------------------------
 */

/* The blob that the store's layer came by, from its note; NULL when it says none. */
static const char *noted_blob(struct missing_layers *missing, const char *diff_id)
{
    scoped_text struct text note = {0};
    const char *name = arena_printf(missing->arena, "%s/blob", image_digest_hex(diff_id));
    bool exists;

    if (file_read(image_store_layers_fd(missing->store), name, IMAGE_DIGEST_SIZE, &note, &exists,
                  NULL) < 0 ||
        !exists || !image_digest_is_valid(text_get(&note)))
        return NULL;
    return arena_strdup(missing->arena, text_get(&note));
}

/* An earlier job that does a part of this layer's work: the same layer may come several times in an
 * image, even packed differently. */
static bool is_done_before(const struct missing_layers *missing, const struct layer_job *job,
                           bool by_digest)
{
    for (size_t i = 0; i < missing->n_jobs; i++) {
        const struct layer_job *other = &missing->jobs[i];

        if (string_eq(other->intake.diff_id, job->intake.diff_id) &&
            (!by_digest || string_eq(other->layer->digest, job->layer->digest)))
            return true;
    }
    return false;
}

static void find_layer(struct missing_layers *missing, size_t at)
{
    const struct import_layer *layer = &missing->image->layers[at];
    const char *diff_id = missing->diff_ids->items[at];
    const char *hex = image_digest_hex(diff_id);
    bool has_tree = image_store_has_layer(missing->store, hex);
    const char *blob = layer->digest || !has_tree ? layer->digest : noted_blob(missing, diff_id);
    struct layer_job job = {
        .layer = layer,
        .intake = {.digest = layer->digest, .size = layer->size, .diff_id = diff_id}};

    job.intake.unpack = !has_tree && !is_done_before(missing, &job, false);
    job.intake.keep_blob = (!blob || !image_store_has_blob(missing->store, blob)) &&
                           !is_done_before(missing, &job, true);
    job.intake.name = job.intake.unpack ? hex : arena_printf(missing->arena, "%s-%zu", hex, at);
    missing->blobs[at] = blob;
    if (job.intake.unpack || job.intake.keep_blob)
        missing->jobs[missing->n_jobs++] = job;
}

static int compare_jobs(const void *a, const void *b)
{
    const struct layer_job *left = a;
    const struct layer_job *right = b;

    return strcmp(left->intake.diff_id, right->intake.diff_id);
}

static void find(struct missing_layers *missing)
{
    missing->n_jobs = 0;
    for (size_t i = 0; i < missing->image->n_layers; i++)
        find_layer(missing, i);
    if (missing->n_jobs > 0)
        qsort(missing->jobs, missing->n_jobs, sizeof(*missing->jobs), compare_jobs);
}

/* Locking -----------------------------------------------------------------------------------------
 */

/* Each layer's lock is the byte of the file that its digest's first digits name. Two layers on one
 * byte would only wait for each other. The lock ends with the descriptor. */
static int lock_layer(struct missing_layers *missing, const char *diff_id, struct error *err)
{
    char digits[13] = "";
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_len = 1};

    memcpy(digits, image_digest_hex(diff_id), sizeof(digits) - 1);
    lock.l_start = (off_t)strtoll(digits, NULL, 16);
    while (fcntl(missing->locks_fd, F_OFD_SETLKW, &lock) < 0) {
        if (errno != EINTR)
            return error_sys(err, "lock layer '%s'", diff_id);
    }
    return 0;
}

/* Every process locks in the order of the diffIDs, so none waits in a circle. */
int missing_layers_lock(struct missing_layers *missing, struct error *err)
{
    find(missing);
    missing->locks_fd = openat(image_store_root_fd(missing->store), "layer-locks",
                               O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (missing->locks_fd < 0)
        return error_sys(err, "open 'layer-locks'");
    for (size_t i = 0; i < missing->n_jobs; i++) {
        if (lock_layer(missing, missing->jobs[i].intake.diff_id, err) < 0)
            return -1;
    }
    find(missing);
    return 0;
}

/* Taking ------------------------------------------------------------------------------------------
 */

/* What is done when a layer's digests have proved right. */
static int finish_job(const struct layer_job *job, const struct layer_opener *opener,
                      struct image_staging *staging, struct error *err)
{
    const struct layer_intake *intake = &job->intake;
    const char *hex = image_digest_hex(intake->diff_id);
    const char *blob = intake->digest ? intake->digest : job->taken.blob;

    if (intake->keep_blob &&
        image_staging_keep_blob(staging, intake->name, job->taken.blob, err) < 0)
        return -1;
    if (opener->finish && opener->finish(opener->owner, job->layer, staging, err) < 0)
        return -1;
    if (*blob && image_staging_write_note(staging, hex, "blob", blob, err) < 0)
        return -1;
    return intake->unpack ? image_staging_keep_layer(staging, hex, err) : 0;
}

/* The layers that had no digest are known by what they were packed to. */
static void learn_blobs(struct missing_layers *missing)
{
    for (size_t i = 0; i < missing->image->n_layers; i++) {
        for (size_t k = 0; k < missing->n_jobs && !missing->image->layers[i].digest; k++) {
            const struct layer_job *job = &missing->jobs[k];

            if (!job->layer->digest && job->intake.keep_blob &&
                string_eq(job->intake.diff_id, missing->diff_ids->items[i]))
                missing->blobs[i] = job->taken.blob;
        }
    }
}

int missing_layers_take(struct missing_layers *missing, const struct layer_opener *opener,
                        struct image_staging *staging, struct error *err)
{
    /* An opener with a say at the end keeps the bytes itself. */
    for (size_t i = 0; i < missing->n_jobs && opener->finish; i++)
        missing->jobs[i].intake.keep_blob = false;
    for (size_t i = 0; i < missing->n_jobs && opener->prepare; i++)
        opener->prepare(opener->owner, missing->jobs[i].layer);
    if (layer_jobs_run(missing->jobs, missing->n_jobs, opener, staging, err) < 0)
        return -1;
    for (size_t i = 0; i < missing->n_jobs; i++) {
        const struct layer_job *job = &missing->jobs[i];

        if (finish_job(job, opener, staging, err) < 0)
            return error_wrap(err, "layer '%s'", job->layer->name);
        if (opener->left_out)
            *opener->left_out += job->taken.left_out;
    }
    learn_blobs(missing);
    return 0;
}
