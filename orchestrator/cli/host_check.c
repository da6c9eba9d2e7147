/* SPDX-License-Identifier: Apache-2.0 */
#include "orchestrator/cli/host_check.h"

#include <errno.h>
#include <string.h>
#include <sys/sysinfo.h>
#include <unistd.h>

#include "common/fd.h"
#include "common/units.h"
#include "net/net.h"
#include "net/net_trial.h"
#include "net/shared_registry.h"
#include "orchestrator/plan/plan_volume.h"
#include "runtime/cgroup/cgroup.h"

enum { PORTS_TO_TRY = 50 };

/* -- ports */

static const struct record *port_record(struct record **records, size_t count,
                                        const struct port_spec *port)
{
    for (size_t i = 0; i < count; i++)
        for (size_t j = 0; j < records[i]->n_ports; j++)
            if (records[i]->ports[j].host_port == port->host_port &&
                records[i]->ports[j].udp == port->udp)
                return records[i];
    return NULL;
}

/* The container of another project that has the port, or NULL. A project that cannot be read is
 * passed over: the port is busy all the same. */
static const struct record *port_neighbour(const struct host_check *check,
                                           const struct port_spec *port, const char **ret_project)
{
    struct string_list projects = {0};
    const struct record *found = NULL;

    if (project_dir_list(check->arena, check->roots, &projects, NULL) < 0)
        return NULL;
    for (size_t i = 0; i < projects.count && !found; i++) {
        scoped(project_dir_close) struct project_dir *dir = NULL;
        scoped_fd int records_fd = -1;
        struct record **records;
        size_t count;

        if (string_eq(projects.items[i], check->project->name) ||
            project_dir_open(check->arena, check->roots, projects.items[i], false, &dir, NULL) < 0)
            continue;
        records_fd = record_dir_open(dir);
        if (record_list(records_fd, check->arena, &records, &count, NULL) == 0)
            found = port_record(records, count, port);
        *ret_project = projects.items[i];
    }
    return found;
}

/* The next port that could be published instead, or 0. */
static int port_instead(const struct port_spec *busy)
{
    struct port_spec port = *busy;

    for (int i = 1; i <= PORTS_TO_TRY && busy->host_port + i <= UINT16_MAX; i++) {
        port.host_port = (uint16_t)(busy->host_port + i);
        if (net_port_check(&port, NULL) == 0)
            return port.host_port;
    }
    return 0;
}

static const char *busy_text(const struct host_check *check, const struct port_spec *port,
                             const struct error *why)
{
    const char *project;
    const struct record *neighbour = port_neighbour(check, port, &project);
    int instead = port->host_port_end ? 0 : port_instead(port);
    scoped_text struct text text = {0};

    if (neighbour)
        text_appendf(&text, "port %d%s is held by service '%s' of project '%s': `yawl -p %s down`",
                     port->host_port, port->udp ? "/udp" : "", neighbour->service, project,
                     project);
    else
        text_appendf(&text, "%s: end it", why->text);
    if (instead)
        text_appendf(&text, ", or publish another one, such as %d", instead);
    return arena_strdup(check->arena, text_get(&text));
}

static struct position port_position(const struct service *service, size_t index)
{
    return index < service->n_ports ? service->ports[index].at : service->at;
}

static void ports_check(const struct host_check *check, const struct plan_instance *instance)
{
    const struct service *service = project_find_service(check->project, instance->service);

    for (size_t i = 0; i < instance->n_ports; i++) {
        const struct port_spec *port = &instance->ports[i];
        scoped_text struct text path = {0};
        struct error err = {0};

        if (port_record(check->records, check->n_records, port) || net_port_check(port, &err) == 0)
            continue;
        text_appendf(&path, "services.%s.ports[%zu]", instance->service, i);
        diagnostics_error(check->diagnostics, port_position(service, i), text_get(&path), "%s",
                          err.number == EADDRINUSE ? busy_text(check, port, &err) : err.text);
    }
}

/* -- mounts */

static void binds_check(const struct host_check *check, const struct service *service)
{
    for (size_t i = 0; i < service->n_volumes; i++) {
        const struct service_volume *volume = &service->volumes[i];
        scoped_text struct text path = {0};

        if (volume->kind != VOLUME_BIND || volume->create_host_path ||
            access(volume->source, F_OK) == 0)
            continue;
        text_appendf(&path, "services.%s.volumes[%zu]", service->name, i);
        diagnostics_error(check->diagnostics, volume->at, text_get(&path),
                          "bind source path does not exist: '%s'", volume->source);
    }
}

/* External volumes and the directories that others stand for are there before. */
static void volumes_check(const struct host_check *check)
{
    const struct project *project = check->project;

    for (size_t i = 0; i < project->n_volumes; i++) {
        const struct volume *volume = &project->volumes[i];
        bool bind = plan_volume_kind(volume) == VOLUME_IS_BIND;
        const char *place = bind ? plan_volume_option(volume, "device")
                                 : arena_printf(check->arena, "%s/volumes/%s/_data",
                                                check->roots->data, volume->name);
        scoped_text struct text path = {0};

        if ((!bind && !volume->external) || access(place, F_OK) == 0)
            continue;
        text_appendf(&path, "volumes.%s", volume->key);
        if (bind)
            diagnostics_error(check->diagnostics, volume->at, text_get(&path),
                              "device '%s' of volume '%s' does not exist", place, volume->name);
        else
            diagnostics_error(check->diagnostics, volume->at, text_get(&path),
                              "external volume '%s' not found", volume->name);
    }
}

static void files_check(const struct host_check *check, const struct secret *secrets, size_t count,
                        const char *kind)
{
    for (size_t i = 0; i < count; i++) {
        scoped_text struct text path = {0};

        if (!secrets[i].file || access(secrets[i].file, R_OK) == 0)
            continue;
        text_appendf(&path, "%s.%s.file", kind, secrets[i].key);
        diagnostics_error(check->diagnostics, secrets[i].at, text_get(&path), "read '%s': %s",
                          secrets[i].file, strerror(errno));
    }
}

/* -- networks */

/* In place of what the file says, what the machine knows: another project may have made it. */
static int shared_network_resolve(const struct host_check *check, const char *path,
                                  struct network_spec *spec, struct error *err)
{
    scoped(shared_registry_free) struct shared_registry *registry = NULL;
    const struct network_spec asked = *spec;
    const char *project = check->plan->project;
    struct shared_definition *network;

    if (shared_registry_open(check->roots->data, check->roots->run, &registry, err) < 0 ||
        shared_registry_resolve(registry, project, &asked, check->arena, spec, err) < 0 ||
        shared_registry_find(registry, asked.shared_name, check->arena, &network, err) < 0)
        return -1;
    if (network && !asked.external && !string_eq(network->project, project))
        diagnostics_warning(check->diagnostics, compose_position(check->compose, path), path,
                            "a network with name %s exists but was not created for project "
                            "\"%s\": set 'external: true' to use an existing network",
                            asked.shared_name, project);
    return 0;
}

static void trial_networks(const struct host_check *check, struct net_trial *trial)
{
    const struct plan *plan = check->plan;

    for (size_t i = 0; i < plan->n_networks; i++) {
        const char *path = arena_printf(check->arena, "networks.%s", plan->networks[i].name);
        struct network_spec spec = plan->networks[i];
        struct error err = {0};

        if ((spec.shared_name && shared_network_resolve(check, path, &spec, &err) < 0) ||
            net_trial_network(trial, &spec, &err) < 0)
            diagnostics_error(check->diagnostics, compose_position(check->compose, path), path,
                              "%s", err.text);
    }
}

static void trial_endpoints(const struct host_check *check, struct net_trial *trial, bool fixed)
{
    const struct plan *plan = check->plan;

    for (size_t i = 0; i < plan->n_instances; i++) {
        const struct plan_instance *instance = &plan->instances[i];

        for (size_t j = 0; j < instance->n_endpoints; j++) {
            const struct endpoint_spec *endpoint = &instance->endpoints[j];
            const char *path = arena_printf(check->arena, "services.%s.networks.%s",
                                            instance->service, endpoint->network);
            struct error err = {0};

            if ((endpoint->ipv4_address || endpoint->ipv6_address) == fixed &&
                net_trial_endpoint(trial, instance->name, endpoint, &err) < 0)
                diagnostics_error(check->diagnostics, compose_position(check->compose, path), path,
                                  "%s", err.text);
        }
    }
}

static void networks_check(const struct host_check *check)
{
    scoped(net_trial_free) struct net_trial *trial = net_trial_new(check->plan->project);

    trial_networks(check, trial);
    trial_endpoints(check, trial, true);
    trial_endpoints(check, trial, false);
}

/* -- limits */

static struct position memory_position(const struct host_check *check, const char *service,
                                       const char **ret_path)
{
    const struct position service_at =
        compose_position(check->compose, arena_printf(check->arena, "services.%s", service));
    struct position at;

    *ret_path = arena_printf(check->arena, "services.%s.mem_limit", service);
    at = compose_position(check->compose, *ret_path);
    if (at.line != service_at.line)
        return at;
    *ret_path = arena_printf(check->arena, "services.%s.deploy.resources.limits.memory", service);
    return compose_position(check->compose, *ret_path);
}

/* A limit that is never reached is most often a slip of the unit. */
static void memory_check(const struct host_check *check, const struct plan_instance *instance)
{
    const int64_t limit = instance->container.resources.memory_bytes;
    scoped_text struct text wanted = {0}, there = {0};
    struct sysinfo host;
    struct position at;
    const char *path;
    uint64_t all;

    if (limit <= 0 || sysinfo(&host) < 0)
        return;
    all = (uint64_t)host.totalram * host.mem_unit;
    if ((uint64_t)limit <= all)
        return;
    bytes_format(limit, &wanted);
    bytes_format(all, &there);
    at = memory_position(check, instance->service, &path);
    diagnostics_warning(check->diagnostics, at, path,
                        "a limit of %s limits nothing: this machine has %s", text_get(&wanted),
                        text_get(&there));
}

static void limits_check(const struct host_check *check, const struct plan_instance *instance)
{
    const char *path = arena_printf(check->arena, "services.%s", instance->service);
    struct position at = compose_position(check->compose, path);
    struct error err = {0}, lack;

    if (cgroup_check(&instance->container.resources, &lack, &err) < 0)
        diagnostics_error(check->diagnostics, at, path, "%s", err.text);
    else if (*lack.text)
        diagnostics_warning(check->diagnostics, at, path, "it runs without the limit; %s",
                            lack.text);
    memory_check(check, instance);
}

void host_check(const struct host_check *check)
{
    const struct project *project = check->project;

    for (size_t i = 0; i < check->plan->n_instances; i++) {
        ports_check(check, &check->plan->instances[i]);
        limits_check(check, &check->plan->instances[i]);
    }
    for (size_t i = 0; i < project->n_services; i++)
        binds_check(check, &project->services[i]);
    volumes_check(check);
    files_check(check, project->secrets, project->n_secrets, "secrets");
    files_check(check, project->configs, project->n_configs, "configs");
    networks_check(check);
}
