/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/image/worker/import_list.h"

#include <string.h>

#include "runtime/image/image_config.h"
#include "runtime/image/image_platform.h"

struct import_image *import_list_add(struct import_list *list)
{
    struct import_image *wider = arena_new_array(list->arena, struct import_image, list->count + 1);

    if (list->count > 0)
        memcpy(wider, list->images, list->count * sizeof(*wider));
    list->images = wider;
    return &wider[list->count++];
}

int import_document_read(const struct image_archive *archive, const char *name, struct arena *arena,
                         struct import_document *ret_document, struct error *err)
{
    scoped_text struct text bytes = {0};

    if (image_archive_read(archive, name, &bytes, NULL, err) < 0)
        return -1;
    ret_document->bytes = arena_strndup(arena, text_get(&bytes), bytes.length);
    ret_document->length = bytes.length;
    return 0;
}

static int read_any(const struct image_archive *archive, struct import_list *list,
                    struct error *err)
{
    scoped_text struct text ignored = {0};
    bool is_layout, is_docker;

    if (image_archive_read(archive, "index.json", &ignored, &is_layout, err) < 0)
        return -1;
    if (is_layout)
        return oci_layout_read(archive, list, err);
    if (image_archive_read(archive, "manifest.json", &ignored, &is_docker, err) < 0)
        return -1;
    if (is_docker)
        return docker_archive_read(archive, list, err);
    return error_set(err, "it is no image: neither 'index.json' (OCI layout) nor 'manifest.json' "
                          "(docker save) is in it");
}

/* An archive is loaded whatever machine its image is for; one for another goes by that platform's
 * name, so that it is not started here by mistake. */
static int name_platform(struct import_image *image, struct arena *arena, struct error *err)
{
    const struct image_platform machine = image_platform_host();
    struct image_platform platform;
    struct image_config config;

    if (image_config_parse(image->config.bytes, image->config.length, arena, &config, err) < 0)
        return -1;
    platform = (struct image_platform){
        .os = config.os, .architecture = config.architecture, .variant = config.variant};
    if (*platform.architecture && image_platform_match(&machine, &platform) == 0)
        image->platform = image_platform_format(&platform, arena);
    return 0;
}

int import_list_read(const struct image_archive *archive, struct arena *arena,
                     struct import_list *ret_list, struct error *err)
{
    struct import_list list = {.arena = arena};

    if (read_any(archive, &list, err) < 0)
        return -1;
    if (list.count == 0)
        return error_set(err, "there is no image in it");
    for (size_t i = 0; i < list.count; i++)
        if (name_platform(&list.images[i], arena, err) < 0)
            return -1;
    *ret_list = list;
    return 0;
}
