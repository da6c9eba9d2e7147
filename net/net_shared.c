/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Networks that several projects use. Two things may happen there without us: another project
 * changes its page, or the hub ends. One epoll descriptor tells of both; what there is to do is
 * found by looking, so that it may be done again at any time.
 */
#include <errno.h>
#include <sys/epoll.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "common/fd.h"
#include "common/log.h"
#include "net/net_state.h"
#include "net/shared_network.h"

enum { PAGE_EVENTS = IN_MOVED_TO | IN_DELETE };

int net_shared_fd(const struct net *net)
{
    return net->events_fd;
}

static int watch_add(struct net *net, int fd, struct error *err)
{
    struct epoll_event event = {.events = EPOLLIN};

    if (epoll_ctl(net->events_fd, EPOLL_CTL_ADD, fd, &event) < 0 && errno != EEXIST)
        return error_sys(err, "watch shared networks");
    return 0;
}

int net_shared_open(struct net *net, const struct net_options *options, struct error *err)
{
    if (!options->data_root)
        return 0;
    net->neighbours = neighbours_new();
    net->events_fd = epoll_create1(EPOLL_CLOEXEC);
    net->pages_fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
    if (net->events_fd < 0 || net->pages_fd < 0)
        return error_sys(err, "watch shared networks");
    if (watch_add(net, net->pages_fd, err) < 0)
        return -1;
    return shared_registry_open(options->data_root, options->run_root, &net->registry, err);
}

void net_shared_close(struct net *net)
{
    neighbours_free(net->neighbours);
    shared_registry_free(net->registry);
    fd_close(net->events_fd);
    fd_close(net->pages_fd);
}

/* -- ourselves */

/* Of a member that may be on several networks, its place on this one. */
static void add_places(const struct member *member, const char *network,
                       struct shared_place *places, size_t *count)
{
    for (size_t i = 0; i < member->count; i++) {
        const struct worker_entry *entry = &member->entries[i];

        if (string_eq(entry->network, network))
            places[(*count)++] = (struct shared_place){.instance = member->instance,
                                                       .address = entry->address,
                                                       .address6 = entry->address6,
                                                       .names = entry->names,
                                                       .rank = member->rank};
    }
}

static int write_page(struct net *net, struct network *network, struct error *err)
{
    scoped(arena_free) struct arena *arena = arena_new();
    struct shared_place *places = arena_new_array(arena, struct shared_place, net->n_members + 1);
    size_t count = 0;

    for (size_t i = 0; i < net->n_members; i++)
        add_places(net->members[i], network->name, places, &count);
    return shared_network_write_page(network, places, count, err);
}

/* -- joining */

static int watch_pages(struct net *net, const char *name, struct error *err)
{
    scoped_fd int dir_fd = -1;
    char path[40];

    if (shared_registry_open_run(net->registry, name, &dir_fd, err) < 0)
        return -1;
    (void)snprintf(path, sizeof(path), "/proc/self/fd/%d", dir_fd);
    if (inotify_add_watch(net->pages_fd, path, PAGE_EVENTS) < 0)
        return error_sys(err, "watch network '%s'", name);
    return 0;
}

/* Under the lock. */
static int plug_in(struct net *net, struct network *network, struct error *err)
{
    if (shared_network_plug_in(network, net->router, err) < 0)
        return -1;
    return watch_add(net, shared_network_hub_fd(network), err);
}

static bool is_to_be_redefined(const struct net *net, const struct shared_definition *definition,
                               const struct network_spec *asked)
{
    return !asked->external && string_eq(definition->project, net->project) &&
           !shared_definition_is(definition, asked);
}

/* What the network is: as it was made, or as we make it. Under the lock. */
static int settle(struct net *net, const struct network_spec *asked, struct arena *arena,
                  struct network_spec *ret_spec, struct error *err)
{
    struct shared_definition *definition;
    struct shared_definition own = {
        .name = asked->shared_name, .project = net->project, .asked = *asked};

    if (shared_registry_resolve(net->registry, net->project, asked, arena, ret_spec, err) < 0 ||
        shared_registry_find(net->registry, asked->shared_name, arena, &definition, err) < 0)
        return -1;
    if (definition && !is_to_be_redefined(net, definition, asked))
        return 0;
    if (shared_registry_define(net->registry, &own, arena, err) < 0)
        return -1;
    return shared_registry_resolve(net->registry, net->project, asked, arena, ret_spec, err);
}

static int join(struct net *net, const struct network_spec *spec, struct network **ret_network,
                struct error *err)
{
    const struct shared_site site = {net->registry, net->project};
    scoped(network_free) struct network *network = NULL;

    if (net_resolve_network(net, spec, &network, err) < 0 ||
        shared_network_join(network, &site, spec->shared_name, err) < 0 ||
        net_make_bridge(net, network, err) < 0 || plug_in(net, network, err) < 0 ||
        watch_pages(net, spec->shared_name, err) < 0)
        return -1;
    *ret_network = steal(network);
    return 0;
}

/* Only who defines a network can have another definition of it than it has. */
int net_shared_differs(struct net *net, const struct network_spec *spec,
                       const struct network *known, bool *ret_differs, struct error *err)
{
    scoped(arena_free) struct arena *arena = arena_new();
    struct shared_definition *definition;
    struct network_spec settled;

    if (shared_registry_resolve(net->registry, net->project, spec, arena, &settled, err) < 0 ||
        shared_registry_find(net->registry, spec->shared_name, arena, &definition, err) < 0)
        return -1;
    *ret_differs = known && (!known->shared ||
                             !string_eq(shared_network_name(known->shared), spec->shared_name) ||
                             !definition || is_to_be_redefined(net, definition, spec));
    return 0;
}

int net_is_shared(const struct net *net, const struct network_spec *spec, struct arena *arena,
                  bool *ret_shared, struct network_spec *ret_spec, struct error *err)
{
    struct shared_definition *definition = NULL;
    const char *name = arena_printf(arena, "%s_%s", net->project, spec->name);

    *ret_spec = *spec;
    *ret_shared = spec->shared_name != NULL;
    if (*ret_shared || !net->registry || !shared_name_is_valid(name))
        return 0;
    if (shared_registry_find(net->registry, name, arena, &definition, err) < 0)
        return -1;
    *ret_shared = definition && string_eq(definition->project, net->project);
    ret_spec->shared_name = *ret_shared ? name : NULL;
    return 0;
}

/* As it is, so that nobody on it notices. */
static int define_as_is(const struct net *net, const struct network *network,
                        struct shared_definition *definition, struct arena *arena,
                        struct error *err)
{
    char prefix[IPV4_PREFIX_TEXT_SIZE], prefix6[IPV6_PREFIX_TEXT_SIZE], text6[IPV6_TEXT_SIZE];

    definition->spec.subnet = ipv4_prefix_format(network->subnet, prefix);
    definition->spec.gateway = network->gateway_text;
    if (network->v6.on) {
        definition->spec.subnet6 = ipv6_prefix_format(&network->v6.subnet, prefix6);
        definition->spec.gateway6 = ipv6_format(&network->v6.gateway, text6);
    }
    return shared_registry_define(net->registry, definition, arena, err);
}

int net_share(struct net *net, const struct network_spec *spec, struct error *err)
{
    scoped(arena_free) struct arena *arena = arena_new();
    const char *name = arena_printf(arena, "%s_%s", net->project, spec->name);
    const struct shared_site site = {net->registry, net->project};
    struct network *network = net_find_network(net, spec->name);
    struct shared_definition definition = {.name = name, .project = net->project, .asked = *spec};
    scoped_fd int lock_fd = -1;

    if (!network || !net->registry)
        return error_set(err, "there is no network '%s'", spec->name);
    if (network->shared)
        return 0;
    if (network->parent)
        return error_set(err, "network '%s' is its parent's, and needs no sharing", name);
    if (network->kernel_uplink)
        return error_set(err, "network '%s' has an uplink of the kernel's, and is not shared",
                         name);
    if (shared_registry_lock(net->registry, &lock_fd, err) < 0 ||
        define_as_is(net, network, &definition, arena, err) < 0 ||
        shared_network_convert(network, &site, name, err) < 0 ||
        write_page(net, network, err) < 0 || plug_in(net, network, err) < 0 ||
        watch_pages(net, name, err) < 0)
        return error_wrap(err, "share network '%s'", name);
    net->shared_stale = true;
    return 0;
}

int net_add_shared(struct net *net, const struct network_spec *spec, struct error *err)
{
    scoped(arena_free) struct arena *arena = arena_new();
    scoped(network_free) struct network *network = NULL;
    struct network *known = net_find_network(net, spec->name);
    struct network_spec settled;
    scoped_fd int lock_fd = -1;
    bool differs;

    if (!net->registry)
        return error_set(err, "network '%s': nothing can be shared here", spec->name);
    if (spec->kernel_uplink || spec->parent)
        return error_set(err,
                         "network '%s': macvlan, ipvlan and x-uplink are for a network of the "
                         "project's own",
                         spec->name);
    if (shared_registry_lock(net->registry, &lock_fd, err) < 0 ||
        net_network_differs(net, spec, &differs, err) < 0)
        return -1;
    if (known && !differs)
        return plug_in(net, known, err);
    if (net_remove_network(net, spec->name, err) < 0 ||
        settle(net, spec, arena, &settled, err) < 0 || join(net, &settled, &network, err) < 0)
        return -1;
    net_put_network(net, steal(network));
    net->shared_stale = true;
    return 0;
}

/* -- the others */

static void drain(int fd)
{
    char ignored[4096];

    while (read(fd, ignored, sizeof(ignored)) > 0)
        continue;
}

static bool something_happened(struct net *net)
{
    struct epoll_event event;

    return net->shared_stale || epoll_wait(net->events_fd, &event, 1, 0) != 0;
}

static int rejoin(struct net *net, struct network *network, struct error *err)
{
    scoped_fd int lock_fd = -1;

    if (shared_network_is_joined(network))
        return 0;
    if (shared_registry_lock(net->registry, &lock_fd, err) < 0)
        return -1;
    return plug_in(net, network, err);
}

static int read_others(struct net *net, const struct network *network, struct error *err)
{
    scoped(arena_free) struct arena *arena = arena_new();
    struct shared_pages pages;

    if (shared_registry_read_pages(net->registry, shared_network_name(network->shared), arena,
                                   &pages, err) < 0)
        return -1;
    for (size_t i = 0; i < pages.count; i++) {
        const struct shared_page *page = &pages.items[i];

        for (size_t j = 0; j < page->n_places && !string_eq(page->project, net->project); j++)
            neighbours_add(net->neighbours, page->project, network->name, &page->places[j]);
    }
    return 0;
}

static int look(struct net *net, struct error *err)
{
    drain(net->pages_fd);
    neighbours_begin(net->neighbours);
    for (size_t i = 0; i < net->n_networks; i++) {
        struct network *network = net->networks[i];

        if (network->shared &&
            (rejoin(net, network, err) < 0 || read_others(net, network, err) < 0))
            return -1;
    }
    neighbours_tell(net->neighbours, net->worker);
    return 0;
}

void net_shared_change(struct net *net)
{
    for (size_t i = 0; i < net->n_networks; i++)
        if (net->networks[i]->shared)
            shared_network_change(net->networks[i]);
}

int net_exchange(struct net *net, struct error *err)
{
    if (!net->registry)
        return 0;
    for (size_t i = 0; i < net->n_networks; i++)
        if (net->networks[i]->shared && write_page(net, net->networks[i], err) < 0)
            return -1;
    if (!something_happened(net))
        return 0;
    net->shared_stale = true; /* until it went well */
    if (look(net, err) < 0)
        return -1;
    net->shared_stale = false;
    return 0;
}

void net_leave_shared(struct net *net)
{
    struct error err = {0};

    if (net->registry && shared_registry_leave(net->registry, net->project, &err) < 0)
        log_debug("leave shared networks: %s", err.text);
}
