/* SPDX-License-Identifier: Apache-2.0 */
#include "orchestrator/compose/dotenv.h"

#include <criterion/criterion.h>

#include "common/text.h"

static const char *lookup(void *owner, const char *name)
{
    (void)owner;
    return strcmp(name, "OUTER") == 0 ? "outside" : NULL;
}

/* "NAME=value|NAME=value" of the file, or "line N: message". */
static const char *read(struct arena *arena, const char *file, bool raw)
{
    struct dotenv_source source = {.file = "f", .text = file, .raw = raw, .lookup = lookup};
    struct variables *variables = variables_new(arena);
    scoped_text struct text out = {0};
    struct error err = {0};

    if (dotenv_read(arena, &source, variables, &err) < 0)
        return arena_printf(arena, "line %u: %s", err.at.line, err.text);
    for (size_t i = 0; i < variables_count(variables); i++)
        text_appendf(&out, "%s%s=%s", i ? "|" : "", variables_at(variables, i)->name,
                     variables_at(variables, i)->value);
    return arena_strdup(arena, text_get(&out));
}

#define EXPECT(file, result)                                                                       \
    do {                                                                                           \
        scoped(arena_free) struct arena *arena = arena_new();                                      \
        cr_expect_str_eq(read(arena, file, false), result);                                        \
    } while (0)

#define EXPECT_RAW(file, result)                                                                   \
    do {                                                                                           \
        scoped(arena_free) struct arena *arena = arena_new();                                      \
        cr_expect_str_eq(read(arena, file, true), result);                                         \
    } while (0)

Test(dotenv, a_statement_may_be_written_in_several_ways)
{
    EXPECT("A=1\nexport B=2\nC: 3\n  D = 4  \n\tE=5", "A=1|B=2|C=3|D=4|E=5");
    EXPECT("export_FOO =2", "export_FOO=2");
    EXPECT("a.b-c[1]=x\n1A=y\n\xc3\xa1=z", "a.b-c[1]=x|1A=y|\xc3\xa1=z");
}

Test(dotenv, a_name_alone_is_inherited_or_dropped)
{
    EXPECT("OUTER\nNOBODY\nX=1", "OUTER=outside|X=1");
    EXPECT("X=1\nOUTER", "X=1|OUTER=outside");
}

Test(dotenv, a_comment_needs_a_blank_before_it)
{
    EXPECT("# c\nA=x # c\nB=x# c\nC=\"x\" # c\nD='a#b'\n", "A=x|B=x# c|C=x|D=a#b");
}

Test(dotenv, an_empty_value_is_empty)
{
    EXPECT("A=\nB=\"\"\nC=''\nD=x", "A=|B=|C=|D=x");
}

Test(dotenv, single_quotes_keep_everything)
{
    EXPECT("A='l$X\\n\\'q'", "A=l$X\\n'q");
}

Test(dotenv, double_quotes_have_escapes_and_variables)
{
    EXPECT("X=v\nA=\"l $X\\n\\t\\\"q\\\" \\$X \\101 \\0101\"", "X=v|A=l v\n\t\"q\" $X \\101 A");
}

Test(dotenv, plain_values_have_variables_but_no_escapes)
{
    EXPECT("X=v\nA=p\\tq $X ${NO:-d}", "X=v|A=p\\tq v d");
}

Test(dotenv, the_environment_wins_over_earlier_lines_in_references)
{
    EXPECT("OUTER=mine\nB=$OUTER", "OUTER=mine|B=outside");
}

Test(dotenv, quoted_values_span_lines)
{
    EXPECT("A=\"a\nb\"\nB='c\n d'\n", "A=a\nb|B=c\n d");
}

Test(dotenv, byte_order_mark_and_carriage_returns_are_dropped)
{
    EXPECT("\xef\xbb\xbf"
           "A=1\r\nB=2\r\n",
           "A=1|B=2");
}

Test(dotenv, mistakes_have_their_line)
{
    EXPECT("A=\"\n\n\"\nB C=1", "line 4: key cannot contain a space");
    EXPECT("A=1\n%=2", "line 2: unexpected character \"%\" in variable name \"%=2\"");
    EXPECT("A='x", "line 1: unterminated quoted value 'x");
    EXPECT("A=1\nB=${NO:?m}", "line 2: required variable NO is missing a value: m");
    EXPECT("=1", "line 1: a variable has no name");
}

Test(dotenv, a_raw_file_is_taken_as_it_is)
{
    EXPECT_RAW("A='x' # c\n  B=$A\n# c\n\nOUTER\nC=\"\n", "A='x' # c|B=$A|OUTER=outside|C=\"");
    EXPECT_RAW("A=1\nB C=2\n", "line 2: variable 'B C' contains whitespaces");
}
