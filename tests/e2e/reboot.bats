#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
load helpers

setup_file() { e2e_setup_file; }
teardown_file() { e2e_teardown_file; }
setup() { e2e_setup; }
teardown() { e2e_teardown; }

# stop_everything: ends our processes and the containers at once, as the loss of power does.
stop_everything() {
    local pids
    pids=$(role_pids "(keeper|supervisor|net-worker)"; host_pid a; host_pid b || true)
    # Keepers and supervisors bring each other back: stop all of them first.
    kill -STOP $pids
    kill -KILL $pids
    within 5 all_gone
    # A boot leaves no control groups either.
    within 5 groups_remove
}

groups_remove() {
    find /sys/fs/cgroup -depth -type d -path "*/yawl/$PROJECT*" -exec rmdir {} +
}

all_gone() {
    [ -z "$(role_pids "(keeper|supervisor|net-worker)")" ] && ! host_pid a && ! host_pid b
}

stack() {
    compose_file <<'END'
services:
  a: {image: box, restart: always, command: [sh, -c, "echo run; exec sleep 1000"], volumes: [kept:/kept]}
  b: {image: box, command: [sleep, "1000"], depends_on: [a]}
volumes: {kept: {}}
END
}

@test "up works over records of an earlier boot" {
    stack
    ok up -d
    inside a sh -c "echo here >/kept/file; echo here >/root-file"
    stop_everything
    sed -i -E 's/"boot_id":"[^"]*"/"boot_id":"00000000-0000-0000-0000-000000000000"/' \
        "$YAWL_RUN_ROOT/projects/$PROJECT/instances/"*.json
    ok up -d
    within 5 is_state a running
    within 5 is_state b running
    equal "$(inside a cat /kept/file /root-file | sort -u)" here
    equal "$(lines a | grep -c '^run$')" 2
}

@test "up works when the run directory is gone, as it is after a boot" {
    stack
    ok up -d
    inside a sh -c "echo here >/kept/file"
    stop_everything
    rm -rf "$YAWL_RUN_ROOT/projects/$PROJECT"
    ok up -d
    within 5 is_state a running
    within 5 is_state b running
    equal "$(inside a cat /kept/file)" here
}

# reboot: as a loss of power does, with a run directory that does not last.
reboot() {
    stop_everything
    rm -rf "$YAWL_RUN_ROOT/projects/$PROJECT"
}

@test "restore brings up what was up, without its file, and not what was stopped" {
    stack
    ok up -d
    inside a sh -c "echo here >/kept/file"
    ok stop b
    reboot
    mv compose.yaml away.yaml
    ok restore
    mv away.yaml compose.yaml
    within 5 is_state a running
    equal "$(inside a cat /kept/file)" here
    ! host_pid b || fail "b was stopped before, and runs"
    ok down
    ok restore
    lacks "$stderr" "$PROJECT"
}

@test "restore leaves alone what is up" {
    stack
    ok up -d
    local before
    before=$(host_pid a)
    ok restore "$PROJECT"
    contains "$stderr" "$PROJECT: is up"
    equal "$(host_pid a)" "$before"
    refused restore no-such-project
    contains "$stderr" "no-such-project: no such project"
    [ ! -e "$YAWL_RUN_ROOT/projects/no-such-project" ]
}

# The unit as it is installed, but for where the program and its roots are.
unit_install() {
    sed "s|^ExecStart=.*/yawl |ExecStart=$YAWL |" "$(dirname "$YAWL")/../systemd/yawl-restore-system.service" >"$UNIT"
    mkdir "$UNIT.d"
    printf '[Service]\n' >"$UNIT.d/test.conf"
    printf 'Environment=%s\n' "YAWL_DATA_ROOT=$YAWL_DATA_ROOT" "YAWL_RUN_ROOT=$YAWL_RUN_ROOT" "YAWL_E2E=$TAG" \
        "ASAN_OPTIONS=$ASAN_OPTIONS" >>"$UNIT.d/test.conf"
    systemctl daemon-reload
}

unit_remove() {
    systemctl stop "${UNIT##*/}" || true
    rm -rf "$UNIT" "$UNIT.d"
    systemctl daemon-reload
}

@test "the systemd unit restores, and what it restored outlives it" {
    [ -d /run/systemd/system ] || skip "process 1 is not systemd"
    UNIT=/run/systemd/system/yawl-restore-$TAG.service
    stack
    ok up -d
    reboot
    unit_install
    systemctl start "${UNIT##*/}"
    within 5 is_state a running
    within 5 is_state b running
    unit_remove
    is_state a running
    is_state b running
    ok exec -T a true
}
