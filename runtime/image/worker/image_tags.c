/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/image/worker/image_tags.h"

#include "common/fd.h"
#include "common/file.h"
#include "common/json.h"
#include "runtime/image/image_catalog.h"
#include "runtime/image/image_digest.h"
#include "runtime/image/image_limits.h"
#include "runtime/image/image_reference.h"
#include "runtime/image/worker/image_leases.h"
#include "runtime/image/worker/timestamp.h"

/* The catalog while it is being changed, under its lock. */
struct tags {
    struct image_store *store;
    struct arena *arena;
    int lock_fd;
    struct image_catalog catalog;
    struct image_leases leases;
};

static void tags_done(struct tags *tags)
{
    fd_close(tags->lock_fd);
}
#define scoped_tags __attribute__((cleanup(tags_done)))

static int tags_open(struct tags *tags, struct error *err)
{
    int images_fd = image_store_images_fd(tags->store);

    tags->lock_fd = image_catalog_lock(images_fd, err);
    if (tags->lock_fd < 0 || image_catalog_read(images_fd, tags->arena, &tags->catalog, err) < 0)
        return -1;
    return image_leases_read(tags->store, tags->arena, &tags->leases, err);
}

static int tags_write(const struct tags *tags, struct error *err)
{
    return image_catalog_write(image_store_images_fd(tags->store), &tags->catalog, err);
}

/* Giving ------------------------------------------------------------------------------------------
 */

int image_tag(struct image_store *store, const char *source, const char *target, struct error *err)
{
    scoped(arena_free) struct arena *arena = arena_new();
    scoped_tags struct tags tags = {.store = store, .arena = arena, .lock_fd = -1};
    struct image_reference reference;
    struct image_catalog before;
    struct image *image;

    if (image_store_find(store, source, NULL, arena, &image, err) < 0 ||
        image_reference_parse(target, arena, &reference, err) < 0)
        return -1;
    if (!image)
        return error_set(err, "there is no image '%s'", source);
    if (reference.digest)
        return error_set(err, "'%s' is a digest, which is not for us to give", target);
    if (tags_open(&tags, err) < 0)
        return -1;
    before = tags.catalog;
    for (size_t i = 0; i < before.count; i++) {
        struct image_record record = before.records[i];

        if (!string_eq(record.reference, image->reference))
            continue;
        record.reference = image_reference_format(&reference, arena);
        image_catalog_put(&tags.catalog, &record);
    }
    return tags_write(&tags, err);
}

/* Taking away -------------------------------------------------------------------------------------
 */

/* How many names, besides `except`, the image has. */
static size_t count_names(const struct tags *tags, const char *id, const char *except)
{
    size_t count = 0;

    for (size_t i = 0; i < tags->catalog.count; i++) {
        const struct image_record *record = &tags->catalog.records[i];

        count += string_eq(record->config, id) && !string_eq(record->reference, except);
    }
    return count;
}

/* Removes a record and notes what that means. */
static void drop(struct tags *tags, struct image_record record, struct untagged *untagged)
{
    (void)image_catalog_remove(&tags->catalog, record.reference, record.platform);
    if (!image_digest_is_valid(record.reference) &&
        !string_list_has(&untagged->references, record.reference))
        string_list_add(tags->arena, &untagged->references, record.reference);
    if (count_names(tags, record.config, NULL) == 0 &&
        !string_list_has(&untagged->ids, record.config))
        string_list_add(tags->arena, &untagged->ids, record.config);
}

/* Drops each record that has the reference, or the id when that is given. */
static void drop_all(struct tags *tags, const char *reference, const char *id,
                     struct untagged *untagged)
{
    for (size_t i = tags->catalog.count; i-- > 0;) {
        const struct image_record *record = &tags->catalog.records[i];

        if (id ? string_eq(record->config, id) : string_eq(record->reference, reference))
            drop(tags, *record, untagged);
    }
}

static int check_unused(const struct tags *tags, const char *name, const char *id,
                        struct error *err)
{
    const char *holder = image_leases_holder(&tags->leases, id);

    if (holder)
        return error_set(err, "image '%s' is used by '%s'; --force removes it all the same", name,
                         holder);
    return 0;
}

/* A name goes when others remain, or nobody needs what it names. */
static int untag_reference(struct tags *tags, const char *reference, bool force,
                           struct untagged *untagged, struct error *err)
{
    for (size_t i = 0; i < tags->catalog.count && !force; i++) {
        const struct image_record *record = &tags->catalog.records[i];

        if (string_eq(record->reference, reference) &&
            count_names(tags, record->config, reference) == 0 &&
            check_unused(tags, reference, record->config, err) < 0)
            return -1;
    }
    drop_all(tags, reference, NULL, untagged);
    return 0;
}

static int untag_id(struct tags *tags, const char *id, bool force, struct untagged *untagged,
                    struct error *err)
{
    size_t n_names = count_names(tags, id, id);

    if (!force && n_names > 1)
        return error_set(err, "image '%s' has %zu names; --force removes all of them", id, n_names);
    if (!force && check_unused(tags, id, id, err) < 0)
        return -1;
    drop_all(tags, NULL, id, untagged);
    return 0;
}

/* Whether a record, of whatever platform, has the reference. */
static bool has_reference(const struct tags *tags, const char *reference)
{
    for (size_t i = 0; i < tags->catalog.count; i++) {
        if (string_eq(tags->catalog.records[i].reference, reference))
            return true;
    }
    return false;
}

/* What the user means: a name, or an id. */
static int resolve(const struct tags *tags, const char *text, const char **ret_reference,
                   const char **ret_id, struct error *err)
{
    const struct image_record *record;
    struct image_reference reference = {0};
    const char *formatted = NULL;

    *ret_reference = *ret_id = NULL;
    if (image_reference_parse(text, tags->arena, &reference, NULL) == 0)
        formatted = image_reference_format(&reference, tags->arena);
    if (formatted && has_reference(tags, formatted)) {
        *ret_reference = formatted;
        return 0;
    }
    if (image_catalog_resolve(&tags->catalog, text, NULL, &record, err) < 0)
        return -1;
    if (!record)
        return error_set(err, "there is no such image");
    /* "name@sha256:..." is the name of the record that has the digest. */
    if (formatted && reference.digest)
        *ret_reference = record->reference;
    else
        *ret_id = record->config;
    return 0;
}

int image_untag(struct image_store *store, const char *name, bool force, struct arena *arena,
                struct untagged *untagged, struct error *err)
{
    scoped_tags struct tags tags = {.store = store, .arena = arena, .lock_fd = -1};
    const char *reference, *id;
    int result;

    if (tags_open(&tags, err) < 0 || resolve(&tags, name, &reference, &id, err) < 0)
        return -1;
    result = id ? untag_id(&tags, id, force, untagged, err)
                : untag_reference(&tags, reference, force, untagged, err);
    return result < 0 ? -1 : tags_write(&tags, err);
}

/* What nobody needs -------------------------------------------------------------------------------
 */

static bool is_old_enough(const struct tags *tags, const char *id, int64_t created_before)
{
    scoped_text struct text bytes = {0};
    scoped(json_release) json_t *document = NULL;
    int64_t created;

    if (created_before == 0)
        return true;
    if (file_read(image_store_blobs_fd(tags->store), image_digest_hex(id),
                  LIMIT_IMAGE_DOCUMENT_BYTES, &bytes, NULL, NULL) < 0)
        return false;
    document = json_parse(text_get(&bytes), bytes.length, NULL);
    return timestamp_parse(json_get_string(document, "created", ""), &created) &&
           created < created_before;
}

int image_untag_unused(struct image_store *store, const struct untag_rule *rule,
                       struct arena *arena, struct untagged *untagged, struct error *err)
{
    scoped_tags struct tags tags = {.store = store, .arena = arena, .lock_fd = -1};

    if (tags_open(&tags, err) < 0)
        return -1;
    for (size_t i = tags.catalog.count; i-- > 0;) {
        const struct image_record *record = &tags.catalog.records[i];

        if ((rule->all || image_digest_is_valid(record->reference)) &&
            !image_leases_holder(&tags.leases, record->config) &&
            is_old_enough(&tags, record->config, rule->created_before))
            drop(&tags, *record, untagged);
    }
    if (untagged->references.count + untagged->ids.count == 0)
        return 0;
    return tags_write(&tags, err);
}
