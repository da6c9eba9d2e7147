/* SPDX-License-Identifier: Apache-2.0 */
#include "orchestrator/cli/image/base_images.h"

#include <criterion/criterion.h>

#include "common/text.h"

static void expect_images(const char *dockerfile, const char *images, const char *unclear)
{
    scoped(arena_free) struct arena *arena = arena_new();
    struct string_list doubtful = {0};
    struct string_list found = base_images_in(dockerfile, arena, &doubtful);
    scoped_text struct text text = {0};

    for (size_t i = 0; i < found.count; i++)
        text_appendf(&text, "%s;", found.items[i]);
    cr_expect_str_eq(text_get(&text), images);
    text_clear(&text);
    for (size_t i = 0; i < doubtful.count; i++)
        text_appendf(&text, "%s;", doubtful.items[i]);
    cr_expect_str_eq(text_get(&text), unclear);
}

Test(base_images, from_lines_name_them)
{
    expect_images("FROM a\nRUN x\n  from b:1 \r\nFROM\tc@sha256:1 AS last", "a;b:1;c@sha256:1;",
                  "");
}

Test(base_images, options_of_from_are_passed_over)
{
    expect_images("FROM --platform=linux/amd64 a AS b\n", "a;", "");
}

Test(base_images, stages_and_scratch_are_no_images)
{
    expect_images("FROM a AS one\nFROM one AS two\nFROM two\nFROM scratch\n", "a;", "");
}

Test(base_images, a_stage_is_known_after_its_line_only)
{
    expect_images("FROM one AS one\nFROM one\n", "one;", "");
}

Test(base_images, variables_are_told_apart)
{
    expect_images("ARG V=1\nFROM a:$V\nFROM b\n", "b;", "a:$V;");
}

Test(base_images, the_same_image_is_there_once)
{
    expect_images("FROM a\nFROM a\n", "a;", "");
}

Test(base_images, comments_and_other_words_are_not_read)
{
    expect_images("# FROM x\nRUN echo \\\n FROMAGE y\nFROM\nCOPY --from=z a b\n", "", "");
}
