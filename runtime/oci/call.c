/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/oci/call.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <syslog.h>
#include <time.h>

#include "common/fd.h"
#include "common/json.h"
#include "common/utf8.h"

static bool wants_help(struct string_list args, size_t n_operands)
{
    for (size_t i = 0; i < args.count && i <= n_operands; i++)
        if (string_eq(args.items[i], "--help") || string_eq(args.items[i], "-h"))
            return true;
    return false;
}

int call_options(struct oci_call *call, const struct oci_usage *usage,
                 struct string_list *ret_operands, struct error *err)
{
    struct option_parse parse = {call->arena, usage->rows, usage->and_more};

    if (wants_help(call->args, usage->and_more ? 0 : call->args.count)) {
        scoped_text struct text help = {0};

        options_help(usage->rows, &help);
        (void)printf("Usage: yawl-oci [OPTIONS] %s\n\n%s", usage->usage, text_get(&help));
        return 1;
    }
    if (options_parse(&parse, call->args, ret_operands, err) < 0)
        return error_wrap(err, "%s", call->name);
    if (ret_operands->count < usage->n_operands ||
        (ret_operands->count > usage->n_operands && !usage->and_more))
        return error_set(err, "%s: usage: yawl-oci %s", call->name, usage->usage);
    return 0;
}

static void format_time(char out[32])
{
    time_t now = time(NULL);
    struct tm parts;

    (void)gmtime_r(&now, &parts);
    (void)strftime(out, 32, "%Y-%m-%dT%H:%M:%SZ", &parts);
}

/* Names of files and containers come as they are, and JSON is UTF-8. */
static json_t *quote(const char *text)
{
    scoped_text struct text clean = {0};
    size_t length = strlen(text);

    for (size_t at = 0; at < length;) {
        size_t size = utf8_character_length((const unsigned char *)text + at, length - at);

        if (size > 0)
            text_append_bytes(&clean, text + at, size);
        else
            text_append_char(&clean, '?');
        at += size > 0 ? size : 1;
    }
    return json_string(text_get(&clean));
}

static void log_line(const struct oci_call *call, const char *level, const char *text)
{
    scoped_fd int fd = open(call->log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
    scoped_text struct text line = {0};
    char now[32];

    if (fd < 0)
        return;
    format_time(now);
    if (call->log_json) {
        scoped(json_release) json_t *json =
            json_pack("{s:s,s:o,s:s}", "level", level, "msg", quote(text), "time", now);

        json_format(json, &line);
    } else {
        scoped(json_release) json_t *quoted = quote(text);

        /* Whatever names a configuration has: one line, with quotes as JSON has them. */
        text_appendf(&line, "time=\"%s\" level=%s msg=", now, level);
        json_format(quoted, &line);
    }
    text_append(&line, "\n");
    (void)!fd_write_all(fd, line.data, line.length);
}

void call_report(const struct oci_call *call, const char *level, const char *text)
{
    if (call->log)
        log_line(call, level, text);
    if (call->syslog_name) {
        openlog(call->syslog_name, LOG_PID, LOG_USER);
        syslog(string_eq(level, "error") ? LOG_ERR : LOG_WARNING, "%s", text);
    }
    (void)fprintf(stderr, "yawl-oci: %s\n", text);
}
