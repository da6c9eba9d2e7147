/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Copies a directory with all that is in it: owners, modes, times, extended attributes, symbolic
 * and hard links, FIFOs. Devices and sockets are left out. Links are never followed, on neither
 * side, and nothing but regular files is ever opened: whoever changes one of the trees meanwhile
 * spoils the copy, and nothing else.
 */
#ifndef YAWL_RUNTIME_TREE_COPY_H
#define YAWL_RUNTIME_TREE_COPY_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "common/error.h"

/* In what a copy differs from its source. All zero: in nothing, and it is made where nothing is. */
struct tree_copy_style {
    bool merges; /* what is there already is written over; directories stay and are gone into */
    bool plain;  /* without extended attributes and set-id bits */
    bool owned;  /* all of it is uid's and gid's */
    uid_t uid;
    gid_t gid;
    /* Unless `owned` or n_ids is 0: the n_ids ids from ids_from on are those from ids_to on, and
     * all others nobody's. */
    uint32_t ids_from, ids_to, n_ids;
};

/* Copies what is in source_fd into target_fd, both directories open for reading, and then the
 * attributes of the directory itself. */
MUST_CHECK int tree_copy(int source_fd, int target_fd, struct error *err);

/* The same in another style; attributes of the directory itself only when `with_own`. */
MUST_CHECK int tree_copy_styled(int source_fd, int target_fd, bool with_own,
                                const struct tree_copy_style *style, struct error *err);

/* One name of a directory, which is no directory itself, to a name of another one. */
struct tree_place {
    int dir_fd;
    const char *name;
};
MUST_CHECK int tree_copy_file(struct tree_place source, struct tree_place target,
                              const struct tree_copy_style *style, struct error *err);

#endif
