/* SPDX-License-Identifier: Apache-2.0 */
#include "orchestrator/cli/project_plan.h"

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <string.h>
#include <unistd.h>

#include "common/fd.h"
#include "common/file.h"
#include "common/json.h"
#include "common/path.h"
#include "common/sha256.h"
#include "net/net.h"
#include "orchestrator/cli/image/image_needs.h"
#include "orchestrator/plan/plan_check.h"
#include "orchestrator/plan/plan_make.h"
#include "orchestrator/plan/plan_volume.h"
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

/* Of an image that would be pulled; what is made from this is never carried out. */
static const struct image_config *image_unknown(struct planning *planning)
{
    struct image_config *config = arena_new_object(planning->arena, struct image_config);

    *config = (struct image_config){
        .digest = "", .user = "", .working_dir = "", .stop_signal = "", .variant = ""};
    string_list_add(planning->arena, &config->command, "?");
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

/* -- the host */

static bool port_is_ours(const struct planning *planning, const struct port_spec *port)
{
    for (size_t i = 0; i < planning->n_records; i++) {
        const struct record *record = planning->records[i];

        for (size_t j = 0; j < record->n_ports; j++)
            if (record->ports[j].host_port == port->host_port && record->ports[j].udp == port->udp)
                return true;
    }
    return false;
}

/* Ports that this project holds already are not in its own way. */
static int own_records(struct planning *planning, struct error *err)
{
    scoped(project_dir_close) struct project_dir *dir = NULL;
    scoped_fd int records_fd = -1;

    if (project_dir_open(planning->arena, planning->roots, planning->project->name, false, &dir,
                         err) < 0)
        return -1;
    if (!dir)
        return 0;
    records_fd = openat(dir->run_fd, "instances", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (records_fd < 0)
        return 0;
    return record_list(records_fd, planning->arena, &planning->records, &planning->n_records, err);
}

static struct position port_position(const struct service *service, size_t index)
{
    return index < service->n_ports ? service->ports[index].at : service->at;
}

static void ports_check(struct planning *planning, const struct plan_instance *instance)
{
    const struct service *service = project_find_service(planning->project, instance->service);

    for (size_t i = 0; i < instance->n_ports; i++) {
        const struct port_spec *port = &instance->ports[i];
        scoped_text struct text path = {0};
        struct error err = {0};

        if (port_is_ours(planning, port) || net_port_check(port, &err) == 0)
            continue;
        text_appendf(&path, "services.%s.ports[%zu]", instance->service, i);
        diagnostics_error(planning->diagnostics, port_position(service, i), text_get(&path), "%s",
                          err.text);
    }
}

static void binds_check(struct planning *planning, const struct service *service)
{
    for (size_t i = 0; i < service->n_volumes; i++) {
        const struct service_volume *volume = &service->volumes[i];
        scoped_text struct text path = {0};

        if (volume->kind != VOLUME_BIND || volume->create_host_path ||
            access(volume->source, F_OK) == 0)
            continue;
        text_appendf(&path, "services.%s.volumes[%zu]", service->name, i);
        diagnostics_error(planning->diagnostics, volume->at, text_get(&path),
                          "bind source path does not exist: '%s'", volume->source);
    }
}

/* External volumes and the directories that others stand for are there before. */
static void volumes_check(struct planning *planning)
{
    const struct project *project = planning->project;

    for (size_t i = 0; i < project->n_volumes; i++) {
        const struct volume *volume = &project->volumes[i];
        bool bind = plan_volume_kind(volume) == VOLUME_IS_BIND;
        const char *place = bind ? plan_volume_option(volume, "device")
                                 : arena_printf(planning->arena, "%s/volumes/%s/_data",
                                                planning->roots->data, volume->name);
        scoped_text struct text path = {0};

        if ((!bind && !volume->external) || access(place, F_OK) == 0)
            continue;
        text_appendf(&path, "volumes.%s", volume->key);
        if (bind)
            diagnostics_error(planning->diagnostics, volume->at, text_get(&path),
                              "device '%s' of volume '%s' does not exist", place, volume->name);
        else
            diagnostics_error(planning->diagnostics, volume->at, text_get(&path),
                              "external volume '%s' not found", volume->name);
    }
}

static void files_check(struct planning *planning, const struct secret *secrets, size_t count,
                        const char *kind)
{
    for (size_t i = 0; i < count; i++) {
        scoped_text struct text path = {0};

        if (!secrets[i].file || access(secrets[i].file, R_OK) == 0)
            continue;
        text_appendf(&path, "%s.%s.file", kind, secrets[i].key);
        diagnostics_error(planning->diagnostics, secrets[i].at, text_get(&path), "read '%s': %s",
                          secrets[i].file, strerror(errno));
    }
}

static void host_check(struct planning *planning, const struct plan *plan)
{
    const struct project *project = planning->project;

    for (size_t i = 0; i < plan->n_instances; i++)
        ports_check(planning, &plan->instances[i]);
    for (size_t i = 0; i < project->n_services; i++)
        binds_check(planning, &project->services[i]);
    volumes_check(planning);
    files_check(planning, project->secrets, project->n_secrets, "secrets");
    files_check(planning, project->configs, project->n_configs, "configs");
}

/* -- what exists */

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
    uint32_t base;

    if (id_range_take(planning->roots->data, plan->project, &base, err) < 0)
        return -1;
    for (size_t i = 0; i < plan->n_instances; i++)
        if (plan->instances[i].container.id_map.count > 0)
            plan->instances[i].container.id_map.base = base;
    return 0;
}

int project_plan(struct session *session, const struct compose *compose, const struct roots *roots,
                 const struct project_plan_options *given, struct plan **ret_plan,
                 struct error *err)
{
    scoped(diagnostics_free) struct diagnostics *diagnostics = diagnostics_new();
    struct planning planning = {.arena = session->arena,
                                .compose = compose,
                                .project = compose_project(compose),
                                .roots = roots,
                                .diagnostics = diagnostics,
                                .dry = given->dry};
    struct plan_options options = {.data_root = roots->data,
                                   .scales = given->scales,
                                   .n_scales = given->n_scales,
                                   .oneoff = given->oneoff,
                                   .no_deps = given->no_deps};
    struct plan *plan;

    if (images_find(&planning, err) < 0 || own_records(&planning, err) < 0)
        return -1;
    if (diagnostics_count(diagnostics, SEVERITY_ERROR) > 0 ||
        planning.n_images < planning.project->n_services)
        return session_report(diagnostics, err);
    existing_note(&planning, &options);
    options.images = planning.images;
    options.n_images = planning.n_images;
    options.side_images = planning.side_images;
    options.n_side_images = planning.n_side_images;
    options.project_data =
        arena_printf(session->arena, "%s/projects/%s", roots->data, planning.project->name);
    options.project_run =
        arena_printf(session->arena, "%s/projects/%s", roots->run, planning.project->name);
    plan = plan_make(planning.project, &options, session->arena, diagnostics);
    if (plan) {
        plan_check_waits(plan, planning.project, diagnostics);
        host_check(&planning, plan);
    }
    if (session_report(diagnostics, err) < 0)
        return -1;
    *ret_plan = plan;
    return given->dry ? 0 : plan_take_ids(&planning, plan, err);
}

/* The plan goes by a file: it may be larger than a message. */
int plan_hand_over(struct session *session, const struct project_dir *dir, const struct plan *plan,
                   const char **ret_name, struct error *err)
{
    scoped(json_release) json_t *json = codec_encode(plan_codec, plan);
    scoped_text struct text text = {0};

    json_format(json, &text);
    *ret_name = arena_printf(session->arena, "apply-%d.json", (int)getpid());
    return file_replace(dir->run_fd, *ret_name, text.data, text.length, 0600, err);
}
