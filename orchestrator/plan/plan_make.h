/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A project and its images to a plan. Pure but for nothing: no file is read, nothing is made.
 *
 * What the project asks for and this version cannot give is an error in the diagnostics, with its
 * place; a key that is accepted without effect was warned about by the loader.
 */
#ifndef YAWL_ORCHESTRATOR_PLAN_PLAN_MAKE_H
#define YAWL_ORCHESTRATOR_PLAN_PLAN_MAKE_H

#include "common/diagnostics.h"
#include "orchestrator/compose/cdi_spec.h"
#include "orchestrator/compose/project.h"
#include "orchestrator/plan/plan.h"
#include "runtime/image/image_config.h"

/* What is known of one service's image. */
struct plan_image {
    const char *service;
    const char *reference;
    const struct image_config *config;
    struct string_list layers;  /* absolute paths, lowest first */
    const char *config_hash;    /* of the service, from the loader */
    const char *service_config; /* the service itself: compose_print_service_for_hash() */
};

/* What is known of an image that a volume or a hook of a service names. */
struct plan_side_image {
    const char *service;
    const char *reference; /* as written */
    const struct image_config *config;
    struct string_list layers;
};

/* `--scale`: how many containers of one service, whatever the file says. */
struct plan_scale {
    const char *service;
    int64_t count;
};

/* `run`: one container of a service beside its replicas. */
struct plan_oneoff {
    const char *service, *name;
    bool use_aliases; /* others find it by the service's names too */
    bool auto_remove; /* it goes when it has ended */
    bool stdin_open;  /* somebody feeds its standard input */
};

/* A container of the project that exists. */
struct plan_existing {
    const char *service;
    int number;
    const char *config_hash; /* of what it was made from */
};

struct plan_options {
    const char *data_root;    /* volumes live in DATA/volumes/NAME/_data */
    const char *project_data; /* .../projects/NAME below the data root */
    const char *project_run;  /* the same below the run root */
    uint32_t id_base;         /* first host id of the project's user namespaces */
    const struct plan_image *images;
    size_t n_images;
    const struct plan_side_image *side_images;
    size_t n_side_images;
    const struct plan_scale *scales;
    size_t n_scales;
    const struct plan_existing *existing;
    size_t n_existing;
    const struct plan_oneoff *oneoff; /* or NULL */
    const struct cdi_specs *cdi;      /* of this machine; NULL: none */
    bool no_deps;                     /* what the project does not name is not waited for */
};

/* A plan that got an error is only for finding what else is wrong; NULL when there is none at all.
 * It lives in the arena. */
struct plan *plan_make(const struct project *project, const struct plan_options *options,
                       struct arena *arena, struct diagnostics *diagnostics);

#endif
