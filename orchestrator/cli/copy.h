/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Copying a file or folder between this machine and the tree of a container, as docker's `cp` does:
 * where the copy comes to lie depends on what is there.
 *
 * The tree is a stranger's, who may change it at any time: its links are followed inside of it
 * alone, nothing of it is run, and only regular files are opened.
 */
#ifndef YAWL_ORCHESTRATOR_CLI_COPY_H
#define YAWL_ORCHESTRATOR_CLI_COPY_H

#include <stdbool.h>

#include "common/arena.h"
#include "common/error.h"
#include "runtime/container_tree.h"

/* One end of a copy. */
struct copy_end {
    const struct container_tree *tree; /* NULL: this machine */
    const char *path; /* as it was given; that of a tree has been made absolute and clean */
    bool is_folder;   /* it was given with a '/' at its end */
    bool is_content;  /* or with "/.": what is in the folder, not the folder */
};

struct copy_request {
    struct copy_end from, to;
    bool archive;      /* -a: owners, set-id bits and extended attributes as they are */
    bool follow_links; /* -L: of a link, what it leads to */
};

MUST_CHECK int copy_run(const struct copy_request *request, struct arena *arena, struct error *err);

#endif
