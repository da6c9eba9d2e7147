/* SPDX-License-Identifier: Apache-2.0 */
#include "net/network_spec.h"

static const struct codec_field pool_spec_codec[] = {
    CODEC_FIELD(struct pool_spec, subnet, CODEC_STRING),
    CODEC_FIELD(struct pool_spec, gateway, CODEC_STRING),
    CODEC_FIELD(struct pool_spec, ip_range, CODEC_STRING),
    CODEC_FIELD(struct pool_spec, reserved, CODEC_STRINGS),
    {0},
};

const struct codec_field network_spec_codec[] = {
    CODEC_FIELD(struct network_spec, name, CODEC_STRING),
    CODEC_FIELD(struct network_spec, shared_name, CODEC_STRING),
    CODEC_FIELD(struct network_spec, external, CODEC_BOOL),
    CODEC_FIELD(struct network_spec, subnet, CODEC_STRING),
    CODEC_FIELD(struct network_spec, gateway, CODEC_STRING),
    CODEC_FIELD(struct network_spec, ip_range, CODEC_STRING),
    CODEC_FIELD(struct network_spec, reserved, CODEC_STRINGS),
    CODEC_FIELD(struct network_spec, no_ipv4, CODEC_BOOL),
    CODEC_FIELD(struct network_spec, ipv6, CODEC_BOOL),
    CODEC_FIELD(struct network_spec, subnet6, CODEC_STRING),
    CODEC_FIELD(struct network_spec, gateway6, CODEC_STRING),
    CODEC_FIELD(struct network_spec, ip_range6, CODEC_STRING),
    CODEC_FIELD(struct network_spec, reserved6, CODEC_STRINGS),
    CODEC_LIST(struct network_spec, pools, n_pools, pool_spec_codec),
    CODEC_FIELD(struct network_spec, internal, CODEC_BOOL),
    CODEC_FIELD(struct network_spec, kernel_uplink, CODEC_BOOL),
    CODEC_FIELD(struct network_spec, parent, CODEC_STRING),
    CODEC_FIELD(struct network_spec, macvlan_mode, CODEC_STRING),
    CODEC_FIELD(struct network_spec, ipvlan, CODEC_BOOL),
    CODEC_FIELD(struct network_spec, ipvlan_mode, CODEC_STRING),
    CODEC_FIELD(struct network_spec, ipvlan_flag, CODEC_STRING),
    CODEC_FIELD(struct network_spec, isolated, CODEC_BOOL),
    CODEC_FIELD(struct network_spec, mtu, CODEC_INT),
    {0},
};

const struct codec_field endpoint_spec_codec[] = {
    CODEC_FIELD(struct endpoint_spec, network, CODEC_STRING),
    CODEC_FIELD(struct endpoint_spec, ipv4_address, CODEC_STRING),
    CODEC_FIELD(struct endpoint_spec, ipv6_address, CODEC_STRING),
    CODEC_FIELD(struct endpoint_spec, mac_address, CODEC_STRING),
    CODEC_FIELD(struct endpoint_spec, names, CODEC_STRINGS),
    CODEC_FIELD(struct endpoint_spec, interface_name, CODEC_STRING),
    CODEC_FIELD(struct endpoint_spec, link_local, CODEC_STRINGS),
    CODEC_FIELD(struct endpoint_spec, settings, CODEC_STRINGS),
    CODEC_FIELD(struct endpoint_spec, egress_bits, CODEC_INT64),
    CODEC_FIELD(struct endpoint_spec, ingress_bits, CODEC_INT64),
    CODEC_FIELD(struct endpoint_spec, gw_priority, CODEC_INT),
    CODEC_FIELD(struct endpoint_spec, serves_names, CODEC_BOOL),
    {0},
};

const struct codec_field port_spec_codec[] = {
    CODEC_FIELD(struct port_spec, host_ip, CODEC_STRING),
    CODEC_FIELD(struct port_spec, host_port, CODEC_INT),
    CODEC_FIELD(struct port_spec, host_port_end, CODEC_INT),
    CODEC_FIELD(struct port_spec, container_port, CODEC_INT),
    CODEC_FIELD(struct port_spec, udp, CODEC_BOOL),
    {0},
};
