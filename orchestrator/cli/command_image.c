/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `image` and its commands. Most say to the worker what they were told; its answer is theirs.
 */
#include "orchestrator/cli/command_image.h"

#include <stdio.h>
#include <unistd.h>

#include "common/fd.h"
#include "orchestrator/cli/image/image_worker.h"

static const struct cli_command image_commands[] = {
    {"import", "Make an image of a root file system", "[OPTIONS] FILE|- [REFERENCE]",
     command_import},
    {"inspect", "Show all that is known of images, as JSON", "IMAGE...", command_image_inspect},
    {"load", "Take images from an archive", "[OPTIONS] FILE", command_load},
    {"ls", "List images", "[OPTIONS] [REPOSITORY[:TAG]]", command_image_ls},
    {"prune", "Remove what nothing needs", "[OPTIONS]", command_image_prune},
    {"pull", "Pull images", "[OPTIONS] REFERENCE...", command_image_pull},
    {"push", "Push images", "[OPTIONS] REFERENCE...", command_image_push},
    {"rm", "Remove images", "[OPTIONS] IMAGE...", command_image_rm},
    {"save", "Write images into an archive", "[OPTIONS] IMAGE...", command_save},
    {"tag", "Give an image another name", "IMAGE REFERENCE", command_tag},
    {NULL, NULL, NULL, NULL},
};

int command_image(struct session *session, struct error *err)
{
    (void)err;
    return command_group_run(session, image_commands, "image ",
                             "Manage the images on this machine.");
}

/* -- what the worker does */

struct worker_call {
    struct session *session;
    struct string_list args;
};

static int call_start(struct session *session, const char *command, struct worker_call *ret_call,
                      struct error *err)
{
    struct roots roots;

    if (roots_find(session->arena, &roots, err) < 0)
        return -1;
    *ret_call =
        (struct worker_call){session, image_worker_args(session->arena, command, roots.data)};
    return 0;
}

static void call_add(struct worker_call *call, const char *arg)
{
    string_list_add(call->session->arena, &call->args, arg);
}

/* With nothing when there is no value. */
static void call_add_option(struct worker_call *call, const char *option, const char *value)
{
    if (!value)
        return;
    call_add(call, option);
    call_add(call, value);
}

static void call_add_all(struct worker_call *call, struct string_list list)
{
    call_add(call, "--"); /* names are no options, however they begin */
    for (size_t i = 0; i < list.count; i++)
        call_add(call, list.items[i]);
}

static int call_run(struct worker_call *call, struct error *err)
{
    int exit_code;

    return image_worker_run(call->args, &exit_code, err) < 0 ? -1 : exit_code;
}

int command_tag(struct session *session, struct error *err)
{
    const struct option_row rows[] = {{0, NULL, OPTION_END, NULL, NULL, NULL}};
    struct string_list operands = {0};
    struct worker_call call;
    int result = session_options(session, rows, false, &operands, err);

    if (result != 0)
        return result < 0 ? -1 : 0;
    if (operands.count != 2)
        return error_set(err, "tag: name an image and its new name");
    if (call_start(session, "tag", &call, err) < 0)
        return -1;
    call_add_all(&call, operands);
    return call_run(&call, err);
}

int command_save(struct session *session, struct error *err)
{
    const char *output = NULL, *format = NULL;
    const struct option_row rows[] = {
        {'o', "output", OPTION_STRING, &output, "FILE",
         "file, or directory for an OCI layout; '-' is standard output"},
        {0, "format", OPTION_STRING, &format, "FORMAT", "oci or docker"},
        {0, NULL, OPTION_END, NULL, NULL, NULL},
    };
    struct string_list operands = {0};
    struct worker_call call;
    int result = session_options(session, rows, false, &operands, err);

    if (result != 0)
        return result < 0 ? -1 : 0;
    if (operands.count == 0)
        return error_set(err, "save: name an image");
    if (!output && isatty(STDOUT_FILENO))
        return error_set(err, "save: an archive is nothing for a terminal: use --output");
    if (call_start(session, "save", &call, err) < 0)
        return -1;
    call_add_option(&call, "--format", format);
    call_add_option(&call, "--output", output ? output : "-");
    call_add_all(&call, operands);
    return call_run(&call, err);
}

int command_import(struct session *session, struct error *err)
{
    const char *message = NULL, *platform = NULL;
    struct string_list changes = {0}, operands = {0};
    const struct option_row rows[] = {
        {'c', "change", OPTION_LIST, &changes, "INSTRUCTION",
         "of a Dockerfile, to apply (repeatable)"},
        {'m', "message", OPTION_STRING, &message, "TEXT", "for the image's history"},
        {0, "platform", OPTION_STRING, &platform, "PLATFORM", "what it is for"},
        {0, NULL, OPTION_END, NULL, NULL, NULL},
    };
    struct worker_call call;
    int result = session_options(session, rows, false, &operands, err);

    if (result != 0)
        return result < 0 ? -1 : 0;
    if (operands.count < 1 || operands.count > 2)
        return error_set(err, "import: name an archive or '-', and perhaps a name for the image");
    if (call_start(session, "import", &call, err) < 0)
        return -1;
    for (size_t i = 0; i < changes.count; i++)
        call_add_option(&call, "--change", changes.items[i]);
    call_add_option(&call, "--message", message);
    call_add_option(&call, "--platform", platform);
    call_add_all(&call, operands);
    return call_run(&call, err);
}

int command_image_rm(struct session *session, struct error *err)
{
    bool force = false;
    const struct option_row rows[] = {
        {'f', "force", OPTION_FLAG, &force, NULL, "also what containers need"},
        {0, NULL, OPTION_END, NULL, NULL, NULL},
    };
    struct string_list operands = {0};
    struct worker_call call;
    int result = session_options(session, rows, false, &operands, err);

    if (result != 0)
        return result < 0 ? -1 : 0;
    if (operands.count == 0)
        return error_set(err, "image rm: name an image");
    if (call_start(session, "rm", &call, err) < 0)
        return -1;
    if (force)
        call_add(&call, "--force");
    call_add_all(&call, operands);
    return call_run(&call, err);
}

int command_image_inspect(struct session *session, struct error *err)
{
    const struct option_row rows[] = {{0, NULL, OPTION_END, NULL, NULL, NULL}};
    struct string_list operands = {0};
    struct worker_call call;
    int result = session_options(session, rows, false, &operands, err);

    if (result != 0)
        return result < 0 ? -1 : 0;
    if (operands.count == 0)
        return error_set(err, "image inspect: name an image");
    if (call_start(session, "inspect", &call, err) < 0)
        return -1;
    call_add_all(&call, operands);
    return call_run(&call, err);
}

/* Asks on the terminal, as docker does; no answer is no. */
static bool is_confirmed(bool all)
{
    char answer[8] = "";

    (void)printf("This removes all images that %s. Are you sure? [y/N] ",
                 all ? "no container needs" : "have no name");
    (void)fflush(stdout);
    return fgets(answer, sizeof(answer), stdin) && (answer[0] == 'y' || answer[0] == 'Y');
}

int command_image_prune(struct session *session, struct error *err)
{
    bool all = false, force = false;
    struct string_list filters = {0}, operands = {0};
    const struct option_row rows[] = {
        {'a', "all", OPTION_FLAG, &all, NULL, "also images with a name that no container needs"},
        {'f', "force", OPTION_FLAG, &force, NULL, "do not ask"},
        {0, "filter", OPTION_LIST, &filters, "until=AGE", "only what is older"},
        {0, NULL, OPTION_END, NULL, NULL, NULL},
    };
    struct worker_call call;
    int result = session_options(session, rows, false, &operands, err);

    if (result != 0)
        return result < 0 ? -1 : 0;
    if (operands.count > 0)
        return error_set(err, "image prune: unexpected '%s'", operands.items[0]);
    if (!force && !is_confirmed(all))
        return error_set(err, "image prune: not confirmed; --force does not ask");
    if (call_start(session, "prune", &call, err) < 0)
        return -1;
    if (all)
        call_add(&call, "--all");
    for (size_t i = 0; i < filters.count; i++)
        call_add_option(&call, "--filter", filters.items[i]);
    return call_run(&call, err);
}
