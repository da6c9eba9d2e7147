/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How fast container output is captured and read back: 1,000,000 lines of 100 bytes, one write(2)
 * each or in blocks of 4 KiB as stdio does, beside conmon where it is installed.
 *
 *     bench_logs [LINES]
 *
 * Each row is the best of three runs: time from the first line to the last one on disk, and CPU
 * time of the capturing process and the one that writes. conmon is given a runtime that only starts
 * the same feeder.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "common/fd.h"
#include "common/path.h"
#include "orchestrator/logs/log_printer.h"
#include "orchestrator/logs/log_reader.h"
#include "orchestrator/logs/log_writer.h"

enum { LINE_BYTES = 100, RUNS = 3, BLOCK_LINES = 41 };

struct bench {
    char path[64];
    int dir_fd;
    long n_lines;
    const char *program; /* this one, to run as feeder */
};

struct cost {
    double wall_s, cpu_s;
};

static double now_s(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static double cpu_s(const struct rusage *usage)
{
    return (double)(usage->ru_utime.tv_sec + usage->ru_stime.tv_sec) +
           (double)(usage->ru_utime.tv_usec + usage->ru_stime.tv_usec) / 1e6;
}

static _Noreturn void fail(const char *what)
{
    perror(what);
    exit(1);
}

static void feed(int fd, long n_lines, long lines_per_write)
{
    char block[LINE_BYTES * BLOCK_LINES];

    memset(block, 'x', sizeof(block));
    for (size_t i = LINE_BYTES - 1; i < sizeof(block); i += LINE_BYTES)
        block[i] = '\n';
    while (n_lines > 0) {
        long n = n_lines < lines_per_write ? n_lines : lines_per_write;

        if (fd_write_all(fd, block, (size_t)n * LINE_BYTES) < 0)
            exit(1);
        n_lines -= n;
    }
}

/* Ends when everything that was promised is on disk. */
static void capture(const struct bench *bench, int fifo_fd)
{
    uint64_t wanted = (uint64_t)bench->n_lines * LINE_BYTES;
    struct log_writer *writer;
    struct stat status = {0};
    struct error err = {0};

    if (log_writer_open(bench->dir_fd, "bench", (struct log_limits){.max_bytes = UINT64_MAX / 2},
                        &writer, &err) < 0) {
        (void)fprintf(stderr, "%s\n", err.text);
        exit(1);
    }
    while ((uint64_t)status.st_size < wanted) {
        struct pollfd ready = {.fd = fifo_fd, .events = POLLIN};
        bool more = true;

        (void)poll(&ready, 1, -1);
        if (log_writer_drain(writer, fifo_fd, LOG_STDOUT, &more, &err) < 0) {
            (void)fprintf(stderr, "%s\n", err.text);
            exit(1);
        }
        if (!more && fstatat(bench->dir_fd, "bench.log", &status, 0) < 0)
            fail("stat");
    }
    log_writer_free(writer);
}

static struct cost capture_once(const struct bench *bench, long lines_per_write)
{
    struct cost cost = {.wall_s = now_s()};
    struct rusage usage;
    pid_t writer, feeder;
    int fifo_fd, status;

    if (log_remove(bench->dir_fd, "bench", NULL) < 0)
        fail("remove log");
    fifo_fd = openat(bench->dir_fd, "fifo", O_RDWR | O_NONBLOCK | O_CLOEXEC);
    if (fifo_fd < 0)
        fail("open fifo");
    (void)fcntl(fifo_fd, F_SETPIPE_SZ, 1024 * 1024);
    writer = fork();
    if (writer == 0) {
        capture(bench, fifo_fd);
        _exit(0);
    }
    feeder = fork();
    if (feeder == 0) {
        feed(openat(bench->dir_fd, "fifo", O_WRONLY), bench->n_lines, lines_per_write);
        _exit(0);
    }
    if (wait4(writer, &status, 0, &usage) < 0 || status != 0)
        fail("capture");
    cost.wall_s = now_s() - cost.wall_s;
    cost.cpu_s = cpu_s(&usage);
    if (wait4(feeder, &status, 0, &usage) < 0)
        fail("feed");
    cost.cpu_s += cpu_s(&usage);
    fd_close(fifo_fd);
    return cost;
}

static void count_line(const struct log_line *line, void *context)
{
    (void)line;
    ++*(long *)context;
}

static void print_line(const struct log_line *line, void *context)
{
    log_printer_line(context, line);
}

static double read_once(const struct bench *bench, bool print)
{
    struct log_reader *reader = log_reader_new(fcntl(bench->dir_fd, F_DUPFD_CLOEXEC, 3));
    int null_fd = open("/dev/null", O_WRONLY | O_CLOEXEC);
    struct log_printer *printer = log_printer_new((struct log_printer_options){
        .prefix = true, .colour = true, .out_fd = null_fd, .err_fd = null_fd});
    double start = now_s();
    long n_lines = 0;

    if (log_reader_add(reader, "bench", NULL, (struct log_range){.tail = -1}, NULL) < 0 ||
        log_reader_finish(reader, print ? print_line : count_line,
                          print ? (void *)printer : (void *)&n_lines, NULL) < 0 ||
        log_printer_flush(printer) < 0 || (!print && n_lines != bench->n_lines))
        fail("read back");
    log_printer_free(printer);
    log_reader_free(reader);
    fd_close(null_fd);
    return now_s() - start;
}

/* A runtime that knows one thing: to start the feeder on the output that conmon gave it. */
static void write_runtime(const struct bench *bench, long lines_per_write)
{
    char path[100];
    FILE *file;

    (void)snprintf(path, sizeof(path), "%s/runtime", bench->path);
    file = fopen(path, "w");
    if (!file)
        fail(path);
    (void)fprintf(file,
                  "#!/bin/sh\n"
                  "while [ $# -gt 1 ]; do\n"
                  "    [ \"$1\" = --pid-file ] && pid_file=$2\n"
                  "    shift\n"
                  "done\n"
                  "[ -n \"$pid_file\" ] || exit 0\n"
                  "'%s' feed %ld %ld &\n"
                  "echo $! >\"$pid_file\"\n",
                  bench->program, bench->n_lines, lines_per_write);
    if (fclose(file) != 0 || chmod(path, 0700) < 0)
        fail(path);
}

static _Noreturn void run_conmon(const struct bench *bench)
{
    char runtime[100], log[120], pid_file[100];

    (void)snprintf(runtime, sizeof(runtime), "%s/runtime", bench->path);
    (void)snprintf(log, sizeof(log), "k8s-file:%s/conmon.log", bench->path);
    (void)snprintf(pid_file, sizeof(pid_file), "%s/pid", bench->path);
    (void)execlp("conmon", "conmon", "--sync", "--api-version", "1", "-c", "bench", "-u", "bench",
                 "-n", "bench", "-r", runtime, "-b", bench->path, "-p", pid_file, "-l", log,
                 "--exit-dir", bench->path, "--socket-dir-path", bench->path, "--log-level",
                 "error", (char *)NULL);
    _exit(127);
}

/* wall_s is 0 when there is no conmon, or it does not work here. */
static struct cost conmon_once(const struct bench *bench, long lines_per_write)
{
    struct cost cost = {.wall_s = now_s()};
    struct stat log = {0};
    struct rusage usage;
    pid_t pid;

    (void)unlinkat(bench->dir_fd, "conmon.log", 0);
    write_runtime(bench, lines_per_write);
    pid = fork();
    if (pid == 0)
        run_conmon(bench);
    /* With --sync a child of the first process captures; we are its reaper, and it ends when all is
     * read. */
    while (wait4(-1, NULL, 0, &usage) > 0)
        cost.cpu_s += cpu_s(&usage);
    cost.wall_s = now_s() - cost.wall_s;
    if (fstatat(bench->dir_fd, "conmon.log", &log, 0) < 0 ||
        log.st_size < bench->n_lines * LINE_BYTES)
        return (struct cost){0};
    return cost;
}

static void report(const struct bench *bench, const char *what, struct cost cost)
{
    double millions = (double)bench->n_lines / 1e6;

    if (cost.wall_s <= 0)
        (void)printf("%-40s not available\n", what);
    else
        (void)printf("%-40s %7.3f s  %6.2f M lines/s  %7.0f MB/s  cpu %6.3f s\n", what, cost.wall_s,
                     millions / cost.wall_s, millions * LINE_BYTES / cost.wall_s, cost.cpu_s);
    (void)fflush(stdout);
}

/* Ours and conmon's take turns, so that both see the same machine. */
static void compare(const struct bench *bench, const char *how, long lines_per_write)
{
    struct cost ours = {0}, theirs = {0};
    char what[64];

    for (int i = 0; i < RUNS; i++) {
        struct cost our_cost = capture_once(bench, lines_per_write);
        struct cost their_cost = conmon_once(bench, lines_per_write);

        if (i == 0 || our_cost.wall_s < ours.wall_s)
            ours = our_cost;
        if (i == 0 || their_cost.wall_s < theirs.wall_s)
            theirs = their_cost;
    }
    (void)snprintf(what, sizeof(what), "capture, %s", how);
    report(bench, what, ours);
    (void)snprintf(what, sizeof(what), "conmon,  %s", how);
    report(bench, what, theirs);
    if (theirs.wall_s > 0)
        (void)printf("    conmon takes %.2f times as long and %.2f times the processor\n",
                     theirs.wall_s / ours.wall_s, theirs.cpu_s / ours.cpu_s);
}

static void run(const struct bench *bench)
{
    struct cost reading = {.wall_s = 1e9}, printing = {.wall_s = 1e9};

    compare(bench, "a write per line", 1);
    compare(bench, "writes of 4 KiB", BLOCK_LINES);
    for (int i = 0; i < RUNS; i++) {
        double read_s = read_once(bench, false), print_s = read_once(bench, true);

        reading.wall_s = read_s < reading.wall_s ? read_s : reading.wall_s;
        printing.wall_s = print_s < printing.wall_s ? print_s : printing.wall_s;
    }
    report(bench, "read back", reading);
    report(bench, "read back and print to /dev/null", printing);
}

int main(int argc, char **argv)
{
    struct bench bench = {.path = "/tmp/yawl-bench-logs-XXXXXX", .n_lines = 1000000};
    char program[4096] = {0};

    if (argc == 4 && strcmp(argv[1], "feed") == 0) {
        feed(STDOUT_FILENO, atol(argv[2]), atol(argv[3]));
        return 0;
    }
    if (argc > 1)
        bench.n_lines = atol(argv[1]);
    if (readlink("/proc/self/exe", program, sizeof(program) - 1) < 0 || !mkdtemp(bench.path))
        fail("prepare");
    bench.program = program;
    bench.dir_fd = open(bench.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (bench.dir_fd < 0 || mkfifoat(bench.dir_fd, "fifo", 0600) < 0 ||
        prctl(PR_SET_CHILD_SUBREAPER, 1) < 0)
        fail("prepare");
    run(&bench);
    fd_close(bench.dir_fd);
    return path_remove_tree(AT_FDCWD, bench.path, NULL) < 0;
}
