#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# Containers that are stations of the host's own network: `driver: macvlan` and `driver: ipvlan`, for root.
load helpers
load lan

setup_file() { e2e_setup_file; }
teardown_file() { e2e_teardown_file; }
setup() {
    [ -z "${YAWL_E2E_USER-}" ] || skip "for root"
    e2e_setup
    lan_begin
    ip link add ytprobe type veth
    local works=0
    ip link add link ytprobe name ytmac type macvlan || works=$?
    ip link delete ytprobe
    [ "$works" -eq 0 ] || skip "the kernel has no macvlan"
}
teardown() {
    [ -z "${YAWL_E2E_USER-}" ] || return 0
    timeout 60 "$YAWL" down -t 0 >/dev/null 2>&1
    lan_end
    e2e_teardown
}

@test "containers of a macvlan network are on the host's network, with their names, and beside a bridge" {
    compose_file <<END
services:
  web:
    image: box
    command: $(serve hello)
    networks: {lan: {ipv4_address: 10.213.77.50}, default: }
    ports: ["8080:80"]
  client: {image: box, command: [sleep, "1000"], networks: [lan]}
networks:
  lan:
    driver: macvlan
    driver_opts: {parent: wire}
    ipam: {config: [{subnet: 10.213.77.0/24, gateway: 10.213.77.2, ip_range: 10.213.77.128/25}]}
  default:
END
    ok up -d
    within 10 lan_fetch http://10.213.77.50/
    equal "$(lan_fetch http://10.213.77.50/)" hello
    equal "$(inside client wget -q -O - http://web/)" hello
    inside client ping -c 1 -W 5 10.213.77.2
    contains "$(inside client ip route)" "default via 10.213.77.2"
    within 10 on_host curl --silent --fail --noproxy '*' http://127.0.0.1:8080/
    kill -KILL $(role_pids supervisor)
    within 10 "$YAWL" up -d # adopts what is there
    equal "$(inside client wget -q -O - http://web/)" hello
}

# Whether the kernel makes interfaces of a kind.
kernel_has() {
    local result=0
    ip link add ytprobe type veth
    ip link add link ytprobe name ytkind type "$1" 2>/dev/null || result=$?
    ip link delete ytprobe
    return $result
}

ipvlan_project() {
    compose_file <<END
services:
  web: {image: box, command: $(serve hello), networks: {lan: {ipv4_address: 10.213.77.50}}}
  client: {image: box, command: [sleep, "1000"], networks: [lan]}
networks:
  lan:
    driver: ipvlan
    driver_opts: {parent: wire, ipvlan_mode: $1}
    ipam: {config: [{subnet: 10.213.77.0/24, gateway: 10.213.77.2, ip_range: 10.213.77.128/25}]}
END
}

@test "containers of an ipvlan network are on the host's network" {
    kernel_has ipvlan || skip "the kernel has no ipvlan"
    ipvlan_project l2
    ok up -d
    within 10 lan_fetch http://10.213.77.50/
    equal "$(lan_fetch http://10.213.77.50/)" hello
    equal "$(inside client wget -q -O - http://web/)" hello
    inside client ping -c 1 -W 5 10.213.77.2
    equal "$(inside web cat /sys/class/net/eth0/address)" "$(on_host cat /sys/class/net/wire/address)"
}

@test "the host routes for containers of an ipvlan network above l2" {
    kernel_has ipvlan || skip "the kernel has no ipvlan"
    ipvlan_project l3
    ok up -d
    contains "$(inside client ip route)" "default dev eth0"
    equal "$(inside client wget -q -O - http://web/)" hello
}

@test "an ipvlan network where the kernel has none is refused in words" {
    ! kernel_has ipvlan || skip "the kernel has ipvlan"
    ipvlan_project l2
    refused up -d
    contains "$stderr" "the kernel of this machine has no ipvlan"
    ipvlan_project l4
    refused up -d
    contains "$stderr" "ipvlan_mode 'l4' is not known; there are 'l2', 'l3' and 'l3s'"
}

@test "ports of a service that is a station alone are told to lead nowhere" {
    compose_file <<'END'
services:
  a:
    image: box
    command: [sleep, "1000"]
    networks: [lan]
    ports:
      - "8080:80"
networks: {lan: {driver: macvlan, driver_opts: {parent: wire}, ipam: {config: [{subnet: 10.213.77.0/24}]}}}
END
    yawl plan
    equal "$status" 2 # there is something to do
    contains "$stderr" "compose.yaml:7:9: warning: services.a.ports: nothing is published"
    ok up -d
    contains "$stderr" "compose.yaml:7:9: warning: services.a.ports: nothing is published"
    lacks "$(on_host ss -Hlnt)" ":8080"
}

@test "a parent that is not there, and a network without a subnet, are refused" {
    compose_file <<'END'
services: {a: {image: box, command: [sleep, "1000"]}}
networks: {default: {driver: macvlan, driver_opts: {parent: wire9}, ipam: {config: [{subnet: 10.213.77.0/24}]}}}
END
    refused up -d
    contains "$stderr" "there is no interface 'wire9'"
    sed -i 's/, ipam:.*/}}/' compose.yaml
    refused up -d
    contains "$stderr" "say which"
}
