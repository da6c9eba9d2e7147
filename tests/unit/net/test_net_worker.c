/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The supervisor's side and the true worker together:
 *
 *   container ns -- bridge in router ns -- worker (this "host" ns) -- bridge -- lan ns
 */
#include "net/net.h"

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/fd.h"
#include "common/fd_message.h"
#include "common/process.h"
#include "net/bridge.h"
#include "net/endpoint.h"
#include "net/net_report.h"
#include "net/netns.h"
#include "net/network.h"
#include "net/worker.h"
#include "tests/unit/net/net_world.h"

#define HOST_ADDRESS "198.51.100.1"
#define LAN_ADDRESS "198.51.100.2"

enum { PATIENCE_MS = 5000 };

static struct world world;
static int lan_ns, listen_fd;
static pid_t worker, guard;
static int guard_fd; /* the guard's reason to wait */

/* Another machine on the host's network. */
static void lan_setup(void)
{
    scoped(netlink_free) struct netlink *netlink = NULL;
    struct network_pool pool = {{0xc6336400, 24}, 0xc6336401};
    struct bridge_spec bridge = {"lan", pool.gateway, 1500, &pool, 1, NULL};
    struct endpoint machine = {.network = "lan",
                               .address = 0xc6336402,
                               .prefix_length = 24,
                               .mac = {2, 0, 0, 0, 0, 2},
                               .mtu = 1500};
    struct error err = {0};

    lan_ns = world_container();
    cr_assert(netlink_open(NETLINK_ROUTE, &netlink, &err) == 0 &&
                  bridge_make(netlink, &bridge, &machine.bridge_ifindex, &err) == 0 &&
                  endpoints_make(netlink, lan_ns, &machine, 1, &err) == 0,
              "%s", err.text);
}

static void worker_start(void)
{
    worker = fork();
    cr_assert(worker >= 0);
    if (worker == 0) {
        net_free(world.net);
        _exit(net_worker_main(listen_fd));
    }
}

/* Kills the worker when this process ends before its time. The death signal of prctl(2) does not
 * do: the worker changes its user. */
static void guard_start(void)
{
    int ends[2];

    cr_assert(pipe2(ends, O_CLOEXEC) == 0);
    guard = fork();
    cr_assert(guard >= 0);
    if (guard == 0) {
        char byte;

        (void)close(ends[1]);
        if (read(ends[0], &byte, 1) != 1)
            (void)kill(worker, SIGKILL);
        _exit(0);
    }
    (void)close(ends[0]);
    guard_fd = ends[1];
}

static void guard_end(void)
{
    cr_assert(write(guard_fd, "y", 1) == 1);
    (void)close(guard_fd);
    (void)waitpid(guard, NULL, 0);
}

static void worker_end(void)
{
    int status = -1;

    cr_assert(waitpid(worker, &status, 0) == worker);
    cr_expect(eq(int, status, 0));
}

static void setup(void)
{
    struct error err = {0};

    world_setup(&world);
    lan_setup();
    cr_assert(fd_message_listen(world.run_fd, "net.sock", &listen_fd, &err) == 0, "%s", err.text);
    worker_start();
    guard_start();
    world_add_network(&world, "default", false);
}

static void teardown(void)
{
    net_destroy(steal(world.net));
    guard_end();
    worker_end();
    fd_close(listen_fd);
    fd_close(lan_ns);
    world_teardown(&world);
}

TestSuite(net_worker, .init = setup, .fini = teardown, .timeout = 60);

static void flush(void)
{
    uint64_t begin_ms = clock_monotonic_ms();
    struct error err = {0};
    uint64_t retry_ms;

    do {
        cr_assert(net_flush(world.net, clock_monotonic_ms(), &retry_ms, &err) == 0, "%s", err.text);
        cr_assert(lt(u64, clock_monotonic_ms() - begin_ms, PATIENCE_MS));
    } while (retry_ms != 0);
}

static const struct port_spec web_port = {.host_port = 8080, .container_port = 80};

static void publish(const char *instance, const struct port_spec *port)
{
    struct error err = {0};
    uint16_t host_port;

    cr_assert(net_port_reserve(world.net, instance, port, &host_port, &err) == 0 &&
                  net_port_open(world.net, instance, port, &err) == 0,
              "%s", err.text);
    flush();
}

/* The worker opens a port when it has seen the container listen; the answer before is a refusal. */
static int connect_patiently(int netns_fd, const char *address, int port)
{
    uint64_t begin_ms = clock_monotonic_ms();
    int fd;

    while ((fd = world_connect(netns_fd, address, port)) < 0 &&
           clock_monotonic_ms() - begin_ms < PATIENCE_MS)
        (void)poll(NULL, 0, 1);
    cr_assert(ge(int, fd, 0), "%s:%d: %s", address, port, strerror(errno));
    return fd;
}

static int accept_from(int fd, char ret_peer[16])
{
    struct pollfd readable = {.fd = fd, .events = POLLIN};
    struct sockaddr_in peer = {0};
    socklen_t length = sizeof(peer);
    int server_fd;

    cr_assert(poll(&readable, 1, PATIENCE_MS) == 1);
    server_fd = accept4(fd, (struct sockaddr *)&peer, &length, SOCK_CLOEXEC);
    (void)inet_ntop(AF_INET, &peer.sin_addr, ret_peer, 16);
    return server_fd;
}

Test(net_worker, a_client_on_the_host_reaches_a_published_port)
{
    scoped_fd int ns = world_container();
    scoped_fd int server_listen_fd = -1;
    scoped_fd int client_fd = -1;
    scoped_fd int server_fd = -1;
    char peer[16];

    world_attach(&world, "web-1", ns, "default");
    publish("web-1", &web_port);
    server_listen_fd = world_listen(ns, "0.0.0.0", 80);
    client_fd = connect_patiently(-1, "127.0.0.1", 8080);
    server_fd = accept_from(server_listen_fd, peer);
    cr_expect(world_carries(client_fd, server_fd));
    cr_expect(world_carries(server_fd, client_fd));
}

Test(net_worker, a_client_of_another_machine_is_seen_with_its_address)
{
    scoped_fd int ns = world_container();
    scoped_fd int server_listen_fd = -1;
    scoped_fd int client_fd = -1;
    scoped_fd int server_fd = -1;
    char peer[16];

    world_attach(&world, "web-1", ns, "default");
    publish("web-1", &web_port);
    server_listen_fd = world_listen(ns, "0.0.0.0", 80);
    client_fd = connect_patiently(lan_ns, HOST_ADDRESS, 8080);
    server_fd = accept_from(server_listen_fd, peer);
    cr_expect(eq(str, peer, LAN_ADDRESS));
    cr_expect(world_carries(client_fd, server_fd));
    cr_expect(world_carries(server_fd, client_fd));
}

Test(net_worker, a_published_port_of_an_internal_network_works)
{
    scoped_fd int ns = world_container();
    scoped_fd int server_listen_fd = -1;
    scoped_fd int client_fd = -1;
    scoped_fd int server_fd = -1;
    char peer[16];

    world_add_network(&world, "back", true);
    world_attach(&world, "db-1", ns, "back");
    publish("db-1", &web_port);
    server_listen_fd = world_listen(ns, "0.0.0.0", 80);
    client_fd = connect_patiently(lan_ns, HOST_ADDRESS, 8080);
    server_fd = accept_from(server_listen_fd, peer);
    cr_expect(world_carries(client_fd, server_fd));
    cr_expect(world_carries(server_fd, client_fd));
}

/* Asks 127.0.0.11 in the container for an A record. Writes "" when the answer has none. */
static void resolve(int netns_fd, const char *name, char ret_address[16])
{
    scoped_visit struct netns_visit visit = NETNS_HOME;
    struct sockaddr_in server = {.sin_family = AF_INET, .sin_port = htons(53)};
    struct pollfd readable = {.events = POLLIN};
    unsigned char packet[512] = {0x12, 0x34, 1, 0, 0, 1};
    scoped_fd int fd = -1;
    size_t length = 12;
    ssize_t n;

    packet[length++] = (unsigned char)strlen(name);
    memcpy(packet + length, name, strlen(name) + 1);
    length += strlen(name) + 1;
    packet[length + 1] = packet[length + 3] = 1; /* A, IN */
    length += 4;

    cr_assert(netns_enter(netns_fd, &visit, NULL) == 0);
    fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    cr_assert(inet_pton(AF_INET, "127.0.0.11", &server.sin_addr) == 1);
    cr_assert(connect(fd, (struct sockaddr *)&server, sizeof(server)) == 0);
    cr_assert(send(fd, packet, length, 0) == (ssize_t)length);
    readable.fd = fd;
    cr_assert(poll(&readable, 1, PATIENCE_MS) == 1);
    n = recv(fd, packet, sizeof(packet), 0);
    cr_assert(gt(int, (int)n, 12));
    ret_address[0] = '\0';
    if (packet[7] > 0) /* the answer is the last record, its address the last four bytes */
        (void)inet_ntop(AF_INET, packet + n - 4, ret_address, 16);
}

/* Messages are applied one by one beside queries: asks until there is an answer. */
static void resolve_patiently(int netns_fd, const char *name, char ret_address[16])
{
    uint64_t begin_ms = clock_monotonic_ms();

    do
        resolve(netns_fd, name, ret_address);
    while (ret_address[0] == '\0' && clock_monotonic_ms() - begin_ms < PATIENCE_MS);
    cr_assert(ne(str, ret_address, ""), "no address for '%s'", name);
}

static void attach_named(const char *instance, int netns_fd, const char *name)
{
    struct string_list names = {&name, 1};
    struct endpoint_spec spec = {.network = "default", .names = names};
    struct error err = {0};

    cr_assert(net_attach(world.net, instance, netns_fd, &spec, 1, &err) == 0, "%s", err.text);
    net_set_rank(world.net, instance, NAME_READY);
}

Test(net_worker, a_container_reaches_another_machine)
{
    scoped_fd int ns = world_container();
    scoped_fd int server_listen_fd = world_listen(lan_ns, "0.0.0.0", 80);
    scoped_fd int client_fd = -1;
    scoped_fd int server_fd = -1;
    char peer[16];

    attach_named("web-1", ns, "web");
    flush();
    resolve_patiently(ns, "web", peer);
    client_fd = connect_patiently(ns, LAN_ADDRESS, 80);
    server_fd = accept_from(server_listen_fd, peer);
    cr_expect(eq(str, peer, HOST_ADDRESS));
    cr_expect(world_carries(client_fd, server_fd));
    cr_expect(world_carries(server_fd, client_fd));
}

Test(net_worker, a_container_does_not_reach_what_the_host_serves_for_itself)
{
    scoped_fd int ns = world_container();
    scoped_fd int server_listen_fd = world_listen(-1, HOST_ADDRESS, 9090);
    scoped_fd int client_fd = -1;
    struct pollfd connection = {.events = POLLIN};
    char peer[16];

    attach_named("web-1", ns, "web");
    flush();
    resolve_patiently(ns, "web", peer);
    client_fd = world_connect(ns, HOST_ADDRESS, 9090);
    if (client_fd >= 0) { /* accepted by the worker, then reset */
        connection.fd = client_fd;
        cr_expect(eq(int, poll(&connection, 1, PATIENCE_MS), 1));
        cr_expect(le(int, (int)recv(client_fd, peer, 1, 0), 0));
    }
    connection.fd = server_listen_fd;
    cr_expect(eq(int, poll(&connection, 1, 0), 0));
}

Test(net_worker, a_container_finds_another_by_its_name)
{
    scoped_fd int web_ns = world_container();
    scoped_fd int api_ns = world_container();
    char expected[16], address[16];

    attach_named("web-1", web_ns, "web");
    attach_named("api-1", api_ns, "api");
    flush();
    resolve_patiently(web_ns, "api", address);
    (void)world_address(&world, "api-1", "default", expected);
    cr_expect(strcmp(address, expected) == 0, "'%s' instead of '%s'", address, expected);
}

Test(net_worker, a_hidden_name_is_not_found)
{
    const char *declared = "api";
    scoped_fd int web_ns = world_container();
    scoped_fd int api_ns = world_container();
    scoped_fd int last_ns = world_container();
    char address[16];

    attach_named("web-1", web_ns, "web");
    attach_named("api-1", api_ns, "api");
    net_declare_names(world.net, (struct string_list){&declared, 1});
    net_set_rank(world.net, "api-1", NAME_HIDDEN);
    attach_named("last-1", last_ns, "last");
    flush();
    resolve_patiently(web_ns, "last", address);
    resolve(web_ns, "api", address);
    cr_expect(eq(str, address, ""));
}

Test(net_worker, a_connection_outlives_the_supervisor)
{
    scoped_fd int ns = world_container();
    scoped_fd int server_listen_fd = -1;
    scoped_fd int client_fd = -1;
    scoped_fd int server_fd = -1;
    scoped_fd int second_fd = -1;
    scoped_fd int router_fd = -1;
    char peer[16];

    world_attach(&world, "web-1", ns, "default");
    publish("web-1", &web_port);
    server_listen_fd = world_listen(ns, "0.0.0.0", 80);
    client_fd = connect_patiently(-1, "127.0.0.1", 8080);
    server_fd = accept_from(server_listen_fd, peer);

    router_fd = fcntl(net_router_fd(world.net), F_DUPFD_CLOEXEC, 3);
    net_free(world.net);
    world_open(&world, steal_fd(&router_fd));
    world_add_network(&world, "default", false);
    attach_named("web-1", ns, "web");
    publish("web-1", &web_port);
    cr_expect(world_carries(client_fd, server_fd));
    cr_expect(world_carries(server_fd, client_fd));
    second_fd = connect_patiently(-1, "127.0.0.1", 8080);
    cr_expect(ge(int, second_fd, 0));
    resolve_patiently(ns, "web", peer);
}

Test(net_worker, everything_works_again_after_the_death_of_the_worker)
{
    scoped_fd int ns = world_container();
    scoped_fd int server_listen_fd = -1;
    scoped_fd int client_fd = -1;
    scoped_fd int server_fd = -1;
    char peer[16];
    int status;

    attach_named("web-1", ns, "web");
    publish("web-1", &web_port);
    server_listen_fd = world_listen(ns, "0.0.0.0", 80);
    cr_assert(kill(worker, SIGKILL) == 0 && waitpid(worker, &status, 0) == worker);
    guard_end();
    worker_start();
    guard_start();
    flush();
    client_fd = connect_patiently(-1, "127.0.0.1", 8080);
    server_fd = accept_from(server_listen_fd, peer);
    cr_expect(world_carries(client_fd, server_fd));
    resolve_patiently(ns, "web", peer);
}

static bool is_refused_in_the_end(int port)
{
    uint64_t begin_ms = clock_monotonic_ms();

    while (clock_monotonic_ms() - begin_ms < PATIENCE_MS) {
        scoped_fd int fd = world_connect(-1, "127.0.0.1", port);

        if (fd < 0 && errno == ECONNREFUSED)
            return true;
    }
    return false;
}

Test(net_worker, a_closed_port_is_refused_and_stays_reserved)
{
    scoped_fd int ns = world_container();
    scoped_fd int server_listen_fd = -1;
    scoped_fd int client_fd = -1;
    struct error err = {0};

    world_attach(&world, "web-1", ns, "default");
    publish("web-1", &web_port);
    server_listen_fd = world_listen(ns, "0.0.0.0", 80);
    client_fd = connect_patiently(-1, "127.0.0.1", 8080);
    net_port_close(world.net, "web-1", &web_port);
    flush();
    cr_expect(is_refused_in_the_end(8080));
    cr_expect(eq(int, net_port_check(&web_port, &err), -1));
}

Test(net_worker, a_port_opens_again_beside_connections_of_before)
{
    scoped_fd int ns = world_container();
    scoped_fd int server_listen_fd = -1;
    scoped_fd int before_fd = -1;
    scoped_fd int after_fd = -1;
    struct error err = {0};

    world_attach(&world, "web-1", ns, "default");
    publish("web-1", &web_port);
    server_listen_fd = world_listen(ns, "0.0.0.0", 80);
    before_fd = connect_patiently(-1, "127.0.0.1", 8080);
    net_port_close(world.net, "web-1", &web_port);
    flush();
    cr_assert(is_refused_in_the_end(8080));
    cr_assert(net_port_open(world.net, "web-1", &web_port, &err) == 0, "%s", err.text);
    flush();
    after_fd = connect_patiently(-1, "127.0.0.1", 8080);
    cr_expect(ge(int, after_fd, 0));
}

Test(net_worker, who_asks_is_told_what_there_is_and_is_no_supervisor)
{
    scoped(arena_free) struct arena *arena = arena_new();
    scoped_fd int ns = world_container(), web_fd = -1;
    struct net_report *report;
    struct error err = {0};
    char address[16];

    world_attach(&world, "web-1", ns, "default");
    net_set_rank(world.net, "web-1", NAME_READY);
    publish("web-1", &web_port);
    web_fd = world_listen(ns, "0.0.0.0", 80);
    fd_close(connect_patiently(-1, "127.0.0.1", 8080));
    cr_assert(net_report_ask(world.run_fd, arena, &report, &err) == 0 && report, "%s", err.text);
    cr_expect(eq(sz, report->n_networks, 1));
    cr_expect_str_eq(report->networks[0].name, "default");
    cr_expect(eq(sz, report->n_members, 1));
    cr_expect_str_eq(report->members[0].address,
                     world_address(&world, "web-1", "default", address));
    cr_expect(eq(int, report->members[0].rank, NAME_READY));
    cr_expect(eq(sz, report->n_ports, 1));
    cr_expect_str_eq(report->ports[0].host.items[0], "0.0.0.0:8080");
    cr_expect(report->ports[0].open);
    cr_expect(report->ports[0].listening);
    /* The supervisor is still heard. */
    net_port_release(world.net, "web-1");
    flush();
    do
        cr_assert(net_report_ask(world.run_fd, arena, &report, &err) == 0 && report);
    while (report->n_ports > 0);
}

Test(net_worker, without_a_worker_there_is_no_report)
{
    scoped(arena_free) struct arena *arena = arena_new();
    struct net_report *report;
    struct error err = {0};
    int empty_fd = open("/proc/self/fdinfo", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    cr_expect(eq(int, net_report_ask(empty_fd, arena, &report, &err), 0), "%s", err.text);
    cr_expect(report == NULL);
    fd_close(empty_fd);
}
