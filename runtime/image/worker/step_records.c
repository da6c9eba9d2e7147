/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/image/worker/step_records.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/text.h"
#include "runtime/image/image_config.h"
#include "runtime/image/image_limits.h"

static const char member[] = "yawl.steps";

void step_records_add(struct step_records *records, struct arena *arena, const char *key,
                      const struct step_record *record)
{
    struct keyed_record *added;

    for (size_t i = 0; i < records->count; i++)
        if (string_eq(records->items[i].key, key))
            return;
    records->items = arena_room(arena, records->items, records->count);
    added = &records->items[records->count++];
    *added = (struct keyed_record){.record = *record};
    (void)snprintf(added->key, sizeof(added->key), "%s", key);
}

static bool is_key(const char *text)
{
    return strlen(text) == SHA256_HEX_SIZE - 1 &&
           strspn(text, "0123456789abcdef") == SHA256_HEX_SIZE - 1;
}

static int read_record(const json_t *item, const struct image_config *config, struct arena *arena,
                       struct step_records *records, struct error *err)
{
    const char *key = json_get_string(item, "key", "");
    const char *diff_id = json_get_string(item, "layer", "");
    const char *created = json_get_string(item, "created", "");
    struct step_record record;

    if (!is_key(key) || strlen(created) >= sizeof(record.created))
        return error_set(err, "'%s' has what is no step", member);
    if (*diff_id && !string_list_has(&config->diff_ids, diff_id))
        return error_set(err, "'%s' names a layer that the image does not have", member);
    (void)snprintf(record.diff_id, sizeof(record.diff_id), "%s", diff_id);
    (void)snprintf(record.created, sizeof(record.created), "%s", created);
    step_records_add(records, arena, key, &record);
    return 0;
}

int step_records_parse(const char *config, size_t length, struct arena *arena,
                       struct step_records *ret_records, struct error *err)
{
    scoped(json_release) json_t *document = json_parse(config, length, err);
    struct step_records records = {0};
    struct image_config image;
    const json_t *list;

    if (!document || image_config_parse(config, length, arena, &image, err) < 0)
        return -1;
    list = json_object_get(document, member);
    if (list && (!json_is_array(list) || json_array_size(list) > LIMIT_STEP_RECORDS))
        return error_set(err, "'%s' is no list of at most %d steps", member, LIMIT_STEP_RECORDS);
    for (size_t i = 0; i < json_array_size(list); i++)
        if (read_record(json_array_get(list, i), &image, arena, &records, err) < 0)
            return -1;
    *ret_records = records;
    return 0;
}

void step_records_put(const struct step_records *records, json_t *config)
{
    json_t *list = json_array();

    for (size_t i = 0; i < records->count; i++) {
        const struct keyed_record *item = &records->items[i];

        if (json_array_append_new(list, json_pack("{s:s, s:s, s:s}", "key", item->key, "layer",
                                                  item->record.diff_id, "created",
                                                  item->record.created)) < 0)
            abort();
    }
    if (json_object_set_new(config, member, list) < 0)
        abort();
}
