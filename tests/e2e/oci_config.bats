#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# yawl-oci: what single members of a configuration do.

load oci

# mount_of DESTINATION TYPE SOURCE OPTION...: a filter that adds a mount.
mount_of() {
    jq -n -r --arg d "$1" --arg t "$2" --arg s "$3" \
        '".mounts += [" + ({destination: $d, type: $t, source: $s, options: $ARGS.positional} | tojson) + "]"' \
        --args "${@:4}"
}

with_user_namespace='.linux.namespaces += [{type: "user"}] | .linux.uidMappings = [{containerID: 0, hostID: 0, size: 100}]
    | .linux.gidMappings = .linux.uidMappings'

@test "a mount's options are taken in every spelling" {
    local filter='' row name words expected
    local rows=(
        'a|ro|ro,' 'b|rro|ro,' 'c|nosuid,nodev,noexec|nosuid,nodev,noexec' 'd|rnosuid|nosuid' 'e|noatime|noatime'
        'f|nosymfollow|nosymfollow' 'g|silent,iversion,defaults,loud|rw' 'h|ro,rw|rw' 'i|sync,dirsync|sync,dirsync'
    )
    mkdir source
    command_is 'cat /proc/self/mountinfo'
    for row in "${rows[@]}"; do
        IFS='|' read -r name words expected <<<"$row"
        # shellcheck disable=SC2086  # one word each
        config "$(mount_of "/tmp/$name" tmpfs tmpfs ${words//,/ })"
        [ "$name" = i ] || config "$(mount_of "/tmp/bound-$name" none source rbind ${words//,/ })"
    done
    config '.mounts |= [{destination: "/tmp", type: "tmpfs"}] + .'
    oci_ok run "$ID"
    for row in "${rows[@]}"; do
        IFS='|' read -r name words expected <<<"$row"
        contains "$(grep " /tmp/$name " <<<"$stdout")" "$expected"
        [ "$name" = i ] || contains "$(grep " /tmp/bound-$name " <<<"$stdout")" "$expected"
    done
}

@test "a mount covers the root, or a symbolic link itself" {
    mkdir root
    cp -a "$E2E/rootfs/." root/
    ln -s nowhere root/link
    echo content >file
    ln -s file pointer
    command_is 'touch /new; cat /link; readlink /other' "$(mount_of /link bind file bind dest-nofollow)"
    ln -s nowhere root/other
    config "$(mount_of /other bind pointer bind dest-nofollow src-nofollow) | .root = {path: \"root\"}
        | .mounts |= [{destination: \"/\", type: \"tmpfs\", options: [\"tmpcopyup\"]}] + ."
    oci_ok run "$ID"
    equal "$stdout" $'content\nfile'
    [ ! -e root/new ]
    config "$(mount_of /proc/self bind pointer bind dest-nofollow)"
    oci_refused run "$ID"
    contains "$stderr" "it leads to '/proc'"
}

@test "mounts map ids by their own ranges, by words, or as the container" {
    local own='{containerID: 0, hostID: 2, size: 10}'
    mkdir source
    touch source/file
    command_is 'stat -c %u /tmp/1/file /tmp/2/file /tmp/3/file' "$with_user_namespace
        | .linux.uidMappings[0].hostID = 1 | .linux.gidMappings[0].hostID = 1
        | .mounts += [{destination: \"/tmp\", type: \"tmpfs\"}]"
    config "$(mount_of /tmp/1 bind source bind idmap) | .mounts[-1] |= (.uidMappings = [$own] | .gidMappings = [$own])"
    config "$(mount_of /tmp/2 bind source bind 'ridmap=uids=0-5-2;gids=0-5-2#2-9-1')"
    config "$(mount_of /tmp/3 bind source bind ridmap)"
    oci_ok run "$ID"
    equal "$stdout" $'1\n4\n0'
    config "$(mount_of /tmp/4 bind source bind 'idmap=uids=0-5')"
    oci_refused run "$ID"
    contains "$stderr" "idmap=uids=0-5"
}

@test "a user namespace in the host's network shows the host's /sys" {
    command_is 'ls /sys/class/net; ls /sys/fs/cgroup | wc -l' "$with_user_namespace
        | .linux.namespaces |= map(select(.type != \"network\")) | .mounts |= map(select(.type != \"cgroup\"))"
    oci_ok run "$ID"
    contains "$stdout" lo
    equal "$(tail -n 1 <<<"$stdout")" 0
}
