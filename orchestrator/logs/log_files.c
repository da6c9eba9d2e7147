/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rotation, one rename at a time. The generations move up from the highest number, each index
 * before its log:
 *
 *     make log.new, idx.new;  remove log.2, idx.2;  idx.1 -> idx.2, log.1 -> log.2;
 *     idx -> idx.1, log -> log.1;  log.new -> log, idx.new -> idx
 *
 * Only one slot is empty at any moment, and a killed rotation leaves at most one of these:
 *   - an index without its log at k + 1, and a log without its index at k: the second rename is
 * missing;
 *   - an index without its log, and nothing to complete: the second half of a removal is missing;
 *   - an empty slot. The next rotation ends there instead of moving everything.
 */
#include "orchestrator/logs/log_files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/fd.h"
#include "common/memory.h"
#include "common/process.h"
#include "common/text.h"
#include "orchestrator/logs/log_index.h"

enum { LIST_ATTEMPTS = 8 };

#define NEW_DATA LOG_FILE_DATA ".new"
#define NEW_INDEX LOG_FILE_INDEX ".new"

void log_file_name(char ret_name[LOG_FILE_NAME_SIZE], const char *name, const char *kind,
                   unsigned number)
{
    if (number == 0)
        (void)snprintf(ret_name, LOG_FILE_NAME_SIZE, "%.*s.%s", LOG_NAME_MAX, name, kind);
    else
        (void)snprintf(ret_name, LOG_FILE_NAME_SIZE, "%.*s.%s.%u", LOG_NAME_MAX, name, kind,
                       number);
}

int log_name_check(const char *name, struct error *err)
{
    if (name[0] == '\0' || name[0] == '.' || strchr(name, '/') || strlen(name) > LOG_NAME_MAX)
        return error_set(err, "'%s' is no name for a log", name);
    return 0;
}

static bool file_exists(int dir_fd, const char *name, const char *kind, unsigned number,
                        struct stat *ret_status)
{
    char file[LOG_FILE_NAME_SIZE];

    log_file_name(file, name, kind, number);
    return fstatat(dir_fd, file, ret_status, AT_SYMLINK_NOFOLLOW) == 0 &&
           S_ISREG(ret_status->st_mode);
}

static int open_file(int dir_fd, const char *name, const char *kind, unsigned number)
{
    char file[LOG_FILE_NAME_SIZE];

    log_file_name(file, name, kind, number);
    return openat(dir_fd, file, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
}

static bool read_header(int index_fd, struct log_header *ret_header)
{
    uint8_t bytes[LOG_HEADER_BYTES];

    return pread(index_fd, bytes, sizeof(bytes), 0) == (ssize_t)sizeof(bytes) &&
           log_header_decode(bytes, ret_header);
}

/* What a directory holds of one log, by number. */
struct scan {
    struct scan_slot {
        uint64_t log_inode; /* 0: no log */
        uint64_t log_bytes;
        struct log_header header;
        bool has_index, has_header;
    } * slots;
    unsigned n;
};

static void scan_done(struct scan *scan)
{
    free(scan->slots);
}

static void scan_slot(int dir_fd, const char *name, unsigned number, struct scan_slot *slot)
{
    scoped_fd int index_fd = -1;
    struct stat status;

    if (file_exists(dir_fd, name, LOG_FILE_DATA, number, &status)) {
        slot->log_inode = status.st_ino;
        slot->log_bytes = (uint64_t)status.st_size;
    }
    index_fd = open_file(dir_fd, name, LOG_FILE_INDEX, number);
    slot->has_index = index_fd >= 0;
    slot->has_header = slot->has_index && read_header(index_fd, &slot->header);
}

/* Upwards, as the generations move: one may be seen twice, none is missed. Ends at two empty slots,
 * since a rotation empties one at a time. */
static struct scan scan_files(int dir_fd, const char *name)
{
    struct scan scan = {0};
    unsigned n_empty = 0;

    for (unsigned number = 0; number < LOG_FILES_MAX && n_empty < 2; number++) {
        struct scan_slot slot = {0};

        scan_slot(dir_fd, name, number, &slot);
        n_empty = slot.log_inode || slot.has_index ? 0 : n_empty + 1;
        if (number % 16 == 0) {
            scan.slots = memory_resize(scan.slots, number + 16, sizeof(*scan.slots));
        }
        scan.slots[number] = slot;
        scan.n = number + 1;
    }
    return scan;
}

static int find_index(const struct scan *scan, uint64_t inode)
{
    for (unsigned i = 0; i < scan->n; i++) {
        if (scan->slots[i].has_header && scan->slots[i].header.inode == inode)
            return (int)i;
    }
    return -1;
}

/* A copy of the files has other inodes than the headers say; then the numbers must do. Says whether
 * the inode led to the index. */
static bool pair_up(const struct scan *scan, unsigned number, struct log_generation *ret_generation)
{
    const struct scan_slot *slot = &scan->slots[number];
    int index = find_index(scan, slot->log_inode);
    bool by_inode = index >= 0;

    if (!by_inode && slot->has_header)
        index = (int)number;
    *ret_generation = (struct log_generation){.inode = slot->log_inode, .log_number = number};
    if (index < 0)
        return false;
    ret_generation->index_number = (unsigned)index;
    ret_generation->sequence = scan->slots[index].header.sequence;
    ret_generation->has_index = true;
    return by_inode;
}

static bool is_listed(const struct log_generation *list, size_t n, uint64_t inode)
{
    for (size_t i = 0; i < n; i++) {
        if (list[i].inode == inode)
            return true;
    }
    return false;
}

/* Returns how many logs have no index: in the making, or damaged. */
static size_t list_from(const struct scan *scan, struct log_generation *list, size_t *ret_n)
{
    size_t n = 0, n_single = 0;
    uint64_t sequence = 0;

    for (unsigned number = scan->n; number-- > 0;) {
        const struct scan_slot *slot = &scan->slots[number];
        struct log_generation generation;

        if (!slot->log_inode || is_listed(list, n, slot->log_inode))
            continue;
        if (!pair_up(scan, number, &generation))
            n_single++;
        if (!generation.has_index && slot->log_bytes == 0)
            continue; /* its index is about to be made */
        /* Without an index the order of the numbers gives a sequence. */
        if (generation.sequence <= sequence)
            generation.sequence = sequence + 1;
        sequence = generation.sequence;
        list[n++] = generation;
    }
    *ret_n = n;
    return n_single;
}

int log_files_list(int dir_fd, const char *name, struct log_generation **ret_list, size_t *ret_n,
                   struct error *err)
{
    struct log_generation *list = NULL;
    size_t n = 0, n_single = 1;

    if (log_name_check(name, err) < 0)
        return -1;
    for (int i = 0; i < LIST_ATTEMPTS && n_single > 0; i++) {
        __attribute__((cleanup(scan_done))) struct scan scan = scan_files(dir_fd, name);

        free(list);
        list = memory_resize(NULL, scan.n + 1, sizeof(*list));
        n_single = list_from(&scan, list, &n);
    }
    *ret_list = list;
    *ret_n = n;
    return 0;
}

int log_files_open(int dir_fd, const char *name, const struct log_generation *generation,
                   int ret_fds[2], struct error *err)
{
    scoped_fd int log_fd = open_file(dir_fd, name, LOG_FILE_DATA, generation->log_number);
    scoped_fd int index_fd = -1;
    struct stat status = {0};
    struct log_header header;

    ret_fds[0] = ret_fds[1] = -1;
    if (log_fd < 0)
        return errno == ENOENT ? 0 : error_sys(err, "open log of '%s'", name);
    if (fstat(log_fd, &status) < 0)
        return error_sys(err, "examine log of '%s'", name);
    if (status.st_ino != generation->inode)
        return 0;
    if (generation->has_index) {
        index_fd = open_file(dir_fd, name, LOG_FILE_INDEX, generation->index_number);
        if (index_fd < 0 && errno != ENOENT)
            return error_sys(err, "open log index of '%s'", name);
        if (index_fd < 0 || !read_header(index_fd, &header) ||
            header.sequence > generation->sequence)
            return 0;
    }
    ret_fds[0] = steal_fd(&log_fd);
    ret_fds[1] = steal_fd(&index_fd);
    return 0;
}

static int move_file(int dir_fd, const char *name, const char *kind, unsigned from,
                     struct error *err)
{
    char old_name[LOG_FILE_NAME_SIZE], new_name[LOG_FILE_NAME_SIZE];

    log_file_name(old_name, name, kind, from);
    log_file_name(new_name, name, kind, from + 1);
    if (renameat(dir_fd, old_name, dir_fd, new_name) < 0 && errno != ENOENT)
        return error_sys(err, "rename '%s' to '%s'", old_name, new_name);
    return 0;
}

static int remove_file(int dir_fd, const char *name, const char *kind, unsigned number,
                       struct error *err)
{
    char file[LOG_FILE_NAME_SIZE];

    log_file_name(file, name, kind, number);
    if (unlinkat(dir_fd, file, 0) < 0 && errno != ENOENT)
        return error_sys(err, "remove '%s'", file);
    return 0;
}

static int remove_generation(int dir_fd, const char *name, unsigned number, struct error *err)
{
    if (remove_file(dir_fd, name, LOG_FILE_DATA, number, err) < 0)
        return -1;
    return remove_file(dir_fd, name, LOG_FILE_INDEX, number, err);
}

/* What was made and never put in place. */
static int remove_new(int dir_fd, const char *name, struct error *err)
{
    if (remove_file(dir_fd, name, NEW_DATA, 0, err) < 0)
        return -1;
    return remove_file(dir_fd, name, NEW_INDEX, 0, err);
}

int log_files_repair(int dir_fd, const char *name, struct error *err)
{
    __attribute__((cleanup(scan_done))) struct scan scan = scan_files(dir_fd, name);

    for (unsigned k = 0; k < scan.n; k++) {
        const struct scan_slot *below = k > 0 ? &scan.slots[k - 1] : NULL;

        if (!scan.slots[k].has_index || scan.slots[k].log_inode)
            continue;
        if (below && below->log_inode && !below->has_index) {
            if (move_file(dir_fd, name, LOG_FILE_DATA, k - 1, err) < 0)
                return -1;
        } else if (remove_file(dir_fd, name, LOG_FILE_INDEX, k, err) < 0) {
            return -1;
        }
    }
    return remove_new(dir_fd, name, err);
}

static bool slot_is_empty(int dir_fd, const char *name, unsigned number)
{
    struct stat status;

    return !file_exists(dir_fd, name, LOG_FILE_DATA, number, &status) &&
           !file_exists(dir_fd, name, LOG_FILE_INDEX, number, &status);
}

int log_files_remove_oldest(int dir_fd, const char *name, bool *ret_removed, struct error *err)
{
    __attribute__((cleanup(scan_done))) struct scan scan = scan_files(dir_fd, name);
    unsigned oldest = 0;

    for (unsigned k = 1; k < scan.n; k++) {
        if (scan.slots[k].log_inode || scan.slots[k].has_index)
            oldest = k;
    }
    *ret_removed = oldest > 0;
    return oldest > 0 ? remove_generation(dir_fd, name, oldest, err) : 0;
}

static uint64_t next_sequence(int dir_fd, const char *name)
{
    __attribute__((cleanup(scan_done))) struct scan scan = scan_files(dir_fd, name);
    uint64_t sequence = clock_realtime_ns();

    for (unsigned i = 0; i < scan.n; i++) {
        if (scan.slots[i].has_header && scan.slots[i].header.sequence >= sequence &&
            scan.slots[i].header.sequence < UINT64_MAX)
            sequence = scan.slots[i].header.sequence + 1;
    }
    return sequence;
}

static int create_new(int dir_fd, const char *name, const char *kind, int *ret_fd,
                      struct error *err)
{
    char file[LOG_FILE_NAME_SIZE];

    log_file_name(file, name, kind, 0);
    *ret_fd = openat(dir_fd, file, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    return *ret_fd < 0 ? error_sys(err, "create '%s'", file) : 0;
}

static int put_in_place(int dir_fd, const char *name, const char *kind, struct error *err)
{
    char new_name[LOG_FILE_NAME_SIZE], final_name[LOG_FILE_NAME_SIZE];

    log_file_name(final_name, name, kind, 0);
    log_file_name(new_name, name, string_eq(kind, LOG_FILE_DATA) ? NEW_DATA : NEW_INDEX, 0);
    if (renameat(dir_fd, new_name, dir_fd, final_name) < 0)
        return error_sys(err, "rename '%s' to '%s'", new_name, final_name);
    return 0;
}

static int create_new_index(int dir_fd, const char *name, uint64_t inode, int *ret_fd,
                            struct error *err)
{
    struct log_header header = {.sequence = next_sequence(dir_fd, name), .inode = inode};
    uint8_t bytes[LOG_HEADER_BYTES];
    scoped_fd int fd = -1;

    if (create_new(dir_fd, name, NEW_INDEX, &fd, err) < 0)
        return -1;
    log_header_encode(&header, bytes);
    if (fd_write_all(fd, bytes, sizeof(bytes)) < 0)
        return error_sys(err, "write log index of '%s'", name);
    *ret_fd = steal_fd(&fd);
    return 0;
}

int log_files_create_index(int dir_fd, const char *name, uint64_t inode, int *ret_fd,
                           struct error *err)
{
    scoped_fd int fd = -1;

    if (create_new_index(dir_fd, name, inode, &fd, err) < 0 ||
        put_in_place(dir_fd, name, LOG_FILE_INDEX, err) < 0)
        return -1;
    *ret_fd = steal_fd(&fd);
    return 0;
}

/* Empties slot 0. */
static int move_up(int dir_fd, const char *name, unsigned max_files, struct error *err)
{
    unsigned last = max_files - 1, free_slot = 0;

    /* What an earlier, larger limit left. */
    for (unsigned k = max_files; k < LOG_FILES_MAX && !slot_is_empty(dir_fd, name, k); k++) {
        if (remove_generation(dir_fd, name, k, err) < 0)
            return -1;
    }
    while (free_slot < last && !slot_is_empty(dir_fd, name, free_slot))
        free_slot++;
    if (free_slot == last && remove_generation(dir_fd, name, last, err) < 0)
        return -1;
    for (unsigned k = free_slot; k-- > 0;) {
        if (move_file(dir_fd, name, LOG_FILE_INDEX, k, err) < 0 ||
            move_file(dir_fd, name, LOG_FILE_DATA, k, err) < 0)
            return -1;
    }
    return 0;
}

int log_files_rotate(int dir_fd, const char *name, unsigned max_files, int ret_fds[2],
                     struct error *err)
{
    scoped_fd int log_fd = -1;
    scoped_fd int index_fd = -1;
    struct stat status;

    if (create_new(dir_fd, name, NEW_DATA, &log_fd, err) < 0)
        return -1;
    if (fstat(log_fd, &status) < 0)
        return error_sys(err, "examine new log of '%s'", name);
    if (create_new_index(dir_fd, name, status.st_ino, &index_fd, err) < 0 ||
        move_up(dir_fd, name, max_files, err) < 0 ||
        put_in_place(dir_fd, name, LOG_FILE_DATA, err) < 0 ||
        put_in_place(dir_fd, name, LOG_FILE_INDEX, err) < 0)
        return -1;
    ret_fds[0] = steal_fd(&log_fd);
    ret_fds[1] = steal_fd(&index_fd);
    return 0;
}

int log_remove(int dir_fd, const char *name, struct error *err)
{
    unsigned n_empty = 0;

    if (log_name_check(name, err) < 0)
        return -1;
    for (unsigned k = 0; k < LOG_FILES_MAX && n_empty < 2; k++) {
        n_empty = slot_is_empty(dir_fd, name, k) ? n_empty + 1 : 0;
        if (remove_generation(dir_fd, name, k, err) < 0)
            return -1;
    }
    return remove_new(dir_fd, name, err);
}
