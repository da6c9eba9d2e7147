/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is mounted into a container's root (a bundle's: all of it) besides the file systems that
 * every container has: volumes, bind mounts, tmpfs mounts, other images, the files of /etc and host
 * devices.
 *
 * The starter opens every source as a detached mount before the clone; the child inherits the
 * descriptors and only attaches them. The mount behind a descriptor is shared, so the starter may
 * still map its ids after the clone, once the container's user namespace exists. Images are the
 * exception: they are overlays, whose layers must be mapped before, so they are mounted after the
 * clone and sent.
 */
#ifndef YAWL_RUNTIME_MOUNT_PLAN_H
#define YAWL_RUNTIME_MOUNT_PLAN_H

#include "runtime/container_spec.h"
#include "runtime/filesystem.h"
#include "runtime/rootfs.h"

enum { TMPFS_MAX_OPTIONS = 8 };

struct tmpfs_options {
    unsigned attributes; /* MOUNT_ATTR_... */
    size_t n_options;
    struct {
        const char *name, *value;
    } options[TMPFS_MAX_OPTIONS];
};

struct planned_mount {
    const char *target; /* cleaned, absolute */
    int fd;             /* detached mount; -1: tmpfs, or an image that is not yet mounted */
    const struct mount_spec *image; /* or NULL */
    bool is_directory;
    bool is_device;
    bool recursive;
    bool covers_link; /* a symbolic link at the target is not followed */
    bool remounts;    /* `filesystem` says how the mount that is there already is changed */
    struct tmpfs_options tmpfs;
    const struct mount_spec *filesystem;  /* to be made by the child with `data`; or NULL */
    const struct filesystem_option *data; /* ends with a NULL name */
    bool has_mode;                        /* `data` names one */
};

struct mount_plan {
    struct planned_mount *mounts; /* in the order of attaching: shallow ones first, or a bundle's */
    size_t count;
};

/* Opens everything that the spec names; texts and lists in the arena. mount_plan_close() ends it,
 * also after an error. */
MUST_CHECK int mount_plan_open(const struct container_spec *spec, struct arena *arena,
                               struct mount_plan *ret_plan, struct error *err);

/* Maps the ids of all sources through the user namespace, so that files show the owners that they
 * have on disk. File systems that cannot do it are mounted as they are (owners show as nobody);
 * *ret_unmapped is the target of the first such mount, or NULL. */
MUST_CHECK int mount_plan_map_ids(const struct mount_plan *plan, int userns_fd,
                                  const char **ret_unmapped, struct error *err);

/* Mounts the images, read-only and whole, as the layers of `like` are mapped. *ret_fds are their
 * mounts in the order of the plan, borrowed, in an array of the arena. */
MUST_CHECK int mount_plan_open_images(struct mount_plan *plan, const struct rootfs_request *like,
                                      struct arena *arena, const int **ret_fds, size_t *ret_count,
                                      struct error *err);

/* In the child: takes the mounts that came, in that order, and goes down to what is asked of each.
 * Attaches them to the mount namespace's root. Returns 0, or -1 with errno; *ret_target is then the
 * target of the one that failed. */
MUST_CHECK int mount_plan_take_images(const struct mount_plan *plan, const int *fds, size_t count,
                                      const char **ret_target);

/* Whether something of the plan is mounted exactly there. */
bool mount_plan_covers(const struct mount_plan *plan, const char *target);

void mount_plan_close(struct mount_plan *plan);

/* Whether the word is a flag of mounts like "ro" or "noexec"; it is followed in *attributes then
 * (MOUNT_ATTR_...). */
bool mount_flag_take(const char *word, unsigned *attributes);

/* "size=64m,mode=1777,exec" as docker takes it: noexec, nosuid and nodev unless said otherwise. */
MUST_CHECK int tmpfs_options_parse(const char *text, bool read_only, struct arena *arena,
                                   struct tmpfs_options *ret_options, struct error *err);

#endif
