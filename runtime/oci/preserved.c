/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/oci/preserved.h"

#include <fcntl.h>
#include <stdlib.h>

#include "common/text.h"

enum { FIRST = 3, MAX_PRESERVED = 1024 };

static bool is_open(size_t index)
{
    return fcntl(FIRST + (int)index, F_GETFD) >= 0;
}

/* The lowest number that is free is what open() takes. */
static int fill_gaps(size_t count, struct error *err)
{
    for (size_t i = 0; i < count; i++)
        if (!is_open(i) && open("/dev/null", O_RDWR | O_CLOEXEC | O_NOCTTY) != FIRST + (int)i)
            return error_sys(err, "--preserve-fds: fill descriptor %zu", FIRST + i);
    return 0;
}

int preserved_count(const char *text, size_t *ret_count, struct error *err)
{
    unsigned long long count = 0, listening = 0;
    const char *listen_fds = getenv("LISTEN_FDS");

    if (text && !string_to_u64(text, MAX_PRESERVED, &count))
        return error_set(err, "--preserve-fds: '%s' is no number up to %d", text, MAX_PRESERVED);
    if (listen_fds && string_to_u64(listen_fds, MAX_PRESERVED, &listening))
        count += listening;
    while (count > 0 && !is_open(count - 1))
        count--;
    *ret_count = count;
    return fill_gaps(count, err);
}
