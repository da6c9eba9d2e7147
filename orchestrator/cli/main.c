/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The program: a command line for people, and the roles that it starts itself in.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "common/fd.h"
#include "common/log.h"
#include "common/namespace_lock.h"
#include "net/hub.h"
#include "net/worker.h"
#include "orchestrator/cli/command.h"
#include "orchestrator/cli/completion.h"
#include "orchestrator/cli/version.h"
#include "orchestrator/supervise/keeper.h"
#include "orchestrator/supervise/supervisor.h"

extern char **environ;

const struct cli_command commands[] = {
    {"attach", "Join a running container's input and output", "[OPTIONS] SERVICE", command_attach},
    {"build", "Build the images of services", "[OPTIONS] [SERVICE...]", command_build},
    {"check", "Say all that is wrong or doubtful in the files", "[OPTIONS] [SERVICE...]",
     command_check},
    {"completion", "Print what a shell needs to complete command lines", "bash|fish|zsh",
     command_completion, .outside = true},
    {"config", "Show the project as it was understood", "[OPTIONS] [SERVICE...]", command_config,
     .outside = true},
    {"convert", "The same as config", "[OPTIONS] [SERVICE...]", command_config, .outside = true},
    {"cp", "Copy files between a container and this machine",
     "[OPTIONS] SERVICE:PATH PATH | PATH SERVICE:PATH", command_cp},
    {"create", "Create containers without starting them", "[OPTIONS] [SERVICE...]", command_create,
     .plans = true},
    {"down", "Stop and remove everything of the project", "[OPTIONS] [SERVICE...]", command_down},
    {"events", "Show what happens to containers", "[OPTIONS] [SERVICE...]", command_events},
    {"exec", "Run a program inside a running container", "[OPTIONS] SERVICE COMMAND [ARG...]",
     command_exec},
    {"image", "Manage the images on this machine", "COMMAND", command_image},
    {"images", "List the images of containers", "[OPTIONS] [SERVICE...]", command_images},
    {"import", "Make an image of a root file system", "[OPTIONS] FILE|- [REFERENCE]",
     command_import},
    {"kill", "Send a signal to containers", "[OPTIONS] [SERVICE...]", command_kill},
    {"load", "Take images from an archive", "[OPTIONS] FILE", command_load},
    {"lock", "Write down what the images are, in compose.lock", "[OPTIONS] [SERVICE...]",
     command_lock},
    {"logs", "Show what containers wrote", "[OPTIONS] [SERVICE...]", command_logs},
    {"ls", "List projects", "[OPTIONS]", command_ls},
    {"net", "Show networks, addresses, names and ports", "[OPTIONS]", command_net},
    {"network", "Manage the networks that projects share", "COMMAND", command_network},
    {"pause", "Stop containers' processes where they are", "[SERVICE...]", command_pause},
    {"plan", "Say what `up` would change, and why", "[OPTIONS] [SERVICE...]", command_plan,
     .plans = true},
    {"port", "Show where a container's port is published", "[OPTIONS] [SERVICE [PORT]]",
     command_port},
    {"ps", "List containers", "[OPTIONS] [SERVICE...]", command_ps},
    {"pull", "Pull the images of services", "[OPTIONS] [SERVICE...]", command_pull},
    {"push", "Push the images of services", "[OPTIONS] [SERVICE...]", command_push},
    {"restart", "Stop and start containers", "[OPTIONS] [SERVICE...]", command_restart},
    {"restore", "Bring up again what was up before a reboot", "[PROJECT...]", command_restore},
    {"rm", "Remove stopped containers", "[OPTIONS] [SERVICE...]", command_rm},
    {"run", "Run one container of a service", "[OPTIONS] SERVICE [COMMAND [ARG...]]", command_run},
    {"save", "Write images into an archive", "[OPTIONS] IMAGE...", command_save},
    {"scale", "Change how many containers services have", "[OPTIONS] SERVICE=COUNT...",
     command_scale, .plans = true},
    {"start", "Start containers that exist", "[OPTIONS] [SERVICE...]", command_start},
    {"stats", "Show what containers use", "[OPTIONS] [SERVICE...]", command_stats},
    {"stop", "Stop containers", "[OPTIONS] [SERVICE...]", command_stop},
    {"tag", "Give an image another name", "IMAGE REFERENCE", command_tag},
    {"timeline", "Show what the last start of the project took its time for", "[OPTIONS]",
     command_timeline},
    {"top", "Show the processes of containers", "[SERVICE...]", command_top},
    {"unpause", "Let paused containers go on", "[SERVICE...]", command_unpause},
    {"up", "Create and start what the Compose file describes", "[OPTIONS] [SERVICE...]", command_up,
     .plans = true},
    {"version", "Show the version", "[OPTIONS]", command_version, .outside = true},
    {"volumes", "List the volumes of the project", "[OPTIONS] [SERVICE...]", command_volumes},
    {"wait", "Wait until containers have ended", "[OPTIONS] SERVICE...", command_wait},
    {"watch", "Put what changes on the host into containers, or rebuild", "[OPTIONS] [SERVICE...]",
     command_watch},
    {"why", "Say why a service is as it is", "[OPTIONS] SERVICE", command_why},
    {NULL, NULL, NULL, NULL},
};

static void usage_print(const struct option_row *rows)
{
    scoped_text struct text out = {0};

    text_append(&out,
                "Usage: yawl [OPTIONS] COMMAND\n\nCompose stacks without a daemon.\n\nOptions:\n");
    options_help(rows, &out);
    command_table_help(commands, &out);
    text_append(&out, "\nRun 'yawl COMMAND --help' for a command's options.\n");
    (void)!fd_write_all(STDOUT_FILENO, out.data, out.length);
}

/* `help [COMMAND]` */
static int help_run(struct session *session, struct string_list operands,
                    const struct option_row *rows)
{
    if (operands.count < 2) {
        usage_print(rows);
        return 0;
    }
    string_list_add(session->arena, &session->args, "--help");
    return command_table_run(session, commands, operands.items[1]);
}

/* Goes on with a command line instead of running it. */
static int session_complete(struct session *session, const struct option_parse *parse,
                            struct string_list args)
{
    struct string_list operands = {0};

    if (options_parse(parse, args, &operands, NULL) < 0 || operands.count == 0) {
        completion_fill(session, parse, args, commands);
        return completion_print(session->completion);
    }
    for (size_t i = 1; i < operands.count; i++)
        string_list_add(session->arena, &session->args, operands.items[i]);
    (void)command_table_run(session, commands, operands.items[0]);
    return completion_print(session->completion);
}

static int session_run(struct session *session, struct string_list args)
{
    bool help = false, version = false, debug = false;
    const char *parallel = NULL;
    const struct option_row rows[] = {
        {'f', "file", OPTION_LIST, &session->compose.files, "FILE", "Compose file (repeatable)"},
        {'p', "project-name", OPTION_STRING, &session->compose.project_name, "NAME",
         "project name"},
        {0, "project-directory", OPTION_STRING, &session->compose.project_directory, "DIR",
         "base of relative paths"},
        {0, "env-file", OPTION_LIST, &session->compose.env_files, "FILE", "instead of .env"},
        {0, "profile", OPTION_LIST, &session->compose.profiles, "NAME", "enable a profile"},
        {0, "ansi", OPTION_STRING, &session->ansi, "WHEN", "never, always or auto"},
        {0, "progress", OPTION_STRING, &session->progress, "TYPE",
         "auto, tty, plain, json or quiet"},
        {0, "compatibility", OPTION_FLAG, &session->compose.compatible, NULL,
         "name containers with '_', as docker-compose did"},
        {0, "all-resources", OPTION_FLAG, &session->compose.all_resources, NULL,
         "networks and volumes too that no service uses"},
        {0, "dry-run", OPTION_FLAG, &session->dry_run, NULL,
         "tell what `up`, `create` or `scale` would do"},
        {0, "parallel", OPTION_STRING, &parallel, "NUMBER", "accepted; nothing is held back"},
        {0, "verbose", OPTION_FLAG, &debug, NULL, "the same as --debug"},
        {0, "debug", OPTION_FLAG, &debug, NULL, "say more"},
        {'v', "version", OPTION_FLAG, &version, NULL, "show the version"},
        {'h', "help", OPTION_FLAG, &help, NULL, "show this"},
        {0, NULL, OPTION_END, NULL, NULL, NULL},
    };
    struct option_parse parse = {.arena = session->arena, .rows = rows, .stop_at_operand = true};
    struct string_list operands = {0};
    struct error err = {0};

    if (session->completion)
        return session_complete(session, &parse, args);
    if (options_parse(&parse, args, &operands, &err) < 0) {
        log_error("%s", err.text);
        return 1;
    }
    if (debug)
        log_set_level(LOG_LEVEL_DEBUG);
    if (version)
        return command_table_run(session, commands, "version");
    if (help || operands.count == 0) {
        usage_print(rows);
        return help ? 0 : 1;
    }
    for (size_t i = 0; i < args.count - operands.count; i++)
        string_list_add(session->arena, &session->global, args.items[i]);
    if (string_eq(operands.items[0], "help"))
        return help_run(session, operands, rows);
    for (size_t i = 1; i < operands.count; i++)
        string_list_add(session->arena, &session->args, operands.items[i]);
    return command_table_run(session, commands, operands.items[0]);
}

/*
 * As `docker-compose`, or as the plugin of docker's that has this name: `docker compose up` runs
 * "docker-compose compose up", once "docker-compose docker-cli-plugin-metadata" has said what it
 * is. Returns how many arguments were for that, or -1 when that was all.
 */
static int plugin_arguments(int argc, char **argv)
{
    if (argc < 2 || !string_eq(program_invocation_short_name, "docker-compose"))
        return 0;
    if (string_eq(argv[1], "compose"))
        return 1;
    if (argc > 2 && completion_is_asked(argv[1]) && string_eq(argv[2], "compose")) {
        argv[2] = argv[1];
        return 1;
    }
    if (!string_eq(argv[1], "docker-cli-plugin-metadata"))
        return 0;
    (void)printf("{\"SchemaVersion\":\"0.1.0\",\"Vendor\":\"yawl\",\"Version\":\"%s\","
                 "\"ShortDescription\":\"Compose stacks without a daemon\"}\n",
                 YAWL_VERSION);
    return -1;
}

static int cli_main(int argc, char **argv)
{
    scoped(arena_free) struct arena *arena = arena_new();
    scoped(free) char *working_dir = getcwd(NULL, 0);
    struct session session = {.arena = arena, .argv = argv};
    struct completion completion;
    struct string_list args = {0};
    int skipped = plugin_arguments(argc, argv);

    if (skipped < 0)
        return 0;
    if (!working_dir) {
        log_error("the current directory does not exist any more");
        return 1;
    }
    session.compose.working_dir = working_dir;
    session.compose.environment = (const char *const *)environ;
    for (int i = 1 + skipped; i < argc; i++)
        string_list_add(arena, &args, argv[i]);
    if (completion_begin(&completion, &args))
        session.completion = &completion;
    return session_run(&session, args);
}

/* -1: the arguments name no role. */
static int role_main(char **argv)
{
    const char *role = argv[1];
    struct error err = {0};

    if (strcmp(role, ROLE_KEEPER) != 0 && strcmp(role, ROLE_SUPERVISOR) != 0 &&
        strcmp(role, ROLE_NET_WORKER) != 0 && strcmp(role, ROLE_HUB) != 0)
        return -1;
    /* Before Linux 6.14, who is executed by a descriptor is called by its number. */
    (void)prctl(PR_SET_NAME, program_invocation_short_name);
    if (namespace_lock_hold(&err) < 0) {
        log_error("%s", err.text);
        return 1;
    }
    if (strcmp(role, ROLE_KEEPER) == 0)
        return keeper_main(argv[2], atoi(argv[3]), argv[4]);
    if (strcmp(role, ROLE_SUPERVISOR) == 0)
        return supervisor_main(argv[2], atoi(argv[3]), atoi(argv[4]));
    if (strcmp(role, ROLE_HUB) == 0)
        return hub_main(argv[2], atoi(argv[3]), atoi(argv[4]));
    return net_worker_main(atoi(argv[3]));
}

int main(int argc, char **argv)
{
    int result = argc == 5 ? role_main(argv) : -1;

    return result >= 0 ? result : cli_main(argc, argv);
}
