/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What tests of plans begin with.
 */
#ifndef YAWL_TESTS_UNIT_ORCHESTRATOR_PLAN_PLAN_FIXTURE_H
#define YAWL_TESTS_UNIT_ORCHESTRATOR_PLAN_PLAN_FIXTURE_H

#include "orchestrator/plan/plan_make.h"

/* A project of one service "a" with an image that runs "/entry default". */
struct fixture {
    struct arena *arena;
    struct diagnostics *diagnostics;
    struct service service;
    struct project project;
    struct image_config config;
    struct plan_image image;
    struct plan_options options;
};

void fixture_init(struct fixture *fixture);
void fixture_done(struct fixture *fixture);

/* The plan; NULL and first_error() when there is none. */
struct plan *fixture_plan(struct fixture *fixture);
/* Or warning; "" when there is none. */
const char *first_error(const struct fixture *fixture);

#endif
