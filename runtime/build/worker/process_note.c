/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/build/worker/process_note.h"

#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/pidfd.h>

#include "common/fd.h"
#include "common/file.h"
#include "common/process.h"

enum { NOTE_BYTES = 64 };

int process_note_write(int dir_fd, const char *name, pid_t pid, struct error *err)
{
    char note[NOTE_BYTES];
    int length = snprintf(note, sizeof(note), "%d %llu", (int)pid,
                          (unsigned long long)process_start_time(pid));

    return file_replace(dir_fd, name, note, (size_t)length, 0600, err);
}

void process_note_kill(int dir_fd, const char *name)
{
    scoped_text struct text note = {0};
    unsigned long long start;
    scoped_fd int pidfd = -1;
    bool exists;
    int pid;

    if (file_read(dir_fd, name, NOTE_BYTES, &note, &exists, NULL) < 0 || !exists ||
        sscanf(text_get(&note), "%d %llu", &pid, &start) != 2 ||
        process_open(pid, start, &pidfd, NULL) < 0 || pidfd < 0)
        return;
    (void)pidfd_send_signal(pidfd, SIGKILL, NULL, 0);
}
