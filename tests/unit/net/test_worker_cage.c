/* SPDX-License-Identifier: Apache-2.0 */
#include "net/worker_cage.h"

#include <criterion/criterion.h>
#include <dirent.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/file.h"
#include "tests/unit/net/relay/lab.h"

/* The only child of a process; the lab's worker is two generations below the lab's child. */
static pid_t only_child(pid_t parent)
{
    scoped_text struct text text = {0};
    char path[64];

    (void)snprintf(path, sizeof(path), "/proc/%d/task/%d/children", parent, parent);
    cr_assert_eq(file_read(AT_FDCWD, path, 4096, &text, NULL, NULL), 0);
    return (pid_t)strtol(text_get(&text), NULL, 10);
}

/* A line of /proc/PID/task/TID/status, without its name: "Uid", "CapEff". */
static void status_of(pid_t pid, const char *tid, const char *name, char ret_value[128])
{
    scoped_text struct text text = {0};
    char path[64], key[32];
    const char *line;

    (void)snprintf(path, sizeof(path), "/proc/%d/task/%s/status", pid, tid);
    (void)snprintf(key, sizeof(key), "\n%s:\t", name);
    cr_assert_eq(file_read(AT_FDCWD, path, 65536, &text, NULL, NULL), 0);
    line = strstr(text_get(&text), key);
    cr_assert_not_null(line);
    line += strlen(key);
    (void)snprintf(ret_value, 128, "%.*s", (int)strcspn(line, "\n"), line);
}

/* Calls for each thread of the worker. Returns how many there are. */
static int for_each_thread(pid_t pid, void (*check)(pid_t pid, const char *tid))
{
    char path[64];
    const struct dirent *entry;
    DIR *directory;
    int count = 0;

    (void)snprintf(path, sizeof(path), "/proc/%d/task", pid);
    directory = opendir(path);
    cr_assert_not_null(directory);
    while ((entry = readdir(directory)) != NULL) {
        if (entry->d_name[0] == '.')
            continue;
        check(pid, entry->d_name);
        count++;
    }
    (void)closedir(directory);
    return count;
}

static void expect_unprivileged(pid_t pid, const char *tid)
{
    char value[128], ids[64];
    unsigned long long allowed = atoi(tid) == pid ? 0 : 1ULL << CAP_NET_RAW;

    (void)snprintf(ids, sizeof(ids), "%d\t%d\t%d\t%d", WORKER_CAGE_UID, WORKER_CAGE_UID,
                   WORKER_CAGE_UID, WORKER_CAGE_UID);
    status_of(pid, tid, "Uid", value);
    cr_expect_str_eq(value, ids);
    status_of(pid, tid, "Gid", value);
    cr_expect_str_eq(value, ids);
    status_of(pid, tid, "Groups", value);
    cr_expect_eq(strspn(value, " "), strlen(value), "groups: %s", value);
    status_of(pid, tid, "CapEff", value);
    cr_expect_eq(strtoull(value, NULL, 16) & ~allowed, 0, "capabilities: %s", value);
    status_of(pid, tid, "CapPrm", value);
    cr_expect_eq(strtoull(value, NULL, 16) & ~allowed, 0, "capabilities: %s", value);
    status_of(pid, tid, "NoNewPrivs", value);
    cr_expect_str_eq(value, "1");
}

Test(worker_cage, every_thread_of_the_worker_is_unprivileged)
{
    struct lab lab;
    pid_t worker;

    lab_start(&lab);
    lab_settle(&lab);
    worker = only_child(only_child(lab.worker));
    cr_expect_eq(for_each_thread(worker, expect_unprivileged), 2);
    cr_expect_eq(lab_stop(&lab), 0);
}

#if !defined(__SANITIZE_ADDRESS__) && !defined(__clang__)
static void expect_filtered(pid_t pid, const char *tid)
{
    char value[128];

    status_of(pid, tid, "Seccomp", value);
    cr_expect_str_eq(value, "2");
}

Test(worker_cage, every_thread_of_the_worker_is_filtered)
{
    struct lab lab;
    pid_t worker;

    lab_start(&lab);
    lab_settle(&lab);
    worker = only_child(only_child(lab.worker));
    cr_expect_eq(for_each_thread(worker, expect_filtered), 2);
    cr_expect_eq(lab_stop(&lab), 0);
}
#endif
