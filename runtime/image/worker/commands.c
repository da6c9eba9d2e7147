/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/image/worker/commands.h"

#include <stdio.h>

#include "common/fd.h"
#include "common/text.h"
#include "runtime/image/image_catalog.h"
#include "runtime/image/image_digest.h"
#include "runtime/image/image_store.h"
#include "runtime/image/worker/image_collect.h"
#include "runtime/image/worker/image_staging.h"
#include "runtime/image/worker/import_list.h"

enum { PRUNE_PATIENCE_MS = 10000 };

/* References as people write them; ids as they are. */
static const char *familiar(const char *text, struct arena *arena)
{
    struct image_reference reference;

    if (image_digest_is_valid(text) || image_reference_parse(text, arena, &reference, NULL) < 0)
        return text;
    return image_reference_familiar(&reference, arena);
}

static struct byte_source *open_member(const void *owner, const struct import_layer *layer,
                                       struct error *err)
{
    return image_archive_member(owner, layer->name, err);
}

/* The user's name in place of the archive's. */
static int rename_image(struct import_list *list, const char *text, struct error *err)
{
    const char *reference;

    if (image_reference_normalise(text, list->arena, &reference, err) < 0)
        return -1;
    if (list->count != 1)
        return error_set(err, "there are %zu images in it; '%s' can name only one", list->count,
                         text);
    list->images[0].references = (struct string_list){0};
    string_list_add(list->arena, &list->images[0].references, reference);
    return 0;
}

static int load_one(struct image_store *store, const struct import_image *image,
                    const struct image_archive *archive, struct arena *arena, struct error *err)
{
    const struct layer_opener opener = {.open = open_member, .owner = archive};
    char digest[IMAGE_DIGEST_SIZE];

    if (image_import(store, image, &opener, err) < 0)
        return -1;
    for (size_t i = 0; i < image->references.count; i++)
        (void)printf("Loaded image: %s\n", familiar(image->references.items[i], arena));
    if (image->references.count == 0) {
        image_digest_of_bytes(image->config.bytes, image->config.length, digest);
        (void)printf("Loaded image: %s\n", digest);
    }
    (void)fflush(stdout);
    return 0;
}

static int load(const struct command_options *options, struct image_store *store,
                struct arena *arena, struct error *err)
{
    scoped(image_archive_free) struct image_archive *archive =
        image_archive_open(options->operands[0], image_store_tmp_fd(store), err);
    struct import_list list;

    if (!archive || import_list_read(archive, arena, &list, err) < 0)
        return -1;
    if (options->reference && rename_image(&list, options->reference, err) < 0)
        return -1;
    for (size_t i = 0; i < list.count; i++) {
        if (load_one(store, &list.images[i], archive, arena, err) < 0)
            return -1;
    }
    return 0;
}

int command_load(const struct command_options *options, struct error *err)
{
    scoped(arena_free) struct arena *arena = arena_new();
    scoped(image_store_free) struct image_store *store = image_store_open(options->data_root, err);

    if (!store)
        return -1;
    image_staging_sweep(store);
    if (load(options, store, arena, err) < 0)
        return error_wrap(err, "load '%s'", options->operands[0]);
    return 0;
}

int command_list(const struct command_options *options, struct error *err)
{
    scoped(arena_free) struct arena *arena = arena_new();
    scoped(image_store_free) struct image_store *store = image_store_open(options->data_root, err);
    struct image_catalog catalog;

    if (!store || image_catalog_read(image_store_images_fd(store), arena, &catalog, err) < 0)
        return -1;
    for (size_t i = 0; i < catalog.count; i++)
        (void)printf("%s\t%s\n", familiar(catalog.records[i].reference, arena),
                     catalog.records[i].config);
    return 0;
}

static int remove_one(struct image_store *store, const char *text, struct error *err)
{
    scoped(arena_free) struct arena *arena = arena_new();
    int images_fd = image_store_images_fd(store);
    scoped_fd int lock_fd = image_catalog_lock(images_fd, err);
    struct image_catalog catalog;
    const char *reference = text;

    if (lock_fd < 0 || image_catalog_read(images_fd, arena, &catalog, err) < 0)
        return -1;
    if (!image_digest_is_valid(text) && image_reference_normalise(text, arena, &reference, err) < 0)
        return -1;
    if (!image_catalog_remove(&catalog, reference, NULL))
        return error_set(err, "there is no image '%s'", text);
    if (image_catalog_write(images_fd, &catalog, err) < 0)
        return -1;
    (void)printf("Untagged: %s\n", familiar(reference, arena));
    return 0;
}

int command_rm(const struct command_options *options, struct error *err)
{
    scoped(image_store_free) struct image_store *store = image_store_open(options->data_root, err);

    if (!store)
        return -1;
    for (int i = 0; i < options->n_operands; i++) {
        if (remove_one(store, options->operands[i], err) < 0)
            return error_wrap(err, "remove '%s'", options->operands[i]);
    }
    return 0;
}

int command_prune(const struct command_options *options, struct error *err)
{
    scoped(image_store_free) struct image_store *store = image_store_open(options->data_root, err);
    struct collected collected;

    if (!store || image_collect(store, PRUNE_PATIENCE_MS, &collected, err) < 0)
        return -1;
    (void)printf("Removed %zu layers, %zu blobs, %zu leftovers\n", collected.n_layers,
                 collected.n_blobs, collected.n_leftovers);
    return 0;
}
