/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The commands that talk to registries: several images at a time, and one that fails does not stop
 * the others.
 */
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/text.h"
#include "runtime/image/worker/commands.h"
#include "runtime/image/worker/image_pull.h"
#include "runtime/image/worker/image_push.h"
#include "runtime/image/worker/image_resolve.h"
#include "runtime/image/worker/parallel.h"
#include "runtime/image/worker/registry_setup.h"

/* Each image has several layers on their way by itself. */
enum { IMAGES_AT_A_TIME = 3, RESOLVE_AT_A_TIME = 8 };

/* What the images of one run share. */
struct session {
    const struct command_options *options;
    struct arena *arena;
    struct report report;
    struct registry *registry;
    struct image_store *store;
    struct downloads *downloads;
    struct pull_item *items;
    json_t **results; /* of resolve, by operand */
    atomic_size_t n_failed;
};

static int session_open(struct session *session, const struct command_options *options,
                        struct error *err)
{
    session->options = options;
    session->arena = arena_new();
    session->report.events = options->events;
    session->registry = registry_setup(session->arena, &session->report, err);
    if (!session->registry)
        return -1;
    session->store = image_store_open(options->data_root, err);
    if (!session->store)
        return -1;
    session->downloads = downloads_new(session->store, session->registry, &session->report);
    return 0;
}

static void session_close(struct session *session)
{
    downloads_free(session->downloads);
    image_store_free(session->store);
    registry_free(session->registry);
    arena_free(session->arena);
}

/* Tells the error and goes on with the others. */
static int note_result(struct session *session, const char *image, int result,
                       const struct error *err)
{
    if (result < 0) {
        report_error(&session->report, image, err);
        atomic_fetch_add(&session->n_failed, 1);
    }
    return 0;
}

static int run_all(struct session *session,
                   int (*run)(void *owner, size_t index, struct error *err), size_t max_threads,
                   struct error *err)
{
    const struct parallel_work work = {.run = run,
                                       .owner = session,
                                       .count = (size_t)session->options->n_operands,
                                       .max_threads = max_threads};

    if (parallel_run(&work, err) < 0)
        return -1;
    /* Each has been told already. */
    return atomic_load(&session->n_failed) > 0 ? error_set(err, "%s", "") : 0;
}

static int pull_one(void *owner, size_t index, struct error *err)
{
    struct session *session = owner;
    const struct pull_item *item = &session->items[index];
    const struct pull_context context = {.store = session->store,
                                         .registry = session->registry,
                                         .downloads = session->downloads,
                                         .report = &session->report};

    return note_result(session, item->text, image_pull(&context, item, err), err);
}

static int pull(struct session *session, struct error *err)
{
    const struct command_options *options = session->options;

    session->items = arena_new_array(session->arena, struct pull_item, (size_t)options->n_operands);
    for (int i = 0; i < options->n_operands; i++) {
        if (pull_item_parse(options->operands[i], session->arena, &session->items[i], err) < 0)
            return -1;
    }
    image_staging_sweep(session->store);
    return run_all(session, pull_one, IMAGES_AT_A_TIME, err);
}

static int push_one(void *owner, size_t index, struct error *err)
{
    struct session *session = owner;
    const char *text = session->options->operands[index];
    const struct push_context context = {
        .store = session->store, .registry = session->registry, .report = &session->report};

    return note_result(session, text, image_push(&context, text, err), err);
}

static int push(struct session *session, struct error *err)
{
    return run_all(session, push_one, IMAGES_AT_A_TIME, err);
}

static int resolve_one(void *owner, size_t index, struct error *err)
{
    struct session *session = owner;
    const char *text = session->options->operands[index];
    json_t *result = image_resolve(session->registry, text, err);

    if (!result) {
        result = json_object();
        (void)json_object_set_new(result, "reference", json_string(text));
        (void)json_object_set_new(result, "error", json_string(err->text));
        atomic_fetch_add(&session->n_failed, 1);
    }
    session->results[index] = result;
    return 0;
}

static int resolve(struct session *session, struct error *err)
{
    size_t count = (size_t)session->options->n_operands;
    scoped(json_release) json_t *document = json_object();
    scoped_text struct text out = {0};
    json_t *images = json_array();
    int result;

    (void)json_object_set_new(document, "images", images);
    session->results = arena_new_array(session->arena, json_t *, count);
    result = run_all(session, resolve_one, RESOLVE_AT_A_TIME, err);
    for (size_t i = 0; i < count; i++)
        (void)json_array_append_new(images, session->results[i]);
    json_format(document, &out);
    (void)printf("%s\n", text_get(&out));
    return result;
}

static int run(const struct command_options *options,
               int (*command)(struct session *session, struct error *err), struct error *err)
{
    struct session session = {0};
    int result = session_open(&session, options, err);

    if (result == 0)
        result = command(&session, err);
    session_close(&session);
    return result;
}

int command_pull(const struct command_options *options, struct error *err)
{
    return run(options, pull, err);
}

int command_push(const struct command_options *options, struct error *err)
{
    return run(options, push, err);
}

int command_resolve(const struct command_options *options, struct error *err)
{
    return run(options, resolve, err);
}
