/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/rlimits.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/resource.h>

#include "common/file.h"
#include "common/text.h"

static const char *const names[] = {
    "as",   "core",   "cpu",   "data", "fsize",  "locks",  "memlock",    "msgqueue",
    "nice", "nofile", "nproc", "rss",  "rtprio", "rttime", "sigpending", "stack",
};

static const int resources[ARRAY_LENGTH(names)] = {
    RLIMIT_AS,      RLIMIT_CORE,     RLIMIT_CPU,        RLIMIT_DATA,   RLIMIT_FSIZE, RLIMIT_LOCKS,
    RLIMIT_MEMLOCK, RLIMIT_MSGQUEUE, RLIMIT_NICE,       RLIMIT_NOFILE, RLIMIT_NPROC, RLIMIT_RSS,
    RLIMIT_RTPRIO,  RLIMIT_RTTIME,   RLIMIT_SIGPENDING, RLIMIT_STACK,
};

static rlim_t limit_of(int64_t value)
{
    return value < 0 ? RLIM_INFINITY : (rlim_t)value;
}

static int set_degraded(pid_t pid, int resource, struct rlimit wanted)
{
    struct rlimit have;

    if (prlimit(pid, (__rlimit_resource_t)resource, NULL, &have) < 0)
        return -1;
    if (wanted.rlim_max > have.rlim_max)
        wanted.rlim_max = have.rlim_max;
    if (wanted.rlim_cur > wanted.rlim_max)
        wanted.rlim_cur = wanted.rlim_max;
    return prlimit(pid, (__rlimit_resource_t)resource, &wanted, NULL);
}

int rlimits_set(pid_t pid, const struct ulimit_spec *ulimits, size_t n_ulimits, struct error *err)
{
    for (size_t i = 0; i < n_ulimits; i++) {
        struct rlimit wanted = {limit_of(ulimits[i].soft), limit_of(ulimits[i].hard)};
        size_t at = 0;

        while (at < ARRAY_LENGTH(names) && !string_eq(names[at], ulimits[i].name))
            at++;
        if (at == ARRAY_LENGTH(names))
            return error_set(err, "ulimits: there is no limit '%s'", ulimits[i].name);
        if (wanted.rlim_cur > wanted.rlim_max)
            return error_set(err, "ulimits: soft limit of '%s' is above the hard one",
                             ulimits[i].name);
        if (prlimit(pid, (__rlimit_resource_t)resources[at], &wanted, NULL) == 0)
            continue;
        if (errno != EPERM || set_degraded(pid, resources[at], wanted) < 0)
            return error_sys(err, "set limit '%s'", ulimits[i].name);
    }
    return 0;
}

int process_set_oom_score(pid_t pid, int score, struct error *err)
{
    char path[64], text[16];
    struct error why;

    (void)snprintf(path, sizeof(path), "/proc/%d/oom_score_adj", (int)pid);
    (void)snprintf(text, sizeof(text), "%d", score);
    if (file_write_existing(AT_FDCWD, path, text, &why) == 0)
        return 0;
    /* Lowering it takes a privilege that we need not have. */
    if (why.number == EACCES || why.number == EPERM)
        return 0;
    return error_set(err, "%s", why.text);
}
