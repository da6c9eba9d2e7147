/* SPDX-License-Identifier: Apache-2.0 */
#include "net/router.h"

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>

#include "common/fd.h"
#include "net/link.h"
#include "net/netns.h"
#include "net/worker_protocol.h"
#include "tests/unit/net/net_world.h"

/* The tests play the worker: sockets in the router namespace, as net/worker_protocol.h promises
 * them. */

static struct world world;

static void setup(void)
{
    world_setup(&world);
}

static void teardown(void)
{
    world_teardown(&world);
}

TestSuite(router, .init = setup, .fini = teardown);

static struct sockaddr_in address_of(const char *text, int port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};

    cr_assert(inet_pton(AF_INET, text, &address.sin_addr) == 1);
    return address;
}

static int transparent_socket(int type, const char *address, int port)
{
    scoped_visit struct netns_visit visit = NETNS_HOME;
    struct sockaddr_in self = address_of(address, port);
    int one = 1;
    int fd;

    cr_assert(netns_enter(net_router_fd(world.net), &visit, NULL) == 0);
    fd = socket(AF_INET, type | SOCK_CLOEXEC, 0);
    cr_assert(setsockopt(fd, IPPROTO_IP, IP_TRANSPARENT, &one, sizeof(one)) == 0);
    cr_assert(bind(fd, (struct sockaddr *)&self, sizeof(self)) == 0, "%s", strerror(errno));
    return fd;
}

static int tproxy_listener(void)
{
    int fd = transparent_socket(SOCK_STREAM, "0.0.0.0", ROUTER_TPROXY_PORT);

    cr_assert(listen(fd, 16) == 0);
    return fd;
}

static bool is_readable(int fd, int wait_ms)
{
    struct pollfd readable = {.fd = fd, .events = POLLIN};

    return poll(&readable, 1, wait_ms) == 1;
}

/* A route that a container with privilege may set by itself. */
static void force_default_route(int netns_fd, const char *gateway)
{
    scoped(netlink_batch_free) struct netlink_batch *batch = netlink_batch_new();
    scoped(netlink_free) struct netlink *netlink = NULL;
    struct error err = {0};
    uint32_t address;
    int ifindex;

    {
        scoped_visit struct netns_visit visit = NETNS_HOME;

        cr_assert(netns_enter(netns_fd, &visit, &err) == 0, "%s", err.text);
        cr_assert(netlink_open(NETLINK_ROUTE, &netlink, &err) == 0, "%s", err.text);
    }
    cr_assert(link_find(netlink, "eth0", &ifindex, &err) == 0 && ipv4_parse(gateway, &address));
    link_batch_route(batch, ifindex, (struct ipv4_prefix){0, 0}, address);
    cr_assert(netlink_send(netlink, batch, NULL, &err) == 0, "%s", err.text);
}

Test(router, outbound_tcp_reaches_the_listener_with_its_destination)
{
    scoped_fd int ns = world_container();
    scoped_fd int listen_fd = -1;
    scoped_fd int client_fd = -1;
    scoped_fd int server_fd = -1;
    struct sockaddr_in wanted = address_of("198.51.100.1", 443);
    struct sockaddr_in destination = {0};
    socklen_t length = sizeof(destination);

    world_add_network(&world, "default", false);
    world_attach(&world, "web-1", ns, "default");
    listen_fd = tproxy_listener();
    client_fd = world_connect(ns, "198.51.100.1", 443);
    cr_assert(ge(int, client_fd, 0), "%s", strerror(errno));
    server_fd = accept4(listen_fd, NULL, NULL, SOCK_CLOEXEC);
    cr_assert(getsockname(server_fd, (struct sockaddr *)&destination, &length) == 0);
    cr_expect(eq(u32, destination.sin_addr.s_addr, wanted.sin_addr.s_addr));
    cr_expect(eq(int, ntohs(destination.sin_port), 443));
    cr_expect(world_carries(client_fd, server_fd));
    cr_expect(world_carries(server_fd, client_fd));
}

Test(router, outbound_udp_reaches_the_socket_and_is_answered_from_its_destination)
{
    scoped_fd int ns = world_container();
    scoped_fd int flow_fd = -1;
    scoped_fd int client_fd = -1;
    scoped_fd int listen_fd = -1;
    struct sockaddr_in wanted = address_of("198.51.100.1", 53);
    struct sockaddr_in client = {0};
    socklen_t length = sizeof(client);
    char byte = 'q';

    world_add_network(&world, "default", false);
    world_attach(&world, "web-1", ns, "default");
    listen_fd = transparent_socket(SOCK_DGRAM, "0.0.0.0", ROUTER_TPROXY_PORT);
    {
        scoped_visit struct netns_visit visit = NETNS_HOME;

        cr_assert(netns_enter(ns, &visit, NULL) == 0);
        client_fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    }
    cr_assert(connect(client_fd, (struct sockaddr *)&wanted, sizeof(wanted)) == 0);
    cr_assert(send(client_fd, &byte, 1, 0) == 1);
    cr_assert(is_readable(listen_fd, 2000));
    cr_assert(recvfrom(listen_fd, &byte, 1, 0, (struct sockaddr *)&client, &length) == 1);

    flow_fd = transparent_socket(SOCK_DGRAM, "198.51.100.1", 53);
    cr_assert(connect(flow_fd, (struct sockaddr *)&client, length) == 0);
    byte = 'y';
    cr_assert(send(flow_fd, &byte, 1, 0) == 1);
    cr_expect(is_readable(client_fd, 2000));
    cr_expect(world_carries(client_fd, flow_fd));
}

Test(router, a_relay_socket_speaks_with_the_address_of_its_client)
{
    scoped_fd int ns = world_container();
    scoped_fd int listen_fd = -1;
    scoped_fd int relay_fd = -1;
    scoped_fd int server_fd = -1;
    struct sockaddr_in target, peer = {0};
    socklen_t length = sizeof(peer);
    char address[16];

    world_add_network(&world, "default", false);
    world_attach(&world, "web-1", ns, "default");
    target = address_of(world_address(&world, "web-1", "default", address), 80);
    listen_fd = world_listen(ns, "0.0.0.0", 80);
    relay_fd = transparent_socket(SOCK_STREAM, "203.0.113.9", 5555);
    cr_assert(connect(relay_fd, (struct sockaddr *)&target, sizeof(target)) == 0, "%s",
              strerror(errno));
    server_fd = accept4(listen_fd, (struct sockaddr *)&peer, &length, SOCK_CLOEXEC);
    cr_expect(eq(u32, ntohl(peer.sin_addr.s_addr), 0xcb007109));
    cr_expect(world_carries(server_fd, relay_fd));
}

Test(router, a_relay_socket_without_the_address_of_a_client_works_on_an_internal_network)
{
    scoped_fd int ns = world_container();
    scoped_fd int listen_fd = -1;
    scoped_fd int relay_fd = -1;
    scoped_fd int server_fd = -1;
    char address[16];

    world_add_network(&world, "back", true);
    world_attach(&world, "db-1", ns, "back");
    listen_fd = world_listen(ns, "0.0.0.0", 5432);
    relay_fd = world_connect(net_router_fd(world.net),
                             world_address(&world, "db-1", "back", address), 5432);
    cr_assert(ge(int, relay_fd, 0), "%s", strerror(errno));
    server_fd = accept4(listen_fd, NULL, NULL, SOCK_CLOEXEC);
    cr_expect(world_carries(server_fd, relay_fd));
}

Test(router, a_container_that_gives_itself_a_route_stays_inside_an_internal_network)
{
    scoped_fd int ns = world_container();
    scoped_fd int listen_fd = -1;

    world_add_network(&world, "back", true);
    world_attach(&world, "db-1", ns, "back");
    listen_fd = tproxy_listener();
    force_default_route(ns, net_gateway_of(world.net, "back"));
    cr_expect(eq(int, world_connect(ns, "198.51.100.1", 443), -1));
    cr_expect(eq(int, world_connect(ns, "198.51.100.1", ROUTER_TPROXY_PORT), -1));
    cr_expect(not(is_readable(listen_fd, 0)));
}

Test(router, the_listener_is_not_reached_by_its_own_address)
{
    scoped_fd int ns = world_container();
    scoped_fd int listen_fd = -1;

    world_add_network(&world, "default", false);
    world_attach(&world, "web-1", ns, "default");
    listen_fd = tproxy_listener();
    cr_expect(
        eq(int, world_connect(ns, net_gateway_of(world.net, "default"), ROUTER_TPROXY_PORT), -1));
    cr_expect(not(is_readable(listen_fd, 0)));
}

Test(router, an_address_of_another_network_never_reaches_the_listener)
{
    scoped_fd int ns = world_container();
    scoped_fd int other_ns = world_container();
    scoped_fd int listen_fd = -1;
    char address[16];

    world_add_network(&world, "front", false);
    world_add_network(&world, "back", true);
    world_attach(&world, "web-1", ns, "front");
    world_attach(&world, "db-1", other_ns, "back");
    listen_fd = tproxy_listener();
    cr_expect(eq(int, world_connect(ns, world_address(&world, "db-1", "back", address), 5432), -1));
    cr_expect(not(is_readable(listen_fd, 0)));
}

Test(router, a_closed_port_of_the_gateway_is_refused)
{
    scoped_fd int ns = world_container();

    world_add_network(&world, "default", false);
    world_attach(&world, "web-1", ns, "default");
    cr_expect(eq(int, world_connect(ns, net_gateway_of(world.net, "default"), 8080), -1));
    cr_expect(eq(int, errno, ECONNREFUSED));
}
