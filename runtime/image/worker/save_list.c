/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/image/worker/save_list.h"

#include <stdlib.h>
#include <string.h>

#include "common/json.h"
#include "common/text.h"
#include "runtime/image/image_digest.h"
#include "runtime/image/image_reference.h"

/* What was asked for by a digest or an id is saved without a name, as docker does. */
static const char *name_of(const char *operand, const struct image *image, struct arena *arena)
{
    struct image_reference reference;

    if (image_digest_is_valid(operand) || image_digest_is_valid(image->reference) ||
        image_reference_parse(operand, arena, &reference, NULL) < 0 || reference.digest)
        return NULL;
    return string_eq(image_reference_format(&reference, arena), image->reference) ? image->reference
                                                                                  : NULL;
}

int save_list_read(struct image_store *store, char *const *references, size_t count,
                   struct arena *arena, struct save_list *ret_list, struct error *err)
{
    struct save_list list = {
        .arena = arena, .items = arena_new_array(arena, struct save_item, count), .count = count};

    for (size_t i = 0; i < count; i++) {
        struct save_item *item = &list.items[i];

        if (stored_image_read(store, references[i], arena, &item->stored, err) < 0 ||
            stored_image_check_blobs(store, &item->stored, err) < 0)
            return -1;
        item->reference = name_of(references[i], item->stored.image, arena);
    }
    *ret_list = list;
    return 0;
}

/* Files -------------------------------------------------------------------------------------------
 */

void save_files_add(struct save_files *files, struct arena *arena, const struct save_file *file)
{
    /* Grows when it is at a power of two. */
    if ((files->count & (files->count - 1)) == 0) {
        struct save_file *wider =
            arena_new_array(arena, struct save_file, files->count ? 2 * files->count : 1);

        if (files->count > 0)
            memcpy(wider, files->files, files->count * sizeof(*wider));
        files->files = wider;
    }
    files->files[files->count++] = *file;
}

static int compare_files(const void *a, const void *b)
{
    const struct save_file *left = a;
    const struct save_file *right = b;

    return strcmp(left->name, right->name);
}

void save_files_sort(struct save_files *files)
{
    size_t count = 0;

    if (files->count > 0)
        qsort(files->files, files->count, sizeof(*files->files), compare_files);
    for (size_t i = 0; i < files->count; i++) {
        if (count == 0 || !string_eq(files->files[i].name, files->files[count - 1].name))
            files->files[count++] = files->files[i];
    }
    files->count = count;
}

/* manifest.json -----------------------------------------------------------------------------------
 */

/* Whether an earlier item is the same image, under another name. */
static bool came_before(const struct save_list *list, size_t at)
{
    for (size_t i = 0; i < at; i++) {
        if (string_eq(list->items[i].stored.image->manifest,
                      list->items[at].stored.image->manifest))
            return true;
    }
    return false;
}

/* All names of the image; null when it has none, as docker writes it. */
static json_t *repo_tags(const struct save_list *list, size_t at)
{
    json_t *tags = json_array();

    for (size_t i = at; i < list->count; i++) {
        const struct save_item *item = &list->items[i];
        struct image_reference reference;

        if (!string_eq(item->stored.image->manifest, list->items[at].stored.image->manifest) ||
            !item->reference ||
            image_reference_parse(item->reference, list->arena, &reference, NULL) < 0)
            continue;
        if (json_array_append_new(
                tags, json_string(image_reference_familiar(&reference, list->arena))) < 0)
            abort();
    }
    if (json_array_size(tags) > 0)
        return tags;
    json_decref(tags);
    return json_null();
}

static json_t *docker_item(const struct save_list *list, const struct save_names *names, size_t at)
{
    const struct save_item *item = &list->items[at];
    json_t *layers = json_array();

    for (size_t i = 0; i < item->stored.parts.n_layers; i++) {
        if (json_array_append_new(layers, json_string(names->layer(list->arena, item, i))) < 0)
            abort();
    }
    return json_pack("{s:s, s:o, s:o}", "Config", names->config(list->arena, item), "RepoTags",
                     repo_tags(list, at), "Layers", layers);
}

int save_list_put_docker(const struct save_list *list, const struct save_names *names,
                         struct archive_writer *writer, struct error *err)
{
    scoped(json_release) json_t *array = json_array();
    scoped_text struct text bytes = {0};

    for (size_t i = 0; i < list->count; i++) {
        if (!came_before(list, i) && json_array_append_new(array, docker_item(list, names, i)) < 0)
            abort();
    }
    json_format(array, &bytes);
    return archive_writer_put_bytes(writer, "manifest.json", text_get(&bytes), bytes.length, err);
}
