/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Two lines of mm/oom_kill.c, the first since Linux 5.0:
 *
 *     oom-kill:constraint=CONSTRAINT_MEMCG,...,task_memcg=/yawl/shop/shop-db-1.1,task=tail,pid=7,uid=0
 *     Memory cgroup out of memory: Killed process 7 (tail) total-vm:70kB, anon-rss:61kB,
 * file-rss:4kB, shmem-rss:0kB, UID:0 ...
 *
 * A name may hold anything, also commas and parentheses, so what follows it is looked for from
 * behind.
 */
#include "runtime/cgroup/oom_victim.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/fd.h"
#include "common/text.h"

enum { LOG_RECORD_BYTES = 8192, LOG_RECORDS_MOST = 1000 * 1000, KIB = 1024 };

static const char *find_last(const char *text, const char *word)
{
    const char *last = NULL;

    for (const char *at = strstr(text, word); at; at = strstr(at + 1, word))
        last = at;
    return last;
}

static void chosen_take(struct oom_victim *victim, const char *group, const char *line)
{
    scoped_text struct text place = {0};
    const char *name, *end;

    text_appendf(&place, "/%s,task=", group);
    name = strstr(line, text_get(&place));
    if (!name)
        return;
    name += place.length;
    end = find_last(name, ",pid=");
    if (!end || (size_t)(end - name) >= sizeof(victim->name))
        return;
    *victim = (struct oom_victim){.pid = strtol(end + strlen(",pid="), NULL, 10)};
    memcpy(victim->name, name, (size_t)(end - name));
}

static uint64_t kib_of(const char *line, const char *name)
{
    const char *at = find_last(line, name);

    return at ? strtoull(at + strlen(name), NULL, 10) * KIB : 0;
}

static void killed_take(struct oom_victim *victim, const char *line)
{
    const char *pid = strstr(line, "Killed process ");

    if (!pid || victim->pid == 0 ||
        strtol(pid + strlen("Killed process "), NULL, 10) != victim->pid)
        return;
    victim->bytes =
        kib_of(line, " anon-rss:") + kib_of(line, " file-rss:") + kib_of(line, " shmem-rss:");
}

void oom_victim_take(struct oom_victim *victim, const char *group, const char *line)
{
    if (string_starts_with(line, "oom-kill:"))
        chosen_take(victim, group, line);
    else
        killed_take(victim, line);
}

void oom_victim_find(const char *parent, const char *id, struct oom_victim *ret_victim)
{
    scoped_fd int fd = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    scoped_text struct text group = {0};
    char record[LOG_RECORD_BYTES + 1];

    *ret_victim = (struct oom_victim){0};
    text_appendf(&group, "%s/%s", parent + (parent[0] == '/'), id);
    for (int i = 0; fd >= 0 && i < LOG_RECORDS_MOST; i++) {
        ssize_t length = read(fd, record, LOG_RECORD_BYTES); /* one record each time */
        const char *line;

        if (length < 0 && (errno == EPIPE || errno == EINTR))
            continue; /* it was overwritten meanwhile: the next one is read */
        if (length <= 0)
            return;
        record[length] = '\0';
        record[strcspn(record, "\n")] = '\0'; /* what follows is a dictionary */
        line = strchr(record, ';');
        if (line)
            oom_victim_take(ret_victim, text_get(&group), line + 1);
    }
}
