/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Single files, links and devices: created below an open directory, with the attributes of an
 * archive entry.
 *
 * The name is one component that does not exist yet, so nothing is followed and nothing is
 * overwritten.
 */
#ifndef YAWL_RUNTIME_IMAGE_WORKER_LAYER_NODE_H
#define YAWL_RUNTIME_IMAGE_WORKER_LAYER_NODE_H

#include "runtime/image/worker/tar_reader.h"

/* Where a new node goes; parent_fd may be O_PATH. */
struct node_place {
    int parent_fd;
    const char *name;
};

/* TAR_FILE: reads the data from the reader. Devices are left out when the kernel does not let us
 * make them (ordinary users): *ret_left_out is true then, and untouched otherwise. Kinds that are
 * none of a file system are left out as well. */
MUST_CHECK int layer_node_create(struct node_place place, const struct tar_entry *entry,
                                 struct tar_reader *reader, bool *ret_left_out, struct error *err);

#define LAYER_DEFAULT_ACL "system.posix_acl_default"

/* Owner and extended attributes of a directory; mode and times come at the end. The default access
 * list is not set but returned, borrowed from the entry; its size is 0 when there is none. */
MUST_CHECK int layer_node_describe_dir(int dir_fd, const struct tar_entry *entry,
                                       struct tar_reader *reader, struct tar_xattr *ret_default_acl,
                                       struct error *err);

/* overlayfs' whiteout: a character device 0:0. */
MUST_CHECK int layer_node_create_whiteout(struct node_place place, struct error *err);

struct stat;
bool layer_node_is_whiteout(const struct stat *status);

/* Whether an image may set this attribute. Those that steer overlayfs or belong to the host's
 * security modules are not for it: of security.* only capabilities remain. */
bool layer_node_xattr_is_kept(const char *name);

#endif
