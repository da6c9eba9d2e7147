/* SPDX-License-Identifier: Apache-2.0 */
#include "orchestrator/cli/image/project_pin.h"

#include "orchestrator/cli/image/image_resolve.h"
#include "orchestrator/cli/image/project_lock.h"
#include "runtime/image/image_reference.h"

struct pinning {
    struct session *session;
    const struct project *project;
    struct lock_file *lock; /* or NULL */
    struct image_answers answers;
    struct diagnostics *diagnostics;
};

static void pin_error(struct pinning *pinning, const struct service *service, const char *text)
{
    scoped_text struct text path = {0};

    text_appendf(&path, "services.%s.image", service->name);
    diagnostics_error(pinning->diagnostics, service->image_at, text_get(&path), "%s", text);
}

/* The references that the lock file says nothing of. */
static struct string_list unknown_references(struct pinning *pinning)
{
    struct arena *arena = pinning->session->arena;
    struct string_list unknown = {0};

    for (size_t i = 0; i < pinning->project->n_services; i++) {
        const struct service *service = &pinning->project->services[i];
        struct image_reference reference;
        struct error err = {0};
        const char *full;

        if (!service->image)
            continue;
        if (image_reference_parse(service->image, arena, &reference, &err) < 0) {
            pin_error(pinning, service, err.text);
            continue;
        }
        full = image_reference_format(&reference, arena);
        if (!reference.digest && !lock_file_find(pinning->lock, full))
            string_list_add(arena, &unknown, full);
    }
    return unknown;
}

/* With the digest that it has, that the lock file has, or that was asked for. */
static const char *pinned_reference(struct pinning *pinning, const struct service *service)
{
    struct arena *arena = pinning->session->arena;
    const struct image_answer *answer;
    const struct lock_image *locked;
    struct image_reference reference;
    const char *full;

    if (image_reference_parse(service->image, arena, &reference, NULL) < 0)
        return NULL;
    full = image_reference_format(&reference, arena);
    if (reference.digest)
        return full;
    locked = lock_file_find(pinning->lock, full);
    answer = image_answers_find(&pinning->answers, full);
    if (!locked && answer && answer->problem)
        pin_error(pinning, service, answer->problem);
    if (!locked && answer && !answer->problem)
        locked = &answer->image;
    return locked ? arena_printf(arena, "%s@%s", full, locked->digest) : NULL;
}

int project_pin_images(struct session *session, struct compose *compose, struct error *err)
{
    scoped(diagnostics_free) struct diagnostics *diagnostics = diagnostics_new();
    struct pinning pinning = {
        .session = session, .project = compose_project(compose), .diagnostics = diagnostics};
    struct string_list unknown;
    struct roots roots;

    if (roots_find(session->arena, &roots, err) < 0 ||
        project_lock_read(pinning.project, session->arena, diagnostics, &pinning.lock, err) < 0)
        return -1;
    unknown = unknown_references(&pinning);
    if (session_report(diagnostics, err) < 0 ||
        image_resolve(unknown, roots.data, session->arena, &pinning.answers, err) < 0)
        return -1;
    for (size_t i = 0; i < pinning.project->n_services; i++) {
        const struct service *service = &pinning.project->services[i];
        const char *pinned = service->image ? pinned_reference(&pinning, service) : NULL;

        if (pinned)
            compose_set_image(compose, service->name, pinned);
    }
    return session_report(diagnostics, err);
}
