/* SPDX-License-Identifier: Apache-2.0 */
#include "orchestrator/cli/image/transfer_lines.h"

#include "common/json.h"
#include "tests/unit/orchestrator/cli/image/transfer_fixture.h"

static struct arena *arena;

static void set_up(void)
{
    arena = arena_new();
}

static void tear_down(void)
{
    arena_free(arena);
}

TestSuite(transfer_lines, .init = set_up, .fini = tear_down);

static const char *play(void (*tell)(const struct transfer *, const struct transfer_change *,
                                     struct text *))
{
    struct transfer *transfer = recorded_transfer(arena);
    struct string_list lines = recorded_lines(arena);
    scoped_text struct text out = {0};

    for (size_t i = 0; i < lines.count; i++) {
        struct transfer_change change = apply_line(transfer, lines.items[i], i);

        tell(transfer, &change, &out);
    }
    return arena_strdup(arena, text_get(&out));
}

Test(transfer_lines, a_recorded_pull_is_a_line_for_each_change_of_an_image)
{
    cr_expect_str_eq(play(transfer_lines_plain), " db Pulling\n"
                                                 " web Pulling\n"
                                                 " none Pulling\n"
                                                 " none Error manifest unknown\n"
                                                 " db 25% of 139MB\n"
                                                 " web 25% of 3.5MB\n"
                                                 " web 50% of 3.5MB\n"
                                                 " db 50% of 139MB\n"
                                                 " db 75% of 139MB\n"
                                                 " web 75% of 3.5MB\n"
                                                 " web Pulled\n"
                                                 " db Pulled\n");
}

Test(transfer_lines, json_is_an_object_a_line_with_the_parent_of_each_layer)
{
    char *rest = arena_strdup(arena, play(transfer_lines_json)), *line;
    size_t layers = 0, images = 0;

    while ((line = strsep(&rest, "\n")) && *line) {
        scoped(json_release) json_t *json = json_parse(line, strlen(line), NULL);

        cr_assert_not_null(json, "%s", line);
        cr_assert_not_null(json_get_string(json, "status", NULL));
        layers += json_get_string(json, "parent_id", NULL) != NULL;
        images += string_eq(json_get_string(json, "text", NULL), "Pulled");
    }
    cr_expect_gt(layers, 50);
    cr_expect_eq(images, 2);
}

Test(transfer_lines, json_tells_the_reason_of_a_failure)
{
    cr_expect_not_null(strstr(play(transfer_lines_json),
                              "{\"id\":\"none\",\"status\":\"Error\",\"text\":\"Error\","
                              "\"details\":\"manifest unknown\"}\n"));
}

Test(transfer_lines, what_is_skipped_says_why)
{
    scoped_text struct text out = {0};

    transfer_lines_skipped("web", "No image to be pulled", false, &out);
    transfer_lines_skipped("web", "No image to be pulled", true, &out);
    cr_expect_str_eq(text_get(&out), " web Skipped No image to be pulled\n"
                                     "{\"id\":\"web\",\"status\":\"Done\",\"text\":\"Skipped\","
                                     "\"details\":\"No image to be pulled\"}\n");
}
