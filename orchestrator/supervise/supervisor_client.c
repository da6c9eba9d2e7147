/* SPDX-License-Identifier: Apache-2.0 */
#include "orchestrator/supervise/supervisor_client.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/fd.h"
#include "common/fd_message.h"
#include "common/json.h"
#include "common/process.h"
#include "orchestrator/supervise/keeper.h"
#include "orchestrator/supervise/program_identity.h"

enum { CONNECT_TIMEOUT_MS = 15000, CONNECT_RETRY_MS = 5, ANSWER_TIMEOUT_MS = 60000 };
enum { HANDOVER_TIMEOUT_MS = 10000, ASK_TRIES = 10, ASK_AGAIN_MS = 50 };

struct supervisor_client {
    int fd;
    int came_fd; /* with the last message that brought one, or -1 */
};

/* Waits for "ok". End of file without a word: another keeper was there first. */
static int ready_wait(int ready_fd, struct error *err)
{
    scoped_text struct text text = {0};
    struct pollfd polled = {.fd = ready_fd, .events = POLLIN};

    if (poll(&polled, 1, CONNECT_TIMEOUT_MS) == 0)
        return error_set(err, "start supervisor: it did not answer within %d s",
                         CONNECT_TIMEOUT_MS / 1000);
    if (fd_read_all(ready_fd, 4096, &text, err) < 0)
        return error_wrap(err, "start supervisor");
    if (text.length > 0 && !string_eq(text.data, "ok"))
        return error_set(err, "start supervisor: %s", text.data);
    return 0;
}

static int connect_or_start(const struct project_dir *dir, const char *project, int *ret_fd,
                            struct error *err)
{
    uint64_t until_ms = clock_monotonic_ms() + CONNECT_TIMEOUT_MS;

    for (;;) {
        scoped_fd int ready_fd = -1;

        if (fd_message_connect(dir->run_fd, "control.sock", ret_fd, err) < 0)
            return -1;
        if (*ret_fd >= 0)
            return 0;
        if (clock_monotonic_ms() > until_ms)
            return error_set(err, "connect to the supervisor of '%s': nobody answers", project);
        if (project_dir_renew(dir, err) < 0 || keeper_start(project, &ready_fd, err) < 0 ||
            ready_wait(ready_fd, err) < 0)
            return -1;
        (void)poll(NULL, 0, CONNECT_RETRY_MS);
    }
}

static struct supervisor_client *client_new(int take_fd)
{
    struct supervisor_client *client = calloc(1, sizeof(*client));

    if (!client)
        abort();
    client->fd = take_fd;
    client->came_fd = -1;
    return client;
}

int supervisor_connect(const struct project_dir *dir, const char *project,
                       struct supervisor_client **ret_client, struct error *err)
{
    int fd;

    if (connect_or_start(dir, project, &fd, err) < 0)
        return -1;
    *ret_client = client_new(fd);
    return 0;
}

void supervisor_client_free(struct supervisor_client *client)
{
    if (!client)
        return;
    fd_close(client->fd);
    fd_close(client->came_fd);
    free(client);
}

int supervisor_client_fd(const struct supervisor_client *client)
{
    return client->fd;
}

/* *ret_json is NULL when nothing waits or the peer is gone. A descriptor that came along is kept
 * until somebody takes it. */
static int message_receive(struct supervisor_client *client, json_t **ret_json,
                           enum fd_message_result *ret_result, struct error *err)
{
    scoped_text struct text text = {0};
    int fds[FD_MESSAGE_MAX_FDS];
    size_t n_fds;

    *ret_json = NULL;
    if (fd_message_receive(client->fd, &text, fds, &n_fds, ret_result, err) < 0)
        return -1;
    for (size_t i = 0; i < n_fds; i++) {
        fd_close(client->came_fd);
        client->came_fd = fds[i];
    }
    if (*ret_result != FD_MESSAGE_GOT)
        return 0;
    *ret_json = json_parse(text_get(&text), text.length, err);
    return *ret_json ? 0 : -1;
}

static int answer_wait(struct supervisor_client *client, struct error *err)
{
    struct pollfd polled = {.fd = client->fd, .events = POLLIN};

    for (;;) {
        scoped(json_release) json_t *json = NULL;
        enum fd_message_result result;
        const char *kind;

        if (poll(&polled, 1, ANSWER_TIMEOUT_MS) == 0)
            return error_set(err, "the supervisor does not answer");
        if (message_receive(client, &json, &result, err) < 0)
            return -1;
        if (result == FD_MESSAGE_CLOSED) {
            errno = ECONNRESET;
            return error_sys(err, "the supervisor is gone");
        }
        kind = json_get_string(json, "kind", "");
        if (string_eq(kind, "ok"))
            return 0;
        if (string_eq(kind, "error"))
            return error_set(err, "%s", json_get_string(json, "text", "unknown error"));
        /* Changes that were told before our request was read: the snapshot of now is what counts.
         */
    }
}

static int request_send(int fd, const struct request *request, struct error *err)
{
    scoped(json_release) json_t *json = codec_encode(request_codec, request);
    scoped_text struct text text = {0};

    json_format(json, &text);
    return fd_message_send(fd, text.data, text.length, &request->plan_fd, request->plan_fd > 0,
                           err);
}

int supervisor_client_request(struct supervisor_client *client, const struct request *request,
                              struct error *err)
{
    if (request_send(client->fd, request, err) < 0)
        return -1;
    return answer_wait(client, err);
}

int supervisor_ask(const struct project_dir *dir, const char *project,
                   const struct request *request, struct supervisor_client **ret_client,
                   struct error *err)
{
    for (int tries = 1;; tries++) {
        scoped(supervisor_client_free) struct supervisor_client *client = NULL;

        if (supervisor_connect(dir, project, &client, err) < 0)
            return -1;
        if (supervisor_client_request(client, request, err) == 0) {
            *ret_client = steal(client);
            return 0;
        }
        if ((err->number != ECONNRESET && err->number != EPIPE) || tries == ASK_TRIES)
            return -1;
        (void)poll(NULL, 0, ASK_AGAIN_MS);
    }
}

void supervisor_tell(const struct project_dir *dir, const struct request *request)
{
    struct error err = {0};
    int connected_fd = -1;
    scoped_fd int fd = -1;

    if (fd_message_connect(dir->run_fd, "control.sock", &connected_fd, &err) < 0)
        return;
    fd = connected_fd;
    if (fd >= 0)
        (void)!request_send(fd, request, &err);
}

/* What comes then is the successor's answer to whoever asks next. One that knows no handover, or
 * does not come about, is left to go on: it is better than none. */
int supervisor_renew(const struct project_dir *dir, struct error *err)
{
    scoped(supervisor_client_free) struct supervisor_client *client = NULL;
    uint64_t until_ms = clock_monotonic_ms() + HANDOVER_TIMEOUT_MS;
    struct request request = {.command = "handover"};
    char program[4096];
    ssize_t length;
    int fd = -1;

    if (program_identity_is_ours(dir->run_fd))
        return 0;
    if (fd_message_connect(dir->run_fd, "control.sock", &fd, err) < 0)
        return -1;
    length = fd < 0 ? -1 : readlink("/proc/self/exe", program, sizeof(program) - 1);
    if (length < 0) {
        fd_close(fd);
        return 0;
    }
    program[length] = '\0';
    client = client_new(fd);
    request.file = program;
    if (supervisor_client_request(client, &request, err) < 0)
        return 0;
    while (!program_identity_is_ours(dir->run_fd) && clock_monotonic_ms() < until_ms)
        (void)poll(NULL, 0, CONNECT_RETRY_MS);
    return 0;
}

int supervisor_client_terminal(struct supervisor_client *client, const char *container,
                               struct arena *arena, int *ret_fd, struct error *err)
{
    struct request request = {.command = "terminal"};

    string_list_add(arena, &request.containers, container);
    if (supervisor_client_request(client, &request, err) < 0)
        return -1;
    *ret_fd = steal_fd(&client->came_fd);
    return 0;
}

static enum supervisor_event_kind event_kind(const char *kind)
{
    if (string_eq(kind, "record"))
        return SUPERVISOR_RECORD;
    if (string_eq(kind, "snapshot"))
        return SUPERVISOR_SNAPSHOT;
    if (string_eq(kind, "gone"))
        return SUPERVISOR_GONE;
    if (string_eq(kind, "end"))
        return SUPERVISOR_END;
    return SUPERVISOR_NONE;
}

int supervisor_client_next(struct supervisor_client *client, struct arena *arena,
                           struct supervisor_event *ret_event, struct error *err)
{
    scoped(json_release) json_t *json = NULL;
    struct pollfd polled = {.fd = client->fd, .events = POLLIN};
    enum fd_message_result result;

    *ret_event = (struct supervisor_event){.kind = SUPERVISOR_NONE};
    if (poll(&polled, 1, 0) <= 0)
        return 0;
    if (message_receive(client, &json, &result, err) < 0)
        return -1;
    if (result == FD_MESSAGE_CLOSED)
        ret_event->kind = SUPERVISOR_LOST;
    if (!json)
        return 0;
    ret_event->kind = event_kind(json_get_string(json, "kind", ""));
    ret_event->name = arena_strdup(arena, json_get_string(json, "name", NULL));
    if (ret_event->kind != SUPERVISOR_RECORD)
        return 0;
    ret_event->record = arena_new_object(arena, struct record);
    return codec_decode(record_codec, json_object_get(json, "record"), ret_event->record, arena,
                        err);
}
