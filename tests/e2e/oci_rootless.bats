#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# yawl-oci for ordinary users: with themselves alone, with ids that were lent to them, and as root of a namespace that somebody
# else has made, as podman's runtime is. Root makes the user for that, and removes him afterwards.

load oci

setup_file() {
    export YAWL_OCI=${YAWL_OCI:-$(dirname "$YAWL")/../../runtime/oci/yawl-oci}
    if [ "$(id -u)" -eq 0 ]; then
        export YAWL_E2E_USER=yawl-oci-$$
        useradd --create-home "$YAWL_E2E_USER"
    fi
    oci_setup_file
}

teardown_file() {
    e2e_teardown_file
    [ "$(id -u)" -ne 0 ] || userdel --remove "$YAWL_E2E_USER" 2>/dev/null
}

# The words that make a command the user's.
as_user() {
    [ "$(id -u)" -ne 0 ] || AS=(setpriv --reuid "$YAWL_E2E_USER" --regid "$(id -g "$YAWL_E2E_USER")" --init-groups --)
}

oci() {
    local AS=()
    as_user
    TRY_TIMEOUT_S=60 try "${AS[@]}" "${IN[@]}" "$OCI" --root "$STATE" "$@"
}

rootless() {
    rm config.json
    oci_ok spec --rootless
}

@test "an ordinary user's container lives as root's does, and limits that he cannot have are told" {
    rootless
    waiting '.linux.resources = {memory: {limit: 100000000}}'
    oci_ok exec "$ID" sh -c 'id -u; cat /proc/self/uid_map; echo x >/dev/null; ls /sys/class'
    equal "$(head -n 1 <<<"$stdout")" 0
    oci_ok exec --cwd /tmp "$ID" pwd
    equal "$stdout" /tmp
    oci_ok ps "$ID"
    contains "$stdout" "$(<pid)"
    oci_ok pause "$ID"
    status_is paused
    oci_ok resume "$ID"
    status_is running
    oci_ok kill "$ID"
    until_status stopped
    oci_ok delete "$ID"
    equal "$(find "$STATE" -mindepth 1)" ""
}

@test "ids that were lent to him are mapped as the configuration says" {
    local first
    [ "$(id -u)" -eq 0 ] && [ -n "$(command -v newuidmap)" ] || skip "no ids are lent to this user"
    first=$(awk -F : -v user="$YAWL_E2E_USER" '$1 == user { print $2 }' /etc/subuid)
    rootless
    command_is 'id -u; id -g; cat /proc/self/setgroups; grep -c . /proc/self/uid_map' ".process.user = {uid: 5, gid: 6, additionalGids: [7]}
        | .linux.uidMappings += [{containerID: 1, hostID: $first, size: 100}] | .linux.gidMappings += [{containerID: 1, hostID: $first, size: 100}]"
    oci_ok run "$ID"
    equal "$stdout" $'5\n6\nallow\n2'
    config '.linux.uidMappings[1].hostID = 1'
    oci_refused run "$ID"
    contains "$stderr" "map the ids"
}

@test "a configuration without a user namespace gets one, with a warning" {
    command_is 'id -u; ls /sys/class/net; echo y >/dev/null' '.linux.namespaces |= map(select(.type != "network"))'
    oci_ok run "$ID"
    equal "$(head -n 1 <<<"$stdout")" 0
    contains "$stderr" "an ordinary user needs a user namespace"
}

@test "root of a namespace that somebody else has made has containers without another" {
    local IN=(unshare --user --map-auto --map-root-user --mount)
    [ "$(id -u)" -eq 0 ] && [ -n "$(command -v newuidmap)" ] || skip "no ids are lent to this user"
    command_is 'id -u; readlink /proc/self/ns/user; echo z >/dev/null; ls /sys/class/net' '.process.user = {uid: 3, gid: 3}
        | .linux.namespaces |= map(select(.type != "network")) | .linux.resources.pids = {limit: 100}'
    oci_ok run "$ID"
    equal "$(head -n 1 <<<"$stdout")" 3
    contains "$stdout" lo
    contains "$stderr" "linux.resources.pids.limit is left out"
}
