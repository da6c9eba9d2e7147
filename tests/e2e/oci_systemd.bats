#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# yawl-oci --systemd-cgroup: the control group is a scope unit of systemd. tests/vm/e2e.sh runs this where there is one.

load oci

property() {
    systemctl show --property "$1" --value "$UNIT"
}

group_file() {
    cat "/sys/fs/cgroup$(property ControlGroup)/$1"
}

# Its parts are gone, and systemd knows nothing of it any more.
unit_is_gone() {
    local i
    for ((i = 0; i < PATIENCE_S * 10; i++)); do
        [ "$(property LoadState)" = loaded ] || return 0
        sleep 0.1
    done
    fail "$UNIT stays: $(systemctl status "$UNIT" 2>&1)"
}

@test "a scope unit of systemd is the container's control group, with its limits" {
    local group
    [ -d /run/systemd/system ] && [ "$(id -u)" -eq 0 ] || skip "there is no systemd here to ask as root"
    UNIT=yawltest-$ID.scope
    command_is 'trap \"exit 7\" TERM; while :; do sleep 0.1; done' ".linux.cgroupsPath = \"system.slice:yawltest:$ID\" | .linux.resources += {
        memory: {limit: 67108864}, pids: {limit: 50}, cpu: {quota: 50000, period: 100000, shares: 2048}, unified: {\"memory.high\": \"60000000\"}}"
    oci_refused create "$ID"
    contains "$stderr" "is for systemd"
    "$OCI" --root "$STATE" --systemd-cgroup create --pid-file pid "$ID" >out 2>&1 </dev/null 3>&- || fail "$(<out)"
    group=$(property ControlGroup)
    equal "$(cut -d: -f3 "/proc/$(<pid)/cgroup")" "$group"
    equal "$group" "/system.slice/$UNIT"
    equal "$(property MemoryMax) $(property TasksMax) $(property CPUQuotaPerSecUSec)" "67108864 50 500ms"
    oci_ok start "$ID"
    systemctl daemon-reload
    equal "$(group_file memory.max) $(group_file pids.max) $(group_file cpu.max)" "67108864 50 50000 100000"
    [ "$(group_file memory.high)" -gt 59000000 ]
    oci_ok exec "$ID" true
    oci_ok update --memory 50331648 "$ID"
    equal "$(property MemoryMax) $(group_file memory.max)" "50331648 50331648"
    oci_ok state "$ID"
    equal "$(jq -r '."systemd-scope"' <<<"$stdout")" "$UNIT"
    oci_ok kill "$ID"
    until_status stopped
    oci_ok delete "$ID"
    unit_is_gone
    [ ! -e "/sys/fs/cgroup$group" ]
}

@test "a unit that is there already is no place for a container, and a creation that fails leaves none" {
    [ -d /run/systemd/system ] && [ "$(id -u)" -eq 0 ] || skip "there is no systemd here to ask as root"
    UNIT=yawltest-$ID.scope
    command_is true ".linux.cgroupsPath = \"system.slice:yawltest:$ID\""
    background other systemd-run --scope --unit "$UNIT" sleep 1000
    until_says other.err "$UNIT"
    oci --systemd-cgroup run "$ID"
    equal "$status" 1
    contains "$stderr" "make unit '$UNIT'"
    systemctl stop "$UNIT"
    unit_is_gone
    config '.process.args = ["nowhere"]'
    oci --systemd-cgroup run "$ID"
    contains "$stderr" "run 'nowhere'"
    unit_is_gone
    config '.process.args = ["cat", "/proc/self/cgroup"]'
    oci_ok --systemd-cgroup run "$ID"
    unit_is_gone
}
