#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
load helpers

setup_file() { e2e_setup_file; }
teardown_file() { e2e_teardown_file; }
setup() { e2e_setup; }
teardown() { e2e_teardown; }

# runs N: the service's container has started at least that often.
runs() {
    [ "$("$YAWL" logs --no-log-prefix a | grep -c '^run$')" -ge "$1" ]
}

@test "restart: always starts an ended container again" {
    compose_file <<'END'
services:
  a: {image: box, restart: always, command: [sh, -c, "echo run; exit 0"]}
END
    ok up -d
    within 10 runs 3
}

@test "restart: on-failure leaves a success alone and stops after its count" {
    compose_file <<'END'
services:
  a: {image: box, restart: "on-failure:2", command: [sh, -c, "echo run; exit 3"]}
  b: {image: box, restart: on-failure, command: [sh, -c, "echo fine"]}
END
    ok up -d
    within 10 runs 3
    within 5 is_state a exited
    sleep 1
    equal "$(lines a | grep -c '^run$')" 3
    equal "$(lines b | grep -c '^fine$')" 1
    equal "$(json a ExitCode)" 3
}

@test "the default is not to restart" {
    compose_file <<'END'
services:
  a: {image: box, command: [sh, -c, "echo run; exit 3"]}
END
    ok up -d
    within 5 is_state a exited
    sleep 1
    equal "$(lines a | grep -c '^run$')" 1
}

@test "a container killed from outside comes back under unless-stopped" {
    compose_file <<'END'
services:
  a: {image: box, restart: unless-stopped, command: [sh, -c, "echo run; exec sleep 1000"]}
END
    ok up -d
    within 5 runs 1
    kill -KILL "$(host_pid a)"
    within 10 runs 2
    within 5 is_state a running
}

@test "stop ends restarting, whatever the policy" {
    compose_file <<'END'
services:
  a: {image: box, restart: always, command: [sh, -c, "echo run; sleep 0.2"]}
END
    ok up -d
    within 10 runs 2
    ok stop
    local count
    count=$(lines a | grep -c '^run$')
    sleep 1
    equal "$(lines a | grep -c '^run$')" "$count"
    equal "$(json a State)" exited
}

@test "the delay between restarts grows" {
    compose_file <<'END'
services:
  a: {image: box, restart: always, command: [sh, -c, "echo run"]}
END
    ok up -d
    within 10 runs 3
    sleep 2
    # 100 ms doubled each time: six or seven starts in the first five seconds, not hundreds.
    [ "$(lines a | grep -c '^run$')" -le 9 ] || fail "$(lines a | grep -c '^run$') starts"
}
