/* SPDX-License-Identifier: Apache-2.0 */
#include "orchestrator/cli/log_style.h"

#include <stdlib.h>
#include <unistd.h>

int log_style_decide(const struct session *session, const struct log_style *style,
                     struct log_printer_options *ret_options, struct error *err)
{
    const char *ansi = session->ansi ? session->ansi : getenv("COMPOSE_ANSI");
    const char *no_color = getenv("NO_COLOR");
    bool colour;

    if (!ansi || !*ansi || string_eq(ansi, "auto"))
        colour = isatty(STDOUT_FILENO);
    else if (string_eq(ansi, "always") || string_eq(ansi, "never"))
        colour = string_eq(ansi, "always");
    else
        return error_set(err, "unknown value '%s' of --ansi: never, always or auto", ansi);
    if (style->no_colour || (no_color && *no_color))
        colour = false;
    *ret_options = (struct log_printer_options){.colour = colour,
                                                .prefix = !style->no_prefix,
                                                .timestamps = style->timestamps,
                                                .out_fd = STDOUT_FILENO,
                                                .err_fd = STDOUT_FILENO};
    return 0;
}
