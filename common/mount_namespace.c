/* SPDX-License-Identifier: Apache-2.0 */
#include "common/mount_namespace.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

/* 0 when there is no such process, or it is not ours to look into. */
static ino_t namespace_of(pid_t pid)
{
    struct stat status;
    char path[64];

    (void)snprintf(path, sizeof(path), "/proc/%d/ns/mnt", (int)pid);
    return stat(path, &status) == 0 ? status.st_ino : 0;
}

/* Of a process in another namespace than ours, else 0. */
static ino_t other_namespace_of(pid_t pid)
{
    struct stat own;
    ino_t found = namespace_of(pid);

    return stat("/proc/self/ns/mnt", &own) == 0 && found != own.st_ino ? found : 0;
}

size_t mount_namespace_visit(pid_t pid, void (*visit)(pid_t pid, void *context), void *context)
{
    ino_t wanted = other_namespace_of(pid);
    DIR *dir = wanted ? opendir("/proc") : NULL;
    const struct dirent *entry;
    size_t count = 0;

    if (!dir)
        return 0;
    while ((entry = readdir(dir))) {
        pid_t found = (pid_t)strtol(entry->d_name, NULL, 10);

        if (found <= 0 || namespace_of(found) != wanted)
            continue;
        visit(found, context);
        count++;
    }
    (void)closedir(dir);
    return count;
}

bool mount_namespace_has(pid_t pid, pid_t other)
{
    ino_t wanted = other_namespace_of(pid);

    return wanted && namespace_of(other) == wanted;
}
