/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writes numbered lines at a steady rate: flood LINES_PER_SECOND COUNT [SECONDS_TO_WAIT_AT_THE_END]
 *
 * Lines are "1\n" to "COUNT\n". A reader that was away finds the missing ones at once: the rate is
 * an average from the start. Ends at the first write error, and after whole lines at SIGUSR1.
 */
#define _GNU_SOURCE
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { LINE_BYTES = 24, BATCH_LINES = 256 };

static double now_s(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static int write_all(const char *bytes, size_t length)
{
    while (length > 0) {
        ssize_t written = write(STDOUT_FILENO, bytes, length);

        if (written < 0)
            return -1;
        bytes += written;
        length -= (size_t)written;
    }
    return 0;
}

/* Lines first+1 to first+count, count at most BATCH_LINES. */
static int write_batch(unsigned long first, unsigned long count)
{
    char batch[LINE_BYTES * BATCH_LINES];
    size_t length = 0;

    for (unsigned long i = 1; i <= count; i++)
        length += (size_t)snprintf(batch + length, LINE_BYTES, "%lu\n", first + i);
    return write_all(batch, length);
}

/* Blocked from the start, so that it waits until it is asked for. */
static int told_to_end(const sigset_t *signals)
{
    return sigtimedwait(signals, NULL, &(struct timespec){0}) == SIGUSR1;
}

int main(int argc, char **argv)
{
    sigset_t signals;
    double rate = argc > 1 ? strtod(argv[1], NULL) : 1000;
    unsigned long count = argc > 2 ? strtoul(argv[2], NULL, 10) : 1000, done = 0;
    double start = now_s();

    (void)sigemptyset(&signals);
    (void)sigaddset(&signals, SIGUSR1);
    (void)sigprocmask(SIG_BLOCK, &signals, NULL);
    while (done < count && !told_to_end(&signals)) {
        double due = (now_s() - start) * rate;
        unsigned long batch = due > (double)done ? (unsigned long)(due - (double)done) : 0;

        if (batch > BATCH_LINES)
            batch = BATCH_LINES;
        if (batch > count - done)
            batch = count - done;
        if (batch > 0 && write_batch(done, batch) < 0)
            return 1;
        done += batch;
        if (batch < BATCH_LINES)
            nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
    }
    sleep(argc > 3 ? (unsigned)atoi(argv[3]) : 0);
    return 0;
}
