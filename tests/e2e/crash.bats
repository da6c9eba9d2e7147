#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
load helpers

setup_file() { e2e_setup_file; }
teardown_file() { e2e_teardown_file; }
setup() { e2e_setup; }
teardown() { e2e_teardown; }

# A fixed seed per run, shown on failure, so that an unlucky moment can be looked for again.
SEED=${YAWL_E2E_SEED:-$RANDOM}

# kill_one ROLE: SIGKILL to our process of this role. False when there is none.
kill_one() {
    local victim
    victim=$(role_pids "$1" | head -n 1)
    [ -n "$victim" ] && kill -KILL "$victim"
}

# Both: a supervisor whose keeper was killed becomes the keeper, and killed before it has a supervisor again, it would
# leave nobody but the next command.
supervisor_is_back() {
    [ -n "$(role_pids keeper)" ] && [ -n "$(role_pids supervisor)" ] && "$YAWL" exec -T flood true
}

nap() {
    sleep "$(printf '0.%03d' $((RANDOM % 400)))"
}

kernel_is_at_least() {
    [ "$(printf '%s\n' "$1" "$(uname -r)" | sort -V | head -n 1)" = "$1" ]
}

# chaos ROLE...: a flood of 50,000 lines a second, and kills at random moments meanwhile.
chaos() {
    local roles=("$@") kills=0 before
    RANDOM=$SEED
    echo "# seed $SEED"
    compose_file <<END
services:
  flood:
    image: box
    command: [flood, "50000", "100000000"]
    logging: {options: {max-size: 2000m}}
END
    ok up -d
    before=$(host_pid flood)
    while [ "$kills" -lt 6 ]; do
        nap
        ! kill_one "${roles[RANDOM % ${#roles[@]}]}" || kills=$((kills + 1))
        within 20 supervisor_is_back
        equal "$(host_pid flood)" "$before"
    done
    kill -USR1 "$before"
    within 30 is_state flood exited
    # Killed keepers leave their containers to the machine's process 1. What that one has reaped only newer kernels tell.
    if [[ " $* " == *" keeper "* ]] && ! kernel_is_at_least 6.15; then
        matches "$(json flood ExitCode)" '^(0|255)$'
    else
        equal "$(json flood ExitCode)" 0
    fi
    "$YAWL" logs --no-log-prefix flood >got
    [ "$(wc -l <got)" -gt 1000 ]
    seq 1 "$(tail -n 1 got)" | cmp - got
}

@test "SIGKILL to the supervisor loses no container and no line" {
    chaos supervisor
}

@test "SIGKILL to the keeper loses no container and no line" {
    chaos keeper
}

@test "SIGKILL to both in turn loses no container and no line" {
    chaos supervisor keeper
}

@test "an exit while the supervisor is dead keeps its status" {
    compose_file <<'END'
services:
  a: {image: box, command: [sh, -c, "sleep 1; exit 42"]}
  flood: {image: box, command: [sleep, "1000"]}
END
    ok up -d
    # Stopped, the keeper cannot bring the supervisor back before the container has ended.
    local keeper
    keeper=$(role_pids keeper | head -n 1)
    kill -STOP "$keeper"
    kill_one supervisor
    sleep 1.5
    kill -CONT "$keeper"
    within 10 supervisor_is_back
    within 5 is_state a exited
    equal "$(json a ExitCode)" 42
}

@test "published ports and live connections outlive the supervisor" {
    local port
    port=$(free_port)
    compose_file <<END
services:
  flood: {image: box, command: [sh, -c, "while :; do nc -l -p 80 -e cat; done"], ports: ["127.0.0.1:$port:80"]}
END
    ok up -d
    cat >talk.py <<END
import socket, sys, time
deadline = time.time() + 10
while True:
    try:
        s = socket.create_connection(("127.0.0.1", $port), 5)
        s.sendall(b"x")
        if s.recv(1) == b"x":
            break
    except OSError:
        pass
    if time.time() > deadline:
        sys.exit("never connected")
    time.sleep(0.1)
print("connected", flush=True)
for line in sys.stdin:
    s.sendall(b"y")
    print(s.recv(1).decode(), flush=True)
END
    mkfifo talk.in
    background talk sh -c 'exec python3 talk.py <talk.in'
    exec 7>talk.in
    within 10 grep -q connected talk.out
    kill_one supervisor
    within 10 supervisor_is_back
    echo >&7
    within 5 grep -q y talk.out
    exec 7>&-
}

@test "down after everything of ours was killed leaves nothing" {
    local port
    port=$(free_port)
    compose_file <<END
services:
  a: {image: box, command: [sleep, "1000"], ports: ["127.0.0.1:$port:80"], restart: always}
  b: {image: box, command: [sleep, "1000"], volumes: ["things:/v"]}
volumes: {things: }
END
    ok up -d
    # All of them in one go, so that nobody can bring anybody back.
    local victims
    victims=$(role_pids .)
    [ -n "$victims" ]
    # shellcheck disable=SC2086
    kill -STOP $victims
    # shellcheck disable=SC2086
    kill -KILL $victims
    ok down -v
    nothing_left
}

@test "up -d after everything of ours was killed goes on with the same containers" {
    compose_file <<'END'
services:
  a: {image: box, command: [sh, -c, "i=0; while :; do echo $$i; i=$$((i+1)); sleep 0.1; done"]}
END
    ok up -d
    local before victims
    before=$(host_pid a)
    victims=$(role_pids .)
    # shellcheck disable=SC2086
    kill -STOP $victims
    # shellcheck disable=SC2086
    kill -KILL $victims
    sleep 0.5
    ok up -d
    equal "$(host_pid a)" "$before"
    local count
    count=$(lines a | wc -l)
    within 5 sh -c "[ \$('$YAWL' logs --no-log-prefix a | wc -l) -gt $((count + 5)) ]"
    lines a >got
    seq 0 "$(($(wc -l <got) - 1))" | cmp - got
}
