/* SPDX-License-Identifier: Apache-2.0 */
/*
 * For preflight: networks and their members tried against each other by the rules by which they
 * are made. Nothing is made, and nothing is remembered.
 */
#ifndef YAWL_NET_NET_TRIAL_H
#define YAWL_NET_NET_TRIAL_H

#include "common/cleanup.h"
#include "common/error.h"
#include "net/network_spec.h"

struct net_trial;

/* The name is borrowed. */
struct net_trial *net_trial_new(const char *project);
void net_trial_free(struct net_trial *trial);
DEFINE_SCOPED(struct net_trial *, net_trial_free)

/* Fails where the subnet is none, overlaps that of a network before it, or does not hold what lies
 * in it. A network without a subnet of its own is made to fit. */
MUST_CHECK int net_trial_network(struct net_trial *trial, const struct network_spec *spec,
                                 struct error *err);

/* Fails where the address cannot be had, or none is left. Fixed ones first, as they are claimed. */
MUST_CHECK int net_trial_endpoint(struct net_trial *trial, const char *instance,
                                  const struct endpoint_spec *spec, struct error *err);

#endif
