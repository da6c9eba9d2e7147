#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
load helpers

setup_file() { e2e_setup_file; }
teardown_file() { e2e_teardown_file; }
setup() { e2e_setup; }
teardown() { e2e_teardown; }

@test "down removes everything, also without the file" {
    compose_file <<'END'
services:
  a: {image: box, command: [sleep, "1000"]}
END
    ok up -d
    rm compose.yaml
    ok -p "$PROJECT" down
    nothing_left
}

@test "down with nothing there succeeds" {
    compose_file <<'END'
services:
  a: {image: box}
END
    ok down
}

@test "down keeps named volumes and down -v removes them" {
    compose_file <<'END'
services:
  a:
    image: box
    command: [sh, -c, "cat /v/kept; echo data > /v/kept; exec sleep 1000"]
    volumes: [things:/v]
volumes:
  things:
END
    ok up -d
    within 5 logged a "No such file"
    ok down
    EXPECTED_VOLUMES=${PROJECT}_things
    nothing_left
    ok up -d
    within 5 logged a data
    EXPECTED_VOLUMES=
    ok down -v
    nothing_left
}

@test "an anonymous volume is removed by down -v" {
    compose_file <<'END'
services:
  a: {image: box, command: [sleep, "1000"], volumes: [/anonymous]}
END
    ok up -d
    inside a touch /anonymous/x
    ok down -v
    nothing_left
}

@test "down stops dependents before what they depend on" {
    compose_file <<'END'
x-recorder: &recorder
  image: box
  volumes: [./order:/order]
services:
  db:
    <<: *recorder
    command: [sh, -c, "trap 'echo db >> /order/list; exit' TERM; while :; do sleep 0.05; done"]
  api:
    <<: *recorder
    depends_on: [db]
    command: [sh, -c, "trap 'sleep 0.3; echo api >> /order/list; exit' TERM; while :; do sleep 0.05; done"]
  web:
    <<: *recorder
    depends_on: [api]
    command: [sh, -c, "trap 'sleep 0.3; echo web >> /order/list; exit' TERM; while :; do sleep 0.05; done"]
END
    mkdir order
    chmod 0777 order
    ok up -d
    sleep 0.3
    ok down
    equal "$(tr '\n' ' ' <order/list)" "web api db "
}

@test "stop sends the stop signal and waits for the grace period" {
    compose_file <<'END'
services:
  polite:
    image: box
    stop_signal: SIGUSR1
    command: [sh, -c, "trap 'echo usr1; exit 5' USR1; echo ready; while :; do sleep 0.05; done"]
  stubborn:
    image: box
    stop_grace_period: 1s
    command: [sh, -c, "trap '' TERM; echo ready; while :; do sleep 0.05; done"]
END
    ok up -d
    within 5 logged polite ready
    within 5 logged stubborn ready
    local start=$SECONDS
    ok stop
    [ $((SECONDS - start)) -lt 8 ] || fail "took $((SECONDS - start)) s"
    equal "$(json polite ExitCode)" 5
    equal "$(json stubborn ExitCode)" 137
    logged polite usr1
}

@test "a process 1 that cannot see the signal is killed at once" {
    compose_file <<'END'
services:
  a: {image: box, command: [sleep, "1000"]}
END
    ok up -d
    local start=$SECONDS
    ok down
    [ $((SECONDS - start)) -lt 5 ] || fail "took $((SECONDS - start)) s"
}

@test "stop keeps the container and start runs it again" {
    compose_file <<'END'
services:
  a: {image: box, command: [sh, -c, "ls /mark; touch /mark; trap 'exit 0' TERM; while :; do sleep 0.05; done"]}
END
    ok up -d
    within 5 logged a "No such file"
    ok stop
    equal "$(json a State)" exited
    equal "$("$YAWL" ps -q)" ""
    ok start
    within 5 logged a "/mark"
    equal "$(json a State)" running
}

@test "start without containers says so" {
    compose_file <<'END'
services:
  a: {image: box}
END
    refused start
    contains "$stderr" "a"
}

@test "restart gives the service a new process" {
    compose_file <<'END'
services:
  a: {image: box, command: [sh, -c, "trap 'exit 0' TERM; while :; do sleep 0.05; done"]}
  b: {image: box, command: [sleep, "1000"]}
END
    ok up -d
    local a b
    a=$(host_pid a) b=$(host_pid b)
    ok restart a
    within 5 is_state a running
    [ "$(host_pid a)" != "$a" ] || fail "the same process"
    equal "$(host_pid b)" "$b"
}

@test "down of one project leaves another alone" {
    compose_file <<'END'
services:
  a: {image: box, command: [sleep, "1000"], volumes: ["things:/v"]}
volumes: {things: }
END
    ok up -d
    ok -p "${PROJECT}other" up -d
    ok down -v
    equal "$("$YAWL" -p "${PROJECT}other" ps --services)" a
    ok -p "${PROJECT}other" down -v
    nothing_left
}

@test "services that the file no longer names are removed with --remove-orphans" {
    compose_file <<'END'
services:
  a: {image: box, command: [sleep, "1000"]}
  old: {image: box, command: [sleep, "1000"]}
END
    ok up -d
    compose_file <<'END'
services:
  a: {image: box, command: [sleep, "1000"]}
END
    ok up -d
    contains "$stderr" "$PROJECT-old-1"
    ok up -d --remove-orphans
    equal "$("$YAWL" ps -a --services)" a
}

@test "--rmi removes images: all of them, or those that only a build has named" {
    "$YAWL" image tag box other
    "$YAWL" image tag box "$PROJECT-built"
    compose_file <<'END'
services:
  a: {image: other, command: [sleep, "1000"]}
  built: {build: ., command: [sleep, "1000"]}
END
    ok up -d
    refused down --rmi some
    contains "$stderr" "'local' and 'all'"
    ok down -t 0 --rmi local
    contains "$stderr" "Image $PROJECT-built  Removed"
    ok image ls
    contains "$stdout" other
    lacks "$stdout" "$PROJECT-built"
    "$YAWL" image tag box "$PROJECT-built"
    ok up -d
    rm compose.yaml
    ok down -t 0 --rmi all
    ok image ls
    lacks "$stdout" other
    lacks "$stdout" "$PROJECT-built"
    contains "$stdout" box
}

@test "--rmi leaves an image that another container uses" {
    "$YAWL" load "$YAWL_E2E_IMAGES/once.tar"
    compose_file <<'END'
services:
  a: {image: once, command: ["sleep 1000"]}
  b: {image: once, command: ["sleep 1000"]}
END
    ok up -d
    ok down -t 0 --rmi all a
    contains "$stderr" "image 'once' stays"
    ok down -t 0 --rmi all
    lacks "$("$YAWL" image ls)" once
}
