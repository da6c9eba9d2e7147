/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The door of the loader: Compose files to a project, or to the canonical text of `config`.
 *
 * All mistakes are collected in the diagnostics; the functions return -1 only when something is
 * wrong that makes the result unusable, and then the diagnostics hold at least one error.
 */
#ifndef YAWL_ORCHESTRATOR_COMPOSE_COMPOSE_H
#define YAWL_ORCHESTRATOR_COMPOSE_COMPOSE_H

#include <stdbool.h>

#include "common/arena.h"
#include "common/diagnostics.h"
#include "orchestrator/compose/project.h"

struct compose_options {
    struct string_list files;       /* -f; empty: COMPOSE_FILE, else searched upwards */
    struct string_list env_files;   /* --env-file */
    struct string_list profiles;    /* --profile */
    struct string_list services;    /* selection; empty: all enabled */
    const char *project_name;       /* -p */
    const char *project_directory;  /* --project-directory */
    const char *const *environment; /* environ of the caller */
    const char *working_dir;        /* absolute */
    bool compatible;                /* --compatibility: names as version 1 made them */
    bool all_resources;             /* those too that no service uses */
    bool no_deps;                   /* the selection alone, without what it depends on */
    bool no_interpolate, no_normalize, no_path_resolution, no_consistency, no_env_resolution;
};

/* A loaded model: the project and the canonical tree behind it. */
struct compose;

MUST_CHECK int compose_load(const struct compose_options *options, struct diagnostics *diagnostics,
                            struct compose **ret_compose);
void compose_free(struct compose *compose);
DEFINE_SCOPED(struct compose *, compose_free)

/* Borrowed; lives as long as the compose. NULL with no_normalize or no_interpolate. */
const struct project *compose_project(const struct compose *compose);

/* One warning for each key in use that yawl accepts without acting on it, one error for each that
 * it refuses to run; for commands that create containers. */
void compose_report_support(const struct compose *compose, struct diagnostics *diagnostics);

/* The text of `config`, as the reference prints it. */
void compose_print_yaml(const struct compose *compose, struct text *out);
void compose_print_json(const struct compose *compose, struct text *out);

/* Puts another text in the place of a service's image, for what is printed; the project keeps its
 * own. Nothing happens to a service without one. */
void compose_set_image(struct compose *compose, const char *service, const char *image);

/* Leaves nothing of the model but the images of its services: `config --lock-image-digests`. */
void compose_keep_images(struct compose *compose);

/* The compact JSON of one resolved service that the config hash is made of,
 * without build, pull_policy, scale, deploy.replicas, depends_on and profiles. */
void compose_print_service_for_hash(const struct compose *compose, const char *service,
                                    struct text *out);

/* The names below a top-level key ("services", "networks", ...), sorted; in the arena. */
struct string_list compose_names(const struct compose *compose, struct arena *arena,
                                 const char *key);

/* The profiles of all services, also of those that are switched off, sorted. */
struct string_list compose_profiles(const struct compose *compose, struct arena *arena);

/* What the files may refer to, as "NAME=value", sorted. */
struct string_list compose_environment(const struct compose *compose, struct arena *arena);

/* Whether the environment or `.env` says yes to a setting ("COMPOSE_REMOVE_ORPHANS", ...). */
bool compose_setting(const struct compose *compose, const char *name);

/* A variable that the files refer to; sorted by name, each name once. */
struct variable_use {
    const char *name;
    const char *fallback;    /* of `:-` and `-`; "" when there is none */
    const char *alternative; /* of `:+` and `+` */
    bool required;           /* `:?` or `?` */
    struct variable_place *places;
};

/* Where it is referred to, in the order of the merged model. */
struct variable_place {
    struct variable_place *next;
    struct position at;
    const char *path;
};

/* Of a model that was loaded with no_interpolate. */
struct variable_use *compose_variable_uses(const struct compose *compose, struct arena *arena,
                                           size_t *ret_count);

/* Where the value of a variable or at a path ("services.api.image") came from and what it hides.
 * Fails when there is neither. */
MUST_CHECK int compose_explain(const struct compose *compose, const char *what, struct text *out,
                               struct error *err);

/* Where the value at a path was written; where there is none, that of what is nearest around it. */
struct position compose_position(const struct compose *compose, const char *path);

/* Warnings about what is valid and probably not meant. */
void compose_report_advice(const struct compose *compose, struct diagnostics *diagnostics);

/* The project's name only, by the reference's rules, for commands that work from records;
 * files may be absent when a name is given by -p or COMPOSE_PROJECT_NAME. */
MUST_CHECK int compose_project_name(const struct compose_options *options, struct arena *arena,
                                    const char **ret_name, struct error *err);

#endif
