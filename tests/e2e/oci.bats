#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# yawl-oci: the commands of an OCI runtime on a bundle of busybox, and under podman.

load oci

@test "features are told as JSON, and the version as text" {
    oci_ok features
    equal "$(jq -r '.ociVersionMin + " " + .ociVersionMax' <<<"$stdout")" "1.0.0 1.3.0"
    equal "$(jq -c '.linux | [.cgroup.systemd, .cgroup.systemdUser, .intelRdt.enabled]' <<<"$stdout")" "[true,true,true]"
    equal "$(jq -r '.potentiallyUnsafeConfigAnnotations | sort | .[0]' <<<"$stdout")" org.systemd.property.
    oci_ok --version
    contains "$stdout" "spec: 1.3.0"
}

@test "run gives the program's output and exit status and leaves nothing" {
    command_is 'echo out; echo err >&2; exit 5'
    oci run "$ID"
    equal "$status" 5
    equal "$stdout" out
    equal "$stderr" err
    oci_ok list -q
    equal "$stdout" ""
    mv config.json other.json
    oci run --config other.json "$ID"
    equal "$status" 5
}

@test "a container is created, started, signalled and deleted" {
    command_is 'trap \"exit 7\" TERM; echo up; while :; do sleep 0.1; done' '.annotations = {"a.b": "c"}'
    "$OCI" --root "$STATE" create --pid-file pid "$ID" >out 2>&1 </dev/null 3>&-
    status_is created
    equal "$(jq -r '.annotations["a.b"]' <<<"$stdout")" c
    equal "$(jq -r .pid <<<"$stdout")" "$(<pid)"
    equal "$(wc -c <out)" 0
    equal "$(jq -c '.external_descriptors | fromjson' "$STATE/$ID/status")" "[\"/dev/null\",\"$DIR/out\",\"$DIR/out\"]"
    oci_refused create "$ID"
    contains "$stderr" "exists already"
    oci_ok start "$ID"
    until_says out up
    status_is running
    oci_refused start "$ID"
    oci_refused delete "$ID"
    oci_ok kill "$ID" TERM
    until_status stopped
    oci_refused kill "$ID"
    contains "$stderr" "container not running"
    oci_ok delete "$ID"
    oci_refused state "$ID"
    contains "$stderr" "does not exist"
    oci_ok delete --force "$ID"
}

@test "a container that was never started is deleted" {
    command_is 'echo never'
    "$OCI" --root "$STATE" create "$ID" >out 2>&1 </dev/null 3>&-
    oci_ok delete "$ID"
    equal "$(wc -c <out)" 0
}

@test "exec runs a program in the container, as whom and with what is asked for" {
    waiting
    oci exec "$ID" sh -c 'exit 3'
    equal "$status" 3
    oci_ok exec -u user -e A=b --cwd /tmp "$ID" sh -c 'id -u; echo $A; pwd; grep CapEff /proc/self/status'
    equal "$stdout" $'1000\nb\n/tmp\nCapEff:\t0000000000000000'
    jq -n '{cwd: "/", args: ["id", "-u"], user: {uid: 7, gid: 8}}' >process.json
    oci_ok exec --process process.json "$ID"
    equal "$stdout" 7
    oci_ok exec --detach --pid-file pid2 "$ID" sleep 1000
    oci_ok ps --format json "$ID"
    contains "$(jq -c . <<<"$stdout")" "$(<pid2)"
    # As in crun: that is for each to ask for.
    oci_ok exec "$ID" grep NoNewPrivs /proc/1/status /proc/self/status
    equal "$(tr -d '[:space:]' <<<"$stdout")" /proc/1/status:NoNewPrivs:1/proc/self/status:NoNewPrivs:0
    oci_ok exec --tty --user 7 "$ID" sh -c 'stat -L -c %u /proc/self/fd/0; echo again >$(tty)'
    contains "$stdout" $'7\r\nagain'
    oci_ok exec --no-new-privs "$ID" grep NoNewPrivs /proc/self/status
    contains "$stdout" 1
    oci_refused exec "$ID" nope
    contains "$stderr" "run 'nope'"
    oci_ok delete --force "$ID"
}

@test "a paused container does not run until it is resumed" {
    waiting
    oci_ok pause "$ID"
    status_is paused
    oci_refused exec "$ID" true
    oci_refused pause "$ID"
    oci_ok resume "$ID"
    status_is running
    oci_ok delete --force "$ID"
}

@test "limits hold, can be changed, and what is used is told" {
    waiting '.linux.resources.pids = {limit: 30}'
    oci_ok events --stats "$ID"
    equal "$(jq '.data.pids.limit' <<<"$stdout")" 30
    oci_ok update --pids-limit 20 "$ID"
    oci_ok events --stats "$ID"
    equal "$(jq '.data.pids.limit' <<<"$stdout")" 20
    echo '{"pids": {"limit": 25}}' >resources.json
    oci_ok update --resources resources.json "$ID"
    oci_ok events --stats "$ID"
    equal "$(jq '.data.pids.limit' <<<"$stdout")" 25
    oci_refused update --memory lots "$ID"
    oci_ok delete --force "$ID"
}

@test "users, capabilities, limits and filters are what the bundle says" {
    command_is 'id; umask; ulimit -n; mkdir /tmp/x; grep -E \"CapAmb|Seccomp:\" /proc/self/status' '
        .process.user = {uid: 5, gid: 6, umask: 7, additionalGids: [9]}
        | .process.capabilities |= (.ambient = ["CAP_KILL"] | .inheritable = ["CAP_KILL"])
        | .process.rlimits = [{type: "RLIMIT_NOFILE", soft: 99, hard: 100}]
        | .linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW",
            syscalls: [{names: ["mkdir", "mkdirat"], action: "SCMP_ACT_ERRNO", errnoRet: 38}]}'
    oci run "$ID"
    equal "$stdout" $'uid=5 gid=6 groups=9\n0007\n99\nCapAmb:\t0000000000000020\nSeccomp:\t2'
    contains "$stderr" "Function not implemented"
}

@test "a user namespace with several ranges shows the ids that it maps" {
    command_is 'cat /proc/self/uid_map; id -u; ls -n /dev/null' '
        .linux.namespaces += [{type: "user"}]
        | .linux.uidMappings = [{containerID: 0, hostID: 100000, size: 10}, {containerID: 10, hostID: 200000, size: 5}]
        | .linux.gidMappings = .linux.uidMappings'
    oci_ok run "$ID"
    equal "$(head -n 3 <<<"$stdout" | tr -s ' ')" $' 0 100000 10\n 10 200000 5\n0'
}

@test "without a cgroup namespace a container sees its own groups all the same" {
    local userns='.linux.namespaces += [{type: "user"}, {type: "pid"}] | .linux.uidMappings = [{containerID: 0, hostID: 100000, size: 10}]
        | .linux.gidMappings = .linux.uidMappings'
    command_is 'f=/sys/fs/cgroup/cgroup.procs; [ -e $f ] || f=/sys/fs/cgroup/pids/cgroup.procs; read p <$f; [ $p = $$ ] && echo own' \
        '.linux.namespaces |= map(select(.type != "cgroup" and .type != "pid"))'
    oci_ok run "$ID"
    equal "$stdout" own
    config "$userns"
    oci_ok run "$ID"
    equal "$stdout" own
}

@test "namespaces are joined by their paths" {
    waiting
    local first=$ID
    ID=$ID-second
    command_is 'readlink /proc/self/ns/net; readlink /proc/self/ns/ipc' ".linux.namespaces |= map(
        if .type == \"network\" then .path = \"/proc/$(<pid)/ns/net\" else . end)"
    oci_ok run "$ID"
    equal "$(head -n 1 <<<"$stdout")" "$(readlink "/proc/$(<pid)/ns/net")"
    [ "$(tail -n 1 <<<"$stdout")" != "$(readlink "/proc/$(<pid)/ns/ipc")" ]
    oci_ok delete --force "$first"
}

@test "a time namespace has its offsets" {
    command_is 'cat /proc/self/timens_offsets' '
        .linux.namespaces += [{type: "time"}] | .linux.timeOffsets = {monotonic: {secs: 1000}, boottime: {secs: 5}}'
    oci_ok run "$ID"
    equal "$(tr -s ' ' <<<"$stdout")" $'monotonic 1000 0\nboottime 5 0'
}

@test "mounts, devices, hidden and read-only paths are what the bundle says" {
    echo content >file
    command_is 'cat /tmp/file; touch /tmp/file; ls -n /dev/foo; wc -c </proc/keys; touch /bin/x; cat /proc/sys/kernel/msgmax' '
        .mounts += [{destination: "/tmp/file", type: "bind", source: "file", options: ["bind", "ro"]}]
        | .linux.devices = [{path: "/dev/foo", type: "c", major: 1, minor: 3, fileMode: 384, uid: 7}]
        | .linux.sysctl = {"kernel.msgmax": "9999"}'
    oci run "$ID"
    contains "$stdout" content
    contains "$stdout" "crw-------    1 7        0           1,   3"
    contains "$stdout" $'\n0\n'
    contains "$stdout" 9999
    equal "$(grep -c 'Read-only file system' <<<"$stderr")" 2
}

@test "hooks run at their moments and are told the state" {
    local kinds
    cat >hook <<'END'
#!/bin/sh
echo "$1 $(jq -r '.status + " " + (.pid | tostring)')" >>"$2"
END
    chmod +x hook
    kinds=$(jq -n --arg d "$DIR" '[("prestart", "createRuntime", "createContainer", "poststart", "poststop") |
        {(.): [{path: ($d + "/hook"), args: ["hook", ., ($d + "/told")], env: ["PATH=/usr/bin:/bin"]}]}] | add
        | .startContainer = [{path: "/bin/sh", args: ["sh", "-c", "cat >/tmp/started"]}]')
    command_is 'grep -o created /tmp/started' ".hooks = $kinds | .mounts += [{destination: \"/tmp\", type: \"tmpfs\"}]"
    oci_ok run "$ID"
    equal "$stdout" created
    equal "$(cut -d' ' -f1,2 told)" \
        $'prestart created\ncreateRuntime created\ncreateContainer created\npoststart running\npoststop stopped'
    [ "$(sed -n 1p told | cut -d' ' -f3)" -gt 0 ]
}

@test "a hook that fails ends the creation and leaves nothing" {
    command_is 'echo never' '.hooks = {createRuntime: [{path: "/bin/false"}]}'
    oci_refused run "$ID"
    contains "$stderr" "run hook '/bin/false'"
    oci_ok list -q
    equal "$stdout" ""
}

@test "hooks outside run in the bundle's folder with the caller's environment, those inside with none" {
    # shellcheck disable=SC2016  # the hooks expand it
    local outside='test "$PWD $MARK" = "$1 here" && test -e rootfs/proc/self'
    mkdir rootfs
    cp -a "$E2E/rootfs/." rootfs/
    jq -n --arg outside "$outside" --arg dir "$DIR" '{
        createContainer: [{path: "/bin/sh", args: ["sh", "-c", $outside, "sh", $dir]}],
        startContainer: [{path: "/bin/sh", args: ["sh", "-c", "echo [$MARK] >/tmp/mark"]}]}' >hooks.json
    command_is 'cat /tmp/mark' ".mounts += [{destination: \"/tmp\", type: \"tmpfs\"}] | .hooks = $(<hooks.json)"
    config '.root.path = "rootfs"'
    sed -i "s|$E2E/rootfs|rootfs|" config.json
    MARK=here oci_ok run "$ID"
    equal "$stdout" "[]"
}

@test "a poststart hook that fails deletes the container, a poststop hook only warns" {
    command_is 'sleep 1000' ".hooks = {poststart: [{path: \"/bin/false\"}], poststop: [{path: \"/bin/touch\", args: [\"touch\", \"$DIR/stopped\"]}]}"
    "$OCI" --root "$STATE" create "$ID" >out 2>&1 </dev/null 3>&-
    oci_refused start "$ID"
    contains "$stderr" "run hook '/bin/false': the poststart hook failed with exit code 1"
    [ -e stopped ]
    oci_refused state "$ID"
    command_is 'exit 0' ".hooks = {poststop: [{path: \"/bin/false\"}, {path: \"/bin/touch\", args: [\"touch\", \"$DIR/second\"]}]}"
    oci_ok run "$ID"
    contains "$stderr" "the poststop hook failed with exit code 1"
    [ -e second ]
}

@test "poststop hooks run as well when a hook has ended the creation" {
    local filter=".hooks = {createRuntime: [{path: \"/bin/sleep\", args: [\"sleep\", \"100\"], timeout: 1}],
        poststop: [{path: \"/bin/touch\", args: [\"touch\", \"$DIR/stopped\"]}]}"
    command_is 'echo never' "$filter"
    oci_refused create "$ID"
    contains "$stderr" "run hook '/bin/sleep': it does not end in time"
    [ -e stopped ]
    oci_refused state "$ID"
}

@test "what hooks print goes to the files that annotations name" {
    command_is 'exit 0' '.annotations = {"run.oci.hooks.stdout": "hooks.out", "run.oci.hooks.stderr": "hooks.err"}
        | .hooks = {createRuntime: [{path: "/bin/sh", args: ["sh", "-c", "echo first; echo error >&2"]}], createContainer: [{path: "/bin/cat"}],
            startContainer: [{path: "/bin/cat"}], poststop: [{path: "/bin/sh", args: ["sh", "-c", "echo last"]}]}'
    oci_ok run "$ID"
    equal "$stdout$stderr" ""
    equal "$(<hooks.err)" error
    equal "$(head -n 1 hooks.out)" first
    contains "$(tail -n 1 hooks.out)" last
    equal "$(grep -o "\"id\":\"$ID\",\"status\":\"created\"" hooks.out | wc -l)" 2
}

@test "all containers whose names match are deleted at once" {
    command_is 'sleep 1000'
    for name in a-1 a-2 b-1; do
        "$OCI" --root "$STATE" run --detach "$name" >out 2>&1 </dev/null 3>&-
    done
    oci_refused delete --regex '['
    oci_refused delete --regex 'a-[0-9]'
    oci_ok delete --force --regex '^a-[0-9]+$'
    oci_ok list --quiet
    equal "$stdout" b-1
}

@test "a container that somebody else has frozen can be deleted by force" {
    local freezer=/sys/fs/cgroup/freezer/frozen-$TAG
    [ -w /sys/fs/cgroup/freezer ] || skip "this host has no freezer of control groups v1"
    waiting
    mkdir "$freezer"
    cat pid >"$freezer/tasks"
    echo FROZEN >"$freezer/freezer.state"
    oci_ok delete --force "$ID"
    equal "$stdout$stderr" ""
    rmdir "$freezer"
}

@test "a container without a process can be created, and not started" {
    config '.'
    jq 'del(.process)' config.json >c && mv c config.json
    "$OCI" --root "$STATE" create "$ID" >out 2>&1 </dev/null 3>&-
    status_is created
    oci_ok kill "$ID" 0
    oci_refused start "$ID"
    contains "$stderr" "no process to start"
    oci_ok delete "$ID"
    oci_refused run "$ID"
}

@test "a capability that no kernel has is left out with a warning" {
    command_is 'true' '.process.capabilities.bounding += ["CAP_MADE_UP"]'
    oci_ok run "$ID"
    contains "$stderr" "process.capabilities.bounding: there is no capability 'CAP_MADE_UP'"
}

@test "spec --rootless names a user namespace, and the log can be told by its kind" {
    rm config.json
    oci_ok spec --rootless
    command_is 'cat /proc/self/uid_map'
    oci_ok run "$ID"
    equal "$(tr -s ' ' <<<"$stdout")" " 0 0 1"
    oci --log "file:$DIR/log" --log-format json state nobody
    equal "$(jq -r .level log)" error
    oci --log "$DIR/json" --log-format json state $'\xff"'
    equal "$(jq -r .msg json | cut -d ' ' -f 3)" "'?\"'"
    oci --log "$DIR/text" state $'a\n"'
    equal "$(wc -l <text)" 1
    contains "$(<text)" 'level=error msg="container ID '"'"'a\n\"'"'"
    oci_refused --log "nowhere:$DIR/log" state nobody
    contains "$stderr" "--log"
}

@test "a terminal is handed to who listens for it" {
    command_is 'tty; stty size' '.process.terminal = true | .process.consoleSize = {height: 30, width: 90}'
    cat >console.py <<'END'
import array, os, socket, sys
listener = socket.socket(socket.AF_UNIX)
listener.bind("console.sock")
listener.listen()
print("ready", flush=True)
peer, _ = listener.accept()
_, control, _, _ = peer.recvmsg(100, 100)
master = array.array("i", control[0][2])[0]
text = b""
try:
    while part := os.read(master, 1000):
        text += part
except OSError:
    pass
sys.stdout.write(text.decode())
END
    background console python3 console.py
    until_says console.out ready
    oci_refused create "$ID"
    contains "$stderr" "--console-socket"
    "$OCI" --root "$STATE" create --console-socket console.sock "$ID" >out 2>&1 </dev/null 3>&-
    oci_ok start "$ID"
    until_says console.out "30 90"
    contains "$(<console.out)" /dev/pts/0
    until_status stopped
    oci_ok delete "$ID"
}

@test "what cannot be given is refused by its place in the file" {
    if ! grep -q ' - resctrl ' /proc/self/mountinfo; then
        config '.linux.intelRdt = {closID: "x"}'
        oci_refused run "$ID"
        contains "$stderr" "config.json: linux.intelRdt: no resctrl file system is mounted"
        oci_ok list --quiet
        equal "$stdout" ""
    fi
    if [ ! -e /sys/kernel/security/apparmor ]; then
        config 'del(.linux.intelRdt) | .process.apparmorProfile = "some-profile"'
        oci_refused run "$ID"
        contains "$stderr" "config.json: process.apparmorProfile: AppArmor is not enabled on this host"
    fi
    if [ ! -e /sys/fs/selinux/enforce ]; then
        config 'del(.process.apparmorProfile) | .process.selinuxLabel = "a:b:c:s0"'
        oci_refused run "$ID"
        contains "$stderr" "config.json: process.selinuxLabel: SELinux is not enabled on this host"
    fi
    config 'del(.linux.intelRdt, .process.apparmorProfile, .process.selinuxLabel) | .process.cwd = 5'
    oci_refused run "$ID"
    contains "$stderr" "config.json: process.cwd: must be a string"
    config '.process.cwd = "/" | .ociVersion = "2.0.0"'
    oci_refused run "$ID"
    config '.ociVersion = "1.0.2" | .linux.seccomp = {defaultAction: "SCMP_ACT_NOTIFY"}'
    oci_refused run "$ID"
    contains "$stderr" "linux.seccomp.defaultAction"
    oci_refused --systemd-cgroup run "$ID"
    for ID in . .. .foo "foo bar" foo/bar ../x; do
        oci_refused create "$ID"
        contains "$stderr" "container ID '$ID' has an invalid character"
    done
    # That nobody takes the terminal is told first, also when other things are wrong.
    config '.process.terminal = true | .process.args = ["x", 0]'
    oci_refused run --detach x
    contains "$stderr" "config.json: process.terminal: use --console-socket"
}

@test "a root's links lead nowhere outside of it" {
    mkdir -p root/bin canary
    cp "$E2E/rootfs/bin/busybox" root/bin/
    ln -s busybox root/bin/sh
    ln -s "$DIR/canary" root/proc
    ln -s "$DIR/canary" root/dev
    config '.process.args = ["/bin/sh", "-c", "exit 0"]'
    config ".root.path = \"root\" | .root.readonly = false"
    jq '.root = {path: "root"}' config.json >c && mv c config.json
    oci run "$ID"
    equal "$(ls -A canary)" ""
}

@test "the runtime's own file is out of reach of a container" {
    command_is 'echo never'
    "$OCI" --root "$STATE" create --pid-file pid "$ID" >out 2>&1 </dev/null 3>&-
    python3 -c 'import os, sys; sys.exit(not os.statvfs(sys.argv[1]).f_flag & os.ST_RDONLY)' "/proc/$(<pid)/exe"
    oci_ok delete "$ID"
}

@test "descriptors are passed on only when that is asked for" {
    command_is 'ls /proc/self/fd'
    exec 5<config.json
    oci_ok run "$ID"
    equal "$stdout" $'0\n1\n2\n3'
    exec 5<&-
    timeout 20 "$OCI" --root "$STATE" run --preserve-fds 1 "$ID" 3<config.json >out
    equal "$(<out)" $'0\n1\n2\n3\n4'
    # What the caller has not is not passed on, least of all something of ours.
    timeout 20 "$OCI" --root "$STATE" run --preserve-fds 3 "$ID" 3>&- 4<config.json 5>&- >out
    equal "$(<out)" $'0\n1\n2\n3\n4\n5'
    command_is 'readlink /proc/self/fd/3; sleep 1000'
    "$OCI" --root "$STATE" run --detach --preserve-fds 1 "$ID" 3<config.json >out 2>&1 </dev/null
    "$OCI" --root "$STATE" exec --preserve-fds 3 "$ID" ls /proc/self/fd 3>&- 4>&- 5>&- >out
    equal "$(<out)" $'0\n1\n2\n3'
    oci_ok delete --force "$ID"
}

@test "a control group that is in use is no place for a container, and who is in it stays" {
    waiting '.linux.cgroupsPath = "/'"$TAG"'"'
    oci_refused create "$ID-second"
    contains "$stderr" "Device or resource busy"
    status_is running
    oci_refused state "$ID-second"
    oci_ok delete --force "$ID"
}

@test "a container in the foreground can be deleted from elsewhere" {
    command_is 'echo up; sleep 1000'
    background run "$OCI" --root "$STATE" run "$ID"
    until_says run.out up
    oci_ok delete --force "$ID"
    wait "$pid" || equal "$?" 137
    oci_refused state "$ID"
    equal "$(<run.err)" ""
}

# A service manager that prints what it is told.
start_manager() {
    cat >manager.py <<'END'
import socket
manager = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
manager.bind("manager.sock")
print("listens", flush=True)
while True:
    print(manager.recv(1000).decode(), flush=True)
END
    background manager python3 manager.py
    until_says manager.out listens
}

# say TEXT: as the container's program would.
say() {
    python3 -c 'import socket, sys; socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM).sendto(sys.argv[1].encode(), sys.argv[2])' \
        "$1" "$STATE/$ID/notify/notify"
}

@test "that the program is ready is passed on to a service manager, and nothing else" {
    local sockets
    start_manager
    sockets=$(<manager.out)
    command_is 'echo $NOTIFY_SOCKET; ls -l ${NOTIFY_SOCKET%/*} | tail -n 1 | cut -c 1-10; trap \"exit 7\" TERM; while :; do sleep 0.1; done'
    export NOTIFY_SOCKET=$DIR/manager.sock
    "$OCI" --root "$STATE" create --pid-file pid "$ID" >out 2>&1 </dev/null 3>&-
    background start "$OCI" --root "$STATE" start "$ID"
    until_says out srw-rw-rw-
    equal "$(head -n 1 out)" "$DIR/manager.sock/notify"
    say 'STATUS=almost'
    say $'MAINPID=1\nREADY=1'
    wait "$pid" || fail "start: $?: $(<start.err)"
    until_says manager.out MAINPID
    equal "$(<manager.out)" "$sockets"$'\nREADY=1\nMAINPID='"$(<pid)"
    oci_ok delete --force "$ID"
    background run "$OCI" --root "$STATE" run --pid-file pid "$ID"
    until_says run.out srw-rw-rw-
    say READY=1
    until_says manager.out "MAINPID=$(<pid)"
    oci_ok kill "$ID" TERM
    wait "$pid" || equal "$?" 7
    # One that ends without a word is not waited for.
    command_is 'exit 0'
    oci_ok run --detach "$ID"
    oci_ok delete --force "$ID"
    unset NOTIFY_SOCKET
}

@test "containers are created and deleted without a trace" {
    command_is 'exit 0'
    for i in $(seq "${YAWL_OCI_CYCLES:-50}"); do
        "$OCI" --root "$STATE" run "$ID-$i" </dev/null 3>&- || fail "run $i"
    done
    oci_ok list -q
    equal "$stdout" ""
}

podman_try() {
    TRY_TIMEOUT_S=60 try podman --root "$DIR/podman/root" --runroot "$DIR/podman/run" --storage-driver vfs \
        --cgroup-manager cgroupfs --events-backend none --runtime "$OCI" "$@"
}

podman_ok() {
    podman_try "$@"
    [ "$status" -eq 0 ] || fail "podman $*: exit $status: $stderr"
}

@test "podman runs, joins, measures and pauses containers" {
    command -v podman >/dev/null && command -v conmon >/dev/null || skip "podman is not installed"
    local options=(--network none --cgroup-parent "$TAG" --rootfs "$E2E/rootfs")
    mkdir podman
    podman_try run --rm "${options[@]}" sh -c 'echo out; exit 4'
    equal "$status $stdout" "4 out"
    podman_try run --rm "${options[@]}" nope
    equal "$status" 127
    podman_ok run -d --name "$TAG" "${options[@]}" sh -c 'while :; do sleep 0.2; done'
    podman_try exec "$TAG" sh -c 'echo in; exit 5'
    equal "$status $stdout" "5 in"
    podman_ok exec -t "$TAG" tty
    contains "$stdout" /dev/pts/
    podman_ok stats --no-stream --format '{{.PIDs}}' "$TAG"
    podman_ok pause "$TAG"
    podman_ok inspect --format '{{.State.Status}}' "$TAG"
    equal "$stdout" paused
    podman_ok unpause "$TAG"
    podman_ok rm --force --time 0 "$TAG"
}
