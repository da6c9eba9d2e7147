/* SPDX-License-Identifier: Apache-2.0 */
#include "orchestrator/cli/culprit.h"

#include <unistd.h>

#include "common/fd.h"
#include "common/process.h"
#include "orchestrator/cli/log_tail.h"
#include "orchestrator/cli/why.h"

enum { CHAIN_MOST = 100, LOG_LINES = 20 };

const struct record *culprit_find(const struct follow *follow, const char *name)
{
    const struct record *record = follow_find(follow, name);

    for (int i = 0; i < CHAIN_MOST && record; i++) {
        const struct record *next = NULL;

        if (record->phase <= PHASE_CREATED && record->waits_for)
            next = follow_find(follow, record->waits_for);
        if (!next)
            return record;
        record = next;
    }
    return record;
}

int culprit_print(const struct record *culprit, const struct project_dir *dir, bool with_log,
                  struct log_printer_options style, struct error *err)
{
    const struct why why = {
        .service = culprit->service, .record = culprit, .now_ns = clock_realtime_ns()};
    scoped_text struct text page = {0};

    why_text(&why, &page);
    (void)!fd_write_all(STDERR_FILENO, page.data, page.length);
    style.out_fd = style.err_fd = STDERR_FILENO;
    return with_log ? log_tail_print(dir, culprit, LOG_LINES, style, err) : 0;
}
