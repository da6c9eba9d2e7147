/* SPDX-License-Identifier: Apache-2.0 */
/*
 * yawl-image: the program that writes the image store, so that yawl itself stays small and
 * single-threaded.
 *
 * Results go to stdout; what went wrong goes to stderr and the exit status is 1, or 2 for a command
 * line that makes no sense.
 */
#include <getopt.h>
#include <stdio.h>
#include <sys/stat.h>

#include "common/namespace_lock.h"
#include "common/own_program.h"
#include "common/text.h"
#include "runtime/image/image_digest.h"
#include "runtime/image/image_reference.h"
#include "runtime/image/worker/commands.h"

/* Each option is a bit, so that a command can say which it takes. */
enum {
    OPTION_DATA_ROOT = 1,
    OPTION_REFERENCE = 2,
    OPTION_QUIET = 4,
    OPTION_EVENTS = 8,
    OPTION_FORMAT = 16,
    OPTION_OUTPUT = 32,
    OPTION_CHANGE = 64,
    OPTION_MESSAGE = 128,
    OPTION_PLATFORM = 256,
    OPTION_FORCE = 512,
    OPTION_ALL = 1024,
    OPTION_FILTER = 2048,
};

enum { MANY = 1000 };

static const struct command {
    const char *name;
    int (*run)(const struct command_options *options, struct error *err);
    int min_operands, max_operands;
    int options; /* besides OPTION_DATA_ROOT */
    const char *usage;
} commands[] = {
    {"load", command_load, 1, 1, OPTION_REFERENCE | OPTION_QUIET | OPTION_EVENTS,
     "[--reference REF] [--quiet] [--events] FILE|DIR|-"},
    {"save", command_save, 1, MANY, OPTION_FORMAT | OPTION_OUTPUT,
     "[--format oci|docker] --output FILE|DIR|- REF..."},
    {"import", command_import, 1, 2, OPTION_CHANGE | OPTION_MESSAGE | OPTION_PLATFORM,
     "[--change INSTRUCTION]... [--message TEXT] [--platform P] FILE|- [REF]"},
    {"tag", command_tag, 2, 2, 0, "SOURCE TARGET"},
    {"list", command_list, 0, 0, OPTION_FORMAT, "[--format json]"},
    {"inspect", command_inspect, 1, MANY, 0, "REF..."},
    {"rm", command_rm, 1, MANY, OPTION_FORCE, "[--force] REF..."},
    {"pull", command_pull, 1, MANY, OPTION_EVENTS, "[--events] REF[,platform=P][,digest=D]..."},
    {"push", command_push, 1, MANY, OPTION_EVENTS, "[--events] REF..."},
    {"resolve", command_resolve, 1, MANY, 0, "REF..."},
    {"build", command_build, 1, 1, OPTION_EVENTS, "ORDER.json"},
    {"net-worker", command_net_worker, 1, 1, 0, "SOCKET"},
    {"prune-steps", command_prune_steps, 0, 0, OPTION_ALL | OPTION_FILTER,
     "[--all] [--filter until=TIME]"},
    {"prune", command_prune, 0, 0, OPTION_ALL | OPTION_FILTER, "[--all] [--filter until=TIME]"},
};

static const struct option long_options[] = {
    {"data-root", required_argument, NULL, OPTION_DATA_ROOT},
    {"reference", required_argument, NULL, OPTION_REFERENCE},
    {"quiet", no_argument, NULL, OPTION_QUIET},
    {"events", no_argument, NULL, OPTION_EVENTS},
    {"format", required_argument, NULL, OPTION_FORMAT},
    {"output", required_argument, NULL, OPTION_OUTPUT},
    {"change", required_argument, NULL, OPTION_CHANGE},
    {"message", required_argument, NULL, OPTION_MESSAGE},
    {"platform", required_argument, NULL, OPTION_PLATFORM},
    {"force", no_argument, NULL, OPTION_FORCE},
    {"all", no_argument, NULL, OPTION_ALL},
    {"filter", required_argument, NULL, OPTION_FILTER},
    {0},
};

void command_complain(const struct error *err)
{
    (void)fprintf(stderr, "yawl-image: %s\n", err->text);
}

const char *command_familiar(const char *text, struct arena *arena)
{
    struct image_reference reference;

    if (image_digest_is_valid(text) || image_reference_parse(text, arena, &reference, NULL) < 0)
        return text;
    return image_reference_familiar(&reference, arena);
}

static int usage(void)
{
    for (size_t i = 0; i < ARRAY_LENGTH(commands); i++)
        (void)fprintf(stderr, "%s yawl-image %s --data-root DIR %s\n", i == 0 ? "usage:" : "      ",
                      commands[i].name, commands[i].usage);
    return 2;
}

static void take_option(struct command_options *out, int option)
{
    switch (option) {
    case OPTION_DATA_ROOT:
        out->data_root = optarg;
        break;
    case OPTION_REFERENCE:
        out->reference = optarg;
        break;
    case OPTION_QUIET:
        out->quiet = true;
        break;
    case OPTION_EVENTS:
        out->events = true;
        break;
    case OPTION_FORMAT:
        out->format = optarg;
        break;
    case OPTION_OUTPUT:
        out->output = optarg;
        break;
    case OPTION_CHANGE:
        string_list_add(out->arena, &out->changes, optarg);
        break;
    case OPTION_MESSAGE:
        out->message = optarg;
        break;
    case OPTION_PLATFORM:
        out->platform = optarg;
        break;
    case OPTION_FORCE:
        out->force = true;
        break;
    case OPTION_ALL:
        out->all = true;
        break;
    default:
        string_list_add(out->arena, &out->filters, optarg);
        break;
    }
}

static bool read_options(const struct command *command, int argc, char **argv,
                         struct command_options *out)
{
    int option;

    while ((option = getopt_long(argc, argv, "", long_options, NULL)) != -1) {
        if (option == '?' || ((command->options | OPTION_DATA_ROOT) & option) == 0)
            return false;
        take_option(out, option);
    }
    out->operands = argv + optind;
    out->n_operands = argc - optind;
    if ((command->options & OPTION_OUTPUT) && !out->output)
        return false;
    return out->data_root && out->n_operands >= command->min_operands &&
           out->n_operands <= command->max_operands;
}

static const struct command *find_command(const char *name)
{
    for (size_t i = 0; i < ARRAY_LENGTH(commands); i++) {
        if (string_eq(commands[i].name, name))
            return &commands[i];
    }
    return NULL;
}

int main(int argc, char **argv)
{
    const struct command *command = argc > 1 ? find_command(argv[1]) : NULL;
    scoped(arena_free) struct arena *arena = arena_new();
    struct command_options options = {.arena = arena};
    struct error err = {0};

    if (!command || !read_options(command, argc - 1, argv + 1, &options))
        return usage();
    /* Modes are given one by one. */
    (void)umask(0);
    if ((command->run == command_build && own_program_protect(argv, &err) < 0) ||
        namespace_lock_hold(&err) < 0 || command->run(&options, &err) < 0) {
        if (*err.text)
            command_complain(&err);
        (void)fflush(stdout);
        return 1;
    }
    return fflush(stdout) == 0 ? 0 : 1;
}
