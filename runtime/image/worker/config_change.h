/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Applies one instruction of a Dockerfile to an image's configuration, as `docker import --change`
 * does: CMD, ENTRYPOINT, ENV, EXPOSE, HEALTHCHECK, LABEL, ONBUILD, STOPSIGNAL, USER, VOLUME,
 * WORKDIR. No variables are expanded.
 */
#ifndef YAWL_RUNTIME_IMAGE_WORKER_CONFIG_CHANGE_H
#define YAWL_RUNTIME_IMAGE_WORKER_CONFIG_CHANGE_H

#include "common/json.h"

/* `config` is the "config" object of an image configuration. */
MUST_CHECK int config_change_apply(json_t *config, const char *instruction, struct error *err);

#endif
