/* SPDX-License-Identifier: Apache-2.0 */
#include "net/relay/published_ports.h"

#include <stdlib.h>
#include <sys/socket.h>

#include "common/fd.h"
#include "common/memory.h"
#include "common/text.h"
#include "net/net_limits.h"
#include "net/relay/tcp_port.h"
#include "net/relay/udp_port.h"

/* What is known of one port; exactly one of tcp and udp is set. */
struct port {
    char *key;
    char *instance;
    struct inet_address target; /* family AF_UNSPEC while the container has no address */
    uint64_t cookies[PORT_SOCKETS];
    size_t n_fds;
    struct inet_address host[PORT_SOCKETS]; /* what the sockets are bound to */
    size_t n_host;
    struct tcp_port *tcp;
    struct udp_port *udp;
    bool open, marked;
};

struct container {
    char *instance;
    int diag_fd;
};

struct published_ports {
    struct relay_engine *engine;
    struct port **ports;
    size_t n_ports, capacity;
    struct container *containers;
    size_t n_containers, containers_capacity;
};

struct published_ports *published_ports_new(struct relay_engine *engine)
{
    struct published_ports *ports = memory_new(struct published_ports);

    ports->engine = engine;
    return ports;
}

static void port_free(struct port *port)
{
    tcp_port_free(port->tcp);
    udp_port_free(port->udp);
    free(port->key);
    free(port->instance);
    free(port);
}

void published_ports_free(struct published_ports *ports)
{
    if (!ports)
        return;
    for (size_t i = 0; i < ports->n_ports; i++)
        port_free(ports->ports[i]);
    for (size_t i = 0; i < ports->n_containers; i++)
        free(ports->containers[i].instance);
    free(ports->ports);
    free(ports->containers);
    free(ports);
}

static struct port *ports_find(const struct published_ports *ports, const char *key)
{
    for (size_t i = 0; i < ports->n_ports; i++)
        if (string_eq(ports->ports[i]->key, key))
            return ports->ports[i];
    return NULL;
}

static int ports_diag_fd(const struct published_ports *ports, const char *instance)
{
    for (size_t i = 0; i < ports->n_containers; i++)
        if (string_eq(ports->containers[i].instance, instance))
            return ports->containers[i].diag_fd;
    return -1;
}

static struct port *ports_add(struct published_ports *ports, const struct published_port *wanted)
{
    struct port *port = memory_new(struct port);

    port->key = memory_strdup(wanted->key);
    if (wanted->udp)
        port->udp = udp_port_new(ports->engine);
    else
        port->tcp = tcp_port_new(ports->engine);
    memory_grow(ports->ports, ports->n_ports, ports->capacity);
    ports->ports[ports->n_ports++] = port;
    return port;
}

static void close_all(const int *fds, size_t n_fds)
{
    for (size_t i = 0; i < n_fds; i++)
        fd_close(fds[i]);
}

/* The socket behind a descriptor, whatever the descriptor. */
static uint64_t socket_cookie(int fd)
{
    uint64_t cookie = 0;
    socklen_t length = sizeof(cookie);

    (void)getsockopt(fd, SOL_SOCKET, SO_COOKIE, &cookie, &length);
    return cookie;
}

static void port_take_sockets(struct port *port, const int *take_fds, size_t n_fds)
{
    port->n_fds = n_fds;
    port->n_host = 0;
    for (size_t i = 0; i < n_fds; i++) {
        port->cookies[i] = socket_cookie(take_fds[i]);
        if (inet_address_local(take_fds[i], &port->host[port->n_host]))
            port->n_host++;
    }
    if (port->tcp)
        tcp_port_set_sockets(port->tcp, take_fds, n_fds);
    else
        udp_port_set_sockets(port->udp, take_fds, n_fds);
}

/* Duplicates of the sockets that are here already say nothing new: listening and flows go on. */
static bool port_has_sockets(const struct port *port, const int *fds, size_t n_fds)
{
    if (n_fds != port->n_fds)
        return false;
    for (size_t i = 0; i < n_fds; i++)
        if (socket_cookie(fds[i]) != port->cookies[i])
            return false;
    return true;
}

/* Of one instance another address means another container, so that the earlier one is gone. One
 * that hands its port over to another instance lives on, and so does what is under way to it. */
static void port_leave_target(struct port *port, const struct published_port *wanted)
{
    if (port->tcp && string_eq(port->instance, wanted->instance) &&
        !inet_address_equal(&port->target, &wanted->target))
        tcp_port_abort(port->tcp, &port->target);
}

static void port_apply(struct port *port, const struct published_port *wanted, int diag_fd)
{
    bool is_known = !inet_address_is_any(&wanted->target);

    port->marked = false;
    port->open = wanted->open;
    if (is_known && port->target.any.sa_family != AF_UNSPEC)
        port_leave_target(port, wanted);
    free(port->instance);
    port->instance = memory_strdup(wanted->instance);
    if (port_has_sockets(port, wanted->take_fds, wanted->n_fds))
        close_all(wanted->take_fds, wanted->n_fds);
    else if (wanted->n_fds > 0)
        port_take_sockets(port, wanted->take_fds, wanted->n_fds);
    /* An address that is not known yet does not undo one that was. */
    if (is_known) {
        port->target = wanted->target;
        if (port->tcp)
            tcp_port_set_target(port->tcp, &wanted->target, diag_fd);
        else
            udp_port_set_target(port->udp, &wanted->target);
    }
    if (port->tcp)
        tcp_port_set_open(port->tcp, wanted->open);
    else
        udp_port_set_open(port->udp, wanted->open);
}

int published_ports_set(struct published_ports *ports, const struct published_port *wanted,
                        struct error *err)
{
    struct port *port = ports_find(ports, wanted->key);

    if (wanted->n_fds > PORT_SOCKETS || (!port && wanted->n_fds == 0) ||
        (!port && ports->n_ports >= NET_LIMIT_PORTS) || (port && !port->udp != !wanted->udp)) {
        close_all(wanted->take_fds, wanted->n_fds);
        return error_set(err, "publish '%s': %zu sockets, %zu ports", wanted->key, wanted->n_fds,
                         ports->n_ports);
    }
    if (!port)
        port = ports_add(ports, wanted);
    port_apply(port, wanted, ports_diag_fd(ports, wanted->instance));
    return 0;
}

void published_ports_remove(struct published_ports *ports, const char *key)
{
    for (size_t i = 0; i < ports->n_ports; i++) {
        if (!string_eq(ports->ports[i]->key, key))
            continue;
        port_free(ports->ports[i]);
        ports->ports[i] = ports->ports[--ports->n_ports];
        return;
    }
}

void published_ports_mark(struct published_ports *ports)
{
    for (size_t i = 0; i < ports->n_ports; i++)
        ports->ports[i]->marked = true;
}

void published_ports_sweep(struct published_ports *ports)
{
    size_t kept = 0;

    for (size_t i = 0; i < ports->n_ports; i++) {
        if (ports->ports[i]->marked)
            port_free(ports->ports[i]);
        else
            ports->ports[kept++] = ports->ports[i];
    }
    ports->n_ports = kept;
}

static void containers_set(struct published_ports *ports, const char *instance, int diag_fd)
{
    for (size_t i = 0; i < ports->n_containers; i++) {
        struct container *container = &ports->containers[i];

        if (!string_eq(container->instance, instance))
            continue;
        container->diag_fd = diag_fd;
        if (diag_fd < 0) {
            free(container->instance);
            *container = ports->containers[--ports->n_containers];
        }
        return;
    }
    if (diag_fd < 0)
        return;
    memory_grow(ports->containers, ports->n_containers, ports->containers_capacity);
    ports->containers[ports->n_containers++] =
        (struct container){.instance = memory_strdup(instance), .diag_fd = diag_fd};
}

void published_ports_set_container(struct published_ports *ports, const char *instance, int diag_fd,
                                   bool same)
{
    containers_set(ports, instance, diag_fd);
    for (size_t i = 0; i < ports->n_ports; i++) {
        struct port *port = ports->ports[i];

        if (!string_eq(port->instance, instance))
            continue;
        if (!same && port->tcp)
            tcp_port_abort(port->tcp, &port->target);
        if (!same && port->udp)
            udp_port_abort(port->udp);
        if (port->tcp && port->target.any.sa_family != AF_UNSPEC)
            tcp_port_set_target(port->tcp, &port->target, diag_fd);
    }
}

void published_ports_abort(struct published_ports *ports, const struct inet_address *container)
{
    for (size_t i = 0; i < ports->n_ports; i++)
        if (ports->ports[i]->tcp)
            tcp_port_abort(ports->ports[i]->tcp, container);
}

static struct report_port report_port_of(const struct port *port, struct arena *arena)
{
    struct report_port report = {.instance = arena_strdup(arena, port->instance),
                                 .udp = port->udp != NULL,
                                 .open = port->open};
    char text[INET_ADDRESS_TEXT_SIZE];

    for (size_t i = 0; i < port->n_host; i++) {
        inet_address_format(&port->host[i], text);
        string_list_add(arena, &report.host, arena_strdup(arena, text));
    }
    if (port->target.any.sa_family != AF_UNSPEC) {
        inet_address_format(&port->target, text);
        report.target = arena_strdup(arena, text);
    }
    report.listening = port->udp ? port->open : tcp_port_is_listening(port->tcp);
    report.connections =
        (int)(port->udp ? udp_port_flows(port->udp) : tcp_port_connections(port->tcp));
    return report;
}

void published_ports_report(const struct published_ports *ports, struct arena *arena,
                            struct net_report *report)
{
    report->ports = arena_new_array(arena, struct report_port, ports->n_ports);
    for (size_t i = 0; i < ports->n_ports; i++)
        report->ports[report->n_ports++] = report_port_of(ports->ports[i], arena);
}

bool published_ports_include(const struct published_ports *ports, bool udp,
                             const struct inet_address *address)
{
    for (size_t i = 0; i < ports->n_ports; i++) {
        const struct port *port = ports->ports[i];

        if (!port->udp == udp)
            continue;
        for (size_t k = 0; k < port->n_host; k++) {
            const struct inet_address *host = &port->host[k];

            if (inet_address_port(host) == inet_address_port(address) &&
                (inet_address_is_any(host) || inet_address_same_host(host, address)))
                return true;
        }
    }
    return false;
}
