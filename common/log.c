/* SPDX-License-Identifier: Apache-2.0 */
#include "common/log.h"

#include <stdarg.h>
#include <unistd.h>

#include "common/fd.h"
#include "common/text.h"

/* The one exception to "no mutable variable at file scope". */
static enum log_level log_level = LOG_LEVEL_INFO;

void log_set_level(enum log_level level)
{
    log_level = level;
}

void log_message(enum log_level level, const char *format, ...)
{
    static const char *const names[] = {"error: ", "warning: ", "", "debug: "};
    scoped_text struct text line = {0};
    va_list args;

    if (level > log_level)
        return;
    text_appendf(&line, "yawl: %s", names[level]);
    va_start(args, format);
    text_vappendf(&line, format, args);
    va_end(args);
    text_append_char(&line, '\n');
    (void)!fd_write_all(STDERR_FILENO, line.data, line.length);
}
