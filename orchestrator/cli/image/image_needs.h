/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The images that a project needs, each with the place that asks for it: those of its services, of
 * their image volumes and of their hooks. What is to be done about each is decided here, pulling
 * them is image_pull.h's.
 */
#ifndef YAWL_ORCHESTRATOR_CLI_IMAGE_IMAGE_NEEDS_H
#define YAWL_ORCHESTRATOR_CLI_IMAGE_IMAGE_NEEDS_H

#include "common/diagnostics.h"
#include "orchestrator/cli/image/lock_file.h"
#include "orchestrator/cli/image/pull_policy.h"
#include "orchestrator/compose/project.h"
#include "runtime/image/image_store.h"

struct image_need {
    const struct service *service;
    const char *label;     /* the service, or the reference for another than its own */
    const char *written;   /* the reference as the file has it */
    const char *reference; /* normalised */
    const char *platform;  /* as written, or NULL: this machine's */
    const char *path;      /* "services.web.image" */
    struct position at;
    struct pull_policy policy;
    bool beside;                     /* of a volume or a hook: not the service's own */
    bool builds;                     /* it can be built, too, */
    bool only_builds;                /* and has no name that it could be pulled by */
    const struct lock_image *locked; /* or NULL */
    const char *here;                /* digest of what is here, where that is known */
    struct image_presence presence;
    enum pull_step step;
    bool moves; /* it is part of a transfer */
};

struct image_needs {
    struct image_need *items;
    size_t count;
};

/* What a service asks for: `platform`, else the one that it is built for, else
 * DOCKER_DEFAULT_PLATFORM, else NULL. */
const char *image_need_platform(const struct service *service);

/* The image of a service that is only built: "PROJECT-SERVICE". */
const char *image_need_built_name(const struct project *project, const struct service *service,
                                  struct arena *arena);

/* Finds them, in the order of services. References, platforms and policies that are none become
 * errors in the diagnostics. `lock` may be NULL. */
struct image_needs image_needs_of(const struct project *project, const struct lock_file *lock,
                                  struct arena *arena, struct diagnostics *diagnostics);

/* Looks what of them is on this machine. */
MUST_CHECK int image_needs_look(struct image_needs *needs, const char *data_root,
                                struct arena *arena, struct error *err);

/* Decides for `up`: sets each `step`. `policy` takes the place of the services' own, or is NULL. */
void image_needs_decide_up(struct image_needs *needs, const struct pull_policy *policy,
                           int64_t now_s);

/* As above for `pull`. */
void image_needs_decide_pull(struct image_needs *needs, const struct pull_policy *policy);

/* An error for each that must not be pulled, or would have to be built and must not. */
void image_needs_report(const struct image_needs *needs, bool may_build,
                        struct diagnostics *diagnostics);

#endif
