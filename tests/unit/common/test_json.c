/* SPDX-License-Identifier: Apache-2.0 */
#include "common/json.h"

#include <criterion/criterion.h>
#include <string.h>

Test(json, members_of_another_type_give_the_default)
{
    struct error err = {0};
    const char *text = "{\"a\":1,\"b\":\"x\",\"c\":true,\"d\":[1]}";
    scoped(json_release) json_t *json = json_parse(text, strlen(text), &err);

    cr_assert_not_null(json);
    cr_expect_eq(json_get_int(json, "a", 9), 1);
    cr_expect_eq(json_get_int(json, "b", 9), 9);
    cr_expect_str_eq(json_get_string(json, "b", ""), "x");
    cr_expect_null(json_get_string(json, "a", NULL));
    cr_expect(json_get_bool(json, "c", false));
    cr_expect_not_null(json_get_array(json, "d"));
    cr_expect_null(json_get_object(json, "d"));
    cr_expect_eq(json_get_int(NULL, "a", 4), 4);
}

Test(json, a_duplicate_key_is_refused_with_its_place)
{
    struct error err = {0};

    cr_expect_null(json_parse("{\"a\":1,\n\"a\":2}", 14, &err));
    cr_expect_not_null(strstr(err.text, "line 2"));
}
