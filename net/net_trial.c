/* SPDX-License-Identifier: Apache-2.0 */
#include "net/net_trial.h"

#include <stdlib.h>

#include "common/memory.h"
#include "common/text.h"
#include "net/member.h"
#include "net/network.h"

struct net_trial {
    const char *project;
    struct network **networks;
    size_t count, capacity;
    struct prefix_list taken;
};

struct net_trial *net_trial_new(const char *project)
{
    struct net_trial *trial = memory_new(struct net_trial);

    trial->project = project;
    return trial;
}

void net_trial_free(struct net_trial *trial)
{
    if (!trial)
        return;
    for (size_t i = 0; i < trial->count; i++)
        network_free(trial->networks[i]);
    free(trial->networks);
    free(trial->taken.items);
    free(trial);
}

int net_trial_network(struct net_trial *trial, const struct network_spec *spec, struct error *err)
{
    const struct network_place place = {trial->project, NULL, &trial->taken, trial->networks,
                                        trial->count};
    struct network *network;

    if (!spec->subnet && !spec->subnet6)
        return 0;
    if (network_new(spec, &place, &network, err) < 0)
        return -1;
    memory_grow(trial->networks, trial->count, trial->capacity);
    trial->networks[trial->count++] = network;
    network_add_subnets(network, &trial->taken);
    return 0;
}

int net_trial_endpoint(struct net_trial *trial, const char *instance,
                       const struct endpoint_spec *spec, struct error *err)
{
    struct member_addresses addresses;

    for (size_t i = 0; i < trial->count; i++)
        if (string_eq(trial->networks[i]->name, spec->network))
            return member_claim(trial->networks[i], instance, spec, &addresses, err);
    return 0;
}
