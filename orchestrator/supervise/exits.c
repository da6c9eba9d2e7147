/* SPDX-License-Identifier: Apache-2.0 */
#include "orchestrator/supervise/exits.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/fd.h"
#include "common/file.h"

enum { EXITS_MAX_BYTES = 1024 * 1024, STATUS_UNKNOWN = 255 << 8 };

void exits_append(int run_fd, pid_t pid, uint64_t start_time, int wait_status)
{
    scoped_fd int fd = openat(run_fd, "exits", O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    char line[96];
    int length = snprintf(line, sizeof(line), "%d %llu %d\n", (int)pid,
                          (unsigned long long)start_time, wait_status);

    if (fd < 0)
        return;
    if (lseek(fd, 0, SEEK_END) > EXITS_MAX_BYTES / 2)
        (void)!ftruncate(fd, 0); /* old news */
    (void)!fd_write_all(fd, line, (size_t)length);
}

int exits_find(int run_fd, pid_t pid, uint64_t start_time)
{
    scoped_text struct text text = {0};
    char *rest = NULL;
    bool exists;
    int found = STATUS_UNKNOWN;

    if (file_read(run_fd, "exits", EXITS_MAX_BYTES, &text, &exists, NULL) < 0 || text.length == 0)
        return found;
    for (char *line = strtok_r(text.data, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
        unsigned long long time;
        int line_pid, status;

        if (sscanf(line, "%d %llu %d", &line_pid, &time, &status) == 3 && line_pid == (int)pid &&
            time == start_time)
            found = status;
    }
    return found;
}
