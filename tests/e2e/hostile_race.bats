#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# Containers that change folders while we work in them. The canary is a folder of the host, with the names that the
# folders have: nothing in it may change, nothing may be mounted there, and nothing of it may come out.
#
#   YAWL_E2E_RACES   how many rounds, for each of three links (default 2)
load helpers

setup_file() {
    e2e_setup_file
    CANARY=$E2E/canary
    RACES=${YAWL_E2E_RACES:-2}
    export CANARY RACES
    mkdir -p "$CANARY/deep/er" "$CANARY/bind" "$CANARY/tmp" "$CANARY/sub"
    echo secret-of-the-host >"$CANARY/file"
    cp "$CANARY/file" "$CANARY/sub/file"
    touch "$CANARY/fifo"
    chmod -R go+rwX "$CANARY"
    canary_state >"$E2E/canary.before"

    mkdir -p "$E2E/tree/bin" "$E2E/tree/data/sub" "$E2E/tree/data/deep/er" "$E2E/tree/tmp"
    cp "$(command -v busybox)" "$E2E/tree/bin/busybox"
    chroot "$E2E/tree" /bin/busybox --install -s /bin
    cc -O2 -static -o "$E2E/tree/bin/swapper" "$TOOLS/swapper.c"
    echo mine >"$E2E/tree/data/file"
    echo mine >"$E2E/tree/data/sub/file"
    mkfifo -m 0777 "$E2E/tree/data/fifo"
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

# swapping LINK: the file has a service "swap" that exchanges /v/x, a folder, with a link.
swapping() {
    cat <<END
  swap:
    image: evil
    volumes: ["shared:/v"]
    command:
      - sh
      - -c
      - mkdir -p /v/x/sub; echo mine >/v/x/file; echo mine >/v/x/sub/file; ln -s $1 /v/y; echo swaps; exec swapper swap /v/x /v/y
volumes: {shared: , data: }
END
}

@test "mounts below a folder that is swapped with a link stay in the container" {
    local link i refusals=0
    mkdir own
    for link in "$CANARY" "../../../../../../../..$CANARY" "/proc/1/root$CANARY"; do
        {
            cat <<'END'
services:
  victim:
    image: evil
    command: [sleep, "1000"]
    volumes: ["shared:/v", "data:/v/x/deep/er", "./own:/v/x/bind"]
    tmpfs: [/v/x/tmp]
END
            swapping "$link"
        } | compose_file
        ok up -d swap
        within "$PATIENCE_S" logged swap swaps
        yawl up -d victim
        for ((i = 0; i < RACES; i++)); do
            yawl restart -t 0 victim
            [ "$status" -eq 0 ] || {
                matches "$stderr" "mount|mount point|make"
                refusals=$((refusals + 1))
            }
            unharmed
            [ "$status" -ne 0 ] || lacks "$(inside victim sh -c 'cat /v/x/file /v/y/file /v/x/sub/file 2>&1')" secret-of-the-host
        done
        ok down -t 0 -v
    done
    echo "# $refusals of $((3 * RACES)) starts were refused" >&3
}

@test "cp into and out of a folder that is swapped with a link stays in the container" {
    local link i outward=0 inward=0
    mkdir mine
    echo of-mine >mine/file
    for link in "$CANARY" "../../../../../../../..$CANARY" "/proc/1/root$CANARY"; do
        {
            echo services:
            swapping "$link"
        } | compose_file
        ok up -d swap
        within "$PATIENCE_S" logged swap swaps
        for ((i = 0; i < RACES; i++)); do
            rm -rf out
            mkdir out
            yawl cp swap:/v/x out/folder
            [ "$status" -ne 0 ] || outward=$((outward + 1))
            yawl cp -a -L swap:/v/x out/followed
            yawl cp swap:/v/x/file out/file
            yawl cp swap:/v out/all
            ! grep -r -q secret-of-the-host out || fail "the canary's content has come out: $(grep -r secret-of-the-host out)"
            yawl cp mine/file swap:/v/x/file
            [ "$status" -ne 0 ] || inward=$((inward + 1))
            yawl cp -a mine swap:/v/x/sub
            yawl cp mine/. swap:/v/x
            unharmed
        done
        ok down -t 0 -v
    done
    [ "$outward" -gt 0 ] && [ "$inward" -gt 0 ] || fail "nothing was ever copied: $outward, $inward"
}

@test "a volume that somebody changes while it is filled for the first time is filled or not, and nothing else" {
    local i
    compose_file <<END
services:
  taker:
    image: evil
    command: [sh, -c, "echo takes; exec swapper grab /v $CANARY"]
    volumes: [{type: volume, source: shared, target: /v, volume: {nocopy: true}}]
  filler: {image: evil, command: [sleep, "1000"], volumes: ["shared:/data"]}
volumes: {shared: }
END
    ok up -d taker
    within "$PATIENCE_S" logged taker takes
    for ((i = 0; i < RACES; i++)); do
        ok kill taker
        ok rm -s -f filler
        ok start taker
        inside taker sh -c 'rm -rf /v/* /v/.taken-*'
        yawl up -d filler
        unharmed
    done
    ok down -t 0 -v
    unharmed
}
