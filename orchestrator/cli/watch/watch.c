/* SPDX-License-Identifier: Apache-2.0 */
#include "orchestrator/cli/watch/watch.h"

#include <stdlib.h>
#include <unistd.h>

#include "common/fd.h"
#include "common/log.h"
#include "common/memory.h"
#include "orchestrator/cli/running.h"
#include "orchestrator/cli/watch/file_tree.h"
#include "orchestrator/cli/watch/watch_batch.h"
#include "orchestrator/cli/watch/watch_job.h"
#include "orchestrator/supervise/supervisor_client.h"

/* Changes belong together as long as no pause between them is longer, but nothing waits longer than
 * the other. */
enum { QUIET_MS = 200, BATCH_MOST_MS = 5000 };

struct watch {
    struct watch_options options;
    struct arena *arena;
    struct watch_rules rules;
    struct follow *follow; /* NULL before and after the start */
    const struct project_dir *dir;
    struct file_tree *tree;
    struct timer *timer;

    struct arena *changed_arena;
    struct string_list changed; /* since the last batch was taken */
    uint64_t first_ms;          /* when the first of them came */

    struct watch_batch batch; /* what is under way; no arena: nothing */
    bool rebuilt, synced;     /* of it */
    size_t work, exec;        /* the next command to run */
    struct watch_job *job;
    const char *rebuilding; /* services, for people */

    struct string_list synced_first; /* containers that initial_sync has filled */
};

static void watch_say(const char *format, ...) PRINTF_LIKE(1, 2);

static void watch_say(const char *format, ...)
{
    scoped_text struct text line = {0};
    va_list args;

    text_append(&line, "⦿ ");
    va_start(args, format);
    text_vappendf(&line, format, args);
    va_end(args);
    text_append_char(&line, '\n');
    (void)!fd_write_all(STDOUT_FILENO, line.data, line.length);
}

/* -- files into containers */

static bool is_target(const struct record *record, const struct service *service)
{
    return string_eq(record->service, service->name) && record->phase == PHASE_RUNNING &&
           !record->oneoff && !record->hook && !record->paused;
}

static int container_sync(struct watch *watch, const struct record *record,
                          const struct watch_work *work, struct error *err)
{
    scoped(arena_free) struct arena *arena = arena_new();
    scoped(container_free) struct container *container = NULL;
    scoped_fd int records_fd = record_dir_open(watch->dir);
    struct running running = {.record = record};
    struct plan_instance *made;

    if (plan_instance_read(records_fd, record->name, "made", arena, &made, err) < 0)
        return -1;
    running.made = made;
    if (!made || running_adopt(&running, arena, &container, err) < 0)
        return made ? -1 : 0;
    return container ? container_put_files(container, work->files, work->n_files, err) : 0;
}

static void work_sync(struct watch *watch, const struct watch_work *work)
{
    size_t containers = 0;

    if (work->n_files == 0)
        return;
    for (size_t i = 0; i < follow_count(watch->follow); i++)
        containers += is_target(follow_record(watch->follow, i), work->service);
    if (containers == 0)
        return;
    watch_say("Syncing service \"%s\" after %zu changes were detected", work->service->name,
              work->n_files);
    for (size_t i = 0; i < follow_count(watch->follow); i++) {
        const struct record *record = follow_record(watch->follow, i);
        struct error err = {0};

        if (is_target(record, work->service) && container_sync(watch, record, work, &err) < 0)
            log_warning("container %s: %s", record->name, err.text);
    }
}

/* -- initial_sync */

struct collection {
    struct watch *watch;
    const struct watched *watched;
    struct watch_batch batch;
};

static void on_listed(void *owner, const char *path)
{
    struct collection *collection = owner;
    struct watch_work *work = collection->batch.works;
    const char *target;

    if (!watch_rules_match(&collection->watch->rules, collection->watched, path,
                           collection->batch.arena, &target) ||
        !target)
        return;
    work->files = arena_room(collection->batch.arena, work->files, work->n_files);
    work->files[work->n_files++] = (struct container_file){
        .source = arena_strdup(collection->batch.arena, path), .target = target};
}

static bool on_skip(void *owner, const char *directory)
{
    const struct collection *collection = owner;

    return watch_rules_skip(&collection->watch->rules, directory);
}

/* Everything that the service's entries with initial_sync name, for one container. */
static void record_sync_first(struct watch *watch, const struct record *record)
{
    scoped(arena_free) struct arena *arena = arena_new();
    struct watch_work work = {0};
    struct collection collection = {.watch = watch, .batch = {.arena = arena, .works = &work}};
    const struct file_tree_options listing = {
        .changed = on_listed, .skips = on_skip, .owner = &collection};
    struct error err = {0};

    for (size_t i = 0; i < watch->rules.count; i++) {
        collection.watched = &watch->rules.items[i];
        if (collection.watched->rule->initial_sync && collection.watched->rule->syncs &&
            is_target(record, collection.watched->service))
            file_tree_list(&listing, collection.watched->path);
    }
    if (work.n_files == 0)
        return;
    watch_say("Syncing %zu files into %s", work.n_files, record->name);
    if (container_sync(watch, record, &work, &err) < 0)
        log_warning("container %s: %s", record->name, err.text);
}

void watch_look(struct watch *watch)
{
    for (size_t i = 0; watch->follow && i < follow_count(watch->follow); i++) {
        const struct record *record = follow_record(watch->follow, i);
        const char *key;

        if (record->phase != PHASE_RUNNING || record->oneoff || record->hook || record->paused)
            continue;
        /* One that was made anew begins with what its image has. */
        key = arena_printf(watch->arena, "%s %llu", record->name,
                           (unsigned long long)record->created_ns);
        if (string_list_has(&watch->synced_first, key))
            continue;
        string_list_add(watch->arena, &watch->synced_first, key);
        record_sync_first(watch, record);
    }
}

/* -- commands of our own */

static void watch_step(struct watch *watch);

static void on_rebuilt(void *owner, int exit_code)
{
    struct watch *watch = owner;

    watch_job_free(steal(watch->job));
    if (exit_code == 0)
        watch_say("Service(s) %s rebuilt", watch->rebuilding);
    else
        log_warning("rebuilding %s failed; what runs is as it was", watch->rebuilding);
    watch_step(watch);
}

static void on_executed(void *owner, int exit_code)
{
    struct watch *watch = owner;

    watch_job_free(steal(watch->job));
    if (exit_code != 0)
        log_warning("a command of sync+exec ended with %d", exit_code);
    watch_step(watch);
}

static void arguments_add(struct watch *watch, struct string_list *arguments, const char *argument)
{
    string_list_add(watch->batch.arena, arguments, argument);
}

/* Whether a rebuild was begun. */
static bool batch_rebuild(struct watch *watch)
{
    struct string_list arguments =
        string_list_copy(watch->batch.arena, watch->options.session->global);
    scoped_text struct text names = {0};
    struct error err = {0};

    arguments_add(watch, &arguments, "up");
    arguments_add(watch, &arguments, "--detach");
    arguments_add(watch, &arguments, "--build");
    arguments_add(watch, &arguments, "--no-deps");
    if (watch->options.quiet)
        arguments_add(watch, &arguments, "--quiet");
    for (size_t i = 0; i < watch->batch.n_works; i++)
        if (watch->batch.works[i].rebuilds) {
            arguments_add(watch, &arguments, watch->batch.works[i].service->name);
            text_appendf(&names, "%s\"%s\"", names.length ? ", " : "",
                         watch->batch.works[i].service->name);
        }
    if (names.length == 0)
        return false;
    watch->rebuilding = arena_strdup(watch->batch.arena, text_get(&names));
    watch_say("Rebuilding service(s) %s after changes were detected...", watch->rebuilding);
    if (watch_job_start(follow_loop(watch->follow), &arguments, on_rebuilt, watch, &watch->job,
                        &err) == 0)
        return true;
    log_warning("%s", err.text);
    return false;
}

static void exec_start(struct watch *watch, const struct record *record,
                       const struct watch_rule *rule)
{
    struct arena *arena = watch->batch.arena;
    const struct hook *hook = &rule->exec;
    struct string_list arguments = {0};
    struct error err = {0};

    arguments_add(watch, &arguments, "-p");
    arguments_add(watch, &arguments, watch->options.project->name);
    arguments_add(watch, &arguments, "exec");
    arguments_add(watch, &arguments, "--no-tty");
    arguments_add(watch, &arguments, arena_printf(arena, "--index=%d", record->number));
    if (hook->privileged)
        arguments_add(watch, &arguments, "--privileged");
    if (hook->user)
        arguments_add(watch, &arguments, arena_printf(arena, "--user=%s", hook->user));
    if (hook->working_dir)
        arguments_add(watch, &arguments, arena_printf(arena, "--workdir=%s", hook->working_dir));
    for (size_t i = 0; i < hook->environment.count; i++)
        if (hook->environment.items[i].value)
            arguments_add(watch, &arguments,
                          arena_printf(arena, "--env=%s=%s", hook->environment.items[i].name,
                                       hook->environment.items[i].value));
    arguments_add(watch, &arguments, record->service);
    for (size_t i = 0; i < hook->command.words.count; i++)
        arguments_add(watch, &arguments, hook->command.words.items[i]);
    if (watch_job_start(follow_loop(watch->follow), &arguments, on_executed, watch, &watch->job,
                        &err) < 0)
        log_warning("%s", err.text);
}

/* The next command of the batch, in the next container of its service. Whether there was one. */
static bool batch_exec(struct watch *watch)
{
    size_t n_records = follow_count(watch->follow);

    for (; watch->work < watch->batch.n_works; watch->work++, watch->exec = 0) {
        const struct watch_work *work = &watch->batch.works[watch->work];

        for (; watch->exec < work->n_execs * n_records; watch->exec++) {
            const struct record *record = follow_record(watch->follow, watch->exec % n_records);

            if (!is_target(record, work->service))
                continue;
            exec_start(watch, record, work->execs[watch->exec / n_records]);
            watch->exec++;
            if (watch->job)
                return true;
        }
    }
    return false;
}

static void batch_restart(struct watch *watch)
{
    struct request restart = {.command = "restart", .no_deps = true};

    for (size_t i = 0; i < watch->batch.n_works; i++) {
        const struct watch_work *work = &watch->batch.works[i];

        if (!work->restarts || work->rebuilds)
            continue;
        string_list_add(watch->batch.arena, &restart.services, work->service->name);
        watch_say("Restarting service \"%s\" after changes were detected", work->service->name);
    }
    if (restart.services.count > 0)
        supervisor_tell(watch->dir, &restart);
}

/* -- batches */

static void batch_end(struct watch *watch)
{
    arena_free(watch->batch.arena);
    watch->batch = (struct watch_batch){0};
    watch->rebuilt = watch->synced = false;
    watch->work = watch->exec = 0;
}

static bool batch_begin(struct watch *watch)
{
    if (watch->changed.count == 0)
        return false;
    watch->batch = watch_batch_make(&watch->rules, &watch->changed);
    arena_free(watch->changed_arena);
    watch->changed_arena = arena_new();
    watch->changed = (struct string_list){0};
    return true;
}

/* Goes on until a command runs or there is nothing to do. */
static void watch_step(struct watch *watch)
{
    while (!watch->job) {
        if (!watch->batch.arena && !batch_begin(watch))
            return;
        if (!watch->rebuilt) {
            watch->rebuilt = true;
            if (batch_rebuild(watch))
                return;
        }
        if (!watch->synced) {
            watch->synced = true;
            for (size_t i = 0; i < watch->batch.n_works; i++)
                work_sync(watch, &watch->batch.works[i]);
            batch_restart(watch);
        }
        if (!batch_exec(watch))
            batch_end(watch);
    }
}

/* -- what the files tell */

static void on_quiet(void *owner)
{
    watch_step(owner);
}

static void on_changed(void *owner, const char *path)
{
    struct watch *watch = owner;
    uint64_t now_ms = loop_now_ms(follow_loop(watch->follow)), due_ms = now_ms + QUIET_MS;
    size_t count = watch->changed.count;

    if (count == 0)
        watch->first_ms = now_ms;
    if (count == 0 || !string_eq(watch->changed.items[count - 1], path))
        string_list_add(watch->changed_arena, &watch->changed,
                        arena_strdup(watch->changed_arena, path));
    if (due_ms > watch->first_ms + BATCH_MOST_MS)
        due_ms = watch->first_ms + BATCH_MOST_MS;
    timer_arm_at(watch->timer, due_ms);
}

static bool on_directory(void *owner, const char *directory)
{
    const struct watch *watch = owner;

    return watch_rules_skip(&watch->rules, directory);
}

static void on_trouble(void *owner, const struct error *err)
{
    (void)owner;
    log_warning("%s", err->text);
}

/* -- its life */

static bool needs_files_again(const struct watch *watch)
{
    if (!string_list_has(&watch->options.project->files, "-"))
        return false;
    for (size_t i = 0; i < watch->rules.count; i++)
        if (watch->rules.items[i].rule->rebuilds)
            return true;
    return false;
}

int watch_new(const struct watch_options *options, struct watch **ret_watch, struct error *err)
{
    scoped(diagnostics_free) struct diagnostics *diagnostics = diagnostics_new();
    scoped(watch_free) struct watch *watch = memory_new(struct watch);

    watch->options = *options;
    watch->arena = arena_new();
    watch->changed_arena = arena_new();
    if (watch_rules_make(options->project, options->services, watch->arena, diagnostics,
                         &watch->rules, err) < 0 ||
        session_report(diagnostics, err) < 0)
        return -1;
    if (watch->rules.count == 0)
        return error_set(err, "none of the selected services is configured for watch, consider "
                              "setting a 'develop' section");
    if (needs_files_again(watch))
        return error_set(err, "action 'rebuild' reads the Compose file again, which standard input "
                              "does not allow");
    *ret_watch = steal(watch);
    return 0;
}

void watch_free(struct watch *watch)
{
    if (!watch)
        return;
    watch_stop(watch);
    arena_free(watch->changed_arena);
    arena_free(watch->arena);
    free(watch);
}

void watch_stop(struct watch *watch)
{
    watch_job_free(steal(watch->job));
    file_tree_free(steal(watch->tree));
    timer_free(steal(watch->timer));
    batch_end(watch);
    watch->follow = NULL;
}

int watch_start(struct watch *watch, struct follow *follow, const struct project_dir *dir,
                struct error *err)
{
    const struct file_tree_options options = {.loop = follow_loop(follow),
                                              .changed = on_changed,
                                              .skips = on_directory,
                                              .troubled = on_trouble,
                                              .owner = watch};

    watch->follow = follow;
    watch->dir = dir;
    watch->timer = timer_new(options.loop, on_quiet, watch);
    if (file_tree_new(&options, &watch->tree, err) < 0)
        return -1;
    for (size_t i = 0; i < watch->rules.count; i++)
        if (file_tree_add(watch->tree, watch->rules.items[i].path, err) < 0)
            return -1;
    watch_say("Watch enabled");
    return 0;
}

/* It goes on as long as there is something to watch for. */
static enum verdict watch_judge(struct follow *follow, void *owner, struct error *err)
{
    (void)err;
    if (follow_ended(follow))
        return VERDICT_DONE;
    watch_look(owner);
    return VERDICT_WAIT;
}

int watch_run(struct watch *watch, const struct project_dir *dir, struct progress *progress,
              struct error *err)
{
    const struct request request = {.command = "watch"};
    const struct follow_options options = {.project = watch->options.project->name,
                                           .dir = dir,
                                           .progress = progress,
                                           .judge = watch_judge,
                                           .owner = watch};
    scoped(follow_free) struct follow *follow = follow_new(&options);
    bool interrupted = false;
    int result = watch_start(watch, follow, dir, err);

    if (result == 0)
        result = follow_run(follow, &request, &interrupted, err);
    watch_stop(watch);
    return result == 0 && interrupted ? EXIT_INTERRUPTED : result;
}
