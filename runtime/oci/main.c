/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <linux/close_range.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/own_program.h"
#include "common/path.h"
#include "common/text.h"
#include "runtime/oci/call.h"
#include "runtime/oci/config.h"
#include "runtime/oci/version.h"

static const struct {
    const char *name;
    int (*run)(struct oci_call *call, struct error *err);
    bool enters; /* a copy of us gets into a container */
    const char *help;
} commands[] = {
    {"create", command_create, true, "make a container that waits for its start"},
    {"start", command_start, false, "start a created container"},
    {"run", command_run, true, "create and start a container"},
    {"state", command_state, false, "show a container's state as JSON"},
    {"list", command_list, false, "list containers"},
    {"ps", command_ps, false, "list a container's processes"},
    {"exec", command_exec, true, "run another program in a container"},
    {"kill", command_kill, false, "send a signal"},
    {"delete", command_delete, false, "remove a container"},
    {"pause", command_pause, false, "stop all processes where they are"},
    {"resume", command_resume, false, "let them go on"},
    {"update", command_update, false, "change resource limits"},
    {"mounts", command_mounts, true,
     "mount further things in a running container, or unmount them"},
    {"events", command_events, false, "show what a container uses, and out-of-memory kills"},
    {"spec", command_spec, false, "write a config.json to begin with"},
    {"features", command_features, false, "show what is implemented, as JSON"},
};

static void print_help(const struct option_row *rows)
{
    scoped_text struct text help = {0};

    options_help(rows, &help);
    (void)printf("Usage: yawl-oci [OPTIONS] COMMAND\n\nCommands:\n");
    for (size_t i = 0; i < ARRAY_LENGTH(commands); i++)
        (void)printf("  %-10s %s\n", commands[i].name, commands[i].help);
    (void)printf("\nOptions:\n%s", text_get(&help));
}

/* Where runc and crun would look, with our name. */
static const char *default_root(struct arena *arena)
{
    const char *runtime_dir = getenv("XDG_RUNTIME_DIR");

    if (geteuid() != 0 && runtime_dir && *runtime_dir == '/')
        return arena_printf(arena, "%s/yawl-oci", runtime_dir);
    return "/run/yawl-oci";
}

static int dispatch(struct oci_call *call, struct string_list words, char **argv, struct error *err)
{
    call->name = words.items[0];
    call->args = (struct string_list){words.items + 1, words.count - 1};
    for (size_t i = 0; i < ARRAY_LENGTH(commands); i++) {
        if (!string_eq(commands[i].name, call->name))
            continue;
        if (commands[i].enters && own_program_protect(argv, err) < 0)
            return -1;
        (void)close_range(3, ~0U, CLOSE_RANGE_CLOEXEC);
        return commands[i].run(call, err);
    }
    return error_set(err, "there is no command '%s': see yawl-oci --help", call->name);
}

struct global_options {
    const char *root, *log_format, *rootless, *cgroup_manager;
    bool help, version;
};

/* A path, or crun's words for it: "file:PATH", "syslog:NAME". */
static int choose_log(struct oci_call *call, struct error *err)
{
    size_t kind = call->log ? strcspn(call->log, "/:") : 0;

    if (!call->log || call->log[kind] != ':')
        return 0;
    if (string_starts_with(call->log, "syslog:")) {
        call->syslog_name = call->log + kind + 1;
        call->log = NULL;
        return 0;
    }
    if (!string_starts_with(call->log, "file:"))
        return error_set(err, "--log: '%s' is neither a path nor begins with 'file:' or 'syslog:'",
                         call->log);
    call->log += kind + 1;
    return 0;
}

static int check_options(const struct global_options *options, struct oci_call *call,
                         struct error *err)
{
    char *cwd = NULL;

    if (options->cgroup_manager && !string_eq(options->cgroup_manager, "cgroupfs") &&
        !string_eq(options->cgroup_manager, "systemd"))
        return error_set(err, "--cgroup-manager: '%s' is neither cgroupfs nor systemd",
                         options->cgroup_manager);
    call->systemd_cgroup = call->systemd_cgroup || string_eq(options->cgroup_manager, "systemd");
    if (options->rootless && !string_eq(options->rootless, "auto") &&
        !string_eq(options->rootless, "true") && !string_eq(options->rootless, "false"))
        return error_set(err, "--rootless: '%s' is none of auto, true, false", options->rootless);
    if (options->log_format && !string_eq(options->log_format, "text") &&
        !string_eq(options->log_format, "json"))
        return error_set(err, "--log-format: '%s' is neither text nor json", options->log_format);
    if (choose_log(call, err) < 0)
        return -1;
    call->log_json = string_eq(options->log_format, "json");
    cwd = realpath(".", NULL);
    call->root = options->root ? path_join(call->arena, cwd ? cwd : "/", options->root)
                               : default_root(call->arena);
    free(cwd);
    return 0;
}

static int run(struct oci_call *call, char **argv, struct error *err)
{
    struct global_options options = {0};
    const struct option_row rows[] = {
        {0, "root", OPTION_STRING, &options.root, "DIR", "where containers' states are kept"},
        {0, "log", OPTION_STRING, &call->log, "FILE", "where errors go besides"},
        {0, "log-format", OPTION_STRING, &options.log_format, "text|json", "how they are written"},
        {0, "debug", OPTION_FLAG, &call->debug, NULL, "taken for runc's sake"},
        {0, "systemd-cgroup", OPTION_FLAG, &call->systemd_cgroup, NULL,
         "control groups are scope units of systemd"},
        {0, "cgroup-manager", OPTION_STRING, &options.cgroup_manager, "cgroupfs|systemd",
         "who makes control groups"},
        {0, "rootless", OPTION_STRING, &options.rootless, "auto|true|false",
         "taken for runc's sake"},
        {'h', "help", OPTION_FLAG, &options.help, NULL, "show this"},
        {'v', "version", OPTION_FLAG, &options.version, NULL, "show the version"},
        {0},
    };
    struct option_parse parse = {call->arena, rows, true};
    struct string_list words = {0}, args = {0};

    for (char **at = argv; at[0] && at[1]; at++)
        string_list_add(call->arena, &args, at[1]);
    if (options_parse(&parse, args, &words, err) < 0 || check_options(&options, call, err) < 0)
        return -1;
    if (options.version) {
        (void)printf("yawl-oci version %s\nspec: %s\n", YAWL_VERSION, OCI_VERSION);
        return 0;
    }
    if (options.help || words.count == 0) {
        print_help(rows);
        return options.help ? 0 : 1;
    }
    return dispatch(call, words, argv, err);
}

/* 0 to 2 must be something, or what is opened first would become the container's. */
static void fill_standard_descriptors(void)
{
    int fd;

    do {
        fd = open("/dev/null", O_RDWR | O_NOCTTY);
    } while (fd >= 0 && fd < 3);
    if (fd >= 3)
        (void)close(fd);
}

int main(int argc, char **argv)
{
    scoped(arena_free) struct arena *arena = arena_new();
    struct oci_call call = {.arena = arena};
    struct error err = {0};
    int status;

    fill_standard_descriptors();
    (void)umask(022);
    (void)argc;
    status = run(&call, argv, &err);
    if (status >= 0)
        return status;
    call_report(&call, "error", err.text);
    return 1;
}
