/* SPDX-License-Identifier: Apache-2.0 */
#include <linux/ioprio.h>
#include <sched.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/number_set.h"
#include "common/text.h"
#include "runtime/capabilities.h"
#include "runtime/identity.h"
#include "runtime/oci/config.h"

static void read_user(struct oci_reader *reader, struct oci_at process, struct process_spec *spec)
{
    struct oci_at at = oci_object(reader, process, "user");
    struct oci_at groups = oci_array(reader, at, "additionalGids");
    size_t count = oci_length(groups);
    uint32_t umask_bits = 022;
    uint32_t *gids;

    (void)oci_u32(reader, at, "uid", &spec->uid);
    (void)oci_u32(reader, at, "gid", &spec->gid);
    (void)oci_u32(reader, at, "umask", &umask_bits);
    oci_refuse(reader, at, "username", "is for Windows: give uid and gid");
    if (umask_bits > 0777)
        oci_fail(reader, at, "umask", "must be 0 to 0777 (511)");
    spec->umask = umask_bits;
    if (count > IDENTITY_MAX_GROUPS)
        oci_fail(reader, at, "additionalGids", "more than %d groups", IDENTITY_MAX_GROUPS);
    if (reader->failed)
        return;
    gids = arena_new_array(reader->arena, uint32_t, count + 1);
    for (size_t i = 0; i < count; i++) {
        const json_t *item = json_array_get(groups.json, i);
        json_int_t value = json_is_integer(item) ? json_integer_value(item) : -1;

        if (value < 0 || value > UINT32_MAX)
            oci_fail(reader, oci_item(reader, groups, i), NULL,
                     "must be an integer from 0 to 2^32-1");
        gids[i] = (uint32_t)value;
    }
    spec->groups = gids;
    spec->n_groups = count;
}

static void read_set(struct oci_reader *reader, struct oci_at at, const char *key, uint64_t *set)
{
    struct string_list names = {0};

    (void)oci_strings(reader, at, key, &names);
    for (size_t i = 0; i < names.count; i++)
        if (!capabilities_add_name(names.items[i], set))
            oci_warn(reader, at, key, "there is no capability '%s'", names.items[i]);
}

static void read_capabilities(struct oci_reader *reader, struct oci_at process,
                              struct process_spec *spec)
{
    struct oci_at at = oci_object(reader, process, "capabilities");

    read_set(reader, at, "bounding", &spec->bounding);
    read_set(reader, at, "effective", &spec->effective);
    read_set(reader, at, "permitted", &spec->permitted);
    read_set(reader, at, "inheritable", &spec->inheritable);
    read_set(reader, at, "ambient", &spec->ambient);
}

static int64_t limit_of(uint64_t value)
{
    return value > INT64_MAX ? -1 : (int64_t)value;
}

static char *lower(struct arena *arena, const char *text)
{
    char *copy = arena_strdup(arena, text);

    for (char *at = copy; *at; at++)
        if (*at >= 'A' && *at <= 'Z')
            *at = (char)(*at - 'A' + 'a');
    return copy;
}

static void read_limits(struct oci_reader *reader, struct oci_at process, struct process_spec *spec)
{
    struct oci_at list = oci_array(reader, process, "rlimits");
    size_t count = oci_length(list);

    spec->limits = arena_new_array(reader->arena, struct ulimit_spec, count + 1);
    for (size_t i = 0; i < count && !reader->failed; i++) {
        struct oci_at at = oci_item(reader, list, i);
        const char *name = oci_text(reader, at, "type");
        uint64_t soft = 0, hard = 0;

        if (!string_starts_with(name, "RLIMIT_"))
            oci_fail(reader, at, "type", "'%s' does not begin with 'RLIMIT_'", name);
        if (!oci_u64(reader, at, "soft", &soft))
            oci_fail(reader, at, "soft", "is missing");
        if (!oci_u64(reader, at, "hard", &hard))
            oci_fail(reader, at, "hard", "is missing");
        if (reader->failed)
            return;
        name = lower(reader->arena, name + strlen("RLIMIT_"));
        for (size_t j = 0; j < i; j++)
            if (string_eq(spec->limits[j].name, name))
                oci_fail(reader, at, "type", "stands there twice");
        spec->limits[i] = (struct ulimit_spec){name, limit_of(soft), limit_of(hard)};
    }
    spec->n_limits = count;
}

static void read_scheduler(struct oci_reader *reader, struct oci_at process,
                           struct process_spec *spec)
{
    static const char *const policies[] = {"SCHED_OTHER",   "SCHED_FIFO", "SCHED_RR",
                                           "SCHED_BATCH",   "SCHED_ISO",  "SCHED_IDLE",
                                           "SCHED_DEADLINE"};
    static const struct oci_word flags[] = {
        {"SCHED_FLAG_RESET_ON_FORK", 0x01},  {"SCHED_FLAG_RECLAIM", 0x02},
        {"SCHED_FLAG_DL_OVERRUN", 0x04},     {"SCHED_FLAG_KEEP_POLICY", 0x08},
        {"SCHED_FLAG_KEEP_PARAMS", 0x10},    {"SCHED_FLAG_UTIL_CLAMP_MIN", 0x20},
        {"SCHED_FLAG_UTIL_CLAMP_MAX", 0x40},
    };
    struct oci_at at = oci_object(reader, process, "scheduler");
    struct scheduling_spec *scheduling;
    int64_t nice = 0, priority = 0;

    if (!at.json)
        return;
    scheduling = arena_new_object(reader->arena, struct scheduling_spec);
    scheduling->policy =
        (uint32_t)oci_choice(reader, at, "policy", policies, ARRAY_LENGTH(policies));
    (void)oci_int(reader, at, "nice", &nice);
    (void)oci_int(reader, at, "priority", &priority);
    (void)oci_u64(reader, at, "runtime", &scheduling->runtime);
    (void)oci_u64(reader, at, "deadline", &scheduling->deadline);
    (void)oci_u64(reader, at, "period", &scheduling->period);
    scheduling->flags = oci_bits(reader, at, "flags", flags, ARRAY_LENGTH(flags));
    scheduling->nice = (int32_t)nice;
    scheduling->priority = (uint32_t)priority;
    spec->scheduling = scheduling;
}

static void read_io_priority(struct oci_reader *reader, struct oci_at process,
                             struct process_spec *spec)
{
    static const char *const classes[] = {"IOPRIO_CLASS_NONE", "IOPRIO_CLASS_RT", "IOPRIO_CLASS_BE",
                                          "IOPRIO_CLASS_IDLE"};
    struct oci_at at = oci_object(reader, process, "ioPriority");
    int64_t priority = 0;
    size_t class;

    spec->io_priority = -1;
    if (!at.json)
        return;
    class = oci_choice(reader, at, "class", classes, ARRAY_LENGTH(classes));
    (void)oci_int(reader, at, "priority", &priority);
    if (priority < 0 || priority > 7)
        oci_fail(reader, at, "priority", "must be 0 to 7");
    spec->io_priority = (int)(class << IOPRIO_CLASS_SHIFT | (size_t)priority);
}

void oci_label_take(struct oci_reader *reader, struct oci_at at, const struct oci_label *label,
                    struct process_spec *spec)
{
    const char *place = label->is_apparmor ? "/sys/kernel/security/apparmor" : OCI_SELINUX_FILE;

    if (access(place, F_OK) < 0)
        oci_fail(reader, at, label->key, "%s is not enabled on this host",
                 label->is_apparmor ? "AppArmor" : "SELinux");
    spec->exec_label = label->text;
    spec->label_is_apparmor = label->is_apparmor;
}

static void read_labels(struct oci_reader *reader, struct oci_at process, struct process_spec *spec)
{
    const char *profile = "", *label = "";

    (void)oci_string(reader, process, "apparmorProfile", &profile);
    (void)oci_string(reader, process, "selinuxLabel", &label);
    if (*profile && *label)
        oci_fail(reader, process, "selinuxLabel", "cannot be together with apparmorProfile");
    if (*profile)
        oci_label_take(reader, process, &(struct oci_label){"apparmorProfile", profile, true},
                       spec);
    if (*label)
        oci_label_take(reader, process, &(struct oci_label){"selinuxLabel", label, false}, spec);
}

static void read_cpus(struct oci_reader *reader, struct oci_at at, const char *key,
                      const struct number_set **place)
{
    struct number_set *cpus = arena_new_object(reader->arena, struct number_set);
    const char *list = "";

    (void)oci_string(reader, at, key, &list);
    if (!number_set_parse(list, cpus))
        oci_fail(reader, at, key, "'%s' is no list of processors as '0-3,7'", list);
    if (!number_set_is_empty(cpus))
        *place = cpus;
}

static void read_terminal(struct oci_reader *reader, struct oci_at at, struct oci_process *process)
{
    struct oci_at size = oci_object(reader, at, "consoleSize");
    uint32_t height = 0, width = 0;

    (void)oci_bool(reader, at, "terminal", &process->terminal);
    (void)oci_u32(reader, size, "height", &height);
    (void)oci_u32(reader, size, "width", &width);
    if (height > UINT16_MAX || width > UINT16_MAX)
        oci_fail(reader, at, "consoleSize", "is larger than a terminal can be");
    if (!process->terminal)
        return;
    process->spec.rows = (uint16_t)height;
    process->spec.columns = (uint16_t)width;
}

void oci_process_read(struct oci_reader *reader, struct oci_at at, struct oci_process *process)
{
    struct process_spec *spec = &process->spec;
    int64_t score = 0;

    if (!oci_strings(reader, at, "args", &process->args) || process->args.count == 0)
        oci_fail(reader, at, "args", "is missing: there is no command to run");
    (void)oci_strings(reader, at, "env", &process->env);
    process->cwd = oci_text(reader, at, "cwd");
    if (process->cwd[0] != '/')
        oci_fail(reader, at, "cwd", "must be absolute");
    (void)oci_bool(reader, at, "noNewPrivileges", &process->no_new_privileges);
    read_terminal(reader, at, process);
    read_user(reader, at, spec);
    read_capabilities(reader, at, spec);
    read_limits(reader, at, spec);
    read_scheduler(reader, at, spec);
    read_io_priority(reader, at, spec);
    read_labels(reader, at, spec);
    oci_refuse(reader, at, "commandLine", "is for Windows: give args");
    read_cpus(reader, oci_object(reader, at, "execCPUAffinity"), "initial",
              &process->exec_cpus_first);
    read_cpus(reader, oci_object(reader, at, "execCPUAffinity"), "final", &process->exec_cpus_last);
    spec->has_oom_score = oci_int(reader, at, "oomScoreAdj", &score);
    if (score < -1000 || score > 1000)
        oci_fail(reader, at, "oomScoreAdj", "must be -1000 to 1000");
    spec->oom_score = (int)score;
}
