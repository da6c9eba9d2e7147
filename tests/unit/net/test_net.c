/* SPDX-License-Identifier: Apache-2.0 */
#include "net/net.h"

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "common/fd.h"
#include "common/process.h"
#include "net/netns.h"
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

/* The interface's address and MAC as the container sees them. */
struct seen {
    char address[16];
    unsigned char mac[6];
};

static struct seen look(int netns_fd, const char *interface)
{
    scoped_visit struct netns_visit visit = NETNS_HOME;
    struct ifreq request = {0};
    struct seen seen = {0};
    scoped_fd int fd = -1;

    cr_assert(netns_enter(netns_fd, &visit, NULL) == 0);
    fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    (void)snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", interface);
    cr_assert(ioctl(fd, SIOCGIFHWADDR, &request) == 0, "%s: %s", interface, strerror(errno));
    memcpy(seen.mac, request.ifr_hwaddr.sa_data, sizeof(seen.mac));
    cr_assert(ioctl(fd, SIOCGIFADDR, &request) == 0, "%s: %s", interface, strerror(errno));
    (void)inet_ntop(AF_INET, &((struct sockaddr_in *)(void *)&request.ifr_addr)->sin_addr,
                    seen.address, sizeof(seen.address));
    return seen;
}

static void attach_two(const char *instance, int netns_fd, const struct endpoint_spec specs[2])
{
    struct error err = {0};

    cr_assert(net_attach(world.net, instance, netns_fd, specs, 2, &err) == 0, "%s", err.text);
}

/* The interface that the default route goes by, "" when there is none. */
static void default_interface(int netns_fd, char ret_name[16])
{
    scoped_visit struct netns_visit visit = NETNS_HOME;
    FILE *routes;
    char line[256];
    unsigned destination;

    ret_name[0] = '\0';
    cr_assert(netns_enter(netns_fd, &visit, NULL) == 0);
    routes = fopen("/proc/thread-self/net/route", "re");
    cr_assert(routes != NULL);
    while (fgets(line, sizeof(line), routes)) {
        char name[16];

        if (sscanf(line, "%15s %8x", name, &destination) == 2 && destination == 0)
            (void)snprintf(ret_name, 16, "%s", name);
    }
    (void)fclose(routes);
}

Test(net, an_instance_keeps_address_and_mac_in_a_fresh_namespace)
{
    scoped_fd int first_ns = world_container();
    scoped_fd int second_ns = world_container();
    struct seen first, second;

    world_add_network(&world, "default", false);
    world_attach(&world, "web-1", first_ns, "default");
    first = look(first_ns, "eth0");
    net_detach(world.net, "web-1");
    world_attach(&world, "web-1", second_ns, "default");
    second = look(second_ns, "eth0");
    cr_expect(eq(str, first.address, second.address));
    cr_expect(memcmp(first.mac, second.mac, sizeof(first.mac)) == 0);
}

Test(net, an_instance_keeps_its_address_under_another_supervisor_and_router)
{
    scoped_fd int first_ns = world_container();
    scoped_fd int second_ns = world_container();
    char first[16], second[16];

    world_add_network(&world, "default", false);
    world_attach(&world, "web-1", first_ns, "default");
    (void)world_address(&world, "web-1", "default", first);
    net_destroy(world.net);
    world_open(&world, -1);
    world_add_network(&world, "default", false);
    world_attach(&world, "web-1", second_ns, "default");
    (void)world_address(&world, "web-1", "default", second);
    cr_expect(eq(str, second, first));
}

Test(net, a_new_supervisor_repeats_everything_without_cutting_a_connection)
{
    scoped_fd int api_ns = world_container();
    scoped_fd int web_ns = world_container();
    scoped_fd int router_fd = -1;
    scoped_fd int listen_fd = -1;
    scoped_fd int client_fd = -1;
    scoped_fd int server_fd = -1;
    char address[16];
    int interfaces;

    world_add_network(&world, "default", false);
    world_attach(&world, "api-1", api_ns, "default");
    world_attach(&world, "web-1", web_ns, "default");
    listen_fd = world_listen(api_ns, "0.0.0.0", 80);
    client_fd = world_connect(web_ns, world_address(&world, "api-1", "default", address), 80);
    server_fd = accept4(listen_fd, NULL, NULL, SOCK_CLOEXEC);
    router_fd = fcntl(net_router_fd(world.net), F_DUPFD_CLOEXEC, 3);
    interfaces = world_interfaces(router_fd);

    net_free(world.net);
    world_open(&world, steal_fd(&router_fd));
    world_add_network(&world, "default", false);
    world_attach(&world, "api-1", api_ns, "default");
    world_attach(&world, "web-1", web_ns, "default");
    cr_expect(world_carries(client_fd, server_fd));
    cr_expect(eq(int, world_interfaces(net_router_fd(world.net)), interfaces));
    cr_expect(eq(int, world_interfaces(web_ns), 2));
}

Test(net, the_highest_priority_has_the_default_route)
{
    const struct endpoint_spec specs[] = {{.network = "a"}, {.network = "b", .gw_priority = 1}};
    scoped_fd int ns = world_container();
    char name[16];

    world_add_network(&world, "a", false);
    world_add_network(&world, "b", false);
    attach_two("web-1", ns, specs);
    default_interface(ns, name);
    cr_expect(eq(str, name, "eth1"));
}

Test(net, the_first_name_has_the_default_route_among_equals)
{
    const struct endpoint_spec specs[] = {{.network = "b"}, {.network = "a"}};
    scoped_fd int ns = world_container();
    char name[16];

    world_add_network(&world, "a", false);
    world_add_network(&world, "b", false);
    attach_two("web-1", ns, specs);
    default_interface(ns, name);
    cr_expect(eq(str, name, "eth1"));
}

Test(net, an_internal_network_never_has_the_default_route)
{
    const struct endpoint_spec specs[] = {{.network = "a", .gw_priority = 9}, {.network = "b"}};
    scoped_fd int ns = world_container();
    char name[16];

    world_add_network(&world, "a", true);
    world_add_network(&world, "b", false);
    attach_two("web-1", ns, specs);
    default_interface(ns, name);
    cr_expect(eq(str, name, "eth1"));
}

Test(net, no_network_at_all_leaves_a_loopback_that_works)
{
    scoped_fd int ns = world_container();
    scoped_fd int listen_fd = -1;
    scoped_fd int client_fd = -1;
    struct error err = {0};

    cr_assert(net_attach(world.net, "job-1", ns, NULL, 0, &err) == 0, "%s", err.text);
    listen_fd = world_listen(ns, "127.0.0.1", 80);
    client_fd = world_connect(ns, "127.0.0.1", 80);
    cr_expect(ge(int, client_fd, 0));
    cr_expect(eq(int, world_interfaces(ns), 1));
}

Test(net, addresses_and_macs_of_the_user_are_used)
{
    const struct endpoint_spec spec = {
        .network = "default", .ipv4_address = "10.5.0.9", .mac_address = "02:42:ac:11:00:07"};
    const struct network_spec network = {.name = "default", .subnet = "10.5.0.0/16"};
    scoped_fd int ns = world_container();
    struct error err = {0};
    struct seen seen;

    cr_assert(net_add_network(world.net, &network, &err) == 0, "%s", err.text);
    cr_assert(net_attach(world.net, "web-1", ns, &spec, 1, &err) == 0, "%s", err.text);
    seen = look(ns, "eth0");
    cr_expect(eq(str, seen.address, "10.5.0.9"));
    cr_expect(memcmp(seen.mac, "\x02\x42\xac\x11\x00\x07", 6) == 0);
}

Test(net, an_interface_has_the_name_that_was_asked_for)
{
    const struct endpoint_spec specs[] = {{.network = "back"},
                                          {.network = "front", .interface_name = "wan0"}};
    scoped_fd int ns = world_container();
    char address[16];

    world_add_network(&world, "back", false);
    world_add_network(&world, "front", false);
    attach_two("web-1", ns, specs);
    cr_expect_str_eq(look(ns, "wan0").address, world_address(&world, "web-1", "front", address));
}

Test(net, a_name_that_no_interface_can_have_is_refused)
{
    const struct endpoint_spec spec = {.network = "default", .interface_name = "a/b"};
    scoped_fd int ns = world_container();
    struct error err = {0};

    world_add_network(&world, "default", false);
    cr_expect(eq(int, net_attach(world.net, "web-1", ns, &spec, 1, &err), -1));
    cr_expect(eq(str, err.text, "attach 'web-1': 'a/b' is not a name for an interface"));
}

Test(net, containers_of_an_isolated_network_do_not_reach_each_other)
{
    const struct network_spec network = {.name = "default", .isolated = true};
    scoped_fd int api_ns = world_container();
    scoped_fd int web_ns = world_container();
    scoped_fd int listen_fd = -1;
    struct error err = {0};
    char address[16];

    cr_assert(net_add_network(world.net, &network, &err) == 0, "%s", err.text);
    world_attach(&world, "api-1", api_ns, "default");
    world_attach(&world, "web-1", web_ns, "default");
    listen_fd = world_listen(api_ns, "0.0.0.0", 80);
    (void)world_address(&world, "api-1", "default", address);
    cr_expect(eq(int, world_connect(web_ns, address, 80), -1));
    fd_close(listen_fd);
    /* The router still reaches each of them. */
    listen_fd = world_listen(api_ns, "0.0.0.0", 80);
    fd_close(world_connect(net_router_fd(world.net), address, 80));
    cr_expect(ge(int, accept4(listen_fd, NULL, NULL, SOCK_CLOEXEC), 0));
}

Test(net, networks_of_a_project_must_not_overlap)
{
    const struct network_spec wide = {.name = "wide", .subnet = "10.5.0.0/16"};
    const struct network_spec narrow = {.name = "narrow", .subnet = "10.5.7.0/24"};
    struct error err = {0};

    cr_assert(net_add_network(world.net, &wide, &err) == 0, "%s", err.text);
    cr_expect(eq(int, net_add_network(world.net, &narrow, &err), -1));
    cr_expect(eq(str, err.text,
                 "network 'narrow': subnet 10.5.7.0/24 overlaps 10.5.0.0/16 of another network"));
}

Test(net, the_same_network_may_be_added_again)
{
    world_add_network(&world, "default", false);
    world_add_network(&world, "default", false);
    cr_expect(eq(int, world_interfaces(net_router_fd(world.net)), 2));
}

Test(net, another_definition_waits_until_nobody_is_attached)
{
    const struct network_spec before = {.name = "default", .subnet = "10.5.0.0/16"};
    const struct network_spec after = {.name = "default", .subnet = "10.6.0.0/16"};
    const struct endpoint_spec spec = {.network = "default"};
    scoped_fd int ns = world_container();
    struct error err = {0};
    bool differs;

    cr_assert(net_add_network(world.net, &before, &err) == 0, "%s", err.text);
    cr_assert(net_attach(world.net, "web-1", ns, &spec, 1, &err) == 0, "%s", err.text);
    cr_assert(net_network_differs(world.net, &after, &differs, &err) == 0, "%s", err.text);
    cr_expect(differs);
    cr_expect(eq(int, net_add_network(world.net, &after, &err), -1));
    cr_expect(eq(int, err.number, EBUSY));
    net_detach(world.net, "web-1");
    cr_assert(net_add_network(world.net, &after, &err) == 0, "%s", err.text);
    cr_expect_str_eq(net_gateway_of(world.net, "default"), "10.6.0.1");
    cr_expect(eq(int, world_interfaces(net_router_fd(world.net)), 3)); /* its veth lives on */
}

Test(net, a_network_with_a_long_name_has_a_bridge)
{
    world_add_network(&world, "a_network_with_a_rather_long_name", false);
    cr_expect(eq(int, world_interfaces(net_router_fd(world.net)), 2));
}

static int open_setting(int netns_fd, const char *name, int flags)
{
    scoped_visit struct netns_visit visit = NETNS_HOME;
    char path[128];
    int fd;

    (void)snprintf(path, sizeof(path), "/proc/sys/net/%s", name);
    cr_assert(netns_enter(netns_fd, &visit, NULL) == 0);
    fd = open(path, flags | O_CLOEXEC);
    cr_assert(ge(int, fd, 0));
    return fd;
}

static void read_setting(int netns_fd, const char *name, char ret_value[16])
{
    scoped_fd int fd = open_setting(netns_fd, name, O_RDONLY);
    ssize_t length = read(fd, ret_value, 15);

    cr_assert(length >= 0);
    ret_value[length] = '\0';
}

Test(net, a_repeated_attach_leaves_the_parameters_of_the_container_alone)
{
    scoped_fd int ns = world_container();
    scoped_fd int setting = -1;
    char value[16];

    world_add_network(&world, "default", false);
    world_attach(&world, "web-1", ns, "default");
    setting = open_setting(ns, "ipv4/ip_forward", O_WRONLY);
    cr_assert(write(setting, "1", 1) == 1);
    world_attach(&world, "web-1", ns, "default");
    read_setting(ns, "ipv4/ip_forward", value);
    cr_expect(eq(str, value, "1\n"));
}

Test(net, a_namespace_of_a_user_namespace_is_furnished_from_outside)
{
    scoped_fd int ns = -1;
    char path[64], value[16], word = 0;
    int gate[2], ready[2];
    pid_t child;

    cr_assert(pipe2(gate, O_CLOEXEC) == 0 && pipe2(ready, O_CLOEXEC) == 0);
    child = fork();
    if (child == 0) {
        (void)close(gate[1]);
        if (unshare(CLONE_NEWUSER | CLONE_NEWNET) < 0 || write(ready[1], "y", 1) != 1)
            _exit(1);
        (void)read(gate[0], &word, 1);
        _exit(0);
    }
    cr_assert(read(ready[0], &word, 1) == 1);
    (void)snprintf(path, sizeof(path), "/proc/%d/ns/net", (int)child);
    ns = open(path, O_RDONLY | O_CLOEXEC);
    cr_assert(ge(int, ns, 0));
    (void)close(gate[1]);
    (void)waitpid(child, NULL, 0);

    world_add_network(&world, "default", false);
    world_attach(&world, "web-1", ns, "default");
    cr_expect(eq(int, world_interfaces(ns), 2));
    read_setting(ns, "ipv4/conf/all/rp_filter", value);
    cr_expect(eq(str, value, "2\n"));
}

Test(net, the_host_gets_no_interface)
{
    scoped_fd int ns = world_container();

    world_add_network(&world, "default", false);
    world_attach(&world, "web-1", ns, "default");
    cr_expect(eq(int, world_interfaces(-1), 1));
}

Test(net, a_failed_attach_stays_at_home)
{
    struct endpoint_spec spec = {.network = "default"};
    scoped_fd int not_a_namespace = open("/dev/null", O_RDONLY | O_CLOEXEC);
    struct stat before, after;
    struct error err = {0};

    cr_assert(stat("/proc/thread-self/ns/net", &before) == 0);
    world_add_network(&world, "default", false);
    cr_expect(eq(int, net_attach(world.net, "web-1", not_a_namespace, &spec, 1, &err), -1));
    cr_assert(stat("/proc/thread-self/ns/net", &after) == 0);
    cr_expect(eq(u64, before.st_ino, after.st_ino));
}

static void live_and_die(void)
{
    scoped_fd int ns = world_container();

    world_attach(&world, "web-1", ns, "default");
    net_detach(world.net, "web-1");
}

Test(net, nothing_stays_open_after_many_lives)
{
    int before;

    world_add_network(&world, "default", false);
    live_and_die();
    before = world_descriptors();
    for (int i = 0; i < 20; i++)
        live_and_die();
    cr_expect(eq(int, world_descriptors(), before));
}

Test(net, attaching_is_timed)
{
    enum { COUNT = 50 };
    int ns[COUNT];
    struct timespec cpu_begin, cpu_end;
    uint64_t begin_ms, attached_ms, freed_ms;
    char name[16];

    world_add_network(&world, "default", false);
    for (int i = 0; i < COUNT; i++)
        ns[i] = world_container();
    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &cpu_begin);
    begin_ms = clock_monotonic_ms();
    for (int i = 0; i < COUNT; i++) {
        (void)snprintf(name, sizeof(name), "web-%d", i);
        world_attach(&world, name, ns[i], "default");
    }
    attached_ms = clock_monotonic_ms();
    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &cpu_end);
    for (int i = 0; i < COUNT; i++)
        (void)close(ns[i]);
    net_destroy(world.net);
    world.net = NULL;
    freed_ms = clock_monotonic_ms();
    cr_log_info("%d attaches: %d ms, %d ms of it on a processor; destroyed in %d ms", COUNT,
                (int)(attached_ms - begin_ms),
                (int)((cpu_end.tv_sec - cpu_begin.tv_sec) * 1000 +
                      (cpu_end.tv_nsec - cpu_begin.tv_nsec) / 1000000),
                (int)(freed_ms - attached_ms));
    cr_expect(eq(int, world_interfaces(-1), 1));
}
