/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/build/build_request.h"

static const struct codec_field pair_codec[] = {
    CODEC_FIELD(struct build_pair, name, CODEC_STRING),
    CODEC_FIELD(struct build_pair, value, CODEC_STRING),
    {.kind = CODEC_END},
};

static const struct codec_field secret_codec[] = {
    CODEC_FIELD(struct build_secret, id, CODEC_STRING),
    CODEC_FIELD(struct build_secret, file, CODEC_STRING),
    CODEC_FIELD(struct build_secret, value, CODEC_STRING),
    {.kind = CODEC_END},
};

static const struct codec_field ulimit_codec[] = {
    CODEC_FIELD(struct ulimit_spec, name, CODEC_STRING),
    CODEC_FIELD(struct ulimit_spec, soft, CODEC_INT64),
    CODEC_FIELD(struct ulimit_spec, hard, CODEC_INT64),
    {.kind = CODEC_END},
};

static const struct codec_field request_codec[] = {
    CODEC_FIELD(struct build_request, name, CODEC_STRING),
    CODEC_FIELD(struct build_request, context, CODEC_STRING),
    CODEC_FIELD(struct build_request, dockerfile, CODEC_STRING),
    CODEC_FIELD(struct build_request, dockerfile_inline, CODEC_STRING),
    CODEC_FIELD(struct build_request, target, CODEC_STRING),
    CODEC_FIELD(struct build_request, platform, CODEC_STRING),
    CODEC_FIELD(struct build_request, args, CODEC_STRINGS),
    CODEC_FIELD(struct build_request, labels, CODEC_STRINGS),
    CODEC_FIELD(struct build_request, tags, CODEC_STRINGS),
    CODEC_LIST(struct build_request, contexts, n_contexts, pair_codec),
    CODEC_LIST(struct build_request, secrets, n_secrets, secret_codec),
    CODEC_LIST(struct build_request, ssh, n_ssh, pair_codec),
    CODEC_FIELD(struct build_request, extra_hosts, CODEC_STRINGS),
    CODEC_FIELD(struct build_request, entitlements, CODEC_STRINGS),
    CODEC_FIELD(struct build_request, cache_from, CODEC_STRINGS),
    CODEC_FIELD(struct build_request, cache_to, CODEC_STRINGS),
    CODEC_FIELD(struct build_request, directory, CODEC_STRING),
    CODEC_FIELD(struct build_request, no_cache_filter, CODEC_STRINGS),
    CODEC_FIELD(struct build_request, network, CODEC_STRING),
    CODEC_FIELD(struct build_request, shm_bytes, CODEC_INT64),
    CODEC_LIST(struct build_request, ulimits, n_ulimits, ulimit_codec),
    CODEC_FIELD(struct build_request, no_cache, CODEC_BOOL),
    CODEC_FIELD(struct build_request, pull, CODEC_BOOL),
    CODEC_FIELD(struct build_request, privileged, CODEC_BOOL),
    {.kind = CODEC_END},
};

const struct codec_field build_order_codec[] = {
    CODEC_LIST(struct build_order, builds, n_builds, request_codec),
    CODEC_FIELD(struct build_order, run_root, CODEC_STRING),
    CODEC_FIELD(struct build_order, id_base, CODEC_INT64),
    CODEC_FIELD(struct build_order, id_count, CODEC_INT64),
    CODEC_FIELD(struct build_order, rewrite_timestamp, CODEC_BOOL),
    CODEC_FIELD(struct build_order, check, CODEC_BOOL),
    CODEC_FIELD(struct build_order, debug_shell, CODEC_BOOL),
    {.kind = CODEC_END},
};
