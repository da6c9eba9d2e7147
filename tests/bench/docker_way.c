/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/bench/docker_way.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "common/fd.h"
#include "common/helper_program.h"
#include "net/bridge.h"
#include "net/endpoint.h"
#include "net/link.h"
#include "net/netns.h"
#include "net/network.h"

enum { BRIDGE_ADDRESS = 0x0ad54e01, CONTAINER_ADDRESS = 0x0ad54e02, PREFIX_LENGTH = 24 };
enum { DNAT_PORT = 8081, PROXY_PORT = 8082, PROXY_TELLS_FD = 3 };

static int make_container(int container_fd, struct error *err)
{
    const struct network_pool pool = {{BRIDGE_ADDRESS - 1, PREFIX_LENGTH}, BRIDGE_ADDRESS};
    const struct bridge_spec bridge = {"docker0", BRIDGE_ADDRESS, 1500, &pool, 1, NULL};
    struct endpoint endpoint = {.network = "docker0",
                                .address = CONTAINER_ADDRESS,
                                .prefix_length = PREFIX_LENGTH,
                                .mtu = 1500,
                                .gateway = BRIDGE_ADDRESS};
    scoped(netlink_batch_free) struct netlink_batch *batch = netlink_batch_new();
    scoped(netlink_free) struct netlink *netlink = NULL;

    ipv4_mac(endpoint.address, endpoint.mac);
    link_batch_up(batch, LOOPBACK_IFINDEX, false);
    if (netlink_open(NETLINK_ROUTE, &netlink, err) < 0 ||
        netlink_send(netlink, batch, NULL, err) < 0 ||
        bridge_make(netlink, &bridge, &endpoint.bridge_ifindex, err) < 0)
        return -1;
    return endpoints_make(netlink, container_fd, &endpoint, 1, err);
}

/* For clients of this machine, which docker's rule in the output chain is for. */
static int load_dnat(uint16_t port, bool *ret_has_dnat, struct error *err)
{
    scoped_text struct text rules = {0}, said = {0};
    const char *args[] = {"nft", NULL, NULL};
    char container[IPV4_TEXT_SIZE];
    struct helper_end end;

    text_appendf(&rules,
                 "table ip docker {\n"
                 "chain output {\ntype nat hook output priority -100;\n"
                 "fib daddr type local tcp dport %d dnat to %s:%u\n}\n"
                 "chain postrouting {\ntype nat hook postrouting priority 100;\n}\n"
                 "}",
                 DNAT_PORT, ipv4_format(CONTAINER_ADDRESS, container), port);
    args[1] = text_get(&rules);
    if (helper_program_run(args, &said, &end, err) < 0)
        return -1;
    if (end.found && !end.success)
        return error_set(err, "nft: %s", text_get(&said));
    *ret_has_dnat = end.found;
    return 0;
}

static _Noreturn void proxy_main(int tells_fd, uint16_t port)
{
    char host_port[8], container[IPV4_TEXT_SIZE], container_port[8];

    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    (void)snprintf(host_port, sizeof(host_port), "%d", PROXY_PORT);
    (void)snprintf(container_port, sizeof(container_port), "%u", port);
    if (dup2(tells_fd, PROXY_TELLS_FD) == PROXY_TELLS_FD)
        (void)execlp("docker-proxy", "docker-proxy", "-proto", "tcp", "-host-ip", "127.0.0.1",
                     "-host-port", host_port, "-container-ip",
                     ipv4_format(CONTAINER_ADDRESS, container), "-container-port", container_port,
                     (char *)NULL);
    _exit(127);
}

/* It says "0" when it listens. */
static int start_proxy(uint16_t port, bool *ret_has_proxy, struct error *err)
{
    int fds[2];
    char word = '\0';
    pid_t pid;

    if (pipe(fds) < 0)
        return error_sys(err, "make a pipe");
    pid = fork();
    if (pid == 0)
        proxy_main(fds[1], port);
    fd_close(fds[1]);
    if (pid > 0 && read(fds[0], &word, 1) < 0)
        word = '\0';
    fd_close(fds[0]);
    *ret_has_proxy = word == '0';
    return pid < 0 ? error_sys(err, "fork") : 0;
}

static struct sockaddr_in place(uint32_t address, uint16_t port)
{
    return (struct sockaddr_in){
        .sin_family = AF_INET, .sin_addr.s_addr = htonl(address), .sin_port = htons(port)};
}

struct opening {
    struct docker_way way;
    uint16_t port;
};

static int open_on_host(void *owner, struct error *err)
{
    struct opening *opening = owner;

    if (make_container(opening->way.container_fd, err) < 0 ||
        load_dnat(opening->port, &opening->way.has_dnat, err) < 0)
        return -1;
    return start_proxy(opening->port, &opening->way.has_proxy, err);
}

int docker_way_open(uint16_t port, struct docker_way *ret_way, struct error *err)
{
    struct opening opening = {
        .way = {.dnat = place(BRIDGE_ADDRESS, DNAT_PORT),
                .proxy = place(INADDR_LOOPBACK, PROXY_PORT)},
        .port = port,
    };

    if (netns_create(&opening.way.host_fd, err) < 0 ||
        netns_create(&opening.way.container_fd, err) < 0 ||
        netns_run(opening.way.host_fd, open_on_host, &opening, err) < 0)
        return -1;
    *ret_way = opening.way;
    return 0;
}
