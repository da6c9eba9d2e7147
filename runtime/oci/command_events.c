/* SPDX-License-Identifier: Apache-2.0 */
#include <poll.h>
#include <stdio.h>

#include "common/units.h"
#include "runtime/cgroup/cgroup.h"
#include "runtime/oci/record.h"

/* A file of one number; "max" and what is missing is 0. */
static json_t *number_of(const struct cgroup *cgroup, const char *controller, const char *v1_file,
                         const char *v2_file)
{
    scoped_text struct text text = {0};

    if (cgroup_read(cgroup, controller, v1_file, v2_file, &text) < 0)
        return json_integer(0);
    return json_integer((json_int_t)strtoll(text_get(&text), NULL, 10));
}

static json_t *memory_stats(const struct cgroup *cgroup, const struct cgroup_usage *usage)
{
    return json_pack("{s:{s:o,s:o,s:o},s:{s:I}}", "usage", "usage",
                     number_of(cgroup, "memory", "memory.usage_in_bytes", "memory.current"), "max",
                     number_of(cgroup, "memory", "memory.max_usage_in_bytes", "memory.peak"),
                     "limit", number_of(cgroup, "memory", "memory.limit_in_bytes", "memory.max"),
                     "raw", "working_set", (json_int_t)usage->memory_bytes);
}

/* As runc's `events` tells it. */
static json_t *stats_json(const struct oci_container *container)
{
    const struct cgroup *cgroup = container_cgroup(container->handle);
    struct cgroup_usage usage = {0};

    cgroup_measure(cgroup, container->record.pid, &usage);
    return json_pack("{s:s,s:s,s:{s:{s:{s:I}},s:o,s:{s:o,s:o},s:{s:I,s:I}}}", "type", "stats", "id",
                     container->record.id, "data", "cpu", "usage", "total",
                     (json_int_t)(usage.cpu_us * 1000), "memory", memory_stats(cgroup, &usage),
                     "pids", "current", number_of(cgroup, "pids", "pids.current", "pids.current"),
                     "limit", number_of(cgroup, "pids", "pids.max", "pids.max"), "blkio",
                     "readBytes", (json_int_t)usage.read_bytes, "writtenBytes",
                     (json_int_t)usage.written_bytes);
}

static void print_line(json_t *take_json)
{
    scoped(json_release) json_t *json = take_json;
    scoped_text struct text line = {0};

    json_format(json, &line);
    (void)printf("%s\n", text_get(&line));
    (void)fflush(stdout);
}

/* Until the container ends. */
static void follow(const struct oci_container *container, int interval_ms)
{
    struct pollfd end = {.fd = container_pidfd(container->handle), .events = POLLIN};
    bool was_killed = container_oom_killed(container->handle);

    do {
        bool is_killed = container_oom_killed(container->handle);

        if (is_killed && !was_killed)
            print_line(json_pack("{s:s,s:s}", "type", "oom", "id", container->record.id));
        was_killed = is_killed;
        print_line(stats_json(container));
    } while (poll(&end, 1, interval_ms) == 0);
}

int command_events(struct oci_call *call, struct error *err)
{
    const char *interval = "5s";
    bool once = false;
    const struct option_row rows[] = {
        {0, "stats", OPTION_FLAG, &once, NULL, "once"},
        {0, "interval", OPTION_STRING, &interval, "TIME", "between two lines (5s)"},
        {0},
    };
    const struct oci_usage usage = {"events [OPTIONS] ID", rows, 1, false};
    struct oci_container container;
    struct string_list operands = {0};
    int64_t interval_ns = 0;
    int result = call_options(call, &usage, &operands, err);

    if (result != 0)
        return result < 0 ? -1 : 0;
    if (!duration_parse(interval, &interval_ns) || interval_ns < 1000000 ||
        interval_ns > INT32_MAX * INT64_C(1000000))
        return error_set(err, "events: '%s' is no time between two lines", interval);
    result = oci_container_open(call, operands.items[0], 0, &container, err);
    if (result == 0 && (!container.handle || !container_cgroup(container.handle)))
        result = error_set(err, "container '%s' is not running", operands.items[0]);
    else if (result == 0 && once)
        print_line(stats_json(&container));
    else if (result == 0)
        follow(&container, (int)(interval_ns / 1000000));
    oci_container_close(&container);
    return result;
}
