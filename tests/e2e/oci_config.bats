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

# An agent that takes listeners at agent.sock, prints what it is told with each, and answers every call with ENOMEDIUM.
start_agent() {
    cat >agent.py <<'END'
import array, fcntl, os, select, socket, struct, sys, threading

def answer(fd):
    poll = select.poll()
    poll.register(fd, select.POLLIN)
    while True:
        if poll.poll()[0][1] & select.POLLHUP:
            return
        request = bytearray(80)
        try:
            fcntl.ioctl(fd, 0xC0502100, request)
            fcntl.ioctl(fd, 0xC0182101, struct.pack("=Qqii", struct.unpack_from("=Q", request)[0], 0, -123, 0))
        except OSError:
            pass

listener = socket.socket(socket.AF_UNIX)
listener.bind("agent.sock")
listener.listen()
print("ready", flush=True)
while True:
    peer, _ = listener.accept()
    text, control, _, _ = peer.recvmsg(8192, 100)
    print(text.decode(), flush=True)
    threading.Thread(target=answer, args=(array.array("i", control[0][2])[0],), daemon=True).start()
END
    background agent python3 agent.py
    until_says agent.out ready
}

@test "an agent is asked about system calls, of the container's process and of others that join" {
    local told
    start_agent
    command_is 'mkdir /tmp/x; trap \"exit 7\" TERM; while :; do sleep 0.1; done' ".linux.seccomp = {
        defaultAction: \"SCMP_ACT_ALLOW\", listenerPath: \"$DIR/agent.sock\", listenerMetadata: \"some words\",
        syscalls: [{names: [\"mkdir\", \"mkdirat\"], action: \"SCMP_ACT_NOTIFY\"}]}"
    "$OCI" --root "$STATE" create "$ID" >out 2>&1 </dev/null 3>&-
    oci_ok start "$ID"
    until_says out "No medium found"
    told=$(sed -n 2p agent.out)
    oci_ok state "$ID"
    equal "$(jq -c '[.ociVersion, .fds, .pid, .metadata, .state.status, .state.id]' <<<"$told")" \
        "[\"0.2.0\",[\"seccompFd\"],$(jq .pid <<<"$stdout"),\"some words\",\"creating\",\"$ID\"]"
    oci exec "$ID" mkdir /tmp/y
    contains "$stderr" "No medium found"
    equal "$(sed -n 3p agent.out | jq -r .state.status)" running
    oci_ok delete --force "$ID"
    config '.process.noNewPrivileges = false | .process.args = ["mkdir", "/tmp/z"]'
    oci run "$ID"
    contains "$stderr" "No medium found"
    config ".linux.seccomp.listenerPath = \"$DIR/nobody.sock\""
    oci_refused run "$ID"
    contains "$stderr" "nobody.sock"
    oci_ok list -q
    equal "$stdout" ""
}

@test "a filter decides by arguments, by architecture and by what comes first" {
    command_is 'kill -0 1 && echo zero; kill -CONT 1 || echo refused; mkdir /tmp/x 2>&1; ls /tmp | wc -l' '
        .mounts += [{destination: "/tmp", type: "tmpfs"}] | .linux.seccomp = {
            defaultAction: "SCMP_ACT_ERRNO", defaultErrnoRet: 38, architectures: ["SCMP_ARCH_X86_64", "SCMP_ARCH_AARCH64"],
            flags: ["SECCOMP_FILTER_FLAG_LOG"],
            syscalls: [{names: ["kill"], action: "SCMP_ACT_ERRNO", errnoRet: 1, args: [{index: 1, value: 1, op: "SCMP_CMP_GE"}]},
                {names: ["kill"], action: "SCMP_ACT_ALLOW", args: [{index: 1, value: 0, op: "SCMP_CMP_EQ"}]},
                {names: ["mkdir", "mkdirat"], action: "SCMP_ACT_ERRNO", errnoRet: 17},
                {names: ["no-such-call"], action: "SCMP_ACT_TRAP"}]}'
    jq --slurpfile config config.json -n '$config[0] | .linux.seccomp.syscalls += [{action: "SCMP_ACT_ALLOW", names: (
        "accept access arch_prctl brk clone clone3 close close_range dup dup2 dup3 execve exit exit_group faccessat faccessat2 fcntl
        fork fstat futex getcwd getdents64 getegid geteuid getgid getpgrp getpid getppid getrandom getuid ioctl lseek lstat mmap
        mprotect munmap newfstatat open openat pipe pipe2 poll ppoll prctl pread64 prlimit64 read readlink readlinkat rseq
        rt_sigaction rt_sigprocmask rt_sigreturn sendto sendmsg set_robust_list set_tid_address setpgid stat statx sysinfo umask uname
        vfork wait4 write writev" | split("[ \\n]+"; null))}]' >c && mv c config.json
    oci run "$ID"
    equal "$(head -n 3 <<<"$stdout")" $'zero\nrefused\nmkdir: can\'t create directory \'/tmp/x\': File exists'
    config '.linux.seccomp.syscalls = [{names: ["mkdir"], action: "SCMP_ACT_NOTIFY"}]'
    oci_refused run "$ID"
    contains "$stderr" "linux.seccomp.listenerPath: is missing"
}

@test "exec runs on the processors that are named, and the container's process where it likes" {
    local all first
    all=$(awk '/^Cpus_allowed_list/ { print $2 }' /proc/self/status)
    first=${all%%[-,]*}
    waiting ".process.execCPUAffinity = {initial: \"$first\"}"
    oci_ok exec "$ID" grep Cpus_allowed_list /proc/self/status
    equal "${stdout##*[[:space:]]}" "$first"
    oci_ok exec "$ID" grep Cpus_allowed_list /proc/1/status
    equal "${stdout##*[[:space:]]}" "$all"
    printf '{"cwd": "/", "args": ["grep", "Cpus_allowed_list", "/proc/self/status"], "execCPUAffinity": {"final": "%s"}}' \
        "${all/-/,}" >process.json
    oci_ok exec --process process.json "$ID"
    equal "$(tr , - <<<"${stdout##*[[:space:]]}")" "$(tr , - <<<"$all")"
}

@test "memory comes from the nodes that the policy names" {
    [ -e /proc/self/numa_maps ] || skip "the kernel has no memory policies"
    command_is 'cat /proc/self/numa_maps' '.linux.memoryPolicy = {mode: "MPOL_PREFERRED", nodes: "0", flags: ["MPOL_F_STATIC_NODES"]}'
    oci_ok run "$ID"
    contains "$stdout" " prefer=static:0 "
    config '.linux.memoryPolicy = {mode: "MPOL_INTERLEAVE"}'
    oci_refused run "$ID"
    contains "$stderr" "set the memory policy"
}

@test "a network device of the host becomes the container's, with its addresses" {
    local word
    [ "$(id -u)" -eq 0 ] || skip "the host's devices are root's"
    ip link add "d-$$" mtu 1400 type veth peer name "p-$$"
    ip address add 192.0.2.7/24 brd 192.0.2.99 dev "d-$$"
    ip address add 2001:db8::7/64 dev "d-$$"
    command_is 'ip address show dev inside' ".linux.netDevices = {\"d-$$\": {name: \"inside\"}}"
    oci_ok run "$ID"
    for word in "mtu 1400" "192.0.2.7/24 brd 192.0.2.99" 2001:db8::7/64 UP; do
        contains "$stdout" "$word"
    done
    # A virtual one ends with the namespace.
    oci_refused run "$ID"
    contains "$stderr" "linux.netDevices: give away device 'd-$$'"
    ip link add "e-$$" type veth peer name "q-$$"
    config ".linux.netDevices = {\"e-$$\": {name: \"lo\"}}"
    oci_refused run "$ID"
    contains "$stderr" "there is a device 'lo' already"
    ip link delete "e-$$"
}

@test "a mount that is there is changed by remount" {
    command_is 'grep \" /tmp\" /proc/self/mountinfo' "$(mount_of /tmp tmpfs tmpfs size=1m)"
    config "$(mount_of /tmp '' '' remount size=2m ro nosuid)"
    oci_ok run "$ID"
    contains "$stdout" "ro,nosuid"
    contains "$stdout" "size=2048k"
    config "$(mount_of /etc '' '' remount ro)"
    oci_refused run "$ID"
    contains "$stderr" "change the mount on '/etc'"
}

@test "mounts are added to a container that runs, and taken away again" {
    mkdir source
    echo content >source/file
    waiting "$with_user_namespace | .mounts += [{destination: \"/tmp\", type: \"tmpfs\"}]"
    jq -n '[{destination: "/tmp/bound", type: "bind", source: "source", options: ["bind", "ro"]},
        {destination: "/tmp/memory", type: "tmpfs", source: "tmpfs", options: ["size=1m"]}]' >mounts.json
    oci_ok mounts add "$ID" mounts.json
    oci_ok exec "$ID" sh -c 'cat /tmp/bound/file; touch /tmp/bound/x 2>&1; touch /tmp/memory/x; stat -c %u /tmp/memory/x'
    equal "$(head -n 1 <<<"$stdout")" content
    contains "$stdout" "Read-only file system"
    equal "$(tail -n 1 <<<"$stdout")" 0
    oci_ok mounts remove "$ID" mounts.json
    oci_ok exec "$ID" grep -c ' /tmp' /proc/self/mountinfo
    equal "$stdout" 1
    oci_refused mounts remove "$ID" mounts.json
    contains "$stderr" "unmount '/tmp/memory'"
    echo '[{"destination": "/", "type": "tmpfs"}]' >mounts.json
    oci_refused mounts add "$ID" mounts.json
    contains "$stderr" "mount on '/'"
    echo '[{"destination": "/tmp/x", "type": "bind"}]' >mounts.json
    oci_refused mounts add "$ID" mounts.json
    contains "$stderr" "mounts.json: mounts[0].source: is missing"
    oci_refused mounts replace "$ID" mounts.json
    oci_ok delete --force "$ID"
}

@test "a joined namespace that is the caller's own is the caller's" {
    config '.linux.namespaces |= map(if .type == "network" then .path = "/proc/self/ns/net" else . end) | .linux.sysctl = {"net.ipv4.ip_forward": "1"}'
    oci_refused run "$ID"
    contains "$stderr" "would change the host's network namespace"
    config 'del(.linux.sysctl) | .linux.namespaces |= map(if .type == "uts" then .path = "/proc/self/ns/uts" else . end)'
    oci_refused run "$ID"
    contains "$stderr" "config.json: hostname: would change the host's"
}

@test "a container in the caller's mount namespace has its root and leaves no mount" {
    local before
    before=$(wc -l </proc/self/mountinfo)
    cp -a "$E2E/rootfs/." root/
    waiting '.root = {path: "root"} | .linux.namespaces |= map(select(.type != "mount"))'
    equal "$(readlink /proc/self/ns/mnt)" "$(readlink "/proc/$(<pid)/ns/mnt")"
    oci_ok exec "$ID" sh -c 'cat /proc/1/comm; ls /; test -c /dev/null'
    contains "$stdout" sh
    lacks "$stdout" home
    oci_ok kill "$ID"
    until_status stopped
    oci_ok delete "$ID"
    equal "$(wc -l </proc/self/mountinfo)" "$before"
}

@test "a mount namespace is joined by its path" {
    [ "$(id -u)" -eq 0 ] || skip "joining a mount namespace takes root"
    background place unshare --mount sh -c 'echo ready; exec sleep 1000'
    until_says place.out ready
    command_is 'readlink /proc/self/ns/mnt; ls /' ".linux.namespaces |= map(if .type == \"mount\" then .path = \"/proc/$pid/ns/mnt\" else . end)"
    oci_ok run "$ID"
    equal "$(head -n 1 <<<"$stdout")" "$(readlink "/proc/$pid/ns/mnt")"
    lacks "$stdout" home
}

@test "without pivot_root the old root is covered, and nothing of it is left to see" {
    command_is 'ls /; cat /proc/1/comm; ls /.. | grep home; wc -l </proc/self/mountinfo'
    oci_ok run --no-pivot "$ID"
    lacks "$stdout" home
    contains "$stdout" sh
}

@test "exec joins a control group below the container's" {
    waiting
    oci exec --cgroup nowhere "$ID" true
    [ "$status" -eq 1 ]
    contains "$stderr" "the container has no control group 'nowhere'"
    oci exec --cgroup ../.. "$ID" true
    [ "$status" -eq 1 ]
    oci_ok exec --cgroup / "$ID" true
    find /sys/fs/cgroup -type d -name "yawl-oci-$ID" -not -path '*cpuset*' -exec mkdir {}/sub \;
    oci_ok exec --cgroup sub "$ID" cat /proc/self/cgroup
    contains "$stdout" "/sub"
}

@test "a user namespace has devices that the host has not, with their owner and mode" {
    [ "$(id -u)" -eq 0 ] || skip "devices are root's to make"
    command_is 'stat -c \"%u %g %a %F\" /dev/foo; echo x >/dev/null; ls -l /dev/foo' "$with_user_namespace
        | .linux.uidMappings[0].hostID = 1000 | .linux.gidMappings[0].hostID = 1000
        | .linux.devices = [{path: \"/dev/foo\", type: \"b\", major: 1, minor: 5, uid: 10, gid: 11, fileMode: 111}]"
    oci_ok run "$ID"
    equal "$(head -n 1 <<<"$stdout")" "10 11 157 block special file"
    config '.linux.devices[0] |= (.path = "/dev/null" | .type = "c" | .major = 1 | .minor = 3 | .fileMode = 384 | del(.uid, .gid))
        | .process.args = ["stat", "-c", "%u %a %t:%T", "/dev/null"]'
    oci_ok run "$ID"
    equal "$stdout" "0 600 1:3"
}
