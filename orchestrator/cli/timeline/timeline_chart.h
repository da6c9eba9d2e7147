/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A timeline as a picture of text: a row for each thing that the project did and for each
 * container, a bar of what it did when, and how long. Pure.
 */
#ifndef YAWL_ORCHESTRATOR_CLI_TIMELINE_TIMELINE_CHART_H
#define YAWL_ORCHESTRATOR_CLI_TIMELINE_TIMELINE_CHART_H

#include "orchestrator/cli/timeline/critical_chain.h"

enum { CHART_COLUMNS = 80 }; /* where there is no terminal */

struct timeline_chart {
    const struct timeline *timeline;
    const struct critical_chain *chain; /* its rows are marked, and told below */
    const char *project;
    int columns; /* at the most; at least 40 are used */
};

void timeline_chart_print(const struct timeline_chart *chart, struct text *out);

#endif
