#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# How long a service is away when its process 1 has ended: from its last word to the first one of its replacement, with
# a restart policy that does not wait, beside docker's and podman's where they can start the same container.
#
#   bench_restart.sh YAWL IMAGES TICK     the folder of tests/tools/test_images.sh, and the program of tick.c
#
# docker and podman wait before they restart (100 ms the first time, doubling up to a minute), so only the first restart
# of each of their containers counts; what they wait for is in it.
set -eu

yawl=$(realpath "$1")
images=$(realpath "$2")
tick=$(realpath "$3")
restarts=${RESTARTS:-200}
peer_rounds=${ROUNDS:-5}
work=$(mktemp -d /var/tmp/yawl-bench.XXXXXX)
run=$(mktemp -d /dev/shm/yawl-bench.XXXXXX)
name=yawl-bench-$$
peer=

# shellcheck disable=SC2317  # the trap calls it
clean() {
    "$yawl" -p bench down -t 0 >/dev/null 2>&1 || true
    [ -z "$peer" ] || "$peer" rm --force "$name" >/dev/null 2>&1 || true
    rm -rf "$work" "$run"
}
trap clean EXIT
export YAWL_DATA_ROOT="$work/data" YAWL_RUN_ROOT="$run"
cd "$work"
cp "$tick" tick
"$yawl" load --quiet "$images/box.tar" >/dev/null

cat >compose.yaml <<END
name: bench
services:
  a:
    image: box
    command: [/tick]
    volumes: ["./tick:/tick:ro"]
    deploy: {restart_policy: {condition: on-failure, delay: 0s, max_attempts: $restarts}}
END

# The gaps in microseconds.
gaps() {
    awk '/^ends / {ended = $2} /^began / && ended {printf "%d\n", ($2 - ended) / 1000}'
}

# report WHO FILE
report() {
    sort -n "$2" | awk -v who="$1" '{v[NR] = $1} END {
        if (NR) printf "%-8s %4d restarts   min %7.2f ms   median %7.2f ms\n", who, NR, v[1] / 1000, v[int((NR + 1) / 2)] / 1000
    }'
}

"$yawl" up -d >/dev/null 2>&1
for _ in $(seq 600); do
    "$yawl" logs --no-log-prefix a >yawl.log 2>/dev/null
    [ "$(grep -c '^began ' yawl.log)" -le "$restarts" ] || break
    sleep 0.2
done
gaps <yawl.log >yawl.us
report yawl yawl.us

for peer in docker podman; do
    command -v "$peer" >/dev/null && "$peer" load --quiet --input "$images/box-docker.tar" >/dev/null 2>&1 || continue
    : >peer.us
    for _ in $(seq "$peer_rounds"); do
        "$peer" run -d --name "$name" --restart on-failure:1 -v "$work/tick:/tick:ro" box:docker /tick >/dev/null 2>&1 || break
        sleep 2
        "$peer" logs "$name" 2>/dev/null | gaps >>peer.us
        "$peer" rm --force "$name" >/dev/null
    done
    report "$peer" peer.us
done
