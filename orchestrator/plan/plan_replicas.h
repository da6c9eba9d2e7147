/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which numbers the containers of one service have, given those that exist.
 *
 * What exists is kept as far as the scale goes: of too many, those made from an older definition go
 * first, then the highest numbers. What is missing gets numbers above all that exist, so that a
 * number is never two containers' at a time.
 */
#ifndef YAWL_ORCHESTRATOR_PLAN_PLAN_REPLICAS_H
#define YAWL_ORCHESTRATOR_PLAN_PLAN_REPLICAS_H

#include <stdbool.h>
#include <stddef.h>

struct replica {
    int number;
    bool obsolete;
};

/* As below, but nothing that is obsolete is kept: what takes its place has the lowest number that
 * is free, because both are there for a while. */
void plan_replicas_choose_beside(struct replica *existing, size_t n_existing, size_t count,
                                 int *ret_numbers);

/* Sorts `existing` and writes `count` numbers, ascending. */
void plan_replicas_choose(struct replica *existing, size_t n_existing, size_t count,
                          int *ret_numbers);

#endif
