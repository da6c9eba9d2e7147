/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Clients on the project's control socket. A client sends one request per message and gets {"kind":
 * "ok"} or
 * {"kind": "error", "text": ...}; from its first request on it also gets every record now, then
 * {"kind": "snapshot"}, then each record that changes, {"kind": "gone", "name": ...} for one that
 * was removed, and
 * {"kind": "end"} when the project is no more. A client that does not read is cut. A "note" is not
 * answered.
 */
#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/fd.h"
#include "common/fd_message.h"
#include "common/json.h"
#include "common/log.h"
#include "orchestrator/supervise/journal_note.h"
#include "orchestrator/supervise/supervisor_state.h"

enum { MAX_CLIENTS = 64, CLIENT_BUFFER_BYTES = 4 * 1024 * 1024 };

struct client {
    struct client *next;
    struct supervisor *supervisor;
    int fd;
    struct fd_watch *watch;
    bool subscribed, dead;
};

static void client_free(struct client *client)
{
    fd_watch_free(client->watch);
    fd_close(client->fd);
    free(client);
}

static void clients_sweep(struct supervisor *supervisor)
{
    for (struct client **place = &supervisor->clients; *place;) {
        struct client *client = *place;

        if (client->dead) {
            *place = client->next;
            client_free(client);
        } else {
            place = &client->next;
        }
    }
}

/* With a descriptor, unless it is -1. */
static void client_send_text(struct client *client, const struct text *text, int fd)
{
    struct error err = {0};

    if (!client->dead &&
        fd_message_send(client->fd, text->data, text->length, &fd, fd >= 0, &err) < 0)
        client->dead = true;
}

static void client_send_fd(struct client *client, json_t *take_json, int fd)
{
    scoped(json_release) json_t *json = take_json;
    scoped_text struct text text = {0};

    json_format(json, &text);
    client_send_text(client, &text, fd);
}

static void client_send(struct client *client, json_t *take_json)
{
    client_send_fd(client, take_json, -1);
}

static json_t *message_new(const char *kind)
{
    json_t *json = json_object();

    json_object_set_new(json, "kind", json_string(kind));
    return json;
}

static void record_message(const struct instance *instance, struct text *out)
{
    text_append(out, "{\"kind\":\"record\",\"record\":");
    codec_format(record_codec, &instance->record, out);
    text_append_char(out, '}');
}

/* The records as of now, after what was asked for took effect. What it changed is on disk. */
static void client_subscribe(struct client *client)
{
    struct supervisor *supervisor = client->supervisor;

    client->subscribed = true;
    journal_note_flush(supervisor); /* what a record tells is in the journal */
    for (size_t i = 0; i < supervisor->n_instances; i++) {
        scoped_text struct text record = {0};

        instance_renew_record(supervisor->instances[i]);
        record_message(supervisor->instances[i], &record);
        client_send_text(client, &record, -1);
    }
    client_send(client, message_new("snapshot"));
}

static int request_parse(const struct text *text, struct arena *arena, struct request *ret_request,
                         struct error *err)
{
    scoped(json_release) json_t *json = json_parse(text_get(text), text->length, err);

    if (!json)
        return -1;
    return codec_decode(request_codec, json, ret_request, arena, err);
}

/* The terminal of a container is handed to who asks for it; -1: it has none. */
static int terminal_asked(struct client *client, const struct request *request)
{
    const struct instance *instance = NULL;

    if (string_eq(request->command, "terminal") && request->containers.count == 1)
        instance = supervisor_find(client->supervisor, request->containers.items[0]);
    return instance ? instance->terminal_fd : -1;
}

/* `plan_fd` is what came along, or 0. */
static void client_handle(struct client *client, const struct text *text, int plan_fd)
{
    scoped(arena_free) struct arena *arena = arena_new();
    struct request request = {0};
    struct error err = {0};
    int result = request_parse(text, arena, &request, &err);
    json_t *reply;

    request.plan_fd = plan_fd;

    if (result == 0 && string_eq(request.command, "note")) {
        journal_note_exec(client->supervisor, &request);
        return;
    }
    if (result < 0 || supervisor_request(client->supervisor, &request, &err) < 0) {
        reply = message_new("error");
        json_object_set_new(reply, "text", json_string(err.text));
        client_send(client, reply);
        return;
    }
    client_send_fd(client, message_new("ok"), terminal_asked(client, &request));
    if (!client->subscribed)
        client_subscribe(client);
}

static void on_client(void *owner)
{
    struct client *client = owner;
    scoped_text struct text text = {0};
    int fds[FD_MESSAGE_MAX_FDS];
    enum fd_message_result result;
    struct error err = {0};
    size_t n_fds;

    if (fd_message_receive(client->fd, &text, fds, &n_fds, &result, &err) < 0 ||
        result == FD_MESSAGE_CLOSED) {
        struct supervisor *supervisor = client->supervisor;

        client->dead = true;
        clients_sweep(supervisor);
        return;
    }
    if (result == FD_MESSAGE_GOT)
        client_handle(client, &text, n_fds > 0 ? fds[0] : 0);
    for (size_t i = 0; i < n_fds; i++)
        fd_close(fds[i]);
}

/* Only the same user may talk to us; the socket's mode says so too. */
static bool peer_is_us(int fd)
{
    struct ucred peer;
    socklen_t length = sizeof(peer);

    return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &length) == 0 &&
           (peer.uid == geteuid() || peer.uid == 0);
}

static size_t clients_count(const struct supervisor *supervisor)
{
    size_t count = 0;

    for (const struct client *client = supervisor->clients; client; client = client->next)
        count++;
    return count;
}

static void on_listen(void *owner)
{
    struct supervisor *supervisor = owner;
    scoped_fd int fd = accept4(supervisor->listen_fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    int bytes = CLIENT_BUFFER_BYTES;
    struct client *client;

    if (fd < 0 || !peer_is_us(fd) || clients_count(supervisor) >= MAX_CLIENTS)
        return;
    (void)setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &bytes, sizeof(bytes));
    client = calloc(1, sizeof(*client));
    if (!client)
        abort();
    client->supervisor = supervisor;
    client->fd = steal_fd(&fd);
    client->watch = fd_watch_new(supervisor->loop, client->fd, FD_READABLE, on_client, client);
    client->next = supervisor->clients;
    supervisor->clients = client;
}

int control_open(struct supervisor *supervisor, struct error *err)
{
    if (fd_message_listen(supervisor->dir->run_fd, "control.sock", &supervisor->listen_fd, err) < 0)
        return -1;
    supervisor->listen_watch =
        fd_watch_new(supervisor->loop, supervisor->listen_fd, FD_READABLE, on_listen, supervisor);
    return 0;
}

void control_close(struct supervisor *supervisor)
{
    fd_watch_free(steal(supervisor->listen_watch));
    fd_close(steal_fd(&supervisor->listen_fd));
    for (struct client *client = supervisor->clients; client; client = client->next)
        client->dead = true;
    clients_sweep(supervisor);
}

static void broadcast_text(struct supervisor *supervisor, const struct text *text)
{
    for (struct client *client = supervisor->clients; client; client = client->next)
        if (client->subscribed)
            client_send_text(client, text, -1);
    clients_sweep(supervisor);
}

static void broadcast(struct supervisor *supervisor, json_t *take_json)
{
    scoped(json_release) json_t *json = take_json;
    scoped_text struct text text = {0};

    json_format(json, &text);
    broadcast_text(supervisor, &text);
}

void control_send_record(struct supervisor *supervisor, const struct instance *instance)
{
    scoped_text struct text text = {0};

    if (!supervisor->clients)
        return;
    record_message(instance, &text);
    broadcast_text(supervisor, &text);
}

void control_send_gone(struct supervisor *supervisor, const char *name)
{
    json_t *json = message_new("gone");

    json_object_set_new(json, "name", json_string(name));
    broadcast(supervisor, json);
}

void control_send_end(struct supervisor *supervisor)
{
    broadcast(supervisor, message_new("end"));
}
