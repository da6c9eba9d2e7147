#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Twenty small RUN steps beside `buildah bud` (chroot isolation, the fastest it has), and an unchanged rebuild of a context
# of 5,000 files.
#
#   bench_build.sh YAWL BOX     BOX is box.tar of tests/tools/test_images.sh
#
# Times are medians of ROUNDS (5) in ms, taken in turns; every round begins without a cache. Both write to /var/tmp.
set -eu

yawl=$(realpath "$1")
box=$(realpath "$2")
rounds=${ROUNDS:-5}
work=$(mktemp -d /var/tmp/yawl-bench.XXXXXX)
trap 'rm -rf "$work"' EXIT
cd "$work"
export YAWL_DATA_ROOT="$work/data" YAWL_RUN_ROOT="$work/run" COMPOSE_PROJECT_NAME=bench

bah() {
    buildah --root "$work/bah" --runroot "$work/bah-run" "$@"
}

# timed NAME COMMAND...: adds the milliseconds to NAME.ms.
timed() {
    name=$1
    shift
    began=$(date +%s%N)
    "$@" >"$name.log" 2>&1 || { cat "$name.log" >&2; exit 1; }
    echo $((($(date +%s%N) - began) / 1000000)) >>"$name.ms"
}

median() {
    sort -n "$1.ms" | sed -n "$((rounds / 2 + 1))p"
}

mkdir steps files
{
    echo 'FROM box'
    for number in $(seq 20); do
        echo "RUN echo $number >/file$number"
    done
} >steps/Dockerfile
printf 'FROM box\nCOPY . /ctx\n' >files/Dockerfile
for folder in $(seq 50); do
    mkdir "files/$folder"
    for file in $(seq 100); do
        echo "$folder $file" >"files/$folder/$file"
    done
done
printf 'services:\n  steps: {build: steps}\n  files: {build: files}\n' >compose.yaml
"$yawl" load "$box" >/dev/null
bah pull -q "oci-archive:$box" >/dev/null

for _ in $(seq "$rounds"); do
    timed yawl-steps "$yawl" build --no-cache steps
    timed buildah-steps bah bud --isolation chroot --network host --layers --no-cache -t steps steps
done
"$yawl" build files >/dev/null 2>&1
for _ in $(seq "$rounds"); do
    timed yawl-files "$yawl" build files
done
printf 'twenty steps: yawl %s ms, buildah %s ms\n' "$(median yawl-steps)" "$(median buildah-steps)"
printf 'unchanged context of 5,000 files: yawl %s ms\n' "$(median yawl-files)"
