/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/image/registry/registry_site.h"

#include <pthread.h>

#include "common/memory.h"

struct registry_sites {
    const struct registry_settings *settings;
    pthread_mutex_t mutex; /* guards what follows, but not the sites themselves */
    struct arena *arena;
    struct registry_site *first;
};

struct registry_sites *registry_sites_new(const struct registry_settings *settings)
{
    struct registry_sites *sites = memory_new(struct registry_sites);

    sites->settings = settings;
    sites->arena = arena_new();
    (void)pthread_mutex_init(&sites->mutex, NULL);
    return sites;
}

void registry_sites_free(struct registry_sites *sites)
{
    if (!sites)
        return;
    (void)pthread_mutex_destroy(&sites->mutex);
    arena_free(sites->arena);
    free(sites);
}

static int sites_add(struct registry_sites *sites, const char *name,
                     struct registry_site **ret_site, struct error *err)
{
    struct registry_site *site = arena_new_object(sites->arena, struct registry_site);

    site->name = arena_strdup(sites->arena, name);
    site->authority = string_eq(name, "docker.io") ? "registry-1.docker.io" : site->name;
    site->allow_plain = registry_settings_allow_plain(sites->settings, name);
    site->plain_first = registry_settings_is_loopback(name);
    if (registry_settings_tls(sites->settings, name, sites->arena, &site->tls, err) < 0)
        return -1;
    site->next = sites->first;
    sites->first = site;
    *ret_site = site;
    return 0;
}

int registry_sites_get(struct registry_sites *sites, const char *name,
                       struct registry_site **ret_site, struct error *err)
{
    struct registry_site *site;
    int result = 0;

    (void)pthread_mutex_lock(&sites->mutex);
    for (site = sites->first; site; site = site->next)
        if (string_eq(site->name, name))
            break;
    if (site)
        *ret_site = site;
    else
        result = sites_add(sites, name, ret_site, err);
    (void)pthread_mutex_unlock(&sites->mutex);
    return result;
}
