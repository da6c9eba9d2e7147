/* SPDX-License-Identifier: Apache-2.0 */
#include "orchestrator/cli/image/image_needs.h"

#include "runtime/image/image_platform.h"

struct search {
    const struct project *project;
    const struct lock_file *lock;
    struct arena *arena;
    struct diagnostics *diagnostics;
    struct image_needs needs;
};

const char *image_need_platform(const struct service *service)
{
    const char *fallback = getenv("DOCKER_DEFAULT_PLATFORM");

    if (service->platform)
        return service->platform;
    if (service->build && service->build->platforms.count == 1)
        return service->build->platforms.items[0];
    return fallback && *fallback ? fallback : NULL;
}

const char *image_need_built_name(const struct project *project, const struct service *service,
                                  struct arena *arena)
{
    return arena_printf(arena, "%s-%s", project->name, service->name);
}

/* -- finding */

static bool need_check(struct search *search, struct image_need *need)
{
    const struct service *service = need->service;
    struct image_platform platform;
    struct error err = {0};

    if (!pull_policy_parse(service->pull_policy, &need->policy))
        diagnostics_error(search->diagnostics, service->at, need->path,
                          "unknown pull_policy '%s': always, never, missing, build, daily, weekly, "
                          "refresh or every_<duration>",
                          service->pull_policy);
    else if (image_reference_normalise(need->written, search->arena, &need->reference, &err) < 0 ||
             (need->platform &&
              image_platform_parse(need->platform, search->arena, &platform, &err) < 0))
        diagnostics_error(search->diagnostics, need->at, need->path, "%s", err.text);
    else
        return true;
    return false;
}

static void need_add(struct search *search, struct image_need need)
{
    need.platform = image_need_platform(need.service);
    if (!need_check(search, &need))
        return;
    if (!need.builds)
        need.locked = lock_file_find(search->lock, need.reference);
    search->needs.items[search->needs.count++] = need;
}

static void beside_add(struct search *search, const struct service *service, const char *reference,
                       struct position at, const char *path)
{
    need_add(search, (struct image_need){.service = service,
                                         .label = reference,
                                         .written = reference,
                                         .path = path,
                                         .at = at,
                                         .beside = true});
}

/* A hook without an image of its own runs from the service's, which may be one that is built. */
static void beside_needs(struct search *search, const struct service *service)
{
    struct arena *arena = search->arena;

    for (size_t i = 0; i < service->n_volumes; i++) {
        const struct service_volume *volume = &service->volumes[i];

        if (volume->kind == VOLUME_IMAGE && volume->source)
            beside_add(search, service, volume->source, volume->at,
                       arena_printf(arena, "services.%s.volumes[%zu]", service->name, i));
    }
    for (size_t i = 0; i < service->n_pre_start; i++) {
        const struct hook *hook = &service->pre_start[i];

        if (hook->image && !string_eq(hook->image, service->image))
            beside_add(search, service, hook->image, hook->at,
                       arena_printf(arena, "services.%s.pre_start[%zu].image", service->name, i));
    }
}

static void service_needs(struct search *search, const struct service *service)
{
    bool named = service->image != NULL;

    need_add(search,
             (struct image_need){
                 .service = service,
                 .label = service->name,
                 .written = named ? service->image
                                  : image_need_built_name(search->project, service, search->arena),
                 .path = arena_printf(search->arena, "services.%s.%s", service->name,
                                      named ? "image" : "build"),
                 .at = named ? service->image_at : service->at,
                 .builds = service->build != NULL,
                 .only_builds = !named});
    beside_needs(search, service);
}

struct image_needs image_needs_of(const struct project *project, const struct lock_file *lock,
                                  struct arena *arena, struct diagnostics *diagnostics)
{
    struct search search = {
        .project = project, .lock = lock, .arena = arena, .diagnostics = diagnostics};
    size_t most = project->n_services;

    for (size_t i = 0; i < project->n_services; i++)
        most += project->services[i].n_volumes + project->services[i].n_pre_start;
    search.needs.items = arena_new_array(arena, struct image_need, most);
    for (size_t i = 0; i < project->n_services; i++)
        service_needs(&search, &project->services[i]);
    return search.needs;
}

/* -- what is here */

/* An image that cannot be used, because a layer of it is gone, is as good as none: it is pulled
 * anew. */
static void need_look(struct image_need *need, struct image_store *store, struct arena *arena)
{
    struct image *image;

    need->presence = (struct image_presence){.pinned = need->locked != NULL};
    if (image_store_find(store, need->reference, need->platform, arena, &image, NULL) < 0 || !image)
        return;
    need->here = image->index ? image->index : image->manifest;
    need->presence.present = true;
    need->presence.pulled_at = image->pulled_at;
    need->presence.is_pinned_to = need->locked && (lock_image_has(need->locked, image->index) ||
                                                   lock_image_has(need->locked, image->manifest));
}

int image_needs_look(struct image_needs *needs, const char *data_root, struct arena *arena,
                     struct error *err)
{
    scoped(image_store_free) struct image_store *store = image_store_open(data_root, err);

    if (!store)
        return -1;
    for (size_t i = 0; i < needs->count; i++)
        need_look(&needs->items[i], store, arena);
    return 0;
}

/* -- what to do */

void image_needs_decide_up(struct image_needs *needs, const struct pull_policy *policy,
                           int64_t now_s)
{
    for (size_t i = 0; i < needs->count; i++) {
        struct image_need *need = &needs->items[i];

        need->step = pull_policy_for_up(policy ? *policy : need->policy, need->presence, now_s);
        if (need->step == PULL_STEP_PULL && need->only_builds)
            need->step = need->presence.present ? PULL_STEP_KEEP : PULL_STEP_BUILD;
    }
}

void image_needs_decide_pull(struct image_needs *needs, const struct pull_policy *policy)
{
    for (size_t i = 0; i < needs->count; i++) {
        struct image_need *need = &needs->items[i];

        need->step = pull_policy_for_pull(policy ? *policy : need->policy, need->presence,
                                          string_ends_with(need->reference, ":latest"));
        if (need->only_builds)
            need->step = PULL_STEP_BUILD;
    }
}

static void report_forbidden(const struct image_need *need, struct diagnostics *diagnostics)
{
    scoped_text struct text message = {0};

    text_appendf(&message, "image '%s' is not on this machine, and its pull policy is 'never'",
                 need->written);
    if (need->presence.present)
        diagnostics_error(diagnostics, need->at, need->path,
                          "image '%s' is not the one of compose.lock (%s), and its pull policy is "
                          "'never'",
                          need->written, need->locked->digest);
    else
        diagnostics_add(diagnostics,
                        &(struct diagnostic){.severity = SEVERITY_ERROR,
                                             .at = need->at,
                                             .path = need->path,
                                             .message = text_get(&message),
                                             .hint = "'yawl load FILE' takes it from an archive"});
}

void image_needs_report(const struct image_needs *needs, bool may_build,
                        struct diagnostics *diagnostics)
{
    for (size_t i = 0; i < needs->count; i++) {
        const struct image_need *need = &needs->items[i];

        if (need->step == PULL_STEP_FORBIDDEN)
            report_forbidden(need, diagnostics);
        else if (need->step == PULL_STEP_BUILD && !may_build)
            diagnostics_error(diagnostics, need->at, need->path,
                              "image '%s' is not on this machine, and --no-build keeps it from "
                              "being built",
                              need->written);
    }
}
