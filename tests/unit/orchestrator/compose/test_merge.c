/* SPDX-License-Identifier: Apache-2.0 */
#include "orchestrator/compose/merge.h"

#include <criterion/criterion.h>

#include "orchestrator/compose/canonical.h"
#include "orchestrator/compose/identity.h"
#include "orchestrator/compose/keys.h"
#include "orchestrator/compose/print.h"
#include "tests/unit/orchestrator/compose/yaml_text.h"

/* Two services' texts, one laid over the other, as compact sorted JSON. */
static const char *merge(struct yaml_text *test, const char *lower, const char *upper)
{
    const struct trail here = {NULL, "s", 0};
    struct node *below = yaml_text_read(test, lower), *above = yaml_text_read(test, upper);
    scoped_text struct text out = {0};
    struct node *result;

    below = canonical_tree(&test->loader, below, &shape_service, &here);
    above = canonical_tree(&test->loader, above, &shape_service, &here);
    result = merge_models(&test->loader, below, above, &shape_service, false);
    identity_unite(&test->loader, result, &shape_service);
    print_json(result, NULL, 0, &out);
    return arena_strdup(test->arena, text_get(&out));
}

#define EXPECT(lower, upper, result)                                                               \
    do {                                                                                           \
        scoped_yaml_text struct yaml_text test;                                                    \
        yaml_text_init(&test);                                                                     \
        cr_expect_str_eq(merge(&test, lower, upper), result);                                      \
    } while (0)

Test(merge, scalars_are_replaced_and_null_keeps_what_is_below)
{
    EXPECT("image: a", "image: b", "{\"image\":\"b\"}");
    EXPECT("image: a", "image:", "{\"image\":\"a\"}");
}

Test(merge, commands_are_replaced_as_a_whole_and_null_removes)
{
    EXPECT("command: [a, b]", "command: [c]", "{\"command\":[\"c\"]}");
    EXPECT("command: [a]", "command:", "{\"command\":null}");
    EXPECT("healthcheck: {test: [CMD, a], retries: 1}", "healthcheck: {test: b}",
           "{\"healthcheck\":{\"retries\":1,\"test\":\"b\"}}");
}

Test(merge, pairs_merge_by_name_whatever_their_form)
{
    EXPECT("environment: [A=1, B=2]", "environment: {B: 3, C: }",
           "{\"environment\":{\"A\":\"1\",\"B\":3,\"C\":null}}");
}

Test(merge, lists_of_names_become_mappings)
{
    EXPECT("networks: [a]", "networks: {b: {aliases: [x]}}",
           "{\"networks\":{\"a\":null,\"b\":{\"aliases\":[\"x\"]}}}");
    EXPECT("depends_on: {a: {condition: service_healthy}}", "depends_on: [b]",
           "{\"depends_on\":{\"a\":{\"condition\":\"service_healthy\"},"
           "\"b\":{\"condition\":\"service_started\",\"required\":true}}}");
}

Test(merge, the_text_form_of_build_merges_with_the_mapping)
{
    EXPECT("build: dir", "build: {target: t}",
           "{\"build\":{\"context\":\"dir\",\"target\":\"t\"}}");
}

Test(merge, values_that_are_said_twice_are_kept_once)
{
    EXPECT("dns: 1.1.1.1", "dns: [8.8.8.8, 1.1.1.1]", "{\"dns\":[\"1.1.1.1\",\"8.8.8.8\"]}");
    EXPECT("tmpfs: [/a, /b]", "tmpfs: '/a:size=1'", "{\"tmpfs\":[\"/a:size=1\",\"/b\"]}");
    EXPECT("extra_hosts: [h=1.1.1.1]", "extra_hosts: ['h:2.2.2.2', h=1.1.1.1]",
           "{\"extra_hosts\":[\"h=1.1.1.1\",\"h=2.2.2.2\"]}");
}

Test(merge, volumes_are_united_by_cleaned_target_in_the_first_place)
{
    EXPECT("volumes: ['va:/x', 'vb:/y']", "volumes: ['vc:/x/']",
           "{\"volumes\":[{\"source\":\"vc\",\"target\":\"/x/\",\"type\":\"volume\",\"volume\":{}},"
           "{\"source\":\"vb\",\"target\":\"/y\",\"type\":\"volume\",\"volume\":{}}]}");
}

Test(merge, ports_are_united_by_everything_that_matters)
{
    EXPECT("ports: ['80:80']", "ports: ['0.0.0.0:80:80', '81:80']",
           "{\"ports\":[{\"host_ip\":\"0.0.0.0\",\"mode\":\"ingress\",\"protocol\":\"tcp\","
           "\"published\":\"80\",\"target\":80},{\"mode\":\"ingress\",\"protocol\":\"tcp\","
           "\"published\":\"81\",\"target\":80}]}");
}

Test(merge, logging_options_merge_only_under_one_driver)
{
    EXPECT("logging: {driver: a, options: {x: 1}}", "logging: {options: {y: 2}}",
           "{\"logging\":{\"driver\":\"a\",\"options\":{\"x\":1,\"y\":2}}}");
    EXPECT("logging: {driver: a, options: {x: 1}}", "logging: {driver: b}",
           "{\"logging\":{\"driver\":\"b\"}}");
}

Test(merge, a_ulimit_is_replaced)
{
    EXPECT("ulimits: {nofile: {soft: 1, hard: 2}, nproc: 1}", "ulimits: {nofile: 5}",
           "{\"ulimits\":{\"nofile\":5,\"nproc\":1}}");
}

Test(merge, reset_removes_and_override_replaces)
{
    EXPECT("ports: ['80:80']\nimage: a", "ports: !reset []", "{\"image\":\"a\"}");
    EXPECT("dns: [a, b]", "dns: !override [c]", "{\"dns\":[\"c\"]}");
    EXPECT("labels: {a: 1, b: 2}", "labels: {a: !reset null}", "{\"labels\":{\"b\":2}}");
}

Test(merge, a_mapping_cannot_become_a_list)
{
    scoped_yaml_text struct yaml_text test;

    yaml_text_init(&test);
    (void)merge(&test, "deploy: {replicas: 1}", "deploy: [a]");
    cr_expect_str_eq(yaml_text_mistake(&test),
                     "cannot override: a list here, a mapping below (line 1)");
}

Test(merge, subnets_are_merged_by_their_addresses)
{
    scoped_yaml_text struct yaml_text test;
    struct node *lower, *upper;
    scoped_text struct text out = {0};

    yaml_text_init(&test);
    lower = yaml_text_read(&test, "networks: {n: {ipam: {config: [{subnet: a, gateway: g}]}}}");
    upper = yaml_text_read(
        &test, "networks: {n: {ipam: {config: [{subnet: a, ip_range: r}, {subnet: b}]}}}");
    print_json(merge_models(&test.loader, lower, upper, &shape_project, false), NULL, 0, &out);
    cr_expect_str_eq(text_get(&out),
                     "{\"networks\":{\"n\":{\"ipam\":{\"config\":[{\"gateway\":\"g\","
                     "\"ip_range\":\"r\",\"subnet\":\"a\"},{\"subnet\":\"b\"}]}}}}");
}
