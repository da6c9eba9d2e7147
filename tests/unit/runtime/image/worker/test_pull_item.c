/* SPDX-License-Identifier: Apache-2.0 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include "runtime/image/worker/pull_item.h"

static struct pull_item parsed(const char *text, struct arena *arena)
{
    struct pull_item item = {0};
    struct error err = {0};

    cr_assert(eq(int, pull_item_parse(text, arena, &item, &err), 0), "%s", err.text);
    return item;
}

static void is_refused(const char *text, const char *reason)
{
    scoped(arena_free) struct arena *arena = arena_new();
    struct pull_item item;
    struct error err = {0};

    cr_expect(eq(int, pull_item_parse(text, arena, &item, &err), -1), "%s", text);
    cr_expect(strstr(err.text, reason) != NULL, "%s: %s", text, err.text);
}

Test(pull_item, a_reference_alone_is_for_this_machine)
{
    scoped(arena_free) struct arena *arena = arena_new();
    struct pull_item item = parsed("postgres:16", arena);

    cr_expect_str_eq(item.text, "postgres:16");
    cr_expect_str_eq(item.source.tag, "16");
    cr_expect(item.platform_text == NULL);
    cr_expect_str_eq(item.platform.os, "linux");
}

Test(pull_item, a_digest_is_asked_for_and_the_tag_kept)
{
    static const char digest[] =
        "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
    scoped(arena_free) struct arena *arena = arena_new();
    struct pull_item item =
        parsed(arena_printf(arena, "postgres:16,platform=linux/arm64,digest=%s", digest), arena);

    cr_expect_str_eq(item.reference.tag, "16");
    cr_expect(item.source.tag == NULL);
    cr_expect_str_eq(item.source.digest, digest);
    cr_expect_str_eq(item.platform.architecture, "arm64");
}

Test(pull_item, what_is_neither_is_refused)
{
    is_refused("Postgres", "lower case");
    is_refused("postgres,", "neither");
    is_refused("postgres,size=3", "neither");
    is_refused("postgres,digest=../../x", "sha256");
    is_refused("postgres,platform=", "platform");
}
