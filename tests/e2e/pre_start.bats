#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
load helpers

setup_file() {
    e2e_setup_file
    # Another image, with two layers and files of its own.
    mkdir -p "$E2E/tree/tools" "$E2E/tree/bin"
    echo 'from tools' >"$E2E/tree/tools/word"
    echo secret >"$E2E/tree/tools/private"
    chmod 0600 "$E2E/tree/tools/private"
    cp "$(command -v busybox)" "$E2E/tree/bin/busybox"
    ln -s busybox "$E2E/tree/bin/sh"
    ln -s busybox "$E2E/tree/bin/cat"
    ln -s busybox "$E2E/tree/bin/id"
    tar -C "$E2E/tree" -cf "$E2E/tools.tar" .
    "$YAWL" image import "$E2E/tools.tar" tools
}
teardown_file() { e2e_teardown_file; }
setup() { e2e_setup; }
teardown() { e2e_teardown; }

# How often each hook has run, in the order of the runs.
runs() { tr '\n' ' ' <state/runs; }

stack() {
    mkdir -p state
    chmod 0777 state
    compose_file <<END
services:
  a:
    image: box
    command: [sh, -c, "echo a runs, \$\$(cat /anonymous/word /state/runs | tr '\\\\n' ' '); exec sleep 1000"]
    environment: {WORD: own}
    scale: ${SCALE:-1}
    volumes: [./state:/state, /anonymous]
    pre_start:
      - command: [sh, -c, "echo one \$\$WORD >> /state/runs; echo kept > /anonymous/word; sleep 0.3"]
        environment: {WORD: ${HOOK_WORD:-hooked}}
      - image: tools
        command: [sh, -c, "echo two \$\$(cat /tools/word) >> /state/runs; echo spoken"]
      - command: [sh, -c, "echo three >> /state/runs"]
        per_replica: true
END
}

@test "pre_start hooks run in order, each in a container of its own, before the service" {
    stack
    background up "$YAWL" up
    within 10 logged a "a runs"
    contains "$(lines a)" "a runs, kept one hooked two from tools three"
    within 5 grep -q "^a -> *| spoken" up.out
    equal "$("$YAWL" ps -q)" "$PROJECT-a-1"
    contains "$("$YAWL" ps -a -q)" "$PROJECT-a.pre_start.1"
}

@test "what succeeded is not run again while it is unchanged" {
    stack
    ok up -d
    ok up -d
    ok restart -t 0
    ok stop -t 0
    ok start
    ok up -d --force-recreate -t 0
    # Asked for by force, all are run.
    equal "$(runs)" "one hooked two from tools three one hooked two from tools three "
    SCALE=2 stack
    ok up -d
    equal "$(runs)" "one hooked two from tools three one hooked two from tools three three "
    HOOK_WORD=changed SCALE=2 stack
    ok up -d -t 0
    equal "$(grep -c 'one changed' state/runs)" 1
    equal "$(grep -c 'two' state/runs)" 2
    ok down -t 0
    ok up -d
    equal "$(grep -c 'two' state/runs)" 3
}

@test "a hook that fails keeps the service from starting, is told of, and runs again" {
    mkdir state
    chmod 0777 state
    compose_file <<'END'
services:
  a:
    image: box
    command: [sleep, "1000"]
    volumes: [./state:/state]
    pre_start:
      - command: [sh, -c, "echo first >> /state/runs"]
      - command: [sh, -c, "echo no luck; test -e /state/go || exit 3"]
  b: {image: box, command: [sleep, "1000"], depends_on: [a]}
END
    refused up -d
    contains "$stderr" "service \"a\": pre_start hook $PROJECT-a.pre_start.2 exited with status 3"
    refused up
    contains "$stdout" "no luck"
    refused up -d --wait
    equal "$("$YAWL" ps -q)" ""
    contains "$("$YAWL" logs a)" "no luck"
    touch state/go
    ok up -d --wait
    equal "$(runs)" "first "
    is_state b running
}

@test "hooks wait for what their service waits for, on its networks" {
    compose_file <<'END'
services:
  db: {image: box, command: [sh, -c, "sleep 0.5; touch /ready; exec sleep 1000"], healthcheck: {test: [CMD, test, -e, /ready], interval: 100ms, retries: 100}}
  a:
    image: box
    command: [sleep, "1000"]
    depends_on: {db: {condition: service_healthy}}
    networks: {default: {ipv4_address: 10.77.0.9}}
    pre_start:
      - command: [sh, -c, "nslookup db 127.0.0.11 >/dev/null && echo found db; nslookup a 127.0.0.11 >/dev/null || echo a is not there"]
networks: {default: {ipam: {config: [{subnet: 10.77.0.0/24}]}}}
END
    ok up -d --wait
    contains "$(lines a)" "found db"
    contains "$(lines a)" "a is not there"
}

@test "hooks are gone with their service, and a one-off needs none" {
    stack
    ok run --rm --no-deps a true
    [ ! -e state/runs ] || fail "hooks have run"
    ok up -d
    ok rm -f
    ok up -d
    equal "$(runs)" "one hooked two from tools three "
    ok stop -t 0
    yawl wait a
    equal "$status" 137
    equal "$stdout" "container \"$PROJECT-a-1\" exited with status code 137"
}

@test "a supervisor that is killed during a hook does not run it twice" {
    mkdir state
    chmod 0777 state
    compose_file <<'END'
services:
  a:
    image: box
    command: [sleep, "1000"]
    volumes: [./state:/state]
    pre_start: [{command: [sh, -c, "echo one >> /state/runs; sleep 1"]}]
END
    background up "$YAWL" up -d
    within 5 test -s state/runs
    kill -KILL "$(role_pids supervisor)"
    wait "$pid"
    is_state a running
    ok up -d
    equal "$(runs)" "one "
}

@test "image volumes are mounted read-only, whole or from a directory of it" {
    compose_file <<'END'
services:
  a:
    image: box
    command: [sh, -c, "cat /t/tools/word /p/word /f; id -u; cat /p/private; echo x > /p/new || echo read-only; exec sleep 1000"]
    volumes:
      - {type: image, source: tools, target: /t}
      - {type: image, source: tools, target: /p, image: {subpath: tools}}
      - {type: image, source: tools, target: /f, image: {subpath: tools/word}}
  b:
    image: box
    read_only: true
    command: [sh, -c, "cat /tmp/word"]
    volumes: [{type: image, source: tools, target: /tmp, image: {subpath: tools}}]
  host:
    image: box
    network_mode: host
    command: [cat, /t/private]
    volumes: [{type: image, source: tools, target: /t, image: {subpath: tools}}]
END
    ok up -d
    within 5 logged a read-only
    equal "$(lines a | grep -v "can't create")" $'from tools\nfrom tools\nfrom tools\n0\nsecret\nread-only'
    within 5 logged b "from tools"
    within 5 logged host "secret"
    # Its layers stay as long as the container does.
    refused image rm tools
    ok image rm --force tools
    ok image prune -a -f
    ok restart -t 0 a
    within 5 sh -c "'$YAWL' logs --no-log-prefix a | grep -c read-only | grep -q 2"
    "$YAWL" image import "$E2E/tools.tar" tools
}

@test "an image volume with another image makes the container anew, a wrong subpath is an error" {
    compose_file <<'END'
services:
  a: {image: box, command: [sleep, "1000"], volumes: [{type: image, source: changing, target: /t}]}
END
    ok image tag box changing
    ok up -d
    local before after
    before=$(host_pid a)
    ok up -d
    after=$(host_pid a)
    equal "$after" "$before"
    ok image tag tools changing
    ok up -d -t 0
    ok exec -T a cat /t/tools/word
    compose_file <<'END'
services:
  a: {image: box, command: [sleep, "1000"], volumes: [{type: image, source: tools, target: /t, image: {subpath: nowhere}}]}
END
    refused up -d -t 0
    contains "$stderr" "mount on '/t': find 'nowhere' in image 'tools': No such file or directory"
}
