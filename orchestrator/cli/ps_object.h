/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What `ps` says of one container, as an object with the members that docker compose prints; and
 * the words in it that its table has too.
 */
#ifndef YAWL_ORCHESTRATOR_CLI_PS_OBJECT_H
#define YAWL_ORCHESTRATOR_CLI_PS_OBJECT_H

#include "common/json.h"
#include "common/text.h"
#include "orchestrator/plan/plan.h"
#include "orchestrator/state/record.h"

/* What the record does not tell. */
struct ps_facts {
    const char *project;
    const char *data_root;            /* below which volumes are, absolute */
    const struct plan *shared;        /* its networks */
    const struct plan_instance *made; /* what the container was made from, or NULL */
    uint64_t now_ns;                  /* CLOCK_REALTIME */
};

/* The caller's. An ID is the name: containers have no other. */
json_t *ps_object(const struct record *record, const struct ps_facts *facts);

/* "running", "exited", ... */
const char *ps_state_word(const struct record *record);
/* "0.0.0.0:8080->80/tcp, [::]:8080->80/tcp". */
void ps_ports_text(const struct record *record, struct text *out);
/* "2 minutes ago". */
void ps_created_text(const struct record *record, uint64_t now_ns, struct text *out);

#endif
