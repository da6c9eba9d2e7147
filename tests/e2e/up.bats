#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
load helpers

setup_file() { e2e_setup_file; }
teardown_file() { e2e_teardown_file; }
setup() { e2e_setup; }
teardown() { e2e_teardown; }

@test "up -d starts the services and returns" {
    compose_file <<'END'
services:
  a: {image: box, command: [sleep, "1000"]}
  b: {image: box, command: [sleep, "1000"]}
END
    ok up -d
    equal "$(json a State)" running
    equal "$(json b State)" running
    equal "$(json a Name)" "$PROJECT-a-1"
}

@test "up -d leaves nothing of the caller's open" {
    compose_file <<'END'
services:
  a: {image: box, command: [sleep, "1000"]}
END
    exec 8>held
    flock 8
    ok up -d
    exec 8>&-
    flock -n held true || fail "the lock of the caller is still held"
}

@test "up -d a second time leaves running containers alone" {
    compose_file <<'END'
services:
  a: {image: box, command: [sleep, "1000"]}
END
    ok up -d
    local before
    before=$(host_pid a)
    ok up -d
    equal "$(host_pid a)" "$before"
}

@test "up -d recreates only the service whose definition has changed" {
    compose_file <<'END'
services:
  a: {image: box, command: [sleep, "1000"]}
  b: {image: box, command: [sleep, "1000"], environment: {WORD: old}}
END
    ok up -d
    local a b
    a=$(host_pid a) b=$(host_pid b)
    sed -i 's/old/new/' compose.yaml
    ok up -d
    equal "$(host_pid a)" "$a"
    [ "$(host_pid b)" != "$b" ] || fail "b was not recreated"
    equal "$(inside b sh -c 'echo $WORD')" new
}

@test "up in the foreground shows prefixed lines and ends when all containers have" {
    compose_file <<'END'
services:
  short: {image: box, command: [sh, -c, "echo one; echo two >&2"]}
  longer-name: {image: box, command: [sh, -c, "sleep 0.2; echo three; exit 3"]}
END
    yawl up
    matches "$stdout" '^short-1 +\| one$'
    matches "$stderr" '^short-1 +\| two$'
    matches "$stdout" '^longer-name-1 +\| three$'
    matches "$stdout$stderr" 'longer-name-1 exited with code 3'
    lacks "$stdout" $'\e['
}

@test "one interrupt stops an attached up gently and it ends with 130" {
    compose_file <<'END'
services:
  a:
    image: box
    command: [sh, -c, "trap 'echo got-term; exit 0' TERM; echo ready; while :; do sleep 0.05; done"]
END
    background up "$YAWL" up
    within 10 grep -q ready up.out
    kill -INT "$pid"
    status=0
    wait "$pid" || status=$?
    equal "$status" 130
    logged a got-term
    equal "$(json a ExitCode)" 0
    equal "$(json a State)" exited
}

@test "two interrupts kill what does not want to stop" {
    compose_file <<'END'
services:
  a:
    image: box
    stop_grace_period: 60s
    command: [sh, -c, "trap 'echo no' TERM; echo ready; while :; do sleep 0.05; done"]
END
    background up "$YAWL" up
    within 10 grep -q ready up.out
    kill -INT "$pid"
    within 10 grep -q no up.out
    kill -INT "$pid"
    status=0
    wait "$pid" || status=$?
    equal "$status" 130
    equal "$(json a ExitCode)" 137
}

@test "a terminal that goes away leaves the containers running" {
    compose_file <<'END'
services:
  a: {image: box, command: [sh, -c, "echo ready; exec sleep 1000"]}
END
    background up "$YAWL" up
    within 10 grep -q ready up.out
    kill -KILL "$pid"
    wait "$pid" || true
    equal "$(json a State)" running
}

@test "up with a service name starts it and what it depends on, and nothing else" {
    compose_file <<'END'
services:
  a: {image: box, command: [sleep, "1000"], depends_on: [b]}
  b: {image: box, command: [sleep, "1000"]}
  c: {image: box, command: [sleep, "1000"]}
END
    ok up -d a
    equal "$("$YAWL" ps --services | sort | tr '\n' ' ')" "a b "
}

@test "a service of an inactive profile is not started" {
    compose_file <<'END'
services:
  a: {image: box, command: [sleep, "1000"]}
  debug: {image: box, command: [sleep, "1000"], profiles: [debug]}
END
    ok up -d
    equal "$("$YAWL" ps --services)" a
    ok --profile debug up -d
    equal "$("$YAWL" ps --services | sort | tr '\n' ' ')" "a debug "
}

@test "environment, working directory, user and hostname are what the file says" {
    compose_file <<'END'
services:
  a:
    image: box
    user: app
    working_dir: /tmp
    hostname: here
    environment: {ONE: "1", EMPTY: "", SECOND: "$${x}"}
    command: [sh, -c, "id -un; id -Gn; pwd; hostname; env | sort | grep -v ^HOSTNAME; exec sleep 1000"]
END
    ok up -d
    within 5 logged a SECOND
    local text
    text=$(lines a)
    matches "$text" '^app$'
    matches "$text" '^app extra$'
    matches "$text" '^/tmp$'
    matches "$text" '^here$'
    matches "$text" '^ONE=1$'
    matches "$text" '^EMPTY=$'
    matches "$text" '^SECOND=\$\{x\}$'
    matches "$text" '^FROM_IMAGE=yes$'
    lacks "$text" YAWL_
    lacks "$text" ASAN_OPTIONS
}

@test "the image's user, working directory, entrypoint, command and volume are used" {
    ok load "$YAWL_E2E_IMAGES/once.tar"
    compose_file <<'END'
services:
  a: {image: once}
  b: {image: once, command: ["cat /data/file; echo mine > /data/new && cat /data/new; exit 4"]}
END
    yawl up
    matches "$(lines a)" '^app$'
    matches "$(lines a)" '^/home/app$'
    matches "$(lines a)" '^yes$'
    matches "$(lines b)" '^from the image$'
    matches "$(lines b)" '^mine$'
    equal "$(json b ExitCode)" 4
}

@test "a path that a higher layer removes is gone" {
    compose_file <<'END'
services:
  a: {image: box, command: [ls, -a, /]}
END
    yawl up
    lacks "$(lines a)" gone
    lacks "$(lines a)" .wh.
    matches "$(lines a)" '^data$'
}

@test "images load from zstd layers and from docker save archives" {
    ok load "$YAWL_E2E_IMAGES/box-zstd.tar"
    ok load "$YAWL_E2E_IMAGES/box-docker.tar"
    compose_file <<'END'
services:
  a: {image: "box:zstd", command: [cat, /data/file]}
  b: {image: "docker.io/library/box:docker", command: [cat, /data/file]}
END
    ok up
    equal "$(lines a)" "from the image"
    equal "$(lines b)" "from the image"
}

@test "bind mounts, tmpfs, secrets and configs are where the file says" {
    mkdir shared
    echo hello >shared/file
    echo secret >password.txt
    compose_file <<'END'
services:
  a:
    image: box
    volumes:
      - ./shared:/shared:ro
      - type: tmpfs
        target: /scratch
    tmpfs: [/run]
    secrets: [password]
    configs:
      - source: settings
        target: /etc/settings
    command:
      - sh
      - -c
      - |
        cat /shared/file /run/secrets/password /etc/settings
        touch /shared/x 2>/dev/null && echo writable
        touch /scratch/x && echo scratch
        grep -c ' /scratch ' /proc/mounts
secrets:
  password: {file: ./password.txt}
configs:
  settings: {content: "level=3\n"}
END
    ok up
    equal "$(lines a | tr '\n' ' ')" "hello secret level=3 scratch 1 "
}

@test "what a container writes outside volumes is gone when it is recreated" {
    compose_file <<'END'
services:
  a: {image: box, command: [sh, -c, "ls /written; touch /written; exec sleep 1000"]}
END
    ok up -d
    within 5 logged a "No such file"
    ok restart a
    within 5 logged a "/written"
    ok down
    ok up -d
    within 5 logged a "No such file"
}

@test "memory, process and processor limits hold" {
    needs_limits
    compose_file <<'END'
services:
  a:
    image: box
    mem_limit: 32m
    pids_limit: 20
    cpus: 0.5
    command: [sh, -c, "head -c 100000000 /dev/zero | tail >/dev/null; echo survived $$?; exec sleep 1000"]
  b:
    image: box
    pids_limit: 10
    command: [sh, -c, "i=0; while [ $$i -lt 30 ]; do sleep 100 & i=$$((i+1)); done; echo all; exec sleep 1000"]
END
    ok up -d
    within 20 logged b "fork"
    lacks "$(lines b)" all
    lacks "$(lines a)" "survived 0"
}

@test "a service with init: true has its orphans reaped" {
    compose_file <<'END'
services:
  a:
    image: box
    init: true
    command: [sh, -c, "(sleep 0.1 &); sleep 0.5; ps -o stat,comm; exec sleep 1000"]
END
    ok up -d
    within 5 logged a COMMAND
    lacks "$(lines a)" Z
}

@test "up --wait returns once everything is healthy, with the state to show for it" {
    compose_file <<'END'
services:
  a:
    image: box
    command: [sh, -c, "sleep 1; touch /ready; exec sleep 1000"]
    healthcheck: {test: [CMD, test, -e, /ready], interval: 200ms, retries: 100}
END
    ok up --wait
    equal "$(json a Health)" healthy
}

@test "up --wait fails when a service ends with an error" {
    compose_file <<'END'
services:
  a: {image: box, command: [sh, -c, "exit 7"]}
END
    refused up --wait
    contains "$stderr" "$PROJECT-a-1"
    contains "$stderr" "exited (7)"
}

@test "scale starts that many containers" {
    compose_file <<'END'
services:
  a: {image: box, command: [sleep, "1000"], scale: 3}
END
    ok up -d
    equal "$("$YAWL" ps --format json | jq -r .Name | sort | tr '\n' ' ')" "$PROJECT-a-1 $PROJECT-a-2 $PROJECT-a-3 "
}

@test "config prints the project without starting anything" {
    compose_file <<'END'
services:
  a: {image: "box:${TAG_OF_BOX:-latest}", ports: ["8080:80"]}
END
    ok config
    matches "$stdout" "^name: $PROJECT$"
    matches "$stdout" '^    image: box:latest$'
    matches "$stdout" '^        target: 80$'
    equal "$("$YAWL" ps -a -q)" ""
}

@test "version tells the version" {
    ok version
    matches "$stdout" '[0-9]+\.[0-9]+\.[0-9]+'
    ok version --short
    matches "$stdout" '^v?[0-9]+\.[0-9]+\.[0-9]+'
}

@test "device_cgroup_rules give leave to use what a mounted node leads to" {
    [ -c /dev/fuse ] || skip "this machine has no /dev/fuse"
    mknod -m 0666 fuse c 10 229
    compose_file <<'END'
services:
  with: {image: box, command: [sleep, "1000"], volumes: ["./fuse:/dev/fuse"], device_cgroup_rules: ["c 10:229 rw"]}
  without: {image: box, command: [sleep, "1000"], volumes: ["./fuse:/dev/fuse"]}
END
    ok up -d
    inside with sh -c ': <>/dev/fuse'
    yawl exec -T without sh -c ': <>/dev/fuse'
    contains "$stderr" "Operation not permitted"
    sed -i 's/c 10:229 rw/char 10:229 rw/' compose.yaml
    refused up -d
    matches "$stderr" "compose.yaml:.*services.with.device_cgroup_rules: 'char 10:229 rw' is no rule for devices"
}

@test "what is mounted into every container leaves nothing on disk for each" {
    compose_file <<'YAML'
services:
  a: {image: box, command: [sleep, "1000"]}
  b: {image: box, command: [sleep, "1000"], read_only: true}
YAML
    ok up -d
    inside a grep -q localhost /etc/hosts
    inside b grep -q localhost /etc/hosts
    [ -z "$(find "$YAWL_DATA_ROOT/projects/$PROJECT/containers" -path '*/upper/*' \( -name hosts -o -name proc \))" ]
    # It is like any other folder of the image.
    inside a sh -c 'echo mine >/etc/own && mv /etc/own /etc/moved'
    inside a grep -q mine /etc/moved
}
