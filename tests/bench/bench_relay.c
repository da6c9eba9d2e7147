/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a published port costs beside the bridge: one TCP stream, and a small message to and fro.
 *
 *     bench_relay [ROUNDS]
 *
 *   client namespace ── bridge in the router namespace ── server namespace        "bridge"
 *   this namespace ── net worker ───────────┘                                     "published port"
 *   another host namespace ── bridge, DNAT or docker-proxy ── server namespace    "docker ..."
 *
 * Rounds of all take turns, since the machine's mood changes; told are medians, and of each path
 * what it takes of the bridge's throughput and adds to the bridge's round trip. docker's ways are
 * left out where nft or docker-proxy are not installed.
 */
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "common/fd.h"
#include "common/fd_message.h"
#include "common/path.h"
#include "common/process.h"
#include "common/text.h"
#include "net/link.h"
#include "net/net.h"
#include "net/netns.h"
#include "net/worker.h"
#include "tests/bench/docker_way.h"

enum { DEFAULT_ROUNDS = 5, MAX_ROUNDS = 100, ROUND_MS = 1000, TRIPS = 5000, MESSAGE_BYTES = 64 };
enum {
    MAX_PLACES = 4,
    BLOCK_BYTES = 256 * 1024,
    SERVER_PORT = 80,
    HOST_PORT = 8080,
    PATIENCE_MS = 10 * 1000
};

enum work { WORK_STREAM = 's', WORK_TRIPS = 't' };

static _Noreturn void give_up(const char *text)
{
    (void)fprintf(stderr, "bench_relay: %s\n", text);
    exit(1);
}

static double now_us(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

/* -- the server */

static void serve(int fd)
{
    char block[BLOCK_BYTES], work;
    ssize_t n;

    if (recv(fd, &work, 1, MSG_WAITALL) != 1)
        return;
    if (work == WORK_TRIPS) {
        while ((n = recv(fd, block, MESSAGE_BYTES, MSG_WAITALL)) == MESSAGE_BYTES)
            (void)send(fd, block, (size_t)n, MSG_NOSIGNAL);
        return;
    }
    while (recv(fd, block, sizeof(block), 0) > 0)
        continue;
    (void)send(fd, &work, 1, MSG_NOSIGNAL); /* all of it has arrived */
}

static _Noreturn void server_main(int netns_fd)
{
    struct sockaddr_in any = {.sin_family = AF_INET, .sin_port = htons(SERVER_PORT)};
    int one = 1, listen_fd;

    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (setns(netns_fd, CLONE_NEWNET) < 0 ||
        (listen_fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) < 0 ||
        bind(listen_fd, (struct sockaddr *)&any, sizeof(any)) < 0 || listen(listen_fd, 16) < 0)
        _exit(1);
    for (;;) {
        scoped_fd int fd = accept4(listen_fd, NULL, NULL, SOCK_CLOEXEC);

        (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
        serve(fd);
    }
}

/* -- the client */

/* Where a connection begins and where it leads. */
struct place {
    const char *name;
    int netns_fd; /* -1: here */
    struct sockaddr_in to;
};

static int make_socket(void *owner, struct error *err)
{
    int *ret_fd = owner;

    *ret_fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    return *ret_fd < 0 ? error_sys(err, "socket") : 0;
}

/* Tries until somebody listens. */
static int place_connect(const struct place *place, enum work work)
{
    char byte = (char)work;
    struct error err;
    int fd = -1, one = 1;

    for (int waited_ms = 0; waited_ms < PATIENCE_MS; waited_ms++) {
        if ((place->netns_fd < 0 ? make_socket(&fd, &err)
                                 : netns_run(place->netns_fd, make_socket, &fd, &err)) < 0)
            give_up(err.text);
        if (connect(fd, (const struct sockaddr *)&place->to, sizeof(place->to)) == 0) {
            (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
            if (send(fd, &byte, 1, MSG_NOSIGNAL) != 1)
                give_up("the server has gone");
            return fd;
        }
        fd_close(fd);
        (void)poll(NULL, 0, 1);
    }
    give_up("nobody listens");
}

static double gigabits(const struct place *place)
{
    scoped_fd int fd = place_connect(place, WORK_STREAM);
    char block[BLOCK_BYTES] = {0};
    double begin = now_us(), sent = 0;

    while (now_us() - begin < ROUND_MS * 1e3) {
        ssize_t n = send(fd, block, sizeof(block), MSG_NOSIGNAL);

        if (n <= 0)
            give_up("the stream has ended");
        sent += (double)n;
    }
    (void)shutdown(fd, SHUT_WR);
    if (recv(fd, block, 1, MSG_WAITALL) != 1)
        give_up("the stream has not arrived");
    return sent * 8 / 1e3 / (now_us() - begin);
}

static int compare(const void *a, const void *b)
{
    const double *left = a, *right = b;

    return (*left > *right) - (*left < *right);
}

static double median(double *samples, size_t count)
{
    qsort(samples, count, sizeof(*samples), compare);
    return samples[count / 2];
}

static double trip_us(const struct place *place)
{
    double samples[TRIPS];
    char message[MESSAGE_BYTES] = {0};
    scoped_fd int fd = place_connect(place, WORK_TRIPS);

    for (size_t i = 0; i < TRIPS; i++) {
        double begin = now_us();

        if (send(fd, message, MESSAGE_BYTES, MSG_NOSIGNAL) != MESSAGE_BYTES ||
            recv(fd, message, MESSAGE_BYTES, MSG_WAITALL) != MESSAGE_BYTES)
            give_up("a message was lost");
        samples[i] = now_us() - begin;
    }
    return median(samples, TRIPS);
}

/* -- the world */

struct world {
    char dir[64];
    int dir_fd;
    struct net *net;
    int server_fd, client_fd; /* network namespaces */
    char server_address[INET_ADDRSTRLEN];
    struct docker_way docker;
};

static void loopback_up(void)
{
    scoped(netlink_batch_free) struct netlink_batch *batch = netlink_batch_new();
    scoped(netlink_free) struct netlink *netlink = NULL;
    struct error err;

    link_batch_up(batch, LOOPBACK_IFINDEX, false);
    if (netlink_open(NETLINK_ROUTE, &netlink, &err) < 0 ||
        netlink_send(netlink, batch, NULL, &err) < 0)
        give_up(err.text);
}

static void server_start(int netns_fd)
{
    pid_t pid = fork();

    if (pid == 0)
        server_main(netns_fd);
    if (pid < 0)
        give_up("no server");
}

/* The worker changes its user, so that the death signal of prctl(2) does not do: it ends with its
 * project, by net_destroy(). */
static void worker_start(const struct world *world)
{
    struct error err;
    int listen_fd;
    pid_t pid;

    if (fd_message_listen(world->dir_fd, "net.sock", &listen_fd, &err) < 0)
        give_up(err.text);
    pid = fork();
    if (pid == 0)
        _exit(net_worker_main(listen_fd));
    if (pid < 0)
        give_up("no worker");
    fd_close(listen_fd);
}

static void attach(struct world *world, const char *instance, int *ret_fd)
{
    const struct endpoint_spec endpoint = {.network = "default"};
    struct error err;

    if (netns_create(ret_fd, &err) < 0 ||
        net_attach(world->net, instance, *ret_fd, &endpoint, 1, &err) < 0)
        give_up(err.text);
}

static void publish(struct world *world)
{
    const struct endpoint_spec endpoint = {.network = "default"};
    const struct port_spec port = {
        .host_ip = "127.0.0.1", .host_port = HOST_PORT, .container_port = SERVER_PORT};
    scoped(arena_free) struct arena *arena = arena_new();
    struct string_list addresses;
    struct error err;
    uint64_t retry_ms = 1;
    uint16_t host_port;

    if (net_addresses_of(world->net, "server", &endpoint, arena, &addresses, &err) < 0 ||
        net_port_reserve(world->net, "server", &port, &host_port, &err) < 0 ||
        net_port_open(world->net, "server", &port, &err) < 0)
        give_up(err.text);
    (void)snprintf(world->server_address, sizeof(world->server_address), "%s", addresses.items[0]);
    while (retry_ms != 0)
        if (net_flush(world->net, clock_monotonic_ms(), &retry_ms, &err) < 0)
            give_up(err.text);
}

static void world_open(struct world *world)
{
    const struct network_spec network = {.name = "default"};
    struct net_options options = {.project = "bench", .router_netns_fd = -1, .uplink_fd = -1};
    struct error err;

    (void)snprintf(world->dir, sizeof(world->dir), "/tmp/yawl-bench-%d", (int)getpid());
    if (unshare(CLONE_NEWNET) < 0)
        give_up("no network namespace");
    loopback_up();
    if (path_make_dirs(AT_FDCWD, world->dir, 0700, &err) < 0)
        give_up(err.text);
    world->dir_fd = open(world->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    options.run_dir_fd = options.state_dir_fd = world->dir_fd;
    worker_start(world);
    if (net_open(&options, &world->net, &err) < 0 ||
        net_add_network(world->net, &network, &err) < 0)
        give_up(err.text);
    attach(world, "server", &world->server_fd);
    attach(world, "client", &world->client_fd);
    server_start(world->server_fd);
    publish(world);
    if (docker_way_open(SERVER_PORT, &world->docker, &err) < 0)
        give_up(err.text);
    server_start(world->docker.container_fd);
}

static void world_close(struct world *world)
{
    struct error err;

    net_destroy(world->net);
    fd_close(world->server_fd);
    fd_close(world->client_fd);
    fd_close(world->docker.host_fd);
    fd_close(world->docker.container_fd);
    fd_close(world->dir_fd);
    if (path_remove_tree(AT_FDCWD, world->dir, &err) < 0)
        give_up(err.text);
}

static struct sockaddr_in address_of(const char *text, uint16_t port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};

    if (inet_pton(AF_INET, text, &address.sin_addr) != 1)
        give_up("an address is none");
    return address;
}

static size_t list_places(const struct world *world, struct place places[MAX_PLACES])
{
    size_t count = 0;

    places[count++] =
        (struct place){"bridge", world->client_fd, address_of(world->server_address, SERVER_PORT)};
    places[count++] = (struct place){"published port", -1, address_of("127.0.0.1", HOST_PORT)};
    if (world->docker.has_dnat)
        places[count++] = (struct place){"docker DNAT", world->docker.host_fd, world->docker.dnat};
    if (world->docker.has_proxy)
        places[count++] =
            (struct place){"docker-proxy", world->docker.host_fd, world->docker.proxy};
    return count;
}

static void measure(const struct place *places, size_t n_places, size_t rounds)
{
    double bits[MAX_PLACES][MAX_ROUNDS], trips[MAX_PLACES][MAX_ROUNDS];
    double bits_of[MAX_PLACES], trip_of[MAX_PLACES];

    for (size_t i = 0; i < rounds; i++) {
        for (size_t p = 0; p < n_places; p++) {
            bits[p][i] = gigabits(&places[p]);
            trips[p][i] = trip_us(&places[p]);
        }
    }
    for (size_t p = 0; p < n_places; p++) {
        bits_of[p] = median(bits[p], rounds);
        trip_of[p] = median(trips[p], rounds);
        (void)printf("%-14s %6.2f Gbit/s (%5.2f to %5.2f) %4.0f %%   round trip %6.1f us %+6.1f\n",
                     places[p].name, bits_of[p], bits[p][0], bits[p][rounds - 1],
                     bits_of[p] / bits_of[0] * 100, trip_of[p], trip_of[p] - trip_of[0]);
    }
}

int main(int argc, char **argv)
{
    unsigned long long rounds = DEFAULT_ROUNDS;
    struct place places[MAX_PLACES];
    struct world world = {0};

    if (geteuid() != 0) {
        (void)printf("skipped: only root can do this\n");
        return 77;
    }
    if (argc > 1 && (!string_to_u64(argv[1], MAX_ROUNDS, &rounds) || rounds == 0))
        give_up("the number of rounds is wrong");
    world_open(&world);
    measure(places, list_places(&world, places), (size_t)rounds);
    world_close(&world);
    return 0;
}
