/* SPDX-License-Identifier: Apache-2.0 */
#include "orchestrator/compose/keys.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/json.h"
#include "common/text.h"

Test(keys, there_is_a_row_for_each_service_attribute)
{
    /* 93 of the specification; pull_refresh_after among them has no effect anywhere. */
    cr_expect_eq(shape_service.n_keys, 93);
}

static void expect_told(const struct shape *shape, unsigned depth)
{
    if (!shape || depth > 12)
        return;
    for (size_t i = 0; i < shape->n_keys; i++) {
        const struct key *key = &shape->keys[i];

        cr_expect(key->about && *key->about, "%s", key->name);
        cr_expect_not_null(key->shape, "%s", key->name);
        for (size_t j = 0; j < i; j++)
            cr_expect_str_neq(key->name, shape->keys[j].name);
        expect_told(key->shape, depth + 1);
    }
    expect_told(shape->each, depth + 1);
    expect_told(shape->item, depth + 1);
}

Test(keys, every_key_has_a_description_and_appears_once)
{
    expect_told(&shape_project, 0);
}

Test(keys, a_service_key_without_effect_says_why)
{
    for (size_t i = 0; i < shape_service.n_keys; i++) {
        const struct key *key = &shape_service.keys[i];

        cr_expect(key->support == ACTED || key->reason || key->shape->n_keys > 0, "%s", key->name);
    }
}

struct schema {
    json_t *definitions;
    size_t n_compared;
};

static void compare(struct schema *schema, json_t *rule, const struct shape *shape,
                    const char *path);

static json_t *resolve(const struct schema *schema, json_t *rule)
{
    const char *reference = json_get_string(rule, "$ref", NULL);

    return reference ? json_object_get(schema->definitions, strrchr(reference, '/') + 1) : rule;
}

static void compare_properties(struct schema *schema, json_t *rule, const struct shape *shape,
                               const char *path)
{
    json_t *properties = json_get_object(rule, "properties");
    const char *name;
    json_t *child;

    json_object_foreach(properties, name, child) {
        const struct key *key = shape_find_key(shape, name);
        scoped_text struct text below = {0};

        text_appendf(&below, "%s.%s", path, name);
        schema->n_compared++;
        /* The map form of `external` is resolved before the tables are asked. */
        if (string_ends_with(path, ".external"))
            continue;
        cr_expect_not_null(key, "no row for %s", text_get(&below));
        if (key)
            compare(schema, child, key->shape, text_get(&below));
    }
}

static void compare(struct schema *schema, json_t *rule, const struct shape *shape,
                    const char *path)
{
    json_t *alternatives, *alternative, *patterns, *child;
    const char *pattern;
    size_t i;

    rule = resolve(schema, rule);
    alternatives = json_get_array(rule, "oneOf");
    json_array_foreach(alternatives, i, alternative)
        compare(schema, alternative, shape, path);
    compare_properties(schema, rule, shape, path);
    if (json_object_get(rule, "items") && shape->item)
        compare(schema, json_object_get(rule, "items"), shape->item, path);
    patterns = json_get_object(rule, "patternProperties");
    json_object_foreach(patterns, pattern, child) {
        if (strcmp(pattern, "^x-") != 0 && shape->each)
            compare(schema, child, shape->each, path);
    }
}

Test(keys, the_tables_know_every_property_of_the_published_schema)
{
    const char *file = getenv("COMPOSE_SCHEMA");
    scoped(json_release) json_t *json = NULL;
    struct schema schema = {0};
    struct error err = {0};

    if (!file || access(file, R_OK) < 0)
        cr_skip("COMPOSE_SCHEMA does not name the schema file");
    json = json_read_file(AT_FDCWD, file, &err);
    cr_assert_not_null(json, "%s", err.text);
    schema.definitions = json_get_object(json, "$defs");
    compare(&schema, json, &shape_project, "");
    cr_expect_gt(schema.n_compared, 300);
}
