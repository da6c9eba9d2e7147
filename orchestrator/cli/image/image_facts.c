/* SPDX-License-Identifier: Apache-2.0 */
#include "orchestrator/cli/image/image_facts.h"

#include <time.h>

#include "common/json.h"
#include "common/units.h"
#include "orchestrator/cli/image/image_worker.h"

/* "2024-05-01T12:00:00.123456Z"; what stands behind the seconds changes nothing that is shown. */
static int64_t time_parse(const char *text)
{
    struct tm parts = {0};

    return strptime(text, "%Y-%m-%dT%H:%M:%S", &parts) ? (int64_t)timegm(&parts) : 0;
}

static struct image_fact fact_read(const json_t *json, struct arena *arena)
{
    const char *variant = json_get_string(json, "Variant", "");
    const char *created = json_get_string(json, "Created", "");

    return (struct image_fact){
        .id = arena_strdup(arena, json_get_string(json, "Id", "")),
        .platform =
            arena_printf(arena, "%s/%s%s%s", json_get_string(json, "Os", "linux"),
                         json_get_string(json, "Architecture", ""), *variant ? "/" : "", variant),
        .created = arena_strdup(arena, created),
        .created_at = time_parse(created),
        .size = json_get_int(json, "Size", 0),
    };
}

int image_facts_read(const char *json, size_t length, struct arena *arena,
                     struct image_facts *ret_facts, struct error *err)
{
    scoped(json_release) json_t *array = json_parse(json, length, err);
    struct image_facts facts = {0};

    if (!array || !json_is_array(array))
        return array ? error_set(err, "the image worker's answer is no list") : -1;
    facts.items = arena_new_array(arena, struct image_fact, json_array_size(array));
    for (; facts.count < json_array_size(array); facts.count++)
        facts.items[facts.count] = fact_read(json_array_get(array, facts.count), arena);
    *ret_facts = facts;
    return 0;
}

int image_facts_ask(struct string_list ids, const char *data_root, struct arena *arena,
                    struct image_facts *ret_facts, struct error *err)
{
    struct string_list args = image_worker_args(arena, "inspect", data_root);
    scoped_text struct text answer = {0};
    int exit_code;

    *ret_facts = (struct image_facts){0};
    if (ids.count == 0)
        return 0;
    for (size_t i = 0; i < ids.count; i++)
        string_list_add(arena, &args, ids.items[i]);
    if (image_worker_ask(args, &answer, &exit_code, err) < 0)
        return -1;
    /* One of them may have been removed meanwhile: the others are told of. */
    if (exit_code > 1 || answer.length == 0)
        return error_set(err, "inspect images: the image worker ended with status %d", exit_code);
    return image_facts_read(answer.data, answer.length, arena, ret_facts, err);
}

const struct image_fact *image_facts_find(const struct image_facts *facts, const char *id)
{
    static const struct image_fact nothing = {.id = "", .platform = "", .created = ""};

    for (size_t i = 0; i < facts->count; i++)
        if (string_eq(facts->items[i].id, id))
            return &facts->items[i];
    return &nothing;
}

void image_fact_age(const struct image_fact *fact, int64_t now_s, struct text *out)
{
    if (fact->created_at == 0) {
        text_append(out, "N/A");
        return;
    }
    duration_format_words(now_s > fact->created_at ? (uint64_t)(now_s - fact->created_at) : 0, out);
    text_append(out, " ago");
}

const char *image_id_short(const char *id, struct arena *arena)
{
    const char *hex = string_starts_with(id, "sha256:") ? id + strlen("sha256:") : id;

    return arena_printf(arena, "%.12s", hex);
}
