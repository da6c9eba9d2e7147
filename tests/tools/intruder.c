/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lies in wait inside a container: looks at each process that appears, and says what it could get
 * of one that is not yet a program of the image but still a copy of whoever sets it up
 * (CVE-2016-9962, CVE-2024-21626).
 *
 *     intruder [keep|look]
 *
 * "exe PATH", "fd PATH", "mem PATH" and "traced PATH" go to standard output, and "strong LINE" for
 * one that has more capabilities than we can have, or no filter where we have one; "watching" when
 * it begins. Programs of the image are those below /bin/. With "keep" it traces all and waits for
 * none, which hides their end from their parent; with "look" it traces none.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

/* What a link of /proc leads to. False when it may not be seen, or leads to nothing of the host's.
 */
static bool leads_out(const char *link, char target[PATH_MAX])
{
    ssize_t length = readlink(link, target, PATH_MAX - 1);

    if (length <= 0)
        return false;
    target[length] = '\0';
    return target[0] == '/' && strncmp(target, "/bin/", 5) != 0 &&
           strncmp(target, "/dev/", 5) != 0 && strcmp(target, "/") != 0;
}

static bool is_foreign(const char *pid, char exe[PATH_MAX])
{
    char name[PATH_MAX];

    (void)snprintf(name, sizeof(name), "/proc/%s/exe", pid);
    return leads_out(name, exe);
}

static void look_at_descriptors(const char *pid)
{
    char name[PATH_MAX], target[PATH_MAX];
    struct dirent *entry;
    DIR *dir;

    (void)snprintf(name, sizeof(name), "/proc/%s/fd", pid);
    dir = opendir(name);
    while (dir && (entry = readdir(dir))) {
        (void)snprintf(name, sizeof(name), "/proc/%.20s/fd/%.20s", pid, entry->d_name);
        if (entry->d_name[0] != '.' && leads_out(name, target))
            (void)printf("fd %s\n", target);
    }
    if (dir)
        (void)closedir(dir);
}

/* Who can be stopped is asked who he is while he stands still. With `keeps`, his end is kept from
 * his parent. */
static void trace(const char *pid, bool keeps)
{
    char exe[PATH_MAX];
    int number = atoi(pid), status;

    if (ptrace(PTRACE_SEIZE, number, NULL, NULL) < 0 || keeps)
        return;
    (void)ptrace(PTRACE_INTERRUPT, number, NULL, NULL);
    if (waitpid(number, &status, __WALL) != number || !WIFSTOPPED(status))
        return;
    if (is_foreign(pid, exe))
        (void)printf("traced %s\n", exe);
    (void)ptrace(PTRACE_DETACH, number, NULL, NULL);
}

struct strength {
    unsigned long long capabilities; /* that it has or could come to have */
    bool filtered;
};

/* False when there is no such process any more. */
static bool read_strength(const char *pid, struct strength *ret_strength)
{
    char name[PATH_MAX], line[256];
    struct strength strength = {0};
    bool is_whole = false;
    FILE *file;

    (void)snprintf(name, sizeof(name), "/proc/%s/status", pid);
    file = fopen(name, "re");
    while (file && fgets(line, sizeof(line), file)) {
        if (strncmp(line, "CapPrm:", 7) == 0 || strncmp(line, "CapEff:", 7) == 0 ||
            strncmp(line, "CapBnd:", 7) == 0)
            strength.capabilities |= strtoull(line + 7, NULL, 16);
        if (strncmp(line, "Seccomp:", 8) == 0) {
            strength.filtered = atoi(line + 8) != 0;
            is_whole = true;
        }
    }
    if (file)
        (void)fclose(file);
    *ret_strength = strength;
    return is_whole;
}

static void look_at_strength(const char *pid)
{
    struct strength ours, theirs;

    if (!read_strength("self", &ours) || !read_strength(pid, &theirs))
        return;
    if (theirs.capabilities & ~ours.capabilities || (ours.filtered && !theirs.filtered))
        (void)printf("strong %llx %s\n", theirs.capabilities,
                     theirs.filtered ? "filtered" : "unfiltered");
}

static void look_at(const char *pid, bool traces, bool keeps)
{
    char name[PATH_MAX], exe[PATH_MAX];
    int fd;

    look_at_strength(pid);
    if (is_foreign(pid, exe)) {
        (void)printf("exe %s\n", exe);
        (void)snprintf(name, sizeof(name), "/proc/%s/mem", pid);
        fd = open(name, O_RDWR);
        if (fd >= 0 && is_foreign(pid, exe))
            (void)printf("mem %s\n", exe);
        if (fd >= 0)
            (void)close(fd);
    }
    look_at_descriptors(pid);
    if (traces)
        trace(pid, keeps);
}

/* The first process after `newest` that is there, or 0. Numbers are given in order, so nothing else
 * has to be looked through. */
static int next_process(int newest)
{
    for (int pid = newest + 1; pid < newest + 8; pid++)
        if (kill(pid, 0) == 0 || errno == EPERM)
            return pid;
    return 0;
}

int main(int argc, char **argv)
{
    enum { LOOKS = 100 };
    bool keeps = argc > 1 && strcmp(argv[1], "keep") == 0;
    bool traces = argc < 2 || keeps;
    int newest = getpid();

    (void)setvbuf(stdout, NULL, _IOLBF, 0);
    (void)puts("watching");
    for (;;) {
        int next = next_process(newest);
        char pid[16];

        if (next == 0)
            continue;
        (void)snprintf(pid, sizeof(pid), "%d", next);
        for (int i = 0; i < LOOKS; i++)
            look_at(pid, traces, keeps);
        newest = next;
    }
}
