/* SPDX-License-Identifier: Apache-2.0 */
#include "net/net.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/fd.h"
#include "common/process.h"
#include "tests/unit/net/net_world.h"

static struct world world;

static void setup(void)
{
    world_setup(&world);
}

static void teardown(void)
{
    world_teardown(&world);
}

TestSuite(net, .init = setup, .fini = teardown);

Test(net, containers_of_a_network_reach_each_other)
{
    scoped_fd int api_ns = world_container();
    scoped_fd int web_ns = world_container();
    scoped_fd int listen_fd = -1;
    scoped_fd int client_fd = -1;
    scoped_fd int server_fd = -1;
    char address[16];

    world_add_network(&world, "default", false);
    world_attach(&world, "api-1", api_ns, "default");
    world_attach(&world, "web-1", web_ns, "default");
    listen_fd = world_listen(api_ns, "0.0.0.0", 80);
    client_fd = world_connect(web_ns, world_address(&world, "api-1", "default", address), 80);
    cr_assert(ge(int, client_fd, 0));
    server_fd = accept4(listen_fd, NULL, NULL, SOCK_CLOEXEC);
    cr_expect(world_carries(client_fd, server_fd));
}

Test(net, another_network_of_the_project_is_refused_at_once)
{
    scoped_fd int front_ns = world_container();
    scoped_fd int back_ns = world_container();
    scoped_fd int listen_fd = -1;
    uint64_t before_ms;
    char address[16];

    world_add_network(&world, "front", false);
    world_add_network(&world, "back", false);
    world_attach(&world, "web-1", front_ns, "front");
    world_attach(&world, "db-1", back_ns, "back");
    listen_fd = world_listen(back_ns, "0.0.0.0", 5432);
    before_ms = clock_monotonic_ms();
    cr_expect(
        eq(int, world_connect(front_ns, world_address(&world, "db-1", "back", address), 5432), -1));
    cr_expect(eq(int, errno, ECONNREFUSED));
    cr_expect(lt(u64, clock_monotonic_ms() - before_ms, 500));
}

Test(net, an_internal_network_has_no_way_out)
{
    scoped_fd int ns = world_container();

    world_add_network(&world, "back", true);
    world_attach(&world, "db-1", ns, "back");
    cr_expect(eq(int, world_connect(ns, "198.51.100.1", 80), -1));
    cr_expect(eq(int, errno, ENETUNREACH));
}
