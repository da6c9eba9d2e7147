/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How `plan` looks: what would be done, to what, and why. Pure.
 */
#ifndef YAWL_ORCHESTRATOR_CLI_PLAN_REPORT_H
#define YAWL_ORCHESTRATOR_CLI_PLAN_REPORT_H

#include "common/error.h"
#include "common/text.h"
#include "orchestrator/cli/config_diff.h"

/* A configuration field that differs, and where its new value is written. */
struct plan_report_field {
    const struct config_field *field;
    struct position at;
};

struct plan_report_item {
    const char *action;  /* "create", "recreate", "start", "restart", "remove", "pull" */
    const char *kind;    /* "container", "network", "volume", "image" */
    const char *name;    /* "shop-api-1" */
    const char *service; /* or NULL */
    const char *why;
    struct plan_report_field *fields;
    size_t n_fields;
};

struct plan_report {
    const char *project;
    const struct plan_report_item *items;
    size_t count;
};

/* Aligned lines and a sum; "nothing to do" without items. */
void plan_report_text(const struct plan_report *report, struct text *out);
/* One JSON document. */
void plan_report_json(const struct plan_report *report, struct text *out);

#endif
