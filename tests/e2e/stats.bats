#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
load helpers

setup_file() { e2e_setup_file; }
teardown_file() { e2e_teardown_file; }
setup() { e2e_setup; }
teardown() { e2e_teardown; }

stack() {
    compose_file <<'END'
services:
  busy: {image: box, command: [sh, -c, "while :; do :; done"], mem_limit: 256m}
  idle: {image: box, command: [sh, -c, "sleep 1000 & exec sleep 1000"]}
  done: {image: box, command: ["true"]}
END
    ok up -d
    within 5 is_state done exited
}

# stat_of SERVICE KEY
stat_of() {
    "$YAWL" stats --no-stream --format json "$1" | jq -r ".$2"
}

@test "what containers use is told as docker tells it" {
    needs_limits
    stack
    ok stats --no-stream
    matches "$stdout" '^NAME +CPU % +MEM USAGE / LIMIT +MEM % +NET I/O +BLOCK I/O +PIDS$'
    matches "$stdout" "^$PROJECT-busy-1 +[0-9.]+% +[0-9.]+[KM]iB / 256MiB +[0-9.]+% +[0-9.]+k?B / [0-9.]+k?B +[0-9.]+[kM]?B / [0-9.]+[kM]?B +1\$"
    matches "$stdout" "^$PROJECT-idle-1 +0\\.[0-9]+% .* 2\$"
    lacks "$stdout" "$PROJECT-done-1"
}

@test "CPU time is that of the processes" {
    stack
    local used
    used=$(stat_of busy CPUPerc)
    [ "${used%%.*}" -ge 5 ] || fail "busy uses $used"
    used=$(stat_of idle CPUPerc)
    [ "${used%%.*}" -lt 5 ] || fail "idle uses $used"
}

@test "bytes of the network are counted" {
    stack
    ok exec -d busy sh -c 'sleep 5 | nc -l -p 7000 >/dev/null'
    within 5 inside idle sh -c 'head -c 300000 /dev/zero | nc busy 7000'
    matches "$(stat_of idle NetIO)" '^[0-9.]+k?B / 3[0-9]{2}kB$'
}

@test "stopped containers are shown when asked for, services chosen" {
    stack
    ok stats --no-stream --all
    matches "$stdout" "^$PROJECT-done-1 +0\\.00% +0B / 0B +0\\.00% +0B / 0B +0B / 0B +0\$"
    ok stats --no-stream --format json idle
    equal "$(jq -r .Name <<<"$stdout")" "$PROJECT-idle-1"
    refused stats --format csv
    contains "$stderr" "unknown format 'csv'"
}

@test "without --no-stream it goes on, with containers that come" {
    stack
    background shown "$YAWL" stats --format json idle
    within 10 grep -q idle-1 shown.out
    ok scale idle=2
    within 10 grep -q idle-2 shown.out
    kill "$pid"
}
