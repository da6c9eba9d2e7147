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

# Writes down each start, on its root and on a file system in memory.
restarting_service() {
    mkdir disk
    compose_file <<'END'
services:
  a:
    image: box
    command: [sh, -c, "echo x >>/count; echo x >>/dev/shm/count; wc -l /count /dev/shm/count; sleep 0.1"]
    volumes: ["./disk:/disk"]
    deploy: {restart_policy: {condition: any, delay: 0s}}
END
}

# counted TEXT: what some start has seen.
counted() {
    lines a | tr -s ' ' | sed 's/^ //' | grep -q -x -F -e "$1"
}

@test "what comes back at once has the root it had, and nothing else, also under another supervisor" {
    restarting_service
    ok up -d
    within 20 counted "5 /count"
    kill -KILL "$(role_pids supervisor)"
    within 60 counted "15 /count"
    counted "1 /dev/shm/count"
    if counted "2 /dev/shm/count"; then fail "a file system in memory has outlasted its container"; fi
    ok restart a
    within 60 counted "20 /count"
}

@test "what a container had mounted can be unmounted once it was stopped" {
    if [ "$(id -u)" != 0 ] || [ -n "${YAWL_E2E_USER-}" ]; then skip "only root mounts"; fi
    restarting_service
    mount -t tmpfs tmpfs disk
    ok up -d
    within 20 counted "3 /count"
    ok stop
    umount disk
    mount -t tmpfs tmpfs disk
    ok up -d
    ok down
    umount disk
}
