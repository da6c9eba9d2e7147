/* SPDX-License-Identifier: Apache-2.0 */
#include "common/own_ids.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

#include "common/file.h"

enum { MAP_BYTES = 64 * 1024 }; /* 340 lines at the most (user_namespaces(7)) */

#define FIRST_NAMESPACE_INODE 0xEFFFFFFDU /* the kernel's PROC_USER_INIT_INO */

bool own_ids_are_all(void)
{
    struct stat status;

    /* Where it cannot be told nothing is to be left out that only ordinary users do without. */
    return stat("/proc/self/ns/user", &status) < 0 || status.st_ino == FIRST_NAMESPACE_INODE;
}

bool own_ids_keep_groups(pid_t pid)
{
    scoped_text struct text word = {0};
    char path[64];

    (void)snprintf(path, sizeof(path), "/proc/%d/setgroups", (int)pid);
    return file_read(AT_FDCWD, path, 64, &word, NULL, NULL) == 0 &&
           string_starts_with(text_get(&word), "deny");
}

/* Takes one line, "         0       1000          1"; false at the end. */
static bool next_extent(const char **rest, uint32_t *ret_first, uint32_t *ret_count)
{
    int length = 0;

    if (sscanf(*rest, " %u %*u %u%n", ret_first, ret_count, &length) < 2)
        return false;
    *rest += length;
    return true;
}

/* Lines come in any order; each pass finds what begins where the last one ended. */
uint32_t own_ids_count_of(const char *map)
{
    uint32_t end = 0, reached = 0;

    do {
        uint32_t first, count;

        end = reached;
        for (const char *rest = map; next_extent(&rest, &first, &count);)
            if (first <= reached && count > reached - first)
                reached = count > UINT32_MAX - first ? UINT32_MAX : first + count;
    } while (reached != end);
    return end;
}

void own_ids_identity_of(const char *map, uint32_t count, struct text *lines)
{
    uint32_t first, length;

    while (next_extent(&map, &first, &length)) {
        if (first >= count)
            continue;
        if (length > count - first)
            length = count - first;
        text_appendf(lines, "%u %u %u\n", first, first, length);
    }
}

static int map_read(const char *name, struct text *map, struct error *err)
{
    char path[32];

    (void)snprintf(path, sizeof(path), "/proc/self/%s", name);
    return file_read(AT_FDCWD, path, MAP_BYTES, map, NULL, err);
}

int own_ids_count(uint32_t *ret_count, struct error *err)
{
    scoped_text struct text users = {0}, groups = {0};
    uint32_t n_users, n_groups;

    if (map_read("uid_map", &users, err) < 0 || map_read("gid_map", &groups, err) < 0)
        return -1;
    n_users = own_ids_count_of(text_get(&users));
    n_groups = own_ids_count_of(text_get(&groups));
    *ret_count = n_users < n_groups ? n_users : n_groups;
    return 0;
}

int own_ids_identity(const char *name, uint32_t count, struct text *lines, struct error *err)
{
    scoped_text struct text map = {0};

    if (map_read(name, &map, err) < 0)
        return -1;
    own_ids_identity_of(text_get(&map), count, lines);
    return 0;
}
