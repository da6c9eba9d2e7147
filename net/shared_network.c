/* SPDX-License-Identifier: Apache-2.0 */
#include "net/shared_network.h"

#include <stdlib.h>
#include <string.h>

#include "common/fd.h"
#include "common/memory.h"
#include "net/hub.h"

struct shared_network {
    struct shared_site site;
    char *name;
    char *prefix; /* "PROJECT/", of its keys in the book; also the router's */
    struct hub hub;
    char router[IPV4_TEXT_SIZE];
    bool page_stale;
};

void shared_network_free(struct shared_network *shared)
{
    if (!shared)
        return;
    hub_close(&shared->hub);
    free(shared->prefix);
    free(shared->name);
    free(shared);
}

const char *shared_network_name(const struct shared_network *shared)
{
    return shared->name;
}

static struct shared_network *shared_network_new(const struct shared_site *site, const char *name)
{
    struct shared_network *shared = memory_new(struct shared_network);
    scoped_text struct text prefix = {0};

    text_appendf(&prefix, "%s/", site->project);
    shared->site = *site;
    shared->name = memory_strdup(name);
    shared->prefix = text_steal(&prefix);
    shared->hub = (struct hub){-1, -1};
    return shared;
}

/* -- addresses */

/* Whether the book's entry belongs to a project that uses the network. */
static bool is_in_use(const struct shared_pages *pages, const char *key)
{
    const char *slash = strchr(key, '/');

    for (size_t i = 0; slash && i < pages->count; i++) {
        const char *project = pages->items[i].project;

        if (strlen(project) == (size_t)(slash - key) &&
            strncmp(key, project, (size_t)(slash - key)) == 0)
            return true;
    }
    return false;
}

/* What others have claimed since the last time. */
static void learn(struct network *network, const struct address_book *book,
                  const struct shared_pages *pages)
{
    const struct shared_network *shared = network->shared;
    const char *key;
    uint32_t address;

    ipam_keep_only(network->ipam, shared->prefix);
    address_book_recall(book, shared->name, network->ipam);
    for (size_t i = 0; ipam_entry(network->ipam, i, &key, &address); i++)
        if (!string_starts_with(key, shared->prefix) && is_in_use(pages, key))
            (void)!ipam_claim(network->ipam, key, address, &address, NULL);
}

/* Under the lock: nobody claims between our look into the book and what we write. The pages live in
 * the arena; the directory, which the book is written to, and the book are the caller's. */
static int learn_all(struct network *network, struct arena *arena, struct shared_pages *ret_pages,
                     int *ret_dir_fd, struct address_book **ret_book, struct error *err)
{
    const struct shared_network *shared = network->shared;

    if (shared_registry_open_data(shared->site.registry, shared->name, ret_dir_fd, err) < 0 ||
        address_book_open(*ret_dir_fd, ret_book, err) < 0 ||
        shared_registry_read_pages(shared->site.registry, shared->name, arena, ret_pages, err) < 0)
        return -1;
    learn(network, *ret_book, ret_pages);
    return 0;
}

static int claim_locked(struct network *network, const char *key, uint32_t wanted,
                        uint32_t *ret_address, struct error *err)
{
    const struct shared_network *shared = network->shared;
    scoped(address_book_free) struct address_book *book = NULL;
    scoped(arena_free) struct arena *arena = arena_new();
    struct shared_pages pages;
    scoped_fd int dir_fd = -1;

    if (learn_all(network, arena, &pages, &dir_fd, &book, err) < 0)
        return -1;
    if (ipam_claim(network->ipam, key, wanted, ret_address, err) < 0)
        return -1;
    address_book_keep(book, shared->name, network->subnet, network->ipam);
    return address_book_save(book, err);
}

int shared_network_claim(struct network *network, const char *instance, uint32_t wanted,
                         uint32_t *ret_address, struct error *err)
{
    const struct shared_network *shared = network->shared;
    scoped_text struct text key = {0};
    scoped_fd int lock_fd = -1;

    text_appendf(&key, "%s%s", shared->prefix, instance);
    if (ipam_has_claimed(network->ipam, text_get(&key), wanted, ret_address))
        return 0;
    if (shared_registry_lock(shared->site.registry, &lock_fd, err) < 0)
        return -1;
    return claim_locked(network, text_get(&key), wanted, ret_address, err);
}

/* What of IPv6 others have: the addresses that they have fixed, and those of their numbers. */
static void learn6(struct network *network, const struct address_book *book,
                   const struct shared_pages *pages)
{
    const struct shared_network *shared = network->shared;
    struct network_v6 *v6 = &network->v6;
    struct in6_addr address;
    uint32_t number;
    const char *key;

    network_v6_keep_only(v6, shared->prefix);
    for (size_t i = 0; address_book_fixed6(book, shared->name, i, &key, &address); i++)
        if (!string_starts_with(key, shared->prefix) && is_in_use(pages, key))
            network_v6_note(v6, key, &address);
    for (size_t i = 0; ipam_entry(network->ipam, i, &key, &number); i++) {
        address = network_v6_of_number(v6, network_number_of(network, number));
        if (!string_starts_with(key, shared->prefix) && is_in_use(pages, key))
            network_v6_note(v6, key, &address);
    }
}

static int claim6_locked(struct network *network, const struct shared_claim6 *claim,
                         struct in6_addr *ret_address, struct error *err)
{
    const struct shared_network *shared = network->shared;
    scoped(address_book_free) struct address_book *book = NULL;
    scoped(arena_free) struct arena *arena = arena_new();
    struct shared_pages pages;
    scoped_fd int dir_fd = -1;

    if (learn_all(network, arena, &pages, &dir_fd, &book, err) < 0)
        return -1;
    learn6(network, book, &pages);
    if (network_v6_claim(&network->v6, claim->instance, claim->wanted, claim->number, ret_address,
                         err) < 0)
        return -1;
    address_book_fix6(book, shared->name, claim->instance, claim->wanted ? ret_address : NULL);
    return address_book_save(book, err);
}

int shared_network_claim6(struct network *network, const struct shared_claim6 *claim,
                          struct in6_addr *ret_address, struct error *err)
{
    const struct shared_network *shared = network->shared;
    scoped_text struct text key = {0};
    struct shared_claim6 keyed = *claim;
    scoped_fd int lock_fd = -1;

    text_appendf(&key, "%s%s", shared->prefix, claim->instance);
    keyed.instance = text_get(&key);
    if (network_v6_has_claimed(&network->v6, keyed.instance, claim->wanted, claim->number,
                               ret_address))
        return 0;
    if (shared_registry_lock(shared->site.registry, &lock_fd, err) < 0)
        return -1;
    return claim6_locked(network, &keyed, ret_address, err);
}

/* -- joining */

/* The network's gateway is the first project's own address, and stays it. */
static bool gateway_is_free(const struct shared_network *shared, const struct shared_pages *pages,
                            const char *gateway)
{
    const struct shared_page *own = shared_pages_find(pages, shared->site.project);

    if (own && own->router)
        return string_eq(own->router, gateway);
    for (size_t i = 0; i < pages->count; i++)
        if (string_eq(pages->items[i].router, gateway))
            return false;
    return true;
}

/* It is the gateway of all subnets. */
static void move_router(struct network *network, uint32_t address)
{
    network->gateway = network->router = address;
    (void)ipv4_format(address, network->gateway_text);
    for (size_t i = 0; i < network->n_pools; i++)
        network->pools[i].gateway = address;
    for (size_t i = 0; i < network->v6.n_pools; i++)
        network->v6.pools[i].gateway = network->v6.gateway;
}

static int claim_router(struct network *network, struct error *err)
{
    struct shared_network *shared = network->shared;
    scoped(arena_free) struct arena *arena = arena_new();
    struct shared_pages pages;
    uint32_t address;

    if (shared_registry_read_pages(shared->site.registry, shared->name, arena, &pages, err) < 0)
        return -1;
    if (!gateway_is_free(shared, &pages, network->gateway_text)) {
        if (claim_locked(network, shared->prefix, 0, &address, err) < 0 ||
            (network->v6.on &&
             claim6_locked(
                 network,
                 &(struct shared_claim6){shared->prefix, NULL, network_number_of(network, address)},
                 &network->v6.gateway, err) < 0))
            return -1;
        move_router(network, address);
    }
    (void)snprintf(shared->router, sizeof(shared->router), "%s", network->gateway_text);
    return 0;
}

int shared_network_join(struct network *network, const struct shared_site *site, const char *name,
                        struct error *err)
{
    scoped(arena_free) struct arena *arena = arena_new();
    struct shared_pages pages;

    network->shared = shared_network_new(site, name);
    if (claim_router(network, err) < 0 ||
        shared_registry_read_pages(site->registry, name, arena, &pages, err) < 0)
        return -1;
    network->shared->page_stale = true;
    if (shared_pages_find(&pages, site->project))
        return 0; /* an earlier supervisor's: its containers are on it until we say else */
    return shared_network_write_page(network, NULL, 0, err);
}

int shared_network_convert(struct network *network, const struct shared_site *site,
                           const char *name, struct error *err)
{
    scoped(address_book_free) struct address_book *book = NULL;
    scoped_fd int dir_fd = -1;
    struct in6_addr address;
    const char *key;

    if (shared_network_join(network, site, name, err) < 0 ||
        shared_registry_open_data(site->registry, name, &dir_fd, err) < 0 ||
        address_book_open(dir_fd, &book, err) < 0)
        return -1;
    ipam_add_prefix(network->ipam, network->shared->prefix);
    network->shared->page_stale = true; /* somebody is on it already */
    network_v6_add_prefix(&network->v6, network->shared->prefix);
    address_book_keep(book, name, network->subnet, network->ipam);
    for (size_t i = 0; network_v6_entry(&network->v6, i, &key, &address); i++)
        address_book_fix6(book, name, key, &address);
    return address_book_save(book, err);
}

int shared_network_plug_in(struct network *network, struct router *router, struct error *err)
{
    struct shared_network *shared = network->shared;
    struct hub_plug plug = {
        .network = shared->name,
        .router = router_links(router),
        .router_fd = router_netns_fd(router),
        .bridge_ifindex = network->bridge_ifindex,
        .address = network->gateway,
        .mtu = network->mtu,
        .isolated = network->isolated,
    };
    scoped_fd int dir_fd = -1;

    if (shared_network_is_joined(network))
        return 0;
    hub_close(&shared->hub);
    if (shared_registry_open_run(shared->site.registry, shared->name, &dir_fd, err) < 0 ||
        hub_open(dir_fd, shared->name, &shared->hub, err) < 0)
        return -1;
    if (hub_plug_in(&shared->hub, &plug, err) == 0)
        return 0;
    hub_close(&shared->hub);
    return -1;
}

bool shared_network_is_joined(const struct network *network)
{
    return hub_is_alive(&network->shared->hub);
}

int shared_network_hub_fd(const struct network *network)
{
    return network->shared->hub.pidfd;
}

/* -- the page */

void shared_network_change(struct network *network)
{
    network->shared->page_stale = true;
}

int shared_network_write_page(struct network *network, const struct shared_place *places,
                              size_t n_places, struct error *err)
{
    struct shared_network *shared = network->shared;
    struct shared_page page = {
        .project = shared->site.project,
        .router = shared->router,
        .places = (struct shared_place *)(uintptr_t)places,
        .n_places = n_places,
    };

    if (!shared->page_stale)
        return 0;
    if (shared_registry_write_page(shared->site.registry, shared->name, &page, err) < 0)
        return error_wrap(err, "network '%s'", shared->name);
    shared->page_stale = false;
    return 0;
}
