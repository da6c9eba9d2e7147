/* SPDX-License-Identifier: Apache-2.0 */
#include "orchestrator/plan/plan_make.h"

#include <criterion/criterion.h>
#include <signal.h>
#include <string.h>

#include "common/text.h"
#include "orchestrator/plan/plan_build.h"
#include "orchestrator/plan/plan_check.h"
#include "tests/unit/orchestrator/plan/plan_fixture.h"

Test(plan_make, the_image_says_what_to_run_when_the_file_does_not)
{
    struct fixture fixture;
    struct plan *plan;

    fixture_init(&fixture);
    plan = fixture_plan(&fixture);
    cr_assert_not_null(plan, "%s", first_error(&fixture));
    cr_assert_eq(plan->n_instances, 1);
    cr_expect_str_eq(plan->instances[0].name, "p-a-1");
    cr_expect_str_eq(plan->instances[0].label, "a-1");
    cr_assert_eq(plan->instances[0].container.args.count, 2);
    cr_expect_str_eq(plan->instances[0].container.args.items[1], "default");
    cr_expect_str_eq(plan->instances[0].container.env.items[0], "PATH=/image");
    fixture_done(&fixture);
}

Test(plan_make, an_entrypoint_of_the_file_discards_the_images_command)
{
    struct fixture fixture;
    struct plan *plan;

    fixture_init(&fixture);
    fixture.service.entrypoint.given = true;
    string_list_add(fixture.arena, &fixture.service.entrypoint.words, "/mine");
    plan = fixture_plan(&fixture);
    cr_assert_not_null(plan);
    cr_expect_eq(plan->instances[0].container.args.count, 1);
    fixture_done(&fixture);
}

Test(plan_make, nothing_to_run_is_an_error)
{
    struct fixture fixture;

    fixture_init(&fixture);
    fixture.service.entrypoint.given = true;
    (void)fixture_plan(&fixture);
    cr_expect_eq(diagnostics_count(fixture.diagnostics, SEVERITY_ERROR), 1);
    cr_expect(string_starts_with(first_error(&fixture), "image 'img' names no program"));
    fixture_done(&fixture);
}

Test(plan_make, the_service_overrides_the_images_environment_in_place)
{
    struct fixture fixture;
    struct pair pairs[] = {{.name = "PATH", .value = "/mine"}, {.name = "X", .value = NULL}};
    struct plan *plan;

    fixture_init(&fixture);
    fixture.service.environment = (struct pair_list){pairs, 2};
    plan = fixture_plan(&fixture);
    cr_assert_not_null(plan);
    cr_expect_str_eq(plan->instances[0].container.env.items[0], "PATH=/mine");
    for (size_t i = 0; i < plan->instances[0].container.env.count; i++)
        cr_expect_not(string_starts_with(plan->instances[0].container.env.items[i], "X="),
                      "a name without a value is dropped");
    fixture_done(&fixture);
}

Test(plan_make, a_container_has_its_own_user_namespace_unless_it_shares_the_hosts)
{
    struct fixture fixture;
    struct plan *plan;

    fixture_init(&fixture);
    plan = fixture_plan(&fixture);
    cr_assert_not_null(plan);
    cr_expect_eq(plan->instances[0].container.id_map.base, 1000000);
    cr_expect_eq(plan->instances[0].container.id_map.count, 65536);
    fixture.service.network_mode = "host";
    plan = fixture_plan(&fixture);
    cr_assert_not_null(plan);
    cr_expect(plan->instances[0].container.host_network);
    cr_expect_eq(plan->instances[0].container.id_map.count, 0);
    fixture_done(&fixture);
}

Test(plan_make, the_images_volumes_become_anonymous_ones_unless_mounted)
{
    struct fixture fixture;
    struct service_volume volume = {.kind = VOLUME_BIND, .source = "/src", .target = "/data"};
    struct plan *plan;

    fixture_init(&fixture);
    string_list_add(fixture.arena, &fixture.config.volumes, "/data");
    string_list_add(fixture.arena, &fixture.config.volumes, "/more");
    fixture.service.volumes = &volume;
    fixture.service.n_volumes = 1;
    plan = fixture_plan(&fixture);
    cr_assert_not_null(plan);
    cr_expect_eq(plan->instances[0].container.n_mounts, 2);
    cr_assert_eq(plan->instances[0].anonymous_volumes.count, 1);
    cr_expect_str_eq(plan->instances[0].container.mounts[1].target, "/more");
    fixture_done(&fixture);
}

Test(plan_make, the_plan_comes_back_from_its_json)
{
    struct fixture fixture;
    struct plan *plan, again = {0};
    scoped(json_release) json_t *json = NULL;
    struct error err = {0};

    fixture_init(&fixture);
    plan = fixture_plan(&fixture);
    cr_assert_not_null(plan);
    json = codec_encode(plan_codec, plan);
    cr_assert_eq(codec_decode(plan_codec, json, &again, fixture.arena, &err), 0, "%s", err.text);
    cr_expect_str_eq(again.instances[0].config_hash, plan->instances[0].config_hash);
    cr_expect_eq(again.instances[0].container.id_map.count, 65536);
    cr_expect_eq(again.instances[0].stop_signal, SIGTERM);
    fixture_done(&fixture);
}

Test(plan_make, another_image_or_configuration_changes_the_hash)
{
    struct fixture fixture;
    const char *first, *second, *third;

    fixture_init(&fixture);
    first = fixture_plan(&fixture)->instances[0].config_hash;
    fixture.config.digest = "sha256:2";
    second = fixture_plan(&fixture)->instances[0].config_hash;
    fixture.image.config_hash = "other";
    third = fixture_plan(&fixture)->instances[0].config_hash;
    cr_expect_str_neq(first, second);
    cr_expect_str_neq(second, third);
    fixture_done(&fixture);
}

Test(plan_make, a_wait_for_health_without_a_check_is_refused)
{
    struct fixture fixture;
    struct dependency dependency = {.service = "a",
                                    .condition = CONDITION_HEALTHY,
                                    .required = true,
                                    .at = {"compose.yaml", 9, 7}};
    struct plan *plan;

    fixture_init(&fixture);
    fixture.service.depends_on = &dependency;
    fixture.service.n_depends_on = 1;
    plan = fixture_plan(&fixture);
    cr_assert_not_null(plan);
    plan_check_waits(plan, &fixture.project, fixture.diagnostics);
    cr_assert_eq(diagnostics_count(fixture.diagnostics, SEVERITY_ERROR), 1);
    cr_expect_eq(diagnostics_get(fixture.diagnostics, 0)->at.line, 9);
    fixture_done(&fixture);
}

/* How many waits of "a" for itself are refused under this condition. */
static size_t refused_waits(struct fixture *fixture, enum dependency_condition condition)
{
    struct dependency dependency = {.service = "a", .condition = condition, .required = true};
    struct plan *plan;

    fixture->service.depends_on = &dependency;
    fixture->service.n_depends_on = 1;
    plan = fixture_plan(fixture);
    cr_assert_not_null(plan, "%s", first_error(fixture));
    plan_check_waits(plan, &fixture->project, fixture->diagnostics);
    return diagnostics_count(fixture->diagnostics, SEVERITY_ERROR);
}

Test(plan_make, a_wait_for_health_is_possible_with_the_images_check)
{
    struct fixture fixture;

    fixture_init(&fixture);
    string_list_add(fixture.arena, &fixture.config.healthcheck.test, "CMD");
    string_list_add(fixture.arena, &fixture.config.healthcheck.test, "true");
    cr_expect_eq(refused_waits(&fixture, CONDITION_HEALTHY), 0);
    fixture_done(&fixture);
}

Test(plan_make, a_wait_for_the_end_of_what_always_restarts_is_refused)
{
    static const char *const endless[] = {"always", "unless-stopped"};
    static const char *const ending[] = {"no", "on-failure"};
    struct fixture fixture;

    for (size_t i = 0; i < ARRAY_LENGTH(endless); i++) {
        fixture_init(&fixture);
        fixture.service.restart = endless[i];
        cr_expect_eq(refused_waits(&fixture, CONDITION_COMPLETED), 1, "%s", endless[i]);
        fixture_done(&fixture);
        fixture_init(&fixture);
        fixture.service.restart = ending[i];
        cr_expect_eq(refused_waits(&fixture, CONDITION_COMPLETED), 0, "%s", ending[i]);
        fixture_done(&fixture);
    }
}

/* As docker compose has it: what has no container is not waited for. */
Test(plan_make, a_wait_for_a_service_of_scale_0_is_none)
{
    struct fixture fixture;

    fixture_init(&fixture);
    fixture.service.scale = 0;
    cr_expect_eq(refused_waits(&fixture, CONDITION_HEALTHY), 0);
    fixture_done(&fixture);
}

Test(plan_make, signals_have_names_and_numbers)
{
    cr_expect_eq(signal_from_name("SIGTERM"), SIGTERM);
    cr_expect_eq(signal_from_name("int"), SIGINT);
    cr_expect_eq(signal_from_name("9"), SIGKILL);
    cr_expect_eq(signal_from_name("SIGRTMIN+3"), SIGRTMIN + 3);
    cr_expect_eq(signal_from_name("SIGNOPE"), 0);
}

static const struct plan_instance *plan_with_logging(struct fixture *fixture, const char *driver,
                                                     struct pair option)
{
    static struct pair items[1];
    struct plan *plan;

    items[0] = option;
    fixture_init(fixture);
    fixture->service.logging_driver = driver;
    fixture->service.logging_options = (struct pair_list){.items = items, .count = 1};
    plan = fixture_plan(fixture);
    return plan ? &plan->instances[0] : NULL;
}

Test(plan_make, the_size_of_the_log_comes_from_the_options_of_json_file)
{
    struct fixture fixture;
    const struct plan_instance *instance =
        plan_with_logging(&fixture, "json-file", (struct pair){"max-size", "20m"});

    cr_expect_eq(instance->log_max_bytes, 20 * 1024 * 1024);
    cr_expect_not(instance->log_discard);
    fixture_done(&fixture);
    instance = plan_with_logging(&fixture, "local", (struct pair){"max-size", "-1"});
    cr_expect_eq(instance->log_max_bytes, -1);
    fixture_done(&fixture);
    instance = plan_with_logging(&fixture, NULL, (struct pair){"max-file", "7"});
    cr_expect_eq(instance->log_max_files, 7);
    fixture_done(&fixture);
    instance = plan_with_logging(&fixture, "none", (struct pair){"tag", NULL});
    cr_expect(instance->log_discard);
    fixture_done(&fixture);
}

Test(plan_make, options_of_logging_without_effect_are_told_of_once)
{
    static const struct {
        const char *driver;
        struct pair option;
        size_t warnings;
    } cases[] = {
        {NULL, {"mode", "non-blocking"}, 1},  {NULL, {"mode", "blocking"}, 0},
        {"local", {"compress", "true"}, 1},   {"local", {"compress", "false"}, 0},
        {"json-file", {"tag", "x"}, 1},       {NULL, {"nonsense", "1"}, 1},
        {NULL, {"max-buffer-size", "4m"}, 0}, {"syslog", {"syslog-address", "x"}, 0},
    };

    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct fixture fixture;

        (void)plan_with_logging(&fixture, cases[i].driver, cases[i].option);
        diagnostics_free(fixture.diagnostics);
        fixture.diagnostics = diagnostics_new();
        fixture.service.scale = 3;
        cr_assert_not_null(fixture_plan(&fixture));
        cr_expect_eq(diagnostics_count(fixture.diagnostics, SEVERITY_WARNING), cases[i].warnings,
                     "%s", cases[i].option.name);
        fixture_done(&fixture);
    }
}

Test(plan_make, a_size_or_number_of_log_files_that_is_none_is_refused)
{
    static const struct pair options[] = {
        {"max-size", "10x"},  {"max-size", "0"},    {"max-size", "-2"}, {"max-file", "0"},
        {"max-file", "many"}, {"max-file", "1001"}, {"mode", "often"},  {"max-buffer-size", "0"}};

    for (size_t i = 0; i < ARRAY_LENGTH(options); i++) {
        struct fixture fixture;

        (void)plan_with_logging(&fixture, NULL, options[i]);
        cr_expect_eq(diagnostics_count(fixture.diagnostics, SEVERITY_ERROR), 1, "%s",
                     options[i].value);
        fixture_done(&fixture);
    }
}

Test(plan_make, a_newer_container_starts_beside_the_older_one_when_asked_for)
{
    const struct plan_existing existing = {.service = "a", .number = 1, .config_hash = "older"};
    struct fixture fixture;
    struct plan *plan;

    fixture_init(&fixture);
    fixture.service.start_first = true;
    fixture.options.existing = &existing;
    fixture.options.n_existing = 1;
    plan = fixture_plan(&fixture);
    cr_expect_str_eq(plan->instances[0].name, "p-a-2");
    cr_expect(plan->instances[0].start_first);
    /* What there can be only once makes it impossible. */
    fixture.service.container_name = "fixed";
    plan = fixture_plan(&fixture);
    cr_expect_not(plan->instances[0].start_first);
    fixture.service.container_name = NULL;
    string_list_add(fixture.arena, &fixture.config.volumes, "/data");
    plan = fixture_plan(&fixture);
    cr_expect_str_eq(plan->instances[0].name, "p-a-1");
    fixture_done(&fixture);
}
