/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "common/json.h"
#include "runtime/image/worker/commands.h"
#include "runtime/image/worker/image_report.h"

static void print_json(const json_t *json)
{
    scoped_text struct text text = {0};

    json_format(json, &text);
    (void)printf("%s\n", text_get(&text));
}

static void print_lines(const struct command_options *options, const struct image_catalog *catalog)
{
    for (size_t i = 0; i < catalog->count; i++) {
        const struct image_record *record = &catalog->records[i];

        (void)printf("%s\t%s%s%s\n", command_familiar(record->reference, options->arena),
                     record->config, record->platform ? "\t" : "",
                     record->platform ? record->platform : "");
    }
}

/* An image that cannot be read is told, and left out. */
static int print_records(struct image_store *store, const struct image_catalog *catalog)
{
    scoped(json_release) json_t *array = json_array();
    int result = 0;

    for (size_t i = 0; i < catalog->count; i++) {
        struct error err = {0};
        json_t *item = image_report_record(store, &catalog->records[i], &err);

        if (!item) {
            command_complain(&err);
            result = -1;
        } else if (json_array_append_new(array, item) < 0) {
            abort();
        }
    }
    print_json(array);
    return result;
}

int command_list(const struct command_options *options, struct error *err)
{
    scoped(image_store_free) struct image_store *store = NULL;
    struct image_catalog catalog;

    if (options->format && !string_eq(options->format, "json"))
        return error_set(err, "list: the format is 'json', not '%s'", options->format);
    store = image_store_open(options->data_root, err);
    if (!store ||
        image_catalog_read(image_store_images_fd(store), options->arena, &catalog, err) < 0)
        return -1;
    if (options->format)
        return print_records(store, &catalog);
    print_lines(options, &catalog);
    return 0;
}

int command_inspect(const struct command_options *options, struct error *err)
{
    scoped(image_store_free) struct image_store *store = image_store_open(options->data_root, err);
    scoped(json_release) json_t *array = json_array();
    int result = 0;

    if (!store)
        return -1;
    for (int i = 0; i < options->n_operands; i++) {
        struct error one = {0};
        json_t *item = image_report_inspect(store, options->operands[i], &one);

        if (!item) {
            command_complain(&one);
            result = -1;
        } else if (json_array_append_new(array, item) < 0) {
            abort();
        }
    }
    print_json(array);
    return result;
}
