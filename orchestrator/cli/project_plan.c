/* SPDX-License-Identifier: Apache-2.0 */
#include "orchestrator/cli/project_plan.h"

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "common/fd.h"
#include "common/file.h"
#include "common/json.h"
#include "common/path.h"
#include "common/sha256.h"
#include "orchestrator/cli/cdi_files.h"
#include "orchestrator/cli/host_check.h"
#include "orchestrator/cli/image/image_needs.h"
#include "orchestrator/plan/plan_check.h"
#include "orchestrator/plan/plan_make.h"
#include "orchestrator/state/id_range.h"
#include "orchestrator/state/record.h"
#include "orchestrator/supervise/decide.h"
#include "runtime/image/image_store.h"

enum { INPUT_MAX_BYTES = 256 * 1024 * 1024 };

struct planning {
    struct arena *arena;
    const struct compose *compose;
    const struct project *project;
    const struct roots *roots;
    struct diagnostics *diagnostics;
    struct plan_image *images;
    size_t n_images;
    struct plan_side_image *side_images;
    size_t n_side_images;
    struct record **records; /* of what exists of the project */
    size_t n_records;
    bool dry; /* nothing is to be changed */
};

/* -- images */

static void input_append(const char *path, struct text *out)
{
    scoped_text struct text bytes = {0};
    char hex[SHA256_HEX_SIZE] = "unreadable";

    if (file_read(AT_FDCWD, path, INPUT_MAX_BYTES, &bytes, NULL, NULL) == 0)
        sha256_hex(text_get(&bytes), bytes.length, hex);
    text_appendf(out, "\n%s %s", path, hex);
}

/* A change of a file that a job reads is a change of the job. */
static void inputs_append(const struct planning *planning, const struct service *service,
                          struct text *out)
{
    for (size_t i = 0; i < service->inputs.count; i++) {
        glob_t found = {0};
        const char *pattern =
            path_join(planning->arena, planning->project->directory, service->inputs.items[i]);

        if (glob(pattern, 0, NULL, &found) == 0)
            for (size_t j = 0; j < found.gl_pathc; j++)
                input_append(found.gl_pathv[j], out);
        globfree(&found);
    }
}

static void service_note(struct planning *planning, const struct service *service,
                         struct plan_image *image)
{
    scoped_text struct text canonical = {0};
    char hex[SHA256_HEX_SIZE];

    compose_print_service_for_hash(planning->compose, service->name, &canonical);
    image->service = service->name;
    image->service_config = arena_strdup(planning->arena, text_get(&canonical));
    if (service->runs_on_change)
        inputs_append(planning, service, &canonical);
    sha256_hex(text_get(&canonical), canonical.length, hex);
    image->config_hash = arena_strdup(planning->arena, hex);
}

/* Of an image that is still to be pulled or built; what is made from this is never carried out. It
 * may have a command and a health check: what needs them is not wrong yet. */
static const struct image_config *image_unknown(struct planning *planning)
{
    struct image_config *config = arena_new_object(planning->arena, struct image_config);

    *config = (struct image_config){
        .digest = "", .user = "", .working_dir = "", .stop_signal = "", .variant = ""};
    string_list_add(planning->arena, &config->command, "?");
    string_list_add(planning->arena, &config->healthcheck.test, "CMD");
    string_list_add(planning->arena, &config->healthcheck.test, "?");
    return config;
}

/* It was there, or was pulled, a moment ago (image/project_images.h). */
static int image_find(struct planning *planning, struct image_store *store,
                      const struct image_need *need, struct error *err)
{
    const struct image_config *config;
    struct string_list layers = {0};
    struct plan_image *found;
    struct image *image;

    if (image_store_find(store, need->reference, need->platform, planning->arena, &image, err) <
        0) {
        diagnostics_error(planning->diagnostics, need->at, need->path, "%s", err->text);
        return 0;
    }
    if (!image && !planning->dry) {
        diagnostics_error(planning->diagnostics, need->at, need->path,
                          "image '%s' is not on this machine any more", need->written);
        return 0;
    }
    config = image ? &image->config : image_unknown(planning);
    if (image)
        layers = image->layers;
    if (need->beside) {
        planning->side_images[planning->n_side_images++] =
            (struct plan_side_image){need->service->name, need->written, config, layers};
        return 0;
    }
    found = &planning->images[planning->n_images++];
    *found = (struct plan_image){.reference = need->written, .config = config, .layers = layers};
    service_note(planning, need->service, found);
    return 0;
}

static int images_find(struct planning *planning, struct error *err)
{
    scoped(image_store_free) struct image_store *store =
        image_store_open(planning->roots->data, err);
    struct image_needs needs =
        image_needs_of(planning->project, NULL, planning->arena, planning->diagnostics);

    if (!store)
        return -1;
    planning->images =
        arena_new_array(planning->arena, struct plan_image, planning->project->n_services);
    planning->side_images = arena_new_array(planning->arena, struct plan_side_image, needs.count);
    for (size_t i = 0; i < needs.count; i++)
        if (image_find(planning, store, &needs.items[i], err) < 0)
            return -1;
    return 0;
}

/* -- what exists */

static int own_records(struct planning *planning, struct error *err)
{
    scoped(project_dir_close) struct project_dir *dir = NULL;
    scoped_fd int records_fd = -1;

    if (project_dir_open(planning->arena, planning->roots, planning->project->name, false, &dir,
                         err) < 0)
        return -1;
    records_fd = record_dir_open(dir);
    return record_list(records_fd, planning->arena, &planning->records, &planning->n_records, err);
}

static void existing_note(const struct planning *planning, struct plan_options *options)
{
    struct plan_existing *existing =
        arena_new_array(planning->arena, struct plan_existing, planning->n_records);

    for (size_t i = 0; i < planning->n_records; i++) {
        const struct record *record = planning->records[i];

        if ((record->goal != GOAL_ABSENT || record->yields) && !record->oneoff && !record->hook)
            existing[options->n_existing++] =
                (struct plan_existing){record->service, record->number, record->config_hash};
    }
    options->existing = existing;
}

/* -- all of it */

/* Host ids are taken last: a plan that is refused takes none. */
static int plan_take_ids(struct planning *planning, struct plan *plan, struct error *err)
{
    struct id_range range;

    if (id_range_take(planning->roots->data, plan->project, &range, err) < 0)
        return -1;
    for (size_t i = 0; i < plan->n_instances; i++)
        if (plan->instances[i].container.id_map.count > 0)
            plan->instances[i].container.id_map = (struct id_map){range.base, range.count};
    return 0;
}

int project_plan(struct session *session, const struct compose *compose, const struct roots *roots,
                 const struct project_plan_options *given, struct plan **ret_plan,
                 struct error *err)
{
    struct planning planning = {.arena = session->arena,
                                .compose = compose,
                                .project = compose_project(compose),
                                .roots = roots,
                                .diagnostics = given->diagnostics,
                                .dry = given->dry};
    struct plan_options options = {.data_root = roots->data,
                                   .scales = given->scales,
                                   .n_scales = given->n_scales,
                                   .oneoff = given->oneoff,
                                   .no_deps = given->no_deps};
    struct cdi_specs cdi;
    struct plan *plan;

    *ret_plan = NULL;
    if (cdi_files_read(planning.project, session->arena, given->diagnostics, &cdi, err) < 0 ||
        images_find(&planning, err) < 0 || own_records(&planning, err) < 0)
        return -1;
    existing_note(&planning, &options);
    options.cdi = &cdi;
    options.images = planning.images;
    options.n_images = planning.n_images;
    options.side_images = planning.side_images;
    options.n_side_images = planning.n_side_images;
    options.project_data =
        arena_printf(session->arena, "%s/projects/%s", roots->data, planning.project->name);
    options.project_run =
        arena_printf(session->arena, "%s/projects/%s", roots->run, planning.project->name);
    plan = plan_make(planning.project, &options, session->arena, given->diagnostics);
    if (!plan)
        return 0;
    plan_check_waits(plan, planning.project, given->diagnostics);
    host_check(&(struct host_check){session->arena, compose, planning.project, plan, roots,
                                    planning.records, planning.n_records, given->diagnostics});
    if (diagnostics_count(given->diagnostics, SEVERITY_ERROR) > 0)
        return 0;
    *ret_plan = plan;
    return given->dry ? 0 : plan_take_ids(&planning, plan, err);
}

int plan_file_make(const struct plan *plan, int *ret_fd, struct error *err)
{
    scoped_fd int fd = memfd_create("plan", MFD_CLOEXEC);
    scoped_text struct text text = {0};

    codec_format(plan_codec, plan, &text);
    if (fd < 0 || fd_write_all(fd, text.data, text.length) < 0)
        return error_sys(err, "write the plan");
    *ret_fd = steal_fd(&fd);
    return 0;
}
