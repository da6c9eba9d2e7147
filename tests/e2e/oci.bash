# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# What the tests of yawl-oci share: a bundle of busybox in each test's folder, and the commands on it.
#
#   YAWL_OCI         the program under test  (build/runtime/oci/yawl-oci)
#   YAWL_OCI_CYCLES  containers that the test for leaks makes  (50)

load helpers

setup_file() {
    oci_setup_file
}

oci_setup_file() {
    e2e_setup_file
    mkdir -p "$E2E/rootfs"/{bin,etc,tmp,proc,sys,dev}
    cp "$(command -v busybox)" "$E2E/rootfs/bin/busybox"
    chroot "$E2E/rootfs" /bin/busybox --install -s /bin
    printf 'root:x:0:0:root:/root:/bin/sh\nuser:x:1000:1000::/home/user:/bin/sh\n' >"$E2E/rootfs/etc/passwd"
}

teardown_file() {
    e2e_teardown_file
}

setup() {
    e2e_setup
    OCI=${YAWL_OCI:-$(dirname "$YAWL")/../../runtime/oci/yawl-oci}
    STATE=$YAWL_RUN_ROOT/oci-$TAG
    ID=$TAG
    oci_ok spec
}

teardown() {
    if [ -d "$STATE" ]; then
        for id in $("$OCI" --root "$STATE" list -q); do
            "$OCI" --root "$STATE" delete --force "$id"
        done
        rm -rf "$STATE"
    fi
    if [ -d "$DIR/podman" ]; then
        podman_try rm --all --force --time 0
        umount -l "$DIR"/podman/*/* 2>/dev/null || true
        find /sys/fs/cgroup -depth -type d -path "*/$TAG*" -exec rmdir {} \; 2>/dev/null || true
    fi
    e2e_teardown
}

# oci ARGUMENTS...: sets status, stdout and stderr.
oci() {
    TRY_TIMEOUT_S=30 try "$OCI" --root "$STATE" "$@"
}

oci_ok() {
    oci "$@"
    [ "$status" -eq 0 ] || fail "yawl-oci $*: exit $status: $stderr"
}

oci_refused() {
    oci "$@"
    [ "$status" -eq 1 ] || fail "yawl-oci $*: exit $status, expected 1"
}

# config FILTER: the bundle of `spec` without a terminal, changed by jq.
config() {
    local first
    first=$(jq ".process.terminal = false | .root.path = \"$E2E/rootfs\" | $1" config.json)
    printf '%s\n' "$first" >config.json
}

# command SHELL-TEXT [FILTER]
command_is() {
    config ".process.args = [\"sh\", \"-c\", \"$1\"] | ${2:-.}"
}

status_is() {
    oci_ok state "$ID"
    equal "$(jq -r .status <<<"$stdout")" "$1"
}

# until_says FILE TEXT
until_says() {
    local i
    for ((i = 0; i < PATIENCE_S * 10; i++)); do
        ! grep -q -F -- "$2" "$1" || return 0
        sleep 0.1
    done
    fail "'$2' does not come: $(<"$1")"
}

until_status() {
    local i
    for ((i = 0; i < PATIENCE_S * 10; i++)); do
        oci_ok state "$ID"
        [ "$(jq -r .status <<<"$stdout")" != "$1" ] || return 0
        sleep 0.1
    done
    fail "does not become $1"
}

# A container that runs until it gets SIGTERM, and then ends with 7.
waiting() {
    command_is 'trap \"exit 7\" TERM; echo up; while :; do sleep 0.1; done' "${1:-.}"
    oci_ok create --pid-file pid "$ID" >out 2>&1
    oci_ok start "$ID"
}
