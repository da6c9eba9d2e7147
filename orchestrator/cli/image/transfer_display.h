/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Shows a transfer on standard error while it goes on: a picture that is redrawn in its place, or
 * lines (transfer_view.h, transfer_lines.h). The only part that knows of a terminal and a clock.
 */
#ifndef YAWL_ORCHESTRATOR_CLI_IMAGE_TRANSFER_DISPLAY_H
#define YAWL_ORCHESTRATOR_CLI_IMAGE_TRANSFER_DISPLAY_H

#include "orchestrator/cli/image/transfer.h"
#include "orchestrator/cli/progress_mode.h"

struct transfer_display;

/* The transfer is borrowed. */
struct transfer_display *transfer_display_new(struct transfer *transfer, struct progress_mode mode);
void transfer_display_free(struct transfer_display *display);
DEFINE_SCOPED(struct transfer_display *, transfer_display_free)

/* Applies the event to the transfer and tells of it. */
void transfer_display_event(struct transfer_display *display, const struct image_event *event);

/* Text that is no part of the picture: above it, or a line of its own. */
void transfer_display_say(struct transfer_display *display, const char *line);

/* Redraws the picture. To be called about ten times a second. */
void transfer_display_tick(struct transfer_display *display);

/* The worker has ended (transfer_finish()); leaves the last picture standing. */
void transfer_display_finish(struct transfer_display *display, const char *reason);

#endif
