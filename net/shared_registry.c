/* SPDX-License-Identifier: Apache-2.0 */
#include "net/shared_registry.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "common/fd.h"
#include "common/file.h"
#include "common/memory.h"
#include "common/path.h"
#include "common/process.h"
#include "net/network.h"

#define DEFINITION "network.json"
#define PAGE_SUFFIX ".json"
enum { NAME_LENGTH_MAX = 200, PATH_SIZE = NAME_LENGTH_MAX + 16 };

struct shared_registry {
    int data_fd, run_fd; /* the roots */
};

static const struct codec_field definition_codec[] = {
    CODEC_FIELD(struct shared_definition, name, CODEC_STRING),
    CODEC_FIELD(struct shared_definition, project, CODEC_STRING),
    CODEC_FIELD(struct shared_definition, created_ns, CODEC_UINT64),
    CODEC_FIELD(struct shared_definition, labels, CODEC_STRINGS),
    CODEC_NESTED(struct shared_definition, asked, network_spec_codec),
    CODEC_NESTED(struct shared_definition, spec, network_spec_codec),
    {0},
};

static const struct codec_field place_codec[] = {
    CODEC_FIELD(struct shared_place, instance, CODEC_STRING),
    CODEC_FIELD(struct shared_place, address, CODEC_STRING),
    CODEC_FIELD(struct shared_place, address6, CODEC_STRING),
    CODEC_FIELD(struct shared_place, names, CODEC_STRINGS),
    CODEC_FIELD(struct shared_place, rank, CODEC_INT),
    {0},
};

static const struct codec_field page_codec[] = {
    CODEC_FIELD(struct shared_page, project, CODEC_STRING),
    CODEC_FIELD(struct shared_page, router, CODEC_STRING),
    CODEC_LIST(struct shared_page, places, n_places, place_codec),
    {0},
};

int shared_registry_open(const char *data_root, const char *run_root,
                         struct shared_registry **ret_registry, struct error *err)
{
    scoped(shared_registry_free) struct shared_registry *registry =
        memory_new(struct shared_registry);

    registry->run_fd = -1;
    registry->data_fd = open(data_root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (registry->data_fd < 0)
        return error_sys(err, "open '%s'", data_root);
    registry->run_fd = open(run_root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (registry->run_fd < 0)
        return error_sys(err, "open '%s'", run_root);
    *ret_registry = steal(registry);
    return 0;
}

void shared_registry_free(struct shared_registry *registry)
{
    if (!registry)
        return;
    fd_close(registry->data_fd);
    fd_close(registry->run_fd);
    free(registry);
}

/* An open file of its own: a lock belongs to it, not to the process. */
int shared_registry_lock(const struct shared_registry *registry, int *ret_lock_fd,
                         struct error *err)
{
    scoped_fd int lock_fd = openat(registry->run_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (lock_fd < 0)
        return error_sys(err, "open the shared networks");
    while (flock(lock_fd, LOCK_EX) < 0)
        if (errno != EINTR)
            return error_sys(err, "lock the shared networks");
    *ret_lock_fd = steal_fd(&lock_fd);
    return 0;
}

bool shared_name_is_valid(const char *name)
{
    static const char first[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
    size_t length = strlen(name);

    if (length == 0 || length > NAME_LENGTH_MAX || !strchr(first, *name))
        return false;
    for (; *name; name++)
        if (!strchr(first, *name) && !strchr("_.-", *name))
            return false;
    return true;
}

/* "networks/NAME" in the caller's buffer. */
static int network_path(const char *name, char ret_path[PATH_SIZE], struct error *err)
{
    if (!shared_name_is_valid(name))
        return error_set(err,
                         "'%s' is no name for a network: use letters, digits, '_', '.' and '-', "
                         "beginning with a letter or a digit",
                         name);
    (void)snprintf(ret_path, PATH_SIZE, "networks/%s", name);
    return 0;
}

static int open_below(int root_fd, const char *name, int *ret_dir_fd, struct error *err)
{
    char path[PATH_SIZE];

    if (network_path(name, path, err) < 0 || path_make_dirs(root_fd, path, 0700, err) < 0)
        return -1;
    *ret_dir_fd = openat(root_fd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return *ret_dir_fd < 0 ? error_sys(err, "open '%s'", path) : 0;
}

int shared_registry_open_data(const struct shared_registry *registry, const char *name,
                              int *ret_dir_fd, struct error *err)
{
    return open_below(registry->data_fd, name, ret_dir_fd, err);
}

int shared_registry_open_run(const struct shared_registry *registry, const char *name,
                             int *ret_dir_fd, struct error *err)
{
    return open_below(registry->run_fd, name, ret_dir_fd, err);
}

/* -- definitions */

int shared_registry_find(const struct shared_registry *registry, const char *name,
                         struct arena *arena, struct shared_definition **ret_definition,
                         struct error *err)
{
    scoped(json_release) json_t *json = NULL;
    scoped_text struct text file = {0};
    struct error failure = {0};
    char path[PATH_SIZE];

    *ret_definition = NULL;
    if (network_path(name, path, err) < 0)
        return -1;
    text_appendf(&file, "%s/" DEFINITION, path);
    json = json_read_file(registry->data_fd, text_get(&file), &failure);
    if (!json)
        return failure.number == ENOENT ? 0
                                        : error_set(err, "network '%s': %s", name, failure.text);
    *ret_definition = arena_new_object(arena, struct shared_definition);
    if (codec_decode(definition_codec, json, *ret_definition, arena, err) < 0)
        return error_wrap(err, "network '%s'", name);
    return 0;
}

/* Names of what is in a directory below a root; none when it is not there. */
static int list_below(int root_fd, const char *path, struct arena *arena,
                      struct string_list *ret_names, struct error *err)
{
    int fd = openat(root_fd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *dir = fd < 0 ? NULL : fdopendir(fd);
    struct dirent *entry;

    *ret_names = (struct string_list){0};
    if (!dir) {
        fd_close(fd);
        return errno == ENOENT ? 0 : error_sys(err, "open '%s'", path);
    }
    while ((entry = readdir(dir)))
        if (shared_name_is_valid(entry->d_name))
            string_list_add(arena, ret_names, arena_strdup(arena, entry->d_name));
    (void)closedir(dir);
    string_list_sort(ret_names);
    return 0;
}

int shared_registry_list(const struct shared_registry *registry, struct arena *arena,
                         struct string_list *ret_names, struct error *err)
{
    struct string_list all;

    *ret_names = (struct string_list){0};
    if (list_below(registry->data_fd, "networks", arena, &all, err) < 0)
        return -1;
    for (size_t i = 0; i < all.count; i++) {
        struct shared_definition *definition;

        if (shared_registry_find(registry, all.items[i], arena, &definition, err) < 0)
            return -1;
        if (definition)
            string_list_add(arena, ret_names, all.items[i]);
    }
    return 0;
}

/* One of IPv4; others are left out. */
static void add_subnet(const char *text, struct prefix_list *taken)
{
    struct ipv4_prefix subnet;

    if (text && ipv4_prefix_parse(text, &subnet))
        prefix_list_add(taken, subnet);
}

static int taken_subnets(const struct shared_registry *registry, const char *except,
                         struct arena *arena, struct prefix_list *taken, struct error *err)
{
    struct string_list names;

    if (shared_registry_list(registry, arena, &names, err) < 0)
        return -1;
    for (size_t i = 0; i < names.count; i++) {
        struct shared_definition *other;

        if (string_eq(names.items[i], except))
            continue;
        if (shared_registry_find(registry, names.items[i], arena, &other, err) < 0)
            return -1;
        if (!other)
            continue;
        add_subnet(other->spec.subnet, taken);
        for (size_t j = 0; j < other->spec.n_pools; j++)
            add_subnet(other->spec.pools[j].subnet, taken);
    }
    return 0;
}

/* Those after the first, as `network` has them. */
static void settle_pools(const struct network *network, struct arena *arena,
                         struct network_spec *spec)
{
    struct pool_spec *pools = arena_new_array(arena, struct pool_spec, spec->n_pools);
    size_t n_v4 = 0, n_v6 = 0;
    char text[IPV6_TEXT_SIZE];

    for (size_t i = 0; i < spec->n_pools; i++) {
        bool is_v6 = strchr(spec->pools[i].subnet, ':');

        pools[i] = spec->pools[i];
        if (is_v6 && !network->v6.on)
            continue;
        pools[i].gateway =
            arena_strdup(arena, is_v6 ? ipv6_format(&network->v6.pools[n_v6++].gateway, text)
                                      : ipv4_format(network->pools[n_v4++].gateway, text));
    }
    spec->pools = pools;
}

static int settle(const struct shared_registry *registry, struct shared_definition *definition,
                  struct arena *arena, struct error *err)
{
    scoped(network_free) struct network *network = NULL;
    char prefix[IPV4_PREFIX_TEXT_SIZE], prefix6[IPV6_PREFIX_TEXT_SIZE], text6[IPV6_TEXT_SIZE];
    struct prefix_list taken = {0};
    struct network_place place = {"", NULL, &taken, NULL, 0};
    struct network_spec asked = definition->asked;
    int result;

    asked.name = definition->name;
    if (definition->spec.subnet) {
        asked.subnet = definition->spec.subnet;
        asked.gateway = definition->spec.gateway;
        asked.subnet6 = definition->spec.subnet6;
        asked.gateway6 = definition->spec.gateway6;
    }
    result = taken_subnets(registry, definition->name, arena, &taken, err);
    if (result == 0)
        result = network_new(&asked, &place, &network, err);
    free(taken.items);
    if (result < 0)
        return -1;
    definition->spec = definition->asked;
    definition->spec.subnet = arena_strdup(arena, ipv4_prefix_format(network->subnet, prefix));
    definition->spec.gateway = arena_strdup(arena, network->gateway_text);
    if (network->v6.on) {
        definition->spec.subnet6 =
            arena_strdup(arena, ipv6_prefix_format(&network->v6.subnet, prefix6));
        definition->spec.gateway6 = arena_strdup(arena, ipv6_format(&network->v6.gateway, text6));
    }
    settle_pools(network, arena, &definition->spec);
    return 0;
}

int shared_registry_define(const struct shared_registry *registry,
                           struct shared_definition *definition, struct arena *arena,
                           struct error *err)
{
    scoped(json_release) json_t *json = NULL;
    scoped_text struct text text = {0};
    scoped_fd int dir_fd = -1;

    definition->asked.name = definition->asked.shared_name = NULL;
    definition->created_ns = clock_realtime_ns();
    if (settle(registry, definition, arena, err) < 0 ||
        shared_registry_open_data(registry, definition->name, &dir_fd, err) < 0)
        return -1;
    json = codec_encode(definition_codec, definition);
    json_format(json, &text);
    return file_replace(dir_fd, DEFINITION, text.data, text.length, 0600, err);
}

int shared_registry_remove(const struct shared_registry *registry, const char *name,
                           struct error *err)
{
    char path[PATH_SIZE];

    if (network_path(name, path, err) < 0 || path_remove_tree(registry->data_fd, path, err) < 0)
        return -1;
    (void)unlinkat(registry->data_fd, "networks", AT_REMOVEDIR); /* when it was the last */
    return 0;
}

bool shared_definition_is(const struct shared_definition *definition,
                          const struct network_spec *asked)
{
    scoped(json_release) json_t *kept = codec_encode(network_spec_codec, &definition->asked);
    scoped(json_release) json_t *new = NULL;
    struct network_spec plain = *asked;

    plain.name = plain.shared_name = NULL;
    new = codec_encode(network_spec_codec, &plain);
    return json_equal(kept, new);
}

int shared_registry_resolve(const struct shared_registry *registry, const char *project,
                            const struct network_spec *asked, struct arena *arena,
                            struct network_spec *ret_spec, struct error *err)
{
    scoped_text struct text users = {0};
    struct shared_definition *definition;
    struct shared_pages pages;

    if (shared_registry_find(registry, asked->shared_name, arena, &definition, err) < 0 ||
        shared_registry_read_pages(registry, asked->shared_name, arena, &pages, err) < 0)
        return -1;
    if (!definition && asked->external)
        return error_set(err,
                         "network %s declared as external, but could not be found: make it with "
                         "'yawl network create %s', or start the project that defines it",
                         asked->shared_name, asked->shared_name);
    *ret_spec = *asked;
    if (!definition)
        return 0;
    if (!asked->external && string_eq(definition->project, project) &&
        !shared_definition_is(definition, asked)) {
        if (shared_pages_words(&pages, project, &users))
            return error_set(err, "network '%s' has changed, and others use it as it was: %s",
                             asked->shared_name, text_get(&users));
        return 0;
    }
    *ret_spec = definition->spec;
    ret_spec->name = asked->name;
    ret_spec->shared_name = asked->shared_name;
    ret_spec->external = asked->external;
    return 0;
}

/* -- pages */

static int page_read(int root_fd, const char *path, struct arena *arena, struct shared_page *page,
                     struct error *err)
{
    scoped(json_release) json_t *json = json_read_file(root_fd, path, err);

    return json ? codec_decode(page_codec, json, page, arena, err) : -1;
}

int shared_registry_read_pages(const struct shared_registry *registry, const char *name,
                               struct arena *arena, struct shared_pages *ret_pages,
                               struct error *err)
{
    struct shared_pages pages = {0};
    struct string_list files;
    char path[PATH_SIZE];

    if (network_path(name, path, err) < 0 ||
        list_below(registry->run_fd, path, arena, &files, err) < 0)
        return -1;
    pages.items = arena_new_array(arena, struct shared_page, files.count + 1);
    for (size_t i = 0; i < files.count; i++) {
        const char *file = arena_printf(arena, "%s/%s", path, files.items[i]);
        struct shared_page page = {0};
        struct error failure = {0};

        if (!string_ends_with(file, PAGE_SUFFIX))
            continue;
        if (page_read(registry->run_fd, file, arena, &page, &failure) == 0 && page.project)
            pages.items[pages.count++] = page;
        else if (failure.number != ENOENT) /* else its project has just left */
            return error_set(err, "read '%s': %s", file, failure.text);
    }
    *ret_pages = pages;
    return 0;
}

const struct shared_page *shared_pages_find(const struct shared_pages *pages, const char *project)
{
    for (size_t i = 0; i < pages->count; i++)
        if (string_eq(pages->items[i].project, project))
            return &pages->items[i];
    return NULL;
}

bool shared_pages_words(const struct shared_pages *pages, const char *except, struct text *out)
{
    bool any = false;

    for (size_t i = 0; i < pages->count; i++) {
        const struct shared_page *page = &pages->items[i];

        if (string_eq(page->project, except))
            continue;
        text_appendf(out, "%s%s", any ? ", " : "", page->project);
        for (size_t j = 0; j < page->n_places; j++)
            text_appendf(out, "%s%s", j ? ", " : " (", page->places[j].instance);
        text_append(out, page->n_places ? ")" : "");
        any = true;
    }
    return any;
}

int shared_registry_write_page(const struct shared_registry *registry, const char *name,
                               const struct shared_page *page, struct error *err)
{
    scoped(json_release) json_t *json = codec_encode(page_codec, page);
    scoped_text struct text text = {0}, file = {0};
    scoped_fd int dir_fd = -1;

    json_format(json, &text);
    text_appendf(&file, "%s" PAGE_SUFFIX, page->project);
    if (shared_registry_open_run(registry, name, &dir_fd, err) < 0)
        return -1;
    return file_replace(dir_fd, text_get(&file), text.data, text.length, 0600, err);
}

static int remove_page(const struct shared_registry *registry, const char *name,
                       const char *project, struct error *err)
{
    scoped_text struct text file = {0};
    char path[PATH_SIZE];

    if (network_path(name, path, err) < 0)
        return -1;
    text_appendf(&file, "%s/%s" PAGE_SUFFIX, path, project);
    if (unlinkat(registry->run_fd, text_get(&file), 0) < 0 && errno != ENOENT)
        return error_sys(err, "remove '%s'", text_get(&file));
    (void)unlinkat(registry->run_fd, path, AT_REMOVEDIR); /* when it was the last */
    (void)unlinkat(registry->run_fd, "networks", AT_REMOVEDIR);
    return 0;
}

static int leave_one(const struct shared_registry *registry, const char *name, const char *project,
                     struct arena *arena, struct error *err)
{
    struct shared_definition *definition;
    struct shared_pages pages;

    if (remove_page(registry, name, project, err) < 0 ||
        shared_registry_find(registry, name, arena, &definition, err) < 0 ||
        shared_registry_read_pages(registry, name, arena, &pages, err) < 0)
        return -1;
    if (!definition || !string_eq(definition->project, project) || pages.count > 0)
        return 0;
    return shared_registry_remove(registry, name, err);
}

int shared_registry_leave(const struct shared_registry *registry, const char *project,
                          struct error *err)
{
    scoped(arena_free) struct arena *arena = arena_new();
    struct string_list names;
    scoped_fd int lock_fd = -1;

    if (shared_registry_lock(registry, &lock_fd, err) < 0 ||
        shared_registry_list(registry, arena, &names, err) < 0)
        return -1;
    for (size_t i = 0; i < names.count; i++)
        if (leave_one(registry, names.items[i], project, arena, err) < 0)
            return -1;
    return 0;
}
