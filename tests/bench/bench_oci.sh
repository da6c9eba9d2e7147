#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# `yawl-oci run true` and `exec true` beside crun's, where it is installed: the same bundle of busybox, in turns.
#
#   bench_oci.sh YAWL-OCI TIMED    built with --buildtype=release and without sanitizers; TIMED is the program of timed.c
#
# crun refuses hosts with control groups of both versions, so both see version 2 alone, in a mount namespace of ours;
# and Debian's needs CAP_SYS_RESOURCE for device rules, so it makes no control groups at all: that is in its favour.
set -eu

if [ -z "${BENCH_INSIDE-}" ]; then
    yawl_oci=$(realpath "$1")
    timed=$(realpath "$2")
    BENCH_INSIDE=yes exec unshare --mount "$0" "$yawl_oci" "$timed"
fi

yawl_oci=$1
timed=$2
timer=
rounds=${ROUNDS:-60}
work=$(mktemp -d /var/tmp/yawl-bench.XXXXXX)
names=yawl-oci
! command -v crun >/dev/null || names="$names crun"

# oci NAME ARGUMENTS...: by the timer, when there is one
oci() {
    oci_name=$1
    shift
    case $oci_name in
        crun) $timer crun --root "$work/crun" --cgroup-manager disabled "$@" ;;
        *) $timer "$yawl_oci" --root "$work/yawl" "$@" ;;
    esac
}

# shellcheck disable=SC2317  # the trap calls it
clean() {
    for name in $names; do
        oci "$name" delete --force "bench-$name" >/dev/null 2>&1 || true
    done
    cd /
    rm -rf "$work"
}
trap clean EXIT
umount --recursive --lazy /sys/fs/cgroup
mount -t cgroup2 cgroup2 /sys/fs/cgroup
cd "$work"
mkdir -p rootfs/bin
cp "$(command -v busybox)" rootfs/bin/busybox
for applet in true sh sleep; do ln -s busybox "rootfs/bin/$applet"; done

"$yawl_oci" spec
jq '.process.terminal = false | .process.args = ["true"] | .ociVersion = "1.0.0"' config.json >c
mv c config.json

# measure WHAT COMMAND [ARGUMENT...]: `COMMAND bench-NAME ARGUMENT...` in turns, in microseconds to a file for each name.
measure() {
    what=$1
    command=$2
    shift 2
    timer=$timed
    for _ in $(seq "$rounds"); do
        for name in $names; do
            oci "$name" "$command" "bench-$name" "$@" >>"$what.$name"
        done
    done
    timer=
    for name in $names; do
        sort -n "$what.$name" | awk -v who="$name" -v what="$what" '{v[NR] = $1} END {
            printf "%-5s %-9s %4d times   min %6.2f ms   median %6.2f ms\n", what, who, NR, v[1] / 1000, v[int((NR + 1) / 2)] / 1000
        }'
    done
}

measure run run
jq '.process.args = ["sleep", "1000"]' config.json >c
mv c config.json
for name in $names; do
    oci "$name" create "bench-$name" </dev/null >/dev/null 2>&1
    oci "$name" start "bench-$name"
done
measure exec exec true
