#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# Images that attack whoever runs them: by our own program, by its descriptors, by who they say they are.
load helpers

setup_file() {
    e2e_setup_file
    local linker
    linker=$(readelf -l "$YAWL" | sed -n 's/.*interpreter: \(.*\)\]/\1/p')
    mkdir -p "$E2E/tree/bin" "$E2E/tree/out" "$E2E/tree/tmp" "$E2E/tree$(dirname "$linker")"
    cp "$(command -v busybox)" "$E2E/tree/bin/busybox"
    chroot "$E2E/tree" /bin/busybox --install -s /bin
    cc -O2 -nostdlib -static-pie -ffreestanding -fno-stack-protector -I "$ROOT" -o "$E2E/tree$linker" "$TOOLS/impostor.c"
    cc -O2 -static -o "$E2E/tree/bin/intruder" "$TOOLS/intruder.c"
    cc -O2 -static -o "$E2E/tree/bin/forbidden_calls" "$TOOLS/forbidden_calls.c"
    printf '#!/proc/self/exe\n' >"$E2E/tree/evil"
    chmod 755 "$E2E/tree/evil"
    mkdir "$E2E/tree/etc"
    printf 'root:x:0:0::/:/bin/sh\napp:x:1000:1000::/:/bin/sh\n1234:x:0:0::/:/bin/sh\n4294967296:x:0:0::/:/bin/sh\n' \
        >"$E2E/tree/etc/passwd"
    printf 'root:x:0:\napp:x:1000:\nhuge:x:4294967296:\n' >"$E2E/tree/etc/group"
    tar -C "$E2E/tree" -cf "$E2E/evil.tar" .
    "$YAWL" image import --change 'ENV LD_PRELOAD=/evil.so' --change 'ENV LD_LIBRARY_PATH=/tmp' --change 'ENV PATH=/bin' \
        "$E2E/evil.tar" evil
}
teardown_file() { e2e_teardown_file; }
setup() { e2e_setup; }
teardown() { e2e_teardown; }

@test "no container can write to our own program, however it has it run" {
    local service
    mkdir out
    chmod 0777 out
    compose_file <<'END'
x-any: &any {image: evil, volumes: ["./out:/out"]}
services:
  mapped: {<<: *any, command: [/evil, mapped]}
  bare: {<<: *any, userns_mode: host, command: [/evil, bare]}
  privileged: {<<: *any, privileged: true, command: [/evil, privileged]}
  network: {<<: *any, network_mode: host, command: [/evil, network]}
  rest:
    <<: *any
    userns_mode: host
    command: [sleep, "1000"]
    healthcheck: {test: [CMD, /evil, health], interval: 100ms}
    post_start: [{command: [/evil, hook]}]
END
    ok up -d
    for service in mapped bare privileged network health hook; do
        within 20 grep "^$service " out/impostor
    done
    inside rest /evil exec || true
    within 5 grep "^exec " out/impostor
    lacks "$(cat out/impostor)" writable
}

@test "nobody inside can look into a process that is being set up" {
    local service
    compose_file <<'END'
x-any: &any {image: evil, command: [intruder], healthcheck: {test: [CMD, "true"], interval: 100ms}}
services:
  mapped: *any
  bare: {<<: *any, userns_mode: host}
END
    ok up -d
    for service in mapped bare; do
        within 20 logged "$service" watching
        for _ in $(seq "${YAWL_E2E_EXECS:-20}"); do
            inside "$service" true </dev/null 2>&1 | cat
        done
        equal "$(lines "$service")" watching
    done
}

# Whoever may trace a process that has the capabilities of the host's root could use them.
@test "who may trace processes finds none that is set up with more than the container has" {
    compose_file <<'END'
x-any: &any {image: evil, command: [intruder, look]}
services:
  tracer: {<<: *any, userns_mode: host, cap_add: [SYS_PTRACE]}
  guarded: {<<: *any, userns_mode: host, cap_add: [SYS_PTRACE], security_opt: ["no-new-privileges"]}
END
    ok up -d
    for service in tracer guarded; do
        within "$PATIENCE_S" logged "$service" watching
        for _ in $(seq "${YAWL_E2E_EXECS:-10}"); do
            inside "$service" true
            inside -u app "$service" true
        done
        within "$PATIENCE_S" logged "$service" "fd " # it does see them
        lacks "$(lines "$service")" strong
    done
}

@test "a container that keeps the end of its probes from us is stopped all the same" {
    compose_file <<'END'
services:
  a:
    image: evil
    command: [intruder, keep]
    stop_grace_period: 1s
    healthcheck: {test: [CMD, sleep, "0.1"], interval: 100ms, timeout: 300ms}
END
    ok up -d
    within 20 logged a watching
    within 20 sh -c "ps -o stat= -o comm= -e | grep '^Z.* sleep'"
    TRY_TIMEOUT_S=20 yawl stop
    equal "$status" 0
    is_state a exited
}

@test "probes, hooks and exec have three descriptors, and so has init" {
    # The fourth is the folder that the shell itself looks through.
    local look='cd /proc/self/fd; echo *'
    compose_file <<END
services:
  a:
    image: evil
    init: true
    command: [sh, -c, "$look >/tmp/main; exec sleep 1000"]
    healthcheck: {test: [CMD, sh, -c, "$look >/tmp/health"], interval: 100ms}
    post_start: [{command: [sh, -c, "$look >/tmp/hook"]}]
END
    ok up --wait
    equal "$(inside a sh -c "$look")" "0 1 2 3"
    equal "$(inside a cat /tmp/main /tmp/health /tmp/hook)" $'0 1 2 3\n0 1 2 3\n0 1 2 3'
    equal "$(inside a sh -c 'cd /proc/1/fd; echo *')" "0 1 2"
}

@test "no service of ours listens where a container with the host's network reaches it" {
    local before
    before=$(awk '{print $8}' /proc/net/unix | grep '^@' | sort)
    compose_file <<'END'
services:
  a: {image: evil, network_mode: host, command: [sleep, "1000"]}
  b: {image: evil, command: [sleep, "1000"]}
END
    ok up -d
    equal "$(inside a awk '{print $8}' /proc/net/unix | grep '^@' | sort)" "$before"
}

@test "what an image sets in its environment reaches no program of the host" {
    local pid
    compose_file <<'END'
services:
  a: {image: evil, command: [sleep, "1000"], healthcheck: {test: [CMD, "true"], interval: 100ms}}
END
    ok up --wait
    equal "$(inside a sh -c 'echo $LD_PRELOAD')" /evil.so
    for pid in $(role_pids .); do
        lacks "$(tr '\0' ' ' <"/proc/$pid/environ")" /evil.so
    done
}

@test "a user is never taken for another one" {
    local user
    compose_file <<'END'
services:
  a: {image: evil, command: [sleep, "1000"]}
END
    ok up -d
    for user in -1 0x0 +0 " 0" "0 " 1e0 2147483648 4294967295 4294967296 18446744073709551616 root:4294967296 app:-1 app:huge \
        0:0:0 nobody app:nobody $'0\n'; do
        yawl exec -T -u "$user" a id -u
        [ "$status" -ne 0 ] && [ -z "$stdout" ] || fail "user '$user' is '$stdout'"
    done
    equal "$(inside -u 1234 a sh -c 'id -u')" 1234
    equal "$(inside -u app a sh -c 'id -u; id -g; grep Cap /proc/self/status | cut -f2 | tr "\n" " "')" \
        $'1000\n1000\n0000000000000000 0000000000000000 0000000000000000 00000000800425fb 0000000000000000 '
    equal "$(inside a sh -c 'grep Cap /proc/self/status | cut -f2 | tr "\n" " "')" \
        "0000000000000000 00000000800425fb 00000000800425fb 00000000800425fb 0000000000000000 "
}

@test "a container that changes its users' files hinders nothing but itself" {
    local file
    echo 'root:x:0:0::/:/bin/sh' >canary
    compose_file <<'END'
services:
  a: {image: evil, command: [sleep, "1000"]}
END
    ok up -d
    inside a sh -c 'rm /etc/passwd; mkfifo /etc/passwd'
    equal "$(inside -u 0 a echo here)" here
    refused_user app
    for file in "$DIR/canary" "../../../../../..$DIR/canary" /proc/kmsg /proc/self/exe /proc/1/environ /dev/zero /etc/passwd; do
        inside a sh -c 'rm -f /etc/passwd; ln -s "$0" /etc/passwd' "$file"
        refused_user root
    done
    inside -u 0 a sh -c 'rm /etc/passwd; echo app:x:1000:1000::/: >/etc/passwd; truncate -s 10G /etc/group'
    refused_user app
    contains "$stderr" "/etc/group"
    inside_without_groups=$(inside -u 0 a true 2>&1) && fail "a group file of 10 GB was read"
    contains "$inside_without_groups" "/etc/group"
}

# refused_user NAME: exec as this user is an error.
refused_user() {
    yawl exec -T -u "$1" a id
    [ "$status" -ne 0 ] && [ -z "$stdout" ] || fail "exec as $1 gives '$stdout'"
}

@test "what the filter forbids is forbidden in a start and in an exec, whoever asks" {
    local service expected
    compose_file <<'END'
x-any: &any {image: evil, command: [sh, -c, "forbidden_calls; exec sleep 1000"]}
services:
  mapped: *any
  bare: {<<: *any, userns_mode: host}
  user: {<<: *any, user: app}
  guarded: {<<: *any, security_opt: ["no-new-privileges"]}
END
    expected=$(printf '%s EPERM\n' socket-38 socket-40 io_uring_setup io_uring_enter add_key request_key keyctl bpf \
        perf_event_open userfaultfd mount fsopen unshare setns kexec_load open_by_handle_at clone-newuser personality
        printf '%s ENOSYS\n' clone3 unknown)
    ok up -d
    for service in mapped bare user guarded; do
        within 20 logged "$service" "unknown"
        equal "$(lines "$service" | grep -E -v 'socket-(37|39|41)' | sort)" "$(sort <<<"$expected")"
        lacks "$(lines "$service" | grep -E 'socket-(37|39|41)')" EPERM
        equal "$(inside "$service" forbidden_calls)" "$(lines "$service")"
    done
}

@test "with all capabilities of its user namespace a container changes nothing of the host" {
    local pattern
    pattern=$(</proc/sys/kernel/core_pattern)
    compose_file <<'END'
services:
  a:
    image: evil
    cap_add: [ALL]
    security_opt: ["seccomp:unconfined"]
    command: [sleep, "1000"]
END
    ok up -d
    inside a sh -c '
        exec 2>/dev/null
        umount /proc/sys; umount /proc/sysrq-trigger; umount -l /sys/fs/cgroup
        mount -o remount,bind,rw /proc/sys; mount -o remount,rw /sys
        mkdir -p /tmp/m; mount -t proc proc /tmp/m; mount -t sysfs sysfs /tmp/m
        for p in /proc /tmp/m; do
            echo x >$p/sys/kernel/core_pattern && echo core
            echo x >$p/sys/kernel/modprobe && echo modprobe
            echo h >$p/sysrq-trigger && echo sysrq
        done
        for g in /sys/fs/cgroup /sys/fs/cgroup/*; do
            mount -o remount,bind,rw $g
            mkdir $g/x && echo x >$g/x/release_agent && echo agent
            echo x >$g/release_agent && echo agent
        done
        mknod /tmp/d b 7 0 && cat /tmp/d && echo device
        mount -t ext4 /dev/vda /tmp/m && echo disk
        chroot /proc/1/root/../../.. ls '"$DIR"' && echo root
        true' >out || true
    equal "$(<out)" ""
    equal "$(</proc/sys/kernel/core_pattern)" "$pattern"
}

@test "an unprivileged user of the host gets at nothing of ours" {
    local other=(setpriv --reuid 65534 --regid 65534 --clear-groups)
    compose_file <<'END'
services:
  a: {image: evil, command: [sh, -c, "cp /bin/busybox /tmp/su; chmod 4755 /tmp/su; echo secret; exec sleep 1000"]}
END
    chmod 755 "$E2E"
    ok up -d
    within 10 logged a secret
    ! "${other[@]}" ls "$YAWL_DATA_ROOT" || fail "the data root can be listed"
    ! "${other[@]}" ls "$YAWL_RUN_ROOT" || fail "the run root can be listed"
    find "$YAWL_DATA_ROOT" -type f \( -perm -4000 -o -name '*.log' -o -name '*.json' \) >files
    grep -q /su files
    while read -r file; do
        ! "${other[@]}" test -r "$file" || fail "$file can be read"
        ! "${other[@]}" test -x "$file" || fail "$file can be executed"
    done <files
    find "$YAWL_RUN_ROOT" -type s >sockets
    [ -s sockets ]
    while read -r file; do
        ! "${other[@]}" python3 -c 'import socket, sys; socket.socket(socket.AF_UNIX).connect(sys.argv[1])' "$file" 2>/dev/null ||
            fail "$file can be connected to"
    done <sockets
}
