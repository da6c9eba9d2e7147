/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/image/image_reference.h"
#include "runtime/image/worker/image_document.h"
#include "runtime/image/worker/import_list.h"

static int read_image(const struct image_archive *archive, const struct docker_image *docker,
                      struct import_list *list, struct error *err)
{
    struct import_image image = {0};

    if (import_document_read(archive, docker->config, list->arena, &image.config, err) < 0)
        return -1;
    for (size_t i = 0; i < docker->repo_tags.count; i++) {
        const char *reference;

        if (image_reference_normalise(docker->repo_tags.items[i], list->arena, &reference, err) < 0)
            return -1;
        string_list_add(list->arena, &image.references, reference);
    }
    image.n_layers = docker->layers.count;
    image.layers = arena_new_array(list->arena, struct import_layer, image.n_layers + 1);
    for (size_t i = 0; i < image.n_layers; i++)
        image.layers[i] = (struct import_layer){.name = docker->layers.items[i], .size = -1};
    *import_list_add(list) = image;
    return 0;
}

int docker_archive_read(const struct image_archive *archive, struct import_list *list,
                        struct error *err)
{
    struct import_document document;
    struct docker_list docker;

    if (import_document_read(archive, "manifest.json", list->arena, &document, err) < 0 ||
        docker_list_parse(document.bytes, document.length, list->arena, &docker, err) < 0)
        return -1;
    for (size_t i = 0; i < docker.count; i++) {
        if (read_image(archive, &docker.images[i], list, err) < 0)
            return error_wrap(err, "image %zu of 'manifest.json'", i);
    }
    return 0;
}
