/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/process_settings.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/keyctl.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/personality.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "common/fd.h"

enum { IOPRIO_WHO_PROCESS = 1 };

/* As the kernel has it (sched_setattr(2)); libc has no declaration. */
struct kernel_sched_attr {
    uint32_t size, policy;
    uint64_t flags;
    int32_t nice;
    uint32_t priority;
    uint64_t runtime, deadline, period;
};

static int set_scheduling(const struct scheduling_spec *spec, struct failure *failure)
{
    struct kernel_sched_attr attributes = {
        .size = sizeof(attributes),
        .policy = spec->policy,
        .flags = spec->flags,
        .nice = spec->nice,
        .priority = spec->priority,
        .runtime = spec->runtime,
        .deadline = spec->deadline,
        .period = spec->period,
    };

    if (syscall(SYS_sched_setattr, 0, &attributes, 0) < 0)
        return failure_sys(failure, "set the scheduler", NULL);
    return 0;
}

/* The kernel counts one node more than there are bits. */
static int set_memory_policy(const struct memory_policy_spec *policy, struct failure *failure)
{
    bool has_nodes = !number_set_is_empty(&policy->nodes);

    if (syscall(SYS_set_mempolicy, policy->mode, has_nodes ? policy->nodes.words : NULL,
                has_nodes ? (unsigned long)NUMBER_SET_MAX + 1 : 0) < 0)
        return failure_sys(failure, "set the memory policy", NULL);
    return 0;
}

/* In a procfs only: what else stands there would take the label and do nothing (CVE-2019-16884). */
static int open_attribute(const char *path)
{
    scoped_fd int fd = open(path, O_WRONLY | O_CLOEXEC | O_NOCTTY | O_NOFOLLOW);
    struct statfs status;

    if (fd < 0 || fstatfs(fd, &status) < 0)
        return -1;
    if (status.f_type != PROC_SUPER_MAGIC) {
        errno = EPERM;
        return -1;
    }
    return steal_fd(&fd);
}

/* The kernel takes a label by one write. */
static int set_label(const struct process_spec *process, struct failure *failure)
{
    char text[512];
    size_t prefix = process->label_is_apparmor ? strlen("exec ") : 0;
    size_t length = strlen(process->exec_label);
    scoped_fd int fd = -1;

    if (prefix + length > sizeof(text))
        return failure_set(failure, "set the security label", NULL, "it is too long");
    memcpy(text, "exec ", prefix);
    memcpy(text + prefix, process->exec_label, length);
    if (process->label_is_apparmor)
        fd = open_attribute("/proc/self/attr/apparmor/exec");
    if (fd < 0)
        fd = open_attribute("/proc/self/attr/exec");
    if (fd < 0)
        return failure_sys(failure, "open '/proc/self/attr/exec'", NULL);
    if (write(fd, text, prefix + length) >= 0)
        return 0;
    if (errno != ENOENT || !process->label_is_apparmor)
        return failure_sys(failure, "set the security label", process->exec_label);
    /* In words that suites look for. */
    (void)failure_set(failure, "set the security label", NULL, "apply apparmor profile `");
    failure_add(failure, process->exec_label);
    failure_add(failure, "`: profile not loaded");
    return -1;
}

/* Else it would look into the keys of whoever started it. Kernels can be without. */
static int enter_keyring(struct failure *failure)
{
    if (syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, NULL) < 0 && errno != ENOSYS)
        return failure_sys(failure, "make a session keyring", NULL);
    return 0;
}

int process_settings_take(const struct process_spec *process, struct failure *failure)
{
    if (process->new_keyring && enter_keyring(failure) < 0)
        return -1;
    if (process->has_personality && personality(process->personality) < 0)
        return failure_sys(failure, "set the personality", NULL);
    if (process->scheduling && set_scheduling(process->scheduling, failure) < 0)
        return -1;
    if (process->cpus &&
        syscall(SYS_sched_setaffinity, 0, sizeof(process->cpus->words), process->cpus->words) < 0)
        return failure_sys(failure, "choose the processors", NULL);
    if (process->memory_policy && set_memory_policy(process->memory_policy, failure) < 0)
        return -1;
    if (process->io_priority >= 0 &&
        syscall(SYS_ioprio_set, IOPRIO_WHO_PROCESS, 0, process->io_priority) < 0)
        return failure_sys(failure, "set the input/output priority", NULL);
    if (process->exec_label && set_label(process, failure) < 0)
        return -1;
    if (process->rows && isatty(0)) {
        struct winsize size = {.ws_row = process->rows, .ws_col = process->columns};

        if (ioctl(0, TIOCSWINSZ, &size) < 0)
            return failure_sys(failure, "set the size of the terminal", NULL);
    }
    return 0;
}
