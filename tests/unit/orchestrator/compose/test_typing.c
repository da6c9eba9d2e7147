/* SPDX-License-Identifier: Apache-2.0 */
#include "orchestrator/compose/typing.h"

#include <criterion/criterion.h>

#include "orchestrator/compose/keys.h"
#include "orchestrator/compose/print.h"
#include "tests/unit/orchestrator/compose/yaml_text.h"

static void expect(const char *service, const char *result)
{
    scoped_yaml_text struct yaml_text test;
    scoped_text struct text out = {0};
    struct node *node;

    yaml_text_init(&test);
    node = typing_apply(&test.loader, yaml_text_read(&test, service), &shape_service, NULL);
    print_json(node, NULL, 0, &out);
    cr_expect_str_eq(text_get(&out), result);
    cr_expect_eq(diagnostics_length(test.diagnostics), 0);
}

static void expect_mistake(const char *service, const char *message)
{
    scoped_yaml_text struct yaml_text test;

    yaml_text_init(&test);
    (void)typing_apply(&test.loader, yaml_text_read(&test, service), &shape_service, NULL);
    cr_expect_str_eq(yaml_text_mistake(&test), message);
}

Test(typing, sizes_become_bytes_as_text)
{
    expect("mem_limit: 1.5gb", "{\"mem_limit\":\"1610612736\"}");
    expect("mem_limit: 64", "{\"mem_limit\":\"64\"}");
    expect("memswap_limit: -1", "{\"memswap_limit\":\"-1\"}");
    expect_mistake("mem_limit: 1zz", "'1zz' is not a size like 64m");
    expect_mistake("mem_limit: .inf", "'+Inf' is not a size like 64m");
}

Test(typing, durations_are_spelled_in_full)
{
    expect("stop_grace_period: 90s", "{\"stop_grace_period\":\"1m30s\"}");
    expect("stop_grace_period: 1d2h", "{\"stop_grace_period\":\"26h0m0s\"}");
    expect("stop_grace_period: '0'", "{\"stop_grace_period\":\"0s\"}");
    expect_mistake("stop_grace_period: 5 apples", "'5 apples' is not a duration like 1m30s");
}

Test(typing, modes_are_octal_however_they_are_written)
{
    expect("secrets: [{source: s, mode: 0440}]",
           "{\"secrets\":[{\"mode\":\"0440\",\"source\":\"s\"}]}");
    expect("secrets: [{source: s, mode: \"440\"}]",
           "{\"secrets\":[{\"mode\":\"0440\",\"source\":\"s\"}]}");
    expect("volumes: [{type: tmpfs, tmpfs: {mode: 0755}}]",
           "{\"volumes\":[{\"tmpfs\":{\"mode\":493},\"type\":\"tmpfs\"}]}");
}

Test(typing, what_is_zero_is_left_out_where_the_reference_does)
{
    expect("{privileged: false, init: false, scale: 0, cpus: 0, dns: [], image: ''}",
           "{\"init\":false,\"scale\":0}");
}

Test(typing, a_label_without_value_is_empty_and_a_variable_is_null)
{
    expect("{labels: {a: }, environment: {b: }}",
           "{\"environment\":{\"b\":null},\"labels\":{\"a\":\"\"}}");
}

Test(typing, values_of_pairs_become_text)
{
    expect("environment: {a: 1.0, b: true, c: 0x10}",
           "{\"environment\":{\"a\":\"1\",\"b\":\"true\",\"c\":\"16\"}}");
}

Test(typing, a_command_line_becomes_words)
{
    expect("command: a 'b c'", "{\"command\":[\"a\",\"b c\"]}");
    expect("command: ''", "{\"command\":[]}");
    expect_mistake("command: it's", "invalid command line string");
}

Test(typing, a_probe_text_runs_in_a_shell)
{
    expect("healthcheck: {test: curl x}",
           "{\"healthcheck\":{\"test\":[\"CMD-SHELL\",\"curl x\"]}}");
}
