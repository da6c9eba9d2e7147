/* SPDX-License-Identifier: Apache-2.0 */
#include "orchestrator/compose/validate.h"

#include <criterion/criterion.h>

#include "common/text.h"
#include "orchestrator/compose/keys.h"
#include "tests/unit/orchestrator/compose/yaml_text.h"

#define VALIDATE(text_)                                                                            \
    scoped_yaml_text struct yaml_text test;                                                        \
    struct node *model;                                                                            \
    yaml_text_init(&test);                                                                         \
    model = yaml_text_read(&test, text_);                                                          \
    validate_model(&test.loader, model, &shape_project)

Test(validate, an_unknown_key_is_named_with_its_place_path_and_a_suggestion)
{
    VALIDATE("services:\n  api:\n    imge: x\n");
    const struct diagnostic *mistake = diagnostics_get(test.diagnostics, 0);

    cr_expect_str_eq(mistake->message, "unknown key 'imge'");
    cr_expect_str_eq(mistake->path, "services.api");
    cr_expect_str_eq(mistake->hint, "did you mean 'image'?");
    cr_expect_eq(mistake->at.line, 3);
    cr_expect_eq(mistake->at.column, 5);
}

Test(validate, what_is_wrong_is_taken_out_and_its_mapping_marked)
{
    VALIDATE("services: {a: {image: 5, restart: always}}");
    const struct node *service = node_get(node_get(model, "services"), "a");

    cr_expect(service->broken);
    cr_expect_null(node_get(service, "image"));
    cr_expect_not_null(node_get(service, "restart"));
}

Test(validate, all_mistakes_are_reported_in_their_order)
{
    VALIDATE("services:\n  a:\n    x: 1\n    scale: []\n    cgroup: hst\nfoo: 1\n");

    cr_assert_eq(diagnostics_length(test.diagnostics), 4);
    cr_expect_str_eq(diagnostics_get(test.diagnostics, 0)->message, "unknown key 'x'");
    cr_expect_str_eq(diagnostics_get(test.diagnostics, 1)->message,
                     "must be a string or an integer, not a list");
    cr_expect_str_eq(diagnostics_get(test.diagnostics, 2)->message,
                     "'hst' is none of 'host', 'private'");
    cr_expect_str_eq(diagnostics_get(test.diagnostics, 3)->message, "unknown key 'foo'");
}

Test(validate, a_required_key_must_be_there)
{
    VALIDATE("services: {a: {volumes: [{target: /x}]}}");

    cr_expect_str_eq(yaml_text_mistake(&test), "missing key 'type'");
}

Test(validate, numbers_have_bounds)
{
    VALIDATE("services: {a: {oom_score_adj: 1001}}");

    cr_expect_str_eq(yaml_text_mistake(&test), "1001 is not in -1000 to 1000");
}

Test(validate, equal_items_are_a_mistake_where_they_are_not_united)
{
    VALIDATE("services: {a: {security_opt: [x, y, x]}}");

    cr_expect_str_eq(yaml_text_mistake(&test), "items at 0 and 2 are equal");
}

Test(validate, extensions_are_allowed_but_not_as_names)
{
    VALIDATE("x-a: 1\nservices: {a: {image: i, x-b: 2}, 'b c': {image: i}}");

    cr_assert_eq(diagnostics_length(test.diagnostics), 1);
    cr_expect_str_eq(yaml_text_mistake(&test), "'b c' is not a name that is allowed here");
}

Test(validate, a_service_must_be_a_mapping)
{
    VALIDATE("services: {a: }");

    cr_expect_str_eq(yaml_text_mistake(&test), "must be a mapping, not nothing");
}
