/* SPDX-License-Identifier: Apache-2.0 */
#include "orchestrator/cli/run_io.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "common/fd.h"
#include "common/memory.h"
#include "common/path.h"
#include "common/text.h"
#include "orchestrator/logs/log_file.h"

enum { COPY_BYTES = 64 * 1024 };

/* What the feeder exits with once the keys that detach were typed. */
enum { FEEDER_DETACHED = 10 };

struct run_io {
    const struct project_dir *dir; /* borrowed */
    struct text log_name, input_name;
    int logs_fd;             /* directory of logs */
    int fifo_fd;             /* read-write, until the container has it open; or -1 */
    int master_fd;           /* or -1 */
    struct log_file *log;    /* of the terminal's output, or NULL before there is any */
    uint64_t offset, record; /* how far it was shown */
    int notify_fd;
    pid_t feeder;
    int feeder_pidfd;
    struct detach_keys detach;
    bool raw; /* our terminal's settings are changed */
    struct termios before;
    struct fd_watch *notify_watch;
    struct signal_watch *size_watch;
};

/* -- input */

/* Writes all, also to a descriptor that does not block. */
static bool write_patiently(int fd, const char *bytes, size_t length)
{
    while (length > 0) {
        struct pollfd polled = {.fd = fd, .events = POLLOUT};
        ssize_t n = write(fd, bytes, length);

        if (n < 0 && errno == EAGAIN)
            (void)poll(&polled, 1, -1);
        else if (n < 0 && errno != EINTR)
            return false;
        if (n > 0) {
            bytes += n;
            length -= (size_t)n;
        }
    }
    return true;
}

/* Says whether the keys that detach were typed. */
static bool feed(int to_fd, struct detach_keys *keys)
{
    scoped_text struct text passed = {0};
    char bytes[COPY_BYTES];
    bool detached = false;
    ssize_t n;

    while (!detached &&
           ((n = read(STDIN_FILENO, bytes, sizeof(bytes))) > 0 || (n < 0 && errno == EINTR))) {
        text_clear(&passed);
        if (n > 0)
            detached = detach_keys_filter(keys, bytes, (size_t)n, &passed);
        if (!write_patiently(to_fd, text_get(&passed), passed.length))
            return detached;
    }
    /* Those that were held back while they could still have become all of them. */
    if (!detached)
        (void)write_patiently(to_fd, (const char *)keys->keys, keys->matched);
    return detached;
}

/* The child holds one end only, so that its end is the input's. */
static int feeder_start(struct run_io *io, int to_fd, int keep_out_fd, struct error *err)
{
    io->feeder = fork();
    if (io->feeder < 0)
        return error_sys(err, "fork");
    if (io->feeder == 0) {
        fd_close(keep_out_fd);
        _exit(feed(to_fd, &io->detach) ? FEEDER_DETACHED : 0);
    }
    io->feeder_pidfd = (int)syscall(SYS_pidfd_open, io->feeder, 0);
    return io->feeder_pidfd < 0 ? error_sys(err, "watch a child") : 0;
}

int run_io_new(const struct project_dir *dir, const char *container, struct run_io **ret_io,
               struct error *err)
{
    scoped(run_io_free) struct run_io *io = memory_new(struct run_io);

    io->fifo_fd = io->master_fd = io->notify_fd = io->feeder_pidfd = -1;
    io->dir = dir;
    text_append(&io->log_name, container);
    text_appendf(&io->input_name, "fifo/%s.in", container);
    io->logs_fd = openat(dir->data_fd, "logs", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (io->logs_fd < 0)
        return error_sys(err, "open logs");
    *ret_io = steal(io);
    return 0;
}

static int input_open(const struct run_io *io, int flags, int *ret_fd, struct error *err)
{
    const char *name = text_get(&io->input_name);

    *ret_fd = openat(io->dir->run_fd, name, flags | O_CLOEXEC | O_NOFOLLOW);
    return *ret_fd < 0 ? error_sys(err, "open '%s'", name) : 0;
}

int run_io_make_input(struct run_io *io, struct error *err)
{
    scoped_fd int write_fd = -1;

    if (path_make_dirs(io->dir->run_fd, "fifo", 0700, err) < 0)
        return -1;
    if (mkfifoat(io->dir->run_fd, text_get(&io->input_name), 0600) < 0)
        return error_sys(err, "create '%s'", text_get(&io->input_name));
    if (input_open(io, O_RDWR, &io->fifo_fd, err) < 0 ||
        input_open(io, O_WRONLY, &write_fd, err) < 0)
        return -1;
    return feeder_start(io, write_fd, io->fifo_fd, err);
}

int run_io_find_input(struct run_io *io, struct error *err)
{
    scoped_fd int write_fd = -1;

    /* Not to wait for a reader if it has just ended. */
    if (input_open(io, O_WRONLY | O_NONBLOCK, &write_fd, err) < 0)
        return -1;
    return feeder_start(io, write_fd, -1, err);
}

void run_io_detach_by(struct run_io *io, const struct detach_keys *keys)
{
    io->detach = *keys;
}

int run_io_feeder_fd(const struct run_io *io)
{
    return io->feeder_pidfd;
}

bool run_io_detached(struct run_io *io)
{
    int status = 0;

    if (io->feeder <= 0 || waitpid(io->feeder, &status, WNOHANG) != io->feeder)
        return false;
    io->feeder = 0;
    return WIFEXITED(status) && WEXITSTATUS(status) == FEEDER_DETACHED;
}

void run_io_started(struct run_io *io)
{
    fd_close(steal_fd(&io->fifo_fd));
}

/* -- output of a terminal */

/* Where a record ends: where the next one begins, or at the end of what there is. */
static uint64_t record_end(struct log_file *file, uint64_t number)
{
    struct log_record next;

    if (number + 1 < log_file_records(file) && log_file_record(file, number + 1, &next))
        return next.offset;
    return log_file_size(file);
}

/* What the program wrote; what is noted beside it (an exit, a hook's words) is no part of that. */
static void log_copy(struct run_io *io)
{
    struct log_file *file = io->log;

    if (log_file_sample(file, NULL) < 0)
        return;
    while (io->offset < log_file_size(file)) {
        struct log_record record = {.stream = LOG_STDOUT};
        const char *bytes;
        size_t length;

        while (io->record + 1 < log_file_records(file) &&
               record_end(file, io->record) <= io->offset)
            io->record++;
        (void)log_file_record(file, io->record, &record);
        length = log_file_bytes(file, io->offset, &bytes);
        if (length > record_end(file, io->record) - io->offset)
            length = (size_t)(record_end(file, io->record) - io->offset);
        if (length == 0 ||
            (record.stream != LOG_EVENT && fd_write_all(STDOUT_FILENO, bytes, length) < 0))
            return;
        io->offset += length;
    }
}

/* A log that was rotated is read to its end before the next one. */
void run_io_show(struct run_io *io)
{
    const char *name = text_get(&io->log_name);

    for (;;) {
        uint64_t sequence = io->log ? log_file_sequence(io->log) : 0;
        struct log_file *next = NULL;

        if (io->log) {
            log_copy(io);
            if (log_file_is_current(io->log, io->logs_fd, name))
                return;
            log_copy(io); /* what came before it was put aside */
        }
        if (log_file_open_after(io->logs_fd, name, sequence, &next, NULL) < 0 || !next)
            return;
        log_file_free(io->log);
        io->log = next;
        io->offset = io->record = 0;
    }
}

static void on_notify(void *owner)
{
    struct run_io *io = owner;
    char events[4096];

    (void)!read(io->notify_fd, events, sizeof(events));
    run_io_show(io);
}

static int output_watch(struct run_io *io, struct loop *loop, struct error *err)
{
    char path[64];

    (void)snprintf(path, sizeof(path), "/proc/self/fd/%d", io->logs_fd);
    io->notify_fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
    if (io->notify_fd < 0 ||
        inotify_add_watch(io->notify_fd, path, IN_MODIFY | IN_CREATE | IN_MOVED_TO) < 0)
        return error_sys(err, "watch logs");
    io->notify_watch = fd_watch_new(loop, io->notify_fd, FD_READABLE, on_notify, io);
    run_io_show(io);
    return 0;
}

/* -- our terminal */

static void on_size(void *owner)
{
    struct run_io *io = owner;
    struct winsize size;

    if (ioctl(STDIN_FILENO, TIOCGWINSZ, &size) == 0)
        (void)ioctl(io->master_fd, TIOCSWINSZ, &size);
}

/* A program that has drawn its screen already draws it again when the size changes, and only then.
 */
static void size_disturb(const struct run_io *io)
{
    struct winsize ours, theirs;

    if (ioctl(STDIN_FILENO, TIOCGWINSZ, &ours) < 0 ||
        ioctl(io->master_fd, TIOCGWINSZ, &theirs) < 0 || ours.ws_row != theirs.ws_row ||
        ours.ws_col != theirs.ws_col)
        return;
    theirs.ws_row++;
    theirs.ws_col++;
    (void)ioctl(io->master_fd, TIOCSWINSZ, &theirs);
}

static void terminal_raw(struct run_io *io)
{
    struct termios raw;

    if (tcgetattr(STDIN_FILENO, &io->before) < 0)
        return;
    raw = io->before;
    cfmakeraw(&raw);
    io->raw = tcsetattr(STDIN_FILENO, TCSADRAIN, &raw) == 0;
}

void run_io_skip_log(struct run_io *io)
{
    if (log_file_open_before(io->logs_fd, text_get(&io->log_name), UINT64_MAX, &io->log, NULL) <
            0 ||
        !io->log)
        return;
    io->offset = log_file_size(io->log);
    io->record = log_file_records(io->log) > 0 ? log_file_records(io->log) - 1 : 0;
}

int run_io_join(struct run_io *io, struct loop *loop, int take_master_fd, bool types,
                struct error *err)
{
    io->master_fd = take_master_fd;
    if (types)
        terminal_raw(io);
    io->size_watch = signal_watch_new(loop, SIGWINCH, on_size, io);
    size_disturb(io);
    on_size(io);
    if (output_watch(io, loop, err) < 0)
        return -1;
    return types ? feeder_start(io, io->master_fd, -1, err) : 0;
}

void run_io_free(struct run_io *io)
{
    if (!io)
        return;
    fd_watch_free(io->notify_watch);
    signal_watch_free(io->size_watch);
    if (io->feeder > 0) {
        (void)kill(io->feeder, SIGKILL);
        while (waitpid(io->feeder, NULL, 0) < 0 && errno == EINTR)
            continue;
    }
    if (io->raw)
        (void)tcsetattr(STDIN_FILENO, TCSADRAIN, &io->before);
    fd_close(io->logs_fd);
    fd_close(io->fifo_fd);
    fd_close(io->master_fd);
    log_file_free(io->log);
    fd_close(io->notify_fd);
    fd_close(io->feeder_pidfd);
    text_done(&io->log_name);
    text_done(&io->input_name);
    free(io);
}
