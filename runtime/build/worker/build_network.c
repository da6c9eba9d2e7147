/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The net worker is this program again, started with a socket as a keeper does it (net/worker.h).
 */
#include "runtime/build/worker/build_network.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "common/fd.h"
#include "common/fd_message.h"
#include "common/memory.h"
#include "common/process.h"
#include "net/net.h"
#include "net/worker.h"
#include "runtime/build/worker/process_note.h"
#include "runtime/image/worker/commands.h"

extern char **environ;

enum { LISTEN_FD = 3, FLUSH_MOST_MS = 5000 };

static const char note_name[] = "worker";

static const char network_name[] = "default";

struct build_network {
    int dir_fd;
    char *name;
    pthread_mutex_t lock;
    struct net *net; /* NULL until it is needed */
    pid_t worker_pid;
};

struct build_network *build_network_new(int dir_fd, const char *name)
{
    struct build_network *network = memory_new(struct build_network);

    network->dir_fd = dir_fd;
    network->name = memory_strdup(name);
    (void)pthread_mutex_init(&network->lock, NULL);
    return network;
}

void build_network_free(struct build_network *network)
{
    if (!network)
        return;
    if (network->net)
        net_destroy(network->net);
    if (network->worker_pid > 0) {
        (void)kill(network->worker_pid, SIGKILL); /* it has nothing to keep */
        (void)waitpid(network->worker_pid, NULL, 0);
    }
    (void)pthread_mutex_destroy(&network->lock);
    free(network->name);
    free(network);
}

void build_network_end_left_behind(int dir_fd)
{
    process_note_kill(dir_fd, note_name);
}

/* Changing its user ids takes a process's death signal away: so a note says whom to end when we
 * cannot. */
static int worker_start(struct build_network *network, struct error *err)
{
    char program[] = "yawl-image", command[] = "net-worker", root[] = "--data-root=/",
         socket[] = "3";
    char *arguments[] = {program, command, root, socket, NULL};
    posix_spawn_file_actions_t actions;
    scoped_fd int listen_fd = -1;
    int problem;

    if (fd_message_listen(network->dir_fd, "net.sock", &listen_fd, err) < 0)
        return -1;
    (void)posix_spawn_file_actions_init(&actions);
    (void)posix_spawn_file_actions_adddup2(&actions, listen_fd, LISTEN_FD);
    problem =
        posix_spawn(&network->worker_pid, "/proc/self/exe", &actions, NULL, arguments, environ);
    (void)posix_spawn_file_actions_destroy(&actions);
    errno = problem;
    return problem == 0 ? process_note_write(network->dir_fd, note_name, network->worker_pid, err)
                        : error_sys(err, "start the net worker");
}

int command_net_worker(const struct command_options *options, struct error *err UNUSED)
{
    return net_worker_main(atoi(options->operands[0]));
}

static int bring_up(struct build_network *network, struct error *err)
{
    const struct net_options options = {.project = network->name,
                                        .run_dir_fd = network->dir_fd,
                                        .state_dir_fd = network->dir_fd,
                                        .router_netns_fd = -1,
                                        .uplink_fd = -1};
    const struct network_spec spec = {.name = network_name};

    if (network->net)
        return 0;
    if (net_open(&options, &network->net, err) < 0 || worker_start(network, err) < 0)
        return -1;
    return net_add_network(network->net, &spec, err);
}

/* Until the worker has been told everything. */
static int flush(struct build_network *network, struct error *err)
{
    uint64_t end_ms = clock_monotonic_ms() + FLUSH_MOST_MS;

    for (;;) {
        const struct timespec pause = {.tv_nsec = 2 * 1000 * 1000};
        uint64_t now_ms = clock_monotonic_ms(), retry_ms = 0;

        if (net_flush(network->net, now_ms, &retry_ms, err) < 0)
            return -1;
        if (retry_ms == 0)
            return 0;
        if (now_ms > end_ms)
            return error_set(err, "the net worker does not answer");
        (void)nanosleep(&pause, NULL);
    }
}

static int attach(struct build_network *network, const char *container, int netns_fd,
                  const struct view_spec *view, struct error *err)
{
    const struct endpoint_spec endpoint = {.network = network_name};
    int result;

    (void)pthread_mutex_lock(&network->lock);
    result = bring_up(network, err);
    if (result == 0)
        result = net_attach(network->net, container, netns_fd, &endpoint, view ? 1 : 0, err);
    if (result == 0 && view)
        net_set_view(network->net, container, view);
    if (result == 0)
        result = flush(network, err);
    (void)pthread_mutex_unlock(&network->lock);
    return result < 0 ? error_wrap(err, "make the network") : 0;
}

int build_network_attach(struct build_network *network, const char *container, int netns_fd,
                         bool reaches_host, struct error *err)
{
    const struct view_spec view = {.host_access =
                                       reaches_host ? HOST_ACCESS_OWN : HOST_ACCESS_NONE};

    return attach(network, container, netns_fd, &view, err);
}

int build_network_attach_nothing(struct build_network *network, const char *container, int netns_fd,
                                 struct error *err)
{
    return attach(network, container, netns_fd, NULL, err);
}

void build_network_detach(struct build_network *network, const char *container)
{
    (void)pthread_mutex_lock(&network->lock);
    if (network->net)
        net_detach(network->net, container);
    (void)pthread_mutex_unlock(&network->lock);
}
