#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Whole commands: 1,000,000 lines of 100 bytes from a container, captured, followed, and read back with `logs`, beside
# `podman logs` of the same lines (k8s-file) where it is installed.
#
#   bench_logs_read.sh YAWL IMAGES     the folder of tests/tools/test_images.sh
#
# Reading is the best of ROUNDS (5), taken in turns, as times of different moments do not compare. Following starts with
# the writer; its lag is from the end of the container to that of the follower.
set -eu

yawl=$(realpath "$1")
images=$(realpath "$2")
rounds=${ROUNDS:-5}
lines=${LINES:-1000000}
work=$(mktemp -d /var/tmp/yawl-bench.XXXXXX)
run=$(mktemp -d /dev/shm/yawl-bench.XXXXXX)
name=yawl-bench-$$
podman=
image=
if command -v podman >/dev/null; then
    image=$(podman load --quiet --input "$images/box-docker.tar" 2>/dev/null | sed -n 's/^Loaded image: *//p') && podman=podman
fi

# shellcheck disable=SC2317  # the trap calls it
clean() {
    "$yawl" -p bench down -t 0 >/dev/null 2>&1 || true
    [ -z "$podman" ] || podman rm --force --time 0 "$name" >/dev/null 2>&1 || true
    rm -rf "$work" "$run"
}
trap clean EXIT
export YAWL_DATA_ROOT="$work/data" YAWL_RUN_ROOT="$run"
cd "$work"
"$yawl" load --quiet "$images/box.tar" >/dev/null

text=$(printf '%099d' 0 | tr 0 x)
command="yes $text | head -n $lines"
cat >compose.yaml <<END
name: bench
services:
  a: {image: box, command: [sh, -c, "$command"], logging: {options: {max-size: "-1"}}}
END

now_us() {
    echo $(($(date +%s%N) / 1000))
}

# timed COMMAND...: microseconds
timed() {
    start=$(now_us)
    "$@" >/dev/null 2>&1
    echo $(($(now_us) - start))
}

best() {
    sort -n "$1" | awk 'NR == 1 {printf "%.1f", $1 / 1000}'
}

# report WHAT OURS THEIRS: milliseconds
report() {
    awk -v what="$1" -v ours="$2" -v theirs="$3" 'BEGIN {
        printf "%-44s %10s %10s %8s\n", what, ours, theirs == "" ? "-" : theirs, theirs == "" ? "" : sprintf("%.1f", theirs / ours)
    }'
}

# ---- from the start to the last line in the follower

start=$(now_us)
"$yawl" up -d >/dev/null 2>&1
"$yawl" logs -f --no-log-prefix a >follow
ours_follow=$(($(now_us) - start))
finished=$(sed -n 's/.*"finished_ns":\([0-9]*\)\([0-9]\{9\}\).*/\1.\2/p' "$run"/projects/bench/instances/*.json | head -n 1)
ours_lag=$(awk -v end=$((start + ours_follow)) -v then="$finished" 'BEGIN {printf "%d\n", end - then * 1000000}')
[ "$(grep -c "^$text\$" follow)" -eq "$lines" ] || { echo "lines were lost" >&2; exit 1; }

# podman reads what conmon writes, here written without it: not every machine can start a container of podman's.
if [ -n "$podman" ]; then
    podman create --name "$name" --network none --log-driver k8s-file "$image" true >/dev/null
    log=$(podman inspect --format '{{.HostConfig.LogConfig.Path}}' "$name")
    mkdir -p "$(dirname "$log")"
    awk -v n="$lines" -v text="$text" 'BEGIN {
        for (i = 0; i < n; i++) printf "2026-01-31T12:00:00.%09d+00:00 stdout F %s\n", i, text
    }' >"$log"
    [ "$(podman logs "$name" 2>&1 | wc -l)" -eq "$lines" ] || podman=
fi

# ---- reading

commands="all last10 grep level json"
# read_ours WHAT
read_ours() {
    case $1 in
        all) timed "$yawl" logs a ;;
        last10) timed "$yawl" logs -n 10 a ;;
        grep) timed "$yawl" logs --grep 'status=5\d\d' a ;;
        level) timed "$yawl" logs --level error a ;;
        json) timed "$yawl" logs --json a ;;
    esac
}

for _ in $(seq "$rounds"); do
    for what in $commands; do
        read_ours "$what" >>"ours.$what"
    done
    [ -z "$podman" ] || timed podman logs "$name" >>theirs.all
    [ -z "$podman" ] || timed podman logs --tail 10 "$name" >>theirs.last10
    [ -z "$podman" ] || timed sh -c "podman logs '$name' 2>&1 | grep -E 'status=5[0-9][0-9]' || true" >>theirs.grep
done

ms() {
    awk -v us="$1" 'BEGIN {if (us != "") printf "%.1f", us / 1000}'
}

printf '%-44s %10s %10s %8s\n' "$lines lines of 100 bytes" "yawl ms" "podman ms" ratio
for what in $commands; do
    theirs=
    [ ! -e "theirs.$what" ] || theirs=$(best "theirs.$what")
    case $what in
        all) report "logs" "$(best ours.all)" "$theirs" ;;
        last10) report "logs -n 10" "$(best ours.last10)" "$theirs" ;;
        grep) report "logs --grep (podman: | grep)" "$(best ours.grep)" "$theirs" ;;
        level) report "logs --level error" "$(best ours.level)" "$theirs" ;;
        json) report "logs --json" "$(best ours.json)" "$theirs" ;;
    esac
done
report "start, write all, logs -f to its end" "$(ms "$ours_follow")" ""
report "of that, after the container's end" "$(ms "$ours_lag")" ""
