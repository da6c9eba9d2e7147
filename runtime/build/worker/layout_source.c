/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/build/worker/layout_source.h"

#include <string.h>

#include "common/text.h"
#include "runtime/image/image_digest.h"
#include "runtime/image/image_reference.h"
#include "runtime/image/worker/import_list.h"

static const char prefix[] = "oci-layout://";

/* What is looked for. */
struct wanted {
    const char *path;
    const char *tag, *digest; /* or NULL */
};

bool layout_source_is(const char *text)
{
    return string_starts_with(text, prefix);
}

static struct wanted take_apart(const char *text, struct arena *arena)
{
    char *path = arena_strdup(arena, text + strlen(prefix));
    struct wanted wanted = {.path = path};
    char *at = strrchr(path, '@'), *colon;

    if (at) {
        *at = '\0';
        wanted.digest = at + 1;
    }
    colon = strrchr(path, ':');
    if (colon && !strchr(colon, '/')) {
        *colon = '\0';
        wanted.tag = colon + 1;
    }
    return wanted;
}

/* A tag is the whole name of an image in a layout, or the end of one. */
static bool has_tag(const struct import_image *image, const char *tag, struct arena *arena)
{
    const char *alone = NULL;

    if (image_reference_normalise(tag, arena, &alone, NULL) == 0 &&
        string_list_has(&image->references, alone))
        return true;
    for (size_t i = 0; i < image->references.count; i++)
        if (string_ends_with(image->references.items[i], arena_printf(arena, ":%s", tag)))
            return true;
    return false;
}

static bool has_digest(const struct import_image *image, const char *digest)
{
    char own[IMAGE_DIGEST_SIZE];

    image_digest_of_bytes(image->manifest.bytes, image->manifest.length, own);
    return string_eq(own, digest) || string_eq(image->index_digest, digest);
}

static struct import_image *choose(const struct import_list *list, const struct wanted *wanted,
                                   struct arena *arena)
{
    const char *tag = wanted->tag ? wanted->tag : "latest";

    if (list->count == 1 && !wanted->tag && !wanted->digest)
        return &list->images[0];
    for (size_t i = 0; i < list->count; i++)
        if (wanted->digest ? has_digest(&list->images[i], wanted->digest)
                           : has_tag(&list->images[i], tag, arena))
            return &list->images[i];
    return NULL;
}

static struct byte_source *open_member(const void *owner, const struct import_layer *layer,
                                       struct error *err)
{
    return image_archive_member(owner, layer->name, err);
}

static int import(struct image_store *store, const struct wanted *wanted, struct arena *arena,
                  const char **ret_id, struct error *err)
{
    scoped(image_archive_free) struct image_archive *archive =
        image_archive_open(wanted->path, image_store_tmp_fd(store), err);
    const struct layer_opener opener = {.open = open_member, .owner = archive};
    struct import_image *image;
    struct import_list list;
    char id[IMAGE_DIGEST_SIZE];

    if (!archive || import_list_read(archive, arena, &list, err) < 0)
        return -1;
    image = choose(&list, wanted, arena);
    if (!image)
        return error_set(err, "there is no image '%s' in it",
                         wanted->digest ? wanted->digest
                         : wanted->tag  ? wanted->tag
                                        : "latest");
    image->references = (struct string_list){0};
    if (image_import(store, image, &opener, err) < 0)
        return -1;
    image_digest_of_bytes(image->config.bytes, image->config.length, id);
    *ret_id = arena_strdup(arena, id);
    return 0;
}

int layout_source_find(struct image_store *store, const char *text, struct arena *arena,
                       struct image **ret_image, struct error *err)
{
    const struct wanted wanted = take_apart(text, arena);
    const char *id = NULL;

    if (import(store, &wanted, arena, &id, err) < 0)
        return error_wrap(err, "read '%s'", text);
    if (image_store_find(store, id, NULL, arena, ret_image, err) < 0)
        return -1;
    return *ret_image ? 0 : error_set(err, "there is no image '%s'", text);
}
