# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# What every end-to-end test uses. Each file has roots of its own with the test images in them, each test a
# project and a folder of its own, and after each test the machine must be as it was before.
#
#   YAWL             the program under test        (build/orchestrator/cli/yawl)
#   YAWL_E2E_IMAGES  tests/tools/test_images.sh's  (build-e2e/images)
#   YAWL_E2E_SHARED  set: other things run on this machine, see leftovers.py
#   YAWL_E2E_ASAN    more of ASAN_OPTIONS, e.g. detect_leaks=0
#   YAWL_E2E_KEEP    set: a failed test's folder is kept
#   YAWL_E2E_USER    root may name an ordinary user, as whom the program runs then (see as_user.sh)

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
TOOLS=$ROOT/tests/tools
YAWL=${YAWL:-$ROOT/build/orchestrator/cli/yawl}
IMAGE_WORKER=$(dirname "$YAWL")/../../runtime/image/worker/yawl-image
YAWL_E2E_IMAGES=${YAWL_E2E_IMAGES:-$ROOT/build-e2e/images}
PATIENCE_S=${PATIENCE_S:-30}

# ---- a file of tests

# e2e_setup_file [IMAGE-ARCHIVE...]: fresh roots; the archives (default: box.tar) are loaded.
e2e_setup_file() {
    E2E=$(mktemp -d /var/tmp/yawl-e2e.XXXXXX)
    export E2E YAWL_DATA_ROOT=$E2E/data YAWL_RUN_ROOT=$E2E/run
    # Reports of the sanitizers go to files: a report of a background process must fail the test too.
    mkdir "$E2E/reports"
    export ASAN_OPTIONS=log_path=$E2E/reports/asan:exitcode=99:abort_on_error=0:detect_leaks=1${YAWL_E2E_ASAN:+:$YAWL_E2E_ASAN}
    export LSAN_OPTIONS=exitcode=99
    export UBSAN_OPTIONS=log_path=$E2E/reports/ubsan:print_stacktrace=1:halt_on_error=1:exitcode=99
    unset "${!COMPOSE_@}" DOCKER_HOST NO_COLOR
    [ -z "${YAWL_E2E_USER-}" ] || run_as_user
    sh "$TOOLS/test_images.sh" "$YAWL_E2E_IMAGES"
    local image
    for image in "${@:-box.tar}"; do
        [[ $image == /* ]] || image=$YAWL_E2E_IMAGES/$image
        "$YAWL" load /dev/stdin <"$image" || return
    done
}

# From now on the programs are scripts that become the user first. The tests themselves stay root's. The user gets
# copies: where they were built may be nobody else's to look into.
run_as_user() {
    local home name
    home=$(getent passwd "$YAWL_E2E_USER" | cut -d: -f6)
    mkdir -p "$E2E/programs/bin" "$E2E/programs/libexec/yawl"
    cp "$YAWL" "$E2E/programs/bin/yawl"
    cp "$IMAGE_WORKER" "$E2E/programs/libexec/yawl/yawl-image"
    for name in bin/yawl libexec/yawl/yawl-image; do
        cat >"$E2E/${name##*/}" <<END
#!/bin/sh
HOME=$home exec setpriv --reuid $YAWL_E2E_USER --regid $(id -g "$YAWL_E2E_USER") --init-groups -- $E2E/programs/$name "\$@"
END
        chmod 755 "$E2E/${name##*/}"
    done
    mkdir "$YAWL_DATA_ROOT" "$YAWL_RUN_ROOT"
    chown "$YAWL_E2E_USER" "$E2E" "$E2E/reports" "$YAWL_DATA_ROOT" "$YAWL_RUN_ROOT"
    unset XDG_RUNTIME_DIR XDG_DATA_HOME XDG_CONFIG_HOME
    use_scripts
}

use_scripts() {
    YAWL=$E2E/yawl
    IMAGE_WORKER=$E2E/yawl-image
}

e2e_teardown_file() {
    keep_folder || rm -rf "$E2E"
}

keep_folder() {
    [ -n "${YAWL_E2E_KEEP-}" ] && [ -e "$E2E/failed" ]
}

# ---- a test

e2e_setup() {
    TAG=yt$$x$BATS_TEST_NUMBER
    export YAWL_E2E=$TAG COMPOSE_PROJECT_NAME=$TAG
    PROJECT=$TAG
    EXPECTED_VOLUMES= # full names of volumes that are to be there
    BACKGROUND=()
    DIR=$E2E/$TAG
    mkdir "$DIR"
    [ -z "${YAWL_E2E_USER-}" ] || chown "$YAWL_E2E_USER" "$DIR"
    cd "$DIR" || return
    leftovers >"$E2E/before"
}

# Takes down what the test left up, then compares. Called by teardown; its failure is the test's.
e2e_teardown() {
    local result=0 pid
    for pid in "${BACKGROUND[@]}"; do
        kill "$pid" 2>/dev/null
        wait "$pid" 2>/dev/null
    done
    if [ -z "${BATS_TEST_COMPLETED-}" ]; then
        explain_failure
    fi
    timeout 60 "$YAWL" -p "$PROJECT" down -t 1 -v ${DOWN_FILE:+-f "$DOWN_FILE"} >"$DIR/down.txt" 2>&1 || {
        echo "# down of the test's project failed:"
        sed 's/^/# /' "$DIR/down.txt"
        result=1
    }
    nothing_left || result=1
    no_reports || result=1
    cd / || true
    if [ "$result" -ne 0 ] || [ -z "${BATS_TEST_COMPLETED-}" ]; then
        touch "$E2E/failed"
        sweep
    fi
    keep_folder || rm -rf "$DIR"
    return "$result"
}

leftovers() {
    # shellcheck disable=SC2086  # a list of names
    python3 "$TOOLS/leftovers.py" --data "$YAWL_DATA_ROOT" --run "$YAWL_RUN_ROOT" --tag "$TAG" \
        ${YAWL_E2E_SHARED:+--shared} --expect $EXPECTED_VOLUMES
}

# Like before the test? The kernel takes namespaces apart a little later than the processes end.
nothing_left() {
    local deadline=$((SECONDS + 5))
    while leftovers >"$E2E/after"; ! cmp -s "$E2E/before" "$E2E/after"; do
        if [ "$SECONDS" -ge "$deadline" ]; then
            echo "# not as before the test (> is left behind, < is gone):"
            diff "$E2E/before" "$E2E/after" | grep '^[<>]' | sed 's/^/# /'
            tail -n 20 "$YAWL_DATA_ROOT/projects/$PROJECT/supervisor.log" 2>/dev/null | sed 's/^/#   supervisor.log: /'
            return 1
        fi
        sleep 0.1
    done
}

no_reports() {
    local report result=0
    for report in "$E2E"/reports/*; do
        [ -e "$report" ] || continue
        echo "# $(basename "$report"):"
        head -n 40 "$report" | sed 's/^/#   /'
        rm -f "$report"
        result=1
    done
    return $result
}

explain_failure() {
    echo "# status ${status-}; stdout and stderr of the last command:"
    printf '%s\n' "${stdout-}" | tail -n 20 | sed 's/^/#   /'
    printf '%s\n' "${stderr-}" | tail -n 20 | sed 's/^/#   /'
    echo "# ps and logs:"
    timeout 10 "$YAWL" ps -a 2>&1 | sed 's/^/#   /'
    timeout 10 "$YAWL" logs -n 15 2>&1 | sed 's/^/#   /'
}

# Removes by force what a failed test left, so that the next one starts clean.
sweep() {
    local kind object
    leftovers | comm -13 "$E2E/before" - >"$E2E/left"
    # Keepers and supervisors bring each other back: stop all of them first.
    sed -n 's/^process \([0-9]*\) .*/\1/p' "$E2E/left" | xargs -r kill -STOP 2>/dev/null
    sed -n 's/^process \([0-9]*\) .*/\1/p' "$E2E/left" | xargs -r kill -KILL 2>/dev/null
    sleep 0.2
    while read -r kind object; do
        [ "$kind" != cgroup ] || rmdir "$object" 2>/dev/null
    done < <(sort -r "$E2E/left")
    findmnt -rno TARGET | grep -F "$E2E/" | sort -r | xargs -r umount -l 2>/dev/null
    rm -rf "$YAWL_RUN_ROOT" "$YAWL_DATA_ROOT/projects" "$YAWL_DATA_ROOT/volumes"
    leftovers >"$E2E/before"
}

# needs_limits: limits of control groups, which an ordinary user cannot have on every machine.
needs_limits() {
    [ -z "${YAWL_E2E_USER-}" ] || skip "an ordinary user has no control groups here"
}

# ---- running the program

# try COMMAND...: sets status, stdout and stderr; never fails itself.
try() {
    status=0
    timeout "${TRY_TIMEOUT_S:-120}" "$@" >"$DIR/.stdout" 2>"$DIR/.stderr" 3>&- || status=$?
    stdout=$(<"$DIR/.stdout")
    stderr=$(<"$DIR/.stderr")
}

yawl() {
    try "$YAWL" "$@"
}

# ok ARGUMENTS...: yawl must succeed.
ok() {
    yawl "$@"
    [ "$status" -eq 0 ] || fail "yawl $*: exit $status"
}

# refused ARGUMENTS...: yawl must end with 1.
refused() {
    yawl "$@"
    [ "$status" -eq 1 ] || fail "yawl $*: exit $status, expected 1"
}

# background NAME COMMAND...: runs beside the test, output in $DIR/NAME.out and .err; sets $pid.
background() {
    local name=$1
    shift
    "$@" >"$DIR/$name.out" 2>"$DIR/$name.err" 3>&- &
    pid=$!
    BACKGROUND+=("$pid")
}

# compose_file <<END: writes compose.yaml.
compose_file() {
    cat >"$DIR/compose.yaml"
}

# ---- what must hold

fail() {
    echo "# $*"
    return 1
}

equal() {
    [ "$1" = "$2" ] || fail "is '$1', expected '$2'"
}

contains() {
    [[ $1 == *"$2"* ]] || fail "'$2' is not in: $1"
}

lacks() {
    [[ $1 != *"$2"* ]] || fail "'$2' is in: $1"
}

# matches TEXT REGEX: some line matches.
matches() {
    grep -q -E -e "$2" <<<"$1" || fail "no line matches '$2' in: $1"
}

# within SECONDS COMMAND...: succeeds as soon as the command does.
within() {
    local deadline=$(($(date +%s%N) / 1000000 + $1 * 1000)) limit=$1
    shift
    until "$@" >/dev/null 2>&1; do
        [ $(($(date +%s%N) / 1000000)) -lt "$deadline" ] || {
            "$@" || true
            fail "not within $limit s: $*"
            return 1
        }
        sleep 0.05
    done
}

# ---- containers of the test's project

# json SERVICE KEY: a field of `ps --all --format json` of the service's first container.
json() {
    "$YAWL" ps --all --format json | jq -r --arg service "$1" "select(.Service == \$service) | .$2" | head -n 1
}

is_state() {
    [ "$(json "$1" State)" = "$2" ]
}

is_health() {
    [ "$(json "$1" Health)" = "$2" ]
}

# logged SERVICE TEXT: the service has written a line that contains the text.
logged() {
    "$YAWL" logs --no-log-prefix "$1" 2>/dev/null | grep -q -F -e "$2"
}

# lines SERVICE: what the service has written, without prefixes.
lines() {
    "$YAWL" logs --no-log-prefix "$1" 2>/dev/null
}

# inside SERVICE COMMAND...
inside() {
    "$YAWL" exec -T "$@"
}

# host_pid SERVICE: process 1 of the service's container, as the host numbers it, while it is alive. Its record tells who
# it is, also of a supervisor that was killed; a number alone may be another's by now.
host_pid() {
    local record pid started stat
    record=$YAWL_RUN_ROOT/projects/$PROJECT/instances/$PROJECT-$1-1.json
    read -r pid started < <(jq -r '"\(.pid) \(.start_time)"' "$record" 2>/dev/null)
    # From the state on: names have spaces. A zombie has nobody to reap it.
    read -r -a stat < <(sed 's/.*) //' "/proc/${pid:-0}/stat" 2>/dev/null)
    [ "${stat[0]-Z}" != Z ] && [ "${stat[19]-}" = "$started" ] && echo "$pid"
}

# role_pids ROLE: our processes of the test's project in this role: supervisor, keeper, net-worker, or . for all.
role_pids() {
    local pid
    for pid in $(grep -l -a -z -x "YAWL_E2E=$TAG" /proc/[0-9]*/environ 2>/dev/null | cut -d/ -f3); do
        if grep -q -a -E "internal-$1" "/proc/$pid/cmdline" 2>/dev/null; then
            echo "$pid"
        fi
    done
}

# ---- network

free_port() {
    python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

# fetch URL: the body; connection errors fail.
fetch() {
    curl --silent --show-error --fail --max-time 5 --noproxy '*' "$@"
}

# In a test of a file that was set up for a user.
[ -z "${YAWL_E2E_USER-}" ] || [ -z "${E2E-}" ] || use_scripts
