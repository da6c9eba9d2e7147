/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/net/net_world.h"

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <netinet/in.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/fd.h"
#include "common/path.h"
#include "net/link.h"
#include "net/netns.h"

enum { PATIENCE_MS = 2000 };

static void lo_up(void)
{
    scoped(netlink_batch_free) struct netlink_batch *batch = netlink_batch_new();
    scoped(netlink_free) struct netlink *netlink = NULL;
    struct error err = {0};

    link_batch_up(batch, LOOPBACK_IFINDEX, false);
    cr_assert(netlink_open(NETLINK_ROUTE, &netlink, &err) == 0 &&
                  netlink_send(netlink, batch, NULL, &err) == 0,
              "%s", err.text);
}

void world_setup(struct world *world)
{
    if (geteuid() != 0)
        cr_skip_test("network namespaces need root here");
    *world = (struct world){.dir = "/tmp/yawl-net-XXXXXX"};
    cr_assert(mkdtemp(world->dir) != NULL);
    cr_assert(unshare(CLONE_NEWNET) == 0);
    lo_up();
    world->run_fd = open(world->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    world->state_fd = open(world->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    cr_assert(world->run_fd >= 0 && world->state_fd >= 0);
    world_open(world, -1);
}

void world_teardown(struct world *world)
{
    net_free(world->net);
    fd_close(world->run_fd);
    fd_close(world->state_fd);
    cr_expect(path_remove_tree(AT_FDCWD, world->dir, NULL) == 0);
}

void world_open(struct world *world, int router_fd)
{
    struct net_options options = {.project = "shop",
                                  .run_dir_fd = world->run_fd,
                                  .state_dir_fd = world->state_fd,
                                  .router_netns_fd = router_fd,
                                  .uplink_fd = -1};
    struct error err = {0};

    cr_assert(net_open(&options, &world->net, &err) == 0, "%s", err.text);
}

int world_container(void)
{
    struct error err = {0};
    int fd = -1;

    cr_assert(netns_create(&fd, &err) == 0, "%s", err.text);
    return fd;
}

void world_add_network(struct world *world, const char *name, bool internal)
{
    struct network_spec spec = {.name = name, .internal = internal};
    struct error err = {0};

    cr_assert(net_add_network(world->net, &spec, &err) == 0, "%s", err.text);
}

void world_attach(struct world *world, const char *instance, int netns_fd, const char *network)
{
    struct endpoint_spec spec = {.network = network};
    struct error err = {0};

    cr_assert(net_attach(world->net, instance, netns_fd, &spec, 1, &err) == 0, "%s", err.text);
}

const char *world_address(struct world *world, const char *instance, const char *network,
                          char buffer[16])
{
    scoped(arena_free) struct arena *arena = arena_new();
    struct endpoint_spec spec = {.network = network};
    struct error err = {0};
    struct string_list addresses;

    cr_assert(net_addresses_of(world->net, instance, &spec, arena, &addresses, &err) == 0, "%s",
              err.text);
    (void)snprintf(buffer, 16, "%s", addresses.items[0]);
    return buffer;
}

int world_interfaces(int netns_fd)
{
    scoped_visit struct netns_visit visit = NETNS_HOME;
    struct if_nameindex *names;
    int count = 0;

    cr_assert(netns_fd < 0 || netns_enter(netns_fd, &visit, NULL) == 0);
    names = if_nameindex();
    cr_assert(names != NULL);
    while (names[count].if_name)
        count++;
    if_freenameindex(names);
    return count;
}

int world_descriptors(void)
{
    DIR *directory = opendir("/proc/self/fd");
    int count = 0;

    cr_assert(directory != NULL);
    while (readdir(directory))
        count++;
    (void)closedir(directory);
    return count;
}

static int socket_in(int netns_fd, int type)
{
    scoped_visit struct netns_visit visit = NETNS_HOME;
    struct error err = {0};
    int fd;

    cr_assert(netns_fd < 0 || netns_enter(netns_fd, &visit, &err) == 0, "%s", err.text);
    fd = socket(AF_INET, type | SOCK_CLOEXEC, 0);
    cr_assert(fd >= 0);
    return fd;
}

static struct sockaddr_in address_of(const char *text, int port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};

    cr_assert(inet_pton(AF_INET, text, &address.sin_addr) == 1);
    return address;
}

int world_listen(int netns_fd, const char *address, int port)
{
    struct sockaddr_in self = address_of(address, port);
    int fd = socket_in(netns_fd, SOCK_STREAM);

    cr_assert(bind(fd, (struct sockaddr *)&self, sizeof(self)) == 0 && listen(fd, 16) == 0,
              "listen on %s:%d: %s", address, port, strerror(errno));
    return fd;
}

int world_connect(int netns_fd, const char *address, int port)
{
    struct timeval patience = {.tv_sec = PATIENCE_MS / 1000};
    struct sockaddr_in peer = address_of(address, port);
    int fd = socket_in(netns_fd, SOCK_STREAM);

    cr_assert(setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience)) == 0);
    if (connect(fd, (struct sockaddr *)&peer, sizeof(peer)) == 0)
        return fd;
    fd_close(fd);
    return -1;
}

bool world_carries(int from_fd, int to_fd)
{
    struct pollfd readable = {.fd = to_fd, .events = POLLIN};
    char byte = 'y';

    return send(from_fd, &byte, 1, MSG_NOSIGNAL) == 1 && poll(&readable, 1, PATIENCE_MS) == 1 &&
           recv(to_fd, &byte, 1, 0) == 1 && byte == 'y';
}
