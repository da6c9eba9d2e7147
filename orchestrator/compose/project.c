/* SPDX-License-Identifier: Apache-2.0 */
#include "orchestrator/compose/project.h"

#include "common/text.h"

const struct service *project_find_service(const struct project *project, const char *name)
{
    for (size_t i = 0; i < project->n_services; i++) {
        if (string_eq(project->services[i].name, name))
            return &project->services[i];
    }
    return NULL;
}

const struct network *project_find_network(const struct project *project, const char *key)
{
    for (size_t i = 0; i < project->n_networks; i++) {
        if (string_eq(project->networks[i].key, key))
            return &project->networks[i];
    }
    return NULL;
}

const struct volume *project_find_volume(const struct project *project, const char *key)
{
    for (size_t i = 0; i < project->n_volumes; i++) {
        if (string_eq(project->volumes[i].key, key))
            return &project->volumes[i];
    }
    return NULL;
}

static const struct secret *find_secret(const struct secret *secrets, size_t count, const char *key)
{
    for (size_t i = 0; i < count; i++) {
        if (string_eq(secrets[i].key, key))
            return &secrets[i];
    }
    return NULL;
}

const struct secret *project_find_secret(const struct project *project, const char *key)
{
    return find_secret(project->secrets, project->n_secrets, key);
}

const struct secret *project_find_config(const struct project *project, const char *key)
{
    return find_secret(project->configs, project->n_configs, key);
}
