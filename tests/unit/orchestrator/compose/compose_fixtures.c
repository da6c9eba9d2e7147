/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs the cases of tests/fixtures/compose: compose_fixtures DIRECTORY [PATTERN...]
 *
 *   valid/CASE/compose.yaml    loads, and `config` prints CASE/expected.yaml
 *   invalid/CASE/compose.yaml  does not load, and says what CASE/expected.txt says
 *
 * CASE/options may hold lines `file NAME`, `profile NAME`, `service NAME`, `env NAME=VALUE`. In the
 * expected texts the case's directory is written @DIR@. Each load of a valid case is also loaded
 * from its own output: that must print the same again.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/arena.h"
#include "common/file.h"
#include "common/text.h"
#include "orchestrator/compose/compose.h"
#include "tests/unit/fixture_runner.h"

enum { MAX_FILE_BYTES = 1024 * 1024 };

struct fixture {
    struct arena *arena;
    const char *name, *directory;
    struct compose_options options;
    struct string_list environment;
};

static const char *read_file(struct arena *arena, const char *path)
{
    scoped_text struct text text = {0};
    struct error err = {0};
    bool exists;

    if (file_read(AT_FDCWD, path, MAX_FILE_BYTES, &text, &exists, &err) < 0 || !exists)
        return NULL;
    return arena_strdup(arena, text_get(&text));
}

static void read_option(struct fixture *fixture, const char *line)
{
    struct arena *arena = fixture->arena;
    const char *blank = strchr(line, ' ');

    if (!blank)
        return;
    if (string_starts_with(line, "file "))
        string_list_add(arena, &fixture->options.files, blank + 1);
    else if (string_starts_with(line, "profile "))
        string_list_add(arena, &fixture->options.profiles, blank + 1);
    else if (string_starts_with(line, "service "))
        string_list_add(arena, &fixture->options.services, blank + 1);
    else if (string_starts_with(line, "env "))
        string_list_add(arena, &fixture->environment, blank + 1);
}

static void read_options(struct fixture *fixture)
{
    char *text = arena_strdup(
        fixture->arena,
        read_file(fixture->arena, arena_printf(fixture->arena, "%s/options", fixture->directory)));
    char *place = NULL;

    for (char *line = text ? strtok_r(text, "\n", &place) : NULL; line;
         line = strtok_r(NULL, "\n", &place))
        read_option(fixture, line);
    string_list_add(fixture->arena, &fixture->environment, "HOME=/home/somebody");
    fixture->options.environment = fixture->environment.items;
    fixture->options.working_dir = fixture->directory;
}

static const char *replace(struct arena *arena, const char *text, const char *what,
                           const char *with)
{
    scoped_text struct text out = {0};
    const char *found;

    while ((found = strstr(text, what))) {
        text_append_bytes(&out, text, (size_t)(found - text));
        text_append(&out, with);
        text = found + strlen(what);
    }
    text_append(&out, text);
    return arena_strdup(arena, text_get(&out));
}

/* What the case gives: `config` or, when it does not load, its messages. */
static const char *run(struct fixture *fixture, bool *ret_loaded)
{
    scoped(diagnostics_free) struct diagnostics *diagnostics = diagnostics_new();
    scoped(compose_free) struct compose *compose = NULL;
    scoped_text struct text out = {0};

    *ret_loaded = compose_load(&fixture->options, diagnostics, &compose) == 0;
    if (*ret_loaded) {
        compose_print_yaml(compose, &out);
    } else {
        for (size_t i = 0; i < diagnostics_length(diagnostics); i++) {
            const struct diagnostic *entry = diagnostics_get(diagnostics, i);

            text_appendf(&out, "%s:%u:%u: %s: %s%s%s%s%s%s\n", entry->at.file ? entry->at.file : "",
                         entry->at.line, entry->at.column,
                         entry->severity == SEVERITY_ERROR ? "error" : "warning",
                         entry->path ? entry->path : "", entry->path ? ": " : "", entry->message,
                         entry->hint ? " (" : "", entry->hint ? entry->hint : "",
                         entry->hint ? ")" : "");
        }
    }
    return replace(fixture->arena, text_get(&out), fixture->directory, "@DIR@");
}

/* Output is valid input and prints itself. */
static bool is_fixed_point(struct fixture *fixture, const char *printed)
{
    char path[] = "/tmp/yawl-fixture-XXXXXX";
    const char *text = replace(fixture->arena, printed, "@DIR@", fixture->directory);
    struct compose_options options = {.environment = fixture->options.environment,
                                      .working_dir = fixture->directory,
                                      .project_directory = fixture->directory};
    struct fixture again = {fixture->arena, fixture->name, fixture->directory, options, {0}};
    int fd = mkstemp(path);
    bool loaded, same;

    if (fd < 0 || write(fd, text, strlen(text)) != (ssize_t)strlen(text))
        return false;
    string_list_add(again.arena, &again.options.files, path);
    string_list_add(again.arena, &again.options.profiles, "*");
    same = strcmp(run(&again, &loaded), printed) == 0;
    (void)close(fd);
    (void)unlink(path);
    return loaded && same;
}

static bool check(struct fixture *fixture, bool valid)
{
    const char *expected =
        read_file(fixture->arena, arena_printf(fixture->arena, "%s/expected.%s", fixture->directory,
                                               valid ? "yaml" : "txt"));
    const char *printed;
    bool loaded;

    read_options(fixture);
    printed = run(fixture, &loaded);
    if (loaded == valid && string_eq(printed, expected) &&
        (!valid || is_fixed_point(fixture, printed)))
        return true;
    printf("# %s\n# got:\n%s", loaded == valid ? "differs" : "loads the wrong way",
           replace(fixture->arena, arena_printf(fixture->arena, "\n%s", printed), "\n", "\n#   "));
    return false;
}

static bool run_case(const char *directory, size_t kind)
{
    scoped(arena_free) struct arena *arena = arena_new();
    struct fixture fixture = {
        .arena = arena, .name = strrchr(directory, '/') + 1, .directory = directory};

    return check(&fixture, kind == 0);
}

int main(int argc, char **argv)
{
    static const char *const kinds[] = {"valid", "invalid"};

    return fixture_runner_main(&(struct fixture_runner){kinds, 2, run_case}, argc, argv);
}
