/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A few threads take downloads from a queue, in order. One mutex guards the queue and what readers
 * see of a download; one condition tells of every change:
 *
 *     QUEUED -> RUNNING (fd is open, `available` grows) -> ENDED (err is set when it failed)
 */
#include "runtime/image/worker/downloads.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "common/fd.h"
#include "common/memory.h"
#include "common/process.h"
#include "common/text.h"
#include "runtime/image/image_digest.h"
#include "runtime/image/worker/checked_source.h"

enum { MAX_AT_A_TIME = 6, REPORT_EVERY_MS = 100, LOCK_RETRY_MS = 20, CHUNK_BYTES = 256 * 1024 };

enum download_state { DOWNLOAD_QUEUED, DOWNLOAD_RUNNING, DOWNLOAD_ENDED };

struct download {
    struct downloads *downloads;
    struct download *next; /* in the queue */
    struct download_spec spec;
    enum download_state state;
    int fd;
    bool in_store;     /* the file is a blob already */
    int64_t available; /* bytes that a reader may have */
    bool failed;
    struct error err;
    atomic_bool cancelled;
    uint64_t reported_ms; /* the network thread's own */
};

struct downloads {
    struct image_store *store;
    struct registry *registry;
    const struct report *report;
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    struct download *first, *last; /* queued */
    bool stopping;
    pthread_t threads[MAX_AT_A_TIME];
    size_t n_threads, n_idle;
};

static void lock(struct downloads *downloads)
{
    (void)pthread_mutex_lock(&downloads->mutex);
}

static void unlock(struct downloads *downloads)
{
    (void)pthread_mutex_unlock(&downloads->mutex);
}

static void tell(struct downloads *downloads)
{
    (void)pthread_cond_broadcast(&downloads->changed);
}

static void report_state(const struct download *download, const char *state, int64_t current)
{
    const struct report_layer layer = {.image = download->spec.image,
                                       .digest = download->spec.digest,
                                       .state = state,
                                       .current = current,
                                       .total = download->spec.size};

    report_layer(download->downloads->report, &layer);
}

/* One download ------------------------------------------------------------------------------------
 */

static void set_available(struct download *download, int64_t available)
{
    lock(download->downloads);
    if (available > download->available)
        download->available = available;
    tell(download->downloads);
    unlock(download->downloads);
}

static void on_moved(void *owner, int64_t total)
{
    struct download *download = owner;
    uint64_t now_ms = clock_monotonic_ms();

    set_available(download, total);
    if (now_ms - download->reported_ms >= REPORT_EVERY_MS) {
        download->reported_ms = now_ms;
        report_state(download, "downloading", total);
    }
}

/* Locks the file, waiting for another process to be done with it. */
static int lock_file(struct download *download, int fd, struct error *err)
{
    const struct timespec pause = {.tv_nsec = LOCK_RETRY_MS * 1000 * 1000};

    while (flock(fd, LOCK_EX | LOCK_NB) < 0) {
        if (errno != EWOULDBLOCK && errno != EINTR)
            return error_sys(err, "lock the download");
        if (atomic_load(&download->cancelled))
            return error_set(err, "cancelled");
        (void)nanosleep(&pause, NULL);
    }
    return 0;
}

/* Whether the name still leads to the file: who had the lock before may have moved it away. */
static bool is_in_place(int dir_fd, const char *name, int fd)
{
    struct stat by_name, by_fd;

    return fstatat(dir_fd, name, &by_name, AT_SYMLINK_NOFOLLOW) == 0 && fstat(fd, &by_fd) == 0 &&
           by_name.st_ino == by_fd.st_ino;
}

/* Opens the blob of the store, if it is there and whole. */
static bool open_stored(struct download *download)
{
    int blobs_fd = image_store_blobs_fd(download->downloads->store);
    const char *name = image_digest_hex(download->spec.digest);
    scoped_fd int fd = openat(blobs_fd, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    struct stat status;

    if (fd < 0 || fstat(fd, &status) < 0 || status.st_size != download->spec.size)
        return false;
    download->fd = steal_fd(&fd);
    download->in_store = true;
    return true;
}

static int open_partial(struct download *download, struct error *err)
{
    int dir_fd = image_store_downloads_fd(download->downloads->store);
    const char *name = image_digest_hex(download->spec.digest);

    for (;;) {
        scoped_fd int fd =
            openat(dir_fd, name, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC | O_APPEND, 0600);

        if (fd < 0)
            return error_sys(err, "open 'downloads/sha256/%s'", name);
        if (lock_file(download, fd, err) < 0)
            return -1;
        if (open_stored(download))
            return 0;
        if (is_in_place(dir_fd, name, fd)) {
            download->fd = steal_fd(&fd);
            return 0;
        }
    }
}

/* What an earlier run left. More than the blob can have is none of it. */
static int measure_partial(struct download *download, int64_t *ret_size, struct error *err)
{
    struct stat status;

    if (fstat(download->fd, &status) < 0)
        return error_sys(err, "examine the download");
    if (status.st_size > download->spec.size) {
        if (ftruncate(download->fd, 0) < 0)
            return error_sys(err, "empty the download");
        status.st_size = 0;
    }
    *ret_size = status.st_size;
    return 0;
}

static int fetch(struct download *download, struct error *err)
{
    const struct download_spec *spec = &download->spec;
    const struct registry_blob blob = {
        .digest = spec->digest, .size = spec->size, .skip_mirrors = spec->skip_mirrors};
    const struct registry_progress progress = {
        .moved = on_moved, .owner = download, .cancelled = &download->cancelled};
    int64_t size = 0;

    if (!open_stored(download) && open_partial(download, err) < 0)
        return -1;
    if (measure_partial(download, &size, err) < 0)
        return -1;
    set_available(download, size);
    if (size == spec->size)
        return 0;
    report_state(download, "downloading", size);
    return registry_download_blob(download->downloads->registry, spec->reference, &blob,
                                  download->fd, &progress, err);
}

/* A disk that is full is not to be filled by what nobody can use. */
static void discard_on_full_disk(struct download *download)
{
    if (download->err.number == ENOSPC || download->err.number == EDQUOT)
        (void)unlinkat(image_store_downloads_fd(download->downloads->store),
                       image_digest_hex(download->spec.digest), 0);
}

static void run_download(struct download *download)
{
    struct error err = {0};
    bool failed = fetch(download, &err) < 0;

    /* Once it has ended, it may be freed. */
    if (!failed)
        report_state(download, "unpacking", download->spec.size);
    lock(download->downloads);
    download->failed = failed;
    download->err = err;
    if (failed && download->fd >= 0 && !download->in_store)
        discard_on_full_disk(download);
    download->state = DOWNLOAD_ENDED;
    tell(download->downloads);
    unlock(download->downloads);
}

/* The queue ---------------------------------------------------------------------------------------
 */

/* Under the mutex. NULL when there will be nothing more. */
static struct download *wait_for_work(struct downloads *downloads)
{
    struct download *download;

    downloads->n_idle++;
    while (!downloads->first && !downloads->stopping)
        (void)pthread_cond_wait(&downloads->changed, &downloads->mutex);
    downloads->n_idle--;
    download = downloads->first;
    if (download) {
        downloads->first = download->next;
        if (!downloads->first)
            downloads->last = NULL;
        download->state = DOWNLOAD_RUNNING;
    }
    return download;
}

static void *work(void *owner)
{
    struct downloads *downloads = owner;

    for (;;) {
        struct download *download;

        lock(downloads);
        download = wait_for_work(downloads);
        unlock(downloads);
        if (!download)
            return NULL;
        run_download(download);
    }
}

/* Under the mutex: one more thread when all are busy. */
static void add_thread(struct downloads *downloads)
{
    if (downloads->n_idle == 0 && downloads->n_threads < MAX_AT_A_TIME &&
        pthread_create(&downloads->threads[downloads->n_threads], NULL, work, downloads) == 0)
        downloads->n_threads++;
}

static void unqueue(struct downloads *downloads, struct download *download)
{
    struct download *before = NULL;

    for (struct download *at = downloads->first; at != download; at = at->next)
        before = at;
    if (before)
        before->next = download->next;
    else
        downloads->first = download->next;
    if (downloads->last == download)
        downloads->last = before;
}

struct downloads *downloads_new(struct image_store *store, struct registry *registry,
                                const struct report *report)
{
    struct downloads *downloads = memory_new(struct downloads);

    downloads->store = store;
    downloads->registry = registry;
    downloads->report = report;
    if (pthread_mutex_init(&downloads->mutex, NULL) != 0 ||
        pthread_cond_init(&downloads->changed, NULL) != 0)
        abort();
    return downloads;
}

void downloads_free(struct downloads *downloads)
{
    if (!downloads)
        return;
    lock(downloads);
    downloads->stopping = true;
    tell(downloads);
    unlock(downloads);
    for (size_t i = 0; i < downloads->n_threads; i++)
        (void)pthread_join(downloads->threads[i], NULL);
    (void)pthread_cond_destroy(&downloads->changed);
    (void)pthread_mutex_destroy(&downloads->mutex);
    free(downloads);
}

struct download *download_new(struct downloads *downloads, const struct download_spec *spec)
{
    struct download *download = memory_new(struct download);

    download->downloads = downloads;
    download->spec = *spec;
    download->fd = -1;
    report_state(download, "waiting", 0);
    lock(downloads);
    if (downloads->last)
        downloads->last->next = download;
    else
        downloads->first = download;
    downloads->last = download;
    add_thread(downloads);
    if (downloads->n_threads == 0) {
        unqueue(downloads, download);
        download->state = DOWNLOAD_ENDED;
        download->failed = true;
        error_set(&download->err, "no thread can be started");
    }
    tell(downloads);
    unlock(downloads);
    return download;
}

void download_free(struct download *download)
{
    struct downloads *downloads;

    if (!download)
        return;
    downloads = download->downloads;
    atomic_store(&download->cancelled, true);
    lock(downloads);
    if (download->state == DOWNLOAD_QUEUED)
        unqueue(downloads, download);
    while (download->state == DOWNLOAD_RUNNING)
        (void)pthread_cond_wait(&downloads->changed, &downloads->mutex);
    unlock(downloads);
    fd_close(download->fd);
    free(download);
}

/* Reading -----------------------------------------------------------------------------------------
 */

struct download_reader {
    struct download *download;
    int64_t offset;
    char chunk[CHUNK_BYTES];
};

/* Waits for bytes behind the offset. 0 is the end. */
static int64_t wait_for_bytes(struct download_reader *reader, struct error *err)
{
    struct download *download = reader->download;
    int64_t ready;

    lock(download->downloads);
    while (download->available <= reader->offset && download->state != DOWNLOAD_ENDED)
        (void)pthread_cond_wait(&download->downloads->changed, &download->downloads->mutex);
    ready = download->available - reader->offset;
    if (ready == 0 && download->failed) {
        if (err)
            *err = download->err;
        ready = -1;
    }
    unlock(download->downloads);
    return ready;
}

static int reader_read(void *owner, const void **ret_bytes, size_t *ret_length, struct error *err)
{
    struct download_reader *reader = owner;
    int64_t ready = wait_for_bytes(reader, err);
    ssize_t n = 0;

    if (ready < 0)
        return -1;
    if (ready > 0) {
        size_t wanted = ready < CHUNK_BYTES ? (size_t)ready : CHUNK_BYTES;

        do
            n = pread(reader->download->fd, reader->chunk, wanted, reader->offset);
        while (n < 0 && errno == EINTR);
        if (n <= 0)
            return n < 0 ? error_sys(err, "read the download")
                         : error_set(err, "the download was cut off");
    }
    reader->offset += n;
    *ret_bytes = reader->chunk;
    *ret_length = (size_t)n;
    return 0;
}

static void reader_free(void *owner)
{
    struct download_reader *reader = owner;
    const struct download *download = reader->download;

    if (reader->offset == download->spec.size)
        report_state(download, "done", download->spec.size);
    free(reader);
}

static const struct byte_source_ops reader_ops = {.read = reader_read, .free = reader_free};

struct byte_source *download_open(struct download *download)
{
    struct download_reader *reader = memory_new(struct download_reader);

    reader->download = download;
    return byte_source_new(&reader_ops, reader);
}

/* The end of it -----------------------------------------------------------------------------------
 */

int download_keep(struct download *download, struct image_staging *staging, struct error *err)
{
    if (download->in_store)
        return 0;
    return image_staging_adopt_blob(staging, download->spec.digest,
                                    image_store_downloads_fd(download->downloads->store),
                                    image_digest_hex(download->spec.digest), err);
}

static bool has_right_digest(const struct download *download)
{
    const struct checked_source_spec spec = {.digest = download->spec.digest,
                                             .size = download->spec.size,
                                             .limit_bytes = download->spec.size};
    scoped(byte_source_free) struct byte_source *source =
        checked_source_new(byte_source_of_file(download->fd, 0, download->spec.size), &spec);

    return byte_source_drain(source, NULL) == 0;
}

bool download_discard_bad(struct download *download)
{
    int dir_fd = download->in_store ? image_store_blobs_fd(download->downloads->store)
                                    : image_store_downloads_fd(download->downloads->store);
    bool complete;

    lock(download->downloads);
    complete = download->state == DOWNLOAD_ENDED && !download->failed;
    unlock(download->downloads);
    if (!complete || has_right_digest(download))
        return false;
    (void)unlinkat(dir_fd, image_digest_hex(download->spec.digest), 0);
    return true;
}
