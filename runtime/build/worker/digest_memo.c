/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/build/worker/digest_memo.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/fd.h"
#include "common/file.h"
#include "common/memory.h"
#include "common/path.h"
#include "common/process.h"

enum { ENTRIES_MOST = 500 * 1000, READ_BYTES = 256 * 1024, SETTLED_NS = 100 * 1000 * 1000 };

static const char file_name[] = "build/memo";
static const char magic[8] = "yawlmem1";

struct memo_key {
    uint64_t domain, inode, size, mtime_ns, ctime_ns;
};

/* As it is on the disk, in this machine's order of bytes. */
struct memo_entry {
    struct memo_key key;
    char hex[SHA256_HEX_SIZE - 1];
};

struct digest_memo {
    int root_fd;
    pthread_mutex_t lock;
    struct memo_entry *slots; /* open addressing; one with an inode of 0 is free */
    size_t n_slots, count;    /* a power of two; entries */
    bool changed;
};

static size_t slot_of(const struct digest_memo *memo, const struct memo_key *key)
{
    uint64_t hash = key->domain ^ (key->inode * UINT64_C(0x9e3779b97f4a7c15));

    hash = (hash ^ key->mtime_ns) * UINT64_C(0xbf58476d1ce4e5b9);
    return (size_t)(hash ^ hash >> 29) & (memo->n_slots - 1);
}

/* The entry, or the free slot where it would be. */
static struct memo_entry *find(const struct digest_memo *memo, const struct memo_key *key)
{
    size_t at = slot_of(memo, key);

    while (memo->slots[at].key.inode != 0 && memcmp(&memo->slots[at].key, key, sizeof(*key)) != 0)
        at = (at + 1) & (memo->n_slots - 1);
    return &memo->slots[at];
}

static void put(struct digest_memo *memo, const struct memo_entry *entry);

static void grow(struct digest_memo *memo)
{
    struct memo_entry *old = memo->slots;
    size_t n_old = memo->n_slots;

    memo->n_slots = n_old ? 2 * n_old : 1024;
    memo->slots = memory_alloc(memo->n_slots * sizeof(*memo->slots));
    memo->count = 0;
    for (size_t i = 0; i < n_old; i++)
        if (old[i].key.inode != 0)
            put(memo, &old[i]);
    free(old);
}

static void put(struct digest_memo *memo, const struct memo_entry *entry)
{
    struct memo_entry *slot;

    if (2 * memo->count >= memo->n_slots)
        grow(memo);
    slot = find(memo, &entry->key);
    memo->count += slot->key.inode == 0;
    *slot = *entry;
}

static void load(struct digest_memo *memo)
{
    scoped_text struct text bytes = {0};
    size_t limit = sizeof(magic) + (size_t)ENTRIES_MOST * sizeof(struct memo_entry);
    bool exists;

    if (file_read(memo->root_fd, file_name, limit, &bytes, &exists, NULL) < 0 || !exists ||
        bytes.length < sizeof(magic) || memcmp(bytes.data, magic, sizeof(magic)) != 0)
        return;
    for (size_t at = sizeof(magic); at + sizeof(struct memo_entry) <= bytes.length;
         at += sizeof(struct memo_entry)) {
        struct memo_entry entry;

        memcpy(&entry, bytes.data + at, sizeof(entry));
        if (entry.key.inode != 0)
            put(memo, &entry);
    }
}

struct digest_memo *digest_memo_new(int root_fd)
{
    struct digest_memo *memo = memory_new(struct digest_memo);

    memo->root_fd = root_fd;
    (void)pthread_mutex_init(&memo->lock, NULL);
    grow(memo);
    load(memo);
    return memo;
}

void digest_memo_free(struct digest_memo *memo)
{
    if (!memo)
        return;
    (void)pthread_mutex_destroy(&memo->lock);
    free(memo->slots);
    free(memo);
}

uint64_t digest_memo_domain(const void *bytes, size_t length)
{
    char hex[SHA256_HEX_SIZE];

    sha256_hex(bytes, length, hex);
    hex[16] = '\0';
    return strtoull(hex, NULL, 16);
}

static uint64_t nanoseconds(struct timespec time)
{
    return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

static int digest(const struct memo_file *file, char ret_hex[SHA256_HEX_SIZE], struct error *err)
{
    scoped_fd int fd = path_open_beneath(file->dir_fd, file->path,
                                         O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY, 0);
    struct sha256 *hash;
    char *bytes;
    ssize_t n;

    if (fd < 0)
        return error_sys(err, "open '%s'", file->path);
    hash = sha256_new();
    bytes = memory_alloc(READ_BYTES);
    while ((n = read(fd, bytes, READ_BYTES)) > 0 || (n < 0 && errno == EINTR))
        if (n > 0)
            sha256_update(hash, bytes, (size_t)n);
    sha256_finish(hash, ret_hex);
    free(bytes);
    return n < 0 ? error_sys(err, "read '%s'", file->path) : 0;
}

int digest_memo_file(struct digest_memo *memo, const struct memo_file *file,
                     char ret_hex[SHA256_HEX_SIZE], struct error *err)
{
    const struct stat *status = file->status;
    struct memo_entry entry = {.key = {file->domain, status->st_ino, (uint64_t)status->st_size,
                                       nanoseconds(status->st_mtim), nanoseconds(status->st_ctim)}};
    struct memo_entry known;

    (void)pthread_mutex_lock(&memo->lock);
    known = *find(memo, &entry.key);
    (void)pthread_mutex_unlock(&memo->lock);
    if (known.key.inode != 0) {
        memcpy(ret_hex, known.hex, sizeof(known.hex));
        ret_hex[sizeof(known.hex)] = '\0';
        return 0;
    }
    if (digest(file, ret_hex, err) < 0)
        return -1;
    if (file->domain == 0 || entry.key.ctime_ns + SETTLED_NS > clock_realtime_ns())
        return 0;
    memcpy(entry.hex, ret_hex, sizeof(entry.hex));
    (void)pthread_mutex_lock(&memo->lock);
    put(memo, &entry);
    memo->changed = true;
    (void)pthread_mutex_unlock(&memo->lock);
    return 0;
}

/* What is too much is forgotten, whatever it is. */
int digest_memo_commit(struct digest_memo *memo, struct error *err)
{
    scoped_text struct text bytes = {0};
    int result = 0;

    (void)pthread_mutex_lock(&memo->lock);
    if (memo->changed) {
        text_append_bytes(&bytes, magic, sizeof(magic));
        for (size_t i = 0, left = ENTRIES_MOST; i < memo->n_slots && left > 0; i++) {
            if (memo->slots[i].key.inode == 0)
                continue;
            text_append_bytes(&bytes, &memo->slots[i], sizeof(memo->slots[i]));
            left--;
        }
        result = file_replace(memo->root_fd, file_name, bytes.data, bytes.length, 0600, err);
        memo->changed = false;
    }
    (void)pthread_mutex_unlock(&memo->lock);
    return result;
}
