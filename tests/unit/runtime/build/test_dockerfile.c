/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/build/dockerfile.h"

#include <criterion/criterion.h>
#include <string.h>

#include "common/text.h"
#include "runtime/build/build_limits.h"

static struct arena *arena;
static struct diagnostics *diagnostics;
static struct dockerfile dockerfile;

static void setup(void)
{
    arena = arena_new();
    diagnostics = diagnostics_new();
}

static void teardown(void)
{
    diagnostics_free(diagnostics);
    arena_free(arena);
}

TestSuite(dockerfile, .init = setup, .fini = teardown);

static int parse(const char *text)
{
    struct dockerfile_source source = {"Dockerfile", text, strlen(text)};

    return dockerfile_parse(&source, arena, diagnostics, &dockerfile);
}

static void expect_at(const struct word *word, unsigned line, unsigned column)
{
    cr_expect_str_eq(word->at.file, "Dockerfile");
    cr_expect_eq(word->at.line, line, "line %u", word->at.line);
    cr_expect_eq(word->at.column, column, "column %u", word->at.column);
}

Test(dockerfile, every_word_has_its_place)
{
    const struct instruction *copy;

    cr_assert_eq(parse("FROM a\n  COPY --from=b \\\n# no\n\n   --chown=1 one\\\n   two \\\n  /x\n"),
                 0);
    copy = &dockerfile.instructions[1];
    cr_expect_eq(copy->at.line, 2);
    cr_expect_eq(copy->at.column, 3);
    cr_expect_eq(copy->last_line, 7);
    cr_expect_eq(copy->empty_line, 4);
    expect_at(&copy->flags[0].value, 2, 15);
    expect_at(&copy->flags[1].value, 5, 12);
    expect_at(&copy->words.items[0], 5, 14);
    expect_at(&copy->words.items[1], 6, 4);
    expect_at(&copy->words.items[2], 7, 3);
    cr_expect_str_eq(copy->source, "COPY --from=b    --chown=1 one   two   /x");
}

Test(dockerfile, strings_of_an_array_have_their_places)
{
    cr_assert_eq(parse("FROM a\nCMD [\"x\\\"y\", \\\n  \"\\u00e4\"]\n"), 0);
    cr_expect_str_eq(dockerfile.instructions[1].words.items[0].text, "x\"y");
    cr_expect_str_eq(dockerfile.instructions[1].words.items[1].text, "ä");
    expect_at(&dockerfile.instructions[1].words.items[0], 2, 6);
    expect_at(&dockerfile.instructions[1].words.items[1], 3, 3);
}

Test(dockerfile, a_broken_array_is_a_command_line)
{
    cr_assert_eq(parse("FROM a\nRUN [ -f x ] && [\"y\"]\nCMD ['a']\n"), 0);
    cr_expect_not(dockerfile.instructions[1].json);
    cr_expect_str_eq(dockerfile.instructions[1].words.items[0].text, "[ -f x ] && [\"y\"]");
    cr_expect_str_eq(dockerfile.instructions[2].words.items[0].text, "['a']");
}

Test(dockerfile, comments_above_belong_to_the_instruction)
{
    cr_assert_eq(parse("# far\n\n#  near  \n# nearer\nFROM a\n# one\n#\nRUN x\n"), 0);
    cr_assert_eq(dockerfile.instructions[0].comments.count, 2);
    cr_expect_str_eq(dockerfile.instructions[0].comments.items[0], "near");
    cr_expect_eq(dockerfile.instructions[1].comments.count, 0);
}

Test(dockerfile, directives_end_at_the_first_other_line)
{
    cr_assert_eq(parse("#syntax=x\n# other = y\n# escape=`\nFROM a\nRUN b \\\n  c\n"), 0);
    cr_expect_str_eq(dockerfile.directives.syntax.text, "x");
    cr_expect_eq(dockerfile.directives.escape, '\\');
}

Test(dockerfile, a_shebang_may_come_first)
{
    cr_assert_eq(parse("#!/usr/bin/env docker\n# ESCAPE = `\nFROM a\n"), 0);
    cr_expect_eq(dockerfile.directives.escape, '`');
}

Test(dockerfile, the_target_is_a_name_a_number_or_the_last)
{
    const struct stage *stage;
    struct error err;

    cr_assert_eq(parse("FROM a AS One\nFROM b AS two\nFROM c AS one\nFROM d\n"), 0);
    cr_assert_eq(dockerfile_find_target(&dockerfile, NULL, &stage, &err), 0);
    cr_expect_eq(stage->index, 3);
    cr_assert_eq(dockerfile_find_target(&dockerfile, "", &stage, &err), 0);
    cr_expect_eq(stage->index, 3);
    cr_assert_eq(dockerfile_find_target(&dockerfile, "ONE", &stage, &err), 0);
    cr_expect_eq(stage->index, 2);
    cr_assert_eq(dockerfile_find_target(&dockerfile, "1", &stage, &err), 0);
    cr_expect_eq(stage->index, 1);
    cr_expect_eq(dockerfile_find_target(&dockerfile, "4", &stage, &err), -1);
    cr_expect_eq(dockerfile_find_target(&dockerfile, "tow", &stage, &err), -1);
    cr_expect_str_eq(err.text, "there is no stage 'tow' (did you mean 'two'?)");
}

Test(dockerfile, a_trigger_is_read_by_itself)
{
    static const char text[] = "COPY <<EOF /x\nhello\nEOF";
    struct dockerfile_source source = {"ONBUILD", text, sizeof(text) - 1};
    struct instruction instruction;

    cr_assert_eq(dockerfile_parse_trigger(&source, arena, diagnostics, &instruction), 0);
    cr_expect_eq(instruction.kind, INSTRUCTION_COPY);
    cr_expect_str_eq(instruction.heredocs.items[0].content, "hello\n");
    source = (struct dockerfile_source){"ONBUILD", "FROM x", 6};
    cr_expect_eq(dockerfile_parse_trigger(&source, arena, diagnostics, &instruction), -1);
}

Test(dockerfile, triggers_do_not_nest_however_long_the_line)
{
    scoped_text struct text text = {0};

    text_append(&text, "FROM a\n");
    for (size_t i = 0; i < 100000; i++)
        text_append(&text, "ONBUILD ");
    cr_expect_eq(parse(text_get(&text)), -1);
    cr_expect_str_eq(diagnostics_get(diagnostics, 0)->message, "ONBUILD cannot be triggered");
}

Test(dockerfile, instructions_are_bounded)
{
    scoped_text struct text text = {0};

    text_append(&text, "FROM a\n");
    for (size_t i = 0; i <= LIMIT_DOCKERFILE_INSTRUCTIONS; i++)
        text_append(&text, "RUN x\n");
    cr_expect_eq(parse(text_get(&text)), -1);
    cr_expect_str_eq(diagnostics_get(diagnostics, 0)->message, "there are too many instructions");
}

Test(dockerfile, here_documents_are_bounded)
{
    scoped_text struct text text = {0};

    text_append(&text, "FROM a\nRUN");
    for (size_t i = 0; i < LIMIT_INSTRUCTION_HEREDOCS; i++)
        text_append(&text, " <<A");
    cr_expect_eq(parse(text_get(&text)), -1);
    cr_expect_str_eq(diagnostics_get(diagnostics, 0)->message, "too many here-documents");
}

Test(dockerfile, stages_are_bounded)
{
    scoped_text struct text text = {0};

    for (size_t i = 0; i < LIMIT_DOCKERFILE_STAGES; i++)
        text_append(&text, "FROM a\n");
    text_append(&text, "RUN x\n");
    cr_expect_eq(parse(text_get(&text)), 0);
    text_append(&text, "FROM a\n");
    cr_expect_eq(parse(text_get(&text)), -1);
    cr_expect_str_eq(diagnostics_get(diagnostics, 0)->message, "there are too many stages");
}
