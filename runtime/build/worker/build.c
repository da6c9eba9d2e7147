/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/build/worker/build.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "common/fd.h"
#include "common/file.h"
#include "common/path.h"
#include "runtime/build/build_limits.h"
#include "runtime/build/worker/build_cache.h"
#include "runtime/build/worker/build_report.h"
#include "runtime/build/worker/image_output.h"
#include "runtime/build/worker/layout_source.h"
#include "runtime/build/worker/stage.h"
#include "runtime/image/worker/timestamp.h"

/* -- what is read first */

/* A Dockerfile of a context that was fetched lies in it, and so does what it may be a link to. */
static int open_dockerfile(const struct context_tree *context, const char *name)
{
    if (string_eq(name, CONTEXT_STDIN))
        return fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0);
    if (*name == '/' && !context->is_fetched)
        return open(name, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (context->is_fetched)
        return path_open_file_in_root(context->fd, name);
    return openat(context->fd >= 0 ? context->fd : AT_FDCWD, name, O_RDONLY | O_CLOEXEC | O_NOCTTY);
}

static int read_dockerfile(struct build *build, const struct context_tree *context,
                           const char **ret_name, struct error *err)
{
    const struct build_request *request = build->request;
    const char *name = request->dockerfile ? request->dockerfile : "Dockerfile";
    scoped_fd int fd = -1;

    if (request->dockerfile_inline) {
        *ret_name = "dockerfile_inline";
        text_append(&build->dockerfile_text, request->dockerfile_inline);
        return 0;
    }
    *ret_name = request->context && !context->is_fetched && !string_eq(name, CONTEXT_STDIN)
                    ? path_join(build->arena, request->context, name)
                    : name;
    fd = open_dockerfile(context, name);
    if (fd < 0)
        return error_sys(err, "open '%s'", *ret_name);
    return fd_read_all(fd, LIMIT_DOCKERFILE_BYTES, &build->dockerfile_text, err);
}

static int read_ignore(struct build *build, const struct context_tree *context, struct error *err)
{
    const char *name = build->request->dockerfile ? build->request->dockerfile : "Dockerfile";
    const char *own = NULL;

    if (context->fd < 0)
        return 0;
    if (context->is_fetched)
        name += strspn(name, "/"); /* there is no other root */
    if (!build->request->dockerfile_inline)
        own = arena_printf(build->arena, "%s.dockerignore", name);
    return ignore_file_read(context->fd, own, build->arena, &build->ignore, err);
}

static int report_mistakes(const struct build *build, struct error *err)
{
    scoped_text struct text out = {0};

    diagnostics_print(build->diagnostics, &out);
    if (out.length > 0)
        out.data[out.length - 1] = '\0'; /* its last newline */
    return error_set(err, "%s", text_get(&out));
}

static int read_all(struct build *build, struct error *err)
{
    const struct build_request *request = build->request;
    struct dockerfile_source source = {0};
    struct build_graph_source graph = {&build->dockerfile, &build->arguments,
                                       &build->context_names};
    struct context_tree context;

    if (context_set_open(build->contexts, NULL, &context, err) < 0 ||
        read_dockerfile(build, &context, &source.file, err) < 0 ||
        read_ignore(build, &context, err) < 0)
        return -1;
    source.bytes = text_get(&build->dockerfile_text);
    source.length = build->dockerfile_text.length;
    build->arguments = (struct build_arguments){
        .values = request->args, .target = request->target, .platform = request->platform};
    for (size_t i = 0; i < request->n_contexts; i++)
        string_list_add(build->arena, &build->context_names, request->contexts[i].name);
    if (dockerfile_parse(&source, build->arena, build->diagnostics, &build->dockerfile) < 0 ||
        build_graph_make(&graph, build->arena, build->diagnostics, &build->graph) < 0)
        return report_mistakes(build, err);
    if (build->builder->order->rewrite_timestamp && build_source_date(build) < 0)
        return error_set(err, "--rewrite-timestamp needs SOURCE_DATE_EPOCH");
    return 0;
}

/* -- for stages */

const char *build_context_image(const struct build *build, const char *name)
{
    static const char prefix[] = "docker-image://";

    for (size_t i = 0; i < build->request->n_contexts; i++) {
        const char *value = build->request->contexts[i].value;

        if (!string_eq(build->request->contexts[i].name, name))
            continue;
        if (string_starts_with(value, prefix))
            return value + strlen(prefix);
        return layout_source_is(value) ? value : NULL;
    }
    return NULL;
}

int64_t build_source_date(const struct build *build)
{
    const char *text = build_arguments_get(&build->arguments, "SOURCE_DATE_EPOCH");
    unsigned long long seconds;

    return text && string_to_u64(text, INT64_MAX, &seconds) ? (int64_t)seconds : -1;
}

const char *build_now(const struct build *build, struct arena *arena)
{
    int64_t date = build_source_date(build);

    return timestamp_format(date >= 0 ? date : time(NULL), arena);
}

int build_find_image(struct build *build, const char *reference, const char *platform,
                     struct arena *arena, struct image **ret_image, struct error *err)
{
    struct image_store *store = build->builder->store;

    if (layout_source_is(reference))
        return layout_source_find(store, reference, arena, ret_image, err);
    if (image_store_find(store, reference, platform, arena, ret_image, NULL) == 0 && *ret_image &&
        !build->request->pull)
        return 0;
    if (image_fetch_one(build->images, reference, platform, err) < 0)
        return error_wrap(err, "pull '%s'", reference);
    if (image_store_find(store, reference, platform, arena, ret_image, err) < 0)
        return -1;
    return *ret_image ? 0 : error_set(err, "there is no image '%s'", reference);
}

/* -- stages */

/* All stages on their way, each in a thread of its own; one begins when those that it builds on are
 * done. */
struct schedule {
    struct build *build;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool *done;
    bool failed;
    struct error error; /* the first one */
};

struct worker {
    struct schedule *schedule;
    size_t stage;
    pthread_t thread;
};

static bool is_ready(const struct schedule *schedule, size_t stage)
{
    const struct stage_node *node = &schedule->build->graph.nodes[stage];

    for (size_t i = 0; i < node->n_sources; i++)
        if (node->sources[i].kind == SOURCE_STAGE && !schedule->done[node->sources[i].stage])
            return false;
    return true;
}

static void *run_stage(void *owner)
{
    struct worker *worker = owner;
    struct schedule *schedule = worker->schedule;
    struct error err = {0};
    int result = -1;
    bool go;

    (void)pthread_mutex_lock(&schedule->lock);
    while (!schedule->failed && !is_ready(schedule, worker->stage))
        (void)pthread_cond_wait(&schedule->changed, &schedule->lock);
    go = !schedule->failed;
    (void)pthread_mutex_unlock(&schedule->lock);
    if (go)
        result = stage_build(schedule->build, worker->stage, &err);
    (void)pthread_mutex_lock(&schedule->lock);
    schedule->done[worker->stage] = result == 0;
    if (result < 0 && !schedule->failed) {
        schedule->failed = true;
        schedule->error = err;
    }
    (void)pthread_cond_broadcast(&schedule->changed);
    (void)pthread_mutex_unlock(&schedule->lock);
    return NULL;
}

/* A chain needs no thread. */
static bool is_chain(const struct build_graph *graph)
{
    for (size_t i = 1; i < graph->n_order; i++) {
        const struct stage_node *node = &graph->nodes[graph->order[i]];
        bool follows = false;

        for (size_t k = 0; k < node->n_sources; k++)
            follows = follows || (node->sources[k].kind == SOURCE_STAGE &&
                                  node->sources[k].stage == graph->order[i - 1]);
        if (!follows)
            return false;
    }
    return true;
}

static int run_parallel(struct build *build, struct error *err)
{
    const struct build_graph *graph = &build->graph;
    struct schedule schedule = {.build = build,
                                .lock = PTHREAD_MUTEX_INITIALIZER,
                                .changed = PTHREAD_COND_INITIALIZER,
                                .done = arena_new_array(build->arena, bool, graph->n_nodes)};
    struct worker *workers = arena_new_array(build->arena, struct worker, graph->n_order);
    size_t started = 0;

    for (; started < graph->n_order; started++) {
        workers[started] = (struct worker){&schedule, graph->order[started], 0};
        errno = pthread_create(&workers[started].thread, NULL, run_stage, &workers[started]);
        if (errno == 0)
            continue;
        (void)pthread_mutex_lock(&schedule.lock);
        schedule.failed = true;
        error_sys(&schedule.error, "start a thread");
        (void)pthread_cond_broadcast(&schedule.changed);
        (void)pthread_mutex_unlock(&schedule.lock);
        break;
    }
    for (size_t i = 0; i < started; i++)
        (void)pthread_join(workers[i].thread, NULL);
    if (!schedule.failed)
        return 0;
    if (err)
        *err = schedule.error;
    return -1;
}

static int run_stages(struct build *build, struct error *err)
{
    const struct build_graph *graph = &build->graph;

    build->stages = arena_new_array(build->arena, struct built_stage, graph->n_nodes);
    if (!is_chain(graph))
        return run_parallel(build, err);
    for (size_t i = 0; i < graph->n_order; i++)
        if (stage_build(build, graph->order[i], err) < 0)
            return -1;
    return 0;
}

/* What was done is kept, also when the build has failed: the next one begins behind it. */
static int keep_steps(struct build *build, struct error *err)
{
    struct builder *builder = build->builder;

    if (layer_pool_commit(builder->pool, err) < 0 || step_cache_commit(builder->cache, err) < 0)
        return -1;
    return digest_memo_commit(builder->memo, err);
}

static void build_done(struct build *build)
{
    for (size_t i = 0; build->stages && i < build->graph.n_nodes; i++) {
        image_draft_free(build->stages[i].draft);
        arena_free(build->stages[i].arena);
    }
    text_done(&build->dockerfile_text);
    diagnostics_free(build->diagnostics);
    context_set_free(build->contexts);
    build_cache_free(build->cache);
    arena_free(build->arena);
}

static int run(struct build *build, char ret_id[IMAGE_DIGEST_SIZE], struct error *err)
{
    int result;

    if (read_all(build, err) < 0 || build_cache_read(build, err) < 0)
        return -1;
    result = run_stages(build, err);
    if (keep_steps(build, result < 0 ? NULL : err) < 0 || result < 0)
        return -1;
    if (image_output(build, build->stages[build->graph.target].draft, ret_id, err) < 0)
        return -1;
    return build_cache_write(build, err);
}

int build_run(struct builder *builder, const struct build_request *request,
              struct image_fetch *images, char ret_id[IMAGE_DIGEST_SIZE], struct error *err)
{
    struct build build = {.builder = builder,
                          .request = request,
                          .images = images,
                          .cache = build_cache_new(),
                          .arena = arena_new(),
                          .diagnostics = diagnostics_new(),
                          .contexts = context_set_new(builder, request)};
    int result = run(&build, ret_id, err);

    build_done(&build);
    if (result == 0)
        build_report_built(request->name, ret_id, &request->tags);
    return result;
}
