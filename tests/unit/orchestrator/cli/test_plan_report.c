/* SPDX-License-Identifier: Apache-2.0 */
#include "orchestrator/cli/plan_report.h"

#include <criterion/criterion.h>

static const struct config_field word = {"environment.WORD", "\"old\"", "\"new\"", NULL};
static const struct config_field init = {"init", "true", NULL, NULL};

static void expect_text(const struct plan_report *report, const char *expected)
{
    scoped_text struct text out = {0};

    plan_report_text(report, &out);
    cr_expect_str_eq(text_get(&out), expected);
}

Test(plan_report, says_that_there_is_nothing_to_do)
{
    expect_text(&(struct plan_report){.project = "shop"}, "shop: nothing to do\n");
}

Test(plan_report, aligns_and_sums_up)
{
    struct plan_report_field fields[] = {{&word, {"compose.yaml", 4, 7}}, {&init, {0}}};
    struct plan_report_item items[] = {
        {"create", "network", "shop_default", NULL, "new", NULL, 0},
        {"recreate", "container", "shop-a-1", "a", "its configuration has changed", fields, 2},
        {"create", "container", "shop-b-1", "b", "new", NULL, 0},
    };

    expect_text(&(struct plan_report){"shop", items, 3},
                "create    network    shop_default  new\n"
                "recreate  container  shop-a-1      its configuration has changed\n"
                "          environment.WORD  \"old\" -> \"new\"  (compose.yaml:4)\n"
                "          init              removed true\n"
                "create    container  shop-b-1      new\n"
                "shop: 2 to create, 1 to recreate\n");
}

Test(plan_report, gives_values_as_json)
{
    struct plan_report_field fields[] = {{&init, {"compose.yaml", 4, 7}}};
    struct plan_report_item items[] = {
        {"recreate", "container", "shop-a-1", "a", "changed", fields, 1}};
    scoped_text struct text out = {0};

    plan_report_json(&(struct plan_report){"shop", items, 1}, &out);
    cr_expect_str_eq(
        text_get(&out),
        "{\"project\":\"shop\",\"changes\":[{\"action\":\"recreate\",\"kind\":"
        "\"container\",\"name\":\"shop-a-1\",\"service\":\"a\",\"why\":\"changed\","
        "\"fields\":[{\"path\":\"init\",\"old\":true,\"file\":\"compose.yaml\",\"line\":4}"
        "]}]}\n");
}
