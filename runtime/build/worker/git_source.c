/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/build/worker/git_source.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/fd.h"
#include "common/file.h"
#include "common/path.h"
#include "common/text.h"
#include "runtime/build/worker/host_program.h"

enum { ARGS_MOST = 16 };

/* One repository on its way here. */
struct clone {
    struct builder *builder;
    const struct git_fetch *fetch;
    struct arena *arena;
    const char *path;
    int fd;
};

/* Arguments end with NULL. Nothing of the caller's own repository is meant. */
static int run_git(const struct clone *clone, const char *const args[ARGS_MOST], struct error *err)
{
    static const char *const first[] = {"git",
                                        "-c",
                                        "core.hooksPath=/dev/null",
                                        "-c",
                                        "core.fsmonitor=false",
                                        "-c",
                                        "gc.auto=0",
                                        "-c",
                                        "maintenance.auto=false",
                                        "-c",
                                        "advice.detachedHead=false",
                                        "-c",
                                        "init.defaultBranch=main",
                                        "-C"};
    static const char *const environment[] = {
        "GIT_TERMINAL_PROMPT=0", "GIT_ALLOW_PROTOCOL=http:https:git:ssh",
        "GIT_LFS_SKIP_SMUDGE=1", "GIT_DIR",
        "GIT_WORK_TREE",         "GIT_INDEX_FILE"};
    struct host_program program = {.stop_fd = clone->builder->stop_fd};

    for (size_t i = 0; i < ARRAY_LENGTH(first); i++)
        string_list_add(clone->arena, &program.args, first[i]);
    string_list_add(clone->arena, &program.args, clone->path);
    for (size_t i = 0; i < ARGS_MOST && args[i]; i++)
        string_list_add(clone->arena, &program.args, args[i]);
    for (size_t i = 0; i < ARRAY_LENGTH(environment); i++)
        string_list_add(clone->arena, &program.environment, environment[i]);
    return host_program_run(&program, err);
}

/* One commit if the server gives it out; one that is asked for by its number may need all of them.
 */
static int fetch_commit(const struct clone *clone, struct error *err)
{
    const char *ref = clone->fetch->address->ref ? clone->fetch->address->ref : "HEAD";
    const char *const one[ARGS_MOST] = {"fetch",   "--quiet", "--depth=1", "--no-tags",
                                        "--force", "origin",  ref};
    const char *const all[ARGS_MOST] = {
        "fetch", "--quiet", "--tags", "--force", "origin", "+refs/heads/*:refs/remotes/origin/*"};
    const char *const take_one[ARGS_MOST] = {"checkout", "--quiet", "--detach", "FETCH_HEAD"};
    const char *const take_ref[ARGS_MOST] = {"checkout", "--quiet", "--detach", ref};
    struct error first;

    if (run_git(clone, one, &first) == 0)
        return run_git(clone, take_one, err);
    if (builder_is_stopped(clone->builder) || run_git(clone, all, NULL) < 0 ||
        run_git(clone, take_ref, NULL) < 0)
        return error_set(err, "%s", first.text);
    return 0;
}

/* What HEAD is, which is detached. */
static int read_commit(const struct clone *clone, char ret_commit[GIT_COMMIT_SIZE],
                       struct error *err)
{
    scoped_text struct text head = {0};

    if (file_read(clone->fd, ".git/HEAD", GIT_COMMIT_SIZE, &head, NULL, err) < 0)
        return -1;
    (void)snprintf(ret_commit, GIT_COMMIT_SIZE, "%.*s", (int)strcspn(text_get(&head), "\n"),
                   text_get(&head));
    if (clone->fetch->checksum && !string_eq(clone->fetch->checksum, ret_commit))
        return error_set(err, "its commit is '%s', not '%s'", ret_commit, clone->fetch->checksum);
    return 0;
}

static int fetch_submodules(const struct clone *clone, struct error *err)
{
    static const char *const update[ARGS_MOST] = {"submodule",   "--quiet",   "update", "--init",
                                                  "--recursive", "--depth=1", "--force"};

    return faccessat(clone->fd, ".gitmodules", F_OK, AT_SYMLINK_NOFOLLOW) == 0
               ? run_git(clone, update, err)
               : 0;
}

static int open_tree(const struct clone *clone, int *ret_tree_fd, struct error *err)
{
    const char *folder = clone->fetch->address->folder;

    if (!clone->fetch->keeps_git_dir && path_remove_tree(clone->fd, ".git", err) < 0)
        return -1;
    *ret_tree_fd = path_open_in_root(clone->fd, folder ? folder : ".", O_RDONLY | O_DIRECTORY, 0);
    return *ret_tree_fd < 0 ? error_sys(err, "open folder '%s'", folder) : 0;
}

int git_source_fetch(struct builder *builder, const struct git_fetch *fetch,
                     char ret_commit[GIT_COMMIT_SIZE], int *ret_tree_fd, struct error *err)
{
    scoped(arena_free) struct arena *arena = arena_new();
    struct clone clone = {.builder = builder, .fetch = fetch, .arena = arena};
    const char *remote = fetch->address->remote, *ref = fetch->address->ref;
    const char *const init[ARGS_MOST] = {"init", "--quiet"};
    const char *const add[ARGS_MOST] = {"remote", "add", "origin", remote};
    scoped_fd int fd = -1;

    if (ref && *ref == '-')
        return error_set(err, "'%s' is no ref", ref);
    if (builder_make_directory(builder, arena, &clone.path, &fd, err) < 0)
        return -1;
    clone.fd = fd;
    if (run_git(&clone, init, err) < 0 || run_git(&clone, add, err) < 0 ||
        fetch_commit(&clone, err) < 0 || fetch_submodules(&clone, err) < 0 ||
        read_commit(&clone, ret_commit, err) < 0 || open_tree(&clone, ret_tree_fd, err) < 0)
        return error_wrap(err, "fetch '%s'", remote);
    return 0;
}
