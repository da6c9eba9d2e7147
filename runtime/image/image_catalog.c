/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/image/image_catalog.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "common/fd.h"
#include "common/file.h"
#include "common/json.h"
#include "common/limits.h"
#include "runtime/image/image_digest.h"
#include "runtime/image/image_reference.h"

enum { HEX_LENGTH = SHA256_HEX_SIZE - 1, ID_PREFIX_MIN = 4 };

static const char catalog_name[] = "index.json";
static const char new_name[] = "index.json.new";
static const char spare_name[] = "spare";

enum { SPARE_BYTES = 64 * 1024 };

int image_catalog_lock(int images_fd, struct error *err)
{
    scoped_fd int fd = openat(images_fd, "lock", O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);

    if (fd < 0)
        return error_sys(err, "open 'images/lock'");
    while (flock(fd, LOCK_EX) < 0) {
        if (errno != EINTR)
            return error_sys(err, "lock 'images/lock'");
    }
    return steal_fd(&fd);
}

static const char *copy_or_null(struct arena *arena, const char *text)
{
    return text ? arena_strdup(arena, text) : NULL;
}

/* By reference; of one reference this machine's own image comes first. */
static int record_order(const struct image_record *record, const char *reference,
                        const char *platform)
{
    int order = strcmp(record->reference, reference);

    if (order != 0)
        return order;
    return strcmp(record->platform ? record->platform : "", platform ? platform : "");
}

/* The position of the record, or where it belongs. */
static size_t catalog_position(const struct image_catalog *catalog, const char *reference,
                               const char *platform, bool *ret_found)
{
    size_t low = 0;
    size_t high = catalog->count;

    *ret_found = false;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = record_order(&catalog->records[middle], reference, platform);

        if (order == 0)
            *ret_found = true;
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

void image_catalog_put(struct image_catalog *catalog, const struct image_record *record)
{
    bool found;
    size_t at = catalog_position(catalog, record->reference, record->platform, &found);
    struct image_record copy = {
        .reference = copy_or_null(catalog->arena, record->reference),
        .config = copy_or_null(catalog->arena, record->config),
        .manifest = copy_or_null(catalog->arena, record->manifest),
        .index = copy_or_null(catalog->arena, record->index),
        .platform = copy_or_null(catalog->arena, record->platform),
        .pulled_at = record->pulled_at,
    };

    if (!found) {
        struct image_record *wider =
            arena_new_array(catalog->arena, struct image_record, catalog->count + 1);

        if (catalog->count > 0) {
            memcpy(wider, catalog->records, at * sizeof(*wider));
            memcpy(wider + at + 1, catalog->records + at, (catalog->count - at) * sizeof(*wider));
        }
        catalog->records = wider;
        catalog->count++;
    }
    catalog->records[at] = copy;
}

bool image_catalog_remove(struct image_catalog *catalog, const char *reference,
                          const char *platform)
{
    bool found;
    size_t at = catalog_position(catalog, reference, platform, &found);

    if (!found)
        return false;
    catalog->count--;
    memmove(catalog->records + at, catalog->records + at + 1,
            (catalog->count - at) * sizeof(*catalog->records));
    return true;
}

const struct image_record *image_catalog_find(const struct image_catalog *catalog,
                                              const char *reference, const char *platform)
{
    bool found;
    size_t at = catalog_position(catalog, reference, platform, &found);

    return found ? &catalog->records[at] : NULL;
}

/* What users write -------------------------------------------------------------------------------
 */

/* The record whose id begins with the digits; NULL when there is none. Several references of one
 * image are one image. */
static int find_by_id(const struct image_catalog *catalog, const char *digits,
                      const struct image_record **ret_record, struct error *err)
{
    const struct image_record *found = NULL;

    for (size_t i = 0; i < catalog->count; i++) {
        const struct image_record *record = &catalog->records[i];

        if (!string_starts_with(image_digest_hex(record->config), digits))
            continue;
        if (found && !string_eq(found->config, record->config))
            return error_set(err, "'%s' is the beginning of more than one image id", digits);
        if (!found)
            found = record;
    }
    *ret_record = found;
    return 0;
}

/* Whether the two references name one repository: they are equal up to the tag or digest. */
static bool same_repository(const struct image_reference *reference, const char *other,
                            struct arena *arena)
{
    struct image_reference parsed;

    return image_reference_parse(other, arena, &parsed, NULL) == 0 &&
           string_eq(parsed.registry, reference->registry) &&
           string_eq(parsed.repository, reference->repository);
}

/* A manifest is for one platform; an index stands for several. */
static const struct image_record *find_by_digest(const struct image_catalog *catalog,
                                                 const struct image_reference *reference,
                                                 const char *platform, struct arena *arena)
{
    for (size_t i = 0; i < catalog->count; i++) {
        const struct image_record *record = &catalog->records[i];

        if ((string_eq(record->manifest, reference->digest) ||
             (string_eq(record->index, reference->digest) &&
              string_eq(record->platform, platform))) &&
            same_repository(reference, record->reference, arena))
            return record;
    }
    return NULL;
}

int image_catalog_resolve(const struct image_catalog *catalog, const char *text,
                          const char *platform, const struct image_record **ret_record,
                          struct error *err)
{
    struct arena *arena = catalog->arena;
    const struct image_record *record = NULL;
    struct image_reference reference;
    size_t length = strlen(text);

    if (image_digest_is_valid(text))
        return find_by_id(catalog, image_digest_hex(text), ret_record, err);
    if (image_digest_is_hex(text, HEX_LENGTH))
        return find_by_id(catalog, text, ret_record, err);

    if (image_reference_parse(text, arena, &reference, err) < 0)
        return -1;
    record = image_catalog_find(catalog, image_reference_format(&reference, arena), platform);
    if (!record && reference.digest)
        record = find_by_digest(catalog, &reference, platform, arena);
    if (!record && length >= ID_PREFIX_MIN && image_digest_is_hex(text, length))
        return find_by_id(catalog, text, ret_record, err);
    *ret_record = record;
    return 0;
}

/* The file ----------------------------------------------------------------------------------------
 */

static int compare_records(const void *a, const void *b)
{
    const struct image_record *left = a;
    const struct image_record *right = b;

    return record_order(left, right->reference, right->platform);
}

static int read_record(const char *key, const json_t *value, struct arena *arena,
                       struct image_record *out, struct error *err)
{
    const char *space = strchr(key, ' '); /* no reference has one */

    out->reference =
        space ? arena_strndup(arena, key, (size_t)(space - key)) : arena_strdup(arena, key);
    out->platform = space ? arena_strdup(arena, space + 1) : NULL;
    out->pulled_at = json_get_int(value, "pulled_at", 0);
    out->config = copy_or_null(arena, json_get_string(value, "config", NULL));
    out->manifest = copy_or_null(arena, json_get_string(value, "manifest", NULL));
    out->index = copy_or_null(arena, json_get_string(value, "index", NULL));
    if (image_digest_check(out->config, err) < 0)
        return error_wrap(err, "'%s'", key);
    return 0;
}

static int read_records(const json_t *document, struct image_catalog *out, struct error *err)
{
    json_t *references = json_get_object(document, "references");
    const char *key;
    json_t *value;

    if (!references)
        return error_set(err, "there is no 'references'");
    out->records = arena_new_array(out->arena, struct image_record, json_object_size(references));
    json_object_foreach(references, key, value) {
        if (read_record(key, value, out->arena, &out->records[out->count], err) < 0)
            return -1;
        out->count++;
    }
    if (out->count > 0)
        qsort(out->records, out->count, sizeof(*out->records), compare_records);
    return 0;
}

int image_catalog_read(int images_fd, struct arena *arena, struct image_catalog *ret_catalog,
                       struct error *err)
{
    scoped_text struct text bytes = {0};
    scoped(json_release) json_t *document = NULL;
    struct image_catalog catalog = {.arena = arena};
    bool exists;

    if (file_read(images_fd, catalog_name, LIMIT_JSON_BYTES, &bytes, &exists, err) < 0)
        return error_wrap(err, "read the image index");
    if (exists) {
        document = json_parse(text_get(&bytes), bytes.length, err);
        if (!document || read_records(document, &catalog, err) < 0)
            return error_wrap(err, "read the image index '%s'", catalog_name);
    }
    *ret_catalog = catalog;
    return 0;
}

static void set_text(json_t *object, const char *key, const char *text)
{
    if (text && json_object_set_new(object, key, json_string(text)) < 0)
        abort();
}

static void format_record(const struct image_record *record, json_t *references)
{
    scoped_text struct text key = {0};
    json_t *value = json_object();

    set_text(value, "config", record->config);
    set_text(value, "manifest", record->manifest);
    set_text(value, "index", record->index);
    if (record->pulled_at != 0 &&
        json_object_set_new(value, "pulled_at", json_integer(record->pulled_at)) < 0)
        abort();
    text_append(&key, record->reference);
    if (record->platform)
        text_appendf(&key, " %s", record->platform);
    if (json_object_set_new(references, text_get(&key), value) < 0)
        abort();
}

static void format_catalog(const struct image_catalog *catalog, struct text *out)
{
    scoped(json_release) json_t *document = json_object();
    json_t *references = json_object();

    for (size_t i = 0; i < catalog->count; i++)
        format_record(&catalog->records[i], references);
    if (json_object_set_new(document, "references", references) < 0)
        abort();
    json_format(document, out);
    text_append_char(out, '\n');
}

/* Writes the new file and puts it into place. Returns -1 with errno. Synced before the rename:
 * after a power cut the name leads to the whole file. */
static int replace_file(int images_fd, const struct text *bytes)
{
    scoped_fd int fd =
        openat(images_fd, new_name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);

    if (fd < 0 || fd_write_all(fd, bytes->data, bytes->length) < 0 || fsync(fd) < 0)
        return -1;
    return renameat(images_fd, new_name, images_fd, catalog_name);
}

/* Some room on the disk is kept for the day when it is full: then an image can still be removed. */
static void keep_spare(int images_fd)
{
    scoped_fd int fd =
        openat(images_fd, spare_name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);

    if (fd >= 0 && posix_fallocate(fd, 0, SPARE_BYTES) != 0)
        (void)unlinkat(images_fd, spare_name, 0);
}

int image_catalog_write(int images_fd, const struct image_catalog *catalog, struct error *err)
{
    scoped_text struct text bytes = {0};
    int result;

    format_catalog(catalog, &bytes);
    if (bytes.length > LIMIT_JSON_BYTES)
        return error_set(err, "write the image index: it is larger than %d bytes",
                         LIMIT_JSON_BYTES);
    result = replace_file(images_fd, &bytes);
    if (result < 0 && errno == ENOSPC && unlinkat(images_fd, spare_name, 0) == 0)
        result = replace_file(images_fd, &bytes);
    if (result < 0) {
        error_sys(err, "write the image index '%s'", new_name);
        (void)unlinkat(images_fd, new_name, 0);
        return -1;
    }
    keep_spare(images_fd);
    return 0;
}
