/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Changes a folder under the hands of whoever works in it, until it is killed:
 *
 *     swapper swap A B          exchanges two names, again and again
 *     swapper grab DIR TARGET   puts a link to TARGET in the place of whatever appears in DIR
 *
 * grab keeps what was there, as DIR/.taken-N.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static void swap(const char *a, const char *b)
{
    for (;;)
        if (renameat2(AT_FDCWD, a, AT_FDCWD, b, RENAME_EXCHANGE) < 0)
            usleep(100);
}

static void take(const char *dir, const struct dirent *entry, const char *target, unsigned number)
{
    char from[600], to[600];

    if (entry->d_name[0] == '.' || entry->d_type == DT_LNK)
        return;
    (void)snprintf(from, sizeof(from), "%s/%s", dir, entry->d_name);
    (void)snprintf(to, sizeof(to), "%s/.taken-%u", dir, number);
    if (rename(from, to) == 0)
        (void)!symlink(target, from);
}

static void grab(const char *dir, const char *target)
{
    for (unsigned number = 0;;) {
        DIR *opened = opendir(dir);
        const struct dirent *entry;

        while (opened && (entry = readdir(opened)))
            take(dir, entry, target, number++);
        if (opened)
            (void)closedir(opened);
    }
}

int main(int argc, char **argv)
{
    if (argc != 4)
        return 2;
    if (strcmp(argv[1], "swap") == 0)
        swap(argv[2], argv[3]);
    grab(argv[2], argv[3]);
}
