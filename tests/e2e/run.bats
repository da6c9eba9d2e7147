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
  app:
    image: box
    command: [sh, -c, "echo own command; exec sleep 1000"]
    environment: {WORD: from-file}
    restart: always
    depends_on: {db: {condition: service_healthy}}
    ports: ["127.0.0.1::80"]
  db:
    image: box
    command: [sh, -c, "sleep 0.5; touch /ready; exec sleep 1000"]
    healthcheck: {test: [CMD, test, -e, /ready], interval: 100ms, retries: 100}
END
}

@test "run waits for dependencies, shows the output and forwards the exit code" {
    stack
    yawl run --rm app sh -c 'echo out; echo err >&2; exit 5'
    equal "$status" 5
    equal "$stdout" out
    contains "$stderr" err
    is_health db healthy
    equal "$("$YAWL" ps -a -q)" "$PROJECT-db-1"
}

@test "output comes as it was written, to the byte" {
    stack
    ok run --rm --no-deps app printf 'no newline'
    equal "$(od -An -c <"$DIR/.stdout" | tr -d ' ')" 'nonewline'
    yawl run --rm --no-deps app sh -c 'head -c 300000 /dev/zero | tr "\0" "x"; echo'
    equal "$(wc -c <"$DIR/.stdout")" 300001
}

@test "run reads our standard input to its end" {
    stack
    printf 'one\ntwo\n' >input
    try "$YAWL" run --rm --no-deps app sort -r <input
    equal "$stdout" $'two\none'
    try "$YAWL" run --rm --no-deps app wc -c </dev/null
    equal "$stdout" 0
    try "$YAWL" run --rm --no-deps --interactive=false app wc -c <input
    equal "$stdout" 0
}

@test "what the command line changes" {
    stack
    mkdir data
    echo content >data/file
    echo FROM_FILE=yes >vars
    NAMED=ours ok run --rm --no-deps -e WORD='a $dollar' -e NAMED --env-from-file vars -u app -w /tmp \
        -v ./data:/data:ro app sh -c 'echo "$WORD,$NAMED,$FROM_FILE,$(id -un),$PWD,$(cat /data/file)"'
    equal "$stdout" 'a $dollar,ours,yes,app,/tmp,content'
    ok run --rm --no-deps --entrypoint 'echo -n' app word
    equal "$stdout" word
    ok run --rm --no-deps --cap-drop ALL app sh -c 'grep CapEff /proc/self/status'
    contains "$stdout" 0000000000000000
    refused run --no-deps nope true
    contains "$stderr" "no such service: nope"
}

@test "variables of the command line win over those of files, and these over the service's" {
    stack
    printf 'WORD=first\nONE=$NAMED/$WORD\nGIVEN=file\nCOST="\\$5"\n' >first
    printf 'WORD=second\nTWO=2\n' >second
    NAMED=ours ok run --rm --no-deps -e GIVEN=given -e NAMED --env-from-file first --env-from-file second \
        app sh -c 'echo "$WORD,$ONE,$TWO,$GIVEN,$COST"'
    equal "$stdout" 'first,ours/first,2,given,$5'
    refused run --rm --no-deps --env-from-file nowhere app true
    contains "$stderr" "--env-from-file"
    contains "$stderr" "nowhere"
}

@test "programs that cannot be run end run with 126 and 127" {
    stack
    yawl run --rm --no-deps app /nowhere
    equal "$status" 127
    yawl run --rm --no-deps app /etc
    equal "$status" 126
}

@test "a container of run is no replica" {
    stack
    ok up -d
    ok run -d --name other app sleep 1000
    equal "$stdout" other
    equal "$("$YAWL" ps -q | tr '\n' ' ')" "$PROJECT-app-1 $PROJECT-db-1 "
    contains "$("$YAWL" ps -a -q)" other
    ok up -d
    lacks "$stderr" orphan
    contains "$("$YAWL" ps -a -q)" other
    ok scale app=2
    contains "$("$YAWL" ps -a -q)" other
    ok stop app
    equal "$("$YAWL" ps -a --format json | jq -r 'select(.Name == "other") | .State')" running
    ok kill app
    within 5 sh -c "'$YAWL' ps -a --format json | jq -e -s 'any(.Name == \"other\" and .State == \"exited\")'"
    ok up -d
    contains "$stderr" "orphan containers ([other])"
    ok up -d --remove-orphans
    lacks "$("$YAWL" ps -a -q)" other
}

@test "detached with --rm it goes by itself" {
    stack
    ok run -d --rm --no-deps app sh -c 'sleep 0.3'
    within 5 sh -c "! '$YAWL' ps -a -q | grep ."
    ok run -d --rm --no-deps app sleep 1000
    ok kill app
    within "$PATIENCE_S" sh -c "! '$YAWL' ps -a -q | grep ."
}

@test "names on the network and ports are only given when asked for" {
    stack
    ok run -d --no-deps --name plain app sleep 1000
    ok run -d --no-deps --name known --use-aliases -P app sleep 1000
    ok run --rm --no-deps app sh -c 'nslookup app 127.0.0.11 | grep -c "^Address.*172\|^Address.*10\." || true'
    ok run --rm --no-deps app nslookup known 127.0.0.11
    equal "$("$YAWL" ps -a --format json | jq -r 'select(.Name == "plain") | .Publishers | length')" 0
    equal "$("$YAWL" ps -a --format json | jq -r 'select(.Name == "known") | .Publishers | length')" 1
}

@test "signals go to the container" {
    stack
    background run "$YAWL" run --rm --no-deps app sh -c 'trap "echo got it; exit 3" TERM; echo up; while :; do sleep 0.05; done'
    within 10 grep -q up run.out
    kill -TERM "$pid"
    local code=0
    wait "$pid" || code=$?
    equal "$code" 3
    contains "$(cat run.out)" "got it"
}

@test "on a terminal the container has one of its own" {
    stack
    try python3 "$TOOLS/typist.py" "name?" yawl "$YAWL" run --rm --no-deps app sh -c 'test -t 0 && test -t 1 && printf "name? " && read -r x && echo "hello $x" && tty && exit 4'
    equal "$status" 4
    contains "$stdout" "hello yawl"
    contains "$stdout" "/dev/"
}

@test "output of a service with a terminal is in its log, also after the supervisor was killed" {
    compose_file <<'END'
services:
  a: {image: box, tty: true, command: [sh, -c, "test -t 1 && echo is a terminal; while :; do echo tick; sleep 0.1; done"]}
END
    ok up -d
    within 5 logged a "is a terminal"
    kill -KILL "$(role_pids supervisor)"
    sleep 0.5
    local before after
    before=$(lines a | grep -c tick)
    within 5 sh -c "[ \$('$YAWL' logs --no-log-prefix a | grep -c tick) -gt $((before + 2)) ]"
    equal "$(json a State)" running
}
