/* SPDX-License-Identifier: Apache-2.0 */
#include "orchestrator/compose/compose.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/file.h"
#include "common/path.h"
#include "common/text.h"

/* A directory with a Compose file in it, loaded with these options. */
struct loaded {
    char directory[64];
    int dir_fd;
    struct arena *arena;
    struct compose_options options;
    struct diagnostics *diagnostics;
    struct compose *compose;
};

static void loaded_init(struct loaded *loaded)
{
    static const char *const environment[] = {"HOME=/home/somebody", "SET=value", NULL};

    *loaded = (struct loaded){.directory = "/tmp/yawl-compose-XXXXXX", .arena = arena_new()};
    cr_assert_not_null(mkdtemp(loaded->directory));
    loaded->dir_fd = open(loaded->directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    loaded->diagnostics = diagnostics_new();
    loaded->options.environment = environment;
    loaded->options.working_dir = loaded->directory;
    loaded->options.project_name = "shop";
}

static void loaded_done(struct loaded *loaded)
{
    compose_free(loaded->compose);
    diagnostics_free(loaded->diagnostics);
    arena_free(loaded->arena);
    close(loaded->dir_fd);
    (void)!path_remove_tree(AT_FDCWD, loaded->directory, NULL);
}

#define scoped_loaded __attribute__((cleanup(loaded_done)))

static void write_file(struct loaded *loaded, const char *name, const char *text)
{
    struct error err = {0};

    cr_assert_eq(file_replace(loaded->dir_fd, name, text, strlen(text), 0644, &err), 0, "%s",
                 err.text);
}

static const struct project *load(struct loaded *loaded, const char *text)
{
    scoped_text struct text out = {0};

    write_file(loaded, "compose.yaml", text);
    if (compose_load(&loaded->options, loaded->diagnostics, &loaded->compose) < 0) {
        diagnostics_print(loaded->diagnostics, &out);
        cr_assert_fail("%s", text_get(&out));
    }
    return compose_project(loaded->compose);
}

#define LOAD(text)                                                                                 \
    scoped_loaded struct loaded loaded;                                                            \
    const struct project *project;                                                                 \
    loaded_init(&loaded);                                                                          \
    project = load(&loaded, text)

Test(compose, services_and_resources_are_sorted_and_named)
{
    LOAD("services: {b: {image: x, volumes: ['va:/v']}, a: {image: y}}\n"
         "volumes: {va: , unused: }\n");

    cr_assert_eq(project->n_services, 2);
    cr_expect_str_eq(project->services[0].name, "a");
    cr_expect_str_eq(project->networks[0].name, "shop_default");
    cr_expect_str_eq(project->services[0].networks[0].network, "default");
    cr_assert_eq(project->n_volumes, 1);
    cr_expect_str_eq(project_find_volume(project, "va")->name, "shop_va");
    cr_expect_str_eq(project->directory, loaded.directory);
}

Test(compose, commands_tell_absent_from_empty)
{
    LOAD("services: {a: {image: x}, b: {image: x, command: []}, c: {image: x, command: p q}}");

    cr_expect_not(project->services[0].command.given);
    cr_expect(project->services[1].command.given);
    cr_expect_eq(project->services[1].command.words.count, 0);
    cr_expect_str_eq(project->services[2].command.words.items[1], "q");
}

Test(compose, environment_is_resolved_and_names_without_value_are_dropped)
{
    scoped_loaded struct loaded loaded;
    const struct project *project;

    loaded_init(&loaded);
    write_file(&loaded, "vars.env", "FROM_FILE=1\nBOTH=file\n");
    project = load(&loaded, "services: {a: {image: x, env_file: vars.env,\n"
                            "  environment: [BOTH=own, SET, NOBODY]}}");
    cr_assert_eq(project->services[0].environment.count, 3);
    cr_expect_str_eq(project->services[0].environment.items[0].name, "BOTH");
    cr_expect_str_eq(project->services[0].environment.items[0].value, "own");
    cr_expect_str_eq(project->services[0].environment.items[1].name, "FROM_FILE");
    cr_expect_str_eq(project->services[0].environment.items[2].value, "value");
}

Test(compose, mounts_know_their_kind_and_place)
{
    LOAD("services:\n  a:\n    image: x\n    volumes:\n      - ./here:/a:ro\n      - vb:/b/\n"
         "      - {type: tmpfs, target: /c, tmpfs: {size: 1m, mode: 0700}}\n      - /d1\n"
         "volumes: {vb: }\n");
    const struct service *service = &project->services[0];

    cr_assert_eq(service->n_volumes, 4);
    cr_expect_eq(service->volumes[0].kind, VOLUME_BIND);
    cr_expect(string_ends_with(service->volumes[0].source, "/here"));
    cr_expect(service->volumes[0].read_only && service->volumes[0].create_host_path);
    cr_expect_eq(service->volumes[0].at.line, 5);
    cr_expect_str_eq(service->volumes[1].target, "/b");
    cr_expect_eq(service->volumes[2].tmpfs_size_bytes, 1048576);
    cr_expect_eq(service->volumes[2].tmpfs_mode, 0700);
    cr_expect_null(service->volumes[3].source);
}

Test(compose, limits_of_deploy_are_limits_of_the_service)
{
    LOAD("services: {a: {image: x, deploy: {replicas: 3,\n"
         "  resources: {limits: {cpus: '0.5', memory: 1g, pids: 10}, reservations: {memory: 1m}},\n"
         "  restart_policy: {condition: on-failure, max_attempts: 2}}}}");
    const struct service *service = &project->services[0];

    cr_expect_eq(service->scale, 3);
    cr_expect_float_eq(service->cpus, 0.5, 0);
    cr_expect_eq(service->mem_limit_bytes, 1073741824);
    cr_expect_eq(service->mem_reservation_bytes, 1048576);
    cr_expect_eq(service->pids_limit, 10);
    cr_expect_str_eq(service->restart, "on-failure:2");
}

Test(compose, dependencies_have_conditions_and_implied_ones_are_included)
{
    LOAD(
        "services:\n  a: {image: x, depends_on: {b: {condition: service_healthy}}, links: ['c:z']}\n"
        "  b: {image: x}\n  c: {image: x}\n");
    const struct service *service = &project->services[0];

    cr_assert_eq(service->n_depends_on, 2);
    cr_expect_eq(service->depends_on[0].condition, CONDITION_HEALTHY);
    cr_expect(service->depends_on[0].required && !service->depends_on[0].restart);
    cr_expect_str_eq(service->depends_on[1].service, "c");
    cr_expect(service->depends_on[1].restart);
}

Test(compose, grants_have_absolute_targets)
{
    LOAD("services: {a: {image: x, secrets: [s, {source: s, target: other, mode: 0400}],\n"
         "  configs: [c]}}\nsecrets: {s: {environment: SET}}\nconfigs: {c: {content: 'a$$b'}}\n");
    const struct service *service = &project->services[0];

    cr_expect_str_eq(service->secrets[0].target, "/run/secrets/s");
    cr_expect_eq(service->secrets[0].mode, -1);
    cr_expect_str_eq(service->secrets[1].target, "/run/secrets/other");
    cr_expect_eq(service->secrets[1].mode, 0400);
    cr_expect_str_eq(service->configs[0].target, "/c");
    cr_expect_str_eq(project_find_secret(project, "s")->content, "value");
    cr_expect_str_eq(project_find_config(project, "c")->content, "a$b");
}

Test(compose, networks_are_ordered_by_priority)
{
    LOAD("services: {a: {image: x, networks: {n1: , n2: {priority: 5, aliases: [q]}}}}\n"
         "networks: {n1: , n2: {ipam: {config: [{subnet: 10.1.0.0/16, gateway: 10.1.0.1}]}}}\n");

    cr_expect_str_eq(project->services[0].networks[0].network, "n2");
    cr_expect_str_eq(project->services[0].networks[0].aliases.items[0], "q");
    cr_expect_str_eq(project_find_network(project, "n2")->pool.subnet, "10.1.0.0/16");
    cr_expect_str_eq(project_find_network(project, "n2")->pool.gateway, "10.1.0.1");
}

Test(compose, the_rest_of_a_service_arrives)
{
    LOAD("services:\n  a:\n    image: x\n    stop_grace_period: 1m\n    ulimits: {nofile: 5}\n"
         "    tmpfs: '/t:size=1'\n    devices: [/dev/null]\n    healthcheck: {test: [NONE]}\n"
         "    logging: {driver: local, options: {max-size: 1m}}\n    shm_size: 1m\n"
         "    extra_hosts: {h: 1.2.3.4}\n    oom_score_adj: -5\n    attach: false\n");
    const struct service *service = &project->services[0];

    cr_expect(service->has_stop_grace_period);
    cr_expect_eq(service->stop_grace_period_ns, 60000000000);
    cr_expect_eq(service->ulimits.items[0].hard, 5);
    cr_expect_str_eq(service->tmpfs[0].options, "size=1");
    cr_expect_str_eq(service->devices.items[0], "/dev/null:/dev/null:rwm");
    cr_expect(service->healthcheck.given && service->healthcheck.disable);
    cr_expect_str_eq(service->logging_driver, "local");
    cr_expect_str_eq(service->logging_options.items[0].value, "1m");
    cr_expect_eq(service->shm_size_bytes, 1048576);
    cr_expect_str_eq(service->extra_hosts.items[0], "h=1.2.3.4");
    cr_expect_eq(service->oom_score_adj, -5);
    cr_expect_not(service->attach);
}

Test(compose, disabled_services_are_only_named)
{
    LOAD("services: {a: {image: x}, b: {image: x, profiles: [debug]}}");

    cr_expect_eq(project->n_services, 1);
    cr_expect_str_eq(project->disabled_services.items[0], "b");
}

Test(compose, the_text_for_the_hash_leaves_out_what_does_not_change_a_container)
{
    scoped_text struct text with = {0}, without = {0};
    LOAD(
        "services: {a: {image: x, scale: 2, pull_policy: always, depends_on: [b]}, b: {image: x}}");

    compose_print_service_for_hash(loaded.compose, "a", &with);
    compose_print_service_for_hash(loaded.compose, "b", &without);
    cr_expect_str_eq(text_get(&with), text_get(&without));
    cr_expect_eq(project->n_services, 2);
}

Test(compose, a_name_is_known_without_a_file_when_it_is_given)
{
    scoped_loaded struct loaded loaded;
    const char *name = NULL;
    struct error err = {0};

    loaded_init(&loaded);
    cr_expect_eq(compose_project_name(&loaded.options, loaded.arena, &name, &err), 0);
    cr_expect_str_eq(name, "shop");
    loaded.options.project_name = "Not Good";
    cr_expect_eq(compose_project_name(&loaded.options, loaded.arena, &name, &err), -1);
    cr_expect(string_starts_with(err.text, "invalid project name \"Not Good\""));
}

Test(compose, the_name_of_the_file_is_made_normal)
{
    scoped_loaded struct loaded loaded;
    const char *name = NULL;
    struct error err = {0};

    loaded_init(&loaded);
    loaded.options.project_name = NULL;
    write_file(&loaded, "compose.yaml", "name: My Proj.${SET}\nservices: {}\n");
    cr_expect_eq(compose_project_name(&loaded.options, loaded.arena, &name, &err), 0);
    cr_expect_str_eq(name, "myprojvalue");
}

Test(compose, without_a_file_there_is_one_clear_error)
{
    scoped_loaded struct loaded loaded;

    loaded_init(&loaded);
    loaded.options.project_directory = "/nonexistent";
    cr_expect_eq(compose_load(&loaded.options, loaded.diagnostics, &loaded.compose), -1);
    cr_assert_eq(diagnostics_length(loaded.diagnostics), 1);
    cr_expect_str_eq(diagnostics_get(loaded.diagnostics, 0)->message,
                     "no configuration file provided: not found: none of compose.yaml, "
                     "compose.yml, docker-compose.yml, docker-compose.yaml in '/nonexistent' or "
                     "above");
}

Test(compose, a_key_that_is_followed_for_most_values_is_named_only_for_the_others)
{
    LOAD("services:\n  a: {image: x, logging: {driver: local}}\n"
         "  b: {image: x, logging: {driver: syslog}}\n");

    compose_report_support(loaded.compose, loaded.diagnostics);
    cr_assert_eq(diagnostics_length(loaded.diagnostics), 1);
    cr_expect_str_eq(diagnostics_get(loaded.diagnostics, 0)->path, "services.b.logging.driver");
    cr_expect_eq(project->n_services, 2);
}

Test(compose, a_key_without_effect_is_named_once_and_a_refused_one_is_an_error)
{
    LOAD(
        "services:\n  a: {image: x, runtime: r, deploy: {mode: global}}\n  b: {image: x, runtime: r}\n"
        "  c: {provider: {type: t}}\n");

    compose_report_support(loaded.compose, loaded.diagnostics);
    cr_assert_eq(diagnostics_length(loaded.diagnostics), 3);
    cr_expect_str_eq(diagnostics_get(loaded.diagnostics, 0)->path, "services.a.runtime");
    cr_expect_str_eq(diagnostics_get(loaded.diagnostics, 0)->message,
                     "'runtime' has no effect: there is no engine behind it");
    cr_expect_str_eq(diagnostics_get(loaded.diagnostics, 1)->path, "services.a.deploy.mode");
    cr_expect_eq(diagnostics_get(loaded.diagnostics, 2)->severity, SEVERITY_ERROR);
    cr_expect_eq(project->n_services, 3);
}
