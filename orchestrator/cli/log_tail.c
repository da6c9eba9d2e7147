/* SPDX-License-Identifier: Apache-2.0 */
#include "orchestrator/cli/log_tail.h"

#include <errno.h>
#include <fcntl.h>

static void on_line(const struct log_line *line, void *context)
{
    struct log_line shown = *line;

    shown.name = line->owner; /* the label */
    log_printer_line(context, &shown);
}

int log_tail_print(const struct project_dir *dir, const struct record *record, int64_t lines,
                   struct log_printer_options style, struct error *err)
{
    const struct log_range range = {.tail = lines};
    scoped(log_printer_free) struct log_printer *printer = NULL;
    scoped(log_reader_free) struct log_reader *reader = NULL;
    int dir_fd = openat(dir->data_fd, "logs", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (dir_fd < 0)
        return errno == ENOENT ? 0 : error_sys(err, "open logs");
    reader = log_reader_new(dir_fd);
    printer = log_printer_new(style);
    log_printer_register(printer, record->label);
    if (log_reader_add(reader, record->name, (void *)(uintptr_t)record->label, range, err) < 0 ||
        log_reader_read(reader, on_line, printer, err) < 0 ||
        log_reader_finish(reader, on_line, printer, err) < 0)
        return -1;
    (void)!log_printer_flush(printer); /* nobody reads: nothing is lost */
    return 0;
}
