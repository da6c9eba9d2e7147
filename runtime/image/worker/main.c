/* SPDX-License-Identifier: Apache-2.0 */
/*
 * yawl-image: the program that writes the image store, so that yawl itself stays small and
 * single-threaded.
 *
 *     yawl-image load  --data-root DIR [--reference REF] [--quiet] FILE|DIR|-
 *     yawl-image list  --data-root DIR
 *     yawl-image rm    --data-root DIR REF...
 *     yawl-image prune --data-root DIR
 *     yawl-image pull  --data-root DIR [--events] REF[,platform=P][,digest=D]...
 *     yawl-image push  --data-root DIR [--events] REF...
 *     yawl-image resolve --data-root DIR REF...
 *
 * Results go to stdout, a line each; what went wrong goes to stderr and the exit status is 1, or 2
 * for a command line that makes no sense.
 */
#include <getopt.h>
#include <stdio.h>
#include <sys/stat.h>

#include "common/text.h"
#include "runtime/image/worker/commands.h"

static const struct command {
    const char *name;
    int (*run)(const struct command_options *options, struct error *err);
    int min_operands, max_operands;
} commands[] = {
    {"load", command_load, 1, 1},
    {"list", command_list, 0, 0},
    {"rm", command_rm, 1, 1000},
    {"prune", command_prune, 0, 0},
    {"pull", command_pull, 1, 10000},
    {"push", command_push, 1, 10000},
    {"resolve", command_resolve, 1, 10000},
};

enum { OPTION_DATA_ROOT = 1, OPTION_REFERENCE, OPTION_QUIET, OPTION_EVENTS };

static const struct option long_options[] = {
    {"data-root", required_argument, NULL, OPTION_DATA_ROOT},
    {"reference", required_argument, NULL, OPTION_REFERENCE},
    {"quiet", no_argument, NULL, OPTION_QUIET},
    {"events", no_argument, NULL, OPTION_EVENTS},
    {0},
};

static int usage(void)
{
    (void)fprintf(stderr,
                  "usage: yawl-image load --data-root DIR [--reference REF] [--quiet] FILE|DIR|-\n"
                  "       yawl-image list --data-root DIR\n"
                  "       yawl-image rm --data-root DIR REF...\n"
                  "       yawl-image prune --data-root DIR\n"
                  "       yawl-image pull --data-root DIR [--events] "
                  "REF[,platform=P][,digest=D]...\n"
                  "       yawl-image push --data-root DIR [--events] REF...\n"
                  "       yawl-image resolve --data-root DIR REF...\n");
    return 2;
}

static bool read_options(int argc, char **argv, struct command_options *out)
{
    int option;

    while ((option = getopt_long(argc, argv, "q", long_options, NULL)) != -1) {
        if (option == OPTION_DATA_ROOT)
            out->data_root = optarg;
        else if (option == OPTION_REFERENCE)
            out->reference = optarg;
        else if (option == OPTION_QUIET || option == 'q')
            out->quiet = true;
        else if (option == OPTION_EVENTS)
            out->events = true;
        else
            return false;
    }
    out->operands = argv + optind;
    out->n_operands = argc - optind;
    return out->data_root != NULL;
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
    struct command_options options = {0};
    struct error err = {0};

    if (!command || !read_options(argc - 1, argv + 1, &options) ||
        options.n_operands < command->min_operands || options.n_operands > command->max_operands)
        return usage();
    /* Modes are given one by one. */
    (void)umask(0);
    if (command->run(&options, &err) < 0) {
        if (*err.text)
            (void)fprintf(stderr, "yawl-image: %s\n", err.text);
        return 1;
    }
    return fflush(stdout) == 0 ? 0 : 1;
}
