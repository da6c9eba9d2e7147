/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The order on a new connection: ROUTER, SYNC_BEGIN, every entry, SYNC_END; afterwards entries as
 * they change. Entries keep the order in which they were told. A forgotten entry turns into its
 * farewell at its old place, so that a key that comes back is told after it went.
 */
#include "net/worker_client.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/fd.h"
#include "common/fd_message.h"
#include "common/memory.h"
#include "net/name_sockets.h"

enum { RETRY_BUSY_MS = 1, RETRY_ABSENT_MS = 10, RETRY_ABSENT_MAX_MS = 1000, QUIT_WAIT_MS = 250 };

struct entry {
    char *key; /* NULL: a farewell */
    char *bytes;
    size_t length;
    int fds[WORKER_NEWS_MAX_FDS];
    size_t n_fds;
    struct name_place place;
    bool sent, fds_sent; /* on this connection */
};

enum stage { STAGE_ROUTER, STAGE_BEGIN, STAGE_SYNC, STAGE_LIVE };

struct worker_client {
    int run_dir_fd, router_fd;
    char *project;
    int fd;
    enum stage stage;
    uint64_t absent_ms; /* the pause before the next attempt to connect */
    struct entry *entries;
    size_t count, capacity;
};

struct worker_client *worker_client_new(int run_dir_fd, const char *project, int router_fd)
{
    struct worker_client *client = memory_new(struct worker_client);

    client->run_dir_fd = run_dir_fd;
    client->router_fd = router_fd;
    client->project = memory_strdup(project);
    client->fd = -1;
    client->absent_ms = RETRY_ABSENT_MS;
    return client;
}

/* ------------------------------------------------------------------------------------------
 * entries */

static void entry_close(struct entry *entry)
{
    for (size_t i = 0; i < entry->n_fds; i++)
        fd_close(entry->fds[i]);
    entry->n_fds = 0;
    fd_close(steal_fd(&entry->place.netns_fd));
}

static void entry_done(struct entry *entry)
{
    entry_close(entry);
    free(entry->key);
    free(entry->bytes);
}

void worker_client_free(struct worker_client *client)
{
    if (!client)
        return;
    for (size_t i = 0; i < client->count; i++)
        entry_done(&client->entries[i]);
    free(client->entries);
    free(client->project);
    fd_close(client->fd);
    free(client);
}

int worker_client_fd(const struct worker_client *client)
{
    return client->fd;
}

static struct entry *entry_find(struct worker_client *client, const char *key)
{
    for (size_t i = 0; i < client->count; i++)
        if (client->entries[i].key && strcmp(client->entries[i].key, key) == 0)
            return &client->entries[i];
    return NULL;
}

static struct entry *entry_add(struct worker_client *client, const char *key)
{
    memory_grow(client->entries, client->count, client->capacity);
    client->entries[client->count] =
        (struct entry){.key = memory_strdup(key), .place = {.netns_fd = -1}};
    return &client->entries[client->count++];
}

static void entry_set_message(struct entry *entry, const struct worker_message *message)
{
    struct text bytes = {0};

    codec_format(worker_message_codec, message, &bytes);
    free(entry->bytes);
    entry->length = bytes.length;
    entry->bytes = text_steal(&bytes);
    entry->sent = false;
}

static void entry_take_fds(struct entry *entry, const struct worker_news *news)
{
    entry_close(entry);
    memcpy(entry->fds, news->take_fds, news->n_fds * sizeof(int));
    entry->n_fds = news->n_fds;
    entry->fds_sent = false;
}

void worker_client_tell(struct worker_client *client, const struct worker_news *news)
{
    struct entry *entry = entry_find(client, news->key);

    if (!entry)
        entry = entry_add(client, news->key);
    entry_set_message(entry, news->message);
    if (news->n_fds > 0)
        entry_take_fds(entry, news);
    if (news->take_netns_fd >= 0) {
        fd_close(entry->place.netns_fd);
        entry->place = (struct name_place){news->take_netns_fd, news->aside};
    }
}

void worker_client_forget(struct worker_client *client, const char *key,
                          const struct worker_message *gone)
{
    struct entry *entry = entry_find(client, key);

    if (!entry)
        return;
    entry_close(entry);
    free(steal(entry->key));
    if (gone) {
        entry_set_message(entry, gone);
    } else {
        free(steal(entry->bytes));
    }
}

/* Farewells that were sent, and entries that end without one. */
static void client_sweep(struct worker_client *client, bool farewells_too)
{
    size_t kept = 0;

    for (size_t i = 0; i < client->count; i++) {
        struct entry *entry = &client->entries[i];

        if (!entry->key && (farewells_too || entry->sent || !entry->bytes))
            entry_done(entry);
        else
            client->entries[kept++] = *entry;
    }
    client->count = kept;
}

/* ---------------------------------------------------------------------------------------
 * connection */

static void client_disconnect(struct worker_client *client)
{
    fd_close(steal_fd(&client->fd));
    client->stage = STAGE_ROUTER;
}

/* A worker never speaks; whatever makes its socket readable is its end. */
static void client_check(struct worker_client *client)
{
    char byte;

    if (client->fd < 0)
        return;
    if (recv(client->fd, &byte, sizeof(byte), MSG_PEEK | MSG_DONTWAIT) < 0 &&
        (errno == EAGAIN || errno == EINTR))
        return;
    client_disconnect(client);
}

/* A new connection knows nothing. Name sockets that another process of ours held may be free now.
 */
static int client_connect(struct worker_client *client, struct error *err)
{
    scoped_fd int fd = -1;

    if (fd_message_connect(client->run_dir_fd, "net.sock", &fd, err) < 0)
        return -1;
    if (fd < 0)
        return 0;
    if (fd_set_nonblocking(fd, true, err) < 0)
        return -1;
    client->fd = steal_fd(&fd);
    client->stage = STAGE_ROUTER;
    client->absent_ms = RETRY_ABSENT_MS;
    client_sweep(client, true);
    for (size_t i = 0; i < client->count; i++) {
        struct entry *entry = &client->entries[i];

        entry->sent = entry->fds_sent = false;
        if (entry->n_fds == 0 && entry->place.netns_fd >= 0 &&
            name_sockets_open(&entry->place, entry->fds, &entry->n_fds, err) < 0) {
            client_disconnect(client);
            return -1;
        }
    }
    return 0;
}

/* ------------------------------------------------------------------------------------------
 * sending */

struct packet {
    const char *bytes;
    size_t length;
    const int *fds;
    size_t n_fds;
};

enum send_result { SEND_DONE, SEND_BUSY, SEND_LOST, SEND_FAILED };

static enum send_result client_send(struct worker_client *client, const struct packet *packet,
                                    struct error *err)
{
    if (fd_message_send(client->fd, packet->bytes, packet->length, packet->fds, packet->n_fds,
                        err) == 0)
        return SEND_DONE;
    switch (err->number) {
    case EAGAIN:
    case ENOBUFS:
    case ETOOMANYREFS: /* too many descriptors on their way */
        return SEND_BUSY;
    case EPIPE:
    case ECONNRESET:
    case ENOTCONN:
    case ECONNREFUSED:
        return SEND_LOST;
    default:
        return SEND_FAILED;
    }
}

/* fd: goes with it, or -1. */
static enum send_result client_send_mark(struct worker_client *client, int op, int fd,
                                         struct error *err)
{
    struct worker_message message = {.op = op, .project = client->project};
    scoped_text struct text bytes = {0};
    struct packet packet = {.fds = &fd, .n_fds = fd >= 0 ? 1 : 0};

    codec_format(worker_message_codec, &message, &bytes);
    packet.bytes = bytes.data;
    packet.length = bytes.length;
    return client_send(client, &packet, err);
}

static enum send_result client_send_entries(struct worker_client *client, struct error *err)
{
    for (size_t i = 0; i < client->count; i++) {
        struct entry *entry = &client->entries[i];
        struct packet packet = {entry->bytes, entry->length, entry->fds,
                                entry->fds_sent ? 0 : entry->n_fds};
        enum send_result result;

        if (entry->sent || !entry->bytes)
            continue;
        result = client_send(client, &packet, err);
        if (result != SEND_DONE)
            return result;
        entry->sent = entry->fds_sent = true;
    }
    return SEND_DONE;
}

/* One stage; SEND_DONE means that it is over. */
static enum send_result client_send_stage(struct worker_client *client, struct error *err)
{
    enum send_result result;

    switch (client->stage) {
    case STAGE_ROUTER:
        return client_send_mark(client, WORKER_ROUTER, client->router_fd, err);
    case STAGE_BEGIN:
        return client_send_mark(client, WORKER_SYNC_BEGIN, -1, err);
    case STAGE_SYNC:
        result = client_send_entries(client, err);
        return result == SEND_DONE ? client_send_mark(client, WORKER_SYNC_END, -1, err) : result;
    case STAGE_LIVE:
    default:
        return client_send_entries(client, err);
    }
}

static enum send_result client_send_all(struct worker_client *client, struct error *err)
{
    enum send_result result = SEND_DONE;

    while (result == SEND_DONE && client->stage != STAGE_LIVE) {
        result = client_send_stage(client, err);
        if (result == SEND_DONE)
            client->stage++;
    }
    return result == SEND_DONE ? client_send_stage(client, err) : result;
}

int worker_client_flush(struct worker_client *client, uint64_t now_ms, uint64_t *ret_retry_ms,
                        struct error *err)
{
    struct error failure = {0};
    enum send_result result;

    *ret_retry_ms = 0;
    client_check(client);
    client_sweep(client, client->fd < 0);
    if (client->fd < 0 && client_connect(client, err) < 0)
        return error_wrap(err, "net worker");
    if (client->fd < 0) {
        *ret_retry_ms = now_ms + client->absent_ms;
        if (client->absent_ms < RETRY_ABSENT_MAX_MS)
            client->absent_ms *= 2;
        return 0;
    }

    result = client_send_all(client, &failure);
    client_sweep(client, false);
    if (result == SEND_FAILED) {
        client_disconnect(client);
        return error_set(err, "net worker: %s", failure.text);
    }
    if (result == SEND_LOST)
        client_disconnect(client);
    if (result != SEND_DONE)
        *ret_retry_ms = now_ms + (result == SEND_BUSY ? RETRY_BUSY_MS : RETRY_ABSENT_MS);
    return 0;
}

static bool client_has_told_all(const struct worker_client *client)
{
    for (size_t i = 0; i < client->count; i++)
        if (!client->entries[i].sent && client->entries[i].bytes)
            return false;
    return client->stage == STAGE_LIVE;
}

bool worker_client_fence(struct worker_client *client, int *ret_fd)
{
    struct error failure = {0};
    enum send_result result;
    int ends[2];

    *ret_fd = -1;
    if (client->fd < 0)
        return true;
    if (!client_has_told_all(client))
        return false;
    if (pipe2(ends, O_CLOEXEC) < 0)
        return true;
    result = client_send_mark(client, WORKER_FENCE, ends[1], &failure);
    fd_close(ends[1]);
    if (result == SEND_DONE)
        *ret_fd = ends[0];
    else
        fd_close(ends[0]);
    return result != SEND_BUSY;
}

void worker_client_quit(struct worker_client *client)
{
    struct pollfd writable = {.events = POLLOUT};
    struct error failure = {0};

    client_check(client);
    if (client->fd < 0 && client_connect(client, NULL) < 0)
        return;
    if (client->fd < 0)
        return;
    writable.fd = client->fd;
    if (client_send_mark(client, WORKER_QUIT, -1, &failure) == SEND_BUSY &&
        poll(&writable, 1, QUIT_WAIT_MS) > 0)
        (void)client_send_mark(client, WORKER_QUIT, -1, &failure);
    client_disconnect(client);
}
