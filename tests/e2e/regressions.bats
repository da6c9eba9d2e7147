#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
load helpers

setup_file() { e2e_setup_file; }
teardown_file() { e2e_teardown_file; }
setup() { e2e_setup; }
teardown() { e2e_teardown; }

# What once went wrong.

@test "up twice with a published port, then a change of the service, keeps the port" {
    local port
    port=$(free_port)
    compose_file <<END
services:
  web: {image: box, command: [sh, -c, "while :; do echo one | nc -l -p 80; done"], ports: ["127.0.0.1:$port:80"]}
END
    ok up -d
    ok up -d
    sed -i 's/echo one/echo two/' compose.yaml
    ok up -d
    within 10 sh -c "python3 -c 'import socket; s = socket.create_connection((\"127.0.0.1\", $port), 2); assert b\"two\" in s.recv(9)'"
}

@test "a link in a volume does not lead a subpath out of it" {
    mkdir outside
    echo kept >outside/file
    compose_file <<END
services:
  a: {image: box, command: [ln, -s, "$DIR/outside", /d/sub], volumes: [v:/d]}
  b:
    image: box
    command: [sh, -c, "echo pwned >/m/file"]
    volumes: [{type: volume, source: v, target: /m, volume: {subpath: sub, nocopy: true}}]
    depends_on: {a: {condition: service_completed_successfully}}
volumes: {v: }
END
    yawl up --wait
    equal "$(cat outside/file)" kept
}

@test "nothing of the host is above the container's root" {
    compose_file <<'END'
services:
  a: {image: box, command: [sleep, "1000"]}
END
    ok up -d
    equal "$(inside a sh -c 'ls /..')" "$(inside a sh -c 'ls /')"
    equal "$(inside a sh -c 'cat /proc/1/mountinfo | grep -c " / / "')" 1
}

@test "down -v of one service keeps the volumes of the others" {
    compose_file <<'END'
services:
  a: {image: box, command: [sleep, "1000"]}
  b: {image: box, command: [sh, -c, "echo kept >/v/file; exec sleep 1000"], volumes: [data:/v]}
volumes: {data: }
END
    ok up -d
    within 5 inside b test -s /v/file
    ok down -v a
    equal "$(inside b cat /v/file)" kept
}

@test "up of one service with --remove-orphans keeps the others of the file" {
    compose_file <<'END'
services:
  a: {image: box, command: [sleep, "1000"]}
  b: {image: box, command: [sleep, "1000"]}
END
    ok up -d
    ok up -d --remove-orphans a
    lacks "$stderr" orphan
    is_state b running
}

@test "a network that was refused does not stand in the way of the next up" {
    compose_file <<'END'
services:
  a: {image: box, command: [sleep, "1000"]}
networks:
  default: {ipam: {config: [{subnet: 10.77.0.0/24, gateway: 10.99.0.1}]}}
END
    refused up -d
    sed -i 's/10.99.0.1/10.77.0.1/' compose.yaml
    ok up -d
    is_state a running
}

@test "a damaged record ends its container and nothing else" {
    compose_file <<'END'
services:
  a: {image: box, command: [sleep, "1000"]}
  b: {image: box, command: [sleep, "1000"]}
END
    ok up -d
    local before
    before=$(host_pid b)
    printf '{"name"' >"$YAWL_RUN_ROOT/projects/$PROJECT/instances/$PROJECT-a-1.made"
    kill -KILL "$(role_pids supervisor)"
    within 10 is_state b running
    equal "$(host_pid b)" "$before"
    ok down
    nothing_left
}

@test "a restart that was interrupted by the supervisor's death is carried on" {
    compose_file <<'END'
services:
  a: {image: box, command: [sh, -c, "trap 'sleep 1; exit 0' TERM; while :; do sleep 0.05; done"]}
END
    ok up -d
    background restart "$YAWL" restart
    sleep 0.4
    kill -KILL "$(role_pids supervisor)"
    within 15 sh -c "! kill -0 $pid"
    within 10 is_state a running
}

@test "two services of one container name are an error" {
    compose_file <<END
services:
  a: {image: box, command: [sleep, "1000"], container_name: $PROJECT-b-1}
  b: {image: box, command: [sleep, "1000"]}
END
    refused up -d
    contains "$stderr" "$PROJECT-b-1"
    nothing_left
}

@test "scale 0 ends what runs" {
    compose_file <<'END'
services:
  a: {image: box, command: [sleep, "1000"], scale: 2}
  b: {image: box, command: [sleep, "1000"]}
END
    ok up -d
    sed -i 's/scale: 2/scale: 0/' compose.yaml
    ok up -d
    equal "$("$YAWL" ps --services)" b
}

@test "exec -e replaces a variable of the container" {
    compose_file <<'END'
services:
  a: {image: box, command: [sleep, "1000"], environment: {A: one}}
END
    ok up -d
    equal "$("$YAWL" exec -T -e A=two a sh -c 'echo $A')" two
}
