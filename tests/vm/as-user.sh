#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# as-user.sh USER COMMAND... - as root: runs COMMAND as an ordinary user on a machine without udev and logind, in
# a mount namespace of its own where /dev/net/tun and /dev/fuse are open to all, as udev makes them, and
# XDG_RUNTIME_DIR exists. With AS_USER_CGROUP=/sys/fs/cgroup/unified/NAME the command also gets a delegated
# group of cgroup v2 (on a hybrid host without controllers: for tracking, freezing and killing).
set -eu
user=$1
shift
if [ -n "${AS_USER_CGROUP:-}" ]; then
    mkdir -p "$AS_USER_CGROUP/self"
    chown "$user" "$AS_USER_CGROUP" "$AS_USER_CGROUP/cgroup.procs" "$AS_USER_CGROUP/cgroup.subtree_control" \
        "$AS_USER_CGROUP/cgroup.threads"
    chown -R "$user" "$AS_USER_CGROUP/self"
    echo $$ > "$AS_USER_CGROUP/self/cgroup.procs"
fi
# shellcheck disable=SC2016
exec unshare -m --propagation private sh -c '
    user=$1
    shift
    uid=$(id -u "$user")
    mount -t tmpfs -o mode=755 none /mnt
    mknod -m 666 /mnt/tun c 10 200
    mknod -m 666 /mnt/fuse c 10 229
    [ ! -e /dev/net/tun ] || mount --bind /mnt/tun /dev/net/tun
    [ ! -e /dev/fuse ] || mount --bind /mnt/fuse /dev/fuse
    umount -l /mnt
    mkdir -p /run/user
    mount -t tmpfs -o mode=755 none /run/user
    mkdir -m 700 "/run/user/$uid"
    chown "$uid" "/run/user/$uid"
    cd "$(getent passwd "$user" | cut -d: -f6)"
    exec setpriv --reuid "$user" --regid "$(id -g "$user")" --init-groups --reset-env \
        env XDG_RUNTIME_DIR="/run/user/$uid" PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin "$@"
' sh "$user" "$@"
