/* SPDX-License-Identifier: Apache-2.0 */
#include "net/relay/outbound_udp.h"

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/fd.h"
#include "common/process.h"
#include "tests/unit/net/net_world.h"
#include "tests/unit/net/relay/lab.h"
#include "tests/unit/net/relay/scene.h"

enum { SERVICE_PORT = 7, PATIENCE_MS = 5000 };

static struct inet_address parsed(const char *text, uint16_t port)
{
    struct inet_address address;

    cr_assert_eq(inet_address_parse(text, port, &address, NULL), 0);
    return address;
}

/* Messages are applied beside traffic: what was sent before they arrived is refused. Repeats the
 * text until it gets through; who it came from. */
static struct inet_address pass_datagram(int from_fd, int to_fd, const char *text)
{
    struct inet_address from = {0};

    for (int i = 0; i < PATIENCE_MS; i++) {
        struct pollfd readable = {.fd = to_fd, .events = POLLIN};
        socklen_t length = sizeof(from);
        char bytes[16] = "";

        cr_assert_eq(send(from_fd, text, strlen(text), 0), (ssize_t)strlen(text));
        if (poll(&readable, 1, 1) != 1)
            continue;
        cr_assert_gt(recvfrom(to_fd, bytes, sizeof(bytes) - 1, 0, &from.any, &length), 0);
        if (strcmp(bytes, text) == 0)
            return from;
    }
    cr_assert_fail("no datagram gets through");
    return from;
}

static void reply(int fd, const struct inet_address *to)
{
    cr_assert_eq(sendto(fd, "pong", 4, 0, &to->any, inet_address_length(to)), 4, "%s",
                 strerror(errno));
}

static bool is_same_host(const struct inet_address *address, const char *text)
{
    struct inet_address wanted = parsed(text, 0);

    return inet_address_same_host(address, &wanted);
}

Test(outbound_udp, a_datagram_reaches_another_machine_and_its_reply_comes_from_there)
{
    struct scene scene;
    scoped_fd int service_fd = -1, client_fd = -1;
    struct inet_address from;
    char bytes[16];

    scene_open(&scene, false);
    service_fd = lab_bound(scene.lan_ns, SOCK_DGRAM, LAN_ADDRESS, SERVICE_PORT);
    client_fd = lab_socket(scene.web_ns, AF_INET, SOCK_DGRAM, 0);
    cr_assert_eq(lab_connect(client_fd, LAN_ADDRESS, SERVICE_PORT), 0);
    from = pass_datagram(client_fd, service_fd, "ping");
    cr_expect(is_same_host(&from, HOST_ADDRESS));
    reply(service_fd, &from);
    /* The client's socket is connected: it takes nothing from elsewhere. */
    cr_expect_eq(recv(client_fd, bytes, sizeof(bytes), 0), 4, "%s", strerror(errno));
    scene_close(&scene);
}

Test(outbound_udp, two_clients_with_one_destination_get_their_own_replies)
{
    struct scene scene;
    scoped_fd int service_fd = -1, a_fd = -1, b_fd = -1;
    struct inet_address from_a, from_b;
    struct pollfd quiet = {.events = POLLIN};
    char bytes[16];

    scene_open(&scene, false);
    service_fd = lab_bound(scene.lan_ns, SOCK_DGRAM, LAN_ADDRESS, SERVICE_PORT);
    a_fd = lab_socket(scene.web_ns, AF_INET, SOCK_DGRAM, 0);
    b_fd = lab_socket(scene.web_ns, AF_INET, SOCK_DGRAM, 0);
    cr_assert_eq(lab_connect(a_fd, LAN_ADDRESS, SERVICE_PORT), 0);
    cr_assert_eq(lab_connect(b_fd, LAN_ADDRESS, SERVICE_PORT), 0);
    from_a = pass_datagram(a_fd, service_fd, "from a");
    from_b = pass_datagram(b_fd, service_fd, "from b");
    cr_expect_not(inet_address_equal(&from_a, &from_b));
    reply(service_fd, &from_b);
    cr_expect_eq(recv(b_fd, bytes, sizeof(bytes), 0), 4);
    quiet.fd = a_fd;
    cr_expect_eq(poll(&quiet, 1, 0), 0);
    scene_close(&scene);
}

Test(outbound_udp, the_hosts_own_services_are_not_reached)
{
    struct scene scene;
    scoped_fd int own_fd = -1, lan_fd = -1, to_host_fd = -1, to_lan_fd = -1;
    struct pollfd quiet = {.events = POLLIN};

    scene_open(&scene, false);
    own_fd = lab_bound(scene.host_ns, SOCK_DGRAM, HOST_ADDRESS, SERVICE_PORT);
    lan_fd = lab_bound(scene.lan_ns, SOCK_DGRAM, LAN_ADDRESS, SERVICE_PORT);
    to_host_fd = lab_socket(scene.web_ns, AF_INET, SOCK_DGRAM, 0);
    to_lan_fd = lab_socket(scene.web_ns, AF_INET, SOCK_DGRAM, 0);
    cr_assert_eq(lab_connect(to_host_fd, HOST_ADDRESS, SERVICE_PORT), 0);
    cr_assert_eq(lab_connect(to_lan_fd, LAN_ADDRESS, SERVICE_PORT), 0);
    (void)pass_datagram(to_lan_fd, lan_fd, "first");
    cr_assert_eq(send(to_host_fd, "ping", 4, 0), 4);
    (void)pass_datagram(to_lan_fd, lan_fd,
                        "second"); /* the same worker has seen the other before */
    quiet.fd = own_fd;
    cr_expect_eq(poll(&quiet, 1, 0), 0);
    scene_close(&scene);
}

Test(outbound_tcp, a_refused_connection_is_reset)
{
    struct scene scene;
    scoped_fd int listen_fd = -1, good_fd = -1, bad_fd = -1;
    char byte;
    int number;

    scene_open(&scene, false);
    listen_fd = lab_bound(scene.lan_ns, SOCK_STREAM, LAN_ADDRESS, SERVICE_PORT);
    cr_assert_eq(listen(listen_fd, 1), 0);
    good_fd = lab_connect_eventually(scene.web_ns, LAN_ADDRESS, SERVICE_PORT);
    bad_fd = lab_socket(scene.web_ns, AF_INET, SOCK_STREAM, 0);
    number = lab_connect(bad_fd, LAN_ADDRESS, SERVICE_PORT + 1);
    if (number == 0) {
        cr_expect_eq(recv(bad_fd, &byte, 1, 0), -1);
        number = errno;
    }
    cr_expect_eq(number, ECONNRESET);
    scene_close(&scene);
}

Test(outbound_tcp, a_container_reaches_its_own_projects_published_port_by_the_hosts_address)
{
    static const struct port_spec port = {.host_port = 8080, .container_port = 80};
    struct scene scene;
    struct error err = {0};
    scoped_fd int listen_fd = -1, client_fd = -1, server_fd = -1;
    uint16_t host_port;

    scene_open(&scene, false);
    listen_fd = world_listen(scene.web_ns, "0.0.0.0", 80);
    cr_assert(net_port_reserve(scene.world.net, "web-1", &port, &host_port, &err) == 0 &&
                  net_port_open(scene.world.net, "web-1", &port, &err) == 0,
              "%s", err.text);
    scene_flush(&scene);
    fd_close(lab_connect_eventually(scene.host_ns, "127.0.0.1", 8080));
    fd_close(accept4(listen_fd, NULL, NULL, SOCK_CLOEXEC));
    client_fd = lab_connect_eventually(scene.web_ns, HOST_ADDRESS, 8080);
    server_fd = accept4(listen_fd, NULL, NULL, SOCK_CLOEXEC);
    cr_expect(world_carries(client_fd, server_fd));
    cr_expect(world_carries(server_fd, client_fd));
    scene_close(&scene);
}

/* What "web-1" gets at the reserved address while one service of the host listens on `bound_to`. */
static int connect_to_host(struct scene *scene, enum host_access access, const char *bound_to)
{
    scoped_fd int listen_fd = lab_bound(scene->host_ns, SOCK_STREAM, bound_to, SERVICE_PORT);
    scoped_fd int client_fd = lab_socket(scene->web_ns, AF_INET, SOCK_STREAM, 0);
    scoped_fd int server_fd = -1;
    struct view_spec view = {.host_access = (int)access};
    struct pollfd arrival = {.events = POLLIN};

    cr_assert_eq(listen(listen_fd, 1), 0);
    net_set_view(scene->world.net, "web-1", &view);
    scene_settle(scene);
    if (lab_connect(client_fd, HOST_GATEWAY_ADDRESS, SERVICE_PORT) != 0)
        return -1;
    arrival.fd = listen_fd;
    if (poll(&arrival, 1, 500) != 1)
        return -1;
    server_fd = accept4(listen_fd, NULL, NULL, SOCK_CLOEXEC);
    cr_expect(world_carries(client_fd, server_fd));
    cr_expect(world_carries(server_fd, client_fd));
    return 0;
}

Test(outbound_tcp, a_container_that_may_reaches_the_hosts_own_address)
{
    struct scene scene;

    scene_open(&scene, false);
    cr_expect_eq(connect_to_host(&scene, HOST_ACCESS_OWN, "0.0.0.0"), 0);
    cr_expect_eq(connect_to_host(&scene, HOST_ACCESS_OWN, HOST_ADDRESS), 0);
    scene_close(&scene);
}

Test(outbound_tcp, a_container_that_may_not_does_not_reach_the_host)
{
    struct scene scene;

    scene_open(&scene, false);
    cr_expect_eq(connect_to_host(&scene, HOST_ACCESS_NONE, "0.0.0.0"), -1);
    cr_expect_eq(connect_to_host(&scene, HOST_ACCESS_OWN, "0.0.0.0"), 0);
    cr_expect_eq(connect_to_host(&scene, HOST_ACCESS_NONE, "0.0.0.0"), -1);
    scene_close(&scene);
}

Test(outbound_tcp, the_hosts_loopback_is_reached_only_when_that_is_said)
{
    struct scene scene;

    scene_open(&scene, false);
    cr_expect_eq(connect_to_host(&scene, HOST_ACCESS_OWN, "127.0.0.1"), -1);
    cr_expect_eq(connect_to_host(&scene, HOST_ACCESS_LOOPBACK, "127.0.0.1"), 0);
    scene_close(&scene);
}

Test(outbound_udp, the_hosts_answer_comes_from_the_address_that_was_asked)
{
    struct scene scene;
    struct view_spec view = {.host_access = HOST_ACCESS_OWN};
    scoped_fd int service_fd = -1, client_fd = -1;
    struct inet_address from;
    char bytes[16];

    scene_open(&scene, false);
    service_fd = lab_bound(scene.host_ns, SOCK_DGRAM, HOST_ADDRESS, SERVICE_PORT);
    client_fd = lab_socket(scene.web_ns, AF_INET, SOCK_DGRAM, 0);
    net_set_view(scene.world.net, "web-1", &view);
    scene_flush(&scene);
    cr_assert_eq(lab_connect(client_fd, HOST_GATEWAY_ADDRESS, SERVICE_PORT), 0);
    from = pass_datagram(client_fd, service_fd, "ping");
    cr_expect(is_same_host(&from, HOST_ADDRESS));
    reply(service_fd, &from);
    cr_expect_eq(recv(client_fd, bytes, sizeof(bytes), 0), 4, "%s", strerror(errno));
    scene_close(&scene);
}

Test(ipv6, a_container_reaches_another_machine)
{
    struct scene scene;
    scoped_fd int listen_fd = -1, client_fd = -1, server_fd = -1;
    struct inet_address from;

    scene_open_ipv6(&scene, false);
    listen_fd = lab_bound(scene.lan_ns, SOCK_STREAM, LAN_ADDRESS6, SERVICE_PORT);
    cr_assert_eq(listen(listen_fd, 1), 0);
    client_fd = lab_connect_eventually(scene.web_ns, LAN_ADDRESS6, SERVICE_PORT);
    server_fd = accept4(listen_fd, NULL, NULL, SOCK_CLOEXEC);
    cr_expect(world_carries(client_fd, server_fd));
    cr_expect(world_carries(server_fd, client_fd));
    cr_expect(inet_address_peer(server_fd, &from) && is_same_host(&from, HOST_ADDRESS6));
    scene_close(&scene);
}

Test(ipv6, a_datagram_reaches_another_machine_and_its_reply_comes_from_there)
{
    struct scene scene;
    scoped_fd int service_fd = -1, client_fd = -1;
    struct inet_address from;
    char bytes[16];

    scene_open_ipv6(&scene, true);
    service_fd = lab_bound(scene.lan_ns, SOCK_DGRAM, LAN_ADDRESS6, SERVICE_PORT);
    client_fd = lab_socket(scene.web_ns, AF_INET6, SOCK_DGRAM, 0);
    cr_assert_eq(lab_connect(client_fd, LAN_ADDRESS6, SERVICE_PORT), 0);
    from = pass_datagram(client_fd, service_fd, "ping");
    cr_expect(is_same_host(&from, HOST_ADDRESS6));
    reply(service_fd, &from);
    cr_expect_eq(recv(client_fd, bytes, sizeof(bytes), 0), 4, "%s", strerror(errno));
    scene_close(&scene);
}

Test(ipv6, the_hosts_own_address_is_not_reached)
{
    struct scene scene;
    scoped_fd int own_fd = -1, lan_fd = -1, client_fd = -1;
    struct pollfd quiet = {.events = POLLIN};

    scene_open_ipv6(&scene, true);
    own_fd = lab_bound(scene.host_ns, SOCK_STREAM, HOST_ADDRESS6, SERVICE_PORT);
    lan_fd = lab_bound(scene.lan_ns, SOCK_STREAM, LAN_ADDRESS6, SERVICE_PORT);
    cr_assert(listen(own_fd, 1) == 0 && listen(lan_fd, 1) == 0);
    fd_close(lab_connect_eventually(scene.web_ns, LAN_ADDRESS6, SERVICE_PORT));
    client_fd = lab_socket(scene.web_ns, AF_INET6, SOCK_STREAM, 0);
    (void)lab_connect(client_fd, HOST_ADDRESS6, SERVICE_PORT);
    quiet.fd = own_fd;
    cr_expect_eq(poll(&quiet, 1, 200), 0);
    scene_close(&scene);
}

/* A client of another machine at the host's port 8080; whom the container sees. */
static struct inet_address client_seen(struct scene *scene, const char *client, const char *host)
{
    static const struct port_spec port = {.host_port = 8080, .container_port = 80};
    scoped_fd int listen_fd = lab_bound(scene->web_ns, SOCK_STREAM, "::", 80);
    scoped_fd int client_fd = -1, server_fd = -1;
    struct inet_address from = {0};
    struct error err = {0};
    uint16_t host_port;

    cr_assert_eq(listen(listen_fd, 8), 0);
    cr_assert(net_port_reserve(scene->world.net, "web-1", &port, &host_port, &err) == 0 &&
                  net_port_open(scene->world.net, "web-1", &port, &err) == 0,
              "%s", err.text);
    scene_flush(scene);
    client_fd = lab_connect_eventually(scene->lan_ns, host, 8080);
    server_fd = accept4(listen_fd, NULL, NULL, SOCK_CLOEXEC);
    cr_expect(world_carries(client_fd, server_fd));
    cr_expect(world_carries(server_fd, client_fd));
    cr_assert(inet_address_peer(server_fd, &from));
    cr_expect(is_same_host(&from, client));
    return from;
}

Test(ipv6, a_client_is_seen_with_its_address_where_there_is_ipv6_alone)
{
    struct scene scene;

    scene_open_ipv6(&scene, true);
    (void)client_seen(&scene, LAN_ADDRESS6, HOST_ADDRESS6);
    scene_close(&scene);
}

Test(ipv6, a_client_of_the_other_family_is_seen_as_the_gateway)
{
    struct scene scene;

    scene_open_ipv6(&scene, true);
    (void)client_seen(&scene, "fd00:89::1", HOST_ADDRESS);
    scene_close(&scene);
}

Test(ipv6, an_address_can_be_used_at_once)
{
    struct scene scene;

    scene_open_ipv6(&scene, true);
    fd_close(lab_bound(scene.web_ns, SOCK_STREAM, WEB_ADDRESS6, 80));
    scene_close(&scene);
}

/* A neighbour that is asked for a second time, or a SYN that is sent again, takes a second. */
enum { FIRST_TRY_MS = 900 };

Test(ipv6, containers_reach_each_other)
{
    const struct endpoint_spec spec = {.network = "six"};
    struct scene scene;
    scoped_fd int api_ns = -1, listen_fd = -1, client_fd = -1;
    uint64_t before_ms, took_ms;
    struct error err = {0};

    scene_open_ipv6(&scene, true);
    api_ns = world_container();
    cr_assert(net_attach(scene.world.net, "api-1", api_ns, &spec, 1, &err) == 0, "%s", err.text);
    listen_fd = lab_bound(scene.web_ns, SOCK_STREAM, WEB_ADDRESS6, 80);
    cr_assert_eq(listen(listen_fd, 1), 0);
    client_fd = lab_socket(api_ns, AF_INET6, SOCK_STREAM, 0);
    before_ms = clock_monotonic_ms();
    cr_expect_eq(lab_connect(client_fd, WEB_ADDRESS6, 80), 0);
    took_ms = clock_monotonic_ms() - before_ms;
    cr_expect_lt(took_ms, FIRST_TRY_MS, "%u ms", (unsigned)took_ms);
    scene_close(&scene);
}

Test(outbound_tcp, nothing_leaves_an_internal_network)
{
    struct scene scene;
    scoped_fd int listen_fd = -1;
    struct pollfd quiet = {.events = POLLIN};
    int fd;

    scene_open(&scene, true);
    listen_fd = lab_bound(scene.lan_ns, SOCK_STREAM, LAN_ADDRESS, SERVICE_PORT);
    cr_assert_eq(listen(listen_fd, 1), 0);
    fd = world_connect(scene.web_ns, LAN_ADDRESS, SERVICE_PORT);
    cr_expect_lt(fd, 0);
    quiet.fd = listen_fd;
    cr_expect_eq(poll(&quiet, 1, 0), 0);
    scene_close(&scene);
}

Test(udp_port, a_client_of_another_machine_is_seen_with_its_address)
{
    static const struct port_spec port = {.host_port = 5353, .container_port = 5300, .udp = true};
    struct scene scene;
    struct error err = {0};
    scoped_fd int service_fd = -1, client_fd = -1;
    struct inet_address from;
    uint16_t host_port;
    char bytes[16];

    scene_open(&scene, false);
    service_fd = lab_bound(scene.web_ns, SOCK_DGRAM, "0.0.0.0", 5300);
    cr_assert(net_port_reserve(scene.world.net, "web-1", &port, &host_port, &err) == 0 &&
                  net_port_open(scene.world.net, "web-1", &port, &err) == 0,
              "%s", err.text);
    scene_flush(&scene);
    client_fd = lab_socket(scene.lan_ns, AF_INET, SOCK_DGRAM, 0);
    cr_assert_eq(lab_connect(client_fd, HOST_ADDRESS, 5353), 0);
    from = pass_datagram(client_fd, service_fd, "ping");
    cr_expect(is_same_host(&from, LAN_ADDRESS));
    reply(service_fd, &from);
    cr_expect_eq(recv(client_fd, bytes, sizeof(bytes), 0), 4, "%s", strerror(errno));
    scene_close(&scene);
}
