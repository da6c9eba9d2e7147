/* SPDX-License-Identifier: Apache-2.0 */
/* `images`: which image each container of the project runs. */
#include <stdio.h>
#include <time.h>

#include "common/json.h"
#include "common/units.h"
#include "orchestrator/cli/command.h"
#include "orchestrator/cli/image/image_facts.h"
#include "orchestrator/cli/image/image_name.h"
#include "orchestrator/cli/list_format.h"
#include "orchestrator/cli/table.h"

struct images {
    struct session *session;
    struct string_list services; /* empty: all */
    struct record **records;
    size_t count;
    struct image_facts facts;
};

static bool images_shows(const struct images *images, const struct record *record)
{
    return record->image_digest &&
           (images->services.count == 0 || string_list_has(&images->services, record->service));
}

static struct string_list images_ids(const struct images *images)
{
    struct string_list ids = {0};

    for (size_t i = 0; i < images->count; i++)
        if (images_shows(images, images->records[i]) &&
            !string_list_has(&ids, images->records[i]->image_digest))
            string_list_add(images->session->arena, &ids, images->records[i]->image_digest);
    return ids;
}

static void images_table(const struct images *images, struct text *out)
{
    static const char *const heads[] = {"CONTAINER", "REPOSITORY", "TAG",     "PLATFORM",
                                        "IMAGE ID",  "SIZE",       "CREATED", NULL};
    struct arena *arena = images->session->arena;
    struct table table = table_start(arena, heads);

    for (size_t i = 0; i < images->count; i++) {
        const struct record *record = images->records[i];
        const struct image_fact *fact = image_facts_find(&images->facts, record->image_digest);
        struct image_name name = image_name_of(record->image ? record->image : "", arena);
        scoped_text struct text size = {0}, age = {0};

        if (!images_shows(images, record))
            continue;
        bytes_format_decimal((uint64_t)fact->size, &size);
        image_fact_age(fact, time(NULL), &age);
        table_add(&table, record->name);
        table_add(&table, name.repository);
        table_add(&table, name.tag);
        table_add(&table, fact->platform);
        table_add(&table, image_id_short(record->image_digest, arena));
        table_add(&table, text_get(&size));
        table_add(&table, text_get(&age));
    }
    table_print(&table, out);
}

static json_t *images_objects(const struct images *images)
{
    json_t *array = json_array();

    for (size_t i = 0; i < images->count; i++) {
        const struct record *record = images->records[i];
        const struct image_fact *fact = image_facts_find(&images->facts, record->image_digest);
        struct image_name name =
            image_name_of(record->image ? record->image : "", images->session->arena);

        if (!images_shows(images, record))
            continue;
        json_array_append_new(array, json_pack("{s:s, s:s, s:s, s:s, s:s, s:I, s:s}", "ID",
                                               record->image_digest, "ContainerName", record->name,
                                               "Repository", name.repository, "Tag", name.tag,
                                               "Platform", fact->platform, "Size",
                                               (json_int_t)fact->size, "Created", fact->created));
    }
    return array;
}

static int images_print(const struct images *images, const char *format, struct text *out,
                        struct error *err)
{
    scoped(json_release) json_t *objects = images_objects(images);
    enum list_kind kind;

    if (list_format_kind(format, &kind, err) < 0)
        return -1;
    if (kind == LIST_TEMPLATE)
        return list_format_rows(format, objects, images->session->arena, out, err);
    if (kind == LIST_TABLE) {
        images_table(images, out);
        return 0;
    }
    json_format(objects, out);
    text_append_char(out, '\n');
    return 0;
}

static int images_run(struct images *images, bool quiet, const char *format, struct error *err)
{
    struct session *session = images->session;
    struct string_list ids;
    scoped_text struct text out = {0};
    const char *project;
    struct roots roots;

    if (session_records(session, &project, &images->records, &images->count, err) < 0 ||
        roots_find(session->arena, &roots, err) < 0)
        return -1;
    ids = images_ids(images);
    if (!quiet && image_facts_ask(ids, roots.data, session->arena, &images->facts, err) < 0)
        return -1;
    for (size_t i = 0; quiet && i < ids.count; i++)
        text_appendf(&out, "%s\n", ids.items[i] + strlen("sha256:"));
    if (!quiet && images_print(images, format, &out, err) < 0)
        return -1;
    (void)printf("%s", text_get(&out));
    return 0;
}

int command_images(struct session *session, struct error *err)
{
    struct images images = {.session = session};
    const char *format = NULL;
    bool quiet = false;
    const struct option_row rows[] = {
        {'q', "quiet", OPTION_FLAG, &quiet, NULL, "only image ids"},
        {0, "format", OPTION_STRING, &format, "FORMAT", "table, json or '{{.Repository}}'"},
        {0, NULL, OPTION_END, NULL, NULL, NULL},
    };
    int result = session_options(session, rows, false, &images.services, err);

    if (result != 0)
        return result < 0 ? -1 : 0;
    return images_run(&images, quiet, format, err);
}
