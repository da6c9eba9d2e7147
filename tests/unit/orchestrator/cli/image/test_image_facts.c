/* SPDX-License-Identifier: Apache-2.0 */
#include "orchestrator/cli/image/image_facts.h"

#include <criterion/criterion.h>

static struct arena *arena;

static void set_up(void)
{
    arena = arena_new();
}

static void tear_down(void)
{
    arena_free(arena);
}

TestSuite(image_facts, .init = set_up, .fini = tear_down);

static struct image_facts read_facts(const char *json)
{
    struct image_facts facts;
    struct error err = {0};

    cr_assert_eq(image_facts_read(json, strlen(json), arena, &facts, &err), 0, "%s", err.text);
    return facts;
}

Test(image_facts, an_inspected_image_is_found_by_its_id)
{
    struct image_facts facts =
        read_facts("[{\"Id\":\"sha256:1\",\"Size\":5,\"Os\":\"linux\",\"Architecture\":\"arm\","
                   "\"Variant\":\"v7\",\"Created\":\"1970-01-02T00:00:01.5Z\"}]");
    const struct image_fact *fact = image_facts_find(&facts, "sha256:1");

    cr_expect_str_eq(fact->platform, "linux/arm/v7");
    cr_expect_eq(fact->size, 5);
    cr_expect_eq(fact->created_at, 86401);
}

Test(image_facts, of_an_image_that_is_gone_nothing_is_known)
{
    struct image_facts facts = read_facts("[]");
    const struct image_fact *fact = image_facts_find(&facts, "sha256:1");
    scoped_text struct text age = {0};

    image_fact_age(fact, 1000, &age);
    cr_expect_str_eq(fact->platform, "");
    cr_expect_str_eq(text_get(&age), "N/A");
}

Test(image_facts, an_age_is_told_in_words)
{
    struct image_fact fact = {.created_at = 1000};
    scoped_text struct text age = {0};

    image_fact_age(&fact, 1000 + 3 * 7 * 24 * 3600, &age);
    cr_expect_str_eq(text_get(&age), "3 weeks ago");
}

Test(image_facts, an_answer_that_is_no_list_is_refused)
{
    struct image_facts facts;

    cr_expect_eq(image_facts_read("{}", 2, arena, &facts, NULL), -1);
    cr_expect_eq(image_facts_read("", 0, arena, &facts, NULL), -1);
}

Test(image_facts, ids_are_cut_to_twelve_digits)
{
    cr_expect_str_eq(image_id_short("sha256:0123456789abcdef", arena), "0123456789ab");
    cr_expect_str_eq(image_id_short("abc", arena), "abc");
}
