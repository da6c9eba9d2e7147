/* SPDX-License-Identifier: Apache-2.0 */
#include <ctype.h>
#include <errno.h>
#include <regex.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "runtime/cgroup/cgroup.h"
#include "runtime/oci/life.h"
#include "runtime/oci/notify_socket.h"

static const struct option_row no_rows[] = {{0}};

/* Opens the container that a command without options names. Gives 1 where help was asked for. */
static int open_named(struct oci_call *call, const char *usage_text, unsigned how,
                      struct oci_container *ret_container, struct error *err)
{
    const struct oci_usage usage = {usage_text, no_rows, 1, false};
    struct string_list operands = {0};
    int result = call_options(call, &usage, &operands, err);

    *ret_container = OCI_CONTAINER_NONE;
    if (result != 0)
        return result;
    return oci_container_open(call, operands.items[0], how, ret_container, err);
}

int command_start(struct oci_call *call, struct error *err)
{
    struct oci_container container;
    int result = open_named(call, "start ID", OCI_LOCKED, &container, err);

    if (result == 0)
        result = life_start(call, &container, err);
    if (result == 0) {
        oci_container_unlock(&container);
        result = notify_socket_pass_on(&container, err);
    }
    oci_container_close(&container);
    return result < 0 ? -1 : 0;
}

static int freeze(struct oci_call *call, bool frozen, struct error *err)
{
    enum oci_status wanted = frozen ? OCI_RUNNING : OCI_PAUSED;
    struct oci_container container;
    int result = open_named(call, frozen ? "pause ID" : "resume ID", OCI_LOCKED, &container, err);
    bool is_possible = container.status == wanted || (frozen && container.status == OCI_CREATED);

    if (result == 0 && !is_possible)
        result = error_set(err, "container '%s' is %s, not %s", container.record.id,
                           oci_status_name(container.status), oci_status_name(wanted));
    else if (result == 0)
        result = container_freeze(container.handle, frozen, err);
    oci_container_close(&container);
    return result < 0 ? -1 : 0;
}

int command_pause(struct oci_call *call, struct error *err)
{
    return freeze(call, true, err);
}

int command_resume(struct oci_call *call, struct error *err)
{
    return freeze(call, false, err);
}

/*
 * kill
 */

/* "0" (is it there?), "9", "KILL", "SIGKILL", "RTMIN+3". */
static int signal_of(const char *text, int *ret_number, struct error *err)
{
    unsigned long long number;
    const char *name = strncasecmp(text, "SIG", 3) == 0 ? text + 3 : text;

    if (string_to_u64(text, (unsigned)SIGRTMAX, &number)) {
        *ret_number = (int)number;
        return 0;
    }
    for (int i = 1; i < NSIG; i++)
        if (sigabbrev_np(i) && strcasecmp(sigabbrev_np(i), name) == 0) {
            *ret_number = i;
            return 0;
        }
    if (strncasecmp(name, "RTMIN+", 6) == 0 &&
        string_to_u64(name + 6, (unsigned)(SIGRTMAX - SIGRTMIN), &number)) {
        *ret_number = SIGRTMIN + (int)number;
        return 0;
    }
    return error_set(err, "kill: there is no signal '%s'", text);
}

static void signal_one(pid_t pid, void *context)
{
    (void)kill(pid, *(const int *)context);
}

static int signal_all(struct oci_container *container, int number, struct error *err)
{
    scoped(cgroup_free) struct cgroup *cgroup = NULL;

    if (cgroup_open(container->record.cgroup_parent, container->record.cgroup_name, &cgroup, err) <
        0)
        return -1;
    if (cgroup && cgroup_can_freeze(cgroup) && number == SIGKILL)
        return cgroup_kill(cgroup, err);
    oci_container_visit(container, signal_one, &number);
    return 0;
}

int command_kill(struct oci_call *call, struct error *err)
{
    bool all = false;
    const struct option_row rows[] = {
        {'a', "all", OPTION_FLAG, &all, NULL, "every process of the container"}, {0}};
    const struct oci_usage usage = {"kill [--all] ID [SIGNAL]", rows, 1, true};
    struct oci_container container;
    struct string_list operands = {0};
    int number = SIGTERM;
    int result = call_options(call, &usage, &operands, err);

    if (result != 0)
        return result < 0 ? -1 : 0;
    if (operands.count > 2)
        return error_set(err, "kill: usage: yawl-oci %s", usage.usage);
    if (operands.count == 2 && signal_of(operands.items[1], &number, err) < 0)
        return -1;
    result = oci_container_open(call, operands.items[0], 0, &container, err);
    if (result == 0 && all)
        result = signal_all(&container, number, err);
    else if (result == 0 && !container.handle)
        /* In words that containerd looks for. */
        result = error_set(err, "container not running: '%s' is %s", container.record.id,
                           oci_status_name(container.status));
    else if (result == 0)
        result = container_signal(container.handle, number, err);
    oci_container_close(&container);
    return result;
}

/*
 * delete
 */

static int delete_open(struct oci_call *call, struct oci_container *container, bool force,
                       struct error *err)
{
    if (container->status != OCI_STOPPED && container->status != OCI_CREATED && !force)
        return error_set(err, "container '%s' is %s: stop it first, or use --force",
                         container->record.id, oci_status_name(container->status));
    return life_delete(call, container, err);
}

static bool is_absent(struct oci_call *call, const char *id)
{
    struct string_list ids = {0};

    return oci_folder_list(call, &ids, NULL) == 0 && !string_list_has(&ids, id);
}

static int delete_named(struct oci_call *call, const char *id, bool force, struct error *err)
{
    struct oci_container container;
    int result = oci_container_open(call, id, OCI_LOCKED, &container, err);

    if (result == 0)
        result = delete_open(call, &container, force, err);
    else if (force && oci_id_check(id, NULL) == 0 && is_absent(call, id))
        result = 0;
    oci_container_close(&container);
    return result;
}

/* What is wrong with one of them does not keep the others; the last is told by the caller. */
static int delete_matching(struct oci_call *call, const char *pattern, bool force,
                           struct error *err)
{
    struct string_list ids = {0};
    struct error why = {0};
    regex_t regex;
    int result = 0;

    if (regcomp(&regex, pattern, REG_EXTENDED | REG_NOSUB) != 0)
        return error_set(err, "delete: '%s' is no regular expression", pattern);
    result = oci_folder_list(call, &ids, err);
    for (size_t i = 0; i < ids.count; i++) {
        if (regexec(&regex, ids.items[i], 0, NULL, 0) != 0 ||
            delete_named(call, ids.items[i], force, &why) == 0)
            continue;
        if (result < 0)
            call_report(call, "error", err->text);
        *err = why;
        result = -1;
    }
    regfree(&regex);
    return result;
}

int command_delete(struct oci_call *call, struct error *err)
{
    bool force = false, matches = false;
    const struct option_row rows[] = {
        {'f', "force", OPTION_FLAG, &force, NULL, "kill it first; absence is no error"},
        {'r', "regex", OPTION_FLAG, &matches, NULL,
         "ID is an extended regular expression: delete all that match"},
        {0},
    };
    const struct oci_usage usage = {"delete [--force] [--regex] ID", rows, 1, false};
    struct string_list operands = {0};
    int result = call_options(call, &usage, &operands, err);

    if (result != 0)
        return result < 0 ? -1 : 0;
    return (matches ? delete_matching : delete_named)(call, operands.items[0], force, err);
}
