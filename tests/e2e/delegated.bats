#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# Limits of an ordinary user whose systemd delegates control groups to him: in tests/vm, where there is one.
#
#     tests/vm/e2e.sh build build-tests/images -u tester -- delegated.bats
load helpers

setup_file() { e2e_setup_file; }
teardown_file() { e2e_teardown_file; }
setup() {
    e2e_setup
    [ "$(id -u)" -ne 0 ] || skip "this is about an ordinary user"
    [ -e /sys/fs/cgroup/cgroup.controllers ] || skip "control groups are not v2 here"
    delegated true || skip "there is no systemd of the user's"
}
teardown() { e2e_teardown; }

delegated() {
    systemd-run --user --scope --quiet -p Delegate=yes "$@"
}

# group_of SERVICE FILE: a file of the container's control group, as the container sees it.
group_of() {
    inside "$1" cat "/sys/fs/cgroup/$2"
}

@test "an ordinary user's limits hold in a delegated control group" {
    compose_file <<'END'
services:
  a:
    image: box
    command: [sleep, "1000"]
    mem_limit: 64m
    pids_limit: 20
    cpus: 0.5
END
    try delegated "$YAWL" up -d
    equal "$status" 0
    lacks "$stderr" "limit"
    equal "$(group_of a memory.max)" 67108864
    equal "$(group_of a pids.max)" 20
    equal "$(group_of a cpu.max)" "50000 100000"
    ok stats --no-stream --format json
    contains "$stdout" "64MiB"
    # Later commands need no scope of their own.
    ok restart -t 0 a
    equal "$(group_of a memory.max)" 67108864
}

@test "who takes more memory than he may is ended, and why says so" {
    compose_file <<'END'
services:
  a: {image: box, mem_limit: 32m, memswap_limit: 32m, command: [sh, -c, "head -c 100m /dev/zero | tail"]}
END
    try delegated "$YAWL" up -d
    equal "$status" 0
    within 60 is_state a exited
    ok why a
    contains "$stdout" "memory"
}

@test "containers freeze and are killed by their group" {
    compose_file <<'END'
services:
  a: {image: box, command: [sh, -c, "trap '' TERM; sleep 1000 & sleep 1000"]}
END
    try delegated "$YAWL" up -d
    equal "$status" 0
    ok pause a
    equal "$(json a State)" paused
    ok unpause a
    ok down -t 0
    nothing_left
}
