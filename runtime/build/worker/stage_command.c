/* SPDX-License-Identifier: Apache-2.0 */
/* RUN: what is run, with which mounts, and what a failure says. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/fd.h"
#include "common/path.h"
#include "runtime/build/worker/created_by.h"
#include "runtime/build/worker/run_step.h"
#include "runtime/build/worker/stage.h"
#include "runtime/build/worker/step_mounts.h"

enum { SHOWN_LINES = 20 };

static const char default_path[] =
    "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/* One RUN. */
struct command {
    struct stage_run *run;
    const struct instruction *instruction;
    struct run_step step;
    struct step_mounts mounts;
    const char *script; /* a here-document that names its own interpreter, or NULL */
};

/* -- what is run */

/* A here-document behind a command is for its shell; one that stands alone is the command. */
static const char *command_line(struct command *command)
{
    const struct instruction *instruction = command->instruction;
    const struct heredoc_list *heredocs = &instruction->heredocs;
    const char *line = instruction->words.items[0].text;
    scoped_text struct text out = {0};

    if (heredocs->count == 1 && string_starts_with(line, "<<") && !strpbrk(line, " \t")) {
        if (string_starts_with(heredocs->items[0].content, "#!"))
            command->script = heredocs->items[0].content;
        return heredocs->items[0].content;
    }
    text_append(&out, line);
    for (size_t i = 0; i < heredocs->count; i++)
        text_appendf(&out, "\n%s%s", heredocs->items[i].content, heredocs->items[i].name);
    return arena_strdup(command->run->arena, text_get(&out));
}

static void find_arguments(struct command *command)
{
    struct stage_run *run = command->run;
    struct string_list arguments = {0};

    if (command->instruction->json) {
        for (size_t i = 0; i < command->instruction->words.count; i++)
            string_list_add(run->arena, &arguments, command->instruction->words.items[i].text);
    } else {
        arguments = image_draft_list(run->draft, "Shell");
        if (arguments.count == 0) {
            string_list_add(run->arena, &arguments, "/bin/sh");
            string_list_add(run->arena, &arguments, "-c");
        }
        string_list_add(run->arena, &arguments, command_line(command));
    }
    if (command->script) {
        arguments = (struct string_list){0};
        string_list_add(run->arena, &arguments, STEP_SCRIPT);
    }
    command->step.args = arguments;
}

/* ENV and ARG as they are in this place. */
static void find_environment(struct command *command)
{
    struct stage_run *run = command->run;
    const struct scope *scope = run->evaluation.scope;
    struct string_list *env = &command->step.env;

    if (!scope_find(scope, "PATH"))
        string_list_add(run->arena, env, default_path);
    for (size_t i = 0; i < scope->count; i++)
        if (scope->items[i].value)
            string_list_add(
                run->arena, env,
                arena_printf(run->arena, "%s=%s", scope->items[i].name, scope->items[i].value));
}

/* Unless the Dockerfile has said something of them. They are in neither the key nor the image. */
static void add_proxies(struct command *command)
{
    struct stage_run *run = command->run;
    struct string_list proxies = build_arguments_proxies(&run->build->arguments, run->arena);

    for (size_t i = 0; i < proxies.count; i++) {
        const char *proxy = proxies.items[i];
        const char *name = arena_strndup(run->arena, proxy, strcspn(proxy, "="));

        if (!scope_find(run->evaluation.scope, name))
            string_list_add(run->arena, &command->step.env, proxy);
    }
}

static bool is_entitled(const struct command *command, const char *what)
{
    return string_list_has(&command->run->build->request->entitlements, what);
}

static int find_privileges(struct command *command, struct error *err)
{
    const struct build_request *request = command->run->build->request;
    const char *network = instruction_flag_value(command->instruction, FLAG_NETWORK);
    const char *security = instruction_flag_value(command->instruction, FLAG_SECURITY);

    command->step.network = network && !string_eq(network, "default") ? network : request->network;
    command->step.insecure = string_eq(security, "insecure");
    if (string_eq(network, "host") && !string_eq(request->network, "host") &&
        !is_entitled(command, "network.host"))
        return error_set(err, "--network=host needs 'entitlements: [network.host]'");
    if (command->step.insecure && !request->privileged &&
        !is_entitled(command, "security.insecure"))
        return error_set(err, "--security=insecure needs 'entitlements: [security.insecure]'");
    command->step.insecure = command->step.insecure || request->privileged;
    return 0;
}

/* -- the key */

static void hash_list(struct stage_step *step, const struct string_list *list)
{
    for (size_t i = 0; i < list->count; i++)
        stage_step_hash(step, list->items[i]);
    stage_step_hash(step, "");
}

static int hash_command(const struct command *command, struct stage_step *step, struct error *err)
{
    const struct run_step *run = &command->step;

    stage_step_hash(step, "RUN");
    hash_list(step, &run->args);
    hash_list(step, &run->env);
    hash_list(step, &command->run->build->request->extra_hosts);
    stage_step_hash(step, run->cwd);
    stage_step_hash(step, run->user);
    stage_step_hash(step, run->network ? run->network : "");
    stage_step_hash(step, run->insecure ? "insecure" : "");
    stage_step_hash(step, command->script ? command->script : "");
    return step_mounts_hash(&command->mounts, step, err);
}

/* -- failures */

/* The last lines of what it has said. */
static const char *last_lines(const struct text *tail)
{
    const char *text = text_get(tail);
    const char *from = text + tail->length;
    unsigned lines = 0;

    while (from > text) {
        if (from[-1] == '\n' && from != text + tail->length && ++lines == SHOWN_LINES)
            break;
        from--;
    }
    return from;
}

static int fail(const struct command *command, int exit_code, const struct text *tail,
                struct error *err)
{
    const char *said = last_lines(tail);
    size_t length = strlen(said), most = sizeof(err->text) / 2;
    const char *hint = "(for a shell in the state before it: build --debug-shell)";

    if (length > most)
        said += length - most;
    if (command->run->build->builder->order->debug_shell)
        hint = "";
    return error_set(err, "exit code %d%s%s%s%s", exit_code, *said ? "\n" : "", said,
                     *hint && !string_ends_with(said, "\n") ? "\n" : "", hint);
}

/* -- the step */

static int prepare(struct command *command, struct error *err)
{
    struct stage_run *run = command->run;

    command->step = (struct run_step){
        .builder = run->build->builder,
        .request = run->build->request,
        .arena = run->arena,
        .cwd = image_draft_path(run->draft, "."),
        .user = image_draft_text(run->draft, "User"),
        .step_fd = -1,
    };
    find_arguments(command);
    find_environment(command);
    if (find_privileges(command, err) < 0)
        return -1;
    return step_mounts_read(run, command->instruction, command->script, &command->mounts, err);
}

/* In a directory of its own, which is the caller's to remove. What is opened for it is added to a
 * copy of the step: there may be another attempt. */
static int attempt(struct command *command, int *ret_step_fd, int *ret_exit_code, struct text *tail,
                   struct error *err)
{
    struct stage_run *run = command->run;
    struct builder *builder = run->build->builder;
    struct run_step step;
    int result;

    if (builder_make_directory(builder, run->arena, &command->step.step_path, ret_step_fd, err) < 0)
        return -1;
    step = command->step;
    step.step_fd = *ret_step_fd;
    result = image_draft_layers(run->draft, builder->pool, &step.layers, err);
    if (result == 0)
        result = step_mounts_open(&command->mounts, &step, err);
    if (result == 0)
        result = run_step(&step, ret_exit_code, tail, err);
    step_mounts_close(&command->mounts);
    return result;
}

/* A shell in place of the command, which is said before its container is started: by the time that
 * there is a prompt, nobody else draws on the terminal. What it writes is for nobody. */
static int give_shell(struct command *command, const struct report_step *report, struct error *err)
{
    struct string_list shell = image_draft_list(command->run->draft, "Shell");
    struct run_step *step = &command->step;
    scoped_fd int step_fd = -1;
    int exit_code, result;

    if (atomic_flag_test_and_set(&command->run->build->builder->had_shell))
        return 0;
    step->args = (struct string_list){0};
    string_list_add(command->run->arena, &step->args, shell.count > 0 ? shell.items[0] : "/bin/sh");
    step->interactive = true;
    build_report_shell(report, true);
    result = attempt(command, &step_fd, &exit_code, NULL, err);
    build_report_shell(report, false);
    if (step_fd >= 0)
        (void)!path_remove_tree(AT_FDCWD, step->step_path, NULL);
    return result < 0 ? error_wrap(err, "give a shell") : 0;
}

static int execute(struct command *command, struct stage_step *stage_step, struct error *err)
{
    scoped_text struct text tail = {0};
    scoped_fd int step_fd = -1;
    int exit_code = 0, result;

    command->step.report = &stage_step->report;
    add_proxies(command);
    result = attempt(command, &step_fd, &exit_code, &tail, err);
    if (result == 0 && exit_code == 0)
        result = stage_step_finish(stage_step, step_fd, err);
    else
        stage_step_failed(stage_step);
    if (step_fd >= 0)
        (void)!path_remove_tree(AT_FDCWD, command->step.step_path, NULL);
    if (result < 0 || exit_code == 0)
        return result;
    if (command->run->build->builder->order->debug_shell &&
        give_shell(command, &stage_step->report, err) < 0)
        return -1;
    return fail(command, exit_code, &tail, err);
}

int stage_run_command(struct stage_run *run, const struct instruction *instruction,
                      struct error *err)
{
    struct command command = {.run = run, .instruction = instruction};
    struct stage_step step;
    int result;

    if (prepare(&command, err) < 0)
        return -1;
    stage_step_begin(run, &step,
                     created_by_format(run->draft, instruction, run->evaluation.scope, run->arena));
    if (hash_command(&command, &step, err) < 0) {
        sha256_free(steal(step.hash));
        return -1;
    }
    if (stage_step_find(&step, &result, err))
        return result;
    stage_step_running(&step);
    return execute(&command, &step, err);
}
