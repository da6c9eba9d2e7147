/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/image/worker/image_fetch.h"

#include <pthread.h>

#include "common/memory.h"
#include "runtime/image/worker/image_pull.h"
#include "runtime/image/worker/image_push.h"
#include "runtime/image/worker/image_source.h"
#include "runtime/image/worker/registry_setup.h"

struct image_fetch {
    struct image_store *store;
    struct arena *arena;
    pthread_mutex_t lock;
    struct report report;
    struct registry *registry; /* NULL until it is needed */
    struct downloads *downloads;
};

struct image_fetch *image_fetch_new(struct image_store *store)
{
    struct image_fetch *fetch = memory_new(struct image_fetch);

    fetch->store = store;
    fetch->arena = arena_new();
    fetch->report.events = true;
    (void)pthread_mutex_init(&fetch->lock, NULL);
    return fetch;
}

void image_fetch_free(struct image_fetch *fetch)
{
    if (!fetch)
        return;
    downloads_free(fetch->downloads);
    registry_free(fetch->registry);
    (void)pthread_mutex_destroy(&fetch->lock);
    arena_free(fetch->arena);
    free(fetch);
}

static int reach(struct image_fetch *fetch, struct error *err)
{
    if (fetch->registry)
        return 0;
    fetch->registry = registry_setup(fetch->arena, &fetch->report, err);
    if (!fetch->registry)
        return -1;
    fetch->downloads = downloads_new(fetch->store, fetch->registry, &fetch->report);
    return 0;
}

static int pull(struct image_fetch *fetch, const char *text, struct error *err)
{
    struct pull_context context = {.store = fetch->store, .report = &fetch->report};
    struct pull_item item;

    if (pull_item_parse(text, fetch->arena, &item, err) < 0 || reach(fetch, err) < 0)
        return -1;
    context.registry = fetch->registry;
    context.downloads = fetch->downloads;
    return image_pull(&context, &item, err);
}

int image_fetch_one(struct image_fetch *fetch, const char *reference, const char *platform,
                    struct error *err)
{
    int result;

    (void)pthread_mutex_lock(&fetch->lock);
    result = pull(fetch,
                  arena_printf(fetch->arena, "%s%s%s", reference, platform ? ",platform=" : "",
                               platform ? platform : ""),
                  err);
    (void)pthread_mutex_unlock(&fetch->lock);
    return result;
}

static int peek(struct image_fetch *fetch, const char *text, struct arena *arena,
                struct image_peek *ret_peek, struct error *err)
{
    const struct image_platform machine = image_platform_host();
    struct image_reference reference;
    struct image_source source;

    if (image_reference_parse(text, arena, &reference, err) < 0 || reach(fetch, err) < 0 ||
        image_source_read(fetch->registry, &reference, &machine, arena, &source, err) < 0)
        return -1;
    reference.tag = NULL;
    reference.digest = source.digest;
    *ret_peek = (struct image_peek){.pinned = image_reference_format(&reference, arena),
                                    .config = source.config};
    return 0;
}

int image_fetch_peek(struct image_fetch *fetch, const char *reference, struct arena *arena,
                     struct image_peek *ret_peek, struct error *err)
{
    int result;

    (void)pthread_mutex_lock(&fetch->lock);
    result = peek(fetch, reference, arena, ret_peek, err);
    (void)pthread_mutex_unlock(&fetch->lock);
    return result;
}

int image_fetch_push(struct image_fetch *fetch, const char *id, const char *reference,
                     struct error *err)
{
    struct push_context context = {.store = fetch->store, .report = &fetch->report, .source = id};
    int result;

    (void)pthread_mutex_lock(&fetch->lock);
    result = reach(fetch, err);
    context.registry = fetch->registry;
    if (result == 0)
        result = image_push(&context, reference, err);
    (void)pthread_mutex_unlock(&fetch->lock);
    return result;
}
