/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Stage: short forms become long forms.
 *
 * The functions below are the tables' `canonical` rules. Each returns the node itself or its
 * replacement, leaves alone what it does not understand (validation names it later), and reports
 * short forms that cannot be read; without interpolation those stay as they are.
 */
#ifndef YAWL_ORCHESTRATOR_COMPOSE_CANONICAL_H
#define YAWL_ORCHESTRATOR_COMPOSE_CANONICAL_H

#include "orchestrator/compose/loader.h"
#include "orchestrator/compose/shape.h"

/* Applies the tables to a whole value. */
struct node *canonical_tree(struct loader *loader, struct node *node, const struct shape *shape,
                            const struct trail *trail);

#define CANONICAL_RULE(name)                                                                       \
    struct node *name(struct loader *loader, struct node *node, const struct trail *trail)

CANONICAL_RULE(canonical_list);        /* text: a list of one */
CANONICAL_RULE(canonical_names);       /* list of names: mapping of names to null */
CANONICAL_RULE(canonical_pairs);       /* list of k=v: mapping */
CANONICAL_RULE(canonical_environment); /* as above; a blank before the '=' is a mistake */
CANONICAL_RULE(canonical_extra_hosts); /* mapping or list of h:ip: list of h=ip */
CANONICAL_RULE(canonical_env_files);
CANONICAL_RULE(canonical_build);
CANONICAL_RULE(canonical_ssh);
CANONICAL_RULE(canonical_gpus);
CANONICAL_RULE(canonical_device_count); /* "all" is -1 */
CANONICAL_RULE(canonical_ports);
CANONICAL_RULE(canonical_mount);
CANONICAL_RULE(canonical_grant);
CANONICAL_RULE(canonical_device);
CANONICAL_RULE(canonical_depends_on);
CANONICAL_RULE(canonical_extends);
CANONICAL_RULE(canonical_include);
CANONICAL_RULE(canonical_external); /* external.name: name and external: true */

#endif
