#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# SIGKILL at random moments of every stage of a stack's life, to whatever of ours or the stack's is there, under a flood
# of 50,000 lines a second. A round ends clean or the test fails. YAWL_E2E_ROUNDS=200 for the long run; the seed of a
# failure comes with it, for YAWL_E2E_SEED.
load helpers

setup_file() { e2e_setup_file; }
teardown_file() { e2e_teardown_file; }
setup() { e2e_setup; }
teardown() { e2e_teardown; }

SEED=${YAWL_E2E_SEED:-$RANDOM}
ROUNDS=${YAWL_E2E_ROUNDS:-3}

nap() {
    sleep "$(printf '0.%03d' $((RANDOM % $1)))"
}

# victim KIND: a pid to kill, or nothing.
victim() {
    case $1 in
    supervisor | keeper) role_pids "$1" | head -n 1 ;;
    *) host_pid "$1" || true ;;
    esac
}

# strike KIND...: kills one of them; that it is not there is luck.
strike() {
    local kinds=("$@") kind pid
    kind=${kinds[RANDOM % ${#kinds[@]}]}
    pid=$(victim "$kind")
    [ -z "$pid" ] || kill -KILL "$pid" 2>/dev/null || true
}

# under_fire ARGUMENTS...: yawl with these, while it or one of ours is killed at some moment.
under_fire() {
    background cli "$YAWL" "$@"
    nap 600
    if [ $((RANDOM % 2)) -eq 0 ]; then
        kill -KILL "$pid" 2>/dev/null || true
    else
        strike supervisor keeper
    fi
    wait "$pid" || true
}

# Every run of the flood counts from 1 without a gap; the last line of one that was killed may be cut.
flood_is_whole() {
    "$YAWL" logs --no-log-prefix flood >got
    awk '$1 == 1 || ($1 == last + 1 && !cut) { last = $1; cut = 0; next }
         !cut && index(last + 1, $1) == 1 { cut = 1; next }
         { print "# line " NR " is " $1 " after " last; exit 1 }' got || fail "a line is missing or doubled"
}

# all_up COUNT: everything runs again, COUNT replicas of b among it.
all_up() {
    is_state flood running && is_state a running &&
        [ "$("$YAWL" ps --format json | jq -s 'flatten | map(select(.Service == "b" and .State == "running")) | length')" -eq "$1" ]
}

round() {
    under_fire up -d
    ok up -d
    within 30 all_up 1
    for _ in 1 2 3; do
        nap 400
        strike supervisor keeper a flood
    done
    ok ps
    within 30 all_up 1
    under_fire up -d --scale b=3
    ok up -d --scale b=3
    within 30 all_up 3
    flood_is_whole
    under_fire down -t 1
    ok down -t 1
    nothing_left
}

@test "whatever is killed at any moment, every stage can be gone through and ends clean" {
    RANDOM=$SEED
    compose_file <<END
services:
  flood:
    image: box
    restart: always
    command: [flood, "50000", "100000000"]
    logging: {options: {max-size: 2000m}}
  a: {image: box, restart: always, command: [sleep, "1000"], depends_on: [flood]}
  b: {image: box, restart: always, command: [sleep, "1000"], depends_on: [a]}
END
    local i
    for ((i = 1; i <= ROUNDS; i++)); do
        echo "# round $i of $ROUNDS, seed $SEED"
        round
    done
}
