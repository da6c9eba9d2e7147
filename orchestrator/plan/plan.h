/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The desired world: what should exist, with nothing left to look up. Made from a project and its
 * images by plan_make(); kept on disk by the supervisor as JSON, one file per instance and one for
 * the rest.
 *
 * Plain data in one arena.
 */
#ifndef YAWL_ORCHESTRATOR_PLAN_PLAN_H
#define YAWL_ORCHESTRATOR_PLAN_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/arena.h"
#include "common/codec.h"
#include "net/network_spec.h"
#include "runtime/container_spec.h"

enum restart_kind { RESTART_NO, RESTART_ALWAYS, RESTART_ON_FAILURE, RESTART_UNLESS_STOPPED };

enum plan_condition { PLAN_STARTED, PLAN_HEALTHY, PLAN_COMPLETED };

struct plan_dependency {
    const char *service;
    bool by_name;  /* `service` is the name of one container: a hook's */
    int condition; /* enum plan_condition */
    bool restart, required;
};

struct plan_health {
    struct string_list args; /* ready to execute; empty: no check */
    int64_t interval_ms, timeout_ms, start_period_ms, start_interval_ms, retries;
};

/* A program that runs in the container after it has started or before it is stopped. */
struct plan_hook {
    struct string_list args, env; /* the container's own environment with additions */
    const char *user, *cwd;       /* NULL: the container's */
    bool privileged;
};

/* A file that is written for the container before it starts: a secret, a config, a part of /etc. */
struct plan_file {
    const char *name;    /* below the instance's files directory */
    const char *content; /* or */
    const char *source;  /* a host file whose bytes are copied */
    int uid, gid, mode;
};

struct plan_instance {
    const char *name;    /* "shop-api-1": container name */
    const char *service; /* "api" */
    const char *label;   /* "api-1" */
    int number;
    const char *image, *image_digest, *config_hash;
    const char *config; /* JSON of the service as resolved, to tell later what has changed in it */
    struct container_spec container;          /* id and FIFOs are filled in at each start */
    const char *network_of, *pid_of, *ipc_of; /* "service:NAME", "container:NAME" or NULL: whose
                                                 namespaces it shares */
    struct endpoint_spec *endpoints;
    size_t n_endpoints;
    struct port_spec *ports;
    size_t n_ports;
    struct plan_dependency *dependencies;
    size_t n_dependencies;
    struct plan_file *files;
    size_t n_files;
    struct string_list anonymous_volumes; /* directories in "volumes" of the container's data */
    struct string_list volume_images;     /* digests of what image volumes are made of */
    struct plan_health health;
    struct plan_hook *post_start, *pre_stop;
    size_t n_post_start, n_pre_stop;
    int restart;               /* enum restart_kind */
    int restart_max;           /* 0: no limit */
    int64_t restart_delay_ms;  /* -1: growing ones */
    int64_t restart_window_ms; /* 0: the default */
    bool run_once;             /* a job that has ended well is not run again by `up` */
    int stop_signal;
    int64_t grace_ms;
    bool attach;
    bool oneoff;      /* of `run`: no replica of its service */
    bool hook;        /* a pre_start hook's: neither */
    bool start_first; /* an older one of the service stays until this one is ready */
    bool auto_remove;
    bool stdin_open;          /* a client feeds its standard input to the end */
    bool stdin_held;          /* no client does: it stays open */
    struct string_list hosts; /* lines "address name" for /etc/hosts */
    int host_access;          /* enum host_access: what those with HOST_GATEWAY_ADDRESS lead to */
    struct string_list links; /* "alias=name", see view_spec */
    struct string_list dns, dns_search, dns_options; /* for resolv.conf */
    int64_t log_max_bytes, log_max_files;            /* 0: defaults */
    int64_t log_buffer_bytes; /* that it may write while nobody reads; 0: the default */
    bool log_discard;         /* its output is not kept at all */
};

struct plan_volume {
    const char *name; /* real name: "shop_data" */
    bool external;
    struct string_list labels;
    const char *type, *device, *options; /* what is mounted for it, as mount(8) has it; or NULL */
};

struct plan {
    const char *project;
    struct network_spec *networks;
    size_t n_networks;
    struct plan_volume *volumes;
    size_t n_volumes;
    struct plan_instance *instances; /* sorted by name */
    size_t n_instances;
    struct string_list declared_names; /* never forwarded by DNS */
    struct string_list files;          /* the Compose files that it was made from, absolute */
};

extern const struct codec_field plan_instance_codec[];
/* Everything but the instances. */
extern const struct codec_field plan_shared_codec[];
/* All of it. */
extern const struct codec_field plan_codec[];

/* Reads NAME.SUFFIX below dir_fd, one container's plan as its supervisor has written it: "want",
 * what it is to be; "made", what it was made from. NULL when there is none. In the arena. */
MUST_CHECK int plan_instance_read(int dir_fd, const char *name, const char *suffix,
                                  struct arena *arena, struct plan_instance **ret_plan,
                                  struct error *err);

/* The same of one that is there, without a file. Fails when it lacks what every plan has. */
MUST_CHECK int plan_instance_copy(const struct plan_instance *plan, struct arena *arena,
                                  struct plan_instance **ret_copy, struct error *err);

/* Reads what of the plan its supervisor keeps in the project's run directory beside the instances.
 * *ret_there says whether there is any. In the arena. */
MUST_CHECK int plan_shared_read(int run_fd, struct arena *arena, struct plan *ret_plan,
                                bool *ret_there, struct error *err);

const struct plan_instance *plan_find_instance(const struct plan *plan, const char *name);
const struct network_spec *plan_find_network(const struct plan *plan, const char *name);

#endif
