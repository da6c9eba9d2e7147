#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Makes the small images of the end-to-end tests from busybox-static: test_images.sh FOLDER
#
#     box.tar          box:latest, an OCI layout with gzip layers: busybox, flood, udp_echo, the users root and app,
#                      /data with a file, owned by app; /gone removed by the second layer
#     box-zstd.tar     box:zstd, the same with zstd layers
#     box-docker.tar   box:docker, the same as an archive of `docker save`
#     once.tar         once:latest, with VOLUME, USER, WORKDIR, ENTRYPOINT, CMD, STOPSIGNAL and ENV of its own
set -eu

here=$(cd "$(dirname "$0")" && pwd)
tool=$here/../../tools/oci_image.py
out=$1
mkdir -p "$out"
out=$(cd "$out" && pwd)

key=$(cat "$0" "$tool" "$here/flood.c" "$here/udp_echo.c" | sha256sum)
[ "$(cat "$out/key" 2>/dev/null)" = "$key" ] && exit 0

busybox=$(command -v busybox)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$work/root/bin" "$work/root/etc"
cp "$busybox" "$work/root/bin/busybox"
for program in flood udp_echo; do
    "${CC:-cc}" -O2 -static -o "$work/root/bin/$program" "$here/$program.c"
done
"$busybox" --list | grep -v '^busybox$' | while read -r applet; do
    ln -s busybox "$work/root/bin/$applet"
done
printf 'root:x:0:0:root:/root:/bin/sh\napp:x:1000:1000:app:/home/app:/bin/sh\n' >"$work/root/etc/passwd"
printf 'root:x:0:\napp:x:1000:\nextra:x:2000:app\n' >"$work/root/etc/group"
echo 'only in the first layer' >"$work/gone"
echo 'from the image' >"$work/file"
cat >"$work/box.json" <<'END'
{"Cmd": ["sh"], "Env": ["PATH=/bin", "FROM_IMAGE=yes"]}
END
cat >"$work/once.json" <<'END'
{"User": "app", "WorkingDir": "/home/app", "Entrypoint": ["/bin/sh", "-c"],
 "Cmd": ["id -un; pwd; echo $FROM_IMAGE"], "Env": ["PATH=/bin", "FROM_IMAGE=yes"],
 "Volumes": {"/data": {}}, "StopSignal": "SIGUSR1"}
END

for suffix in tar.gz tar.zst; do
    python3 "$tool" layer --to "$work/first.$suffix" --add "$work/root" / --add "$work/gone" /gone \
        --dir /tmp 1777 0:0 --dir /root 0700 0:0 --dir /home/app 0755 1000:1000
    python3 "$tool" layer --to "$work/second.$suffix" --dir /data 0750 1000:1000 --add "$work/file" /data/file \
        --remove /gone
done
pack() {
    name=$1 archive=$2 config=$3
    shift 3
    python3 "$tool" pack --name "$name" --to "$out/$archive" --config "$work/$config" "$@"
}
pack box:latest box.tar box.json "$work/first.tar.gz" "$work/second.tar.gz"
pack box:zstd box-zstd.tar box.json "$work/first.tar.zst" "$work/second.tar.zst"
pack box:docker box-docker.tar box.json --format docker "$work/first.tar.gz" "$work/second.tar.gz"
pack once:latest once.tar once.json "$work/first.tar.gz" "$work/second.tar.gz"
echo "$key" >"$out/key"
