/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/image/image_store.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/fd.h"
#include "common/file.h"
#include "common/path.h"
#include "common/text.h"
#include "runtime/image/image_catalog.h"
#include "runtime/image/image_digest.h"
#include "runtime/image/image_limits.h"
#include "runtime/image/image_platform.h"

struct image_store {
    char root[PATH_MAX]; /* absolute, without links */
    int root_fd, images_fd, blobs_fd, downloads_fd, layers_fd, leases_fd, tmp_fd, lock_fd;
};

static int open_dir(int dir_fd, const char *name, int *ret_fd, struct error *err)
{
    int fd;

    if (mkdirat(dir_fd, name, 0700) < 0 && errno != EEXIST)
        return error_sys(err, "create '%s'", name);
    fd = openat(dir_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return error_sys(err, "open '%s'", name);
    *ret_fd = fd;
    return 0;
}

/* Nobody else may walk into the store: the set-user-id programs of images lie there
 * (CVE-2021-41091). */
static int root_protect(int root_fd, struct error *err)
{
    struct stat status;

    if (fstat(root_fd, &status) < 0)
        return error_sys(err, "examine");
    if (status.st_uid != geteuid())
        return error_set(err, "it belongs to user %u, not to user %u", status.st_uid, geteuid());
    if ((status.st_mode & 077) != 0 && fchmod(root_fd, 0700) < 0)
        return error_sys(err, "make it private");
    return 0;
}

static int open_root(struct image_store *store, const char *data_root, struct error *err)
{
    if (path_make_dirs(AT_FDCWD, data_root, 0700, err) < 0)
        return -1;
    if (!realpath(data_root, store->root))
        return error_sys(err, "resolve '%s'", data_root);
    store->root_fd = open(store->root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (store->root_fd < 0)
        return error_sys(err, "open '%s'", store->root);
    return root_protect(store->root_fd, err);
}

static int open_lock(struct image_store *store, struct error *err)
{
    store->lock_fd =
        openat(store->root_fd, "lock", O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (store->lock_fd < 0)
        return error_sys(err, "open 'lock'");
    while (flock(store->lock_fd, LOCK_SH) < 0) {
        if (errno != EINTR)
            return error_sys(err, "lock 'lock'");
    }
    return 0;
}

/* name/sha256 below the root. */
static int open_blob_dir(struct image_store *store, const char *name, int *ret_fd,
                         struct error *err)
{
    scoped_fd int fd = -1;

    if (open_dir(store->root_fd, name, &fd, err) < 0)
        return -1;
    return open_dir(fd, "sha256", ret_fd, err);
}

static int open_parts(struct image_store *store, struct error *err)
{
    if (open_lock(store, err) < 0 ||
        open_dir(store->root_fd, "images", &store->images_fd, err) < 0 ||
        open_blob_dir(store, "blobs", &store->blobs_fd, err) < 0 ||
        open_blob_dir(store, "downloads", &store->downloads_fd, err) < 0 ||
        open_dir(store->root_fd, "layers", &store->layers_fd, err) < 0 ||
        open_dir(store->root_fd, "leases", &store->leases_fd, err) < 0 ||
        open_dir(store->root_fd, "tmp", &store->tmp_fd, err) < 0)
        return -1;
    return 0;
}

struct image_store *image_store_open(const char *data_root, struct error *err)
{
    scoped(image_store_free) struct image_store *store = calloc(1, sizeof(*store));

    if (!store)
        abort();
    store->root_fd = store->images_fd = store->blobs_fd = store->downloads_fd = -1;
    store->layers_fd = store->leases_fd = store->tmp_fd = store->lock_fd = -1;
    if (open_root(store, data_root, err) < 0 || open_parts(store, err) < 0) {
        error_wrap(err, "open image store '%s'", data_root);
        return NULL;
    }
    return steal(store);
}

void image_store_free(struct image_store *store)
{
    if (!store)
        return;
    fd_close(store->tmp_fd);
    fd_close(store->leases_fd);
    fd_close(store->layers_fd);
    fd_close(store->downloads_fd);
    fd_close(store->blobs_fd);
    fd_close(store->images_fd);
    fd_close(store->lock_fd);
    fd_close(store->root_fd);
    free(store);
}

int image_store_root_fd(const struct image_store *store)
{
    return store->root_fd;
}

int image_store_images_fd(const struct image_store *store)
{
    return store->images_fd;
}

int image_store_blobs_fd(const struct image_store *store)
{
    return store->blobs_fd;
}

int image_store_downloads_fd(const struct image_store *store)
{
    return store->downloads_fd;
}

int image_store_layers_fd(const struct image_store *store)
{
    return store->layers_fd;
}

int image_store_leases_fd(const struct image_store *store)
{
    return store->leases_fd;
}

int image_store_tmp_fd(const struct image_store *store)
{
    return store->tmp_fd;
}

int image_store_lock_fd(const struct image_store *store)
{
    return store->lock_fd;
}

bool image_store_has_layer(const struct image_store *store, const char *name)
{
    char marker[SHA256_HEX_SIZE + sizeof(".mend/complete")];
    int length = snprintf(marker, sizeof(marker), "%s/complete", name);

    return length > 0 && (size_t)length < sizeof(marker) &&
           faccessat(store->layers_fd, marker, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

bool image_store_has_blob(const struct image_store *store, const char *digest)
{
    return faccessat(store->blobs_fd, image_digest_hex(digest), F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

/* The chainID of image-spec config.md: the digest of the chain below and the diffID. */
void image_store_mend_name(const struct string_list *diff_ids, struct arena *arena,
                           const char **ret_name)
{
    char chain[IMAGE_DIGEST_SIZE] = "";

    for (size_t i = 0; i < diff_ids->count; i++) {
        char pair[2 * IMAGE_DIGEST_SIZE];
        int length = snprintf(pair, sizeof(pair), "%s %s", chain, diff_ids->items[i]);

        if (i == 0)
            memcpy(chain, diff_ids->items[i], IMAGE_DIGEST_SIZE);
        else
            image_digest_of_bytes(pair, (size_t)length, chain);
    }
    *ret_name = arena_printf(arena, "%s.mend", *chain ? image_digest_hex(chain) : "none");
}

int image_store_read_config(const struct image_store *store, const char *digest,
                            struct arena *arena, struct image_config **ret_config,
                            struct error *err)
{
    struct image_config *config = arena_new_object(arena, struct image_config);
    scoped_text struct text bytes = {0};
    bool exists;

    if (image_digest_check(digest, err) < 0)
        return -1;
    if (file_read(store->blobs_fd, image_digest_hex(digest), LIMIT_IMAGE_DOCUMENT_BYTES, &bytes,
                  &exists, err) < 0)
        return -1;
    if (exists && image_config_parse(text_get(&bytes), bytes.length, arena, config, err) < 0)
        return -1;
    if (exists && !string_eq(config->digest, digest))
        return error_set(err, "the blob '%s' is damaged", digest);
    *ret_config = exists ? config : NULL;
    return 0;
}

/* Whether the layer comes again further up; overlayfs refuses one directory twice, and the upper
 * one covers all that the lower one would show. */
static bool comes_again(const struct string_list *diff_ids, size_t at)
{
    for (size_t i = at + 1; i < diff_ids->count; i++) {
        if (string_eq(diff_ids->items[i], diff_ids->items[at]))
            return true;
    }
    return false;
}

/* Whether the layer's root is opaque. overlayfs does not look there, so the layers below are left
 * out. */
static bool layer_covers_all(const struct image_store *store, const char *hex)
{
    char marker[SHA256_HEX_SIZE + sizeof("/opaque")];

    (void)snprintf(marker, sizeof(marker), "%s/opaque", hex);
    return faccessat(store->layers_fd, marker, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

static void add_layer(const struct image_store *store, const char *name, struct arena *arena,
                      struct image *image)
{
    string_list_add(arena, &image->layers,
                    arena_printf(arena, "%s/layers/%s/fs", store->root, name));
}

static int collect_layers(const struct image_store *store, struct arena *arena, struct image *image,
                          struct error *err)
{
    const struct string_list *diff_ids = &image->config.diff_ids;
    const char *mend;

    for (size_t i = 0; i < diff_ids->count; i++) {
        const char *hex = image_digest_hex(diff_ids->items[i]);

        if (!image_store_has_layer(store, hex))
            return error_set(err, "layer '%s' is missing in the store; load the image again",
                             diff_ids->items[i]);
        if (layer_covers_all(store, hex))
            image->layers = (struct string_list){0};
        if (!comes_again(diff_ids, i))
            add_layer(store, hex, arena, image);
    }
    image_store_mend_name(diff_ids, arena, &mend);
    if (image_store_has_layer(store, mend))
        add_layer(store, mend, arena, image);
    return 0;
}

static int read_image(const struct image_store *store, const struct image_record *record,
                      struct arena *arena, struct image **ret_image, struct error *err)
{
    struct image *image = arena_new_object(arena, struct image);
    struct image_config *config;

    image->reference = record->reference;
    image->platform = record->platform;
    image->manifest = record->manifest;
    image->index = record->index;
    image->pulled_at = record->pulled_at;
    if (image_store_read_config(store, record->config, arena, &config, err) < 0)
        return -1;
    if (!config)
        return error_set(err, "its configuration is missing in the store; load the image again");
    image->config = *config;
    if (collect_layers(store, arena, image, err) < 0)
        return -1;
    *ret_image = image;
    return 0;
}

int image_store_find(struct image_store *store, const char *reference, const char *platform,
                     struct arena *arena, struct image **ret_image, struct error *err)
{
    const struct image_record *record;
    struct image_catalog catalog;
    const char *key;

    if (image_catalog_read(store->images_fd, arena, &catalog, err) < 0)
        return -1;
    if (image_platform_key(platform, arena, &key, err) < 0 ||
        image_catalog_resolve(&catalog, reference, key, &record, err) < 0)
        return error_wrap(err, "find image '%s'", reference);
    *ret_image = NULL;
    if (record && read_image(store, record, arena, ret_image, err) < 0)
        return error_wrap(err, "read image '%s'", record->reference);
    return 0;
}

int image_store_list(struct image_store *store, struct arena *arena,
                     struct string_list *ret_references, struct error *err)
{
    struct image_catalog catalog;
    struct string_list references = {0};

    if (image_catalog_read(store->images_fd, arena, &catalog, err) < 0)
        return -1;
    for (size_t i = 0; i < catalog.count; i++) {
        const char *reference = catalog.records[i].reference;

        if (i == 0 || !string_eq(reference, catalog.records[i - 1].reference))
            string_list_add(arena, &references, reference);
    }
    *ret_references = references;
    return 0;
}

static int check_holder(const char *holder, struct error *err)
{
    size_t length = strlen(holder);
    size_t valid = strspn(holder, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                  "0123456789_.-");

    /* The longest leaves room for the ".new" of the replacement. */
    if (length == 0 || length > 200 || valid != length || holder[0] == '.')
        return error_set(err, "'%.200s' cannot hold a lease: bad name", holder);
    return 0;
}

int image_store_lease(struct image_store *store, const char *holder, const char *config_digest,
                      struct error *err)
{
    if (check_holder(holder, err) < 0 || image_digest_check(config_digest, err) < 0)
        return -1;
    if (file_replace(store->leases_fd, holder, config_digest, strlen(config_digest), 0600, err) < 0)
        return error_wrap(err, "lease image '%s'", config_digest);
    return 0;
}

int image_store_release_all(struct image_store *store, const char *prefix, struct error *err)
{
    int fd = openat(store->leases_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    struct dirent *entry;
    int result = 0;
    DIR *dir;

    if (fd < 0 || !(dir = fdopendir(fd)))
        return error_sys(err, "open the image leases");
    while (result == 0 && (entry = readdir(dir)))
        if (string_starts_with(entry->d_name, prefix))
            result = image_store_release(store, entry->d_name, err);
    (void)closedir(dir);
    return result;
}

int image_store_release(struct image_store *store, const char *holder, struct error *err)
{
    if (check_holder(holder, err) < 0)
        return -1;
    if (unlinkat(store->leases_fd, holder, 0) < 0 && errno != ENOENT)
        return error_sys(err, "release the image lease of '%s'", holder);
    return 0;
}
