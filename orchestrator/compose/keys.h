/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The shapes that more than one table uses, and the roots of the tables.
 */
#ifndef YAWL_ORCHESTRATOR_COMPOSE_KEYS_H
#define YAWL_ORCHESTRATOR_COMPOSE_KEYS_H

#include "common/cleanup.h"
#include "orchestrator/compose/shape.h"

/* Scalars. */
extern const struct shape shape_any;
extern const struct shape shape_string;
extern const struct shape shape_string_or_null;
extern const struct shape shape_path;       /* a file, relative to the project directory */
extern const struct shape shape_bool;       /* true, false, or text that says so */
extern const struct shape shape_plain_bool; /* true or false only */
extern const struct shape shape_int;        /* integer or text */
extern const struct shape shape_number;     /* integer; a number or text */
extern const struct shape shape_plain_number;
extern const struct shape shape_float;
extern const struct shape shape_bytes;
extern const struct shape shape_bytes_text;
extern const struct shape shape_micros;
extern const struct shape shape_duration;
extern const struct shape shape_mode;

/* Lists of strings. */
extern const struct shape shape_strings;       /* equal items are a mistake */
extern const struct shape shape_plain_strings; /* nothing is checked or merged away */
extern const struct shape shape_string_set;    /* equal items are one */
extern const struct shape
    shape_string_or_list; /* one string is a list of one; equal items are one */

/* Mappings of names to texts. */
extern const struct shape shape_environment; /* also as a list; a name without a value stays null */
extern const struct shape shape_labels;      /* also as a list; a name without a value is empty */
extern const struct shape shape_options;     /* as a mapping only */

/* Parts of services. */
extern const struct shape shape_command;
extern const struct shape shape_build;
extern const struct shape shape_deploy;
extern const struct shape shape_develop;
extern const struct shape shape_watch; /* an item of its list */
extern const struct shape shape_watch_exec;
extern const struct shape shape_post_start_hooks;
extern const struct shape shape_pre_stop_hooks;
extern const struct shape shape_pre_start_hooks;
extern const struct shape shape_device_requests;
extern const struct shape shape_gpus;
extern const struct shape shape_blkio_config;
extern const struct shape shape_ports;
extern const struct shape shape_service_volumes;
extern const struct shape shape_service_secrets;
extern const struct shape shape_service_configs;
extern const struct shape shape_build_secrets;
extern const struct shape shape_devices;
extern const struct shape shape_extra_hosts;
extern const struct shape shape_ulimits;
extern const struct shape shape_env_files;

/* Top level. */
extern const struct shape shape_service;
extern const struct shape shape_networks;
extern const struct shape shape_volumes;
extern const struct shape shape_secrets;
extern const struct shape shape_configs;
extern const struct shape shape_models;
extern const struct shape shape_project;

/* Of which values a row's support is told (support.c). */
bool concerns_true(const struct node *value);
bool concerns_false(const struct node *value);
bool concerns_entries(const struct node *value);
bool concerns_foreign_driver(const struct node *driver);

#define TABLE(rows) .keys = (rows), .n_keys = ARRAY_LENGTH(rows)

/* The field of a row, and the whole struct for shapes that fill several fields. */
#define FIELD(type, member) (offsetof(type, member) + 1)
#define WHOLE 1

#endif
