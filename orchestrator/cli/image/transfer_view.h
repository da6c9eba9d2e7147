/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A transfer as a terminal shows it, one picture at a time:
 *
 *     [+] Pulling 1/3
 *      ✔ db     Pulled                                                      3.2s
 *      ⠹ web    [=========>          ]  61.2MB / 104MB  12.3MB/s            4.1s
 *        3b1f6a0c9d2e  Downloading  [====>     ]  12MB / 30MB
 *      ⠹ cache  Waiting
 *
 * Pure. No line is wider and no picture is higher than the window: what does not fit is left out,
 * layers before images and what is over before what goes on.
 */
#ifndef YAWL_ORCHESTRATOR_CLI_IMAGE_TRANSFER_VIEW_H
#define YAWL_ORCHESTRATOR_CLI_IMAGE_TRANSFER_VIEW_H

#include "orchestrator/cli/image/transfer.h"

struct transfer_view {
    unsigned columns, rows; /* of the window */
    bool colour;
    uint64_t now_ms;
};

/* Appends the lines, each with its newline. One row of the window stays free for the cursor. */
void transfer_view_render(const struct transfer *transfer, const struct transfer_view *view,
                          struct text *out);

#endif
