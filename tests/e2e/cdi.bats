#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# Devices by CDI: specifications of vendors become part of containers.
load helpers

setup_file() { e2e_setup_file; }
teardown_file() { e2e_teardown_file; }
setup() {
    e2e_setup
    mkdir "$DIR/cdi"
    export YAWL_CDI_DIRS=$DIR/cdi
    echo driver >"$DIR/driver"
    cat >"$DIR/hook" <<'END'
#!/bin/sh
# As vendors' hooks do: the state leads to the bundle, its configuration to the root.
bundle=$(sed 's/.*"bundle":"\([^"]*\)".*/\1/')
root=$(sed 's/.*"path":"\([^"]*\)".*/\1/' "$bundle/config.json")
echo "$* $WORD" >"$bundle/$root/made-by-hook"
END
    chmod 755 "$DIR/hook" "$DIR"
    cat >"$DIR/cdi/vendor.yaml" <<END
cdiVersion: 0.6.0
kind: vendor.com/class
containerEdits:
  env: [COMMON=yes]
devices:
- name: "0"
  containerEdits:
    env: [OWN=zero]
    deviceNodes: [{path: /dev/own0, hostPath: /dev/zero, permissions: rw}]
    mounts: [{hostPath: $DIR/driver, containerPath: /usr/lib/driver, options: [ro, nosuid, bind]}]
    hooks: [{hookName: createContainer, path: $DIR/hook, args: [hook, linked], env: [WORD=word, "PATH=/bin:/usr/bin"]}]
- name: bad
  containerEdits: {hooks: [{hookName: poststop, path: /bin/true}]}
END
}
teardown() { e2e_teardown; }

@test "devices of CDI bring nodes, mounts, variables and what their hooks make" {
    compose_file <<'END'
services:
  a:
    image: box
    command: [sleep, "1000"]
    devices: [vendor.com/class=0]
  b:
    image: box
    command: [sleep, "1000"]
    read_only: false
    restart: always
    deploy: {resources: {reservations: {devices: [{driver: cdi, capabilities: [], device_ids: [vendor.com/class=0]}]}}}
END
    chmod 755 "$E2E"
    ok up -d
    local service
    for service in a b; do
        equal "$(inside "$service" sh -c 'echo $COMMON $OWN')" "yes zero"
        equal "$(inside "$service" head -c 3 /dev/own0 | od -An -tx1)" " 00 00 00"
        equal "$(inside "$service" cat /usr/lib/driver)" driver
        equal "$(inside "$service" cat /made-by-hook)" "linked word"
        yawl exec -T "$service" sh -c 'echo x >/usr/lib/driver'
        [ "$status" -ne 0 ] || fail "a read-only mount was written to"
        equal "$(inside "$service" sh -c 'ls /tmp | wc -l')" 0
    done
}

@test "gpus are found by kind, and what is not here is an error at its place" {
    sed 's,vendor.com/class,amd.com/gpu,; s,"0",all,' cdi/vendor.yaml >cdi/amd.yaml
    chmod 755 "$E2E"
    compose_file <<'END'
services:
  a: {image: box, command: [sleep, "1000"], gpus: all}
END
    ok up -d
    equal "$(inside a sh -c 'echo $OWN')" zero
    ok down
    compose_file <<'END'
services:
  a: {image: box, command: [sleep, "1000"], gpus: [{driver: nvidia, count: 2000000000}]}
  b: {image: box, command: [sleep, "1000"], devices: [vendor.com/class=bad]}
  c:
    image: box
    command: [sleep, "1000"]
    deploy: {resources: {reservations: {devices: [{driver: other, capabilities: [tpu]}]}}}
END
    refused up -d
    contains "$stderr" "has a device 'nvidia.com/gpu=0'"
    lacks "$stderr" "has a device 'nvidia.com/gpu=1'"
    contains "$stderr" "'vendor.com/class=bad' wants a hook at 'poststop'"
    contains "$stderr" "there is no driver 'other'"
}

@test "a specification with a mistake is a warning, and others count" {
    echo 'cdiVersion: [' >cdi/broken.yaml
    compose_file <<'END'
services:
  a: {image: box, command: [sleep, "1000"], devices: ["vendor.com/class=1"]}
END
    refused up -d
    contains "$stderr" "CDI specification '$DIR/cdi/broken.yaml'"
    contains "$stderr" "has a device 'vendor.com/class=1'"
}
