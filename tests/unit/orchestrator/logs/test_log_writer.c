/* SPDX-License-Identifier: Apache-2.0 */
#include "orchestrator/logs/log_writer.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "common/fd.h"
#include "tests/unit/orchestrator/logs/log_fixture.h"

#define scoped_writer scoped(log_writer_free)

static const struct log_limits no_limits = {0};

/* A test that fails takes its children along. */
static pid_t fork_child(void)
{
    pid_t pid = fork();

    cr_assert_geq(pid, 0);
    if (pid == 0)
        (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    return pid;
}

static off_t log_bytes(const struct log_fixture *f)
{
    struct stat status;

    cr_assert_eq(fstatat(f->dir_fd, "x.log", &status, 0), 0);
    return status.st_size;
}

Test(log_writer, an_empty_fifo_leaves_no_trace)
{
    scoped_fixture struct log_fixture f;
    struct error err = {0};
    bool more = true;
    off_t before, after;

    log_fixture_init(&f);
    scoped_writer struct log_writer *writer = log_fixture_writer(&f, "x", no_limits);
    scoped_fd int index_fd = openat(f.dir_fd, "x.idx", O_RDONLY | O_CLOEXEC);

    before = lseek(index_fd, 0, SEEK_END);
    cr_assert_eq(log_writer_drain(writer, f.fifo_fds[0], LOG_STDOUT, &more, &err), 0);
    after = lseek(index_fd, 0, SEEK_END);
    cr_expect_not(more);
    cr_expect_eq(before, after);
}

Test(log_writer, a_new_writer_continues_where_the_old_one_ended)
{
    scoped_fixture struct log_fixture f;
    scoped_text struct text out = {0};

    log_fixture_init(&f);
    for (int i = 0; i < 3; i++) {
        scoped_writer struct log_writer *writer = log_fixture_writer(&f, "x", no_limits);

        log_fixture_say(&f, writer, LOG_STDOUT, "be");
        log_fixture_say(&f, writer, LOG_STDERR, "err\n");
        log_fixture_say(&f, writer, LOG_STDOUT, "gin\nmid");
    }
    log_fixture_read(&f, "x", LOG_ALL, &out);
    cr_expect_str_eq(text_get(&out),
                     "e:err\no:begin\ne:err\no:midbegin\ne:err\no:midbegin\no:mid\n");
}

Test(log_writer, one_call_takes_a_limited_share)
{
    enum { PIPE_BYTES = 1024 * 1024, CALLS = 20 };
    scoped_fixture struct log_fixture f;
    struct error err = {0};
    char *block = calloc(1, PIPE_BYTES);
    size_t n_more = 0;
    pid_t feeder;

    log_fixture_init(&f);
    scoped_writer struct log_writer *writer =
        log_fixture_writer(&f, "x", (struct log_limits){.max_bytes = 1 << 30});

    (void)fcntl(f.fifo_fds[0], F_SETPIPE_SZ, PIPE_BYTES);
    feeder = fork_child();
    if (feeder == 0) {
        int fd = openat(f.dir_fd, "out.fifo", O_RDWR);

        while (write(fd, block, PIPE_BYTES) > 0)
            ;
        _exit(1);
    }
    free(block);
    for (int i = 0; i < CALLS; i++) {
        bool more;

        cr_assert_eq(log_writer_drain(writer, f.fifo_fds[0], LOG_STDOUT, &more, &err), 0, "%s",
                     err.text);
        n_more += more;
    }
    cr_expect_leq(log_bytes(&f), (off_t)CALLS * 5 * PIPE_BYTES, "it returned in time each time");
    cr_expect_leq(n_more, CALLS);
    cr_assert_eq(kill(feeder, SIGKILL), 0);
    cr_assert_eq(waitpid(feeder, NULL, 0), feeder);
}

/* A small file system of our own; false when we may not have one. */
static bool mount_small(struct log_fixture *f, const char *options)
{
    if (unshare(CLONE_NEWNS) < 0 || mount("", "/", "", MS_REC | MS_PRIVATE, NULL) < 0 ||
        mount("yawl-test", f->path, "tmpfs", 0, options) < 0)
        return false;
    fd_close(f->dir_fd);
    f->dir_fd = open(f->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    cr_assert_geq(f->dir_fd, 0);
    return true;
}

static void unmount_small(struct log_fixture *f)
{
    fd_close(steal_fd(&f->dir_fd));
    cr_expect_eq(umount2(f->path, MNT_DETACH), 0);
}

/* Returns how many calls failed. */
static int say_a_lot(struct log_fixture *f, struct log_writer *writer, int n_lines)
{
    char line[1001];
    int n_failed = 0;

    memset(line, 'x', sizeof(line));
    line[999] = '\n';
    line[1000] = '\0';
    for (int i = 0; i < n_lines; i++) {
        bool more = true;

        cr_assert_eq(write(f->fifo_fds[0], line, 1000), 1000, "the container is never stopped");
        while (more) {
            struct error err = {0};

            if (log_writer_drain(writer, f->fifo_fds[0], LOG_STDOUT, &more, &err) == 0)
                continue;
            cr_expect_eq(err.number, ENOSPC, "%s", err.text);
            n_failed++;
        }
    }
    return n_failed;
}

Test(log_writer, a_full_disk_costs_lines_but_never_stops_the_container)
{
    scoped_fixture struct log_fixture f;
    scoped_text struct text out = {0};
    int ballast_fd;

    log_fixture_init(&f);
    if (!mount_small(&f, "size=512k"))
        cr_skip_test("needs a mount namespace of its own");
    ballast_fd = openat(f.dir_fd, "ballast", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    cr_assert_eq(posix_fallocate(ballast_fd, 0, 300 * 1024), 0);
    {
        scoped_writer struct log_writer *writer = log_fixture_writer(&f, "x", no_limits);

        cr_expect_eq(say_a_lot(&f, writer, 400), 1, "said once");
        cr_assert_eq(ftruncate(ballast_fd, 0), 0);
        log_fixture_say(&f, writer, LOG_STDOUT, "again\n");
    }
    fd_close(ballast_fd);
    log_fixture_read(&f, "x", (struct log_range){.tail = 1}, &out);
    cr_expect(strstr(text_get(&out), "!lost ") != NULL, "%s", text_get(&out));
    cr_expect(string_ends_with(text_get(&out), "o:again\n"));
    unmount_small(&f);
}

Test(log_writer, a_full_disk_takes_the_older_files_first)
{
    scoped_fixture struct log_fixture f;
    const struct log_limits limits = {.max_bytes = 100000, .max_files = 10};

    log_fixture_init(&f);
    if (!mount_small(&f, "size=512k"))
        cr_skip_test("needs a mount namespace of its own");
    {
        scoped_writer struct log_writer *writer = log_fixture_writer(&f, "x", limits);

        cr_expect_eq(say_a_lot(&f, writer, 2000), 0);
    }
    unmount_small(&f);
}

/* What the feeder has written, shared with the test. */
struct fed {
    volatile bool stop;
    volatile unsigned n_lines[2];
};

/* Full speed on both streams, lines of changing length, some in two writes. The container's ends
 * block. */
static void feed(const struct log_fixture *f, struct fed *fed)
{
    const int fds[] = {openat(f->dir_fd, "out.fifo", O_RDWR),
                       openat(f->dir_fd, "err.fifo", O_RDWR)};
    char line[300];

    memset(line, '.', sizeof(line));
    for (unsigned i = 0; !fed->stop; i++) {
        int stream = i % 3 == 0;
        int fd = fds[stream];
        size_t length = 20 + i * 7919 % 200, cut = i % 5 ? length : length / 2;
        char number[16];

        (void)snprintf(number, sizeof(number), "%010u ", fed->n_lines[stream]);
        memcpy(line, number, 11);
        line[length - 1] = '\n';
        if (fd_write_all(fd, line, cut) < 0 || fd_write_all(fd, line + cut, length - cut) < 0)
            _exit(1);
        line[length - 1] = '.';
        fed->n_lines[stream]++;
    }
    _exit(0);
}

static void capture(const struct log_fixture *f, struct log_limits limits, bool to_the_end)
{
    struct log_writer *writer;
    struct error err;

    if (log_writer_open(f->dir_fd, "x", limits, &writer, &err) < 0)
        _exit(1);
    for (;;) {
        struct pollfd ready[] = {{.fd = f->fifo_fds[0], .events = POLLIN},
                                 {.fd = f->fifo_fds[1], .events = POLLIN}};
        bool more[2];

        if (poll(ready, 2, to_the_end ? 0 : -1) == 0)
            _exit(0);
        for (int i = 0; i < 2; i++) {
            if (log_writer_drain(writer, f->fifo_fds[i], (enum log_stream)(i + 1), &more[i], &err) <
                0)
                _exit(1);
        }
    }
}

static pid_t start_capture(const struct log_fixture *f, struct log_limits limits, bool to_the_end)
{
    pid_t pid = fork_child();

    if (pid == 0)
        capture(f, limits, to_the_end);
    return pid;
}

struct checked {
    unsigned next[2];
    unsigned wrong;
};

static void check_line(const struct log_line *line, void *context)
{
    struct checked *checked = context;
    int stream = line->stream - 1;
    unsigned expected_length = 0, number = 0;
    char text[11] = {0};

    if (line->length >= 10) {
        memcpy(text, line->text, 10);
        number = (unsigned)strtoul(text, NULL, 10);
        expected_length = (unsigned)line->length;
    }
    if (expected_length == 0 || number != checked->next[stream])
        checked->wrong++;
    checked->next[stream] = number + 1;
}

static void kill_at_random_moments(const struct log_fixture *f, struct log_limits limits,
                                   int n_kills)
{
    unsigned seed = (unsigned)getpid();

    for (int i = 0; i < n_kills; i++) {
        pid_t pid = start_capture(f, limits, false);
        struct timespec moment = {.tv_nsec = rand_r(&seed) % 4000000};
        int status = 0;

        (void)nanosleep(&moment, NULL); /* the accident's moment, not a wait for something */
        cr_assert_eq(kill(pid, SIGKILL), 0);
        cr_assert_eq(waitpid(pid, &status, 0), pid);
        cr_assert(WIFSIGNALED(status), "the writer gave up with %d", WEXITSTATUS(status));
    }
}

static void finish_chaos(const struct log_fixture *f, struct log_limits limits, struct fed *fed,
                         pid_t feeder)
{
    int status = 0;
    pid_t pid = start_capture(f, limits, false);

    fed->stop = true;
    cr_assert_eq(waitpid(feeder, &status, 0), feeder);
    cr_assert_eq(status, 0);
    cr_assert_eq(kill(pid, SIGKILL), 0);
    cr_assert_eq(waitpid(pid, &status, 0), pid);
    pid = start_capture(f, limits, true);
    cr_assert_eq(waitpid(pid, &status, 0), pid);
    cr_assert_eq(status, 0);
}

static void chaos(struct log_limits limits, int n_kills)
{
    scoped_fixture struct log_fixture f;
    struct fed *fed =
        mmap(NULL, sizeof(*fed), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    struct checked checked = {0};
    struct error err = {0};
    pid_t feeder;

    cr_assert_neq(fed, MAP_FAILED);
    log_fixture_init(&f);
    feeder = fork_child();
    if (feeder == 0)
        feed(&f, fed);
    kill_at_random_moments(&f, limits, n_kills);
    finish_chaos(&f, limits, fed, feeder);

    scoped(log_reader_free) struct log_reader *reader = log_fixture_reader(&f, "x", LOG_ALL);

    cr_assert_eq(log_reader_finish(reader, check_line, &checked, &err), 0, "%s", err.text);
    cr_expect_eq(checked.wrong, 0);
    cr_expect_eq(checked.next[0], fed->n_lines[0]);
    cr_expect_eq(checked.next[1], fed->n_lines[1]);
    cr_expect_gt(fed->n_lines[0], 1000, "enough happened");
}

Test(log_writer, killed_a_hundred_times_it_neither_loses_nor_repeats_a_line)
{
    chaos((struct log_limits){.max_bytes = 1 << 30}, 100);
}

Test(log_writer, killed_while_it_rotates_all_the_time_it_neither_loses_nor_repeats_a_line)
{
    chaos((struct log_limits){.max_bytes = 64 * 1024, .max_files = 1000}, 100);
}

Test(log_writer, a_log_that_is_not_kept_says_so_and_holds_events_alone)
{
    const struct log_limits limits = {.discard = true};
    scoped_fixture struct log_fixture f;
    scoped_text struct text out = {0};
    struct error err = {0};

    log_fixture_init(&f);
    {
        scoped_writer struct log_writer *writer = log_fixture_writer(&f, "x", limits);

        log_fixture_say(&f, writer, LOG_STDOUT, "never seen\n");
        cr_assert_eq(log_writer_event(writer, "exited with code 0", &err), 0);
    }
    {
        scoped_writer struct log_writer *writer = log_fixture_writer(&f, "x", limits);

        log_fixture_say(&f, writer, LOG_STDERR, "neither\n");
    }
    log_fixture_read(&f, "x", LOG_ALL, &out);
    cr_expect_str_eq(text_get(&out),
                     "!lost all output: it is not kept, as its logging driver says\n"
                     "!exited with code 0\n");
}
