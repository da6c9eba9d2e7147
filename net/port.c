/* SPDX-License-Identifier: Apache-2.0 */
#include "net/port.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/fd.h"
#include "common/file.h"
#include "net/port_holder.h"

enum { EPHEMERAL_ATTEMPTS = 16 };

union address {
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
};

void port_binding_done(struct port_binding *binding)
{
    for (size_t i = 0; i < binding->n_fds; i++)
        fd_close(binding->fds[i]);
    binding->n_fds = 0;
}

/* -------------------------------------------------------------------------------------- one
 * address */

static socklen_t address_set(union address *address, int family, const char *host_ip, int port)
{
    *address = (union address){0};
    address->any.sa_family = (sa_family_t)family;
    if (family == AF_INET) {
        address->v4.sin_port = htons((uint16_t)port);
        if (host_ip)
            (void)inet_pton(AF_INET, host_ip, &address->v4.sin_addr);
        return sizeof(address->v4);
    }
    address->v6.sin6_port = htons((uint16_t)port);
    if (host_ip)
        (void)inet_pton(AF_INET6, host_ip, &address->v6.sin6_addr);
    return sizeof(address->v6);
}

int port_of_socket(int fd)
{
    union address address = {0};
    socklen_t length = sizeof(address);

    if (getsockname(fd, &address.any, &length) < 0)
        return 0;
    return ntohs(address.any.sa_family == AF_INET ? address.v4.sin_port : address.v6.sin6_port);
}

/*
 * Returns the socket, or -1 with errno. SO_REUSEADDR serves the bind alone (connections of an
 * earlier run in TIME_WAIT): left on, another process that sets it could bind the port too while
 * nobody listens. UDP has no TIME_WAIT, and the option would share the port at once.
 */
static int bind_address(const struct port_spec *spec, int family, int port)
{
    scoped_fd int fd =
        socket(family, (spec->udp ? SOCK_DGRAM : SOCK_STREAM) | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    union address address;
    socklen_t length = address_set(&address, family, spec->host_ip, port);
    int on = 1, off = 0;

    if (fd < 0)
        return -1;
    if (family == AF_INET6 && setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on)) < 0)
        return -1;
    if (!spec->udp && setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) < 0)
        return -1;
    if (bind(fd, &address.any, length) < 0)
        return -1;
    if (!spec->udp && setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &off, sizeof(off)) < 0)
        return -1;
    return steal_fd(&fd);
}

/* ------------------------------------------------------------------------------------------ one
 * port */

static bool is_ipv6(const char *host_ip)
{
    return host_ip && strchr(host_ip, ':');
}

/* Both families, or the one of the given address. 0, or -1 with errno. A host without IPv6 has only
 * the first. */
static int bind_families(const struct port_spec *spec, int port, struct port_binding *ret_binding)
{
    scoped_binding struct port_binding binding = {.host_port = port};

    if (!is_ipv6(spec->host_ip)) {
        binding.fds[0] = bind_address(spec, AF_INET, port);
        if (binding.fds[0] < 0)
            return -1;
        binding.n_fds = 1;
        binding.host_port = port_of_socket(binding.fds[0]);
    }
    if (!spec->host_ip || is_ipv6(spec->host_ip)) {
        int fd = bind_address(spec, AF_INET6, binding.host_port);

        if (fd < 0 && (spec->host_ip || (errno != EAFNOSUPPORT && errno != EADDRNOTAVAIL)))
            return -1;
        if (fd >= 0)
            binding.fds[binding.n_fds++] = fd;
        if (fd >= 0 && binding.host_port == 0)
            binding.host_port = port_of_socket(fd);
    }
    *ret_binding = binding;
    binding.n_fds = 0;
    return 0;
}

/* A free IPv4 port may be taken for IPv6: then another one. */
static int bind_ephemeral(const struct port_spec *spec, struct port_binding *ret_binding)
{
    for (int i = 0; i < EPHEMERAL_ATTEMPTS; i++) {
        if (bind_families(spec, 0, ret_binding) == 0)
            return 0;
        if (errno != EADDRINUSE)
            return -1;
    }
    return -1;
}

/* ---------------------------------------------------------------------------------------------
 * errors */

static int busy_error(const struct port_spec *spec, int port, struct error *err)
{
    const char *suffix = spec->udp ? "/udp" : "";
    struct port_holder holder;

    if (port_holder_find(spec->udp, port, &holder))
        (void)error_set(err, "port %d%s is held by '%s' (pid %d)", port, suffix, holder.command,
                        (int)holder.pid);
    else
        (void)error_set(err, "port %d%s is held by another process", port, suffix);
    if (err)
        err->number = EADDRINUSE;
    return -1;
}

/* The words of the situation instead of the errno's, where there are better ones. */
static int bind_error(const struct port_spec *spec, int port, struct error *err)
{
    scoped_text struct text start = {0};
    int number = errno;

    if (number == EADDRINUSE)
        return busy_error(spec, port, err);
    if (number == EADDRNOTAVAIL && spec->host_ip)
        return error_set(err, "bind port %d: this machine does not have the address '%s'", port,
                         spec->host_ip);
    if (number == EACCES && file_read(AT_FDCWD, "/proc/sys/net/ipv4/ip_unprivileged_port_start", 64,
                                      &start, NULL, NULL) == 0) {
        start.data[strcspn(start.data, "\n")] = '\0';
        return error_set(err,
                         "bind port %d: ports below %s need privilege (lower "
                         "net.ipv4.ip_unprivileged_port_start, or publish a higher port)",
                         port, start.data);
    }
    errno = number;
    return error_sys(err, "bind port %d", port);
}

static int check_spec(const struct port_spec *spec, struct error *err)
{
    unsigned char address[sizeof(struct in6_addr)];

    if (spec->host_ip &&
        inet_pton(is_ipv6(spec->host_ip) ? AF_INET6 : AF_INET, spec->host_ip, address) != 1)
        return error_set(err, "host address '%s' is none", spec->host_ip);
    if (spec->host_port < 0 || spec->host_port > 65535 || spec->host_port_end > 65535)
        return error_set(err, "host port %d is not in 1-65535", spec->host_port);
    return 0;
}

/* ----------------------------------------------------------------------------------------------
 * public */

static bool is_preferable(const struct port_spec *spec, int port)
{
    if (spec->host_port == 0)
        return port > 0;
    return port >= spec->host_port && port <= spec->host_port_end;
}

int port_bind(const struct port_spec *spec, int preferred, struct port_binding *ret_binding,
              struct error *err)
{
    int last = spec->host_port_end > spec->host_port ? spec->host_port_end : spec->host_port;

    if (check_spec(spec, err) < 0)
        return -1;
    if (is_preferable(spec, preferred) && bind_families(spec, preferred, ret_binding) == 0)
        return 0;
    if (spec->host_port == 0)
        return bind_ephemeral(spec, ret_binding) == 0 ? 0
                                                      : error_sys(err, "bind an ephemeral port");
    for (int port = spec->host_port; port <= last; port++) {
        if (bind_families(spec, port, ret_binding) == 0)
            return 0;
        if (errno != EADDRINUSE || port == last)
            break;
    }
    if (errno == EADDRINUSE && last > spec->host_port) {
        (void)busy_error(spec, last, err);
        return error_wrap(err, "no free port in %d-%d", spec->host_port, last);
    }
    return bind_error(spec, spec->host_port, err);
}

char *port_key(struct arena *arena, const struct port_spec *spec, int host_port)
{
    return arena_printf(arena, "%s:%s%s%s:%d", spec->udp ? "udp" : "tcp",
                        is_ipv6(spec->host_ip) ? "[" : "", spec->host_ip ? spec->host_ip : "*",
                        is_ipv6(spec->host_ip) ? "]" : "", host_port);
}
