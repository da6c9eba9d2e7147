/* SPDX-License-Identifier: Apache-2.0 */
#include "common/json_place.h"

#include <criterion/criterion.h>

static const char text[] = "{\n"
                           "  \"a\": [1, \"x,]}\\\"\", {\"b\" : true,\n"
                           "    \"c\": null}],\n"
                           "  \"d\": {\"e\": 1}\n"
                           "}\n";

static void expect_place(const char *const *path, unsigned line, unsigned column)
{
    struct position place = json_place(text, path);

    cr_expect_eq(place.line, line, "line %u", place.line);
    cr_expect_eq(place.column, column, "column %u", place.column);
}

Test(json_place, members_and_elements_are_found)
{
    expect_place((const char *const[]){"a", NULL}, 2, 3);
    expect_place((const char *const[]){"a", "1", NULL}, 2, 12);
    expect_place((const char *const[]){"a", "2", "b", NULL}, 2, 23);
    expect_place((const char *const[]){"a", "2", "c", NULL}, 3, 5);
    expect_place((const char *const[]){"d", "e", NULL}, 4, 9);
}

Test(json_place, a_lost_way_gives_what_was_reached)
{
    expect_place((const char *const[]){NULL}, 1, 1);
    expect_place((const char *const[]){"z", NULL}, 1, 1);
    expect_place((const char *const[]){"d", "z", NULL}, 4, 3);
    expect_place((const char *const[]){"d", "e", "z", NULL}, 4, 9);
}
