/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Process 1 of bench_restart.sh: says when it began and, a moment later, when it ends, in ns of the
 * monotonic clock. Linked statically, so that nothing but execve lies before its first word.
 */
#include <stdio.h>
#include <time.h>
#include <unistd.h>

enum { LIFE_US = 20000 };

static long long now_ns(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000000000LL + now.tv_nsec;
}

int main(void)
{
    (void)printf("began %lld\n", now_ns());
    (void)fflush(stdout);
    (void)usleep(LIFE_US);
    (void)printf("ends %lld\n", now_ns());
    (void)fflush(stdout);
    _exit(1);
}
