/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/descriptors.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <unistd.h>

static void sort(int *fds, size_t count)
{
    for (size_t i = 1; i < count; i++)
        for (size_t at = i; at > 0 && fds[at - 1] > fds[at]; at--) {
            int greater = fds[at - 1];

            fds[at - 1] = fds[at];
            fds[at] = greater;
        }
}

/* Closes [from, to] without the preserved ones. */
static int close_gap(unsigned from, unsigned to, size_t n_preserved)
{
    unsigned first = 3, end = first + (unsigned)n_preserved;

    if (n_preserved == 0 || to < first || from >= end)
        return close_range(from, to, 0);
    if (from < first && close_range(from, first - 1, 0) < 0)
        return -1;
    return to >= end ? close_range(end, to, 0) : 0;
}

/* Closes the gaps between the sorted ones. */
int descriptors_keep(int *kept, size_t count, size_t n_preserved)
{
    unsigned next = 0;

    sort(kept, count);
    for (size_t i = 0; i < count; i++) {
        unsigned fd = (unsigned)kept[i];

        if (kept[i] < 0 || fd < next)
            continue;
        if (fd > next && close_gap(next, fd - 1, n_preserved) < 0)
            return -1;
        next = fd + 1;
    }
    return close_gap(next, ~0U, n_preserved);
}

int descriptors_keep_over_execve(size_t n_preserved)
{
    for (int fd = 3; fd < 3 + (int)n_preserved; fd++)
        if (fcntl(fd, F_SETFD, 0) < 0)
            return -1;
    return close_range(3 + (unsigned)n_preserved, ~0U, CLOSE_RANGE_CLOEXEC);
}
