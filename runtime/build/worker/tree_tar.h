/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The tar of a layer, made from its tree while it is read.
 *
 * The same tree makes the same bytes, now and whenever the layer is packed again: the order is the
 * list's, times are whole seconds, there are no names of users, and what ustar cannot say is said
 * in pax records of a fixed order. Whiteouts and opaque directories become what image-spec layer.md
 * has for them.
 */
#ifndef YAWL_RUNTIME_BUILD_WORKER_TREE_TAR_H
#define YAWL_RUNTIME_BUILD_WORKER_TREE_TAR_H

#include "runtime/build/worker/upper_list.h"
#include "runtime/image/worker/byte_source.h"

/* The list and the descriptor of the tree's root are borrowed. */
struct byte_source *tree_tar_new(int root_fd, const struct upper_list *list);

#endif
