/* SPDX-License-Identifier: Apache-2.0 */
#include "orchestrator/logs/log_printer.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/fd.h"
#include "common/text.h"

#define scoped_printer scoped(log_printer_free)

static struct log_line line_of(const char *name, enum log_stream stream, const char *text)
{
    return (struct log_line){.name = name, .stream = stream, .text = text, .length = strlen(text)};
}

static void print(struct log_printer *printer, const char *name, enum log_stream stream,
                  const char *text)
{
    struct log_line line = line_of(name, stream, text);

    log_printer_line(printer, &line);
}

static struct log_printer *printer_to(int fd, struct log_printer_options options)
{
    options.out_fd = options.err_fd = fd;
    return log_printer_new(options);
}

static void expect_written(int fd, const char *expected)
{
    scoped_text struct text out = {0};

    cr_assert_eq(lseek(fd, 0, SEEK_SET), 0);
    cr_assert_eq(fd_read_all(fd, 1 << 20, &out, NULL), 0);
    cr_expect_str_eq(text_get(&out), expected);
}

Test(log_printer, names_stand_in_a_column_that_registered_names_keep_wide)
{
    scoped_fd int fd = memfd_create("out", MFD_CLOEXEC);
    {
        scoped_printer struct log_printer *printer =
            printer_to(fd, (struct log_printer_options){.prefix = true});

        log_printer_register(printer, "api-1");
        log_printer_register(printer, "frontend-1");
        print(printer, "api-1", LOG_STDOUT, "hello\rthere");
        print(printer, "frontend-1", LOG_STDERR, "");
        print(printer, "api-1", LOG_EVENT, "exited with code 3");
    }
    expect_written(fd, "api-1       | hello\rthere\n"
                       "frontend-1  | \n"
                       "api-1 exited with code 3\n");
}

Test(log_printer, colours_go_round_in_the_order_of_registration)
{
    scoped_fd int fd = memfd_create("out", MFD_CLOEXEC);
    static const char *const names[] = {"a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k"};
    {
        scoped_printer struct log_printer *printer =
            printer_to(fd, (struct log_printer_options){.prefix = true, .colour = true});

        for (size_t i = 0; i < ARRAY_LENGTH(names); i++)
            print(printer, names[i], LOG_STDOUT, "x");
        print(printer, "b", LOG_EVENT, "exited with code 0");
    }
    expect_written(fd, "\033[36ma  | \033[0mx\n\033[33mb  | \033[0mx\n\033[32mc  | \033[0mx\n"
                       "\033[35md  | \033[0mx\n\033[34me  | \033[0mx\n"
                       "\033[36;1mf  | \033[0mx\n\033[33;1mg  | \033[0mx\n\033[32;1mh  | \033[0mx\n"
                       "\033[35;1mi  | \033[0mx\n\033[34;1mj  | \033[0mx\n"
                       "\033[36mk  | \033[0mx\n\033[33mb exited with code 0\033[0m\n");
}

Test(log_printer, times_have_nine_digits_and_come_after_the_name)
{
    scoped_fd int fd = memfd_create("out", MFD_CLOEXEC);
    {
        scoped_printer struct log_printer *printer =
            printer_to(fd, (struct log_printer_options){.prefix = true, .timestamps = true});
        struct log_line line = line_of("api-1", LOG_STDOUT, "x");

        line.time_ns = UINT64_C(1700000000000000042);
        log_printer_line(printer, &line);
    }
    expect_written(fd, "api-1  | 2023-11-14T22:13:20.000000042Z x\n");
}

Test(log_printer, pieces_of_a_long_line_stay_in_one_row)
{
    scoped_fd int fd = memfd_create("out", MFD_CLOEXEC);
    {
        scoped_printer struct log_printer *printer =
            printer_to(fd, (struct log_printer_options){.prefix = true});
        struct log_line line = line_of("a", LOG_STDOUT, "long ");

        line.partial = true;
        log_printer_line(printer, &line);
        log_printer_line(printer, &line);
        print(printer, "a", LOG_STDOUT, "end");
        log_printer_line(printer, &line);
        print(printer, "b", LOG_STDOUT, "between");
        print(printer, "a", LOG_STDOUT, "rest");
    }
    expect_written(fd, "a  | long long end\na  | long \nb  | between\na  | rest\n");
}

Test(log_printer, stderr_goes_to_its_own_descriptor)
{
    scoped_fd int out_fd = memfd_create("out", MFD_CLOEXEC);
    scoped_fd int err_fd = memfd_create("err", MFD_CLOEXEC);
    {
        scoped_printer struct log_printer *printer = log_printer_new(
            (struct log_printer_options){.prefix = true, .out_fd = out_fd, .err_fd = err_fd});

        print(printer, "a", LOG_STDOUT, "1");
        print(printer, "a", LOG_STDERR, "2");
        print(printer, "a", LOG_STDOUT, "3");
    }
    expect_written(out_fd, "a  | 1\na  | 3\n");
    expect_written(err_fd, "a  | 2\n");
}

Test(log_printer, a_closed_pipe_is_an_error_at_the_next_flush)
{
    int fds[2];

    cr_assert_eq(pipe2(fds, O_CLOEXEC), 0);
    (void)signal(SIGPIPE, SIG_IGN);
    {
        scoped_printer struct log_printer *printer =
            printer_to(fds[1], (struct log_printer_options){.prefix = true});

        print(printer, "a", LOG_STDOUT, "1");
        cr_expect_eq(log_printer_flush(printer), 0);
        fd_close(fds[0]);
        print(printer, "a", LOG_STDOUT, "2");
        cr_expect_eq(log_printer_flush(printer), -1);
        cr_expect_eq(errno, EPIPE);
    }
    fd_close(fds[1]);
}

Test(log_printer, a_slow_non_blocking_pipe_gets_everything)
{
    enum { LINES = 2000 };
    char *text = calloc(1, 1001), *buffer = malloc(1 << 16);
    size_t n_bytes = 0;
    int fds[2];
    ssize_t n;
    pid_t pid;

    memset(text, 'x', 1000);
    cr_assert_eq(pipe2(fds, O_CLOEXEC | O_NONBLOCK), 0);
    pid = fork();
    cr_assert_geq(pid, 0);
    if (pid == 0) {
        struct log_printer *printer = printer_to(fds[1], (struct log_printer_options){0});

        fd_close(fds[0]);
        for (int i = 0; i < LINES; i++)
            print(printer, "a", LOG_STDOUT, text);
        _exit(log_printer_flush(printer) < 0);
    }
    fd_close(fds[1]);
    cr_assert_eq(fd_set_nonblocking(fds[0], false, NULL), 0);
    while ((n = read(fds[0], buffer, 1 << 16)) > 0)
        n_bytes += (size_t)n;
    cr_expect_eq(n_bytes, (size_t)LINES * 1001);
    cr_assert_eq(waitpid(pid, NULL, 0), pid);
    fd_close(fds[0]);
    free(text);
    free(buffer);
}
