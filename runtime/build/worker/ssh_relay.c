/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The thread polls the listening socket, a pipe that says when to stop, and both ends of every
 * connection. What comes from one end is written to the other at once; agents and their clients
 * take turns with short messages. A client that does not read holds up nobody but its own step, and
 * that for no longer than SEND_S.
 */
#include "runtime/build/worker/ssh_relay.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "common/fd.h"
#include "common/memory.h"
#include "common/text.h"

enum { CONNECTIONS_MOST = 32, READ_BYTES = 16 * 1024, SEND_S = 5, FIRST = 2 };

struct ssh_relay {
    char *agent, *name;
    int dir_fd, listen_fd, stop_read_fd, stop_write_fd;
    pthread_t thread;
    /* [0] the step's end of a connection, [1] the agent's */
    int ends[CONNECTIONS_MOST][2];
    size_t count;
};

static int set_address(const char *path, struct sockaddr_un *address, struct error *err)
{
    *address = (struct sockaddr_un){.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof(address->sun_path))
        return error_set(err, "'%s' is too long for a socket", path);
    memcpy(address->sun_path, path, strlen(path));
    return 0;
}

static int open_socket(void)
{
    const struct timeval most = {.tv_sec = SEND_S};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (fd >= 0)
        (void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &most, sizeof(most));
    return fd;
}

static int connect_agent(const char *path, int *ret_fd, struct error *err)
{
    scoped_fd int fd = open_socket();
    struct sockaddr_un address;

    if (set_address(path, &address, err) < 0)
        return -1;
    if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0)
        return error_sys(err, "connect to the ssh agent '%s'", path);
    *ret_fd = steal_fd(&fd);
    return 0;
}

static int listen_here(const struct ssh_relay_spec *spec, int *ret_fd, struct error *err)
{
    scoped_fd int fd = open_socket();
    struct sockaddr_un address;
    scoped_text struct text path = {0};

    text_appendf(&path, "/proc/self/fd/%d/%s", spec->dir_fd, spec->name);
    if (set_address(text_get(&path), &address, err) < 0)
        return -1;
    if (fd < 0 || fchmod(fd, 0600) < 0 ||
        bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0 ||
        listen(fd, CONNECTIONS_MOST) < 0 ||
        fchownat(spec->dir_fd, spec->name, spec->uid, spec->gid, AT_SYMLINK_NOFOLLOW) < 0 ||
        fchmodat(spec->dir_fd, spec->name, spec->mode, 0) < 0)
        return error_sys(err, "make the socket '%s'", spec->name);
    *ret_fd = steal_fd(&fd);
    return 0;
}

/* -- the thread */

static void admit(struct ssh_relay *relay)
{
    const struct timeval most = {.tv_sec = SEND_S};
    scoped_fd int fd = accept4(relay->listen_fd, NULL, NULL, SOCK_CLOEXEC);
    int agent_fd;

    if (fd < 0 || relay->count == CONNECTIONS_MOST ||
        connect_agent(relay->agent, &agent_fd, NULL) < 0)
        return;
    (void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &most, sizeof(most));
    relay->ends[relay->count][0] = steal_fd(&fd);
    relay->ends[relay->count++][1] = agent_fd;
}

static bool pass_on(int from_fd, int to_fd)
{
    char bytes[READ_BYTES];
    ssize_t length = recv(from_fd, bytes, sizeof(bytes), 0);

    for (ssize_t done = 0, n; done < length; done += n) {
        n = send(to_fd, bytes + done, (size_t)(length - done), MSG_NOSIGNAL);
        if (n <= 0)
            return false;
    }
    return length > 0;
}

static void hang_up(struct ssh_relay *relay, size_t index)
{
    fd_close(relay->ends[index][0]);
    fd_close(relay->ends[index][1]);
    relay->count--;
    relay->ends[index][0] = relay->ends[relay->count][0];
    relay->ends[index][1] = relay->ends[relay->count][1];
}

/* From the last to the first, for one that ends is replaced by the last. */
static void serve(struct ssh_relay *relay, const struct pollfd *watched)
{
    for (size_t i = relay->count; i-- > 0;) {
        const int *ends = relay->ends[i];
        const struct pollfd *polled = watched + FIRST + 2 * i;
        bool lives = (!polled[0].revents || pass_on(ends[0], ends[1])) &&
                     (!polled[1].revents || pass_on(ends[1], ends[0]));

        if (!lives)
            hang_up(relay, i);
    }
}

static void *run(void *owner)
{
    struct ssh_relay *relay = owner;
    struct pollfd watched[FIRST + 2 * CONNECTIONS_MOST];

    for (;;) {
        watched[0] = (struct pollfd){relay->stop_read_fd, POLLIN, 0};
        watched[1] = (struct pollfd){relay->listen_fd, POLLIN, 0};
        for (size_t i = 0; i < relay->count; i++)
            for (size_t end = 0; end < 2; end++)
                watched[FIRST + 2 * i + end] = (struct pollfd){relay->ends[i][end], POLLIN, 0};
        if (poll(watched, FIRST + 2 * relay->count, -1) < 0 && errno != EINTR)
            return NULL;
        if (watched[0].revents)
            return NULL;
        serve(relay, watched);
        if (watched[1].revents)
            admit(relay);
    }
}

/* -- its life */

static void relay_free(struct ssh_relay *relay)
{
    while (relay->count > 0)
        hang_up(relay, 0);
    if (relay->listen_fd >= 0)
        (void)unlinkat(relay->dir_fd, relay->name, 0);
    fd_close(relay->listen_fd);
    fd_close(relay->stop_read_fd);
    fd_close(relay->stop_write_fd);
    free(relay->agent);
    free(relay->name);
    free(relay);
}

static int begin(struct ssh_relay *relay, const struct ssh_relay_spec *spec, struct error *err)
{
    scoped_fd int test_fd = -1;
    int fds[2];

    if (connect_agent(spec->agent, &test_fd, err) < 0 ||
        listen_here(spec, &relay->listen_fd, err) < 0)
        return -1;
    if (pipe2(fds, O_CLOEXEC) < 0)
        return error_sys(err, "make a pipe");
    relay->stop_read_fd = fds[0];
    relay->stop_write_fd = fds[1];
    errno = pthread_create(&relay->thread, NULL, run, relay);
    return errno != 0 ? error_sys(err, "start a thread") : 0;
}

int ssh_relay_start(const struct ssh_relay_spec *spec, struct ssh_relay **ret_relay,
                    struct error *err)
{
    struct ssh_relay *relay = memory_new(struct ssh_relay);

    relay->agent = memory_strdup(spec->agent);
    relay->name = memory_strdup(spec->name);
    relay->dir_fd = spec->dir_fd;
    relay->listen_fd = relay->stop_read_fd = relay->stop_write_fd = -1;
    if (begin(relay, spec, err) < 0) {
        relay_free(relay);
        return -1;
    }
    *ret_relay = relay;
    return 0;
}

void ssh_relay_stop(struct ssh_relay *relay)
{
    if (!relay)
        return;
    fd_close(steal_fd(&relay->stop_write_fd));
    (void)pthread_join(relay->thread, NULL);
    relay_free(relay);
}
