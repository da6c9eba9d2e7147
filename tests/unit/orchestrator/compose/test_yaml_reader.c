/* SPDX-License-Identifier: Apache-2.0 */
#include "orchestrator/compose/yaml_reader.h"

#include <criterion/criterion.h>

#include "common/limits.h"
#include "common/text.h"
#include "tests/unit/orchestrator/compose/yaml_text.h"

#define READER(text_)                                                                              \
    scoped_yaml_text struct yaml_text test;                                                        \
    UNUSED struct node *root;                                                                      \
    yaml_text_init(&test);                                                                         \
    root = yaml_text_read(&test, text_)

Test(yaml_reader, every_node_knows_its_line_and_column)
{
    READER("a: 1\nb:\n  - x\n  - {c: d}\n");
    const struct node *list = node_get(root, "b");
    const struct node *c = node_get(list->list.items[1], "c");

    cr_expect_eq(c->at.line, 4);
    cr_expect_eq(c->at.column, 9);
    cr_expect_str_eq(c->at.file, "test.yaml");
    cr_expect_eq(node_find(root, "b")->at.line, 2);
}

Test(yaml_reader, an_alias_is_a_copy_that_remembers_where_it_was_used)
{
    READER("a: &x {k: v}\nb: *x\n");
    struct node *copy = node_get(root, "b");

    node_get(copy, "k")->text = "changed";
    cr_expect_str_eq(node_get_text(node_get(root, "a"), "k"), "v");
    cr_expect_eq(copy->at.line, 1);
    cr_expect_eq(copy->came_by.line, 2);
}

Test(yaml_reader, own_keys_win_over_merged_ones_and_earlier_merges_over_later)
{
    READER("x: &x {a: 1, b: 1, c: 1}\ny: &y {b: 2, d: 2}\nz: {c: 3, <<: [*y, *x]}\n");
    const struct node *z = node_get(root, "z");

    cr_expect_eq(node_get(z, "a")->integer, 1);
    cr_expect_eq(node_get(z, "b")->integer, 2);
    cr_expect_eq(node_get(z, "c")->integer, 3);
    cr_expect_eq(node_get(z, "d")->integer, 2);
}

Test(yaml_reader, a_quoted_merge_key_is_an_ordinary_key)
{
    READER("a: {'<<': 1}\n");

    cr_expect_not_null(node_get(node_get(root, "a"), "<<"));
}

Test(yaml_reader, merging_a_scalar_is_a_mistake)
{
    READER("a: {<<: 1}\n");

    cr_expect_null(root);
    cr_expect_str_eq(yaml_text_mistake(&test),
                     "map merge requires map or sequence of maps as the value");
}

Test(yaml_reader, a_key_that_is_written_twice_is_a_mistake_that_names_both_places)
{
    READER("a: 1\nb: 2\na: 3\n");
    const struct diagnostic *mistake = diagnostics_get(test.diagnostics, 0);

    cr_expect_not_null(root);
    cr_expect_str_eq(mistake->message, "mapping key 'a' already defined at line 1");
    cr_expect_eq(mistake->at.line, 3);
    cr_expect_eq(mistake->came_by.line, 1);
}

Test(yaml_reader, a_key_must_be_a_string)
{
    READER("services:\n  123: {}\n");

    cr_expect_str_eq(yaml_text_mistake(&test), "non-string key: 123 (quote it)");
    cr_expect_eq(diagnostics_get(test.diagnostics, 0)->at.line, 2);
}

Test(yaml_reader, an_anchor_that_contains_itself_is_refused)
{
    READER("a: &a [*a]\n");

    cr_expect_null(root);
    cr_expect_str_eq(yaml_text_mistake(&test), "cycle detected: the anchor contains itself");
}

Test(yaml_reader, an_unknown_anchor_is_named)
{
    READER("a: *nobody\n");

    cr_expect_str_eq(yaml_text_mistake(&test), "unknown anchor 'nobody'");
}

Test(yaml_reader, several_documents_are_read_in_order)
{
    scoped_yaml_text struct yaml_text test;
    struct node *documents;

    yaml_text_init(&test);
    documents = yaml_text_read_all(&test, "a: 1\n---\nb: 2\n---\n");
    cr_assert_not_null(documents);
    cr_expect_eq(documents->list.count, 3);
    cr_expect_not_null(node_get(documents->list.items[1], "b"));
    cr_expect_eq(documents->list.items[2]->kind, NODE_NULL);
}

Test(yaml_reader, compose_tags_become_marks_and_other_local_tags_are_ignored)
{
    READER("a: !reset []\nb: !override [1]\nc: !foo x\nd: !!str 5\n");

    cr_expect_eq(node_get(root, "a")->mark, MARK_RESET);
    cr_expect_eq(node_get(root, "b")->mark, MARK_OVERRIDE);
    cr_expect_eq(node_get(root, "c")->mark, MARK_NONE);
    cr_expect_str_eq(node_get_text(root, "d"), "5");
}

Test(yaml_reader, quoted_scalars_are_text)
{
    READER("a: \"5\"\nb: 'true'\nc: 5\nd: true\n");

    cr_expect_str_eq(node_get_text(root, "a"), "5");
    cr_expect_str_eq(node_get_text(root, "b"), "true");
    cr_expect_eq(node_get(root, "c")->kind, NODE_INT);
    cr_expect_eq(node_get(root, "d")->kind, NODE_BOOL);
}

Test(yaml_reader, nesting_is_bounded)
{
    scoped_text struct text text = {0};

    for (int i = 0; i < LIMIT_YAML_DEPTH + 2; i++)
        text_append_char(&text, '[');
    {
        READER(text_get(&text));
        cr_expect_null(root);
        cr_expect_str_eq(yaml_text_mistake(&test), "the file is nested too deeply");
    }
}

Test(yaml_reader, alias_expansion_is_bounded)
{
    READER("a: &a [x,x,x,x,x,x,x,x,x,x]\n"
           "b: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a,*a]\n"
           "c: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b,*b]\n"
           "d: &d [*c,*c,*c,*c,*c,*c,*c,*c,*c,*c]\n"
           "e: &e [*d,*d,*d,*d,*d,*d,*d,*d,*d,*d]\n"
           "f: &f [*e,*e,*e,*e,*e,*e,*e,*e,*e,*e]\n");

    cr_expect_null(root);
    cr_expect_str_eq(yaml_text_mistake(&test), "aliases expand to too many values");
}

Test(yaml_reader, a_syntax_error_has_a_place)
{
    READER("a: b: c\n");

    cr_expect_null(root);
    cr_expect(string_starts_with(yaml_text_mistake(&test), "read YAML: "));
    cr_expect_eq(diagnostics_get(test.diagnostics, 0)->at.line, 1);
}

Test(yaml_reader, a_nul_character_is_refused)
{
    READER("a: \"x\\0y\"\n");

    cr_expect_null(root);
    cr_expect_str_eq(yaml_text_mistake(&test), "a value contains a NUL character");
}
