/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the user wrote, fully resolved: files merged, variables expanded, short forms made long,
 * paths absolute, defaults filled in. Plain data in one arena; positions tell where parts came
 * from.
 *
 * A field that the user left out is NULL, empty, or where zero is legal paired with a has_ flag.
 */
#ifndef YAWL_ORCHESTRATOR_COMPOSE_PROJECT_H
#define YAWL_ORCHESTRATOR_COMPOSE_PROJECT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/arena.h"
#include "common/error.h"
#include "orchestrator/compose/limits.h"
#include "orchestrator/compose/mount.h"
#include "orchestrator/compose/network.h"
#include "orchestrator/compose/value.h"
#include "orchestrator/compose/watch.h"

struct build {
    const char *context, *dockerfile, *dockerfile_inline, *target, *network;
    struct pair_list args, labels;
    struct pair_list additional_contexts, ssh; /* ssh: a name and a socket, or "" */
    struct string_list tags, platforms, extra_hosts, entitlements, cache_from, cache_to;
    struct string_list no_cache_filter; /* stages */
    struct ulimit_list ulimits;
    struct grant *secrets; /* targets are ids of RUN --mount */
    size_t n_secrets;
    int64_t shm_size_bytes;
    bool no_cache, pull, privileged;
    struct position at;
};

struct service_port {
    const char *name;      /* or NULL */
    const char *host_ip;   /* NULL: all */
    const char *published; /* "8080", "8000-9000", NULL: a free one */
    unsigned target;
    const char *protocol; /* "tcp", "udp" */
    struct position at;
};

struct service_network {
    const char *network; /* key in project.networks */
    struct string_list aliases, link_local_ips;
    struct pair_list driver_opts;
    const char *ipv4_address, *ipv6_address, *mac_address, *interface_name;
    int priority, gw_priority;
    struct position at;
};

enum dependency_condition { CONDITION_STARTED, CONDITION_HEALTHY, CONDITION_COMPLETED };

struct dependency {
    const char *service;
    enum dependency_condition condition;
    bool restart, required;
    struct position at;
};

struct healthcheck {
    bool given, disable;
    struct string_list test; /* "CMD", ...; "CMD-SHELL", text; "NONE" */
    int64_t interval_ns, timeout_ns, start_period_ns, start_interval_ns; /* 0: default */
    int64_t retries;                                                     /* 0: default */
    struct position at;
};

struct service {
    const char *name;
    struct position at;
    const char *image;
    struct position image_at;
    struct build *build; /* NULL: none */
    const char *platform, *pull_policy;
    struct command command, entrypoint;
    struct pair_list environment; /* env_file and environment together, resolved */
    struct pair_list labels, sysctls;
    const char *user, *working_dir, *hostname, *domainname, *container_name;
    const char *network_mode, *pid_mode, *ipc_mode, *uts_mode, *userns_mode;
    const char *cgroup_mode, *cgroup_parent;
    struct string_list cap_add, cap_drop, security_opt, group_add, profiles, devices;
    struct device_request *device_requests;
    size_t n_device_requests;
    struct string_list device_cgroup_rules;                   /* "c 189:* rmw" */
    struct string_list dns, dns_search, dns_opt, extra_hosts; /* extra_hosts "name=address" */
    struct string_list links;                                 /* "service" or "service:alias" */
    struct string_list external_links;                        /* "container:alias" */
    struct string_list expose;                                /* "80", "53/udp", "8000-8010" */
    const char *mac_address;      /* on the network with the highest priority */
    const char *egress, *ingress; /* `x-bandwidth`: "10mbit" of a second, or NULL: no limit */
    const char *host_gateway; /* `x-host-gateway`: "loopback", or NULL: the host's own address */
    struct service_volume *volumes;
    size_t n_volumes;
    struct string_list volumes_from; /* "service" or "service:ro" */
    struct service_port *ports;
    size_t n_ports;
    struct service_network *networks; /* "default" is filled in; empty with network_mode */
    size_t n_networks;
    struct dependency *depends_on; /* implied ones included */
    size_t n_depends_on;
    struct grant *secrets, *configs;
    size_t n_secrets, n_configs;
    struct ulimit_list ulimits;
    struct tmpfs *tmpfs;
    size_t n_tmpfs;
    struct healthcheck healthcheck;
    struct hook *pre_start, *post_start, *pre_stop;
    size_t n_pre_start, n_post_start, n_pre_stop;
    struct watch_rule *watch; /* `develop.watch` */
    size_t n_watch;
    const char *restart; /* "no", "always", "on-failure[:N]", "unless-stopped"; NULL: no */
    int64_t restart_delay_ns, restart_window_ns; /* of deploy.restart_policy */
    bool has_restart_delay;
    bool start_first;          /* deploy.update_config.order */
    bool runs_on_change;       /* `x-run: on-change`: a job that is not run again in vain */
    struct string_list inputs; /* files and globs that it depends on; relative to the project */
    const char *stop_signal;
    int64_t stop_grace_period_ns;
    bool has_stop_grace_period;
    bool init, privileged, read_only, tty, stdin_open, oom_kill_disable;
    bool attach;               /* true unless said otherwise */
    int64_t pids_limit, scale; /* scale is 1 unless said otherwise */
    int64_t mem_limit_bytes, mem_reservation_bytes, memswap_limit_bytes, shm_size_bytes;
    double cpus;
    int64_t cpu_shares, cpu_quota_us, cpu_period_us, cpu_rt_runtime_us, cpu_rt_period_us;
    const char *cpuset;
    int64_t mem_swappiness; /* of 100; 0 and -1: the kernel decides */
    struct block_limit *block_limits;
    size_t n_block_limits;
    int oom_score_adj;
    const char *logging_driver;
    struct pair_list logging_options;
};

struct volume {
    const char *key, *name;
    const char *driver;
    bool external;
    struct pair_list driver_opts, labels;
    struct position at;
};

/* A secret or config. With `environment`, a variable's name, `content` is its value. */
struct secret {
    const char *key, *name;
    const char *file, *content, *environment;
    bool external;
    struct position at;
};

struct project {
    const char *name;
    const char *separator;    /* between the words of containers' names */
    const char *directory;    /* absolute */
    struct string_list files; /* absolute */
    struct service *services; /* enabled and selected ones, sorted by name */
    size_t n_services;
    struct string_list disabled_services; /* by profile */
    struct network *networks;
    size_t n_networks;
    struct volume *volumes;
    size_t n_volumes;
    struct secret *secrets, *configs;
    size_t n_secrets, n_configs;
};

const struct service *project_find_service(const struct project *project, const char *name);
const struct network *project_find_network(const struct project *project, const char *key);
const struct volume *project_find_volume(const struct project *project, const char *key);
const struct secret *project_find_secret(const struct project *project, const char *key);
const struct secret *project_find_config(const struct project *project, const char *key);

#endif
