#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
load helpers

setup_file() { e2e_setup_file; }
teardown_file() { e2e_teardown_file; }
setup() { e2e_setup; }
teardown() { e2e_teardown; }

@test "post_start hooks run in order, as asked, and dependents wait for them" {
    compose_file <<'END'
services:
  a:
    image: box
    user: app
    command: [sleep, "1000"]
    environment: {WORD: own}
    volumes: [./state:/state]
    post_start:
      - command: [sh, -c, "sleep 0.5; echo first $$(id -un) $$WORD >> /state/list"]
        user: root
        environment: {WORD: hooked}
      - {command: "sh -c 'echo second $$PWD; echo second >> /state/list'", user: root, working_dir: /tmp}
  b: {image: box, command: [sh, -c, "cat /state/list; exec sleep 1000"], volumes: ["./state:/state"], depends_on: [a]}
END
    mkdir state
    chmod 0777 state
    background up "$YAWL" up
    within 10 logged b "second"
    equal "$(cat state/list)" $'first root hooked\nsecond'
    within 5 grep -q "^a-1 -> second /tmp" up.out
}

@test "a post_start hook that fails ends up, and the container runs on" {
    compose_file <<'END'
services:
  a: {image: box, command: [sleep, "1000"], post_start: [{command: [sh, -c, "echo no luck; exit 3"]}]}
  b: {image: box, command: [sleep, "1000"], depends_on: [a]}
END
    refused up -d
    contains "$stderr" "post_start hook exited with status 3: no luck"
    equal "$(json a State)" running
    equal "$(json b State)" created
    refused up
    contains "$stderr" "post_start hook exited with status 3"
}

@test "pre_stop hooks run before the signal" {
    compose_file <<'END'
services:
  a:
    image: box
    command: [sh, -c, "trap 'echo got the signal; exit' TERM; while :; do sleep 0.05; done"]
    pre_stop: [{command: [sh, -c, "sleep 0.3; echo hook is done"]}]
END
    background up "$YAWL" up
    within 10 is_state a running
    ok restart
    ok stop
    wait "$pid" || true
    equal "$(grep -E 'hook|signal' up.out | sed 's/.*-> //; s/.*| //' | tr '\n' ,)" \
        "hook is done,got the signal,hook is done,got the signal,"
    ok start
    ok kill
    within 5 is_state a exited
}

@test "a pre_stop hook that fails keeps the container from being stopped" {
    compose_file <<'END'
services:
  a: {image: box, command: [sleep, "1000"], pre_stop: [{command: [sh, -c, "echo busy; exit 1"]}]}
END
    ok up -d
    refused stop
    contains "$stderr" "pre_stop hook exited with status 1: busy"
    equal "$(json a State)" running
    refused down
    ok kill
    within 5 is_state a exited
    ok down
}
