/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The images on this machine, for reading.
 *
 * Layout below the data root; the root and everything in it is 0700, because layers hold
 * set-user-id programs of other people:
 *
 *     images/index.json            references to image ids (image_catalog.h)
 *     images/lock                  flock: held while index.json and layers/ change
 *     images/spare                 room on the disk for index.json when that is full
 *     blobs/sha256/<hex>           configurations, manifests, and layers as they are transported
 *     downloads/sha256/<hex>       the beginnings of blobs that are being pulled, or were
 *     layers/<hex of diffID>/fs    unpacked once, unshifted, in overlayfs' own form
 *     layers/<hex>/implicit        directories that the layer needs but does not describe
 *     layers/<hex>/opaque          the layer hides everything below it
 *     layers/<hex>/size            the bytes of its files, in decimal
 *     layers/<hex>/blob            the digest of the layer as it was transported, which may be gone
 *     layers/<hex>/complete        the commit marker; without it the layer is garbage
 *     layers/<hex of chainID>.mend the implicit directories of one chain, as its lower layers have
 *                                  them (worker/layer_mend.h): a layer on top of the chain
 *     leases/<holder>              an image id that a container needs, whatever becomes of the
 *                                  references
 *     tmp/                         being written
 *     lock                         flock: shared while a store is open, exclusive for collection
 *
 * An open store keeps collection away. So do not hold one for long: find the images, lease what a
 * container is going to use, and close it. Writing is the business of the yawl-image worker
 * (runtime/image/worker/).
 */
#ifndef YAWL_RUNTIME_IMAGE_IMAGE_STORE_H
#define YAWL_RUNTIME_IMAGE_IMAGE_STORE_H

#include "common/arena.h"
#include "common/cleanup.h"
#include "common/error.h"
#include "runtime/image/image_config.h"
#include "runtime/image/image_reference.h"

struct image_store;

/* Opens (and on first use creates) the store below the data root, e.g. "/var/lib/yawl". Waits while
 * a collection is going on. */
struct image_store *image_store_open(const char *data_root, struct error *err);
void image_store_free(struct image_store *store);
DEFINE_SCOPED(struct image_store *, image_store_free)

struct image {
    const char
        *reference; /* normalised: "docker.io/library/postgres:16", or the id of a nameless one */
    const char *platform; /* NULL: this machine's */
    const char *manifest; /* "sha256:...", a blob of the store, or NULL */
    const char *index;    /* "sha256:..." of the index it was chosen from, or NULL */
    int64_t pulled_at;    /* unix seconds; 0: not pulled */
    struct image_config config;
    struct string_list layers; /* absolute paths of .../fs, lowest first, none twice */
};

/* Looks a reference up, as a user writes it ("postgres", "postgres:16", "ghcr.io/x/y@sha256:...",
 * an image id or the first digits of one), for a platform as a user writes it, or NULL: this
 * machine's. An id, and the digest of a manifest, say by themselves what they are for. *ret_image
 * is in the arena, or NULL when the store has no such image. A text that is no reference and an
 * image with a missing layer are errors. */
MUST_CHECK int image_store_find(struct image_store *store, const char *reference,
                                const char *platform, struct arena *arena, struct image **ret_image,
                                struct error *err);

/* All references, sorted, none twice. */
MUST_CHECK int image_store_list(struct image_store *store, struct arena *arena,
                                struct string_list *ret_references, struct error *err);

/* Keeps an image's layers from collection until the holder releases it, over crashes and reboots.
 * The holder is a name of [A-Za-z0-9_.-], e.g. a container id; it has one lease, a second replaces
 * the first. */
MUST_CHECK int image_store_lease(struct image_store *store, const char *holder,
                                 const char *config_digest, struct error *err);

/* Ends a lease; there being none is success. */
MUST_CHECK int image_store_release(struct image_store *store, const char *holder,
                                   struct error *err);

/* Ends all leases whose holders' names begin with this. */
MUST_CHECK int image_store_release_all(struct image_store *store, const char *prefix,
                                       struct error *err);

/* The descriptors below are the store's; the names are those of the layout above. */
int image_store_root_fd(const struct image_store *store);
int image_store_images_fd(const struct image_store *store);
int image_store_blobs_fd(const struct image_store *store);     /* blobs/sha256 */
int image_store_downloads_fd(const struct image_store *store); /* downloads/sha256 */
int image_store_layers_fd(const struct image_store *store);
int image_store_leases_fd(const struct image_store *store);
int image_store_tmp_fd(const struct image_store *store);
int image_store_lock_fd(const struct image_store *store);

/* Whether layers/<name> is there with its commit marker. */
bool image_store_has_layer(const struct image_store *store, const char *name);

/* Whether the store has the blob; `digest` is valid. */
bool image_store_has_blob(const struct image_store *store, const char *digest);

/* The name below layers/ of the mend that belongs on top of these diffIDs. */
void image_store_mend_name(const struct string_list *diff_ids, struct arena *arena,
                           const char **ret_name);

/* Reads the configuration of an image id; *ret_config is NULL when the store does not have it. */
MUST_CHECK int image_store_read_config(const struct image_store *store, const char *digest,
                                       struct arena *arena, struct image_config **ret_config,
                                       struct error *err);

#endif
