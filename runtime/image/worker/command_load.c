/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "common/json.h"
#include "runtime/image/image_digest.h"
#include "runtime/image/worker/commands.h"
#include "runtime/image/worker/image_staging.h"
#include "runtime/image/worker/import_list.h"
#include "runtime/image/worker/report.h"

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

static void print_loaded(const struct command_options *options, const char *name, const char *id)
{
    scoped(json_release) json_t *event = NULL;
    scoped_text struct text line = {0};

    if (!options->events) {
        (void)printf("Loaded image: %s\n", name);
        return;
    }
    event = json_pack("{s:s, s:s, s:s}", "event", "loaded", "image", name, "id", id);
    json_format(event, &line);
    (void)printf("%s\n", text_get(&line));
}

static int load_one(const struct command_options *options, struct image_store *store,
                    const struct import_image *image, const struct image_archive *archive,
                    struct error *err)
{
    size_t left_out = 0;
    const struct layer_opener opener = {
        .open = open_member, .owner = archive, .left_out = &left_out};
    const struct report report = {.events = options->events};
    char id[IMAGE_DIGEST_SIZE];

    if (image_import(store, image, &opener, err) < 0)
        return -1;
    image_digest_of_bytes(image->config.bytes, image->config.length, id);
    for (size_t i = 0; i < image->references.count; i++)
        print_loaded(options, command_familiar(image->references.items[i], options->arena), id);
    if (image->references.count == 0)
        print_loaded(options, id, id);
    report_left_out(&report, image->references.count ? image->references.items[0] : id, left_out);
    (void)fflush(stdout);
    return 0;
}

static int load(const struct command_options *options, struct image_store *store, struct error *err)
{
    scoped(image_archive_free) struct image_archive *archive =
        image_archive_open(options->operands[0], image_store_tmp_fd(store), err);
    struct import_list list;

    if (!archive || import_list_read(archive, options->arena, &list, err) < 0)
        return -1;
    if (options->reference && rename_image(&list, options->reference, err) < 0)
        return -1;
    for (size_t i = 0; i < list.count; i++) {
        if (load_one(options, store, &list.images[i], archive, err) < 0)
            return -1;
    }
    return 0;
}

int command_load(const struct command_options *options, struct error *err)
{
    scoped(image_store_free) struct image_store *store = image_store_open(options->data_root, err);

    if (!store)
        return -1;
    image_staging_sweep(store);
    if (load(options, store, err) < 0)
        return error_wrap(err, "load '%s'", options->operands[0]);
    return 0;
}
