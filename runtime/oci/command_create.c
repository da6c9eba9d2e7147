/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "runtime/oci/console.h"
#include "runtime/oci/life.h"
#include "runtime/oci/notify_socket.h"
#include "runtime/oci/preserved.h"

/* What create and run have in common. */
struct create_options {
    const char *bundle, *config, *pid_file, *console_socket, *preserve_fds;
    bool no_pivot, no_new_keyring, no_subreaper;
    bool detach, keep; /* run's */
};

static int creation_of(const struct create_options *options, const char *id,
                       struct oci_creation *ret_creation, struct error *err)
{
    *ret_creation = (struct oci_creation){
        .id = id,
        .bundle = options->bundle ? options->bundle : ".",
        .config = options->config ? options->config : "config.json",
        .pid_file = options->pid_file,
        .console_socket = options->console_socket,
        .no_new_keyring = options->no_new_keyring,
        .no_pivot = options->no_pivot,
    };
    return preserved_count(options->preserve_fds, &ret_creation->n_preserved, err);
}

enum { CREATE_ROWS = 7, RUN_ROWS = 3 };

static void fill_rows(struct create_options *o, struct option_row rows[CREATE_ROWS])
{
    const struct option_row all[CREATE_ROWS] = {
        {'b', "bundle", OPTION_STRING, &o->bundle, "DIR", "folder with config.json"},
        {'f', "config", OPTION_STRING, &o->config, "FILE", "another name for config.json"},
        {0, "console-socket", OPTION_STRING, &o->console_socket, "SOCKET",
         "unix socket that takes the terminal"},
        {0, "pid-file", OPTION_STRING, &o->pid_file, "FILE", "where to write the pid"},
        {0, "preserve-fds", OPTION_STRING, &o->preserve_fds, "N",
         "descriptors from 3 on to pass on"},
        {0, "no-pivot", OPTION_FLAG, &o->no_pivot, NULL,
         "cover the old root instead of leaving it, for a host on a ramfs"},
        {0, "no-new-keyring", OPTION_FLAG, &o->no_new_keyring, NULL,
         "keep the caller's session keyring"},
    };

    memcpy(rows, all, sizeof(all));
}

int command_create(struct oci_call *call, struct error *err)
{
    struct create_options options = {0};
    struct option_row rows[CREATE_ROWS + 1] = {{0}};
    const struct oci_usage usage = {"create [OPTIONS] ID", rows, 1, false};
    struct oci_container container;
    struct oci_creation creation;
    struct string_list operands = {0};
    int result;

    fill_rows(&options, rows);
    result = call_options(call, &usage, &operands, err);
    if (result != 0)
        return result < 0 ? -1 : 0;
    if (creation_of(&options, operands.items[0], &creation, err) < 0)
        return -1;
    result = life_create(call, &creation, &container, err);
    oci_container_close(&container);
    return result;
}

/* Its other side, until it ends. */
static int stay(const struct create_options *options, const struct oci_container *container,
                struct error *err)
{
    int master_fd = options->console_socket ? -1 : container_tty_fd(container->handle);
    pid_t teller;
    int status;

    if (notify_socket_pass_on_aside(container, &teller, err) < 0)
        return -1;
    status = console_wait(container_pidfd(container->handle), master_fd, err);
    notify_socket_end(teller);
    return status;
}

/* Starts it, and stays unless it is to run alone. Meanwhile others may end and delete it. */
static int run(struct oci_call *call, const struct create_options *options,
               struct oci_container *container, struct error *err)
{
    struct error delete_err = {0};
    int status;

    if (life_start(call, container, err) < 0)
        return -1;
    oci_container_unlock(container);
    if (options->detach)
        return notify_socket_pass_on(container, err);
    status = stay(options, container, err);
    if (!options->keep && life_delete_watched(call, container, &delete_err) < 0)
        call_report(call, "error", delete_err.text);
    return status;
}

int command_run(struct oci_call *call, struct error *err)
{
    struct create_options options = {0};
    struct option_row rows[CREATE_ROWS + RUN_ROWS + 1] = {
        {'d', "detach", OPTION_FLAG, &options.detach, NULL, "do not wait for the end"},
        {0, "keep", OPTION_FLAG, &options.keep, NULL, "do not delete it after its end"},
        {0, "no-subreaper", OPTION_FLAG, &options.no_subreaper, NULL,
         "nothing: only the container's process is ever waited for"},
    };
    const struct oci_usage usage = {"run [OPTIONS] ID", rows, 1, false};
    struct oci_container container;
    struct oci_creation creation;
    struct string_list operands = {0};
    int result;

    fill_rows(&options, rows + RUN_ROWS);
    result = call_options(call, &usage, &operands, err);
    if (result != 0)
        return result < 0 ? -1 : 0;
    if (creation_of(&options, operands.items[0], &creation, err) < 0)
        return -1;
    creation.starts_at_once = true;
    creation.is_foreground = !options.detach;
    result = life_create(call, &creation, &container, err);
    if (result == 0)
        result = run(call, &options, &container, err);
    oci_container_close(&container);
    return result;
}
