/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/build/worker/copy_fetch.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/fd.h"
#include "common/path.h"
#include "runtime/build/worker/git_source.h"
#include "runtime/build/worker/url_source.h"

struct copy_fetch copy_fetch_init(struct stage_run *run, const struct instruction *instruction,
                                  const struct copy_rules *rules)
{
    return (struct copy_fetch){.run = run,
                               .instruction = instruction,
                               .rules = rules,
                               .fd = -1,
                               .repository_fds =
                                   arena_new_array(run->arena, int, instruction->words.count)};
}

void copy_fetch_done(struct copy_fetch *fetch)
{
    for (size_t i = 0; i < fetch->n_repositories; i++)
        fd_close(fetch->repository_fds[i]);
    fd_close(fetch->fd);
    if (fetch->path)
        (void)!path_remove_tree(AT_FDCWD, fetch->path, NULL);
}

static bool find_repository(const struct copy_fetch *fetch, const struct word *source,
                            struct git_address *ret_address)
{
    return git_address_parse(source->text, fetch->run->arena, ret_address);
}

bool copy_fetch_is(const struct copy_fetch *fetch, const struct word *source)
{
    struct git_address address;

    return fetch->instruction->kind == INSTRUCTION_ADD &&
           (find_repository(fetch, source, &address) || url_source_is(source->text));
}

static int add_repository(struct copy_fetch *fetch, const struct git_address *address,
                          struct stage_step *step, struct error *err)
{
    const struct git_fetch request = {
        .address = address,
        .keeps_git_dir =
            string_eq(instruction_flag_value(fetch->instruction, FLAG_KEEP_GIT_DIR), "true"),
        .checksum = instruction_flag_value(fetch->instruction, FLAG_CHECKSUM)};
    char commit[GIT_COMMIT_SIZE];

    if (git_source_fetch(fetch->run->build->builder, &request, commit,
                         &fetch->repository_fds[fetch->n_repositories], err) < 0)
        return -1;
    fetch->n_repositories++;
    stage_step_hash(step, commit);
    stage_step_hash(step, address->folder ? address->folder : "");
    stage_step_hash(step, request.keeps_git_dir ? "with .git" : "");
    return 0;
}

static int add_file(struct copy_fetch *fetch, const char *url, struct stage_step *step,
                    struct error *err)
{
    const char *checksum = instruction_flag_value(fetch->instruction, FLAG_CHECKSUM);
    const char *destination = fetch->rules->destination;
    char digest[IMAGE_DIGEST_SIZE];
    scoped_fd int fd = -1;
    const char *name = path_base_name(destination);

    if (!fetch->path && builder_make_directory(fetch->run->build->builder, fetch->run->arena,
                                               &fetch->path, &fetch->fd, err) < 0)
        return -1;
    if (string_ends_with(destination, "/") &&
        url_source_name(url, fetch->run->arena, &name, err) < 0)
        return -1;
    fd = openat(fetch->fd, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0)
        return error_sys(err, "make '%s'", name);
    if (url_source_fetch(url, checksum, fd, digest, err) < 0 || fchmod(fd, 0600) < 0)
        return -1;
    stage_step_hash(step, name);
    stage_step_hash(step, digest);
    return 0;
}

int copy_fetch_add(struct copy_fetch *fetch, const struct word *source, struct stage_step *step,
                   struct error *err)
{
    struct git_address address;

    return find_repository(fetch, source, &address) ? add_repository(fetch, &address, step, err)
                                                    : add_file(fetch, source->text, step, err);
}

static int write_tree(const struct copy_fetch *fetch, int root_fd, int fd, const char *path,
                      struct error *err)
{
    struct source_tree tree = {.fd = fd};
    const struct source_request request = {.tree = &tree, .path = path};
    struct source_list list = {0};

    if (source_list_add(&list, &request, fetch->run->arena, err) < 0)
        return -1;
    return copy_write(root_fd, fetch->rules, &list, &tree, err);
}

int copy_fetch_write(const struct copy_fetch *fetch, int root_fd, struct error *err)
{
    for (size_t i = 0; i < fetch->n_repositories; i++)
        if (write_tree(fetch, root_fd, fetch->repository_fds[i], ".", err) < 0)
            return -1;
    return fetch->path ? write_tree(fetch, root_fd, fetch->fd, "*", err) : 0;
}
