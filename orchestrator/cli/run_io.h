/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Our standard streams and a container's, while `run` or `attach` waits for it.
 *
 * Input is copied by a child process, because ours may be a file, which nothing can wait for: into
 * a FIFO that the container reads, or into its terminal. The output of a terminal is shown from the
 * log's bytes as they come.
 */
#ifndef YAWL_ORCHESTRATOR_CLI_RUN_IO_H
#define YAWL_ORCHESTRATOR_CLI_RUN_IO_H

#include "common/error.h"
#include "common/loop.h"
#include "orchestrator/cli/detach_keys.h"
#include "orchestrator/state/roots.h"

struct run_io;

/* The directories are borrowed. */
MUST_CHECK int run_io_new(const struct project_dir *dir, const char *container,
                          struct run_io **ret_io, struct error *err);
/* Restores our terminal. */
void run_io_free(struct run_io *io);
DEFINE_SCOPED(struct run_io *, run_io_free)

/* For a container without a terminal that does not exist yet: makes the FIFO and begins to fill it.
 */
MUST_CHECK int run_io_make_input(struct run_io *io, struct error *err);
/* The container has the FIFO open: its end is the end of our input from now on. */
void run_io_started(struct run_io *io);
/* For one that runs, whose input its supervisor holds open. */
MUST_CHECK int run_io_find_input(struct run_io *io, struct error *err);

/* These keys end the input that is begun after this; see run_io_detached(). */
void run_io_detach_by(struct run_io *io, const struct detach_keys *keys);
/* Readable when our input has ended, or was left by the keys; -1 without input. Borrowed. */
int run_io_feeder_fd(const struct run_io *io);
/* Whether it was the keys. To be asked once. */
bool run_io_detached(struct run_io *io);

/* What the log holds by now is not shown. Before the join. */
void run_io_skip_log(struct run_io *io);
/* Joins our terminal to the container's, whose master becomes ours; when `types`, what is typed
 * goes there and our terminal leaves it all to the other. */
MUST_CHECK int run_io_join(struct run_io *io, struct loop *loop, int take_master_fd, bool types,
                           struct error *err);
/* Shows what has come since. */
void run_io_show(struct run_io *io);

#endif
