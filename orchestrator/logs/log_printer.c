/* SPDX-License-Identifier: Apache-2.0 */
#include "orchestrator/logs/log_printer.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "common/memory.h"
#include "common/moment.h"
#include "common/text.h"

enum { BUFFER_BYTES = 64 * 1024, COPY_MAX_BYTES = 16 * 1024 };

static const char *const colours[] = {"36",   "33",   "32",   "35",   "34",
                                      "36;1", "33;1", "32;1", "35;1", "34;1"};
static const char colour_end[] = "\033[0m";

struct label {
    char *name;
    struct text prefix; /* "api-1  | ", coloured; made anew when the column widens */
    size_t prefix_width;
};

struct log_printer {
    struct log_printer_options options;
    struct label *labels;
    size_t n_labels, recent; /* recent: the label of the last line */
    size_t width;            /* of the longest name */
    struct text time;        /* time_ns for people */
    uint64_t time_ns;
    struct text buffer;
    int buffer_fd; /* where it goes */
    int error_number;

    /* The line that was given in part: the next piece of it continues on the same row. */
    bool row_is_open;
    size_t row_label;
    enum log_stream row_stream;
};

/* A terminal or pipe that is both is written in one order. */
static bool is_same_channel(int a_fd, int b_fd)
{
    struct stat a, b;

    if (a_fd == b_fd)
        return true;
    return fstat(a_fd, &a) == 0 && fstat(b_fd, &b) == 0 && a.st_dev == b.st_dev &&
           a.st_ino == b.st_ino && (S_ISCHR(a.st_mode) || S_ISFIFO(a.st_mode));
}

struct log_printer *log_printer_new(struct log_printer_options options)
{
    struct log_printer *printer = memory_new(struct log_printer);

    printer->options = options;
    if (is_same_channel(options.out_fd, options.err_fd))
        printer->options.err_fd = options.out_fd;
    printer->buffer_fd = options.out_fd;
    return printer;
}

void log_printer_free(struct log_printer *printer)
{
    int ignored;

    if (!printer)
        return;
    ignored = log_printer_flush(printer);
    (void)ignored;
    for (size_t i = 0; i < printer->n_labels; i++) {
        free(printer->labels[i].name);
        text_done(&printer->labels[i].prefix);
    }
    free(printer->labels);
    text_done(&printer->buffer);
    text_done(&printer->time);
    free(printer);
}

static size_t find_label(struct log_printer *printer, const char *name)
{
    if (printer->recent < printer->n_labels &&
        strcmp(printer->labels[printer->recent].name, name) == 0)
        return printer->recent;
    for (size_t i = 0; i < printer->n_labels; i++) {
        if (strcmp(printer->labels[i].name, name) == 0)
            return i;
    }
    printer->labels =
        memory_resize(printer->labels, printer->n_labels + 1, sizeof(printer->labels[0]));
    printer->labels[printer->n_labels] = (struct label){.name = memory_strdup(name)};
    if (strlen(name) > printer->width)
        printer->width = strlen(name);
    return printer->n_labels++;
}

void log_printer_register(struct log_printer *printer, const char *label)
{
    (void)find_label(printer, label);
}

static void begin_colour(const struct log_printer *printer, size_t label, struct text *out)
{
    if (printer->options.colour)
        text_appendf(out, "\033[%sm", colours[label % ARRAY_LENGTH(colours)]);
}

static void end_colour(const struct log_printer *printer, struct text *out)
{
    if (printer->options.colour)
        text_append(out, colour_end);
}

static const struct text *prefix_of(struct log_printer *printer, size_t number)
{
    struct label *label = &printer->labels[number];

    if (label->prefix_width == printer->width && label->prefix.length > 0)
        return &label->prefix;
    text_clear(&label->prefix);
    begin_colour(printer, number, &label->prefix);
    text_appendf(&label->prefix, "%-*s | ", (int)printer->width + 1, label->name);
    end_colour(printer, &label->prefix);
    label->prefix_width = printer->width;
    return &label->prefix;
}

/* Lines that came together have one time, which is formatted once. */
static void append_time(struct log_printer *printer, uint64_t time_ns)
{
    if (printer->time_ns != time_ns || printer->time.length == 0) {
        text_clear(&printer->time);
        moment_format(time_ns, &printer->time);
        text_append_char(&printer->time, ' ');
        printer->time_ns = time_ns;
    }
    text_append_bytes(&printer->buffer, printer->time.data, printer->time.length);
}

/* A terminal that some program made non-blocking answers EAGAIN: then it is waited for. */
static int write_vector(int fd, struct iovec *vector, int n)
{
    while (n > 0) {
        ssize_t written = writev(fd, vector, n);

        if (written < 0 && errno == EAGAIN) {
            struct pollfd ready = {.fd = fd, .events = POLLOUT};

            (void)poll(&ready, 1, -1);
            continue;
        }
        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0)
            return -1;
        while (n > 0 && (size_t)written >= vector->iov_len) {
            written -= (ssize_t)vector->iov_len;
            vector++;
            n--;
        }
        if (n > 0) {
            vector->iov_base = (char *)vector->iov_base + written;
            vector->iov_len -= (size_t)written;
        }
    }
    return 0;
}

/* What is buffered, then more that is not worth copying. */
static void write_out(struct log_printer *printer, const char *more, size_t length)
{
    struct iovec vector[] = {
        {.iov_base = printer->buffer.data, .iov_len = printer->buffer.length},
        {.iov_base = (void *)(uintptr_t)more, .iov_len = length},
    };

    if (printer->error_number == 0 && printer->buffer.length + length > 0 &&
        write_vector(printer->buffer_fd, vector, 2) < 0)
        printer->error_number = errno;
    text_clear(&printer->buffer);
}

int log_printer_flush(struct log_printer *printer)
{
    write_out(printer, NULL, 0);
    if (printer->error_number == 0)
        return 0;
    errno = printer->error_number;
    return -1;
}

static void go_to(struct log_printer *printer, int fd)
{
    if (fd != printer->buffer_fd)
        write_out(printer, NULL, 0);
    printer->buffer_fd = fd;
}

static int fd_of(const struct log_printer *printer, enum log_stream stream)
{
    return stream == LOG_STDERR ? printer->options.err_fd : printer->options.out_fd;
}

static void print_event(struct log_printer *printer, size_t label, const struct log_line *line)
{
    begin_colour(printer, label, &printer->buffer);
    text_append(&printer->buffer, line->name);
    text_append_char(&printer->buffer, ' ');
    text_append_bytes(&printer->buffer, line->text, line->length);
    end_colour(printer, &printer->buffer);
    text_append_char(&printer->buffer, '\n');
}

static void print_line(struct log_printer *printer, size_t label, const struct log_line *line)
{
    if (!printer->row_is_open && printer->options.prefix) {
        const struct text *prefix = prefix_of(printer, label);

        text_append_bytes(&printer->buffer, prefix->data, prefix->length);
    }
    if (!printer->row_is_open && printer->options.timestamps)
        append_time(printer, line->time_ns);
    if (line->length > COPY_MAX_BYTES)
        write_out(printer, line->text, line->length);
    else
        text_append_bytes(&printer->buffer, line->text, line->length);
    if (!line->partial)
        text_append_char(&printer->buffer, '\n');
}

static void close_row(struct log_printer *printer)
{
    if (printer->row_is_open)
        text_append_char(&printer->buffer, '\n');
    printer->row_is_open = false;
}

void log_printer_row(struct log_printer *printer, const char *bytes, size_t length)
{
    close_row(printer);
    go_to(printer, printer->options.out_fd);
    text_append_bytes(&printer->buffer, bytes, length);
    text_append_char(&printer->buffer, '\n');
    if (printer->buffer.length >= BUFFER_BYTES)
        write_out(printer, NULL, 0);
}

void log_printer_line(struct log_printer *printer, const struct log_line *line)
{
    size_t label = find_label(printer, line->name);

    printer->recent = label;
    if (label != printer->row_label || line->stream != printer->row_stream)
        close_row(printer);
    go_to(printer, fd_of(printer, line->stream));
    if (line->stream == LOG_EVENT)
        print_event(printer, label, line);
    else
        print_line(printer, label, line);
    printer->row_is_open = line->partial;
    printer->row_label = label;
    printer->row_stream = line->stream;
    if (printer->buffer.length >= BUFFER_BYTES)
        write_out(printer, NULL, 0);
}
