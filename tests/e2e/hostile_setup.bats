#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# Images and neighbours that attack what is set up beside the root: pseudo file systems with content of the image's, sharers of
# a PID namespace, programs that raise their user, and commands of ours that look into a container.
load helpers

setup_file() {
    e2e_setup_file
    CANARY=$E2E/canary
    export CANARY
    mkdir -p "$CANARY/pts" "$CANARY/net/ipv4" "$CANARY/kernel"
    echo secret-of-the-host >"$CANARY/file"
    echo 1 >"$CANARY/net/ipv4/ip_default_ttl"
    touch "$CANARY/ptmx" "$CANARY/null" "$CANARY/console" "$CANARY/pts/0" "$CANARY/kernel/core_pattern"
    chmod -R a+rwX "$CANARY"
    canary_state >"$E2E/canary.before"
    make_tree
    tar -C "$E2E/tree" -cf "$E2E/evil.tar" .
    "$YAWL" image import --change 'ENV PATH=/bin' "$E2E/evil.tar" evil
}
teardown_file() { e2e_teardown_file; }
setup() { e2e_setup; }
teardown() { e2e_teardown; }

canary_state() {
    find "$CANARY" -printf '%p %y %m %U:%G %s %T@ %l\n' | sort
    find "$CANARY" -type f -exec cat {} +
}

unharmed() {
    canary_state >"$DIR/canary.now"
    cmp "$E2E/canary.before" "$DIR/canary.now" || fail "$(diff "$E2E/canary.before" "$DIR/canary.now")"
    ! grep -q -F "$CANARY" /proc/self/mountinfo || fail "something is mounted in the canary"
}

# Folders of the right names, as an image must have them, whose content leads to the canary or is a fake of the kernel's.
make_tree() {
    local tree=$E2E/tree linker name
    linker=$(readelf -l "$YAWL" | sed -n 's/.*interpreter: \(.*\)\]/\1/p')
    mkdir -p "$tree"/{bin,out,tmp,etc,dev,proc/self/attr,proc/1,sys/fs,lib} "$tree$(dirname "$linker")"
    cp "$(command -v busybox)" "$tree/bin/busybox"
    chroot "$tree" /bin/busybox --install -s /bin
    cc -O2 -static -o "$tree/bin/intruder" "$TOOLS/intruder.c"
    cc -O2 -nostdlib -static-pie -ffreestanding -fno-stack-protector -I "$ROOT" -o "$tree$linker" "$TOOLS/impostor.c"
    # Busybox gives up such rights by itself.
    cc -O2 -static -x c -o "$tree/bin/whose" - <<'END'
#include <stdio.h>
#include <unistd.h>
int main(void) { return printf("%u\n", (unsigned)geteuid()) < 0; }
END
    chmod 4755 "$tree/bin/whose"
    printf 'root:x:0:0::/:/bin/sh\napp:x:1000:1000::/:/bin/sh\n' >"$tree/etc/passwd"
    for name in null console ptmx pts; do
        ln -s "$CANARY/$name" "$tree/dev/$name"
    done
    ln -s "$CANARY" "$tree/dev/shm"
    ln -s "$CANARY" "$tree/dev/fd"
    ln -s "$CANARY" "$tree/sys/fs/cgroup"
    ln -s "$CANARY" "$tree/sys/firmware"
    ln -s "$CANARY" "$tree/proc/sys"
    ln -s "$CANARY/file" "$tree/proc/sysrq-trigger"
    ln -s "$CANARY/file" "$tree/proc/self/attr/exec"
    ln -s "$CANARY/file" "$tree/proc/kcore"
    ln -s "$CANARY" "$tree/proc/scsi"
}

@test "what an image has in /dev, /proc and /sys is covered, and nothing is made, masked or set where it leads" {
    local service
    compose_file <<'END'
x-any: &any
    image: evil
    command: [sleep, "1000"]
    sysctls: {net.ipv4.ip_default_ttl: 77}
services:
  mapped: *any
  bare: {<<: *any, userns_mode: host}
  tty: {<<: *any, userns_mode: host, tty: true}
  shared: {<<: *any, ipc: "service:mapped", depends_on: [mapped]}
END
    ok up -d
    unharmed
    for service in mapped bare tty shared; do
        equal "$(inside "$service" stat -c '%F %t:%T' /dev/null)" "character special file 1:3"
        equal "$(inside "$service" sh -c 'readlink /dev/ptmx; readlink /dev/fd')" $'pts/ptmx\n/proc/self/fd'
        equal "$(inside "$service" cat /proc/sys/net/ipv4/ip_default_ttl)" 77
        equal "$(inside "$service" sh -c 'ls -A /proc/scsi /proc/acpi /sys/firmware 2>/dev/null | grep -v -e : -e ^$; head -c 1 /proc/kcore | wc -c')" 0
        lacks "$(inside "$service" sh -c 'cat /dev/shm/* /sys/fs/cgroup/file /proc/self/attr/exec 2>&1')" secret-of-the-host
    done
    unharmed
}

@test "who may trace processes cannot look into a sharer of its processes that is being set up" {
    compose_file <<'END'
services:
  tracer: {image: evil, command: [intruder], cap_add: [SYS_PTRACE]}
  sharer: {image: evil, pid: "service:tracer", command: [sleep, "1000"]}
END
    ok up -d tracer
    within "$PATIENCE_S" logged tracer watching
    ok up -d
    for _ in $(seq "${YAWL_E2E_EXECS:-5}"); do
        ok restart -t 0 sharer
        is_state sharer running
    done
    # It does see them, and what they are allowed.
    equal "$(lines tracer | sed 's/ .*//' | sort -u)" $'strong\nwatching'
}

@test "with no_new_privs a set-id program has nobody's rights but its caller's" {
    compose_file <<'END'
x-any: &any {image: evil, user: app, command: [sh, -c, "whose; exec sleep 1000"]}
services:
  mapped: *any
  bare: {<<: *any, userns_mode: host}
  guarded: {<<: *any, security_opt: ["no-new-privileges"]}
  guarded_bare: {<<: *any, userns_mode: host, security_opt: ["no-new-privileges"]}
END
    ok up -d
    for service in mapped bare; do
        within "$PATIENCE_S" logged "$service" 0
        equal "$(lines "$service")" 0
        equal "$(inside "$service" whose)" 0
    done
    for service in guarded guarded_bare; do
        within "$PATIENCE_S" logged "$service" 1000
        equal "$(inside "$service" whose)" 1000
    done
}

@test "process 1 has the sets of capabilities that its user has, whoever made it" {
    # MKNOD and AUDIT_WRITE are of no use in a user namespace.
    local none=0000000000000000 usual=00000000a80425fb mapped=00000000800425fb most service
    compose_file <<'END'
x-any: &any {image: evil, command: [sh, -c, "grep ^Cap /proc/self/status | cut -f2 | tr '\n' ' '; echo; exec sleep 1000"]}
services:
  root: *any
  root_bare: {<<: *any, userns_mode: host}
  app: {<<: *any, user: app}
  app_bare: {<<: *any, user: app, userns_mode: host}
  number: {<<: *any, user: "4711"}
  init: {<<: *any, user: app, init: true}
END
    ok up -d
    for service in root root_bare app app_bare number init; do
        within "$PATIENCE_S" logged "$service" "$none"
        case $service in
            *_bare) most=$usual ;;
            *) most=$mapped ;;
        esac
        case $service in
            root*) equal "$(lines "$service")" "$none $most $most $most $none " ;;
            *) equal "$(lines "$service")" "$none $none $none $most $none " ;;
        esac
    done
    equal "$(inside init sh -c 'grep ^Cap /proc/1/status | cut -f2 | tr "\n" " "')" "$none $none $none $mapped $none "
}

@test "a working directory that is no folder of the container's is refused, of a service and of exec" {
    local path
    compose_file <<'END'
services:
  a: {image: evil, command: [sleep, "1000"]}
END
    ok up -d
    for path in /proc/self/fd/{3..12} /proc/1/fd/{3..8} /proc/self/fd/../fd/5; do
        yawl exec -T -w "$path" a sh -c 'pwd; ls'
        [ "$status" -ne 0 ] && [ -z "$stdout" ] || fail "$path is '$stdout'"
    done
    # These are folders of its own.
    equal "$(inside -w /proc/1/cwd/../../.. a sh -c 'ls -d tmp out')" $'out\ntmp'
    for path in /proc/self/fd/{3..8}; do
        compose_file <<END
services:
  a: {image: evil, command: [sh, -c, "pwd; ls; exec sleep 1000"], working_dir: $path}
END
        yawl up -d
        [ "$status" -ne 0 ] || fail "$path was taken"
        equal "$(lines a)" ""
    done
}

@test "looking into a container from outside runs nothing of its image" {
    mkdir -p out in
    chmod 777 out
    echo mine >in/file
    compose_file <<'END'
services:
  a: {image: evil, volumes: ["./out:/out"], command: [sleep, "1000"]}
END
    ok up -d
    # What every program of the host that came to run in there would run.
    inside a sh -c 'cp /lib*/ld-* /lib/libnss_files.so.2; for f in tar xz gzip ps top; do rm -f /bin/$f; cp /lib/libnss_files.so.2 /bin/$f; done'
    ok cp a:/etc fetched
    ok cp in a:/tmp/in
    ok top
    ok stats --no-stream
    ok logs
    ok ps
    equal "$(inside a cat /tmp/in/file)" mine
    [ ! -e out/impostor ] || fail "something of the image has run: $(<out/impostor)"
}
