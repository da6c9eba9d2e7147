/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/net/relay/scene.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/fd.h"
#include "common/fd_message.h"
#include "common/process.h"
#include "net/bridge.h"
#include "net/endpoint.h"
#include "net/link.h"
#include "net/network.h"
#include "tests/unit/net/relay/lab.h"

/* Another machine on the host's network. */
static void lan_open(struct scene *scene)
{
    scoped(netlink_free) struct netlink *netlink = NULL;
    struct network_pool pool = {{0xc6336400, 24}, 0xc6336401};
    struct network_v6 v6 = {0};
    struct bridge_spec bridge = {"lan", pool.gateway, 1500, &pool, 1, &v6};
    struct endpoint machine = {.network = "lan",
                               .address = 0xc6336402,
                               .prefix_length = 24,
                               .prefix_length6 = 64,
                               .mac = {2, 0, 0, 0, 0, 2},
                               .mtu = 1500};
    scoped(netlink_batch_free) struct netlink_batch *batch = netlink_batch_new();
    const struct ipv6_prefix everything = {0};
    struct error err = {0};

    cr_assert(ipv6_parse(HOST_ADDRESS6, &v6.gateway) &&
              ipv6_prefix_parse(HOST_ADDRESS6 "/64", &v6.subnet) &&
              ipv6_parse(LAN_ADDRESS6, &machine.address6));
    scene->lan_ns = world_container();
    cr_assert(netlink_open(NETLINK_ROUTE, &netlink, &err) == 0 &&
                  bridge_make(netlink, &bridge, &machine.bridge_ifindex, &err) == 0 &&
                  endpoints_make(netlink, scene->lan_ns, &machine, 1, &err) == 0,
              "%s", err.text);
    link_batch_route6(batch, machine.bridge_ifindex, &everything, &machine.address6);
    cr_assert(netlink_send(netlink, batch, NULL, &err) == 0, "%s", err.text);
}

void scene_flush(struct scene *scene)
{
    struct error err = {0};
    uint64_t retry_ms;

    do
        cr_assert(net_flush(scene->world.net, clock_monotonic_ms(), &retry_ms, &err) == 0, "%s",
                  err.text);
    while (retry_ms != 0);
}

void scene_open(struct scene *scene, bool internal)
{
    struct error err = {0};

    world_setup(&scene->world);
    scene->host_ns = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
    lan_open(scene);
    cr_assert(fd_message_listen(scene->world.run_fd, "net.sock", &scene->listen_fd, &err) == 0,
              "%s", err.text);
    scene->worker = lab_spawn_worker(scene->listen_fd);
    world_add_network(&scene->world, "default", internal);
    scene->web_ns = world_container();
    world_attach(&scene->world, "web-1", scene->web_ns, "default");
    scene_flush(scene);
}

void scene_close(struct scene *scene)
{
    int status = -1;

    net_destroy(steal(scene->world.net));
    cr_assert_eq(waitpid(scene->worker, &status, 0), scene->worker);
    cr_expect_eq(status, 0);
    fd_close(scene->listen_fd);
    fd_close(scene->web_ns);
    fd_close(scene->lan_ns);
    fd_close(scene->host_ns);
    world_teardown(&scene->world);
}

/* Messages are applied in their order: a port that opens and closes again shows that what was said
 * before holds. */
void scene_settle(struct scene *scene)
{
    static const struct port_spec port = {.host_port = 8080, .container_port = 80};
    scoped_fd int listen_fd = lab_bound(scene->web_ns, SOCK_STREAM, "::", 80);
    struct error err = {0};
    uint16_t host_port;

    cr_assert_eq(listen(listen_fd, 1), 0);
    cr_assert(net_port_reserve(scene->world.net, "web-1", &port, &host_port, &err) == 0 &&
                  net_port_open(scene->world.net, "web-1", &port, &err) == 0,
              "%s", err.text);
    scene_flush(scene);
    fd_close(lab_connect_eventually(scene->host_ns, "127.0.0.1", 8080));
    net_port_close(scene->world.net, "web-1", &port);
    scene_flush(scene);
    lab_refused_eventually(scene->host_ns, "127.0.0.1", 8080);
}

void scene_open_ipv6(struct scene *scene, bool alone)
{
    const struct network_spec network = {
        .name = "six", .ipv6 = true, .no_ipv4 = alone, .subnet6 = "fd00:89::/64"};
    const struct endpoint_spec spec = {.network = "six", .ipv6_address = WEB_ADDRESS6};
    struct error err = {0};

    scene_open(scene, false);
    net_detach(scene->world.net, "web-1");
    fd_close(scene->web_ns);
    scene->web_ns = world_container();
    cr_assert(net_add_network(scene->world.net, &network, &err) == 0 &&
                  net_attach(scene->world.net, "web-1", scene->web_ns, &spec, 1, &err) == 0,
              "%s", err.text);
    scene_settle(scene);
}
