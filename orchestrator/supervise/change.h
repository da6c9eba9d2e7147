/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What `up` would change, and why: a pure function of the plan, of what exists and of the options.
 *
 * The supervisor carries out what is found here, and `plan` prints it: there is no second opinion.
 * No I/O, no clock. Texts are borrowed from what is given.
 */
#ifndef YAWL_ORCHESTRATOR_SUPERVISE_CHANGE_H
#define YAWL_ORCHESTRATOR_SUPERVISE_CHANGE_H

#include "orchestrator/plan/plan.h"
#include "orchestrator/supervise/request.h"

enum change_kind {
    CHANGE_NONE,
    CHANGE_CREATE, /* and, unless told otherwise, start */
    CHANGE_RECREATE,
    CHANGE_START,
    CHANGE_RESTART, /* stop and start what stays the same */
    CHANGE_REMOVE,
};

enum change_reason {
    REASON_NONE,
    REASON_NEW,
    REASON_CONFIG, /* made from another configuration or image */
    REASON_FORCED, /* by an option */
    REASON_NOT_RUNNING,
    REASON_DEPENDENCY, /* `cause` is a service that is recreated, with `restart: true` */
    REASON_NETWORK,    /* `cause` is a network that is made anew */
    REASON_SURPLUS,    /* a replica too many */
    REASON_ORPHAN,     /* the file does not have its service */
};

/* A container that is known, whether or not it was made yet. */
struct existing {
    const char *name, *service;
    int phase;                        /* enum phase */
    const struct plan_instance *made; /* from what it was made, or NULL */
    bool oneoff, ended_well;
    bool wanted; /* it is to run */
};

struct change {
    const char *name, *service;
    enum change_kind kind;
    enum change_reason reason;
    const char *cause;
};

struct changes {
    struct change *items;
    size_t count;
};

/* What is, before `up`. */
struct world {
    const struct existing *existing;
    size_t n_existing;
    struct string_list networks; /* whose definition has changed */
};

/* One change for each instance of the plan, in its order, then one for each other container that
 * exists, also where nothing is to be done. */
struct changes changes_make(const struct plan *plan, const struct request *request,
                            const struct world *world, struct arena *arena);

#endif
