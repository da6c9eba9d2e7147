/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A process written down in a file, so that a later run can end it when ours was killed.
 */
#ifndef YAWL_RUNTIME_BUILD_WORKER_PROCESS_NOTE_H
#define YAWL_RUNTIME_BUILD_WORKER_PROCESS_NOTE_H

#include <sys/types.h>

#include "common/error.h"

MUST_CHECK int process_note_write(int dir_fd, const char *name, pid_t pid, struct error *err);

/* Ends the process of the note. One that is gone, and a note that is absent or names nobody, are
 * fine. */
void process_note_kill(int dir_fd, const char *name);

#endif
