/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The directories of one layer while it is being unpacked, by their path without symbolic links.
 *
 * Mode and times of a directory wait here until all of its content is written. A directory is
 * implicit while the layer needs it but has no entry for it. A record may outlive its directory
 * (something else took its place); whoever acts on it looks first.
 */
#ifndef YAWL_RUNTIME_IMAGE_WORKER_DIR_TABLE_H
#define YAWL_RUNTIME_IMAGE_WORKER_DIR_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>
#include <time.h>

#include "common/cleanup.h"

struct dir_record {
    const char *path; /* "usr/lib"; "" is the root */
    mode_t mode;
    struct timespec mtime;
    bool implicit;
    bool opaque;             /* what lower layers have in it is hidden */
    bool anew;               /* what lower layers have there is gone, it is opaque for that */
    bool gone;               /* set at the end: something else took its place */
    const void *default_acl; /* the attribute's value */
    size_t default_acl_size;
};

struct dir_table;

struct dir_table *dir_table_new(void);
void dir_table_free(struct dir_table *table);
DEFINE_SCOPED(struct dir_table *, dir_table_free)

/* The record of the path; a new one is implicit, mode 0755, time 0. Valid until the next call. */
struct dir_record *dir_table_get(struct dir_table *table, const char *path);

/* A new directory at the path: its record is as dir_table_get() makes it. */
void dir_table_reset(struct dir_table *table, const char *path);

/* Copies the value. */
void dir_table_set_default_acl(struct dir_table *table, const char *path, const void *value,
                               size_t size);

/* The record, or NULL. */
struct dir_record *dir_table_find(struct dir_table *table, const char *path);

size_t dir_table_count(const struct dir_table *table);

/* Sorts children before their parents. Only dir_table_at() may follow. */
void dir_table_sort(struct dir_table *table);
struct dir_record *dir_table_at(const struct dir_table *table, size_t index);

#endif
