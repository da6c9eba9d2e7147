/* SPDX-License-Identifier: Apache-2.0 */
#include "orchestrator/cli/down_images.h"

#include "common/log.h"
#include "orchestrator/cli/image/image_needs.h"
#include "orchestrator/cli/image/image_worker.h"
#include "runtime/image/image_store.h"

int down_images_parse(const char *word, enum down_images *ret_which, struct error *err)
{
    if (!word)
        *ret_which = DOWN_IMAGES_KEEP;
    else if (string_eq(word, "local"))
        *ret_which = DOWN_IMAGES_LOCAL;
    else if (string_eq(word, "all"))
        *ret_which = DOWN_IMAGES_ALL;
    else
        return error_set(err, "invalid value for --rmi: '%s'; there are 'local' and 'all'", word);
    return 0;
}

/* What is being found. */
struct finding {
    struct session *session;
    enum down_images which;
    const struct string_list *services;
    struct string_list references;
};

static void image_note(struct finding *finding, const char *service, const char *image, bool local)
{
    struct arena *arena = finding->session->arena;

    if (!image || (finding->services->count > 0 && !string_list_has(finding->services, service)) ||
        (finding->which == DOWN_IMAGES_LOCAL && !local) ||
        string_list_has(&finding->references, image))
        return;
    string_list_add(arena, &finding->references, arena_strdup(arena, image));
}

static int records_search(struct finding *finding, struct error *err)
{
    struct arena *arena = finding->session->arena;
    struct record **records;
    const char *project;
    size_t count;

    if (session_records(finding->session, &project, &records, &count, err) < 0)
        return -1;
    for (size_t i = 0; i < count; i++)
        image_note(finding, records[i]->service, records[i]->image,
                   string_eq(records[i]->image,
                             arena_printf(arena, "%s-%s", project, records[i]->service)));
    return 0;
}

/* Without a file, or with a broken one, the containers tell. */
static void file_search(struct finding *finding)
{
    scoped(diagnostics_free) struct diagnostics *diagnostics = diagnostics_new();
    scoped(compose_free) struct compose *compose = NULL;
    struct session *session = finding->session;
    const struct project *project;

    if (compose_load(&session->compose, diagnostics, &compose) < 0)
        return;
    project = compose_project(compose);
    for (size_t i = 0; i < project->n_services; i++) {
        const struct service *service = &project->services[i];

        image_note(finding, service->name,
                   service->image ? service->image
                                  : image_need_built_name(project, service, session->arena),
                   !service->image);
    }
}

int down_images_find(struct session *session, enum down_images which,
                     const struct string_list *services, struct string_list *ret_references,
                     struct error *err)
{
    struct finding finding = {.session = session, .which = which, .services = services};

    if (which != DOWN_IMAGES_KEEP) {
        if (records_search(&finding, err) < 0)
            return -1;
        file_search(&finding);
    }
    *ret_references = finding.references;
    return 0;
}

/* What is not here is not told of. */
static int image_remove(struct session *session, struct image_store *store, const char *reference,
                        const char *data_root, struct progress *progress, struct error *err)
{
    struct string_list args = image_worker_args(session->arena, "rm", data_root);
    scoped_text struct text told = {0};
    const char *normal;
    struct image *image;
    int exit_code;

    if (image_reference_normalise(reference, session->arena, &normal, err) < 0 ||
        image_store_find(store, normal, NULL, session->arena, &image, err) < 0)
        return -1;
    if (!image)
        return 0;
    string_list_add(session->arena, &args, reference);
    if (image_worker_ask(args, &told, &exit_code, err) < 0)
        return -1;
    if (exit_code == 0)
        progress_line(progress, "Image", reference, "Removed");
    else
        log_warning("image '%s' stays", reference);
    return 0;
}

int down_images_remove(struct session *session, const struct string_list *references,
                       const char *data_root, struct progress *progress, struct error *err)
{
    scoped(image_store_free) struct image_store *store = NULL;

    if (references->count == 0)
        return 0;
    store = image_store_open(data_root, err);
    if (!store)
        return -1;
    for (size_t i = 0; i < references->count; i++)
        if (image_remove(session, store, references->items[i], data_root, progress, err) < 0)
            return -1;
    return 0;
}
