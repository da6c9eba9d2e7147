/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Instances are the truth; an index sorted by name is rebuilt at the first question after a change.
 * Networks are few per instance, so an entry of the index is checked against the asker's by
 * comparing texts.
 */
#include "net/dns/dns_names.h"

#include <ctype.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "common/memory.h"
#include "common/text.h"

struct known_instance {
    struct arena *arena; /* of everything below */
    const char *name;
    struct dns_place *places;
    size_t n_places;
    struct string_list links; /* "alias=name" */
    int rank;
};

struct index_entry {
    const char *name; /* up to: */
    size_t length;
    uint16_t port; /* of a service; 0: it is a name of the place */
    const struct known_instance *instance;
    const struct dns_place *place;
};

struct dns_names {
    char *project;
    struct known_instance **instances;
    size_t n_instances, capacity;
    struct arena *declared_arena, *search_arena;
    struct string_list declared; /* sorted */
    struct string_list search;
    struct index_entry *index;
    size_t n_index, index_capacity;
    bool stale;
    uint64_t random;
};

struct dns_names *dns_names_new(void)
{
    struct dns_names *names = memory_new(struct dns_names);

    if (getrandom(&names->random, sizeof(names->random), GRND_NONBLOCK) < 0 || names->random == 0)
        names->random = 0x9e3779b97f4a7c15ULL;
    return names;
}

static void instance_free(struct known_instance *instance)
{
    arena_free(instance->arena);
    free(instance);
}

void dns_names_free(struct dns_names *names)
{
    if (!names)
        return;
    for (size_t i = 0; i < names->n_instances; i++)
        instance_free(names->instances[i]);
    arena_free(names->declared_arena);
    arena_free(names->search_arena);
    free(names->instances);
    free(names->index);
    free(names->project);
    free(names);
}

static char *lower(struct arena *arena, const char *text)
{
    size_t length = strlen(text);
    char *copy;

    if (length > 0 && text[length - 1] == '.')
        length--;
    copy = arena_strndup(arena, text, length);
    for (char *c = copy; *c; c++)
        *c = (char)tolower((unsigned char)*c);
    return copy;
}

static struct string_list lower_list(struct arena *arena, struct string_list list)
{
    struct string_list lowered = {0};

    for (size_t i = 0; i < list.count; i++)
        string_list_add(arena, &lowered, lower(arena, list.items[i]));
    return lowered;
}

void dns_names_set_project(struct dns_names *names, const char *project)
{
    free(names->project);
    names->project = memory_strdup(project);
}

static struct known_instance *names_find(const struct dns_names *names, const char *instance)
{
    for (size_t i = 0; i < names->n_instances; i++)
        if (string_eq(names->instances[i]->name, instance))
            return names->instances[i];
    return NULL;
}

void dns_names_set(struct dns_names *names, const char *instance, const struct dns_place *places,
                   size_t n_places)
{
    struct known_instance *known = names_find(names, instance);
    struct arena *arena = arena_new();

    if (!known) {
        known = memory_new(struct known_instance);
        known->rank = NAME_HIDDEN;
        memory_grow(names->instances, names->n_instances, names->capacity);
        names->instances[names->n_instances++] = known;
    }
    arena_free(known->arena);
    known->arena = arena;
    known->name = arena_strdup(arena, instance);
    known->links = (struct string_list){0};
    known->places = arena_new_array(arena, struct dns_place, n_places);
    known->n_places = n_places;
    for (size_t i = 0; i < n_places; i++)
        known->places[i] = (struct dns_place){.network = arena_strdup(arena, places[i].network),
                                              .address = places[i].address,
                                              .address6 = places[i].address6,
                                              .names = lower_list(arena, places[i].names)};
    names->stale = true;
}

const struct dns_place *dns_names_place(const struct dns_names *names, const char *instance,
                                        size_t index)
{
    const struct known_instance *known = names_find(names, instance);

    return known && index < known->n_places ? &known->places[index] : NULL;
}

int dns_names_rank(const struct dns_names *names, const char *instance)
{
    const struct known_instance *known = names_find(names, instance);

    return known ? known->rank : NAME_HIDDEN;
}

void dns_names_link(struct dns_names *names, const char *instance, struct string_list links)
{
    struct known_instance *known = names_find(names, instance);

    if (known)
        known->links = lower_list(known->arena, links);
}

void dns_names_remove(struct dns_names *names, const char *instance)
{
    for (size_t i = 0; i < names->n_instances; i++) {
        if (!string_eq(names->instances[i]->name, instance))
            continue;
        instance_free(names->instances[i]);
        names->instances[i] = names->instances[--names->n_instances];
        names->stale = true;
        return;
    }
}

void dns_names_set_rank(struct dns_names *names, const char *instance, int rank)
{
    struct known_instance *known = names_find(names, instance);

    if (known)
        known->rank = rank;
}

static int compare_texts(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

void dns_names_declare(struct dns_names *names, struct string_list declared)
{
    struct arena *arena = arena_new();

    arena_free(names->declared_arena);
    names->declared_arena = arena;
    names->declared = lower_list(arena, declared);
    if (names->declared.count > 0)
        qsort(names->declared.items, names->declared.count, sizeof(const char *), compare_texts);
}

void dns_names_set_search(struct dns_names *names, struct string_list domains)
{
    struct arena *arena = arena_new();

    arena_free(names->search_arena);
    names->search_arena = arena;
    names->search = lower_list(arena, domains);
}

static int compare_name(const struct index_entry *entry, const char *name, size_t length)
{
    size_t common = entry->length < length ? entry->length : length;
    int order = memcmp(entry->name, name, common);

    return order != 0 ? order : (entry->length > length) - (entry->length < length);
}

static int compare_entries(const void *a, const void *b)
{
    const struct index_entry *left = a, *right = b;
    int order = compare_name(left, right->name, right->length);

    if (order != 0)
        return order;
    return (left->place > right->place) - (left->place < right->place);
}

static void names_index_place(struct dns_names *names, const struct known_instance *instance,
                              const struct dns_place *place)
{
    for (size_t i = 0; i < place->names.count; i++) {
        const char *name = place->names.items[i];
        size_t length = strcspn(name, "=");
        unsigned port = 0;

        if (name[length] && !string_to_port(name + length + 1, strlen(name + length + 1), &port))
            continue;
        memory_grow(names->index, names->n_index, names->index_capacity);
        names->index[names->n_index++] = (struct index_entry){.name = name,
                                                              .length = length,
                                                              .port = (uint16_t)port,
                                                              .instance = instance,
                                                              .place = place};
    }
}

static void names_refresh(struct dns_names *names)
{
    if (!names->stale)
        return;
    names->n_index = 0;
    for (size_t i = 0; i < names->n_instances; i++)
        for (size_t k = 0; k < names->instances[i]->n_places; k++)
            names_index_place(names, names->instances[i], &names->instances[i]->places[k]);
    if (names->n_index > 0)
        qsort(names->index, names->n_index, sizeof(*names->index), compare_entries);
    names->stale = false;
}

/* The first entry of that name, or the end. */
static size_t names_first(const struct dns_names *names, const char *name)
{
    size_t low = 0, high = names->n_index;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (compare_name(&names->index[middle], name, strlen(name)) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static bool is_on(const struct known_instance *instance, const char *network)
{
    for (size_t i = 0; i < instance->n_places; i++)
        if (string_eq(instance->places[i].network, network))
            return true;
    return false;
}

static bool is_entry(const struct dns_names *names, size_t index, const char *name)
{
    return index < names->n_index && compare_name(&names->index[index], name, strlen(name)) == 0;
}

/* "web" of "_http._tcp.web"; any other name is its own. */
static const char *service_owner(const char *name)
{
    const char *protocol = *name == '_' ? strchr(name, '.') : NULL;
    const char *owner = protocol && protocol[1] == '_' ? strchr(protocol + 1, '.') : NULL;

    return owner ? owner + 1 : name;
}

static bool is_declared(const struct dns_names *names, const char *name)
{
    name = service_owner(name);
    if (is_entry(names, names_first(names, name), name))
        return true;
    return names->declared.count > 0 && bsearch(&name, names->declared.items, names->declared.count,
                                                sizeof(const char *), compare_texts);
}

/* Who asks, and on which network alone (NULL: on all of the asker's). */
struct view {
    const struct known_instance *asker;
    const char *network;
    struct arena *arena;
};

static bool is_visible(const struct view *view, const struct index_entry *entry)
{
    return is_on(view->asker, entry->place->network) &&
           (!view->network || string_eq(view->network, entry->place->network));
}

static struct inet_address place_v4(const struct dns_place *place)
{
    return inet_address_v4(place->address, 0);
}

static struct inet_address place_v6(const struct dns_place *place)
{
    struct inet_address address = inet_address_any(AF_INET6, 0);

    address.v6.sin6_addr = place->address6;
    return address;
}

static const char *place_name(const struct dns_names *names, const char *instance,
                              const struct dns_place *place, struct arena *arena)
{
    return arena_printf(arena, "%s.%s%s%s", instance, names->project ? names->project : "",
                        names->project ? "_" : "", place->network);
}

static void add_addresses(struct dns_found *found, const struct dns_place *place)
{
    const struct inet_address both[] = {place_v4(place), place_v6(place)};

    for (size_t i = 0; i < ARRAY_LENGTH(both); i++)
        if (!inet_address_is_any(&both[i]))
            found->addresses[found->n_addresses++] = both[i];
}

/* The places of a name that are of the best rank there is. */
static void collect(const struct dns_names *names, const struct view *view, const char *name,
                    struct dns_found *found)
{
    size_t first = names_first(names, name);
    size_t end = first;
    int best = NAME_STARTING;

    while (is_entry(names, end, name))
        end++;
    if (end == first)
        return;
    found->addresses = arena_new_array(view->arena, struct inet_address, 2 * (end - first));
    found->services = arena_new_array(view->arena, struct dns_service, end - first);
    for (size_t i = first; i < end; i++) {
        const struct index_entry *entry = &names->index[i];
        bool repeated = i > first && entry->place == names->index[i - 1].place;

        if (repeated || entry->instance->rank < best || !is_visible(view, entry))
            continue;
        if (entry->instance->rank > best) {
            best = entry->instance->rank;
            found->n_addresses = found->n_services = 0;
        }
        if (entry->port == 0)
            add_addresses(found, entry->place);
        else
            found->services[found->n_services++] = (struct dns_service){
                place_name(names, entry->instance->name, entry->place, view->arena), entry->port};
    }
}

/* xorshift64*: it only has to spread load. */
static uint64_t next_random(struct dns_names *names)
{
    names->random ^= names->random >> 12;
    names->random ^= names->random << 25;
    names->random ^= names->random >> 27;
    return names->random * 0x2545f4914f6cdd1dULL;
}

static void shuffle(struct dns_names *names, struct inet_address *addresses, size_t count)
{
    for (size_t i = count; i > 1; i--) {
        size_t k = (size_t)(next_random(names) % i);
        struct inet_address kept = addresses[i - 1];

        addresses[i - 1] = addresses[k];
        addresses[k] = kept;
    }
}

/* The key of the asker's network that `suffix` names, as "default" or "shop_default"; or NULL. */
static const char *network_named(const struct dns_names *names, const struct known_instance *asker,
                                 const char *suffix)
{
    size_t project = names->project ? strlen(names->project) : 0;

    for (size_t i = 0; i < asker->n_places; i++) {
        const char *network = asker->places[i].network;

        if (strcasecmp(suffix, network) == 0)
            return network;
        if (project > 0 && strncasecmp(suffix, names->project, project) == 0 &&
            suffix[project] == '_' && strcasecmp(suffix + project + 1, network) == 0)
            return network;
    }
    return NULL;
}

/* Whether the name is a declared one with something behind: a network's name or a search domain. */
static bool is_declared_with_suffix(const struct dns_names *names,
                                    const struct known_instance *asker, const char *name,
                                    struct arena *arena)
{
    for (const char *dot = strchr(name, '.'); dot; dot = strchr(dot + 1, '.')) {
        bool ours = network_named(names, asker, dot + 1) != NULL;

        for (size_t i = 0; i < names->search.count && !ours; i++)
            ours = strcmp(dot + 1, names->search.items[i]) == 0;
        if (ours && is_declared(names, arena_strndup(arena, name, (size_t)(dot - name))))
            return true;
    }
    return false;
}

static bool is_found(const struct dns_found *found)
{
    return found->n_addresses + found->n_services > 0;
}

static void lookup_with_network(const struct dns_names *names, struct view *view, const char *name,
                                struct dns_found *found)
{
    for (const char *dot = strchr(name, '.'); dot && !is_found(found); dot = strchr(dot + 1, '.')) {
        view->network = network_named(names, view->asker, dot + 1);
        if (view->network)
            collect(names, view, arena_strndup(view->arena, name, (size_t)(dot - name)), found);
    }
}

/* What a link makes of the name, or NULL: it is for another one. */
static const char *follow_link(struct arena *arena, const char *link, const char *name)
{
    size_t length = strcspn(link, "#=");
    const char *number = name + length;

    if (strncmp(link, name, length) != 0)
        return NULL;
    if (link[length] == '=')
        return *number ? NULL : link + length + 1;
    if (!*number || number[strspn(number, "0123456789")] || strncmp(link + length, "#=", 2) != 0)
        return NULL;
    link += length + 2;
    return arena_printf(arena, "%.*s%s", (int)strcspn(link, "#"), link, number);
}

/* What the asker's own alias stands for; any other name stands for itself. */
static const char *name_behind(const struct view *view, const char *name)
{
    for (size_t i = 0; i < view->asker->links.count; i++) {
        const char *behind = follow_link(view->arena, view->asker->links.items[i], name);

        if (behind)
            return behind;
    }
    return name;
}

void dns_names_lookup(struct dns_names *names, const char *asker, const char *name,
                      struct arena *arena, struct dns_found *ret_found)
{
    struct view view = {.asker = names_find(names, asker), .arena = arena};
    struct dns_found found = {.owner = DNS_FOREIGN};

    names_refresh(names);
    if (view.asker) {
        name = name_behind(&view, name);
        collect(names, &view, name, &found);
        if (!is_found(&found))
            lookup_with_network(names, &view, name, &found);
        found.exists = is_found(&found);
        shuffle(names, found.addresses, found.n_addresses);
        if (found.exists || is_declared(names, name) ||
            is_declared_with_suffix(names, view.asker, name, arena))
            found.owner = DNS_OURS;
    }
    *ret_found = found;
}

enum dns_owner dns_names_reverse(struct dns_names *names, const char *asker,
                                 const struct inet_address *address, struct arena *arena,
                                 const char **ret_name)
{
    const struct known_instance *known_asker = names_find(names, asker);
    enum dns_owner owner = DNS_FOREIGN;

    *ret_name = NULL;
    for (size_t i = 0; i < names->n_instances && known_asker; i++) {
        const struct known_instance *instance = names->instances[i];

        for (size_t k = 0; k < instance->n_places; k++) {
            const struct dns_place *place = &instance->places[k];
            const struct inet_address v4 = place_v4(place), v6 = place_v6(place);

            if (!inet_address_same_host(&v4, address) && !inet_address_same_host(&v6, address))
                continue;
            owner = DNS_OURS;
            if (instance->rank > NAME_HIDDEN && is_on(known_asker, place->network))
                *ret_name = place_name(names, instance->name, place, arena);
        }
    }
    return owner;
}
