/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/build/worker/stage.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/fd.h"
#include "common/path.h"
#include "common/process.h"
#include "runtime/build/worker/build_cache.h"
#include "runtime/build/worker/copy_writer.h"
#include "runtime/build/worker/created_by.h"
#include "runtime/identity.h"

/* -- steps */

static bool is_told(enum instruction_kind kind)
{
    return kind == INSTRUCTION_RUN || kind == INSTRUCTION_COPY || kind == INSTRUCTION_ADD ||
           kind == INSTRUCTION_WORKDIR;
}

void stage_step_begin(struct stage_run *run, struct stage_step *step, const char *created_by)
{
    const struct stage *stage = run->node->stage;
    const char *name = stage->name ? arena_printf(run->arena, "%s ", stage->name)
                       : run->build->graph.n_order > 1
                           ? arena_printf(run->arena, "stage-%zu ", stage->index)
                           : "";

    run->step++;
    *step = (struct stage_step){
        .run = run,
        .report = {.build = run->build->request->name,
                   .id = atomic_fetch_add(&run->build->builder->n_steps, 1) + 1,
                   .label = arena_printf(run->arena, "[%s%zu/%zu]", name, run->step, run->n_steps),
                   .text = run->instruction->source,
                   .ms = -1},
        .created_by = created_by,
        .hash = sha256_new(),
        .began_ms = clock_monotonic_ms()};
    stage_step_hash(step, "1"); /* the version of keys */
    for (size_t i = 0; i < run->draft->diff_ids.count; i++)
        stage_step_hash(step, run->draft->diff_ids.items[i]);
    if (run->build->builder->order->rewrite_timestamp)
        stage_step_hash(step, arena_printf(run->arena, "not newer than %lld",
                                           (long long)build_source_date(run->build)));
    stage_step_hash(step, "");
}

void stage_step_hash(struct stage_step *step, const char *text)
{
    sha256_update(step->hash, text, strlen(text) + 1);
}

static void tell(const struct stage_step *step, const char *state)
{
    struct report_step report = step->report;

    report.state = state;
    if (!string_eq(state, "running"))
        report.ms = (int64_t)(clock_monotonic_ms() - step->began_ms);
    build_report_step(&report);
}

static int add_to_draft(const struct stage_step *step, const struct step_record *record,
                        struct error *err)
{
    const struct build *build = step->run->build;
    const struct draft_step line = {.created_by = step->created_by,
                                    .created = build_source_date(build) >= 0
                                                   ? build_now(build, step->run->arena)
                                                   : record->created,
                                    .diff_id = record->diff_id};

    build_cache_note(build->cache, step->run->node->stage->index, step->key, record);
    return image_draft_add(step->run->draft, &line, err);
}

static bool is_uncached(const struct stage_run *run)
{
    const struct build_request *request = run->build->request;
    const char *name = run->node->stage->name;

    return request->no_cache || (name && string_list_has(&request->no_cache_filter, name));
}

bool stage_step_find(struct stage_step *step, int *ret_result, struct error *err)
{
    struct build *build = step->run->build;
    struct step_record record;

    sha256_finish(steal(step->hash), step->key);
    if (is_uncached(step->run) || !step_cache_find(build->builder->cache, step->key, &record))
        return false;
    tell(step, "cached");
    *ret_result = add_to_draft(step, &record, err);
    return true;
}

void stage_step_running(const struct stage_step *step)
{
    tell(step, "running");
}

void stage_step_failed(const struct stage_step *step)
{
    tell(step, "failed");
}

int stage_step_finish(struct stage_step *step, int step_fd, struct error *err)
{
    struct build *build = step->run->build;
    struct step_record record = {.diff_id = ""};
    int64_t newest_s =
        build->builder->order->rewrite_timestamp ? build_source_date(build) : INT64_MAX;

    if (step_fd >= 0 &&
        layer_pool_take(build->builder->pool, step_fd, newest_s, record.diff_id, err) < 0)
        return -1;
    (void)snprintf(record.created, sizeof(record.created), "%s",
                   build_now(build, step->run->arena));
    step_cache_put(build->builder->cache, step->key, &record);
    tell(step, "done");
    return add_to_draft(step, &record, err);
}

/* -- trees */

int stage_root_open(struct stage_run *run, struct stage_root *root, struct error *err)
{
    struct rootfs_request request = {
        .upper = ROOTFS_UPPER_DIR, .upper_is_layer = true, .way = ROOTFS_PLAIN, .userns_fd = -1};

    *root = (struct stage_root){.step_fd = -1};
    if (builder_make_directory(run->build->builder, run->arena, &root->step_path, &root->step_fd,
                               err) < 0 ||
        image_draft_layers(run->draft, run->build->builder->pool, &request.layers, err) < 0)
        return -1;
    if (request.layers.count == 0) {
        if (mkdirat(root->step_fd, "empty", 0755) < 0)
            return error_sys(err, "make 'empty'");
        string_list_add(run->arena, &request.layers,
                        arena_printf(run->arena, "%s/empty", root->step_path));
    }
    request.upper_dir = root->step_path;
    return rootfs_mount(&request, &root->rootfs, err);
}

void stage_root_unmount(struct stage_root *root)
{
    rootfs_free(steal(root->rootfs));
}

void stage_root_close(struct stage_root *root)
{
    stage_root_unmount(root);
    if (root->step_fd < 0)
        return;
    fd_close(steal_fd(&root->step_fd));
    (void)!path_remove_tree(AT_FDCWD, root->step_path, NULL);
}

/* The merged view of layers. The kernel wants two where there is no upper one. */
static int open_layers(const struct string_list *layers, struct stage_tree *out, struct error *err)
{
    struct rootfs_request request = {
        .layers = *layers, .upper = ROOTFS_UPPER_NONE, .way = ROOTFS_PLAIN, .userns_fd = -1};

    out->tree.is_empty = layers->count == 0;
    if (layers->count == 1)
        out->fd = open(layers->items[0], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (layers->count == 1 && out->fd < 0)
        return error_sys(err, "open a layer");
    if (layers->count > 1 && rootfs_mount(&request, &out->rootfs, err) < 0)
        return -1;
    out->tree.fd = layers->count > 1 ? rootfs_fd(out->rootfs) : out->fd;
    return 0;
}

static uint64_t domain_of(const struct string_list *diff_ids)
{
    scoped_text struct text text = {0};

    for (size_t i = 0; i < diff_ids->count; i++)
        text_appendf(&text, "%s ", diff_ids->items[i]);
    return digest_memo_domain(text_get(&text), text.length);
}

static const struct stage_source *find_source(const struct stage_run *run, const struct word *from)
{
    for (size_t i = 0; i < run->node->n_sources; i++) {
        const struct stage_source *source = &run->node->sources[i];

        if (source->at.line == from->at.line && source->at.column == from->at.column)
            return source;
    }
    return NULL;
}

static int open_image(struct stage_run *run, const char *name, struct stage_tree *out,
                      struct error *err)
{
    struct image *image;

    if (build_find_image(run->build, name, NULL, run->arena, &image, err) < 0)
        return -1;
    out->tree.domain = domain_of(&image->config.diff_ids);
    return open_layers(&image->layers, out, err);
}

static int open_stage(struct stage_run *run, size_t index, struct stage_tree *out,
                      struct error *err)
{
    scoped(image_draft_free) struct image_draft *draft =
        image_draft_copy(run->build->stages[index].draft, run->arena);
    struct string_list layers;

    if (image_draft_layers(draft, run->build->builder->pool, &layers, err) < 0)
        return -1;
    out->tree.domain = domain_of(&draft->diff_ids);
    return open_layers(&layers, out, err);
}

/* A named context: an image, or a tree. `name` NULL is the build's own. */
static int open_context(struct stage_run *run, const char *name, struct stage_tree *out,
                        struct error *err)
{
    const char *image = name ? build_context_image(run->build, name) : NULL;
    struct context_tree context;

    if (image)
        return open_image(run, image, out, err);
    if (context_set_open(run->build->contexts, name, &context, err) < 0)
        return -1;
    if (context.fd < 0)
        return error_set(err, "this build has no context");
    out->tree = (struct source_tree){.fd = context.fd, .domain = context.domain};
    return 0;
}

int stage_tree_open(struct stage_run *run, const struct word *from, struct stage_tree *ret_tree,
                    struct error *err)
{
    const struct stage_source *source;

    *ret_tree = (struct stage_tree){.fd = -1};
    if (!from) {
        if (open_context(run, NULL, ret_tree, err) < 0)
            return -1;
        ret_tree->tree.ignore = &run->build->ignore;
        return 0;
    }
    source = find_source(run, from);
    if (!source)
        return error_set(err, "there is no stage, image or context '%s'", from->text);
    ret_tree->tree.keeps_owners = true;
    switch (source->kind) {
    case SOURCE_STAGE:
        return open_stage(run, source->stage, ret_tree, err);
    case SOURCE_IMAGE:
        return open_image(run, source->name, ret_tree, err);
    case SOURCE_CONTEXT:
        return open_context(run, source->name, ret_tree, err);
    default:
        ret_tree->tree.is_empty = true;
        return 0;
    }
}

void stage_tree_close(struct stage_tree *tree)
{
    rootfs_free(tree->rootfs);
    fd_close(tree->fd);
}

/* -- instructions */

int stage_find_owner(struct stage_run *run, int root_fd, const char *owner,
                     struct copy_rules *rules, struct error *err)
{
    static const struct string_list none;
    struct identity *identity = arena_new_object(run->arena, struct identity);
    bool is_number = *owner && strspn(owner, "0123456789") == strlen(owner);

    if (is_number)
        owner = arena_printf(run->arena, "%s:%s", owner, owner);
    if (identity_find(root_fd, owner, none, identity, err) < 0)
        return -1;
    rules->has_owner = true;
    rules->uid = identity->uid;
    rules->gid = identity->gid;
    return 0;
}

/* A new one belongs to the USER. */
static int make_workdir(struct stage_run *run, const struct stage_root *root, const char *path,
                        bool *ret_made, struct error *err)
{
    const char *user = image_draft_text(run->draft, "User");
    struct copy_rules rules = {0};
    int root_fd = rootfs_fd(root->rootfs);
    int fd;

    if (*user && stage_find_owner(run, root_fd, user, &rules, err) < 0)
        return -1;
    fd = copy_make_directory(root_fd, path, &rules, ret_made, err);
    fd_close(fd);
    return fd < 0 ? -1 : 0;
}

int stage_make_workdir(struct stage_run *run, const struct instruction *instruction,
                       struct error *err)
{
    struct stage_root root = {.step_fd = -1};
    struct stage_step step;
    const char *path;
    bool made = false;
    int result;

    if (image_draft_apply(run->draft, instruction, err) < 0)
        return -1;
    path = image_draft_text(run->draft, "WorkingDir");
    stage_step_begin(run, &step, created_by_format(run->draft, instruction, NULL, run->arena));
    stage_step_hash(&step, "WORKDIR");
    stage_step_hash(&step, path);
    stage_step_hash(&step, image_draft_text(run->draft, "User"));
    if (stage_step_find(&step, &result, err))
        return result;
    stage_step_running(&step);
    result = stage_root_open(run, &root, err);
    if (result == 0)
        result = make_workdir(run, &root, path, &made, err);
    stage_root_unmount(&root);
    if (result == 0)
        result = stage_step_finish(&step, made ? root.step_fd : -1, err);
    else
        stage_step_failed(&step);
    stage_root_close(&root);
    return result;
}

static int carry_out(struct stage_run *run, const struct instruction *instruction,
                     struct error *err)
{
    struct draft_step line;

    switch (instruction->kind) {
    case INSTRUCTION_RUN:
        return stage_run_command(run, instruction, err);
    case INSTRUCTION_COPY:
    case INSTRUCTION_ADD:
        return stage_copy(run, instruction, err);
    case INSTRUCTION_WORKDIR:
        return stage_make_workdir(run, instruction, err);
    default:
        break;
    }
    if (image_draft_apply(run->draft, instruction, err) < 0)
        return -1;
    line = (struct draft_step){.created_by =
                                   created_by_format(run->draft, instruction, NULL, run->arena),
                               .created = image_draft_created(run->draft)};
    if (!line.created)
        line.created = build_now(run->build, run->arena);
    return image_draft_add(run->draft, &line, err);
}

/* The first mistake as the error, at its place. */
static int first_mistake(const struct stage_run *run, struct error *err)
{
    const struct diagnostic *entry = diagnostics_get(run->diagnostics, 0);

    return error_set(err, "%s:%u: %s", entry->at.file, entry->at.line, entry->message);
}

static int run_instruction(struct stage_run *run, const struct instruction *instruction,
                           struct error *err)
{
    struct instruction expanded;

    if (builder_is_stopped(run->build->builder))
        return error_set(err, "interrupted");
    run->instruction = instruction;
    if (evaluation_step(&run->evaluation, instruction, &expanded) < 0)
        return first_mistake(run, err);
    if (carry_out(run, &expanded, err) < 0)
        return error_wrap(err, "%s:%u: %s", instruction->at.file, instruction->at.line,
                          instruction->source);
    return 0;
}

/* What the base image wants done first. */
static int run_triggers(struct stage_run *run, const struct string_list *triggers,
                        struct error *err)
{
    for (size_t i = 0; i < triggers->count; i++) {
        const struct dockerfile_source source = {.file = "ONBUILD of the base image",
                                                 .bytes = triggers->items[i],
                                                 .length = strlen(triggers->items[i])};
        struct instruction *instruction = arena_new_object(run->arena, struct instruction);

        if (dockerfile_parse_trigger(&source, run->arena, run->diagnostics, instruction) < 0)
            return first_mistake(run, err);
        if (run_instruction(run, instruction, err) < 0)
            return -1;
    }
    return 0;
}

static struct scope *copy_scope(const struct scope *from, struct arena *arena)
{
    struct scope *scope = scope_new(arena);

    for (size_t i = 0; i < from->count; i++) {
        const struct variable *variable = &from->items[i];

        if (variable->env)
            (void)!scope_set_env(scope, variable->name, variable->env, NULL);
        if (variable->is_arg)
            (void)!scope_set_arg(scope, variable->name, variable->value, NULL);
    }
    return scope;
}

/* Takes what is to be done at the beginning of the next stage out of the draft. */
static struct string_list take_triggers(struct image_draft *draft)
{
    struct string_list triggers = image_draft_list(draft, "OnBuild");

    image_draft_forget(draft, "OnBuild");
    return triggers;
}

/* The image that the stage begins on; for a named context, the one that stands in its place. */
static int begin_on_image(struct stage_run *run, struct error *err)
{
    const struct stage_source *base = &run->node->sources[0];
    const char *name = base->name;
    struct image *image;

    if (base->kind == SOURCE_CONTEXT) {
        name = build_context_image(run->build, base->name);
        if (!name)
            return error_set(err, "context '%s' is no image to build on", base->name);
    }
    if (build_find_image(run->build, name, run->node->platform, run->arena, &image, err) < 0)
        return -1;
    run->draft = image_draft_of_image(run->build->builder->store, image, run->arena, err);
    return run->draft ? 0 : -1;
}

static int begin(struct stage_run *run, struct string_list *ret_triggers, struct error *err)
{
    const struct stage_source *base = &run->node->sources[0];
    struct string_list env;

    if (base->kind == SOURCE_STAGE) {
        const struct built_stage *parent = &run->build->stages[base->stage];

        run->draft = image_draft_copy(parent->draft, run->arena);
        run->evaluation.scope = copy_scope(parent->scope, run->arena);
        *ret_triggers = take_triggers(run->draft);
        return 0;
    }
    if (base->kind == SOURCE_SCRATCH)
        run->draft = image_draft_new(run->arena, run->node->platform);
    else if (begin_on_image(run, err) < 0)
        return -1;
    *ret_triggers = take_triggers(run->draft);
    run->evaluation.scope = scope_new(run->arena);
    env = image_draft_list(run->draft, "Env");
    return scope_set_environment(run->evaluation.scope, &env, err);
}

static int run_all(struct stage_run *run, struct error *err)
{
    const struct stage *stage = run->node->stage;
    struct string_list triggers;

    run->instruction = stage->from;
    if (begin(run, &triggers, err) < 0)
        return error_wrap(err, "%s:%u: %s", stage->from->at.file, stage->from->at.line,
                          stage->from->source);
    run->step = run->n_steps = 1; /* FROM */
    for (size_t i = 0; i < stage->n_instructions; i++)
        run->n_steps += is_told(stage->instructions[i].kind);
    if (run_triggers(run, &triggers, err) < 0)
        return -1;
    for (size_t i = 0; i < stage->n_instructions; i++)
        if (run_instruction(run, &stage->instructions[i], err) < 0)
            return -1;
    return 0;
}

int stage_build(struct build *build, size_t index, struct error *err)
{
    scoped(diagnostics_free) struct diagnostics *diagnostics = diagnostics_new();
    struct built_stage *built = &build->stages[index];
    struct stage_run run = {
        .build = build, .node = &build->graph.nodes[index], .diagnostics = diagnostics};
    int result;

    run.arena = built->arena = arena_new();
    run.evaluation = (struct evaluation){.arena = run.arena,
                                         .diagnostics = diagnostics,
                                         .escape = build->dockerfile.directives.escape,
                                         .arguments = &build->arguments,
                                         .globals = build->graph.globals};
    result = run_all(&run, err);
    built->draft = run.draft;
    built->scope = run.evaluation.scope;
    return result;
}
