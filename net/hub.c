/* SPDX-License-Identifier: Apache-2.0 */
#include "net/hub.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/close_range.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/fd.h"
#include "common/file.h"
#include "common/json.h"
#include "common/log.h"
#include "common/process.h"
#include "net/bridge.h"
#include "net/endpoint.h"
#include "net/link.h"
#include "net/name_hash.h"
#include "net/netns.h"

#define BRIDGE_NAME "hub"
#define RECORD_NAME "hub"
#define PORT_PREFIX "to-"
enum { BRIDGE_MTU = 1500 }; /* of its own packets; its ports have the networks' */

/* -- the namespace */

static int make_bridge(int netns_fd, struct error *err)
{
    scoped(netlink_batch_free) struct netlink_batch *batch = netlink_batch_new();
    scoped(netlink_free) struct netlink *links = NULL;
    int ifindex;

    if (netlink_open_in(netns_fd, NETLINK_ROUTE, &links, err) < 0)
        return -1;
    bridge_batch_add(batch, &(struct bridge_spec){.name = BRIDGE_NAME, .mtu = BRIDGE_MTU});
    if (netlink_send(links, batch, NULL, err) < 0 ||
        link_find(links, BRIDGE_NAME, &ifindex, err) < 0)
        return -1;
    link_batch_up(batch, ifindex, true);
    return netlink_send(links, batch, NULL, err);
}

static bool has_ports(void)
{
    struct if_nameindex *names = if_nameindex();
    bool found = !names; /* when in doubt, it stays */

    for (size_t i = 0; names && names[i].if_name; i++)
        found = found || string_starts_with(names[i].if_name, PORT_PREFIX);
    if (names)
        if_freenameindex(names);
    return found;
}

/* -- the holder */

/* The lock of the registry is on the run root, two levels above the network's directory; without
 * either nobody can come any more. */
static int lock_registry(int dir_fd)
{
    scoped_fd int lock_fd = openat(dir_fd, "../..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    while (lock_fd >= 0 && flock(lock_fd, LOCK_EX) < 0)
        if (errno != EINTR)
            return -1;
    return steal_fd(&lock_fd);
}

/* The directories go with the last of us. */
static void remove_record(int dir_fd, int root_fd, const char *network)
{
    scoped_text struct text path = {0};

    (void)unlinkat(dir_fd, RECORD_NAME, 0);
    text_appendf(&path, "networks/%s", network);
    (void)unlinkat(root_fd, text_get(&path), AT_REMOVEDIR);
    (void)unlinkat(root_fd, "networks", AT_REMOVEDIR);
}

int hub_main(const char *network, int netns_fd, int dir_fd)
{
    struct sockaddr_nl links = {.nl_family = AF_NETLINK, .nl_groups = RTMGRP_LINK};
    scoped_fd int lock_fd = -1;
    scoped_fd int fd = -1;
    char ignored[4096];

    if (setns(netns_fd, CLONE_NEWNET) < 0)
        return 1;
    fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
    if (fd < 0 || bind(fd, (struct sockaddr *)&links, sizeof(links)) < 0)
        return 1;
    for (;;) {
        if (!has_ports()) {
            lock_fd = lock_registry(dir_fd); /* nobody is about to plug in while we have it */
            if (lock_fd < 0 || !has_ports())
                break;
            fd_close(steal_fd(&lock_fd));
        }
        (void)recv(fd, ignored, sizeof(ignored), 0); /* something has changed: look again */
    }
    if (lock_fd >= 0)
        remove_record(dir_fd, lock_fd, network);
    return 0;
}

/* In the child: nothing of the supervisor's but what is named. */
static void holder_exec(const char *network, int netns_fd, int dir_fd)
{
    char netns[16], dir[16];
    char *args[] = {(char *)(uintptr_t) "yawl",
                    (char *)(uintptr_t)ROLE_HUB,
                    (char *)(uintptr_t)network,
                    netns,
                    dir,
                    NULL};
    int null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);
    sigset_t none;

    (void)setsid();
    for (int fd = 0; fd <= STDERR_FILENO; fd++)
        (void)dup2(null_fd, fd);
    (void)syscall(SYS_close_range, 3U, ~0U, CLOSE_RANGE_CLOEXEC);
    (void)fcntl(netns_fd, F_SETFD, 0);
    (void)fcntl(dir_fd, F_SETFD, 0);
    (void)snprintf(netns, sizeof(netns), "%d", netns_fd);
    (void)snprintf(dir, sizeof(dir), "%d", dir_fd);
    (void)sigemptyset(&none);
    (void)sigprocmask(SIG_SETMASK, &none, NULL);
    (void)execv("/proc/self/exe", args);
    _exit(127);
}

/* The namespace is found by the holder's descriptor, which is there before it runs. */
static int record_write(int dir_fd, pid_t pid, int netns_fd, struct error *err)
{
    scoped(json_release) json_t *json =
        json_pack("{s:i,s:I,s:i}", "pid", (int)pid, "start_time",
                  (json_int_t)process_start_time(pid), "netns_fd", netns_fd);
    scoped_text struct text text = {0};

    json_format(json, &text);
    return file_replace(dir_fd, RECORD_NAME, text.data, text.length, 0600, err);
}

/* A holder that nobody plugs into ends as soon as it gets the lock. */
static int hub_make(int dir_fd, const char *network, struct hub *hub, struct error *err)
{
    scoped_fd int netns_fd = -1;
    scoped_fd int pidfd = -1;
    pid_t pid;

    if (netns_create(&netns_fd, err) < 0 || make_bridge(netns_fd, err) < 0)
        return -1;
    pid = fork();
    if (pid < 0)
        return error_sys(err, "start a hub");
    if (pid == 0)
        holder_exec(network, netns_fd, dir_fd);
    if (record_write(dir_fd, pid, netns_fd, err) < 0 ||
        process_open(pid, process_start_time(pid), &pidfd, err) < 0)
        return -1;
    *hub = (struct hub){steal_fd(&netns_fd), steal_fd(&pidfd)};
    return 0;
}

/* -- finding it */

static int hub_find(int dir_fd, struct hub *hub, struct error *err)
{
    scoped(json_release) json_t *json = json_read_file(dir_fd, RECORD_NAME, NULL);
    pid_t pid = (pid_t)json_get_int(json, "pid", 0);
    scoped_fd int pidfd = -1;
    char path[40];

    if (pid <= 0)
        return 0;
    if (process_open(pid, (uint64_t)json_get_int(json, "start_time", 0), &pidfd, err) < 0)
        return -1;
    if (pidfd < 0)
        return 0;
    (void)snprintf(path, sizeof(path), "/proc/%d/fd/%d", pid,
                   (int)json_get_int(json, "netns_fd", -1));
    hub->netns_fd = open(path, O_RDONLY | O_CLOEXEC);
    if (hub->netns_fd >= 0)
        hub->pidfd = steal_fd(&pidfd);
    return 0;
}

int hub_open(int dir_fd, const char *network, struct hub *ret_hub, struct error *err)
{
    struct hub hub = {-1, -1};

    if (hub_find(dir_fd, &hub, err) < 0 ||
        (hub.netns_fd < 0 && hub_make(dir_fd, network, &hub, err) < 0))
        return error_wrap(err, "hub of network '%s'", network);
    *ret_hub = hub;
    return 0;
}

void hub_close(struct hub *hub)
{
    siginfo_t info;

    if (hub->pidfd >= 0)
        (void)waitid(P_PIDFD, (id_t)hub->pidfd, &info, WEXITED | WNOHANG);
    fd_close(hub->netns_fd);
    fd_close(hub->pidfd);
    *hub = (struct hub){-1, -1};
}

bool hub_is_alive(const struct hub *hub)
{
    struct pollfd ended = {.fd = hub->pidfd, .events = POLLIN};

    return hub->pidfd >= 0 && poll(&ended, 1, 0) == 0;
}

/* -- plugging in */

/* The hub's end, in its namespace, becomes a port of its bridge. */
static int port_enslave(int netns_fd, const char *port, struct error *err)
{
    scoped(netlink_batch_free) struct netlink_batch *batch = netlink_batch_new();
    scoped(netlink_free) struct netlink *links = NULL;
    struct ifinfomsg header = {.ifi_family = AF_UNSPEC};
    struct nl_msg *message;
    int bridge;

    if (netlink_open_in(netns_fd, NETLINK_ROUTE, &links, err) < 0 ||
        link_find(links, BRIDGE_NAME, &bridge, err) < 0)
        return -1;
    message = netlink_batch_add(batch, RTM_NEWLINK, NLM_F_ACK, &header, sizeof(header));
    netlink_batch_describe(batch, "plug in '%s'", port);
    netlink_put_string(message, IFLA_IFNAME, port);
    netlink_put_u32(message, IFLA_MASTER, (uint32_t)bridge);
    link_batch_settle(batch, 0, port);
    link_batch_settle(batch, bridge, NULL);
    return netlink_send(links, batch, NULL, err);
}

int hub_plug_in(const struct hub *hub, const struct hub_plug *plug, struct error *err)
{
    struct endpoint endpoint = {
        .network = plug->network,
        .isolated = plug->isolated,
        .bridge_ifindex = plug->bridge_ifindex,
        .mtu = plug->mtu,
    };
    char port[INTERFACE_NAME_SIZE], inode[24];
    struct stat status;

    if (fstat(plug->router_fd, &status) < 0)
        return error_sys(err, "look at network namespace");
    (void)snprintf(inode, sizeof(inode), "%ju", (uintmax_t)status.st_ino);
    (void)snprintf(port, sizeof(port), PORT_PREFIX "%012" PRIx64,
                   name_hash(inode, plug->network) & 0xffffffffffff);
    endpoint.interface_name = port;
    /* Only ever seen by the hub; not the one that the router's bridge has from its address. */
    ipv4_mac(~plug->address, endpoint.mac);
    /* An interface without addresses, like a container's otherwise. */
    if (endpoints_make(plug->router, hub->netns_fd, &endpoint, 1, err) < 0 ||
        port_enslave(hub->netns_fd, port, err) < 0)
        return error_wrap(err, "hub of network '%s'", plug->network);
    return 0;
}
