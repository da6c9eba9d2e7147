/* SPDX-License-Identifier: Apache-2.0 */
#include "net/port_holder.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/inet_diag.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/fd.h"
#include "common/text.h"
#include "net/netlink.h"

/* TCP_BOUND_INACTIVE of Linux 6.8; older kernels ignore the bit. */
enum { STATE_BOUND_INACTIVE = 13 };

/* ------------------------------------------------------------------------------------ port to
 * inode */

struct diag_search {
    int port;
    uint64_t inode;
    bool listens; /* better than one that is only bound or connected */
};

static void take_socket(void *owner, struct nlmsghdr *message)
{
    struct diag_search *search = owner;
    const struct inet_diag_msg *found = nlmsg_data(message);

    if (message->nlmsg_type != SOCK_DIAG_BY_FAMILY ||
        nlmsg_datalen(message) < (int)sizeof(*found) ||
        ntohs(found->id.idiag_sport) != search->port || found->idiag_inode == 0 || search->listens)
        return;
    search->inode = found->idiag_inode;
    search->listens = found->idiag_state == TCP_LISTEN;
}

static bool diag_dump(struct netlink *netlink, int family, bool udp, struct diag_search *search)
{
    scoped(netlink_batch_free) struct netlink_batch *batch = netlink_batch_new();
    struct netlink_visitor visitor = {take_socket, search};
    struct inet_diag_req_v2 request = {
        .sdiag_family = (uint8_t)family,
        .sdiag_protocol = udp ? IPPROTO_UDP : IPPROTO_TCP,
        .idiag_states = udp ? UINT32_MAX
                            : 1u << TCP_LISTEN | 1u << TCP_ESTABLISHED | 1u << STATE_BOUND_INACTIVE,
        .id.idiag_sport = htons((uint16_t)search->port),
    };

    (void)netlink_batch_add(batch, SOCK_DIAG_BY_FAMILY, NLM_F_DUMP, &request, sizeof(request));
    return netlink_send(netlink, batch, &visitor, NULL) == 0;
}

/* --------------------------------------------------------------------------------- inode to
 * process */

/* Looks through /proc/PID/fd. A process that went away or is not ours to look into has no such
 * socket. */
static bool process_has_socket(int proc_fd, pid_t pid, const char *wanted,
                               struct port_holder *ret_holder)
{
    char path[48], link[64];
    DIR *directory;
    struct dirent *item;
    bool found = false;
    int fd;

    (void)snprintf(path, sizeof(path), "%d/fd", (int)pid);
    fd = openat(proc_fd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    directory = fd >= 0 ? fdopendir(fd) : NULL;
    if (!directory)
        return false;
    while (!found && (item = readdir(directory))) {
        unsigned long long number;
        ssize_t length = readlinkat(fd, item->d_name, link, sizeof(link) - 1);

        if (length < 0 || !string_to_u64(item->d_name, INT32_MAX, &number))
            continue;
        link[length] = '\0';
        found = strcmp(link, wanted) == 0;
        ret_holder->fd = (int)number;
    }
    (void)closedir(directory);
    ret_holder->pid = pid;
    return found;
}

static void read_command(int proc_fd, struct port_holder *holder)
{
    char path[48];
    scoped_fd int fd = -1;
    ssize_t length;

    (void)snprintf(path, sizeof(path), "%d/comm", (int)holder->pid);
    fd = openat(proc_fd, path, O_RDONLY | O_CLOEXEC);
    length = fd >= 0 ? read(fd, holder->command, sizeof(holder->command) - 1) : 0;
    holder->command[length > 0 ? length : 0] = '\0';
    holder->command[strcspn(holder->command, "\n")] = '\0';
}

bool port_holder_of_inode(uint64_t inode, pid_t likely_pid, struct port_holder *ret_holder)
{
    int proc_fd = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *directory = proc_fd >= 0 ? fdopendir(proc_fd) : NULL;
    char wanted[40];
    struct dirent *item;
    bool found;

    if (!directory)
        return false;
    (void)snprintf(wanted, sizeof(wanted), "socket:[%" PRIu64 "]", inode);
    found = likely_pid > 0 && process_has_socket(proc_fd, likely_pid, wanted, ret_holder);
    while (!found && (item = readdir(directory))) {
        unsigned long long pid;

        if (string_to_u64(item->d_name, INT32_MAX, &pid))
            found = process_has_socket(proc_fd, (pid_t)pid, wanted, ret_holder);
    }
    if (found)
        read_command(proc_fd, ret_holder);
    (void)closedir(directory);
    return found;
}

bool port_holder_find(bool udp, int port, struct port_holder *ret_holder)
{
    scoped(netlink_free) struct netlink *netlink = NULL;
    struct diag_search search = {.port = port};

    if (netlink_open(NETLINK_SOCK_DIAG, &netlink, NULL) < 0 ||
        !diag_dump(netlink, AF_INET, udp, &search) ||
        (!search.listens && !diag_dump(netlink, AF_INET6, udp, &search)))
        return false;
    return search.inode != 0 && port_holder_of_inode(search.inode, 0, ret_holder);
}
