/* SPDX-License-Identifier: Apache-2.0 */
#include "net/worker_protocol.h"

static const struct codec_field worker_entry_codec[] = {
    CODEC_FIELD(struct worker_entry, network, CODEC_STRING),
    CODEC_FIELD(struct worker_entry, address, CODEC_STRING),
    CODEC_FIELD(struct worker_entry, address6, CODEC_STRING),
    CODEC_FIELD(struct worker_entry, names, CODEC_STRINGS),
    {0},
};

const struct codec_field worker_message_codec[] = {
    CODEC_FIELD(struct worker_message, op, CODEC_INT),
    CODEC_FIELD(struct worker_message, project, CODEC_STRING),
    CODEC_FIELD(struct worker_message, network, CODEC_STRING),
    CODEC_FIELD(struct worker_message, gateway, CODEC_STRING),
    CODEC_FIELD(struct worker_message, subnet, CODEC_STRING),
    CODEC_FIELD(struct worker_message, subnet6, CODEC_STRING),
    CODEC_FIELD(struct worker_message, more_subnets, CODEC_STRINGS),
    CODEC_FIELD(struct worker_message, internal, CODEC_BOOL),
    CODEC_FIELD(struct worker_message, no_ipv4, CODEC_BOOL),
    CODEC_FIELD(struct worker_message, bypasses_router, CODEC_BOOL),
    CODEC_FIELD(struct worker_message, instance, CODEC_STRING),
    CODEC_FIELD(struct worker_message, rank, CODEC_INT),
    CODEC_LIST(struct worker_message, entries, n_entries, worker_entry_codec),
    CODEC_FIELD(struct worker_message, names, CODEC_STRINGS),
    CODEC_FIELD(struct worker_message, dns_servers, CODEC_STRINGS),
    CODEC_FIELD(struct worker_message, links, CODEC_STRINGS),
    CODEC_FIELD(struct worker_message, host_access, CODEC_INT),
    CODEC_FIELD(struct worker_message, key, CODEC_STRING),
    CODEC_FIELD(struct worker_message, address, CODEC_STRING),
    CODEC_FIELD(struct worker_message, port, CODEC_INT),
    CODEC_FIELD(struct worker_message, host_port, CODEC_INT),
    CODEC_FIELD(struct worker_message, udp, CODEC_BOOL),
    CODEC_FIELD(struct worker_message, open, CODEC_BOOL),
    {0},
};
