/* SPDX-License-Identifier: Apache-2.0 */
#include "orchestrator/supervise/sharing.h"

#include <signal.h>
#include <string.h>
#include <sys/wait.h>

#include "common/log.h"

enum shared_kind { SHARED_NETWORK, SHARED_PID, SHARED_IPC, SHARED_KINDS };

static const char *const kind_names[] = {"network", "pid", "ipc"};

static const struct plan_instance *plan_of(const struct instance *instance)
{
    return instance->made ? instance->made : instance->plan;
}

static const char *named_owner(const struct instance *instance, enum shared_kind kind)
{
    const struct plan_instance *plan = plan_of(instance);

    switch (kind) {
    case SHARED_NETWORK:
        return plan->network_of;
    case SHARED_PID:
        return plan->pid_of;
    case SHARED_IPC:
        return plan->ipc_of;
    case SHARED_KINDS:
        break;
    }
    return NULL;
}

/* Of a service it is the replica with the lowest number. */
static struct instance *owner_find(struct supervisor *supervisor, const char *named)
{
    const char *service = string_starts_with(named, "service:") ? named + strlen("service:") : NULL;
    struct instance *first = NULL;

    if (!service)
        return supervisor_find(supervisor, named + strlen("container:"));
    for (size_t i = 0; i < supervisor->n_instances; i++) {
        struct instance *other = supervisor->instances[i];

        if (!other->plan->oneoff && string_eq(other->plan->service, service) &&
            (!first || other->plan->number < first->plan->number))
            first = other;
    }
    return first;
}

/* Whose namespace it is in the end: itself, when it names nobody. NULL: who is named is not there.
 */
static struct instance *owner_of(struct instance *instance, enum shared_kind kind)
{
    struct supervisor *supervisor = instance->supervisor;

    for (size_t hops = 0; instance && hops <= supervisor->n_instances; hops++) {
        const char *named = named_owner(instance, kind);

        if (!named)
            return instance;
        instance = owner_find(supervisor, named);
    }
    return NULL; /* the loader refuses circles of services; of containers they are found here */
}

static bool is_alive(const struct instance *instance)
{
    return instance->container &&
           (instance->is.phase == PHASE_STARTING || instance->is.phase == PHASE_RUNNING);
}

/* Who lives in the namespace, the owner before its sharers. */
static struct instance *occupant_of(struct instance *owner, enum shared_kind kind,
                                    const struct instance *besides)
{
    struct supervisor *supervisor = owner->supervisor;

    if (owner != besides && is_alive(owner))
        return owner;
    if (kind == SHARED_PID)
        return NULL;
    for (size_t i = 0; i < supervisor->n_instances; i++) {
        struct instance *other = supervisor->instances[i];

        if (other != besides && is_alive(other) && owner_of(other, kind) == owner)
            return other;
    }
    return NULL;
}

/* -- the group: all who are linked by sharing, also through others */

static bool is_linked(struct instance *a, struct instance *b)
{
    for (int kind = 0; kind < SHARED_KINDS; kind++) {
        struct instance *owner = owner_of(a, (enum shared_kind)kind);

        if (owner && owner == owner_of(b, (enum shared_kind)kind))
            return true;
    }
    return false;
}

static bool shares_anything(const struct instance *instance)
{
    return named_owner(instance, SHARED_NETWORK) || named_owner(instance, SHARED_PID) ||
           named_owner(instance, SHARED_IPC);
}

static bool project_shares(const struct supervisor *supervisor)
{
    for (size_t i = 0; i < supervisor->n_instances; i++)
        if (shares_anything(supervisor->instances[i]))
            return true;
    return false;
}

/* Someone of the group who lives and has a user namespace, or NULL. */
static struct instance *group_user(struct instance *instance)
{
    struct supervisor *supervisor = instance->supervisor;
    scoped(arena_free) struct arena *arena = arena_new();
    struct instance **group = arena_new_array(arena, struct instance *, supervisor->n_instances);
    bool *seen = arena_new_array(arena, bool, supervisor->n_instances);
    size_t count = 0;

    group[count++] = instance;
    for (size_t next = 0; next < count; next++)
        for (size_t i = 0; i < supervisor->n_instances; i++) {
            struct instance *other = supervisor->instances[i];

            if (seen[i] || other == instance || !is_linked(group[next], other))
                continue;
            seen[i] = true;
            group[count++] = other;
            if (is_alive(other) && container_in_user_namespace(other->container))
                return other;
        }
    return NULL;
}

/* -- a start */

static int partner_choose(struct instance *instance, enum shared_kind kind,
                          struct instance **ret_partner, struct error *err)
{
    struct instance *owner = owner_of(instance, kind);

    *ret_partner = owner ? occupant_of(owner, kind, instance) : NULL;
    if (*ret_partner || owner == instance)
        return 0;
    return error_set(err, "share the %s namespace of '%s': it does not run", kind_names[kind],
                     strchr(named_owner(instance, kind), ':') + 1);
}

static const struct container *container_of(const struct instance *instance)
{
    return instance ? instance->container : NULL;
}

/* Its name on the network is its owner's, as are the files that tell it. */
static void spec_share_network(struct instance *instance, struct container_spec *spec)
{
    const struct instance *owner = owner_of(instance, SHARED_NETWORK);

    if (!owner || owner == instance || !owner->made)
        return;
    spec->etc_dir = owner->made->container.etc_dir;
    if (!spec->host_uts) {
        spec->hostname = owner->made->container.hostname;
        spec->domainname = owner->made->container.domainname;
    }
}

/* What belongs to the host's user namespace can be used only without another one. */
static bool needs_host_ids(struct instance *const *partners)
{
    for (int kind = 0; kind < SHARED_KINDS; kind++)
        if (partners[kind] && !container_in_user_namespace(partners[kind]->container))
            return true;
    return false;
}

int sharing_prepare(struct instance *instance, struct container_spec *spec,
                    struct partners *ret_partners, struct error *err)
{
    struct instance *partners[SHARED_KINDS] = {0};

    if (!project_shares(instance->supervisor))
        return 0;
    for (int kind = 0; kind < SHARED_KINDS; kind++)
        if (partner_choose(instance, (enum shared_kind)kind, &partners[kind], err) < 0)
            return -1;
    spec_share_network(instance, spec);
    if (needs_host_ids(partners))
        spec->id_map = (struct id_map){0};
    *ret_partners = (struct partners){
        .user = spec->id_map.count > 0 ? container_of(group_user(instance)) : NULL,
        .network = container_of(partners[SHARED_NETWORK]),
        .pid = container_of(partners[SHARED_PID]),
        .ipc = container_of(partners[SHARED_IPC]),
    };
    return 0;
}

/* -- the network */

int sharing_netns_fd(const struct instance *instance)
{
    struct instance *owner = owner_of((struct instance *)(uintptr_t)instance, SHARED_NETWORK);
    const struct instance *occupant = owner ? occupant_of(owner, SHARED_NETWORK, instance) : NULL;

    if (instance->container)
        return container_netns_fd(instance->container);
    return occupant ? container_netns_fd(occupant->container) : -1;
}

static void network_close(struct instance *owner)
{
    const struct plan_instance *plan = plan_of(owner);

    for (size_t i = 0; i < plan->n_ports; i++)
        net_port_close(owner->supervisor->net, plan->name, &plan->ports[i]);
    net_detach(owner->supervisor->net, plan->name);
}

void sharing_leave_network(struct instance *instance)
{
    struct instance *owner = owner_of(instance, SHARED_NETWORK);

    if (!owner)
        owner = instance;
    if ((owner != instance && is_alive(owner)) || occupant_of(owner, SHARED_NETWORK, instance))
        return;
    network_close(owner);
}

void sharing_adopt(struct supervisor *supervisor)
{
    for (size_t i = 0; i < supervisor->n_instances; i++) {
        struct instance *owner = supervisor->instances[i];
        struct error err = {0};

        if (!owner->made || is_alive(owner) || owner->made->network_of ||
            !occupant_of(owner, SHARED_NETWORK, owner))
            continue;
        if (network_join(owner, &err) < 0)
            log_warning("network of '%s': %s", owner->plan->name, err.text);
        for (size_t j = 0; j < owner->made->n_ports; j++)
            if (net_port_open(supervisor->net, owner->made->name, &owner->made->ports[j], &err) < 0)
                log_warning("publish port of '%s': %s", owner->plan->name, err.text);
    }
}

/* -- the end of a PID namespace */

void sharing_end_pid(struct instance *instance)
{
    struct supervisor *supervisor = instance->supervisor;
    bool comes_back = decide_restarts(&instance->want, &instance->is) || instance->want.bounce;

    for (size_t i = 0; comes_back && i < supervisor->n_instances; i++) {
        struct instance *other = supervisor->instances[i];

        if (other == instance || !other->made || !other->made->pid_of ||
            owner_of(other, SHARED_PID) != instance)
            continue;
        if (other->want.goal != GOAL_RUNNING || other->is.stopped_by_us ||
            (other->is.phase != PHASE_EXITED && other->is.phase != PHASE_DONE) ||
            other->record.wait_status != SIGKILL)
            continue;
        other->want.bounce = true;
        other->dirty = true;
    }
}
