/* SPDX-License-Identifier: Apache-2.0 */
#include "orchestrator/cli/build/project_build.h"

#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "common/fd.h"
#include "common/log.h"
#include "orchestrator/cli/build/build_display.h"
#include "orchestrator/cli/image/image_worker.h"
#include "orchestrator/state/id_range.h"

/* The user namespaces of all builds; no project can have this name. */
static const char id_owner[] = ":build";

struct listening {
    struct build_display *display;
    struct text failure; /* what the worker told last */
    bool print_ids;
};

static int on_line(void *owner, const char *line, size_t length, struct error *err)
{
    scoped(arena_free) struct arena *arena = arena_new();
    struct listening *listening = owner;
    struct build_event event;

    if (build_event_parse(line, length, arena, &event, err) < 0)
        return -1;
    if (event.kind == BUILD_EVENT_ERROR) {
        text_clear(&listening->failure);
        text_appendf(&listening->failure, "build '%s': %s", event.build, event.message);
    }
    if (event.kind == BUILD_EVENT_BUILT && listening->print_ids)
        puts(event.image);
    build_display_event(listening->display, &event, arena_strndup(arena, line, length));
    return 0;
}

static void on_complaint(void *owner, const char *line)
{
    struct listening *listening = owner;

    build_display_say(listening->display, line);
}

static void on_tick(void *owner)
{
    struct listening *listening = owner;

    build_display_tick(listening->display);
}

/* In memory, for it may hold secrets; the worker finds it by our descriptor. */
static int order_write(const struct build_order *order, struct arena *arena, int *ret_fd,
                       const char **ret_path, struct error *err)
{
    scoped_fd int fd = memfd_create("order", MFD_CLOEXEC);
    scoped(json_release) json_t *json = codec_encode(build_order_codec, order);
    scoped_text struct text text = {0};

    json_format(json, &text);
    if (fd < 0 || fd_write_all(fd, text_get(&text), text.length) < 0)
        return error_sys(err, "write what is to be built");
    *ret_path = arena_printf(arena, "/proc/%d/fd/%d", (int)getpid(), fd);
    *ret_fd = steal_fd(&fd);
    return 0;
}

static int worker_run(struct session *session, const struct project_build_options *options,
                      const char *order_path, bool *ret_interrupted, struct error *err)
{
    struct string_list args = image_worker_args(session->arena, "build", options->data_root);
    scoped(build_display_free) struct build_display *display = NULL;
    struct listening listening = {.print_ids = options->print_ids};
    const struct image_worker_listener listener = {
        .line = on_line, .complaint = on_complaint, .tick = on_tick, .owner = &listening};
    struct image_worker_end end = {0};
    struct progress_mode mode;
    int result;

    if (session_progress(session, options->quiet, &mode, err) < 0)
        return -1;
    listening.display = display = build_display_new(mode);
    string_list_add(session->arena, &args, "--events");
    string_list_add(session->arena, &args, order_path);
    result = image_worker_follow(args, &listener, &end, err);
    build_display_finish(display);
    *ret_interrupted = end.interrupted;
    if (result == 0 && end.exit_code != 0 && !end.interrupted)
        result = listening.failure.length > 0
                     ? (log_error("%s", text_get(&listening.failure)), error_set(err, "%s", ""))
                     : error_set(err, "the image worker ended with status %d", end.exit_code);
    text_done(&listening.failure);
    return result;
}

int build_order_run(struct session *session, const struct project_build_options *options,
                    struct build_order *order, bool *ret_interrupted, struct error *err)
{
    scoped_fd int fd = -1;
    struct roots roots;
    const char *path = NULL;
    struct id_range range;

    *ret_interrupted = false;
    if (order->n_builds == 0)
        return 0;
    if (roots_find(session->arena, &roots, err) < 0 ||
        id_range_take(options->data_root, id_owner, &range, err) < 0)
        return -1;
    order->id_base = range.base;
    order->id_count = range.count;
    order->run_root = roots.run;
    if (order_write(order, session->arena, &fd, &path, err) < 0)
        return -1;
    return worker_run(session, options, path, ret_interrupted, err);
}

int project_build(struct session *session, const struct project *project,
                  const struct project_build_options *options, bool *ret_interrupted,
                  struct error *err)
{
    struct build_order order;

    if (project_build_order(session, project, options, &order, err) < 0)
        return -1;
    return build_order_run(session, options, &order, ret_interrupted, err);
}
