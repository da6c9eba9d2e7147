/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Networks whose definition has changed. What is attached to one is stopped and started again; as
 * soon as nobody is attached any more, the network is made anew, and only then what needs it
 * starts.
 *
 * The instances' own wants are on disk before the new definition is: a supervisor that comes
 * between finds either the old network and instances that restart for nothing, or all of it.
 */
#include "orchestrator/supervise/networks.h"

#include <errno.h>

#include "common/log.h"

int networks_changed(struct supervisor *supervisor, const struct plan *wanted, struct arena *arena,
                     struct string_list *ret_names, struct error *err)
{
    *ret_names = (struct string_list){0};
    for (size_t i = 0; i < wanted->n_networks; i++) {
        bool differs;

        if (net_network_differs(supervisor->net, &wanted->networks[i], &differs, err) < 0)
            return -1;
        if (differs)
            string_list_add(arena, ret_names, wanted->networks[i].name);
    }
    return 0;
}

int networks_add(struct supervisor *supervisor, const struct plan *wanted, struct arena *arena,
                 bool **ret_stale, struct error *err)
{
    *ret_stale = arena_new_array(arena, bool, wanted->n_networks + 1);
    for (size_t i = 0; i < wanted->n_networks; i++) {
        if (net_add_network(supervisor->net, &wanted->networks[i], err) == 0)
            continue;
        if (err->number != EBUSY)
            return -1;
        (*ret_stale)[i] = true;
    }
    return 0;
}

void networks_renew(struct supervisor *supervisor)
{
    for (size_t i = 0; i < supervisor->shared.n_networks; i++) {
        const struct network_spec *network = &supervisor->shared.networks[i];
        struct error err = {0};

        if (!supervisor->networks_stale || !supervisor->networks_stale[i])
            continue;
        if (net_add_network(supervisor->net, network, &err) < 0 && err.number == EBUSY)
            continue;
        if (*err.text)
            log_warning("%s", err.text);
        supervisor->networks_stale[i] = false;
    }
}

const char *networks_stale_of(const struct supervisor *supervisor, const struct instance *instance)
{
    for (size_t i = 0; i < supervisor->shared.n_networks && supervisor->networks_stale; i++) {
        const char *name = supervisor->shared.networks[i].name;

        for (size_t j = 0; supervisor->networks_stale[i] && j < instance->made->n_endpoints; j++)
            if (string_eq(instance->made->endpoints[j].network, name))
                return name;
    }
    return NULL;
}
