/* SPDX-License-Identifier: Apache-2.0 */
#include <pwd.h>
#include <stdio.h>

#include "runtime/oci/record.h"

static int pid_of(const struct oci_container *container)
{
    return container->status == OCI_STOPPED ? 0 : container->record.pid;
}

/* As runc tells it; the first five members and the annotations are the specification's. */
static json_t *state_json(const struct oci_container *container)
{
    const struct oci_record *record = &container->record;
    const struct bundle_spec *bundle = &container->config.bundle;
    json_t *json = json_pack("{s:s,s:s,s:s,s:i,s:s,s:s,s:s}", "ociVersion", bundle->oci_version,
                             "id", record->id, "status", oci_status_name(container->status), "pid",
                             pid_of(container), "bundle", record->bundle, "rootfs",
                             bundle->root_dir, "created", record->created);
    json_t *annotations = bundle->annotations ? json_loads(bundle->annotations, 0, NULL) : NULL;

    if (!json)
        abort();
    if (annotations)
        (void)json_object_set_new(json, "annotations", annotations);
    (void)json_object_set_new(json, "owner", json_string(""));
    if (record->unit)
        (void)json_object_set_new(json, "systemd-scope", json_string(record->unit));
    return json;
}

static void print_json(json_t *take_json)
{
    scoped(json_release) json_t *json = take_json;

    (void)json_dumpf(json, stdout, JSON_INDENT(2));
    (void)printf("\n");
}

int command_state(struct oci_call *call, struct error *err)
{
    const struct option_row rows[] = {{0}};
    const struct oci_usage usage = {"state ID", rows, 1, false};
    struct oci_container container;
    struct string_list operands = {0};
    int result = call_options(call, &usage, &operands, err);

    if (result != 0)
        return result < 0 ? -1 : 0;
    result = oci_container_open(call, operands.items[0], 0, &container, err);
    if (result == 0)
        print_json(state_json(&container));
    oci_container_close(&container);
    return result;
}

/*
 * list
 */

/* Of the host's own file alone: a statically linked program loads no name services. */
static void owner_name(const struct oci_record *record, char out[64])
{
    FILE *file = fopen("/etc/passwd", "re");
    const struct passwd *user;

    (void)snprintf(out, 64, "#%d", record->owner);
    while (file && (user = fgetpwent(file)))
        if (user->pw_uid == (uid_t)record->owner) {
            (void)snprintf(out, 64, "%s", user->pw_name);
            break;
        }
    if (file)
        (void)fclose(file);
}

static void list_one(const struct oci_container *container, json_t *list)
{
    const struct oci_record *record = &container->record;
    char owner[64];
    json_t *json;

    owner_name(record, owner);
    if (!list) {
        (void)printf("%-24s %-8d %-10s %-40s %-31s %s\n", record->id, pid_of(container),
                     oci_status_name(container->status), record->bundle, record->created, owner);
        return;
    }
    json = state_json(container);
    (void)json_object_set_new(json, "owner", json_string(owner));
    (void)json_array_append_new(list, json);
}

/* One that is deleted meanwhile is passed over. */
static void list_all(struct oci_call *call, struct string_list ids, json_t *list)
{
    for (size_t i = 0; i < ids.count; i++) {
        struct oci_container container;

        if (oci_container_open(call, ids.items[i], 0, &container, NULL) == 0)
            list_one(&container, list);
        oci_container_close(&container);
    }
}

int command_list(struct oci_call *call, struct error *err)
{
    const char *format = "table";
    bool quiet = false;
    const struct option_row rows[] = {
        {'f', "format", OPTION_STRING, &format, "table|json", "how to print"},
        {'q', "quiet", OPTION_FLAG, &quiet, NULL, "names alone"},
        {0},
    };
    const struct oci_usage usage = {"list [OPTIONS]", rows, 0, false};
    struct string_list operands = {0}, ids = {0};
    int result = call_options(call, &usage, &operands, err);

    if (result != 0)
        return result < 0 ? -1 : 0;
    if (!string_eq(format, "table") && !string_eq(format, "json"))
        return error_set(err, "list: there is no format '%s'", format);
    if (oci_folder_list(call, &ids, err) < 0)
        return -1;
    if (quiet) {
        for (size_t i = 0; i < ids.count; i++)
            (void)printf("%s\n", ids.items[i]);
    } else if (string_eq(format, "json")) {
        json_t *list = json_array();

        list_all(call, ids, list);
        print_json(list);
    } else {
        (void)printf("%-24s %-8s %-10s %-40s %-31s %s\n", "ID", "PID", "STATUS", "BUNDLE",
                     "CREATED", "OWNER");
        list_all(call, ids, NULL);
    }
    return 0;
}

/*
 * ps
 */

static void collect_pid(pid_t pid, void *context)
{
    json_t *pids = context;

    (void)json_array_append_new(pids, json_integer(pid));
}

static void print_pids(const json_t *pids)
{
    (void)printf("PID\n");
    for (size_t i = 0; i < json_array_size(pids); i++)
        (void)printf("%lld\n", (long long)json_integer_value(json_array_get(pids, i)));
}

int command_ps(struct oci_call *call, struct error *err)
{
    const char *format = "table";
    const struct option_row rows[] = {
        {'f', "format", OPTION_STRING, &format, "table|json", "how to print"}, {0}};
    const struct oci_usage usage = {"ps [OPTIONS] ID", rows, 1, false};
    struct oci_container container;
    struct string_list operands = {0};
    int result = call_options(call, &usage, &operands, err);

    if (result != 0)
        return result < 0 ? -1 : 0;
    if (!string_eq(format, "table") && !string_eq(format, "json"))
        return error_set(err, "ps: there is no format '%s'", format);
    result = oci_container_open(call, operands.items[0], 0, &container, err);
    if (result == 0) {
        scoped(json_release) json_t *pids = json_array();

        if (container.handle)
            oci_container_visit(&container, collect_pid, pids);
        if (string_eq(format, "json"))
            print_json(json_incref(pids));
        else
            print_pids(pids);
    }
    oci_container_close(&container);
    return result;
}
