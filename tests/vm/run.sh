#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Runs a command in a throw-away virtual machine with a true cgroup v2 host, with or without systemd.
#
#   run.sh [-s SUITE] [-i systemd|mini] [-u USER] [-d DIR] [-o OUTDIR] [-m MiB] [-c CPUS] [-t SECONDS]
#          [-a "KERNEL ARGS"] [-S|-N] -- COMMAND...
#
#   -s   bookworm (kernel 6.1, systemd 252) | trixie (6.12, systemd 257; default) | trixie-bpo (newest kernel)
#   -i   systemd (default) or mini (a small process 1: cgroup2 with every controller enabled)
#   -u   run COMMAND as this user ("tester", uid 1000, has subuid/subgid ranges, lingering user manager)
#   -d   directory copied into the guest as /job/src, the working directory of COMMAND
#   -o   the guest's /out is copied back here afterwards
#   -S   resume from a snapshot taken after boot (made on first use; default without KVM); -N always boot
#
# The exit status is COMMAND's own; 124 after the time-out; 125 when the machine died before (the console's end is
# shown). COMMAND sees VM=1 and VM_ACCEL=tcg or kvm, to scale its time-outs.
#
# Needs what image.sh needs, and qemu-system-x86. $QEMU overrides the emulator: from version 8 on fork and exec
# are three times as fast under TCG as with Debian 12's 7.2 (qemu-backport.sh gets one). $VM_CACHE holds
# images and snapshots, about 0.8 GB a suite.
set -eu
here=$(dirname "$(readlink -f "$0")")
cache=${VM_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/yawl-vm}
read -r -a qemu <<< "${QEMU:-qemu-system-x86_64}"
suite=trixie init=systemd user='' source='' out='' memory=2048 cpus=$(nproc) seconds=600 arguments='' snapshot=auto
work=''
trap '[ -z "$work" ] || rm -rf "$work"' EXIT

die() {
    echo "vm: $*" >&2
    exit 125
}

# KVM is usable unless this is a PVM host, whose nested KVM cannot run an unmodified guest kernel. Without cx16:
# QEMU 7.2's multi-threaded TCG corrupts EFLAGS in cmpxchg16b, and guests die at random with a double fault.
pick_accelerator() {
    if [ -w /dev/kvm ] && [ ! -d /sys/module/kvm_pvm ] && [ "${VM_ACCEL:-}" != tcg ]; then
        accelerator=kvm
        accelerator_arguments=(-accel kvm -cpu host)
    else
        accelerator=tcg
        accelerator_arguments=(-accel "tcg,thread=multi" -cpu "max,-cx16")
    fi
}

# Sets qemu_arguments. $1 directory for console, status and disks; $2 root image; $3 its snapshot mode, on|off
set_qemu_arguments() {
    local kernel=$dir/vmlinux process_1
    [ -e "$kernel" ] || kernel=$dir/vmlinuz
    case $init in
    systemd) process_1=/sbin/init ;;
    mini) process_1=/usr/lib/vm/mini-init ;;
    *) die "unknown init '$init'" ;;
    esac
    # shellcheck disable=SC2054
    qemu_arguments=("${accelerator_arguments[@]}" -machine q35 -smp "$cpus" -m "$memory" -nodefaults
        -no-user-config -no-reboot -display none -monitor none
        -serial "file:$1/console" -serial stdio -serial "file:$1/status"
        -drive "file=$2,if=none,id=r,format=raw,snapshot=$3,cache=unsafe" -device virtio-blk-pci,drive=r,serial=root
        -drive "file=$1/job.tar,if=none,id=j,format=raw,readonly=on" -device virtio-blk-pci,drive=j,serial=job
        -drive "file=$1/out.tar,if=none,id=o,format=raw,cache=unsafe" -device virtio-blk-pci,drive=o,serial=out
        -nic user,restrict=on,model=virtio-net-pci -device virtio-rng-pci
        -kernel "$kernel" -initrd "$dir/initrd"
        -append "console=ttyS0 quiet panic=-1 vminit=$process_1 net.ifnames=0 systemd.show_status=0 8250.nr_uarts=4 mitigations=off rcupdate.rcu_expedited=1 $arguments")
}

# Boots once and saves the running machine (memory, devices, disk); later runs resume it in about a second.
make_snapshot() {
    local boot=$work/boot pid
    mkdir "$boot"
    rm -rf "$snapshot_dir"
    mkdir -p "$snapshot_dir"
    truncate -s 1G "$boot/job.tar" "$boot/out.tar"
    : > "$boot/status"
    cp --sparse=always "$dir/root.img" "$snapshot_dir/root.img" # the disk as it is when the state is saved
    set_qemu_arguments "$boot" "$snapshot_dir/root.img" off
    echo "vm: making a snapshot of the booted machine ($suite, $init) ..." >&2
    timeout 1000 "${qemu[@]}" "${qemu_arguments[@]}" -qmp "unix:$boot/qmp,server=on,wait=off" \
        < /dev/null > /dev/null 9>&- &
    pid=$!
    if ! python3 "$here/snapshot.py" "$boot/status" "$boot/qmp" "$snapshot_dir/state.new"; then
        kill "$pid"
        tail -n 30 "$boot/console" >&2
        die "no snapshot"
    fi
    wait "$pid" || :
    mv "$snapshot_dir/state.new" "$snapshot_dir/state"
    rm -rf "$boot"
}

# Puts the command, its environment and the source directory on the job disk.
make_job() {
    mkdir "$work/j"
    printf 'export VM=1 VM_ACCEL=%s\n%s\n' "$accelerator" "$*" > "$work/j/cmd"
    printf 'JOB_USER=%q JOB_TIME=%s\n' "$user" "$(date +%s.%N)" > "$work/j/env"
    head -c 64 /dev/urandom > "$work/j/seed"
    tar -C "$work/j" -cf "$work/job.tar" env seed cmd
    [ -z "$source" ] || tar -C "$source" --transform 's,^\.,src,' -rf "$work/job.tar" .
    [ "$(stat -c %s "$work/job.tar")" -lt $((1 << 30)) ] || die "'$source' is over 1 GiB"
    truncate -s 1G "$work/job.tar" "$work/out.tar"
    : > "$work/status"
}

# Sets qemu_arguments to resume from the snapshot, which is made when there is none.
use_snapshot() {
    local key
    key=$( ("${qemu[@]}" --version
        echo "$arguments"
        cat "$dir/key"
        declare -f set_qemu_arguments pick_accelerator) | sha256sum | cut -c1-8)
    snapshot_dir=$dir/snapshot-$init-$memory-$cpus-$key
    exec 9> "$cache/.lock"
    flock 9
    [ -e "$snapshot_dir/state" ] || make_snapshot
    exec 9>&-
    set_qemu_arguments "$work" "$snapshot_dir/root.img" on
    qemu_arguments+=(-incoming "exec:cat '$snapshot_dir/state'")
}

while getopts s:i:u:d:o:m:c:t:a:SN option; do
    case $option in
    s) suite=$OPTARG ;;
    i) init=$OPTARG ;;
    u) user=$OPTARG ;;
    d) source=$OPTARG ;;
    o) out=$OPTARG ;;
    m) memory=$OPTARG ;;
    c) cpus=$OPTARG ;;
    t) seconds=$OPTARG ;;
    a) arguments=$OPTARG ;;
    S) snapshot=yes ;;
    N) snapshot=no ;;
    *)
        sed -n '3,23p' "$0" >&2
        exit 125
        ;;
    esac
done
shift $((OPTIND - 1))
[ $# -gt 0 ] || die "no command"

dir=$cache/$suite
mkdir -p "$cache"
"$here/image.sh" "$suite" "$dir" || die "no image"
work=$(mktemp -d)
pick_accelerator
make_job "$@"
[ "$snapshot" != auto ] || { [ "$accelerator" = kvm ] && snapshot=no || snapshot=yes; }
if [ "$snapshot" = yes ]; then
    use_snapshot
else
    set_qemu_arguments "$work" "$dir/root.img" on
fi

status=0
timeout "$seconds" "${qemu[@]}" "${qemu_arguments[@]}" < /dev/null || status=$?
if [ "$status" = 124 ]; then
    tail -n 20 "$work/console" >&2
    echo "vm: time-out after $seconds s" >&2
    exit 124
fi
if ! grep -q '^exit' "$work/status"; then
    tail -n 40 "$work/console" >&2
    die "the machine ended (status $status) before the command did"
fi
if [ -n "$out" ]; then
    mkdir -p "$out"
    tar -C "$out" -xf "$work/out.tar" 2> /dev/null || :
fi
exit "$(sed -n 's/^exit //p' "$work/status" | tr -cd 0-9)"
