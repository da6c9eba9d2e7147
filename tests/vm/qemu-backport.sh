#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# qemu-backport.sh DIR - puts QEMU from bookworm-backports under DIR without installing it, on a Debian 12 that has
# qemu-system-x86 installed (whose libraries it shares), and prints the value for QEMU=...
set -eu
mkdir -p "$1/apt/lists/partial" "$1/apt/cache/archives/partial" "$1/deb" "$1/root"
dir=$(readlink -f "$1")
mirror=${VM_MIRROR:-$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' |
    sed -n 's,/*$,,; /\/debian$/{p;q}')}
echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror bookworm-backports main" \
    > "$dir/apt/sources.list"
apt=(apt-get -qq -o "Dir::State::lists=$dir/apt/lists" -o "Dir::Cache=$dir/apt/cache"
    -o "Dir::Etc::sourcelist=$dir/apt/sources.list" -o Dir::Etc::sourceparts=/dev/null
    -o Dir::State::status=/dev/null)
"${apt[@]}" update
(cd "$dir/deb" && "${apt[@]}" download qemu-system-x86 qemu-system-common qemu-system-data seabios 2> /dev/null)
for deb in "$dir"/deb/*.deb; do
    dpkg -x "$deb" "$dir/root"
done
if ldd "$dir/root/usr/bin/qemu-system-x86_64" | grep 'not found' >&2; then
    exit 1
fi
share=$dir/root/usr/share
echo "QEMU=\"$dir/root/usr/bin/qemu-system-x86_64 -L $share/qemu -L $share/seabios\""
