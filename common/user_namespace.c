/* SPDX-License-Identifier: Apache-2.0 */
#include "common/user_namespace.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdbool.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/fd.h"
#include "common/file.h"
#include "common/text.h"

static bool setting_is(const char *path, const char *value)
{
    scoped_text struct text text = {0};

    return file_read(AT_FDCWD, path, 64, &text, NULL, NULL) == 0 &&
           strncmp(text_get(&text), value, strlen(value)) == 0 &&
           text_get(&text)[strlen(value)] == '\n';
}

/* Distributions forbid it in ways of their own. */
int user_namespace_refused(const char *what, struct error *err)
{
    int number = errno;

    if (setting_is("/proc/sys/user/max_user_namespaces", "0"))
        return error_set(err, "user namespaces are switched off on this machine; an administrator "
                              "allows them with: sysctl user.max_user_namespaces=15000");
    if (setting_is("/proc/sys/kernel/unprivileged_userns_clone", "0"))
        return error_set(err, "user namespaces are for root only on this machine; an administrator "
                              "allows them with: sysctl kernel.unprivileged_userns_clone=1");
    if (setting_is("/proc/sys/kernel/apparmor_restrict_unprivileged_userns", "1"))
        return error_set(err, "AppArmor keeps user namespaces from programs without a profile; an "
                              "administrator allows them with: sysctl "
                              "kernel.apparmor_restrict_unprivileged_userns=0, or with a profile "
                              "for yawl that has 'userns,'");
    errno = number;
    return error_sys(err, "%s", what);
}

struct mapping {
    int (*map)(const void *owner, pid_t pid, struct error *err);
    const void *owner;
};

static _Noreturn void map_from_outside(const struct mapping *mapping, pid_t pid, int go_fd,
                                       int answer_fd)
{
    struct error err = {0};
    char byte;

    while (read(go_fd, &byte, 1) < 0 && errno == EINTR)
        continue;
    if (mapping->map(mapping->owner, pid, &err) < 0)
        (void)!fd_write_all(answer_fd, err.text, strlen(err.text));
    _exit(0);
}

/* Lets the helper go on, and takes its answer. */
static int await_map(pid_t helper, int take_go_fd, int answer_fd, struct error *err)
{
    scoped_text struct text answer = {0};
    int result;

    fd_close(take_go_fd);
    result = fd_read_all(answer_fd, sizeof(err->text), &answer, err);
    while (waitpid(helper, NULL, 0) < 0 && errno == EINTR)
        continue;
    if (result == 0 && answer.length > 0)
        result = error_set(err, "%s", text_get(&answer));
    return result < 0 ? error_wrap(err, "map the ids of a user namespace") : 0;
}

int user_namespace_enter(int (*map)(const void *owner, pid_t pid, struct error *err),
                         const void *owner, struct error *err)
{
    scoped_fd int go_read_fd = -1, go_fd = -1, answer_fd = -1, answer_write_fd = -1;
    const struct mapping mapping = {map, owner};
    pid_t helper, self = getpid();
    int go[2], answer[2], unshared;

    if (pipe2(go, O_CLOEXEC) < 0)
        return error_sys(err, "make a pipe");
    go_read_fd = go[0];
    go_fd = go[1];
    if (pipe2(answer, O_CLOEXEC) < 0)
        return error_sys(err, "make a pipe");
    answer_fd = answer[0];
    answer_write_fd = answer[1];
    helper = fork();
    if (helper < 0)
        return error_sys(err, "start a helper");
    if (helper == 0) {
        fd_close(go_fd);
        map_from_outside(&mapping, self, go_read_fd, answer_write_fd);
    }
    fd_close(steal_fd(&answer_write_fd));
    unshared = unshare(CLONE_NEWUSER);
    if (unshared < 0)
        (void)user_namespace_refused("make a user namespace", err);
    if (await_map(helper, steal_fd(&go_fd), answer_fd, unshared < 0 ? NULL : err) < 0)
        return -1;
    return unshared;
}
