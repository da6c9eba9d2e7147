/* SPDX-License-Identifier: Apache-2.0 */
#include "orchestrator/cli/image_worker.h"

#include <errno.h>
#include <limits.h>
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/path.h"
#include "common/text.h"
#include "orchestrator/cli/version.h"

extern char **environ;

/* Beside an installed yawl, beside a built one, or where it was configured to be installed. */
static const char *image_worker_find(struct arena *arena)
{
    static const char *const places[] = {"../libexec/yawl/yawl-image",
                                         "../../runtime/image/yawl-image",
                                         "../../runtime/image/worker/yawl-image"};
    char self[PATH_MAX];
    ssize_t length = readlink("/proc/self/exe", self, sizeof(self) - 1);

    if (length > 0) {
        self[length] = '\0';
        for (size_t i = 0; i < ARRAY_LENGTH(places); i++) {
            const char *path = path_join(arena, arena_printf(arena, "%s/..", self), places[i]);

            if (access(path, X_OK) == 0)
                return path;
        }
    }
    return YAWL_LIBEXECDIR "/yawl-image";
}

int image_worker_run(struct string_list args, int *ret_exit_code, struct error *err)
{
    scoped(arena_free) struct arena *arena = arena_new();
    const char *path = image_worker_find(arena);
    char **argv = arena_new_array(arena, char *, args.count + 2);
    pid_t pid;
    int status, problem;

    argv[0] = (char *)(uintptr_t) "yawl-image";
    for (size_t i = 0; i < args.count; i++)
        argv[i + 1] = (char *)(uintptr_t)args.items[i];
    problem = posix_spawn(&pid, path, NULL, NULL, argv, environ);
    if (problem != 0) {
        errno = problem;
        return error_sys(err, "run '%s'", path);
    }
    while (waitpid(pid, &status, 0) < 0)
        if (errno != EINTR)
            return error_sys(err, "wait for '%s'", path);
    *ret_exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    return 0;
}
