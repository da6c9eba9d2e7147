#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Pulling an image from a registry on loopback until it is ready to run, beside podman (and docker, where DOCKER_HOST
# names a daemon of its own for this), and pulling it again.
#
#   bench_pull.sh YAWL-IMAGE ARCHIVE TIMED   the archive holds one image, e.g. what `yawl image save shop-db` writes;
#                                            TIMED is the program of timed.c
#
# Needs docker-registry, skopeo and podman. Times are medians of ROUNDS (5) in ms, and the least; taken in turns, and
# in each round the image is pulled AGAIN (10) times. podman's storage is overlay, and both write to the same file
# system, which is synced before each turn. Each round has stores of its own, and none is removed before the end: ext4
# passes over inodes that were deleted a moment ago one by one, which would double the time of whoever comes after.
set -eu

worker=$(realpath "$1")
archive=$(realpath "$2")
timed=$(realpath "$3")
rounds=${ROUNDS:-5}
again=${AGAIN:-10}
work=$(mktemp -d /var/tmp/yawl-bench.XXXXXX)
registry=
trap 'kill "$registry" 2>/dev/null || true; rm -rf "$work"' EXIT
cd "$work"

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

# measured COMMAND...: microseconds from before its start to its end
measured() {
    sync
    "$timed" "$@"
}

# turns NAME COMMAND...: the first pull into times.NAME, the others into times.NAME-again
turns() {
    file=times.$1
    shift
    measured "$@" >>"$file"
    for _ in $(seq "$again"); do
        measured "$@" >>"$file-again"
    done
}

median() {
    sort -n | awk '{v[NR] = $1} END {if (NR) printf "%.1f (%.1f)", v[int((NR + 1) / 2)] / 1000, v[1] / 1000; else printf "-"}'
}

# The daemon has one store: the image is removed, and then its inodes are left alone for as long as ext4 minds.
docker_round() {
    docker rmi --force "$name" >/dev/null 2>&1 || true
    sleep 7
    turns docker docker pull --quiet "$name"
}

: >times.docker
: >times.docker-again
for round in $(seq "$rounds"); do
    turns yawl "$worker" pull --data-root "$work/data.$round" "$name"
    set -- --root "$work/podman.$round" --runroot "$work/podman-run.$round" --storage-driver overlay
    turns podman podman "$@" pull --quiet --tls-verify=false "$name"
    podman "$@" umount --all >/dev/null 2>&1 || true
    [ -z "${DOCKER_HOST:-}" ] || docker_round
done
unpacked=$(du -s --apparent-size -m data.1/layers | cut -f1)
packed=$(skopeo inspect --raw --tls-verify=false "docker://$name" | python3 -c '
import json, sys
print(sum(layer["size"] for layer in json.load(sys.stdin)["layers"]) // 1000000)')
echo "image: $packed MB packed, $unpacked MB unpacked"

# row LABEL SUFFIX
row() {
    printf '%-24s %18s %18s %18s\n' "$1" "$(median <"times.yawl$2")" "$(median <"times.podman$2")" \
        "$(median <"times.docker$2")"
}

printf '%-24s %18s %18s %18s\n' "" "yawl ms (least)" "podman ms (least)" "docker ms (least)"
row "pull" ""
row "pull again, unchanged" -again
