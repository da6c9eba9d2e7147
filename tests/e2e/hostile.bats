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
    printf '#!/proc/self/exe\n' >"$E2E/tree/evil"
    chmod 755 "$E2E/tree/evil"
    tar -C "$E2E/tree" -cf "$E2E/evil.tar" .
    "$YAWL" image import "$E2E/evil.tar" evil
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
