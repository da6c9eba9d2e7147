/* SPDX-License-Identifier: Apache-2.0 */
#include "orchestrator/cli/image/lock_file.h"

#include <string.h>

#include "common/json.h"
#include "common/limits.h"
#include "runtime/image/image_digest.h"
#include "runtime/image/image_platform.h"
#include "runtime/image/image_reference.h"

enum { VERSION = 1 };

static int compare_images(const void *a, const void *b)
{
    return strcmp(((const struct lock_image *)a)->reference,
                  ((const struct lock_image *)b)->reference);
}

static int compare_platforms(const void *a, const void *b)
{
    return strcmp(((const struct lock_platform *)a)->platform,
                  ((const struct lock_platform *)b)->platform);
}

/* -- reading */

static int platform_read(const json_t *json, const char *name, struct arena *arena,
                         struct lock_platform *ret_platform, struct error *err)
{
    const char *digest = json_get_string(json, "digest", NULL);
    struct image_platform parsed;

    if (image_platform_parse(name, arena, &parsed, err) < 0 || image_digest_check(digest, err) < 0)
        return error_wrap(err, "platform '%.64s'", name);
    *ret_platform = (struct lock_platform){
        .platform = arena_strdup(arena, name),
        .digest = arena_strdup(arena, digest),
        .size = json_get_int(json, "size", 0),
    };
    if (ret_platform->size < 0)
        return error_set(err, "platform '%.64s': size is negative", name);
    return 0;
}

/* The file has an object by platform, the worker's answer a list. */
static int platforms_read(const json_t *json, struct arena *arena, struct lock_image *image,
                          struct error *err)
{
    size_t count = json_is_array(json) ? json_array_size(json) : json_object_size(json), index;
    const char *name;
    json_t *member;

    if (count > LIMIT_LOCKED_PLATFORMS)
        return error_set(err, "more than %d platforms", LIMIT_LOCKED_PLATFORMS);
    image->platforms = arena_new_array(arena, struct lock_platform, count);
    if (json_is_array(json)) {
        json_array_foreach(json, index, member) {
            name = json_get_string(member, "platform", "");
            if (platform_read(member, name, arena, &image->platforms[image->n_platforms++], err) <
                0)
                return -1;
        }
    } else {
        void *place = json_object_iter((json_t *)(uintptr_t)json);

        for (; place; place = json_object_iter_next((json_t *)(uintptr_t)json, place))
            if (platform_read(json_object_iter_value(place), json_object_iter_key(place), arena,
                              &image->platforms[image->n_platforms++], err) < 0)
                return -1;
    }
    if (count > 1)
        qsort(image->platforms, count, sizeof(*image->platforms), compare_platforms);
    return 0;
}

int lock_image_read(const struct json_t *json, const char *reference, struct arena *arena,
                    struct lock_image *ret_image, struct error *err)
{
    const char *digest = json_get_string(json, "digest", NULL);
    struct image_reference parsed;
    struct lock_image image = {0};

    if (image_reference_parse(reference, arena, &parsed, err) < 0)
        return -1;
    if (image_digest_check(digest, err) < 0)
        return -1;
    image.reference = image_reference_format(&parsed, arena);
    image.registry = parsed.registry;
    image.digest = arena_strdup(arena, digest);
    image.media_type = arena_strdup(arena, json_get_string(json, "media_type", ""));
    if (platforms_read(json_object_get(json, "platforms"), arena, &image, err) < 0)
        return -1;
    *ret_image = image;
    return 0;
}

/* Where the text stands for the first time, as a JSON string; the start when it is not found. */
static struct position position_of(const char *bytes, size_t length, const char *text,
                                   const char *name)
{
    struct position at = {name, 1, 1};
    scoped_text struct text quoted = {0};
    const char *found;

    text_appendf(&quoted, "\"%s\"", text);
    found = length > 0 ? memmem(bytes, length, quoted.data, quoted.length) : NULL;
    for (const char *p = bytes; found && p < found; p++) {
        at.column = *p == '\n' ? 1 : at.column + 1;
        at.line += *p == '\n';
    }
    return at;
}

static int images_read(const json_t *images, struct arena *arena, struct lock_file *lock,
                       const char **ret_culprit, struct error *err)
{
    void *place = json_object_iter((json_t *)(uintptr_t)images);

    if (json_object_size(images) > LIMIT_LOCKED_IMAGES)
        return error_set(err, "more than %d images", LIMIT_LOCKED_IMAGES);
    lock->images = arena_new_array(arena, struct lock_image, json_object_size(images));
    for (; place; place = json_object_iter_next((json_t *)(uintptr_t)images, place)) {
        const char *key = json_object_iter_key(place);
        struct lock_image *image = &lock->images[lock->n_images];

        *ret_culprit = key;
        if (lock_image_read(json_object_iter_value(place), key, arena, image, err) < 0)
            return error_wrap(err, "'%.200s'", key);
        if (!string_eq(image->reference, key))
            return error_set(err, "'%.200s' is not written in full: '%.200s'", key,
                             image->reference);
        lock->n_images++;
    }
    if (lock->n_images > 1)
        qsort(lock->images, lock->n_images, sizeof(*lock->images), compare_images);
    return 0;
}

static int document_read(const json_t *json, struct arena *arena, struct lock_file *ret_lock,
                         const char **ret_culprit, struct error *err)
{
    int64_t version = json_get_int(json, "version", 0);
    const json_t *images = json_get_object(json, "images");
    struct lock_file lock = {0};

    *ret_culprit = "version";
    if (version > VERSION)
        return error_set(err, "it was written by a newer yawl (version %lld, here is %d)",
                         (long long)version, VERSION);
    if (version != VERSION)
        return error_set(err, "it has no \"version\": %d", VERSION);
    *ret_culprit = "images";
    if (!images)
        return error_set(err, "\"images\" is missing or no object");
    if (images_read(images, arena, &lock, ret_culprit, err) < 0)
        return -1;
    *ret_lock = lock;
    return 0;
}

int lock_file_parse(const char *bytes, size_t length, const char *name, struct arena *arena,
                    struct lock_file *ret_lock, struct error *err)
{
    struct error local = {0};
    scoped(json_release) json_t *json = json_parse(bytes, length, &local);
    struct position at = local.at;
    const char *culprit = "";

    if (json && document_read(json, arena, ret_lock, &culprit, &local) == 0)
        return 0;
    at.file = name;
    if (json)
        at = position_of(bytes, length, culprit, name);
    return error_at(err, at, "%s", local.text);
}

/* -- writing */

static json_t *image_json(const struct lock_image *image)
{
    json_t *platforms = json_object();

    for (size_t i = 0; i < image->n_platforms; i++)
        json_object_set_new(platforms, image->platforms[i].platform,
                            json_pack("{s:s, s:I}", "digest", image->platforms[i].digest, "size",
                                      (json_int_t)image->platforms[i].size));
    return json_pack("{s:s, s:s, s:s, s:o}", "digest", image->digest, "media_type",
                     image->media_type, "registry", image->registry, "platforms", platforms);
}

void lock_file_format(const struct lock_file *lock, struct text *out)
{
    json_t *images = json_object();
    scoped(json_release) json_t *json = NULL;
    scoped(free) char *text = NULL;

    for (size_t i = 0; i < lock->n_images; i++)
        json_object_set_new(images, lock->images[i].reference, image_json(&lock->images[i]));
    json = json_pack("{s:i, s:o}", "version", VERSION, "images", images);
    text = json_dumps(json, JSON_INDENT(2) | JSON_PRESERVE_ORDER);
    text_appendf(out, "%s\n", text);
}

/* -- looking */

const struct lock_image *lock_file_find(const struct lock_file *lock, const char *reference)
{
    struct lock_image key = {.reference = reference};

    if (!lock || lock->n_images == 0)
        return NULL;
    return bsearch(&key, lock->images, lock->n_images, sizeof(key), compare_images);
}

bool lock_image_has(const struct lock_image *image, const char *digest)
{
    if (!digest)
        return false;
    for (size_t i = 0; i < image->n_platforms; i++)
        if (string_eq(image->platforms[i].digest, digest))
            return true;
    return string_eq(image->digest, digest);
}

void lock_file_put(struct lock_file *lock, const struct lock_image *image, struct arena *arena)
{
    const struct lock_image *found = lock_file_find(lock, image->reference);
    struct lock_image *images;

    if (found) {
        lock->images[found - lock->images] = *image;
        return;
    }
    images = arena_new_array(arena, struct lock_image, lock->n_images + 1);
    for (size_t i = 0; i < lock->n_images; i++)
        images[i] = lock->images[i];
    images[lock->n_images++] = *image;
    lock->images = images;
    qsort(images, lock->n_images, sizeof(*images), compare_images);
}
