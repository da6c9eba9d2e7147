#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# What the host's own network does and sees (lan.bash).
#
#   YAWL_E2E_CYCLES    how many times a service comes and goes (20; a release is tested with 200)
#   YAWL_E2E_PROJECTS  how many projects start at once (6; a release is tested with 20)
load helpers
load lan

setup_file() { e2e_setup_file; }
teardown_file() { e2e_teardown_file; }
setup() {
    e2e_setup
    CYCLES=${YAWL_E2E_CYCLES:-20}
    PROJECTS=${YAWL_E2E_PROJECTS:-6}
    lan_begin
}

teardown() {
    local i
    for i in $(seq "$PROJECTS"); do
        [ ! -e "$YAWL_RUN_ROOT/projects/${TAG}p$i" ] || "$YAWL" -p "${TAG}p$i" down -t 0 >/dev/null 2>&1
    done
    timeout 60 "$YAWL" down -t 0 >/dev/null 2>&1
    lan_end
    e2e_teardown
}

@test "a host firewall that drops what comes in blocks a published port, until it is let in" {
    compose_file <<END
services:
  web: {image: box, command: $(serve hello), ports: ["8080:80"]}
END
    ok up -d
    within 5 lan_fetch http://10.213.77.1:8080/
    on_host nft -f - <<'END'
table inet ufw {
chain input { type filter hook input priority 0; policy drop;
iif lo accept
ct state established,related accept
}
}
END
    local code=0
    lan_fetch http://10.213.77.1:8080/ || code=$?
    equal "$code" 28
    on_host nft add rule inet ufw input tcp dport 8080 accept
    equal "$(lan_fetch http://10.213.77.1:8080/)" hello
}

@test "a host firewall that forwards nothing and drops what comes in leaves services, ports and the way out alone" {
    host_firewall 8080
    on_lan sh -c 'mkdir -p www; echo outside >www/index.html'
    background outside nsenter --net --target "$LAN" python3 -m http.server -b 10.213.77.2 -d www 8000
    compose_file <<END
services:
  web: {image: box, command: $(serve hello), ports: ["8080:80"]}
  client: {image: box, command: [sleep, "1000"]}
END
    ok up -d
    within 5 lan_fetch http://10.213.77.1:8080/
    equal "$(inside client wget -q -O - http://web/)" hello
    within 5 inside client wget -q -O - http://10.213.77.2:8000/
    equal "$(inside client wget -q -O - http://10.213.77.2:8000/)" outside
}

@test "a port published on 127.0.0.1 is not reached by a forged packet either" {
    compose_file <<END
services:
  web: {image: box, command: $(serve hello), ports: ["127.0.0.1:8080:80", "8081:80"]}
END
    ok up -d
    within 5 lan_fetch http://10.213.77.1:8081/
    within 5 on_host curl --silent --fail --noproxy '*' http://127.0.0.1:8080/
    local mac
    mac=$(on_host ip -j link show wire | jq -r '.[0].address')
    equal "$(on_lan python3 "$TOOLS/forge_syn.py" wire "$mac" 10.213.77.2 10.213.77.1 8081)" answered
    equal "$(on_lan python3 "$TOOLS/forge_syn.py" wire "$mac" 10.213.77.2 127.0.0.1 8080)" silence
}

@test "pings go outside where the host permits them, and are refused elsewhere, which is told" {
    compose_file <<'END'
services: {client: {image: box, command: [sleep, "1000"]}}
END
    ok up -d
    contains "$("$YAWL" net)" "Pings are refused: net.ipv4.ping_group_range"
    ! inside client ping -c 1 -W 2 10.213.77.2 || fail "a ping went outside"
    on_host sysctl -q -w "net.ipv4.ping_group_range=0 2147483647"
    within 10 inside client ping -c 1 -W 2 10.213.77.2
    inside client ping -c 3 -i 0.2 -s 4000 10.213.77.2
    ! inside client ping -c 1 -W 1 10.213.77.1 || fail "the host's own address answers"
    lacks "$("$YAWL" net)" "Pings are refused"
    equal "$("$YAWL" net --format json | jq .may_ping)" true
}

@test "two projects with the same subnet, bridge and addresses run side by side" {
    local i
    for i in 1 2; do
        cat >"p$i.yaml" <<END
services:
  web:
    image: box
    command: $(serve "project$i")
    ports: ["809$i:80"]
    networks: {default: {ipv4_address: 10.213.9.5}}
  client: {image: box, command: [sleep, "1000"]}
networks:
  default:
    driver_opts: {com.docker.network.bridge.name: br0}
    ipam: {config: [{subnet: 10.213.9.0/24}]}
END
        ok -p "${TAG}p$i" -f "p$i.yaml" up -d
    done
    for i in 1 2; do
        within 5 lan_fetch "http://10.213.77.1:809$i/"
        equal "$(lan_fetch "http://10.213.77.1:809$i/")" "project$i"
        equal "$("$YAWL" -p "${TAG}p$i" exec -T client wget -q -O - http://web/)" "project$i"
        equal "$("$YAWL" -p "${TAG}p$i" exec -T client wget -q -O - http://10.213.9.5/)" "project$i"
    done
}

@test "many projects start at once, and each has its own" {
    local i pids=()
    for i in $(seq "$PROJECTS"); do
        cat >"p$i.yaml" <<END
services:
  web: {image: box, command: $(serve "project$i"), ports: ["$((8100 + i)):80"]}
  client: {image: box, command: [sleep, "1000"]}
END
        "$YAWL" -p "${TAG}p$i" -f "p$i.yaml" up -d >"up$i.txt" 2>&1 3>&- &
        pids+=($!)
    done
    for i in "${pids[@]}"; do
        wait "$i" || fail "an up has failed: $(cat up*.txt)"
    done
    for i in $(seq "$PROJECTS"); do
        within 10 lan_fetch "http://10.213.77.1:$((8100 + i))/"
        equal "$(lan_fetch "http://10.213.77.1:$((8100 + i))/")" "project$i"
        equal "$("$YAWL" -p "${TAG}p$i" exec -T client wget -q -O - http://web/)" "project$i"
    done
    equal "$(on_host ip -br link | wc -l)" 2
}

# Descriptors, and memory in KiB, of our processes in a role.
descriptors() {
    find "/proc/$(role_pids "$1")/fd" -mindepth 1 | wc -l
}
resident_kib() {
    sed -n 's/^VmRSS:[^0-9]*\([0-9]*\) kB/\1/p' "/proc/$(role_pids "$1")/status"
}

@test "a service that comes and goes many times leaves descriptors and memory as they were" {
    local role i
    local -A descriptors_before kib_before
    # What a sanitizer keeps of freed memory is not ours.
    export ASAN_OPTIONS="$ASAN_OPTIONS:quarantine_size_mb=1:thread_local_quarantine_size_kb=16"
    compose_file <<END
services:
  stays: {image: box, command: [sleep, "1000"]}
  web: {image: box, command: $(serve hello), ports: ["8080:80"], networks: [default, other], stop_grace_period: 0s}
networks: {default: , other: {enable_ipv6: true}}
END
    ok up -d
    for i in 1 2 3; do # until everything has been used once
        ok rm -s -f web
        ok up -d
        within 5 lan_fetch http://10.213.77.1:8080/
    done
    for role in supervisor keeper net-worker; do
        descriptors_before[$role]=$(descriptors "$role")
        kib_before[$role]=$(resident_kib "$role")
    done
    for i in $(seq "$CYCLES"); do
        ok rm -s -f web
        ok up -d
        within 5 lan_fetch http://10.213.77.1:8080/
    done
    # Idle pipes and sockets are kept ready, a few more or less; what leaks, leaks each time.
    for role in supervisor keeper net-worker; do
        echo "# $role: ${descriptors_before[$role]} to $(descriptors "$role") descriptors," \
            "${kib_before[$role]} to $(resident_kib "$role") KiB"
        [ "$(descriptors "$role")" -lt $((${descriptors_before[$role]} + CYCLES / 2)) ]
        [ "$(resident_kib "$role")" -lt $((${kib_before[$role]} + 4096)) ]
    done
}

@test "a project that comes and goes leaves no network namespace, also with a client that reads nothing" {
    [ -z "${YAWL_E2E_SHARED-}" ] || skip "others make network namespaces meanwhile"
    [ -r /proc/slabinfo ] || skip "the kernel does not count namespaces"
    local count='$(sed -n "s/^net_namespace *\([0-9]*\) .*/\1/p" /proc/slabinfo)' before i
    compose_file <<'END'
services:
  flood: {image: box, command: [sh, -c, "exec nc -ll -p 80 -e cat /dev/zero"], ports: ["8080:80"], stop_grace_period: 0s}
END
    before=$(eval "echo $count")
    for i in $(seq $((CYCLES / 4 + 1))); do
        ok up -d
        background stuck nsenter --net --target "$LAN" python3 -c "
import socket, time
for attempt in range(100):
    try:
        client = socket.create_connection(('10.213.77.1', 8080), 2)
        break
    except OSError:
        time.sleep(0.05)
client.recv(1)
print('stuck', flush=True)
time.sleep(100)"
        within 10 grep -q stuck stuck.out
        sleep 0.2 # buffers fill
        ok down
        within 1 sh -c "[ $count -le $before ]"
        kill "$pid"
    done
}
