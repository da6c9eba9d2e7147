/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What `up` would change: what exists is read from the records, and the supervisor's own function
 * says what follows. Nothing is written, nobody is asked.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "common/fd.h"
#include "common/json.h"
#include "orchestrator/cli/plan_report.h"
#include "orchestrator/cli/up.h"
#include "orchestrator/supervise/change.h"

struct up_planning {
    struct arena *arena;
    const struct compose *compose;
    const struct roots *roots;
    const struct up *up;
    int records_fd; /* -1: nothing exists */
    struct world world;
    struct plan_report_item *items;
    size_t n_items;
};

static struct plan_report_item *item_add(struct up_planning *planning, const char *action,
                                         const char *kind, const char *name)
{
    planning->items = arena_room(planning->arena, planning->items, planning->n_items);
    planning->items[planning->n_items] =
        (struct plan_report_item){.action = action, .kind = kind, .name = name, .why = ""};
    return &planning->items[planning->n_items++];
}

/* -- what exists */

static int existing_read(struct up_planning *planning, struct error *err)
{
    struct existing *existing;
    struct record **records;
    size_t count;

    if (record_list(planning->records_fd, planning->arena, &records, &count, err) < 0)
        return -1;
    existing = arena_new_array(planning->arena, struct existing, count + 1);
    planning->world.existing = existing;
    for (size_t i = 0; i < count; i++) {
        const struct record *record = records[i];
        struct existing *one = &existing[planning->world.n_existing];
        struct plan_instance *made;

        *one = (struct existing){.name = record->name,
                                 .service = record->service,
                                 .phase = record->phase,
                                 .oneoff = record->oneoff,
                                 .ended_well = record_exit_code(record) == 0,
                                 .wanted = record->wanted};
        if (plan_instance_read(planning->records_fd, record->name, "made", planning->arena, &made,
                               err) < 0)
            return -1;
        one->made = made;
        planning->world.n_existing++;
    }
    return 0;
}

/* -- networks and volumes */

static bool network_equal(const struct network_spec *a, const struct network_spec *b)
{
    scoped(json_release) json_t *left = codec_encode(network_spec_codec, a);
    scoped(json_release) json_t *right = codec_encode(network_spec_codec, b);

    return json_equal(left, right);
}

static int networks_compare(struct up_planning *planning, struct error *err)
{
    const struct project_dir *dir = planning->up->follow.dir;
    const struct plan *plan = planning->up->plan;
    struct plan have = {0};
    bool there;

    if (dir && plan_shared_read(dir->run_fd, planning->arena, &have, &there, err) < 0)
        return -1;
    for (size_t i = 0; i < plan->n_networks; i++) {
        const struct network_spec *wanted = &plan->networks[i];
        const struct network_spec *known = plan_find_network(&have, wanted->name);
        const char *name = wanted->shared_name ? wanted->shared_name
                                               : arena_printf(planning->arena, "%s_%s",
                                                              plan->project, wanted->name);

        if (wanted->external) {
            continue; /* not ours to make */
        } else if (!known) {
            item_add(planning, "create", "network", name)->why = "new";
        } else if (!network_equal(known, wanted)) {
            string_list_add(planning->arena, &planning->world.networks, wanted->name);
            item_add(planning, "recreate", "network", name)->why = "its definition has changed";
        }
    }
    return 0;
}

static void volumes_compare(struct up_planning *planning)
{
    const struct plan *plan = planning->up->plan;

    for (size_t i = 0; i < plan->n_volumes; i++) {
        const char *name = plan->volumes[i].name;

        if (access(
                arena_printf(planning->arena, "%s/volumes/%s/_data", planning->roots->data, name),
                F_OK) < 0)
            item_add(planning, "create", "volume", name)->why = "new";
    }
}

/* -- containers */

static const char *not_running_text(struct up_planning *planning, const struct existing *have)
{
    struct error err = {0};
    struct record *record;

    if (record_read(planning->records_fd, arena_printf(planning->arena, "%s.json", have->name),
                    planning->arena, &record, &err) < 0 ||
        !record)
        return "not running";
    if (record->phase == PHASE_FAILED)
        return "could not be started";
    if (record->phase == PHASE_DONE || record->phase == PHASE_EXITED)
        return arena_printf(planning->arena, "not running: exited (%d)", record_exit_code(record));
    return "not started yet";
}

static const char *reason_text(struct up_planning *planning, const struct change *change,
                               const struct existing *have)
{
    switch (change->reason) {
    case REASON_NEW:
        return "new";
    case REASON_CONFIG:
        return "its configuration has changed";
    case REASON_FORCED:
        return "forced by an option";
    case REASON_NOT_RUNNING:
        return not_running_text(planning, have);
    case REASON_DEPENDENCY:
        return arena_printf(planning->arena, "'%s' is recreated, and it restarts with it",
                            change->cause);
    case REASON_NETWORK:
        return arena_printf(planning->arena, "its network '%s' is recreated", change->cause);
    case REASON_SURPLUS:
        return "more containers than the service is to have";
    case REASON_ORPHAN:
        return have->oneoff
                   ? "ended container of 'run'"
                   : arena_printf(planning->arena, "the file has no service '%s'", change->service);
    case REASON_NONE:
        break;
    }
    return "";
}

static void field_add(struct plan_report_item *item, const struct config_field *field,
                      struct position at)
{
    item->fields[item->n_fields++] = (struct plan_report_field){field, at};
}

static void fields_add(struct up_planning *planning, struct plan_report_item *item,
                       const struct plan_instance *made, const struct plan_instance *wanted)
{
    struct error err = {0};
    scoped(json_release) json_t *old = json_parse(made->config, strlen(made->config), &err);
    scoped(json_release) json_t *new = json_parse(wanted->config, strlen(wanted->config), &err);
    const struct config_field *first = config_diff(old, new, planning->arena);
    struct config_field *image = arena_new_object(planning->arena, struct config_field);
    const char *service = arena_printf(planning->arena, "services.%s", wanted->service);
    size_t count = 2;

    for (const struct config_field *field = first; field; field = field->next)
        count++;
    item->fields = arena_new_array(planning->arena, struct plan_report_field, count);
    for (const struct config_field *field = first; field; field = field->next) {
        const char *path = arena_printf(planning->arena, "%s.%s", service, field->path);

        field_add(item, field, compose_position(planning->compose, path));
    }
    if (*wanted->image_digest && !string_eq(made->image_digest, wanted->image_digest)) {
        image->path = "image id";
        image->old_value = arena_printf(planning->arena, "\"%s\"", made->image_digest);
        image->new_value = arena_printf(planning->arena, "\"%s\"", wanted->image_digest);
        field_add(item, image, (struct position){0});
    }
    if (!*wanted->image_digest)
        item->why = "its image is to be pulled or built";
    else if (item->n_fields == 0)
        item->why = wanted->run_once ? "a file that it reads has changed"
                                     : "it was made under another name or by an older yawl";
}

static void container_add(struct up_planning *planning, const struct change *change)
{
    static const char *const actions[] = {"", "create", "recreate", "start", "restart", "remove"};
    const struct plan_instance *wanted = plan_find_instance(planning->up->plan, change->name);
    const struct existing *have = NULL;
    struct plan_report_item *item;

    if (change->kind == CHANGE_NONE)
        return;
    for (size_t i = 0; i < planning->world.n_existing; i++)
        if (string_eq(planning->world.existing[i].name, change->name))
            have = &planning->world.existing[i];
    item = item_add(planning, actions[change->kind], "container", change->name);
    item->service = change->service;
    item->why = reason_text(planning, change, have);
    if (change->reason == REASON_CONFIG && have->made->config)
        fields_add(planning, item, have->made, wanted);
}

/* -- all of it */

static void report_print(const struct up_planning *planning)
{
    const struct plan_report report = {planning->up->plan->project, planning->items,
                                       planning->n_items};
    scoped_text struct text out = {0};

    if (string_eq(planning->up->format, "json"))
        plan_report_json(&report, &out);
    else
        plan_report_text(&report, &out);
    (void)!fd_write_all(STDOUT_FILENO, out.data, out.length);
}

int up_plan(struct session *session, const struct up *up, const struct compose *compose,
            const struct roots *roots, struct error *err)
{
    const struct project_images *images = &up->prepare.found;
    const struct project_dir *dir = up->follow.dir;
    scoped_fd int records_fd = record_dir_open(dir);
    struct up_planning planning = {.arena = session->arena,
                                   .compose = compose,
                                   .roots = roots,
                                   .up = up,
                                   .records_fd = records_fd};
    struct changes changes;

    for (size_t i = 0; i < images->pulls.count; i++)
        item_add(&planning, "pull", "image", images->pulls.items[i]);
    for (size_t i = 0; i < images->builds.count; i++)
        item_add(&planning, "build", "image", images->builds.items[i]);
    if (existing_read(&planning, err) < 0 || networks_compare(&planning, err) < 0)
        return -1;
    volumes_compare(&planning);
    changes = changes_make(up->plan, &up->request, &planning.world, session->arena);
    for (size_t i = 0; i < changes.count; i++)
        container_add(&planning, &changes.items[i]);
    report_print(&planning);
    return planning.n_items > 0 ? EXIT_CHANGES : EXIT_NOTHING_TO_DO;
}
