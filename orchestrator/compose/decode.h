/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Stage: the resolved model into `struct project`. The functions are the tables' `decode` rules:
 * each fills the field that its row names; rows marked WHOLE get the struct itself.
 */
#ifndef YAWL_ORCHESTRATOR_COMPOSE_DECODE_H
#define YAWL_ORCHESTRATOR_COMPOSE_DECODE_H

#include "orchestrator/compose/project.h"
#include "orchestrator/compose/shape.h"

struct decoder {
    struct loader *loader;
    struct arena *arena;
};

/* The project of a typed, checked, pruned model; `disabled` are the services that profiles switch
 * off. */
struct project *decode_project(struct loader *loader, const struct node *model,
                               const struct node *disabled);

/* All rows of the mapping's table that name a field. */
void decode_fields(struct decoder *decoder, const struct node *map, const struct shape *shape,
                   void *object);

#define DECODE_RULE(name) void name(struct decoder *decoder, const struct node *node, void *field)

/* By field type. */
DECODE_RULE(decode_int);     /* int */
DECODE_RULE(decode_strings); /* struct string_list */
DECODE_RULE(decode_pairs);   /* struct pair_list; names without a value are left out */
DECODE_RULE(decode_command); /* struct command */
DECODE_RULE(decode_healthcheck);

/* Rows marked WHOLE of a service. */
DECODE_RULE(decode_service);
DECODE_RULE(decode_image);
DECODE_RULE(decode_build);
DECODE_RULE(decode_deploy);
DECODE_RULE(decode_depends_on);
DECODE_RULE(decode_ports);
DECODE_RULE(decode_volumes);
DECODE_RULE(decode_tmpfs);
DECODE_RULE(decode_devices);
DECODE_RULE(decode_gpus);
DECODE_RULE(decode_blkio);
DECODE_RULE(decode_ulimits); /* struct ulimit_list */
DECODE_RULE(decode_service_networks);
DECODE_RULE(decode_secret_grants);
DECODE_RULE(decode_config_grants);
DECODE_RULE(decode_build_secrets); /* struct build's `secrets` */
DECODE_RULE(decode_agents);        /* struct pair_list; a name without a value has "" */
DECODE_RULE(decode_grace_period);
DECODE_RULE(decode_pre_start);
DECODE_RULE(decode_post_start);
DECODE_RULE(decode_pre_stop);
DECODE_RULE(decode_develop);
DECODE_RULE(decode_watch_exec); /* struct hook */
DECODE_RULE(decode_fields_logging);

/* A row marked WHOLE of a network. */
DECODE_RULE(decode_ipam);

#endif
