#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Called by mmdebstrap with the root of the new system: adds the kernel and our files, and writes the disk
# image and what boots it into $VM_WORK/out. Environment: VM_WORK VM_MIRROR VM_KERNEL_SUITE VM_DISK.
set -eu
root=$1
out=$VM_WORK/out
options=
if [ -n "$VM_KERNEL_SUITE" ]; then
    echo "deb $VM_MIRROR $VM_KERNEL_SUITE main" > "$root/etc/apt/sources.list.d/kernel.list"
    chroot "$root" apt-get -qq update
    options="-t $VM_KERNEL_SUITE"
fi

# The cloud kernel has all that we need in 30 MB. From 7.x on it is split into three packages.
# shellcheck disable=SC2086
kernel=$(chroot "$root" apt-cache $options depends linux-image-cloud-amd64 |
    sed -n 's/.*Depends: linux-image-\([0-9][^ ]*\)/\1/p' | head -1)
mkdir "$root/k" "$root/k/x"
for package in linux-image linux-binary linux-modules; do
    chroot "$root" sh -c "cd /k && apt-get -qq $options download $package-$kernel" 2>/dev/null || :
done
for deb in "$root"/k/*.deb; do
    dpkg -x "$deb" "$root/k/x"
done
mkdir -p "$root/usr/lib/modules"
for modules in "$root"/k/x/lib/modules/* "$root"/k/x/usr/lib/modules/*; do
    [ ! -d "$modules" ] || cp -a "$modules" "$root/usr/lib/modules/"
done
cp "$(find "$root/k/x" -name 'vmlinuz*' | head -1)" "$out/vmlinuz"
rm -rf "$root/k"
chroot "$root" depmod "$kernel" 2>/dev/null
echo "$kernel" > "$out/kernel-release"
cp "$root/bin/busybox" "$out/busybox"
number=10
for module in virtio_pci virtio_blk; do
    for file in $(chroot "$root" modprobe -S "$kernel" --show-depends "$module" 2>/dev/null |
        sed -n 's/^insmod //p'); do
        cp "$root$file" "$out/mod-$number-${file##*/}"
        number=$((number + 1))
    done
done

cp -a "$VM_WORK/files/." "$root/"
ln -sf vm-job.target "$root/etc/systemd/system/default.target"
chroot "$root" useradd -m -u 1000 -s /bin/bash tester
mkdir -p "$root/var/lib/systemd/linger"
: > "$root/var/lib/systemd/linger/tester"
touch "$root/etc/.updated" "$root/var/.updated"
echo vm > "$root/etc/hostname"
echo '127.0.0.1 localhost vm' > "$root/etc/hosts"
printf '%032x\n' 1 > "$root/etc/machine-id"
: > "$root/etc/fstab"
for unit in apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer e2scrub_all.timer fstrim.timer \
    systemd-timesyncd.service systemd-pstore.service e2scrub_reap.service systemd-update-utmp.service \
    modprobe@drm.service modprobe@efi_pstore.service modprobe@configfs.service \
    modprobe@dm_mod.service modprobe@loop.service systemd-hwdb-update.service \
    systemd-machine-id-commit.service systemd-firstboot.service systemd-random-seed.service; do
    ln -sf /dev/null "$root/etc/systemd/system/$unit"
done
rm -rf "$root"/var/cache/apt/* "$root"/var/lib/apt/lists/* "$root"/usr/share/doc/* "$root"/usr/share/man/* \
    "$root"/usr/share/locale/*

# A plain bind mount leaves out what is mounted inside the tree (proc, sys, dev).
mount --bind "$root" "$VM_WORK/bind"
truncate -s "$VM_DISK" "$out/root.img"
mke2fs -q -t ext4 -E lazy_itable_init=1,lazy_journal_init=1 -L root -d "$VM_WORK/bind" "$out/root.img"
umount "$VM_WORK/bind"
