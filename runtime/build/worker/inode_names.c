/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/build/worker/inode_names.h"

enum { N_BUCKETS = 4096 };

struct known_file {
    dev_t device;
    ino_t inode;
    const char *path;
    struct known_file *next;
};

struct inode_names {
    struct arena *arena;
    struct known_file *buckets[N_BUCKETS]; /* by inode */
};

struct inode_names *inode_names_new(struct arena *arena)
{
    struct inode_names *names = arena_new_object(arena, struct inode_names);

    names->arena = arena;
    return names;
}

const char *inode_names_first(struct inode_names *names, const struct stat *status,
                              const char *path)
{
    struct known_file **bucket = &names->buckets[status->st_ino % N_BUCKETS];
    struct known_file *file;

    if (status->st_nlink < 2)
        return NULL;
    for (file = *bucket; file; file = file->next)
        if (file->inode == status->st_ino && file->device == status->st_dev)
            return file->path;
    file = arena_new_object(names->arena, struct known_file);
    *file = (struct known_file){status->st_dev, status->st_ino, path, *bucket};
    *bucket = file;
    return NULL;
}
