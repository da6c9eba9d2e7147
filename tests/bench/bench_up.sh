#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# `up -d` and `down` of 1, 10, 30 and 100 small services, and what the processes that keep them cost in memory.
#
#   bench_up.sh YAWL IMAGE-ARCHIVE     the archive holds an image "box" with busybox
#
# Times are medians of ROUNDS (5) in ms. Against a peer, bench_start compares a single start.
set -eu

yawl=$(realpath "$1")
archive=$(realpath "$2")
rounds=${ROUNDS:-5}
work=$(mktemp -d /var/tmp/yawl-bench.XXXXXX)
trap 'cd "$work" && "$yawl" -p bench down -t 0 >/dev/null 2>&1; rm -rf "$work" "$run"' EXIT
# /run is in memory wherever yawl is used.
run=$(mktemp -d /dev/shm/yawl-bench.XXXXXX)
export YAWL_DATA_ROOT="$work/data" YAWL_RUN_ROOT="$run"
cd "$work"
"$yawl" load --quiet "$archive"

compose() {
    echo "name: bench"
    echo "services:"
    for i in $(seq 1 "$1"); do
        printf '  s%03d: {image: box, command: [sleep, "100000"]}\n' "$i"
    done
}

now_us() {
    echo $(($(date +%s%N) / 1000))
}

# timed COMMAND...: microseconds
timed() {
    start=$(now_us)
    "$@" >/dev/null 2>&1
    echo $(($(now_us) - start))
}

median() {
    sort -n | awk '{v[NR] = $1} END {printf "%.1f", v[int((NR + 1) / 2)] / 1000}'
}

# PSS in KiB of our processes: pid by pid from smaps_rollup.
memory() {
    total=0
    # shellcheck disable=SC2013  # numbers
    for pid in $(grep -s -l -a "internal-$1" /proc/[0-9]*/cmdline | cut -d/ -f3); do
        [ -e "/proc/$pid/smaps_rollup" ] || continue
        tr '\0' ' ' 2>/dev/null <"/proc/$pid/cmdline" | grep -q " bench " || continue
        total=$((total + $(awk '/^Pss:/ {print $2}' "/proc/$pid/smaps_rollup")))
    done
    echo "$total"
}

printf '%-10s %12s %12s\n' services "up -d (ms)" "down (ms)"
for n in 1 10 30 100; do
    compose "$n" >compose.yaml
    : >ups
    : >downs
    for _ in $(seq "$rounds"); do
        timed "$yawl" up -d >>ups
        if [ "$n" = 100 ]; then
            printf '%s %s %s\n' "$(memory supervisor)" "$(memory keeper)" "$(memory net-worker)" >memory
        fi
        timed "$yawl" down >>downs
    done
    printf '%-10s %12s %12s\n' "$n" "$(median <ups)" "$(median <downs)"
done
awk '{printf "memory with 100 services (PSS): supervisor %d KiB, keeper %d KiB, net worker %d KiB\n", $1, $2, $3}' memory
