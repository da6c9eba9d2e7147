/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/image/worker/step_records.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "common/text.h"

#define LAYER "sha256:1111111111111111111111111111111111111111111111111111111111111111"
#define OTHER "sha256:2222222222222222222222222222222222222222222222222222222222222222"
#define KEY "3333333333333333333333333333333333333333333333333333333333333333"

static struct arena *arena;

static void start(void)
{
    arena = arena_new();
}

static void stop(void)
{
    arena_free(arena);
}

TestSuite(step_records, .init = start, .fini = stop);

/* A configuration with one layer and these steps. */
static const char *config_with(const char *steps)
{
    return arena_printf(arena,
                        "{\"architecture\":\"amd64\",\"os\":\"linux\",\"rootfs\":{\"type\":"
                        "\"layers\",\"diff_ids\":[\"" LAYER "\"]}%s%s}",
                        *steps ? ",\"yawl.steps\":" : "", steps);
}

static int parse(const char *config, struct step_records *ret_records)
{
    return step_records_parse(config, strlen(config), arena, ret_records, NULL);
}

Test(step_records, most_images_have_none)
{
    struct step_records records;

    cr_assert(parse(config_with(""), &records) == 0);
    cr_expect_eq(records.count, 0);
}

Test(step_records, what_is_put_is_parsed)
{
    scoped(json_release) json_t *document =
        json_parse(config_with(""), strlen(config_with("")), NULL);
    struct step_record record = {.diff_id = LAYER, .created = "2026-01-02T03:04:05Z"};
    struct step_records records = {0}, read;
    scoped_text struct text text = {0};

    step_records_add(&records, arena, KEY, &record);
    step_records_add(&records, arena, KEY, &record);
    cr_assert_eq(records.count, 1);
    step_records_put(&records, document);
    json_format(document, &text);
    cr_assert(parse(text_get(&text), &read) == 0);
    cr_assert_eq(read.count, 1);
    cr_expect_str_eq(read.items[0].key, KEY);
    cr_expect_str_eq(read.items[0].record.diff_id, LAYER);
    cr_expect_str_eq(read.items[0].record.created, "2026-01-02T03:04:05Z");
}

Test(step_records, what_is_no_step_is_refused)
{
    static const char *const wrong[] = {
        "{}",
        "[{\"key\":\"short\",\"layer\":\"\",\"created\":\"\"}]",
        "[{\"key\":\"../../../../../../../../../../../../../../../../../../../etc/passwd\"}]",
        "[{\"key\":\"" KEY "\",\"layer\":\"" OTHER "\",\"created\":\"\"}]",
        "[{\"key\":\"" KEY "\",\"created\":\"a time that is longer than any time that there is\"}]",
    };
    struct step_records records;

    for (size_t i = 0; i < ARRAY_LENGTH(wrong); i++)
        cr_expect(parse(config_with(wrong[i]), &records) < 0, "%s", wrong[i]);
}
