/* SPDX-License-Identifier: Apache-2.0 */
#include "orchestrator/cli/image/project_lock.h"

#include <fcntl.h>
#include <string.h>

#include "common/file.h"
#include "common/limits.h"
#include "orchestrator/cli/image/base_images.h"
#include "orchestrator/cli/image/image_needs.h"

const char *project_lock_path(const struct project *project, struct arena *arena)
{
    const char *first = project->files.count > 0 ? project->files.items[0] : "";
    const char *slash = strrchr(first, '/');

    if (!slash) /* standard input */
        return arena_printf(arena, "%s/compose.lock", project->directory);
    return arena_printf(arena, "%.*s/compose.lock", (int)(slash - first), first);
}

int project_lock_read(const struct project *project, struct arena *arena,
                      struct diagnostics *diagnostics, struct lock_file **ret_lock,
                      struct error *err)
{
    const char *path = project_lock_path(project, arena);
    struct lock_file *lock = arena_new_object(arena, struct lock_file);
    scoped_text struct text bytes = {0};
    struct error broken = {0};
    bool exists;

    *ret_lock = NULL;
    if (file_read(AT_FDCWD, path, LIMIT_JSON_BYTES, &bytes, &exists, err) < 0)
        return -1;
    if (!exists)
        return 0;
    if (lock_file_parse(text_get(&bytes), bytes.length, path, arena, lock, &broken) == 0)
        *ret_lock = lock;
    else
        diagnostics_error(diagnostics, broken.at, NULL, "%s", broken.text);
    return 0;
}

/* -- what it has to name */

static size_t bases_add(const struct service *service, struct lock_want *wants, struct arena *arena,
                        struct diagnostics *diagnostics)
{
    struct string_list bases = base_images_of(service, arena, diagnostics);

    for (size_t i = 0; i < bases.count; i++)
        wants[i] =
            (struct lock_want){.reference = bases.items[i],
                               .service = service->name,
                               .path = arena_printf(arena, "services.%s.build", service->name),
                               .at = service->build->at};
    return bases.count;
}

struct lock_wants project_lock_wants(const struct project *project, struct arena *arena,
                                     struct diagnostics *diagnostics)
{
    struct image_needs needs = image_needs_of(project, NULL, arena, diagnostics);
    struct lock_wants wants = {0};

    wants.items = arena_new_array(arena, struct lock_want,
                                  needs.count + project->n_services * BASE_IMAGES_MOST);
    for (size_t i = 0; i < needs.count; i++) {
        const struct image_need *need = &needs.items[i];

        if (!need->builds)
            wants.items[wants.count++] = (struct lock_want){.reference = need->reference,
                                                            .service = need->service->name,
                                                            .path = need->path,
                                                            .at = need->at};
    }
    for (size_t i = 0; i < project->n_services; i++)
        if (project->services[i].build)
            wants.count +=
                bases_add(&project->services[i], wants.items + wants.count, arena, diagnostics);
    return wants;
}

static bool is_wanted(const struct lock_wants *wants, const char *reference)
{
    for (size_t i = 0; i < wants->count; i++)
        if (string_eq(wants->items[i].reference, reference))
            return true;
    return false;
}

void project_lock_compare(const struct project *project, const struct lock_wants *wants,
                          const struct lock_file *lock, struct diagnostics *diagnostics)
{
    scoped(arena_free) struct arena *arena = arena_new();
    struct position at = {project_lock_path(project, arena), 0, 0};

    if (!lock) {
        diagnostics_error(diagnostics, at, NULL, "there is no lock file: 'yawl lock' writes it");
        return;
    }
    for (size_t i = 0; i < wants->count; i++)
        if (!lock_file_find(lock, wants->items[i].reference))
            diagnostics_error(diagnostics, wants->items[i].at, wants->items[i].path,
                              "'%s' is not in compose.lock: 'yawl lock' adds it",
                              wants->items[i].reference);
    for (size_t i = 0; i < lock->n_images; i++)
        if (!is_wanted(wants, lock->images[i].reference))
            diagnostics_error(diagnostics, at, NULL,
                              "nothing needs '%s' any more: 'yawl lock' removes it",
                              lock->images[i].reference);
}
