/* SPDX-License-Identifier: Apache-2.0 */
/* COPY and ADD: what is read, what it depends on, and where it goes. */
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/fd.h"
#include "common/path.h"
#include "runtime/build/file_mode.h"
#include "runtime/build/worker/archive_source.h"
#include "runtime/build/worker/copy_fetch.h"
#include "runtime/build/worker/copy_writer.h"
#include "runtime/build/worker/created_by.h"
#include "runtime/build/worker/stage.h"

/* One instruction. */
struct copy {
    struct stage_run *run;
    const struct instruction *instruction;
    struct stage_tree tree;
    struct source_list list;
    struct ignore_file exclude;
    struct copy_rules rules;
    const char *owner; /* --chown, or NULL */
    unsigned n_archives;
    struct copy_fetch fetch;
};

static size_t n_sources(const struct copy *copy)
{
    return copy->instruction->words.count - 1;
}

static const struct word *source_at(const struct copy *copy, size_t index)
{
    return &copy->instruction->words.items[index];
}

/* -- reading */

static int read_mode(struct copy *copy, struct error *err)
{
    const char *text = instruction_flag_value(copy->instruction, FLAG_CHMOD);
    mode_t mode;

    copy->rules.mode = text;
    if (text && !file_mode_apply(text, S_IFREG, &mode))
        return error_set(err, "--chmod=%s is no mode like 755 or u=rwX,go=rX", text);
    return 0;
}

static int read_excludes(struct copy *copy, struct error *err)
{
    for (size_t i = 0; i < copy->instruction->n_flags; i++) {
        const struct flag *flag = &copy->instruction->flags[i];

        if (flag->kind == FLAG_EXCLUDE &&
            ignore_file_add(&copy->exclude, flag->value.text, copy->run->arena, err) < 0)
            return -1;
    }
    return 0;
}

static int read_rules(struct copy *copy, struct error *err)
{
    const struct word_list *words = &copy->instruction->words;
    const char *destination = words->items[words->count - 1].text;

    copy->owner = instruction_flag_value(copy->instruction, FLAG_CHOWN);
    copy->rules.destination = image_draft_path(copy->run->draft, destination);
    if (string_eq(destination, ".") || string_ends_with(destination, "/."))
        copy->rules.destination = arena_printf(copy->run->arena, "%s/", copy->rules.destination);
    if (n_sources(copy) > 1 && !string_ends_with(copy->rules.destination, "/"))
        return error_set(err, "with several sources the destination must end in '/'");
    return read_mode(copy, err) < 0 ? -1 : read_excludes(copy, err);
}

/* What ADD fetches comes last: the cache cannot be asked without it. */
static int fetch_all(struct copy *copy, struct stage_step *step, struct error *err)
{
    for (size_t i = 0; i < n_sources(copy); i++) {
        const struct word *source = source_at(copy, i);

        if (copy_fetch_is(&copy->fetch, source) &&
            copy_fetch_add(&copy->fetch, source, step, err) < 0)
            return -1;
    }
    return 0;
}

static int find_sources(struct copy *copy, struct error *err)
{
    const struct flag *from = instruction_flag(copy->instruction, FLAG_FROM);
    bool parents = string_eq(instruction_flag_value(copy->instruction, FLAG_PARENTS), "true");
    bool opened = false;

    for (size_t i = 0; i < n_sources(copy); i++) {
        const struct word *source = source_at(copy, i);
        const struct source_request request = {.tree = &copy->tree.tree,
                                               .path = source->text,
                                               .parents = parents,
                                               .exclude =
                                                   copy->exclude.count ? &copy->exclude : NULL};

        if (instruction_heredoc_of(copy->instruction, source))
            continue;
        if (copy_fetch_is(&copy->fetch, source))
            continue;
        if (!opened && stage_tree_open(copy->run, from ? &from->value : NULL, &copy->tree, err) < 0)
            return -1;
        opened = true;
        if (source_list_add(&copy->list, &request, copy->run->arena, err) < 0)
            return -1;
    }
    return 0;
}

static bool unpacks(const struct copy *copy)
{
    return copy->instruction->kind == INSTRUCTION_ADD &&
           !string_eq(instruction_flag_value(copy->instruction, FLAG_UNPACK), "false");
}

static int hash_all(struct copy *copy, struct stage_step *step, struct error *err)
{
    stage_step_hash(step, instruction_name(copy->instruction->kind));
    stage_step_hash(step, copy->rules.destination);
    stage_step_hash(step, copy->owner ? copy->owner : "");
    stage_step_hash(step, copy->rules.mode ? copy->rules.mode : "");
    stage_step_hash(step, unpacks(copy) ? "unpack" : "");
    for (size_t i = 0; i < n_sources(copy); i++) {
        const struct heredoc *heredoc =
            instruction_heredoc_of(copy->instruction, source_at(copy, i));

        if (!heredoc)
            continue;
        stage_step_hash(step, heredoc->name);
        stage_step_hash(step, heredoc->content);
    }
    return source_list_digest(&copy->list, &copy->tree.tree, copy->run->build->builder->memo,
                              step->hash, err);
}

/* -- writing */

static int find_owner(struct copy *copy, int root_fd, struct error *err)
{
    if (!copy->owner)
        return 0;
    if (stage_find_owner(copy->run, root_fd, copy->owner, &copy->rules, err) < 0)
        return error_wrap(err, "--chown=%s", copy->owner);
    return 0;
}

/* What is in an archive goes below the destination, which is a directory. */
static int write_archive(struct copy *copy, const struct stage_root *root, int archive_fd,
                         struct error *err)
{
    struct copy_rules rules = copy->rules;
    struct source_tree tree = {.keeps_owners = true};
    const struct source_request request = {.tree = &tree, .path = "."};
    const char *name = arena_printf(copy->run->arena, "archive-%u", copy->n_archives++);
    struct source_list list = {0};
    scoped_fd int dir_fd = -1;
    scoped_fd int tree_fd = -1;

    if (mkdirat(root->step_fd, name, 0700) < 0)
        return error_sys(err, "make '%s'", name);
    dir_fd = openat(root->step_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (dir_fd < 0)
        return error_sys(err, "open '%s'", name);
    if (archive_source_unpack(archive_fd, dir_fd, &tree_fd, err) < 0)
        return -1;
    tree.fd = tree_fd;
    rules.destination = arena_printf(copy->run->arena, "%s/", rules.destination);
    if (source_list_add(&list, &request, copy->run->arena, err) < 0)
        return -1;
    return copy_write(rootfs_fd(root->rootfs), &rules, &list, &tree, err);
}

/* ADD unpacks archives of the context, whatever they are called. */
static int write_added(struct copy *copy, const struct stage_root *root, size_t index,
                       struct error *err)
{
    struct source_list one = copy->list;
    const struct source_item *item;
    scoped_fd int fd = -1;
    bool is_archive = false;

    one.groups = &copy->list.groups[index];
    one.n_groups = 1;
    item = &one.items[one.groups->first];
    if (!one.groups->is_directory && S_ISREG(item->status.st_mode)) {
        fd = path_open_beneath(copy->tree.tree.fd, item->from, O_RDONLY | O_NOFOLLOW, 0);
        if (fd < 0)
            return error_sys(err, "open '%s'", item->from);
        is_archive = archive_source_is(fd);
    }
    if (is_archive)
        return write_archive(copy, root, fd, err);
    return copy_write(rootfs_fd(root->rootfs), &copy->rules, &one, &copy->tree.tree, err);
}

static int write_sources(struct copy *copy, const struct stage_root *root, struct error *err)
{
    if (!unpacks(copy))
        return copy_write(rootfs_fd(root->rootfs), &copy->rules, &copy->list, &copy->tree.tree,
                          err);
    for (size_t i = 0; i < copy->list.n_groups; i++)
        if (write_added(copy, root, i, err) < 0)
            return -1;
    return 0;
}

static int write_all(struct copy *copy, const struct stage_root *root, struct error *err)
{
    int root_fd = rootfs_fd(root->rootfs);

    if (find_owner(copy, root_fd, err) < 0 || write_sources(copy, root, err) < 0 ||
        copy_fetch_write(&copy->fetch, root_fd, err) < 0)
        return -1;
    for (size_t i = 0; i < n_sources(copy); i++) {
        const struct heredoc *heredoc =
            instruction_heredoc_of(copy->instruction, source_at(copy, i));
        struct copy_bytes file;

        if (!heredoc)
            continue;
        file = (struct copy_bytes){heredoc->name, heredoc->content, strlen(heredoc->content), 0};
        if (copy_write_bytes(root_fd, &copy->rules, &file, err) < 0)
            return -1;
    }
    return 0;
}

static int execute(struct copy *copy, struct stage_step *step, struct error *err)
{
    struct stage_root root;
    int result;

    stage_step_running(step);
    result = stage_root_open(copy->run, &root, err);
    if (result == 0)
        result = write_all(copy, &root, err);
    stage_root_unmount(&root);
    if (result == 0)
        result = stage_step_finish(step, root.step_fd, err);
    else
        stage_step_failed(step);
    stage_root_close(&root);
    return result;
}

int stage_copy(struct stage_run *run, const struct instruction *instruction, struct error *err)
{
    struct copy copy = {.run = run,
                        .instruction = instruction,
                        .tree = {.fd = -1},
                        .fetch = copy_fetch_init(run, instruction, &copy.rules)};
    struct stage_step step;
    int result;

    stage_step_begin(run, &step, created_by_format(run->draft, instruction, NULL, run->arena));
    result = read_rules(&copy, err) < 0 || find_sources(&copy, err) < 0 ||
                     hash_all(&copy, &step, err) < 0 || fetch_all(&copy, &step, err) < 0
                 ? -1
                 : 0;
    if (result < 0)
        sha256_free(steal(step.hash));
    else if (!stage_step_find(&step, &result, err))
        result = execute(&copy, &step, err);
    stage_tree_close(&copy.tree);
    copy_fetch_done(&copy.fetch);
    return result;
}
