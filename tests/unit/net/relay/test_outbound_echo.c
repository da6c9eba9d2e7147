/* SPDX-License-Identifier: Apache-2.0 */
/* The container's side is a ping socket of its own namespace: the kernel gives it what bears its
 * identifier alone, and tells it of errors about its requests. */
#include "net/relay/outbound_echo.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "common/fd.h"
#include "net/net_report.h"
#include "net/netns.h"
#include "tests/unit/net/relay/lab.h"
#include "tests/unit/net/relay/scene.h"

#define NOBODY_ADDRESS "198.51.100.77"
#define NOBODY_ADDRESS6 "2001:db8:51::77"

enum { ECHO_BYTES = 12 };

TestSuite(outbound_echo, .timeout = 120);

static void allow_pings(int netns_fd)
{
    static const struct netns_setting range = {"ipv4/ping_group_range", "0 2147483647"};
    scoped_visit struct netns_visit visit = NETNS_HOME;
    struct error err = {0};

    cr_assert(netns_enter(netns_fd, &visit, &err) == 0 && netns_set(&range, 1, &err) == 0, "%s",
              err.text);
}

/* The container's socket, which asks this address. */
static int pinger(const struct scene *scene, const char *address)
{
    static const int on = 1;
    bool v6 = strchr(address, ':') != NULL;
    int fd;

    allow_pings(scene->web_ns);
    fd = lab_socket(scene->web_ns, v6 ? AF_INET6 : AF_INET, SOCK_DGRAM,
                    v6 ? IPPROTO_ICMPV6 : IPPROTO_ICMP);
    cr_assert_eq(setsockopt(fd, v6 ? IPPROTO_IPV6 : IPPROTO_IP, v6 ? IPV6_RECVERR : IP_RECVERR, &on,
                            sizeof(on)),
                 0);
    cr_assert_eq(lab_connect(fd, address, 0), 0);
    return fd;
}

/* What a request of the sequence brings: 0, or errno. */
static int ping(int fd, uint8_t sequence)
{
    uint8_t request[ECHO_BYTES] = {8, 0, 0, 0, 0, 0, 0, sequence, 'd', 'a', 't', 'a'};
    uint8_t reply[64] = {0};
    socklen_t length = sizeof(int);
    int family = AF_UNSPEC;

    cr_assert_eq(getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &family, &length), 0);
    if (family == AF_INET6)
        request[0] = 128;
    cr_assert_eq(send(fd, request, sizeof(request), 0), ECHO_BYTES, "%s", strerror(errno));
    if (recv(fd, reply, sizeof(reply), 0) < 0)
        return errno;
    cr_expect_eq(reply[0], family == AF_INET6 ? 129 : 0);
    cr_expect_eq(reply[7], sequence);
    cr_expect_eq(memcmp(reply + 8, "data", 4), 0);
    return 0;
}

static struct net_report *report_of(const struct scene *scene, struct arena *arena)
{
    struct net_report *report = NULL;
    struct error err = {0};

    cr_assert(net_report_ask(scene->world.run_fd, arena, &report, &err) == 0 && report, "%s",
              err.text);
    return report;
}

Test(outbound_echo, another_machine_answers_each_request_once)
{
    scoped(arena_free) struct arena *arena = arena_new();
    scoped_fd int fd = -1;
    struct scene scene;

    scene_open(&scene, false);
    allow_pings(scene.host_ns);
    scene_settle(&scene);
    fd = pinger(&scene, LAN_ADDRESS);
    for (uint8_t sequence = 1; sequence < 5; sequence++)
        cr_expect_eq(ping(fd, sequence), 0);
    cr_expect_eq(report_of(&scene, arena)->outbound_pings, 1);
    cr_expect(report_of(&scene, arena)->may_ping);
    scene_close(&scene);
}

Test(outbound_echo, without_permission_there_is_a_refusal_at_once)
{
    scoped(arena_free) struct arena *arena = arena_new();
    scoped_fd int fd = -1;
    struct scene scene;

    scene_open(&scene, false);
    scene_settle(&scene);
    fd = pinger(&scene, LAN_ADDRESS);
    cr_expect_eq(ping(fd, 1), EHOSTUNREACH);
    cr_expect_not(report_of(&scene, arena)->may_ping);
    scene_close(&scene);
}

Test(outbound_echo, the_hosts_own_address_is_refused)
{
    scoped_fd int fd = -1;
    struct scene scene;

    scene_open(&scene, false);
    allow_pings(scene.host_ns);
    scene_settle(&scene);
    fd = pinger(&scene, HOST_ADDRESS);
    cr_expect_eq(ping(fd, 1), EHOSTUNREACH);
    scene_close(&scene);
}

Test(outbound_echo, the_host_answers_at_the_reserved_address_who_may)
{
    const struct view_spec view = {.host_access = HOST_ACCESS_OWN};
    scoped_fd int fd = -1;
    struct scene scene;

    scene_open(&scene, false);
    allow_pings(scene.host_ns);
    scene_settle(&scene);
    fd = pinger(&scene, HOST_GATEWAY_ADDRESS);
    cr_expect_eq(ping(fd, 1), EHOSTUNREACH);
    net_set_view(scene.world.net, "web-1", &view);
    scene_settle(&scene);
    cr_expect_eq(ping(fd, 2), 0);
    scene_close(&scene);
}

Test(outbound_echo, the_gateway_answers_whatever_is_permitted)
{
    scoped_fd int fd = -1;
    struct scene scene;

    scene_open(&scene, false);
    fd = pinger(&scene, net_gateway_of(scene.world.net, "default"));
    cr_expect_eq(ping(fd, 1), 0);
    cr_expect_eq(ping(fd, 2), 0);
    scene_close(&scene);
}

Test(outbound_echo, what_nobody_has_is_unreachable)
{
    scoped_fd int fd = -1;
    struct scene scene;

    scene_open(&scene, false);
    allow_pings(scene.host_ns);
    scene_settle(&scene);
    fd = pinger(&scene, NOBODY_ADDRESS);
    cr_expect_eq(ping(fd, 1), EHOSTUNREACH);
    scene_close(&scene);
}

Test(outbound_echo, another_machine_answers_by_ipv6)
{
    scoped_fd int fd = -1;
    struct scene scene;

    scene_open_ipv6(&scene, true);
    allow_pings(scene.host_ns);
    fd = pinger(&scene, LAN_ADDRESS6);
    for (uint8_t sequence = 1; sequence < 5; sequence++)
        cr_expect_eq(ping(fd, sequence), 0);
    scene_close(&scene);
}

Test(outbound_echo, what_nobody_has_is_unreachable_by_ipv6)
{
    scoped_fd int fd = -1;
    struct scene scene;

    scene_open_ipv6(&scene, true);
    allow_pings(scene.host_ns);
    fd = pinger(&scene, NOBODY_ADDRESS6);
    cr_expect_eq(ping(fd, 1), EHOSTUNREACH);
    scene_close(&scene);
}

Test(outbound_echo, without_permission_there_is_a_refusal_by_ipv6)
{
    scoped_fd int fd = -1;
    struct scene scene;

    scene_open_ipv6(&scene, true);
    fd = pinger(&scene, LAN_ADDRESS6);
    cr_expect_eq(ping(fd, 1), EACCES);
    scene_close(&scene);
}
