/* SPDX-License-Identifier: Apache-2.0 */
/* `image ls`: the names of the catalog with what `inspect` knows of them. */
#include <stdio.h>
#include <time.h>

#include "common/json.h"
#include "common/units.h"
#include "orchestrator/cli/command_image.h"
#include "orchestrator/cli/image/image_facts.h"
#include "orchestrator/cli/image/image_name.h"
#include "orchestrator/cli/table.h"
#include "runtime/image/image_catalog.h"
#include "runtime/image/image_store.h"

struct image_list {
    struct arena *arena;
    struct string_list names; /* REPOSITORY[:TAG]; empty: all */
    bool quiet, whole_ids, digests;
    const char *format;
    struct image_catalog catalog;
    struct image_facts facts;
};

static bool name_matches(const char *wanted, const struct image_name *name, struct arena *arena)
{
    return string_eq(wanted, name->repository) ||
           string_eq(wanted, arena_printf(arena, "%s:%s", name->repository, name->tag));
}

static bool list_shows(const struct image_list *list, const struct image_record *record)
{
    struct image_name name = image_name_of(record->reference, list->arena);

    for (size_t i = 0; i < list->names.count; i++)
        if (name_matches(list->names.items[i], &name, list->arena))
            return true;
    return list->names.count == 0;
}

static const char *id_text(const struct image_list *list, const struct image_record *record)
{
    return list->whole_ids ? record->config : image_id_short(record->config, list->arena);
}

static const char *digest_text(const struct image_record *record)
{
    const char *digest = record->index ? record->index : record->manifest;

    return digest ? digest : "<none>";
}

static void row_add(const struct image_list *list, const struct image_record *record,
                    struct table *table)
{
    const struct image_fact *fact = image_facts_find(&list->facts, record->config);
    struct image_name name = image_name_of(record->reference, list->arena);
    scoped_text struct text size = {0}, age = {0};

    bytes_format_decimal((uint64_t)fact->size, &size);
    image_fact_age(fact, time(NULL), &age);
    table_add(table, name.repository);
    table_add(table, name.tag);
    if (list->digests)
        table_add(table, digest_text(record));
    table_add(table, id_text(list, record));
    table_add(table, text_get(&age));
    table_add(table, text_get(&size));
}

/* One object a line, with docker's keys. */
static void row_json(const struct image_list *list, const struct image_record *record,
                     struct text *out)
{
    const struct image_fact *fact = image_facts_find(&list->facts, record->config);
    struct image_name name = image_name_of(record->reference, list->arena);
    scoped_text struct text size = {0}, age = {0};
    scoped(json_release) json_t *json = NULL;

    bytes_format_decimal((uint64_t)fact->size, &size);
    image_fact_age(fact, time(NULL), &age);
    json = json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s}", "Repository", name.repository,
                     "Tag", name.tag, "Digest", digest_text(record), "ID", id_text(list, record),
                     "Platform", fact->platform, "CreatedAt", fact->created, "CreatedSince",
                     text_get(&age), "Size", text_get(&size));
    json_format(json, out);
    text_append_char(out, '\n');
}

static void list_print(const struct image_list *list, struct text *out)
{
    static const char *const heads[] = {"REPOSITORY", "TAG", "IMAGE ID", "CREATED", "SIZE", NULL};
    static const char *const digest_heads[] = {"REPOSITORY", "TAG",  "DIGEST", "IMAGE ID",
                                               "CREATED",    "SIZE", NULL};
    struct table table = table_start(list->arena, list->digests ? digest_heads : heads);
    bool json = string_eq(list->format, "json");

    for (size_t i = 0; i < list->catalog.count; i++) {
        const struct image_record *record = &list->catalog.records[i];

        if (!list_shows(list, record))
            continue;
        if (list->quiet)
            text_appendf(out, "%s\n", id_text(list, record));
        else if (json)
            row_json(list, record, out);
        else
            row_add(list, record, &table);
    }
    if (!list->quiet && !json)
        table_print(&table, out);
}

/* The store is not held while the worker is asked. */
static int catalog_read(struct image_list *list, const char *data_root, struct error *err)
{
    scoped(image_store_free) struct image_store *store = image_store_open(data_root, err);

    if (!store)
        return -1;
    return image_catalog_read(image_store_images_fd(store), list->arena, &list->catalog, err);
}

static int list_run(struct image_list *list, struct error *err)
{
    struct string_list ids = {0};
    scoped_text struct text out = {0};
    struct roots roots;

    if (roots_find(list->arena, &roots, err) < 0 || catalog_read(list, roots.data, err) < 0)
        return -1;
    for (size_t i = 0; i < list->catalog.count; i++)
        if (!string_list_has(&ids, list->catalog.records[i].config))
            string_list_add(list->arena, &ids, list->catalog.records[i].config);
    if (!list->quiet && image_facts_ask(ids, roots.data, list->arena, &list->facts, err) < 0)
        return -1;
    list_print(list, &out);
    (void)printf("%s", text_get(&out));
    return 0;
}

int command_image_ls(struct session *session, struct error *err)
{
    struct image_list list = {.arena = session->arena};
    bool all = false;
    const struct option_row rows[] = {
        {'a', "all", OPTION_FLAG, &all, NULL, "accepted; all are shown in any case"},
        {'q', "quiet", OPTION_FLAG, &list.quiet, NULL, "only image ids"},
        {0, "no-trunc", OPTION_FLAG, &list.whole_ids, NULL, "whole ids"},
        {0, "digests", OPTION_FLAG, &list.digests, NULL, "show what was pulled"},
        {0, "format", OPTION_STRING, &list.format, "FORMAT", "table or json"},
        {0, NULL, OPTION_END, NULL, NULL, NULL},
    };
    int result = session_options(session, rows, false, &list.names, err);

    if (result != 0)
        return result < 0 ? -1 : 0;
    if (list.format && !string_eq(list.format, "table") && !string_eq(list.format, "json"))
        return error_set(err, "unknown format '%s': table or json", list.format);
    return list_run(&list, err);
}
