#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# image.sh SUITE DIR - makes the disk image, kernel and initramfs of a suite in DIR, unless they are there and
# nothing that goes into them has changed.
#
#   SUITE   bookworm (kernel 6.1, systemd 252) | trixie (6.12, 257) | trixie-bpo (newest backported, 257)
#
# Needs: mmdebstrap e2fsprogs python3 dpkg zstd xz-utils. No root needed where unprivileged user namespaces
# work (mmdebstrap picks its mode).
set -eu
here=$(dirname "$(readlink -f "$0")")
suite=$1
dir=$2
# The mirror that apt uses here.
mirror=${VM_MIRROR:-$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' |
    sed -n 's,/*$,,; /\/debian$/{p;q}')}
kernel_suite=
t64=t64
case $suite in
bookworm) debian=bookworm t64= ;;
trixie) debian=trixie ;;
trixie-bpo) debian=trixie kernel_suite=trixie-backports ;;
*)
    echo "image.sh: unknown suite '$suite'" >&2
    exit 1
    ;;
esac

packages=systemd,systemd-sysv,udev,dbus,dbus-user-session,libpam-systemd,kmod,iproute2,iputils-ping
packages=$packages,nftables,iptables,procps,libyaml-0-2,libuv1$t64,libnl-3-200,libnl-route-3-200
packages=$packages,libjansson4,libarchive13$t64,libcurl4$t64,libcap2-bin,uidmap,slirp4netns
packages=$packages,passt,fuse-overlayfs,busybox-static,python3,socat,strace,libasan8,libubsan1,libtsan2
packages=$packages,ca-certificates${VM_PKGS:+,$VM_PKGS}

key=$( (cat "$here"/image.sh "$here"/image-hook.sh "$here"/initramfs.py "$here"/guest/*
    echo "$packages $suite $mirror ${VM_DISK:-}") | sha256sum | cut -c1-16)
is_current() {
    [ -e "$dir/key" ] && [ "$(cat "$dir/key")" = "$key" ]
}

is_current && exit 0
mkdir -p "$(dirname "$dir")"
exec 9> "$(dirname "$dir")/.lock" # one builder at a time
flock 9
is_current && exit 0

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
rm -rf "$dir"
# The hook may run as a subordinate uid, hence the open directories and the copy.
mkdir -p "$dir" "$work/files/usr/lib/vm" "$work/files/etc/systemd/system"
mkdir -m 777 "$work/out" "$work/bind"
chmod 755 "$work"
install -m 755 "$here/guest/job" "$here/guest/mini-init" "$work/files/usr/lib/vm/"
install -m 644 "$here"/guest/vm-job.* "$work/files/etc/systemd/system/"
install -m 755 "$here/image-hook.sh" "$work/hook"

echo "vm: building the $suite image (about 1-2 minutes) ..." >&2
sources=("deb $mirror $debian main")
[ "$debian" != bookworm ] || sources+=("deb ${mirror%/debian}/debian-security bookworm-security main")
VM_WORK=$work VM_MIRROR=$mirror VM_KERNEL_SUITE=$kernel_suite VM_DISK=${VM_DISK:-4G} \
    mmdebstrap --quiet --variant=minbase --format=null --include="$packages" \
    --customize-hook="$work/hook \"\$1\"" "$debian" /dev/null "${sources[@]}" >&2 9>&-
cp --sparse=always "$work"/out/* "$dir/"
cp "$here/guest/initramfs-init" "$dir/init"
python3 "$here/initramfs.py" "$dir"
rm -f "$dir/init" "$dir/busybox"
echo "$key" > "$dir/key"
