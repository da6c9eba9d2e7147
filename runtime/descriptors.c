/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/descriptors.h"

#include <errno.h>
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

/* Closes the gaps between the sorted ones. */
int descriptors_keep(const int *kept, size_t count)
{
    int sorted[DESCRIPTORS_MAX_KEPT];
    unsigned next = 0;

    if (count > DESCRIPTORS_MAX_KEPT) {
        errno = EINVAL;
        return -1;
    }
    for (size_t i = 0; i < count; i++)
        sorted[i] = kept[i];
    sort(sorted, count);
    for (size_t i = 0; i < count; i++) {
        unsigned fd = (unsigned)sorted[i];

        if (sorted[i] < 0 || fd < next)
            continue;
        if (fd > next && close_range(next, fd - 1, 0) < 0)
            return -1;
        next = fd + 1;
    }
    return close_range(next, ~0U, 0);
}
