#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Pulling an image from a registry on loopback until it is ready to run, beside podman, and pulling it again.
#
#   bench_pull.sh YAWL-IMAGE ARCHIVE     the archive holds one image, e.g. examples/shop/images/shop-db.tar
#
# Needs docker-registry, skopeo and podman. Times are medians of ROUNDS (5) in ms, taken in turns; podman's storage
# is overlay, and both write to the same file system, which is synced before each turn. Each round has stores of its
# own, and none is removed before the end: ext4 passes over inodes that were deleted a moment ago one by one, which
# would double the time of whoever comes after.
set -eu

worker=$(realpath "$1")
archive=$(realpath "$2")
rounds=${ROUNDS:-5}
work=$(mktemp -d /var/tmp/yawl-bench.XXXXXX)
registry=
trap 'kill "$registry" 2>/dev/null || true; rm -rf "$work"' EXIT
cd "$work"

podman_store() {
    podman --root "$work/podman.$round" --runroot "$work/podman-run.$round" --storage-driver overlay "$@"
}

port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
name=localhost:$port/bench/image:1
cat >config.yml <<END
version: 0.1
log: {level: error}
storage: {filesystem: {rootdirectory: $work/registry}}
http: {addr: "127.0.0.1:$port"}
END
docker-registry serve config.yml >registry.log 2>&1 &
registry=$!
until skopeo copy --quiet --dest-tls-verify=false "oci-archive:$archive" "docker://$name" 2>/dev/null; do
    kill -0 "$registry"
    sleep 0.2
done

now_us() {
    echo $(($(date +%s%N) / 1000))
}

# timed COMMAND...: microseconds
timed() {
    sync
    start=$(now_us)
    "$@" >/dev/null 2>"$work/stderr" || { cat "$work/stderr" >&2; exit 1; }
    echo $(($(now_us) - start))
}

median() {
    sort -n | awk '{v[NR] = $1} END {printf "%.1f", v[int((NR + 1) / 2)] / 1000}'
}

yawl_pull() {
    "$worker" pull --data-root "$work/data.$round" "$name"
}

podman_pull() {
    podman_store pull --quiet --tls-verify=false "$name"
}

for round in $(seq "$rounds"); do
    timed yawl_pull >>times.yawl
    timed yawl_pull >>times.yawl-again
    timed podman_pull >>times.podman
    timed podman_pull >>times.podman-again
    podman_store umount --all >/dev/null 2>&1 || true
done
unpacked=$(du -s --apparent-size -m data.1/layers | cut -f1)
packed=$(skopeo inspect --raw --tls-verify=false "docker://$name" | python3 -c '
import json, sys
print(sum(layer["size"] for layer in json.load(sys.stdin)["layers"]) // 1000000)')
echo "image: $packed MB packed, $unpacked MB unpacked"
printf '%-24s %10s %10s\n' "" "yawl (ms)" "podman (ms)"
printf '%-24s %10s %10s\n' "pull" "$(median <times.yawl)" "$(median <times.podman)"
printf '%-24s %10s %10s\n' "pull again, unchanged" "$(median <times.yawl-again)" "$(median <times.podman-again)"
