/* SPDX-License-Identifier: Apache-2.0 */
#include "orchestrator/state/record.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/wait.h>

#include "common/fd.h"
#include "common/file.h"
#include "common/units.h"

static const struct codec_field record_port_codec[] = {
    CODEC_FIELD(struct record_port, host_ip, CODEC_STRING),
    CODEC_FIELD(struct record_port, host_port, CODEC_INT),
    CODEC_FIELD(struct record_port, container_port, CODEC_INT),
    CODEC_FIELD(struct record_port, udp, CODEC_BOOL),
    {0},
};

static const struct codec_field record_signal_codec[] = {
    CODEC_FIELD(struct record_signal, by, CODEC_STRING),
    CODEC_FIELD(struct record_signal, number, CODEC_INT),
    CODEC_FIELD(struct record_signal, ends, CODEC_BOOL),
    CODEC_FIELD(struct record_signal, missed, CODEC_BOOL),
    CODEC_FIELD(struct record_signal, killed, CODEC_BOOL),
    CODEC_FIELD(struct record_signal, waited_ms, CODEC_INT64),
    {0},
};

static const struct codec_field record_end_codec[] = {
    CODEC_FIELD(struct record_end, started_ns, CODEC_UINT64),
    CODEC_NESTED(struct record_end, signal, record_signal_codec),
    CODEC_FIELD(struct record_end, memory_limit_bytes, CODEC_UINT64),
    CODEC_FIELD(struct record_end, memory_peak_bytes, CODEC_UINT64),
    CODEC_FIELD(struct record_end, largest_bytes, CODEC_UINT64),
    CODEC_FIELD(struct record_end, oom_process, CODEC_STRING),
    CODEC_FIELD(struct record_end, oom_process_bytes, CODEC_UINT64),
    {0},
};

static const struct codec_field record_probe_codec[] = {
    CODEC_FIELD(struct record_probe, count, CODEC_INT),
    CODEC_FIELD(struct record_probe, failures, CODEC_INT),
    CODEC_FIELD(struct record_probe, retries, CODEC_INT64),
    CODEC_FIELD(struct record_probe, wait_status, CODEC_INT),
    CODEC_FIELD(struct record_probe, timed_out_ms, CODEC_INT64),
    CODEC_FIELD(struct record_probe, ended_ns, CODEC_UINT64),
    CODEC_FIELD(struct record_probe, output, CODEC_STRING),
    {0},
};

const struct codec_field record_codec[] = {
    CODEC_FIELD(struct record, name, CODEC_STRING),
    CODEC_FIELD(struct record, service, CODEC_STRING),
    CODEC_FIELD(struct record, label, CODEC_STRING),
    CODEC_FIELD(struct record, number, CODEC_INT),
    CODEC_FIELD(struct record, quiet, CODEC_BOOL),
    CODEC_FIELD(struct record, oneoff, CODEC_BOOL),
    CODEC_FIELD(struct record, hook, CODEC_BOOL),
    CODEC_FIELD(struct record, image, CODEC_STRING),
    CODEC_FIELD(struct record, image_digest, CODEC_STRING),
    CODEC_FIELD(struct record, config_hash, CODEC_STRING),
    CODEC_FIELD(struct record, command, CODEC_STRING),
    CODEC_FIELD(struct record, phase, CODEC_INT),
    CODEC_FIELD(struct record, health, CODEC_INT),
    CODEC_FIELD(struct record, has_health, CODEC_BOOL),
    CODEC_FIELD(struct record, goal, CODEC_INT),
    CODEC_FIELD(struct record, wanted, CODEC_BOOL),
    CODEC_FIELD(struct record, blocked, CODEC_BOOL),
    CODEC_FIELD(struct record, will_restart, CODEC_BOOL),
    CODEC_FIELD(struct record, pending, CODEC_BOOL),
    CODEC_FIELD(struct record, replace, CODEC_BOOL),
    CODEC_FIELD(struct record, bounce, CODEC_BOOL),
    CODEC_FIELD(struct record, yields, CODEC_BOOL),
    CODEC_FIELD(struct record, renew, CODEC_BOOL),
    CODEC_FIELD(struct record, post_started, CODEC_INT),
    CODEC_FIELD(struct record, hooks_pending, CODEC_BOOL),
    CODEC_FIELD(struct record, hook_failed, CODEC_BOOL),
    CODEC_FIELD(struct record, stop_refused, CODEC_BOOL),
    CODEC_FIELD(struct record, paused, CODEC_BOOL),
    CODEC_FIELD(struct record, to_pause, CODEC_BOOL),
    CODEC_FIELD(struct record, failures, CODEC_INT),
    CODEC_FIELD(struct record, grace_ms, CODEC_INT64),
    CODEC_FIELD(struct record, message, CODEC_STRING),
    CODEC_FIELD(struct record, waits_for, CODEC_STRING),
    CODEC_FIELD(struct record, asked_by, CODEC_STRING),
    CODEC_FIELD(struct record, pid, CODEC_INT),
    CODEC_FIELD(struct record, start_time, CODEC_UINT64),
    CODEC_FIELD(struct record, boot_id, CODEC_STRING),
    CODEC_FIELD(struct record, starts, CODEC_INT),
    CODEC_FIELD(struct record, cgroup_parent, CODEC_STRING),
    CODEC_FIELD(struct record, restarts, CODEC_INT),
    CODEC_FIELD(struct record, restarts_in_row, CODEC_INT),
    CODEC_FIELD(struct record, crash_loop, CODEC_BOOL),
    CODEC_FIELD(struct record, restart_at_ns, CODEC_UINT64),
    CODEC_FIELD(struct record, wait_status, CODEC_INT),
    CODEC_FIELD(struct record, oom_killed, CODEC_BOOL),
    CODEC_NESTED(struct record, sent, record_signal_codec),
    CODEC_NESTED(struct record, end, record_end_codec),
    CODEC_FIELD(struct record, created_ns, CODEC_UINT64),
    CODEC_FIELD(struct record, started_ns, CODEC_UINT64),
    CODEC_FIELD(struct record, finished_ns, CODEC_UINT64),
    CODEC_LIST(struct record, ports, n_ports, record_port_codec),
    CODEC_NESTED(struct record, probe, record_probe_codec),
    {0},
};

int record_exit_code(const struct record *record)
{
    if (WIFSIGNALED(record->wait_status))
        return 128 + WTERMSIG(record->wait_status);
    return WEXITSTATUS(record->wait_status);
}

bool record_is_kept_hook(const struct record *record)
{
    return record->hook && record->phase == PHASE_DONE && record_exit_code(record) == 0;
}

static void span_text(uint64_t from_ns, uint64_t to_ns, struct text *out)
{
    duration_format_words(to_ns > from_ns ? (to_ns - from_ns) / 1000000000 : 0, out);
}

static const char *health_text(int health)
{
    switch (health) {
    case HEALTH_STARTING:
        return " (health: starting)";
    case HEALTH_HEALTHY:
        return " (healthy)";
    case HEALTH_UNHEALTHY:
        return " (unhealthy)";
    default:
        return "";
    }
}

void record_status_text(const struct record *record, uint64_t now_ns, struct text *out)
{
    switch (record->phase) {
    case PHASE_STARTING:
        text_append(out, "Starting");
        break;
    case PHASE_RUNNING:
        text_append(out, "Up ");
        span_text(record->started_ns, now_ns, out);
        text_append(out, record->paused ? " (Paused)" : health_text(record->health));
        break;
    case PHASE_EXITED:
    case PHASE_DONE:
        text_appendf(out, "%s (%d) ", record->will_restart ? "Restarting" : "Exited",
                     record_exit_code(record));
        span_text(record->finished_ns, now_ns, out);
        text_append(out, " ago");
        if (record->oom_killed)
            text_append(out, " (out of memory)");
        break;
    case PHASE_FAILED:
        text_append(out, "Failed");
        break;
    default:
        text_append(out, record->blocked ? "Blocked" : record->wanted ? "Waiting" : "Created");
        break;
    }
}

int record_read(int dir_fd, const char *file_name, struct arena *arena, struct record **ret_record,
                struct error *err)
{
    scoped(json_release) json_t *json = NULL;

    *ret_record = NULL;
    json = json_read_file(dir_fd, file_name, err);
    if (!json)
        return err->number == ENOENT ? 0 : -1;
    *ret_record = arena_new_object(arena, struct record);
    if (codec_decode(record_codec, json, *ret_record, arena, err) < 0 || !(*ret_record)->name)
        return error_wrap(err, "record '%s'", file_name);
    return 0;
}

int record_write(int dir_fd, const char *file_name, const struct record *record, struct error *err)
{
    scoped_text struct text text = {0};

    codec_format(record_codec, record, &text);
    return file_replace(dir_fd, file_name, text.data, text.length, 0600, err);
}

static int compare_records(const void *a, const void *b)
{
    return strcmp((*(struct record *const *)a)->name, (*(struct record *const *)b)->name);
}

int record_dir_open(const struct project_dir *dir)
{
    return dir ? openat(dir->run_fd, "instances", O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
}

int record_list(int dir_fd, struct arena *arena, struct record ***ret_records, size_t *ret_count,
                struct error *err)
{
    struct string_list names = {0};
    struct dirent *entry;
    DIR *dir;
    int fd;

    *ret_count = 0;
    *ret_records = NULL;
    if (dir_fd < 0)
        return 0;
    fd = openat(dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0 || !(dir = fdopendir(fd)))
        return error_sys(err, "open record directory");
    while ((entry = readdir(dir)))
        if (string_ends_with(entry->d_name, ".json"))
            string_list_add(arena, &names, arena_strdup(arena, entry->d_name));
    (void)closedir(dir);

    *ret_records = arena_new_array(arena, struct record *, names.count + 1);
    for (size_t i = 0; i < names.count; i++) {
        struct record *record;

        /* A broken one must not hide the others. */
        if (record_read(dir_fd, names.items[i], arena, &record, err) == 0 && record)
            (*ret_records)[(*ret_count)++] = record;
    }
    if (*ret_count > 1)
        qsort(*ret_records, *ret_count, sizeof(**ret_records), compare_records);
    return 0;
}
