/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A byte source that runs another in a thread of its own, a few pieces ahead of the reader:
 * inflating goes on while files are written.
 */
#ifndef YAWL_RUNTIME_IMAGE_WORKER_READ_AHEAD_H
#define YAWL_RUNTIME_IMAGE_WORKER_READ_AHEAD_H

#include "runtime/image/worker/byte_source.h"

/* The inner source is used by the thread alone from now on. Freeing stops the thread after the
 * piece that it is at. */
struct byte_source *read_ahead_new(struct byte_source *take_inner);

#endif
