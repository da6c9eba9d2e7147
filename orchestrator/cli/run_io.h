/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Our standard streams and a container's, while `run` waits for it.
 *
 * Input is copied by a child process, because ours may be a file, which nothing can wait for: into
 * a FIFO that the container reads, or into its terminal. The output of a terminal is shown from the
 * log's bytes as they come.
 */
#ifndef YAWL_ORCHESTRATOR_CLI_RUN_IO_H
#define YAWL_ORCHESTRATOR_CLI_RUN_IO_H

#include "common/error.h"
#include "common/loop.h"
#include "orchestrator/state/roots.h"

struct run_io;

/* Without a terminal but with input, makes the FIFO and begins to fill it. */
MUST_CHECK int run_io_new(const struct project_dir *dir, const char *container, bool feeds_fifo,
                          struct run_io **ret_io, struct error *err);
/* Restores our terminal. */
void run_io_free(struct run_io *io);
DEFINE_SCOPED(struct run_io *, run_io_free)

/* The container has the FIFO open: its end is the end of our input from now on. */
void run_io_started(struct run_io *io);

/* Joins our terminal to the container's, whose master becomes ours. */
MUST_CHECK int run_io_join(struct run_io *io, struct loop *loop, int take_master_fd,
                           struct error *err);
/* Shows what has come since. */
void run_io_show(struct run_io *io);

#endif
