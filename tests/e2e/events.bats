#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
load helpers

setup_file() { e2e_setup_file; }
teardown_file() { e2e_teardown_file; }
setup() { e2e_setup; }
teardown() { e2e_teardown; }

# A program that ends when it is asked to.
POLITE='trap "exit 0" TERM; while :; do sleep 0.05; done'

# past [SERVICE]: the actions until now, in one line.
past() {
    "$YAWL" events --json --since 10m --until 0s "$@" | jq -r .action | tr '\n' ' '
}

# recorded TEXT [SERVICE]: some action until now is this.
recorded() {
    [[ " $(past "${@:2}")" == *" $1 "* ]]
}

# follows PID: it has its watches.
follows() {
    grep -q inotify /proc/"$1"/fdinfo/*
}

@test "events tells a container's life in docker's words" {
    compose_file <<END
services:
  a: {image: box, command: [sh, -c, '$POLITE']}
  other: {image: box, command: [sleep, "1000"]}
END
    ok up -d
    ok pause a
    ok unpause a
    ok restart a
    ok kill -s USR2 a
    ok stop a
    ok start a
    ok rm -s -f a
    equal "$(past a)" "create start pause unpause kill die stop start restart kill kill die stop start kill die stop destroy "
}

@test "a line has time, action, container and attributes, an object a service too" {
    compose_file <<END
services:
  a: {image: box, command: [sh, -c, "exit 3"]}
  b: {image: box, command: [sh, -c, '$POLITE']}
END
    ok up -d
    within 5 recorded die a
    ok events --since 10m --until 0s a
    matches "$stdout" "^20[0-9-]+ [0-9:]{8}\.[0-9]{6} container die $PROJECT-a-1 \(execDuration=0, exitCode=3, image=box, name=$PROJECT-a-1\)$"
    ok events --json --since 10m --until 0s a
    lacks "$stdout" "$PROJECT-b-1"
    jq -e -s --arg name "$PROJECT-a-1" '.[-1] | .action == "die" and .attributes.exitCode == "3" and
        .attributes.name == $name and .attributes.image == "box" and .service == "a" and
        .type == "container" and .id == $name and (.time | test("^20.*Z$"))' <<<"$stdout"
}

@test "health and hooks are told" {
    compose_file <<END
services:
  a:
    image: box
    command: [sh, -c, '$POLITE']
    healthcheck: {test: [CMD, test, -e, /tmp/well], interval: 50ms, retries: 2}
    post_start: [{command: [touch, /tmp/hooked]}]
END
    ok up -d
    within 5 is_health a unhealthy
    inside a touch /tmp/well
    within 5 recorded "health_status: healthy"
    contains "$(past)" "create start exec_create: touch /tmp/hooked exec_start: touch /tmp/hooked "
    contains "$(past)" "exec_die "
    equal "$(past | grep -o 'health_status: [a-z]*' | tr '\n' ' ')" "health_status: unhealthy health_status: healthy "
}

@test "exec is told with its command and its end" {
    compose_file <<END
services:
  a: {image: box, command: [sh, -c, '$POLITE']}
END
    ok up -d
    yawl exec -T a sh -c "exit 7"
    equal "$status" 7
    within 5 recorded exec_die
    ok events --json --since 10m --until 0s
    equal "$(jq -r .action <<<"$stdout" | tail -n 3)" "exec_create: sh -c exit 7
exec_start: sh -c exit 7
exec_die"
    equal "$(jq -r .attributes.exitCode <<<"$stdout" | tail -n 1)" 7
}

@test "events without --since begins now, follows, and ends with --until" {
    compose_file <<END
services:
  a: {image: box, command: [sh, -c, '$POLITE']}
  b: {image: box, command: [sh, -c, '$POLITE']}
END
    ok up -d
    background live "$YAWL" events --json a
    within 5 follows "$pid"
    background timed "$YAWL" events --until "$(($(date +%s) + 8))"
    within 5 follows "$pid"
    local timed=$pid
    ok stop
    within 5 grep -q '"stop"' live.out
    equal "$(jq -r '.service + " " + .action' live.out | tr '\n' ',')" "a kill,a die,a stop,"
    wait "$timed"
    equal "$(grep -c 'container stop' timed.out)" 2
}

@test "events goes on over down to the next up" {
    compose_file <<END
services:
  a: {image: box, command: [sh, -c, '$POLITE']}
END
    background live "$YAWL" events --json
    within 5 follows "$pid"
    ok up -d
    ok down
    ok up -d
    within 5 sh -c "jq -r .action live.out | grep -c start | grep -qx 2"
    equal "$(jq -r .action live.out | tr '\n' ' ')" "create start kill die stop destroy create start "
    equal "$(past)" "create start "
}

@test "what run does is not told, as with docker compose" {
    compose_file <<'END'
services:
  a: {image: box, command: [sleep, "1000"]}
END
    ok run --rm -T a true
    ok up -d
    equal "$(past)" "create start "
}

# A command that looks while the victim is still dying finds it there; one that looks later starts the next.
revived() {
    "$YAWL" ps >/dev/null && [ -n "$(role_pids supervisor)" ]
}

@test "SIGKILL to the supervisor loses and doubles no event" {
    compose_file <<'END'
services:
  a: {image: box, command: [sh, -c, "sleep 0.1"], deploy: {restart_policy: {condition: any, delay: 0s}}}
  calm: {image: box, command: [sleep, "1000"]}
END
    ok up -d
    local victim
    for _ in 1 2 3 4 5 6; do
        sleep "0.$((RANDOM % 9))"
        victim=$(role_pids supervisor | head -n 1)
        [ -z "$victim" ] || kill -KILL "$victim"
        within 20 "$YAWL" exec -T calm true
        within 20 revived
    done
    ok stop
    python3 - "$YAWL_DATA_ROOT/projects/$PROJECT/journal" "$PROJECT-a-1" "$PROJECT-calm-1" <<'END'
import collections, json, sys
lives = collections.defaultdict(list)
for line in open(sys.argv[1]):
    event = json.loads(line)
    if event["action"] in ("start", "die"):
        lives[event["container"]].append((event["action"], event["starts"]))
a = lives[sys.argv[2]]
starts = [n for action, n in a if action == "start"]
dies = [n for action, n in a if action == "die"]
# A start that was cut off before its program ran is tried again, with the next number.
assert len(starts) > 5 and starts == sorted(set(starts)), a
assert dies == starts, a
assert a == [event for n in starts for event in (("start", n), ("die", n))], a
assert lives[sys.argv[3]] == [("start", 1), ("die", 1)], lives
END
}
