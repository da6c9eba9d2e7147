/* SPDX-License-Identifier: Apache-2.0 */
#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/file.h"
#include "common/path.h"
#include "orchestrator/compose/compose.h"

/* A project in a directory of its own, and what was said about it. */
struct loaded {
    char directory[32];
    int dir_fd;
    struct arena *arena;
    struct diagnostics *diagnostics;
    struct compose_options options;
    struct compose *compose;
};

static void loaded_done(struct loaded *loaded)
{
    compose_free(loaded->compose);
    diagnostics_free(loaded->diagnostics);
    arena_free(loaded->arena);
    (void)close(loaded->dir_fd);
    (void)!path_remove_tree(AT_FDCWD, loaded->directory, NULL);
}

#define scoped_loaded __attribute__((cleanup(loaded_done)))

static void loaded_init(struct loaded *loaded)
{
    static const char *const environment[] = {"HOME=/home/somebody", "SHELL_ONLY=1", NULL};

    *loaded = (struct loaded){.directory = "/tmp/yawl-reports-XXXXXX"};
    cr_assert_not_null(mkdtemp(loaded->directory));
    loaded->dir_fd = open(loaded->directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    loaded->arena = arena_new();
    loaded->diagnostics = diagnostics_new();
    loaded->options.environment = environment;
    loaded->options.working_dir = loaded->directory;
}

static void write_file(struct loaded *loaded, const char *name, const char *text)
{
    struct error err = {0};

    cr_assert_eq(file_replace(loaded->dir_fd, name, text, strlen(text), 0644, &err), 0, "%s",
                 err.text);
}

static void load(struct loaded *loaded, const char *text)
{
    write_file(loaded, "compose.yaml", text);
    (void)!compose_load(&loaded->options, loaded->diagnostics, &loaded->compose);
}

static const struct diagnostic *entry_at(const struct loaded *loaded, const char *path)
{
    for (size_t i = 0; i < diagnostics_length(loaded->diagnostics); i++) {
        const struct diagnostic *entry = diagnostics_get(loaded->diagnostics, i);

        if (entry->path && strcmp(entry->path, path) == 0)
            return entry;
    }
    cr_assert_fail("nothing was said about %s", path);
    return NULL;
}

static void expect_advice(const char *service, const char *path, const char *hint)
{
    scoped_loaded struct loaded loaded;
    scoped_text struct text text = {0};

    loaded_init(&loaded);
    text_appendf(&text, "services:\n  a: {image: x, %s}\n  b: {image: x, restart: always}\n",
                 service);
    load(&loaded, text_get(&text));
    cr_assert_not_null(loaded.compose, "%s", service);
    compose_report_advice(loaded.compose, loaded.diagnostics);
    cr_assert_eq(diagnostics_length(loaded.diagnostics), path ? 1 : 0, "%s", service);
    if (!path)
        return;
    cr_expect_eq(diagnostics_get(loaded.diagnostics, 0)->severity, SEVERITY_WARNING);
    cr_expect_str_eq(diagnostics_get(loaded.diagnostics, 0)->path, path);
    if (hint)
        cr_expect_str_eq(diagnostics_get(loaded.diagnostics, 0)->hint, hint);
}

Test(reports, a_misspelt_word_is_advised_against_with_the_one_that_was_meant)
{
    expect_advice("restart: alwys", "services.a.restart", "did you mean 'always'?");
    expect_advice("stop_signal: SIGTRM", "services.a.stop_signal", "did you mean 'SIGTERM'?");
    expect_advice("cap_add: [cap_net_admn]", "services.a.cap_add", "did you mean 'NET_ADMIN'?");
    expect_advice("network_mode: hst", "services.a.network_mode", "did you mean 'host'?");
    expect_advice("hostname: a_b", "services.a.hostname", NULL);
}

Test(reports, a_wait_that_cannot_end_is_advised_against)
{
    expect_advice("depends_on: {b: {condition: service_healthy}}", "services.a.depends_on", NULL);
    expect_advice("depends_on: {b: {condition: service_completed_successfully}}",
                  "services.a.depends_on", NULL);
}

Test(reports, ports_beside_the_network_of_the_host_are_advised_against)
{
    expect_advice("network_mode: host, ports: ['1:1']", "services.a.ports", NULL);
}

Test(reports, a_host_port_that_is_asked_for_twice_is_advised_against)
{
    expect_advice("ports: ['80:1', '80:2']", "services.a.ports", NULL);
    expect_advice("ports: ['80:1', '127.0.0.1:80:2']", "services.a.ports", NULL);
    expect_advice("ports: ['127.0.0.2:80:1', '127.0.0.1:80:2', '80:1/udp', '81', '82']", NULL,
                  NULL);
}

Test(reports, words_that_are_right_get_no_advice)
{
    expect_advice("restart: 'on-failure:3', stop_signal: sigusr1, cap_drop: [ALL, CAP_CHOWN], "
                  "hostname: a-1.example, depends_on: [b]",
                  NULL, NULL);
    expect_advice("stop_signal: '9', network_mode: 'service:b'", NULL, NULL);
}

Test(reports, a_value_from_an_env_file_names_its_line)
{
    scoped_loaded struct loaded loaded;

    loaded_init(&loaded);
    write_file(&loaded, ".env", "A=1\nPORT=70000\n");
    load(&loaded, "services: {a: {image: x, ports: ['${PORT}:80']}}\n");
    cr_expect_eq(entry_at(&loaded, "services.a.ports[0]")->came_by.line, 2);
    cr_expect_str_eq(entry_at(&loaded, "services.a.ports[0]")->came_how, "set in");
}

Test(reports, a_value_through_extends_names_the_extension)
{
    scoped_loaded struct loaded loaded;

    loaded_init(&loaded);
    load(&loaded, "services:\n  b: {image: x, mem_limit: 3q}\n  a:\n    extends: b\n");
    cr_expect_eq(entry_at(&loaded, "services.a.mem_limit")->came_by.line, 4);
    cr_expect_str_eq(entry_at(&loaded, "services.a.mem_limit")->came_how, "extended in");
}

Test(reports, a_value_of_an_override_names_what_it_replaces)
{
    scoped_loaded struct loaded loaded;

    loaded_init(&loaded);
    write_file(&loaded, "compose.override.yaml", "services: {a: {mem_limit: 4q}}\n");
    load(&loaded, "services:\n  a:\n    image: x\n    mem_limit: 1m\n");
    cr_expect_eq(entry_at(&loaded, "services.a.mem_limit")->came_by.line, 4);
    cr_expect_str_eq(entry_at(&loaded, "services.a.mem_limit")->came_how, "replaces");
}

Test(reports, an_explanation_names_the_place_and_what_is_hidden)
{
    scoped_loaded struct loaded loaded;
    scoped_text struct text out = {0}, expected = {0};
    struct error err = {0};

    loaded_init(&loaded);
    write_file(&loaded, ".env", "SHELL_ONLY=2\n");
    write_file(&loaded, "compose.override.yaml", "services: {a: {image: y}}\n");
    load(&loaded, "services: {a: {image: x, labels: {a.b: c}}}\n");
    cr_assert_eq(compose_explain(loaded.compose, "SHELL_ONLY", &out, &err), 0, "%s", err.text);
    cr_assert_eq(compose_explain(loaded.compose, "services.a.image", &out, &err), 0);
    cr_assert_eq(compose_explain(loaded.compose, "services.a.labels.a.b", &out, &err), 0);
    text_appendf(&expected,
                 "SHELL_ONLY = '1'\n  set in the environment\n  hides '2' of %s/.env:1:1\n"
                 "services.a.image = 'y'\n  written in %s/compose.override.yaml:1:23\n"
                 "  hides 'x' of %s/compose.yaml:1:23\n"
                 "services.a.labels.a.b = 'c'\n  written in %s/compose.yaml:1:40\n",
                 loaded.directory, loaded.directory, loaded.directory, loaded.directory);
    cr_expect_str_eq(text_get(&out), text_get(&expected));
}

Test(reports, there_is_no_explanation_of_what_is_not_there)
{
    static const char *const nothing[] = {"",
                                          "services.b",
                                          "services.a.ports[0]",
                                          "services.a.",
                                          "services[0]",
                                          "services.a.command[99999999999999]"};
    scoped_loaded struct loaded loaded;
    scoped_text struct text out = {0};
    struct error err = {0};

    loaded_init(&loaded);
    load(&loaded, "services: {a: {image: x, command: [b]}}\n");
    for (size_t i = 0; i < sizeof(nothing) / sizeof(*nothing); i++)
        cr_expect_eq(compose_explain(loaded.compose, nothing[i], &out, &err), -1, "%s", nothing[i]);
}

Test(reports, the_variables_of_a_file_are_listed_once_with_their_operands)
{
    scoped_loaded struct loaded loaded;
    struct variable_use *uses;
    size_t count;

    loaded_init(&loaded);
    loaded.options.no_interpolate = true;
    load(&loaded, "services:\n  a:\n    image: ${B:-${C:?no}}\n    ports: ['${A}:80']\n"
                  "    labels: {l: '$A $$N ${D:+e}'}\n");
    cr_assert_not_null(loaded.compose);
    uses = compose_variable_uses(loaded.compose, loaded.arena, &count);
    cr_assert_eq(count, 4);
    cr_expect_str_eq(uses[0].name, "A");
    cr_expect_str_eq(uses[0].places->path, "services.a.ports[0]");
    cr_expect_str_eq(uses[0].places->next->path, "services.a.labels.l");
    cr_expect_str_eq(uses[1].fallback, "${C:?no}");
    cr_expect(uses[2].required);
    cr_expect_str_eq(uses[3].alternative, "e");
}

Test(reports, without_expansion_services_that_are_off_are_shown_too)
{
    scoped_loaded struct loaded loaded;
    struct string_list names;

    loaded_init(&loaded);
    loaded.options.no_interpolate = true;
    load(&loaded, "services: {a: {image: x, profiles: [q]}, b: {image: x}}\n");
    names = compose_names(loaded.compose, loaded.arena, "services");
    cr_expect_eq(names.count, 2);
    cr_expect_eq(compose_profiles(loaded.compose, loaded.arena).count, 1);
}

Test(reports, profiles_are_those_of_all_services)
{
    scoped_loaded struct loaded loaded;
    struct string_list profiles;

    loaded_init(&loaded);
    load(&loaded, "services: {a: {image: x, profiles: [q, p]}, b: {image: x, profiles: [p]}}\n");
    profiles = compose_profiles(loaded.compose, loaded.arena);
    cr_assert_eq(profiles.count, 2);
    cr_expect_str_eq(profiles.items[0], "p");
    cr_expect_eq(compose_names(loaded.compose, loaded.arena, "services").count, 0);
}

Test(reports, the_default_network_may_be_named_without_normalisation)
{
    scoped_loaded struct loaded loaded;

    loaded_init(&loaded);
    loaded.options.no_normalize = true;
    load(&loaded, "services: {a: {image: x, networks: [default]}}\n");
    cr_expect_not_null(loaded.compose);
}
