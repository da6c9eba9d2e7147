#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# Signals to process 1, what becomes of them as exit codes, and changes of a terminal's size.
load helpers

setup_file() { e2e_setup_file; }
teardown_file() { e2e_teardown_file; }
setup() { e2e_setup; }
teardown() { e2e_teardown; }

typist() { try python3 "$TOOLS/typist.py" "$@"; }

@test "our init hands the stop signal on, and ends as the program does" {
    compose_file <<'END'
x-any: &any {image: box, init: true}
services:
  polite:
    <<: *any
    stop_signal: SIGUSR1
    command: [sh, -c, "trap 'echo usr1; exit 5' USR1; echo ready; while :; do sleep 0.05; done"]
  plain: {<<: *any, command: [sleep, "1000"], stop_grace_period: 60s}
  crash: {<<: *any, command: [sh, -c, "kill -SEGV $$$$"]}
  code: {<<: *any, command: [sh, -c, "exit 9"]}
END
    ok up -d
    within "$PATIENCE_S" logged polite ready
    within "$PATIENCE_S" is_state crash exited
    within "$PATIENCE_S" is_state code exited
    ok stop
    logged polite usr1
    equal "$(json polite ExitCode) $(json plain ExitCode) $(json crash ExitCode) $(json code ExitCode)" "5 143 139 9"
}

@test "a process 1 that cannot see the stop signal is killed at once, and one line says so" {
    compose_file <<'END'
services:
  a: {image: box, command: [sleep, "1000"], stop_grace_period: 600s}
  b: {image: box, command: [sleep, "1000"], stop_grace_period: 600s, stop_signal: SIGUSR2}
END
    ok up -d
    TRY_TIMEOUT_S=60 yawl stop
    equal "$status" 0
    equal "$(json a ExitCode) $(json b ExitCode)" "137 137"
    contains "$("$YAWL" why a)" "process 1 does not handle SIGTERM"
    contains "$("$YAWL" why b)" "process 1 does not handle SIGUSR2"
    equal "$(grep -c 'does not handle' <<<"$("$YAWL" why a)")" 1
}

@test "kill sends what it is told and no more, and who ends by the stop signal stays stopped" {
    compose_file <<'END'
x-any: &any {image: box, restart: always, stop_grace_period: 100ms}
services:
  polite: {<<: *any, command: [sh, -c, "trap 'exit 5' TERM; echo ready; while :; do sleep 0.05; done"]}
  stubborn: {<<: *any, command: [sh, -c, "trap 'echo heard' TERM; echo ready; while :; do sleep 0.05; done"]}
  reloads: {<<: *any, command: [sh, -c, "trap 'exit 6' HUP; echo ready; while :; do sleep 0.05; done"]}
END
    ok up -d
    for service in polite stubborn reloads; do
        within "$PATIENCE_S" logged $service ready
    done
    before=$(host_pid stubborn)
    ok kill -s TERM polite stubborn
    ok kill -s HUP reloads
    within "$PATIENCE_S" is_state polite exited
    within "$PATIENCE_S" logged stubborn heard
    within "$PATIENCE_S" sh -c "'$YAWL' logs --no-log-prefix reloads | grep -c ready | grep -qx 2"
    sleep 1 # ten times the grace period
    equal "$(host_pid stubborn)" "$before"
    is_state polite exited
    equal "$(json polite ExitCode)" 5
    ok why polite
    contains "$stdout" "exit status 5 after SIGTERM, sent by yawl kill"
    ok up -d
    within "$PATIENCE_S" is_state polite running
}

@test "a program of exec that ends by a signal gives 128 and its number" {
    compose_file <<'END'
services:
  a: {image: box, command: [sleep, "1000"]}
END
    ok up -d
    yawl exec -T a sh -c 'kill -TERM $$'
    equal "$status" 143
    yawl exec -T a sh -c 'kill -KILL $$'
    equal "$status" 137
    yawl exec -T a /
    equal "$status" 126
    yawl exec -T -w /etc/passwd a true
    equal "$status" 125
}

@test "a change of our terminal's size is that of exec's and of run's program" {
    compose_file <<'END'
services:
  a: {image: box, command: [sleep, "1000"]}
END
    ok up -d
    local look='trap "echo resized" WINCH; while :; do stty size; sleep 0.1; done'
    typist --size 24x80 "24 80" size:40x90 --then "40 90" '\x03' "$YAWL" exec a sh -c "$look"
    equal "$status" 130
    contains "$stdout" resized
    typist --size 25x81 "25 81" size:41x91 --then "41 91" '\x03' "$YAWL" run --rm a sh -c "$look; exit 3"
    contains "$stdout" "41 91"
    contains "$stdout" resized
}
