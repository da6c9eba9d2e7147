/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Directories are watched rather than the file, because tools replace it by rename: the one that
 * holds the path, and the one that holds what the path leads to.
 */
#include "net/dns/host_resolver.h"

#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/fd.h"
#include "common/file.h"
#include "common/memory.h"

struct host_resolver {
    char *path;
    int inotify_fd;
    struct fd_watch *watch;
    void (*changed)(void *owner);
    void *owner;
    struct arena *arena;
    struct resolv_conf conf;
    struct stat seen;
    int target_watch; /* inotify's number for the directory of the link's target, or -1 */
};

static const uint32_t CHANGES = IN_CLOSE_WRITE | IN_MOVED_TO | IN_CREATE | IN_DELETE | IN_ONLYDIR;

/* Watches the directory of a path. */
static int watch_parent(const struct host_resolver *resolver, const char *path)
{
    char directory[PATH_MAX];
    const char *slash = strrchr(path, '/');
    size_t length = slash ? (size_t)(slash - path) : 0;

    if (!slash || length >= sizeof(directory))
        return -1;
    memcpy(directory, path, length);
    directory[length] = '\0';
    return inotify_add_watch(resolver->inotify_fd, length > 0 ? directory : "/", CHANGES);
}

static void resolver_watch(struct host_resolver *resolver)
{
    char target[PATH_MAX];
    int own = watch_parent(resolver, resolver->path);
    int theirs = realpath(resolver->path, target) ? watch_parent(resolver, target) : -1;

    /* The same directory has the same number. */
    if (resolver->target_watch >= 0 && resolver->target_watch != theirs &&
        resolver->target_watch != own)
        (void)inotify_rm_watch(resolver->inotify_fd, resolver->target_watch);
    resolver->target_watch = theirs;
    /* The same file has the same number too; the watch of one that is gone goes with it. */
    (void)inotify_add_watch(resolver->inotify_fd, resolver->path, IN_CLOSE_WRITE);
}

static void resolver_read(struct host_resolver *resolver)
{
    scoped_text struct text text = {0};
    struct arena *arena = arena_new();
    struct resolv_conf conf;
    bool exists;

    if (file_read(AT_FDCWD, resolver->path, NET_LIMIT_RESOLV_CONF_BYTES, &text, &exists, NULL) < 0)
        text_clear(&text);
    resolv_conf_parse(text_get(&text), arena, &conf);
    arena_free(resolver->arena);
    resolver->arena = arena;
    resolver->conf = conf;
}

static bool resolver_differs(struct host_resolver *resolver)
{
    struct stat now = {0};
    bool differs;

    (void)stat(resolver->path, &now);
    differs = now.st_ino != resolver->seen.st_ino || now.st_dev != resolver->seen.st_dev ||
              now.st_size != resolver->seen.st_size ||
              now.st_mtim.tv_sec != resolver->seen.st_mtim.tv_sec ||
              now.st_mtim.tv_nsec != resolver->seen.st_mtim.tv_nsec;
    resolver->seen = now;
    return differs;
}

static void resolver_notified(void *owner)
{
    struct host_resolver *resolver = owner;
    char events[4096];

    /* Which file it was does not matter: the truth is read again. */
    while (read(resolver->inotify_fd, events, sizeof(events)) > 0)
        ;
    resolver_watch(resolver);
    if (!resolver_differs(resolver))
        return;
    resolver_read(resolver);
    resolver->changed(resolver->owner);
}

struct host_resolver *host_resolver_new(struct loop *loop, const char *path,
                                        void (*changed)(void *owner), void *owner)
{
    struct host_resolver *resolver = memory_new(struct host_resolver);

    resolver->path = memory_strdup(path);
    resolver->changed = changed;
    resolver->owner = owner;
    resolver->target_watch = -1;
    resolver->inotify_fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    if (resolver->inotify_fd >= 0) {
        resolver->watch =
            fd_watch_new(loop, resolver->inotify_fd, FD_READABLE, resolver_notified, resolver);
        resolver_watch(resolver);
    }
    (void)resolver_differs(resolver);
    resolver_read(resolver);
    return resolver;
}

void host_resolver_free(struct host_resolver *resolver)
{
    if (!resolver)
        return;
    fd_watch_free(resolver->watch);
    fd_close(resolver->inotify_fd);
    arena_free(resolver->arena);
    free(resolver->path);
    free(resolver);
}

const struct resolv_conf *host_resolver_conf(const struct host_resolver *resolver)
{
    return &resolver->conf;
}
