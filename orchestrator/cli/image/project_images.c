/* SPDX-License-Identifier: Apache-2.0 */
#include "orchestrator/cli/image/project_images.h"

#include <time.h>

#include "common/log.h"
#include "orchestrator/cli/build/project_build.h"
#include "orchestrator/cli/image/image_pull.h"
#include "orchestrator/cli/image/project_lock.h"

/* --pull takes the place of every service's policy; "policy" does not. */
static int policy_read(const char *text, struct pull_policy *policy,
                       const struct pull_policy **ret_policy, struct error *err)
{
    *ret_policy = NULL;
    if (!text || !*text || string_eq(text, "policy"))
        return 0;
    if (!pull_policy_parse(text, policy) || policy->rule == PULL_EVERY)
        return error_set(
            err, "unknown value '%s' of --pull: always, missing, never, build or policy", text);
    *ret_policy = policy;
    return 0;
}

/* Whether the lock is of just these files is a question about all services. */
static int frozen_check(struct session *session, const struct lock_file *lock,
                        struct diagnostics *diagnostics, struct error *err)
{
    scoped(compose_free) struct compose *compose = NULL;
    struct lock_wants wants;

    if (session_load_all(session, &compose, err) < 0)
        return -1;
    wants = project_lock_wants(compose_project(compose), session->arena, diagnostics);
    project_lock_compare(compose_project(compose), &wants, lock, diagnostics);
    return 0;
}

static int lock_find(struct session *session, const struct project *project,
                     const struct project_images_options *options, struct diagnostics *diagnostics,
                     struct lock_file **ret_lock, struct error *err)
{
    *ret_lock = NULL;
    if (options->no_lock)
        return 0;
    if (project_lock_read(project, session->arena, diagnostics, ret_lock, err) < 0)
        return -1;
    /* A broken one was told of; that nothing is in it is not told as well. */
    if (!options->frozen || diagnostics_count(diagnostics, SEVERITY_ERROR) > 0)
        return 0;
    return frozen_check(session, *ret_lock, diagnostics, err);
}

/* What the lock does not say, and where this machine differs from it. */
static void lock_tell(const struct image_needs *needs, const struct lock_file *lock,
                      struct diagnostics *diagnostics)
{
    for (size_t i = 0; lock && i < needs->count; i++) {
        const struct image_need *need = &needs->items[i];

        if (!need->locked && !need->builds)
            diagnostics_warning(diagnostics, need->at, need->path,
                                "'%s' is not in compose.lock: 'yawl lock' adds it",
                                need->reference);
        if (need->step == PULL_STEP_PULL && need->locked && need->presence.present)
            log_info("%s: '%s' is another image here (%s) than compose.lock says; pulling %s",
                     need->label, need->written, need->here ? need->here : "loaded",
                     need->locked->digest);
    }
}

static int needs_pull(struct session *session, struct image_needs *needs,
                      const struct project_images_options *options, bool *ret_interrupted,
                      struct error *err)
{
    scoped(diagnostics_free) struct diagnostics *diagnostics = diagnostics_new();
    struct image_pull_options pull = {.data_root = options->data_root,
                                      .severity = SEVERITY_ERROR,
                                      .may_build = !options->no_build,
                                      .phases = options->phases};

    if (session_progress(session, options->quiet, &pull.mode, err) < 0 ||
        image_pull(needs, &pull, diagnostics, ret_interrupted, err) < 0)
        return -1;
    return session_report(diagnostics, err);
}

/* --build is for everything that has a build. */
static void builds_decide(struct image_needs *needs, const struct project_images_options *options)
{
    for (size_t i = 0; i < needs->count && options->build; i++)
        if (needs->items[i].builds)
            needs->items[i].step = PULL_STEP_BUILD;
}

static int needs_build(struct session *session, const struct project_images *images,
                       const struct project_images_options *options, bool *ret_interrupted,
                       struct error *err)
{
    const struct image_needs *needs = &images->needs;
    struct project_build_options building = {.data_root = options->data_root,
                                             .quiet = options->quiet};

    for (size_t i = 0; i < needs->count; i++)
        if (needs->items[i].step == PULL_STEP_BUILD)
            string_list_add(session->arena, &building.services, needs->items[i].service->name);
    if (project_build(session, images->project, &building, ret_interrupted, err) < 0)
        return -1;
    if (building.services.count > 0 && options->phases)
        phases_next(options->phases, "build");
    return 0;
}

static void names_note(struct session *session, const struct image_needs *needs,
                       enum pull_step step, struct string_list *names)
{
    for (size_t i = 0; i < needs->count; i++)
        if (needs->items[i].step == step && !string_list_has(names, needs->items[i].written))
            string_list_add(session->arena, names,
                            arena_strdup(session->arena, needs->items[i].written));
}

int project_images_decide(struct session *session, const struct compose *compose,
                          const struct project_images_options *options,
                          struct diagnostics *diagnostics, struct project_images *ret_images,
                          struct error *err)
{
    struct project_images images = {.project = compose_project(compose)};
    struct image_needs *needs = &images.needs;
    const struct pull_policy *override;
    struct pull_policy policy;
    struct lock_file *lock;

    compose_report_support(compose, diagnostics);
    if (policy_read(options->pull, &policy, &override, err) < 0 ||
        lock_find(session, images.project, options, diagnostics, &lock, err) < 0)
        return -1;
    *needs = image_needs_of(images.project, lock, session->arena, diagnostics);
    if (image_needs_look(needs, options->data_root, session->arena, err) < 0)
        return -1;
    image_needs_decide_up(needs, override, time(NULL));
    builds_decide(needs, options);
    image_needs_report(needs, !options->no_build, diagnostics);
    lock_tell(needs, lock, diagnostics);
    names_note(session, needs, PULL_STEP_PULL, &images.pulls);
    names_note(session, needs, PULL_STEP_BUILD, &images.builds);
    *ret_images = images;
    return 0;
}

int project_images_fetch(struct session *session, struct project_images *images,
                         const struct project_images_options *options, bool *ret_interrupted,
                         struct error *err)
{
    if (needs_pull(session, &images->needs, options, ret_interrupted, err) < 0)
        return -1;
    return *ret_interrupted ? 0 : needs_build(session, images, options, ret_interrupted, err);
}
