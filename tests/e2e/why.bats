#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
load helpers

setup_file() { e2e_setup_file; }
teardown_file() { e2e_teardown_file; }
setup() { e2e_setup; }
teardown() { e2e_teardown; }

# says SERVICE TEXT: its page has the text.
says() {
    "$YAWL" why "$1" | grep -q -F -e "$2"
}

@test "why tells an exit by lack of memory, with the limit, the peak and the process" {
    compose_file <<'END'
services:
  hog:
    image: box
    mem_limit: 16m
    command: [sh, -c, "exec tail /dev/zero"]
END
    ok up -d
    within 20 is_state hog exited
    ok why hog
    contains "$stdout" "out of memory: the kernel killed tail with "
    contains "$stdout" "limit 16MiB, peak 1"
    contains "$stdout" "it ended by SIGKILL"
    ok why --json hog
    equal "$(jq -r .last_exit.out_of_memory.killed_process <<<"$stdout")" tail
    equal "$(jq -r .last_exit.out_of_memory.limit_bytes <<<"$stdout")" 16777216
    [ "$(jq -r .last_exit.out_of_memory.largest_process_bytes <<<"$stdout")" -gt 8000000 ]
}

@test "a child that is killed for lack of memory is told although the shell lives on" {
    compose_file <<'END'
services:
  hog:
    image: box
    mem_limit: 16m
    command: [sh, -c, "tail /dev/zero; exit 3"]
END
    ok up -d
    within 20 is_state hog exited
    ok why hog
    matches "$stdout" "last exit .*out of memory: the kernel killed tail with .*; exit status 3"
}

@test "why explains 126 and 127, of the program itself and of a command in it" {
    compose_file <<'END'
services:
  shell127: {image: box, command: [sh, -c, "nothing-of-that-name"]}
  shell126: {image: box, command: [sh, -c, "/etc/passwd"]}
  start127: {image: box, command: [nothing-of-that-name]}
  start126: {image: box, command: [/etc/passwd]}
END
    refused up -d
    within 10 is_state shell127 exited
    within 10 is_state shell126 exited
    within 10 says shell127 "exit status 127: a shell inside found no such command"
    within 10 says shell126 "exit status 126: a shell inside found a command that it cannot execute"
    within 10 says start127 "could not be started (127: its program is not in the image)"
    within 10 says start126 "could not be started (126: its program cannot be executed)"
}

@test "a signal of ours is told from one of somebody else" {
    compose_file <<'END'
x-sleeper: &sleeper {image: box, stop_grace_period: 1s, command: [sh, -c, "trap 'exit 7' TERM; while :; do sleep 0.05; done"]}
services:
  stopped: *sleeper
  killed: *sleeper
  foreign: *sleeper
  deaf: {<<: *sleeper, command: [sh, -c, "trap : TERM; while :; do sleep 0.05; done"]}
  plain: {image: box, command: [sleep, "1000"]}
END
    ok up -d
    kill -KILL "$(host_pid foreign)"
    within 5 is_state foreign exited
    ok kill killed
    within 5 is_state killed exited
    ok stop stopped deaf plain
    ok why stopped
    contains "$stdout" "exit status 7 after SIGTERM, sent by yawl stop"
    contains "$stdout" "as yawl stop has asked for"
    ok why killed
    contains "$stdout" "killed by SIGKILL, sent by yawl kill"
    ok why foreign
    contains "$stdout" "killed by SIGKILL (Killed), which yawl did not send"
    ok why deaf
    contains "$stdout" "killed by SIGKILL, sent by yawl stop: process 1 had not ended 1s after SIGTERM"
    ok why plain
    contains "$stdout" "killed by SIGKILL, sent by yawl stop: process 1 does not handle SIGTERM"
}

@test "who sent the signal outlives the supervisor" {
    compose_file <<'END'
services:
  a: {image: box, command: [sh, -c, "trap 'exit 7' TERM; while :; do sleep 0.05; done"]}
END
    ok up -d
    ok stop
    kill -KILL "$(role_pids supervisor)"
    ok ps -a
    ok why a
    contains "$stdout" "exit status 7 after SIGTERM, sent by yawl stop"
}

@test "a chain of waits is followed to its root, with the last probe and its output" {
    compose_file <<'END'
services:
  db:
    image: box
    command: [sleep, "1000"]
    healthcheck: {test: "echo connection refused; echo more; exit 2", interval: 100ms, retries: 1000}
  cache:
    image: box
    depends_on: {db: {condition: service_healthy}}
    command: [sleep, "1000"]
    healthcheck: {test: "true", interval: 100ms}
  api:
    image: box
    depends_on: {cache: {condition: service_healthy}}
    command: [sleep, "1000"]
END
    background up "$YAWL" up -d
    within 10 says cache "waits for      db: health probe "
    ok why api
    contains "$stdout" "waits for      cache to be healthy"
    matches "$stdout" "-> $PROJECT-cache-1: Waiting, waits for db: health probe [0-9]+ of 1000 failed: connection refused"
    matches "$stdout" "-> $PROJECT-db-1: Up .*\(health: starting\)"
    ok why db
    matches "$stdout" "last probe .*health probe [0-9]+ of 1000 failed: connection refused \(exit status 2\)"
    contains "$stdout" "| more"
    ok why --json api
    equal "$(jq -r '.waits_for[].name' <<<"$stdout" | tr '\n' ' ')" "$PROJECT-cache-1 $PROJECT-db-1 "
    # The waiting command has said so too, each new number once.
    matches "$(<up.err)" "$PROJECT-cache-1  waits for db: health probe [0-9]+ of 1000 failed: connection refused"
    equal "$(grep 'of 1000 failed' up.err | sort | uniq -d)" ""
    kill "$pid"
}

@test "without a supervisor why reads what it has left; a replica is chosen by its number" {
    compose_file <<'END'
services:
  a: {image: box, scale: 2, command: [sleep, "1000"]}
  later: {image: box, profiles: [later], command: [sleep, "1000"]}
END
    ok up -d
    ok why a
    equal "$(grep -c "^$PROJECT-a-" <<<"$stdout")" 2
    ok why --index 2 a
    matches "$stdout" "^$PROJECT-a-2$"
    lacks "$stdout" "$PROJECT-a-1"
    lacks "$stdout" "not running"
    contains "$stdout" "configuration  as in the Compose file"
    ok why later
    contains "$stdout" "never created"
    refused why nobody
    contains "$stderr" "no such service: nobody"
    # Both at once, so that neither brings the other back.
    # shellcheck disable=SC2046  # several numbers
    kill -KILL $(role_pids 'supervisor|keeper')
    within 5 says a "not running: this is what it knew last"
}

@test "a changed configuration is pending" {
    compose_file <<'END'
services:
  a: {image: box, command: [sleep, "1000"]}
END
    ok up -d
    sed -i 's/1000/1001/' compose.yaml
    ok why a
    contains "$stdout" "configuration  changed since it was started"
}

@test "a crash loop ends up --wait at once and shows the culprit's last lines" {
    compose_file <<'END'
services:
  bad: {image: box, restart: always, command: [sh, -c, "echo cannot find my file; exit 5"]}
  good: {image: box, command: [sleep, "1000"]}
END
    TRY_TIMEOUT_S=40 refused up --wait --wait-timeout 600
    contains "$stderr" "container $PROJECT-bad-1 is in a crash loop: 6 restarts in a row, the last time: exit status 5"
    contains "$stderr" "bad-1  | cannot find my file"
    lacks "$stderr" "good-1  |"
    ok why bad
    contains "$stdout" "in a row: a crash loop; the next in"
}

@test "who depends on the health of a crash loop is told at once" {
    compose_file <<'END'
services:
  db:
    image: box
    restart: always
    command: [sh, -c, "echo no data; exit 5"]
    healthcheck: {test: "true", interval: 30s}
  api:
    image: box
    depends_on: {db: {condition: service_healthy}}
    command: [sleep, "1000"]
END
    TRY_TIMEOUT_S=40 refused up -d
    contains "$stderr" "container $PROJECT-db-1 is in a crash loop: exited (5)"
    contains "$stderr" "db-1  | no data"
}

@test "a failed wait shows the last probe and the last twenty lines of the culprit" {
    compose_file <<'END'
services:
  db:
    image: box
    command: [sh, -c, "for i in $$(seq 30); do echo line $$i; done; exec sleep 1000"]
    healthcheck: {test: "echo not yet; exit 3", interval: 100ms, retries: 3}
  api:
    image: box
    depends_on: {db: {condition: service_healthy}}
    command: [sh, -c, "echo never"]
END
    refused up -d
    matches "$stderr" "last probe .*health probe 3 of 3 failed: not yet \(exit status 3\)"
    matches "$stderr" "^db-1  \| line 30$"
    matches "$stderr" "^db-1  \| line 11$"
    lacks "$stderr" "| line 10"
    matches "$stderr" "error: dependency failed to start: container $PROJECT-db-1 is unhealthy"
    # It runs already, and this command has not shown what it said before.
    refused up
    matches "$stderr" "^db-1  \| line 30$"
    # Now its lines are there all along.
    ok down
    refused up
    matches "$stderr" "last probe .*health probe [0-9]+ of 3 failed: not yet"
    equal "$(grep -c 'line 30$' <<<"$stdout")" 1
    lacks "$stderr" "line 30"
}

@test "a timeout names who was waited for" {
    compose_file <<'END'
services:
  db:
    image: box
    command: [sh, -c, "echo busy; exec sleep 1000"]
    healthcheck: {test: "echo not yet; exit 3", interval: 1s, retries: 1000}
  api:
    image: box
    depends_on: {db: {condition: service_healthy}}
    command: [sleep, "1000"]
END
    refused up --wait --wait-timeout 3
    contains "$stderr" "application not healthy after 3s"
    matches "$stderr" "^$PROJECT-db-1$"
    matches "$stderr" "^db-1  \| busy$"
}

@test "on a terminal a wait stands below the lines and goes when it is over" {
    compose_file <<'END'
services:
  db:
    image: box
    command: [sleep, "1000"]
    healthcheck: {test: "test -e /ok || { echo not ready; exit 1; }", interval: 300ms, retries: 1000}
  api: {image: box, command: [sleep, "1000"], depends_on: {db: {condition: service_healthy}}}
END
    script -q -f -e -c "stty cols 120; '$YAWL' up -d" screen.out >/dev/null </dev/null &
    BACKGROUND+=($!)
    within 20 grep -q "waits for db: health probe . of 1000 failed: not ready" screen.out
    ok exec -T db touch /ok
    wait "${BACKGROUND[0]}"
    # The last picture is replaced by nothing; none of its rows stays.
    python3 - screen.out >screen.txt <<'END'
import re, sys
rows = []
for part in re.split(r"(\x1b\[\d+A)", open(sys.argv[1], encoding="utf-8").read().replace("\r", "")):
    up = re.fullmatch(r"\x1b\[(\d+)A", part)
    if up:
        del rows[len(rows) - int(up[1]):]
    else:
        rows += part.replace("\x1b[J", "").split("\n")[:-1]
print("\n".join(rows))
END
    lacks "$(cat screen.txt)" "waits for"
    contains "$(cat screen.txt)" "Container $PROJECT-db-1  Healthy"
    contains "$(cat screen.txt)" "Container $PROJECT-api-1  Started"
}

@test "waits are events with --progress json" {
    compose_file <<'END'
services:
  db:
    image: box
    command: [sleep, "1000"]
    healthcheck: {test: "echo not yet; exit 3", interval: 100ms, retries: 2}
  api:
    image: box
    depends_on: {db: {condition: service_healthy}}
    command: [sleep, "1000"]
END
    refused --progress json up -d
    equal "$(grep '^{' <<<"$stderr" | jq -r 'select(.status == "Waiting" and .id == "Container '"$PROJECT"'-api-1") | .text' | tail -n 1)" \
        "waits for db: health probe 1 of 2 failed: not yet"
    equal "$(grep '^{' <<<"$stderr" | jq -r 'select(.status == "Error") | .text')" \
        "dependency failed to start: container $PROJECT-db-1 is unhealthy"
}

@test "impossible waits are refused before anything starts" {
    compose_file <<'END'
services:
  db: {image: box, command: [sleep, "1000"]}
  job: {image: box, restart: always, command: ["true"]}
  api:
    image: box
    depends_on:
      db: {condition: service_healthy}
      job: {condition: service_completed_successfully}
    command: [sleep, "1000"]
END
    refused up -d
    matches "$stderr" "compose.yaml:7:[0-9]+: error: services.api.depends_on.db: waits for 'db' to be healthy"
    matches "$stderr" "compose.yaml:8:[0-9]+: error: services.api.depends_on.job: waits for 'job' to complete"
    nothing_left
}
