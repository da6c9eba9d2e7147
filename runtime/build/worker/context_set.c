/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/build/worker/context_set.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/fd.h"
#include "common/file_copy.h"
#include "common/memory.h"
#include "common/text.h"
#include "runtime/build/build_arguments.h"
#include "runtime/build/worker/archive_source.h"
#include "runtime/build/worker/git_source.h"
#include "runtime/build/worker/url_source.h"

/* The one with the number 0 is the build's own. */
struct context_set {
    struct builder *builder;
    const struct build_request *request;
    struct arena *arena;
    pthread_mutex_t lock;
    struct context_tree *trees; /* fd is -1 until it is opened */
    size_t count;
};

struct context_set *context_set_new(struct builder *builder, const struct build_request *request)
{
    struct context_set *set = memory_new(struct context_set);

    set->builder = builder;
    set->request = request;
    set->arena = arena_new();
    set->count = request->n_contexts + 1;
    set->trees = arena_new_array(set->arena, struct context_tree, set->count);
    for (size_t i = 0; i < set->count; i++)
        set->trees[i].fd = -1;
    (void)pthread_mutex_init(&set->lock, NULL);
    return set;
}

void context_set_free(struct context_set *set)
{
    if (!set)
        return;
    for (size_t i = 0; i < set->count; i++)
        fd_close(set->trees[i].fd);
    (void)pthread_mutex_destroy(&set->lock);
    arena_free(set->arena);
    free(set);
}

/* -- opening */

static bool keeps_git_dir(const struct context_set *set)
{
    const struct build_arguments arguments = {.values = set->request->args};
    const char *value = build_arguments_get(&arguments, "BUILDKIT_CONTEXT_KEEP_GIT_DIR");

    return string_eq(value, "1") || string_eq(value, "true");
}

static int open_directory(const char *path, struct context_tree *tree, struct error *err)
{
    struct stat status;

    tree->fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (tree->fd < 0 || fstat(tree->fd, &status) < 0)
        return error_sys(err, "open context '%s'", path);
    tree->domain = digest_memo_domain(&status.st_dev, sizeof(status.st_dev));
    return 0;
}

static int open_repository(struct context_set *set, const struct git_address *address, int *ret_fd,
                           struct error *err)
{
    const struct git_fetch fetch = {.address = address, .keeps_git_dir = keeps_git_dir(set)};
    char commit[GIT_COMMIT_SIZE];

    return git_source_fetch(set->builder, &fetch, commit, ret_fd, err);
}

static int fetch(const char *value, int fd, struct error *err)
{
    char digest[IMAGE_DIGEST_SIZE];

    if (string_eq(value, CONTEXT_STDIN))
        return file_copy(STDIN_FILENO, fd, err) < 0 ? error_wrap(err, "read standard input") : 0;
    return url_source_fetch(value, NULL, fd, digest, err);
}

/* What comes as bytes, from an address or on standard input. */
static int open_stream(struct context_set *set, const char *value, int *ret_fd, struct error *err)
{
    static const char alone[] = "Dockerfile";
    scoped_fd int dir_fd = -1;
    scoped_fd int file_fd = -1;
    const char *path;

    if (builder_make_directory(set->builder, set->arena, &path, &dir_fd, err) < 0)
        return -1;
    file_fd = openat(dir_fd, alone, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (file_fd < 0)
        return error_sys(err, "make '%s'", alone);
    if (fetch(value, file_fd, err) < 0)
        return -1;
    if (!archive_source_is(file_fd)) {
        *ret_fd = steal_fd(&dir_fd);
        return 0;
    }
    if (unlinkat(dir_fd, alone, 0) < 0)
        return error_sys(err, "remove the archive");
    return archive_source_unpack(file_fd, dir_fd, ret_fd, err);
}

static int open_tree(struct context_set *set, const char *value, struct context_tree *tree,
                     struct error *err)
{
    struct git_address address;

    tree->is_fetched = true;
    if (git_address_parse(value, set->arena, &address))
        return open_repository(set, &address, &tree->fd, err);
    if (url_source_is(value) || string_eq(value, CONTEXT_STDIN))
        return open_stream(set, value, &tree->fd, err);
    tree->is_fetched = false;
    return open_directory(value, tree, err);
}

static size_t find(const struct context_set *set, const char *name, const char **ret_value)
{
    size_t at = 0;

    *ret_value = set->request->context;
    while (name && at < set->request->n_contexts) {
        const struct build_pair *context = &set->request->contexts[at++];

        *ret_value = context->value;
        if (string_eq(context->name, name))
            return at;
    }
    return 0;
}

int context_set_open(struct context_set *set, const char *name, struct context_tree *ret_tree,
                     struct error *err)
{
    const char *value;
    size_t at = find(set, name, &value);
    struct context_tree *tree = &set->trees[at];
    int result = 0;

    if (name && at == 0)
        return error_set(err, "there is no context '%s'", name);
    (void)pthread_mutex_lock(&set->lock);
    if (tree->fd < 0 && value)
        result = open_tree(set, value, tree, err);
    *ret_tree = *tree;
    (void)pthread_mutex_unlock(&set->lock);
    return result;
}
