#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
load helpers

setup_file() { e2e_setup_file; }
teardown_file() { e2e_teardown_file; }
setup() { e2e_setup; }
teardown() { e2e_teardown; }

# A shell on a terminal, and a program that reads its standard input.
stack() {
    compose_file <<'END'
services:
  shell:
    image: box
    tty: true
    command: [sh, -c, "printf 'name? '; while read -r x; do echo \"hello $$x, $$(stty size)\"; [ \"$$x\" != bye ] || exit 7; printf 'name? '; done"]
  reader:
    image: box
    stdin_open: true
    command: [sh, -c, "echo ready; while read -r x; do echo \"got $$x\"; echo \"err $$x\" >&2; [ \"$$x\" != bye ] || exit 3; done; echo end of input"]
END
    ok up -d
    within 30 logged reader ready
}

# Whether the background process catches SIGTERM by now.
watches_signals() { [ $((0x$(sed -n 's/^SigCgt:\t//p' "/proc/$pid/status") >> 14 & 1)) -eq 1 ]; }

typist() { try python3 "$TOOLS/typist.py" "$@"; }

@test "what is typed goes to the terminal, what comes is shown, the exit code is the program's" {
    stack
    typist --size 30x100 "" "yawl" --then "hello yawl" bye "$YAWL" attach shell
    equal "$status" 7
    contains "$stdout" "hello yawl, 30 100"
    lacks "$stdout" "exited with"
    contains "$(lines shell)" "hello bye"
}

@test "a change of our terminal's size is the container's" {
    compose_file <<'END'
services:
  watch: {image: box, tty: true, command: [sh, -c, "while :; do stty size; sleep 0.1; done"]}
END
    ok up -d
    typist --size 24x80 "24 80" size:40x90 --then "40 90" '\x10\x11' "$YAWL" attach watch
    equal "$status" 0
}

@test "the keys that detach leave it running" {
    stack
    typist "" one --then "hello one" '\x10\x11' "$YAWL" attach shell
    equal "$status" 0
    equal "$(json shell State)" running
    typist "" two --then "hello two" '\x01x' "$YAWL" attach --detach-keys ctrl-a,x shell
    equal "$status" 0
    equal "$(json shell State)" running
    lacks "$stdout" "hello one"
    refused attach --detach-keys ctrl-1 shell
    contains "$stderr" "--detach-keys: 'ctrl-1'"
}

@test "a terminal outlives supervisor and keeper, and what was typed before" {
    stack
    kill -KILL "$(role_pids supervisor)"
    typist "" one --then "hello one" '\x10\x11' "$YAWL" attach shell
    contains "$stdout" "hello one"
    kill -KILL "$(role_pids keeper)"
    within 30 role_pids keeper
    typist "" two --then "hello two" '\x10\x11' "$YAWL" attach shell
    contains "$stdout" "hello two"
    equal "$(lines shell | grep -c hello)" 2
}

@test "an attachment outlives the supervisor" {
    stack
    background attached python3 "$TOOLS/typist.py" "" one --then "hello one" two --then "hello two" bye "$YAWL" attach shell
    within 30 logged shell "hello one"
    kill -KILL "$(role_pids supervisor)"
    local code=0
    wait "$pid" || code=$?
    equal "$code" 7
    contains "$(cat attached.out)" "hello bye"
}

@test "standard input of a service is fed and stays open" {
    stack
    printf 'one\ntwo\n' >input
    background attached sh -c "exec '$YAWL' attach reader <input"
    within 30 logged reader "got two"
    kill -KILL "$(role_pids supervisor)"
    within 30 role_pids supervisor
    printf 'three\nbye\n' >input
    try sh -c "exec '$YAWL' attach reader <input"
    equal "$status" 3
    equal "$stdout" $'got three\ngot bye'
    equal "$stderr" $'err three\nerr bye'
    lacks "$(lines reader)" "end of input"
    local code=0
    wait "$pid" || code=$?
    equal "$code" 3
}

@test "input of one run is not left for the next" {
    stack
    ok kill -s STOP reader
    printf 'lost\n' >input
    try timeout 1 "$YAWL" attach --sig-proxy=false reader <input
    ok restart -t 0 reader
    printf 'bye\n' >input
    try sh -c "exec '$YAWL' attach reader <input"
    equal "$stdout" 'got bye'
    lacks "$(lines reader)" "got lost"
}

@test "our standard input is kept, and signals go to the container when asked" {
    compose_file <<'END'
services:
  a: {image: box, stdin_open: true, command: [sh, -c, "trap 'echo caught; exit 5' TERM; echo ready; while :; do sleep 0.05; done"]}
END
    ok up -d
    within 30 logged a ready
    background attached "$YAWL" attach --no-stdin --sig-proxy=false a
    within 10 watches_signals
    kill -TERM "$pid"
    local code=0
    wait "$pid" || code=$?
    equal "$code" 130
    equal "$(json a State)" running
    background attached "$YAWL" attach --no-stdin a
    within 10 watches_signals
    kill -TERM "$pid"
    code=0
    wait "$pid" || code=$?
    equal "$code" 5
    contains "$(cat attached.out)" caught
}

@test "what does not run is not attached to" {
    stack
    refused attach nope
    contains "$stderr" 'service "nope" is not running'
    ok pause shell
    refused attach shell
    contains "$stderr" "is paused"
    ok unpause shell
    ok stop -t 0 shell
    refused attach shell
    contains "$stderr" 'service "shell" is not running'
    refused attach --index 2 reader
    contains "$stderr" 'service "reader" is not running'
    refused attach
    contains "$stderr" "name one service"
}
