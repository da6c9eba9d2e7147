#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# Images whose files lead to the host, wherever something is made, mounted, written or read while a container is set up.
# The canary is a folder of the host; nothing in it may change, and nothing of it may be seen inside.
load helpers

setup_file() {
    e2e_setup_file
    CANARY=$E2E/canary
    export CANARY
    mkdir -p "$CANARY/deep/er" "$CANARY/pts"
    echo 'root:x:0:0:secret-of-the-host:/:/bin/sh' >"$CANARY/file"
    echo secret-of-the-host >"$CANARY/deep/file"
    touch "$CANARY/ptmx" "$CANARY/console" "$CANARY/null" "$CANARY/fd"
    chmod -R a+rwX "$CANARY"
    canary_state >"$E2E/canary.before"
    local form
    for form in absolute relative proc; do
        make_image "$form"
    done
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
}

# link FORM PATH: how a link of an image may name a file of the canary.
link() {
    case $1 in
        absolute) echo "$CANARY/$2" ;;
        relative) echo "../../../../../../../../..$CANARY/$2" ;;
        proc) echo "/proc/1/root$CANARY/$2" ;;
    esac
}

# An image of busybox, where the files of /etc, the working directory and all mount points are links to the canary.
make_image() {
    local tree=$E2E/$1 name
    mkdir -p "$tree/bin" "$tree/etc" "$tree/tmp" "$tree/run"
    cp "$(command -v busybox)" "$tree/bin/busybox"
    for name in sh cat echo sleep stat ls head; do
        ln -s busybox "$tree/bin/$name"
    done
    for name in hosts hostname resolv.conf passwd group; do
        ln -s "$(link "$1" file)" "$tree/etc/$name"
    done
    for name in work volume bind anonymous tmpfs run/secrets config; do
        ln -s "$(link "$1" deep)" "$tree/$name"
    done
    ln -s "$(link "$1" '')" "$tree/parent"
    # What the links name is there inside as well, empty, so that containers come to run.
    mkdir -p "$tree$CANARY/deep/er" "$tree$CANARY/pts"
    touch "$tree$CANARY/file"
    tar -C "$tree" -cf "$E2E/$1.tar" .
    "$YAWL" image import --change 'WORKDIR /work/new' --change 'VOLUME /anonymous' --change 'ENV PATH=/bin' \
        --change 'CMD ["sh", "-c", "echo runs; cat /volume/* /anonymous/* /etc/passwd; echo lost >/etc/hosts; exec sleep 1000"]' \
        "$E2E/$1.tar" "$1"
}

stack() {
    mkdir -p data
    echo content >data/mine
    cat <<END
x-any: &any
    image: $1
    volumes: ["volume:/volume", "./data:/bind", "volume:/parent/deep/er", "./data:/parent/pts"]
    tmpfs: [/tmpfs/new, /parent/deep/tmpfs]
    secrets: [secret]
    configs: [{source: config, target: /config/file}]
services:
  mapped: *any
  bare: {<<: *any, userns_mode: host}
  host: {<<: *any, network_mode: host}
volumes: {volume: }
secrets: {secret: {file: ./data/mine}}
configs: {config: {content: mine}}
END
}

# In whatever state the service is, it has seen nothing of the canary.
saw_nothing() {
    lacks "$(lines "$1")" secret-of-the-host
    is_state "$1" running || return 0
    within 10 logged "$1" runs
    lacks "$(inside "$1" sh -c 'cat /work/* /volume/* /anonymous/* /etc/passwd /parent/file 2>&1')" secret-of-the-host
}

@test "nothing is made or changed where an image's links lead, and nothing read from there" {
    local form service
    for form in absolute relative proc; do
        stack "$form" | compose_file
        yawl up -d
        unharmed
        for service in mapped bare host; do
            saw_nothing "$service"
        done
        [ "$form" = proc ] || is_state bare running || fail "nothing runs: $stderr"
        unharmed
        ok down -t 0 -v
    done
}

@test "an image whose links lead to its own files runs" {
    local tree=$DIR/own
    mkdir -p "$tree/usr/etc" "$tree/srv/data" "$tree/tmp"
    cp -a "$E2E/absolute/bin" "$tree"
    ln -s usr/etc "$tree/etc"
    ln -s /srv/data "$tree/volume"
    echo own >"$tree/srv/data/file"
    echo root:x:0:0::/:/bin/sh >"$tree/usr/etc/passwd"
    tar -C "$tree" -cf own.tar .
    ok image import --change 'ENV PATH=/bin' own.tar own
    compose_file <<'END'
services:
  a: {image: own, user: root, command: [sleep, "1000"], volumes: ["volume:/volume"], tmpfs: [/volume/deep/tmpfs]}
volumes: {volume: }
END
    ok up -d
    equal "$(inside a cat /srv/data/file)" own
    contains "$(inside a cat /usr/etc/hosts)" localhost
    contains "$(inside a cat /proc/mounts)" " /srv/data/deep/tmpfs tmpfs"
}

@test "a link in place of /proc, /sys or /dev is refused, and the folder that it leads to is left alone" {
    local name
    for name in proc sys dev; do
        mkdir "tree-$name"
        cp -a "$E2E/absolute/bin" "tree-$name"
        ln -s "$CANARY" "tree-$name/$name"
        tar -C "tree-$name" -cf "$name.tar" .
        ok image import --change 'CMD ["/bin/sleep", "1000"]' "$name.tar" "bad-$name"
        compose_file <<END
services:
  mapped: {image: bad-$name}
  bare: {image: bad-$name, userns_mode: host}
  tty: {image: bad-$name, userns_mode: host, tty: true}
END
        yawl up -d
        [ "$status" -ne 0 ] || fail "a link in place of /$name was taken"
        contains "$stderr" "mount on '$name': the image has something there that is no directory"
        unharmed
        ok down -t 0
    done
}

@test "devices of an image are nobody's" {
    local service
    mkdir -p tree/dev/pts tree/etc
    cp -a "$E2E/absolute/bin" tree
    mknod tree/dev/null c 1 11
    mknod tree/dev/console c 1 11
    mknod tree/dev/pts/0 c 1 11
    mknod tree/disk b 7 0
    mknod tree/etc/passwd c 1 11
    mkfifo tree/etc/group
    tar -C tree -cf devices.tar .
    ok image import --change 'ENV PATH=/bin' --change 'CMD ["sleep", "1000"]' devices.tar devices
    compose_file <<'END'
services:
  mapped: {image: devices}
  bare: {image: devices, userns_mode: host, tty: true}
END
    ok up -d
    for service in mapped bare; do
        equal "$(inside "$service" stat -c %t:%T /dev/null)" 1:3
        lacks "$(inside "$service" stat -c %t:%T /dev/console /dev/pts/0 2>&1)" 1:b
        lacks "$(inside "$service" sh -c 'head -c 1 /disk && echo read' 2>&1)" read
    done
}
