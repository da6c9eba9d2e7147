/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inside plan/: what the parts that build one instance share. Each fills its own members of the
 * instance.
 */
#ifndef YAWL_ORCHESTRATOR_PLAN_PLAN_BUILD_H
#define YAWL_ORCHESTRATOR_PLAN_PLAN_BUILD_H

#include "orchestrator/plan/plan_make.h"

struct plan_build {
    const struct project *project;
    const struct plan_options *options;
    struct arena *arena;
    struct diagnostics *diagnostics;
    const struct service *service;
    int64_t scale;                    /* of the service, as it is to be now */
    const struct plan_oneoff *oneoff; /* what is built is one; or NULL */
    const struct plan_image *image;
    struct plan_instance *instance;
    /* Whose anonymous volumes are mounted, when not its own: a hook's are those of its service's
     * container. NULL: its own. */
    const struct plan_instance *owner;
};

/* The image of a service; NULL: there is none. */
const struct plan_image *plan_build_image(const struct plan_options *options, const char *service);
/* The name of the service's container of this number. */
const char *plan_build_name(const struct plan_build *build, int number);

/* The image that a volume or a hook of the service names; NULL after an error was added. */
const struct plan_side_image *plan_build_side_image(struct plan_build *build, const char *reference,
                                                    struct position at, const char *key);
/* Containers of the service's pre_start hooks, added to the plan behind the replicas, which come to
 * depend on them. `first` is the first of these. */
void plan_build_hooks(struct plan_build *build, struct plan *plan, size_t first);

/* Arguments, environment, user, namespaces, capabilities, limits. */
void plan_build_container(struct plan_build *build);
/* One more value for a file of its control group; left out where the kernel has no such file. */
void plan_build_setting(struct plan_build *build, struct cgroup_setting setting);
/* Where its control group is, and what of it control groups v1 alone can limit. */
void plan_build_control_group(struct plan_build *build);
/* Limits of block devices. */
void plan_build_block_limits(struct plan_build *build);
/* Volumes, binds, tmpfs, secrets, configs. */
void plan_build_mounts(struct plan_build *build);
/* Devices by CDI, with all that belongs to them; after the two above. */
void plan_build_cdi(struct plan_build *build);
/* Endpoints, ports, names, hosts, DNS. */
void plan_build_network(struct plan_build *build);
/* Health check, restart policy, stop, dependencies. */
void plan_build_supervision(struct plan_build *build);
/* How much of its output is kept. */
void plan_build_logging(struct plan_build *build);
/* Says what is wrong with the options of the service's logging, and what has no effect. */
void plan_check_logging(struct plan_build *build);

/* Sets the pairs in the list of "NAME=value", each in the place of an earlier value. */
void plan_build_env(struct plan_build *build, struct string_list *env,
                    const struct pair_list *pairs);

/* An error about the service at a place: "services.NAME.KEY: text". */
void plan_build_error(struct plan_build *build, struct position at, const char *key,
                      const char *format, ...) PRINTF_LIKE(4, 5);

/* Number of a signal by name ("SIGTERM", "term") or digits; 0 when there is none. */
int signal_from_name(const char *name);

#endif
