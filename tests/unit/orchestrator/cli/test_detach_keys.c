/* SPDX-License-Identifier: Apache-2.0 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <string.h>

#include "orchestrator/cli/detach_keys.h"

static struct detach_keys keys_of(const char *text)
{
    struct detach_keys keys = {0};
    struct error err = {0};

    cr_assert(eq(int, detach_keys_parse(text, &keys, &err), 0));
    return keys;
}

static bool parses(const char *text)
{
    struct detach_keys keys;
    struct error err = {0};

    return detach_keys_parse(text, &keys, &err) == 0;
}

/* What goes on when `typed` comes in pieces of one byte; *ret_left when the keys were found. */
static void type(struct detach_keys *keys, const char *typed, struct text *ret_passed,
                 bool *ret_left)
{
    *ret_left = false;
    for (; *typed && !*ret_left; typed++)
        *ret_left = detach_keys_filter(keys, typed, 1, ret_passed);
}

Test(detach_keys, are_written_as_docker_writes_them)
{
    struct detach_keys keys = keys_of(DETACH_KEYS_DEFAULT);

    cr_expect(eq(sz, keys.count, 2));
    cr_expect(eq(int, memcmp(keys.keys, "\x10\x11", 2), 0));
    keys = keys_of("ctrl-@,ctrl-[,ctrl-_,ctrl-Z,x,,,\xff");
    cr_expect(eq(sz, keys.count, 7));
    cr_expect(eq(int, memcmp(keys.keys, "\x00\x1b\x1f\x1ax,\xff", 7), 0));
}

Test(detach_keys, of_another_form_are_refused)
{
    cr_expect(not(parses("")));
    cr_expect(not(parses("ctrl-")));
    cr_expect(not(parses("ctrl-1")));
    cr_expect(not(parses("ctrl-ab")));
    cr_expect(not(parses("alt-x")));
    cr_expect(not(parses("a,")));
    cr_expect(not(parses("a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a")));
}

Test(detach_keys, that_are_typed_in_a_row_leave)
{
    struct detach_keys keys = keys_of("ctrl-p,ctrl-q");
    scoped_text struct text passed = {0};
    bool left;

    type(&keys, "ls\r\x10\x11more", &passed, &left);
    cr_expect(left);
    cr_expect_str_eq(text_get(&passed), "ls\r");
}

Test(detach_keys, that_are_begun_only_are_passed_on)
{
    struct detach_keys keys = keys_of("ctrl-p,ctrl-q");
    scoped_text struct text passed = {0};
    bool left;

    type(&keys, "\x10\x10x\x11\x10y", &passed, &left);
    cr_expect(not(left));
    cr_expect_str_eq(text_get(&passed), "\x10\x10x\x11\x10y");
}

Test(detach_keys, are_found_behind_a_false_beginning)
{
    struct detach_keys keys = keys_of("a,a,b");
    scoped_text struct text passed = {0};
    bool left;

    type(&keys, "aaab", &passed, &left);
    cr_expect(left);
    cr_expect_str_eq(text_get(&passed), "a");
}

Test(detach_keys, come_in_one_piece_as_well)
{
    struct detach_keys keys = keys_of("x");
    scoped_text struct text passed = {0};

    cr_expect(detach_keys_filter(&keys, "abxdef", 6, &passed));
    cr_expect_str_eq(text_get(&passed), "ab");
}

Test(detach_keys, that_are_none_change_nothing)
{
    struct detach_keys none = {0};
    scoped_text struct text passed = {0};

    cr_expect(not(detach_keys_filter(&none, "a\x10\x11", 3, &passed)));
    cr_expect_str_eq(text_get(&passed), "a\x10\x11");
}
