/* SPDX-License-Identifier: Apache-2.0 */
#include "orchestrator/supervise/succession.h"

#include "common/log.h"

/* A fixed one on the same address, for the same port inside. */
static bool port_is_same(const struct port_spec *a, const struct port_spec *b)
{
    return a->host_port != 0 && a->host_port == b->host_port &&
           a->host_port_end == b->host_port_end && a->container_port == b->container_port &&
           a->udp == b->udp && string_eq(a->host_ip, b->host_ip);
}

static bool has_port(const struct instance *instance, const struct port_spec *port)
{
    for (size_t i = 0; instance->made && i < instance->made->n_ports; i++)
        if (port_is_same(&instance->made->ports[i], port))
            return net_port_is_reserved(instance->supervisor->net, instance->made->name, port);
    return false;
}

bool port_is_awaited(const struct instance *instance, const struct port_spec *port)
{
    const struct supervisor *supervisor = instance->supervisor;

    if (net_port_is_reserved(supervisor->net, instance->plan->name, port))
        return false;
    for (size_t i = 0; i < supervisor->n_instances; i++)
        if (instance_succeeds(instance, supervisor->instances[i]) &&
            has_port(supervisor->instances[i], port))
            return true;
    return false;
}

/* To the first that wants it. */
static void port_hand_over(struct instance *from, const struct port_spec *port)
{
    const struct supervisor *supervisor = from->supervisor;
    struct error err = {0};

    for (size_t i = 0; i < supervisor->n_instances; i++) {
        const struct instance *to = supervisor->instances[i];

        if (!instance_succeeds(to, from) || !to->made || !port_is_awaited(to, port))
            continue;
        if (net_port_move(supervisor->net, from->made->name, to->made->name, port, &err) < 0 ||
            (to->is.phase == PHASE_RUNNING &&
             net_port_open(supervisor->net, to->made->name, port, &err) < 0))
            log_warning("hand port %d of '%s' over: %s", port->host_port, from->made->name,
                        err.text);
        return;
    }
}

void ports_hand_over(struct instance *instance)
{
    for (size_t i = 0; instance->want.yields && i < instance->made->n_ports; i++)
        if (has_port(instance, &instance->made->ports[i]))
            port_hand_over(instance, &instance->made->ports[i]);
}
