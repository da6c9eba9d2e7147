#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# The program as an ordinary user, whom root makes for this file; without root, as whoever runs the tests.
load helpers

setup_file() {
    if [ "$(id -u)" -eq 0 ]; then
        export YAWL_E2E_USER=${YAWL_E2E_USER:-yawl-e2e-$$}
        id "$YAWL_E2E_USER" >/dev/null 2>&1 || useradd --create-home "$YAWL_E2E_USER"
    fi
    e2e_setup_file
}
teardown_file() {
    e2e_teardown_file
    [ "$YAWL_E2E_USER" != "yawl-e2e-$$" ] || userdel --remove "$YAWL_E2E_USER" 2>/dev/null
}
setup() { e2e_setup; }
teardown() { e2e_teardown; }

user_id() {
    id -u ${YAWL_E2E_USER:+"$YAWL_E2E_USER"}
}

# Everything that a project has, in one.
stack() {
    PORT=$(free_port)
    compose_file <<END
services:
  web:
    image: box
    command: [sh, -c, "mkdir -p /tmp/www; echo hello > /tmp/www/index.html; echo ready; exec httpd -f -p 80 -h /tmp/www"]
    ports: ["127.0.0.1:$PORT:80"]
    volumes: ["kept:/kept", "./here:/here"]
  client:
    image: box
    user: app
    command: [sleep, "1000"]
    init: true
    depends_on: [web]
volumes: {kept: {}}
END
}

@test "an ordinary user has the whole of a project, and nothing of it stays" {
    stack
    ok up -d
    within 5 logged web ready
    within 5 fetch "http://127.0.0.1:$PORT/"
    equal "$(inside client wget -q -O - http://web/)" hello
    equal "$(inside client id -u)" 1000
    is_state web running
    equal "$("$YAWL" run --rm -T client sh -c 'wget -q -O - http://web/' 2>/dev/null)" hello
    ok restart -t 1 web
    within 5 fetch "http://127.0.0.1:$PORT/"
    ok stop -t 1
    is_state web exited
    ok start
    within 5 fetch "http://127.0.0.1:$PORT/"
    ok down -t 1 -v
}

@test "what root in a container writes is the user's own, and what others write is not" {
    stack
    ok up -d
    inside web sh -c 'touch /here/mine; touch /here/other; chown app /here/other'
    equal "$(stat -c %u here/mine)" "$(user_id)"
    [ "$(stat -c %u here/other)" -ge 65536 ]
    equal "$(inside web stat -c %u /here/other)" 1000
    equal "$(inside web stat -c %u /data)" 1000
    inside web rm /here/other
}

@test "logs -f shows lines as they come" {
    stack
    ok up -d
    background follow "$YAWL" logs -f --no-log-prefix web
    within 5 grep -q ready follow.out
    inside web sh -c 'echo later > /proc/1/fd/1'
    within 5 grep -q later follow.out
}

@test "containers reach what is outside" {
    local port
    port=$(free_port)
    compose_file <<'END'
services:
  client:
    image: box
    command: [sleep, "1000"]
    extra_hosts: {host.docker.internal: host-gateway}
    x-host-gateway: loopback
END
    echo out there >page
    background server python3 -m http.server --bind 127.0.0.1 "$port"
    within 5 fetch "http://127.0.0.1:$port/page"
    ok up -d
    equal "$(inside client wget -q -O - "http://host.docker.internal:$port/page")" "out there"
}

@test "RUN is built, also where it empties what the image has" {
    cat >Dockerfile <<'END'
FROM box
RUN rm -rf /data && mkdir /data && echo new > /data/new && rm /bin/yes && chown app /data/new
RUN id -u > /who
END
    compose_file <<'END'
services:
  a: {build: ., command: [sleep, "1000"]}
END
    ok up -d
    equal "$(inside a ls /data)" new
    equal "$(inside a stat -c %u /data/new)" 1000
    equal "$(inside a cat /who)" 0
    yawl exec -T a ls /bin/yes
    equal "$status" 1
    ok down --rmi local
}

@test "an archive that the user saves is his" {
    [ -z "${YAWL_E2E_USER-}" ] || chown "$YAWL_E2E_USER" .
    ok save -o box.tar box
    equal "$(stat -c %u box.tar)" "$(user_id)"
}

@test "device nodes of an image are left out, which is said" {
    python3 - layer.tar <<'END'
import sys, tarfile
with tarfile.open(sys.argv[1], "w") as tar:
    for name, minor in (("null", 3), ("zero", 5)):
        node = tarfile.TarInfo("own/" + name)
        node.type, node.devmajor, node.devminor = tarfile.CHRTYPE, 1, minor
        tar.addfile(node)
END
    echo '{}' >config.json
    python3 "$ROOT/tools/oci_image.py" pack --name "$TAG:nodes" --to nodes.tar --config config.json layer.tar
    ok load /dev/stdin <nodes.tar
    contains "$stderr" "2 device nodes are left out, which only root may make"
    ok image rm "$TAG:nodes"
}

# Whoever lives in the namespace keeps it; here that is but a container.
@test "containers whose supervisor and keeper were killed are found again" {
    local before pids
    stack
    ok up -d
    before=$(host_pid web)
    pids=$(role_pids .)
    # shellcheck disable=SC2086  # a list
    kill -STOP $pids
    # shellcheck disable=SC2086
    kill -KILL $pids
    equal "$(inside web cat /proc/1/comm)" httpd
    equal "$(host_pid web)" "$before"
    ok ps
    within 10 fetch "http://127.0.0.1:$PORT/"
    ok down -t 1 -v
}

user_namespace_of() {
    readlink "/proc/$(COMPOSE_PROJECT_NAME=$1 TAG=$1 PROJECT=$1 host_pid a)/ns/user"
}

@test "projects that come up at the same time are in one user namespace" {
    compose_file <<'END'
services:
  a: {image: box, userns_mode: host, command: [sleep, "1000"]}
END
    background one "$YAWL" -p "${PROJECT}a" up -d
    background two "$YAWL" -p "${PROJECT}b" up -d
    within 20 user_namespace_of "${PROJECT}a"
    within 20 user_namespace_of "${PROJECT}b"
    equal "$(user_namespace_of "${PROJECT}a")" "$(user_namespace_of "${PROJECT}b")"
    ok -p "${PROJECT}a" down -t 1
    ok -p "${PROJECT}b" down -t 1
}

@test "without control groups containers are listed, measured and paused by their processes" {
    stack
    ok up -d
    within 5 logged web ready
    matches "$("$YAWL" top web)" 'httpd -f -p 80'
    lacks "$("$YAWL" top web)" sleep
    equal "$("$YAWL" stats --no-stream --format json web | jq -r .PIDs)" 1
    ok pause web
    equal "$(cut -d ' ' -f 3 "/proc/$(host_pid web)/stat")" T
    ok unpause web
    within 5 fetch "http://127.0.0.1:$PORT/"
    ok pause web
    ok down -t 1 -v
}

@test "from a user namespace beside the one that is lived in nothing is begun anew" {
    stack
    ok up -d
    if [ -n "${YAWL_E2E_USER-}" ]; then
        sed 's/ -- / -- unshare --user /' "$YAWL" >beside
        try sh beside ps
    else
        try unshare --user "$YAWL" ps
    fi
    equal "$status" 1
    contains "$stderr" "is in a user namespace that cannot be entered from here"
}

@test "a container can have the network and the processes of the host" {
    compose_file <<'END'
services:
  a: {image: box, network_mode: host, command: [sleep, "1000"]}
  b: {image: box, pid: host, command: [sh, -c, "trap '' TERM; sleep 1000 & sleep 1000"]}
END
    ok up -d
    equal "$(inside a readlink /proc/self/ns/net)" "$(readlink /proc/self/ns/net)"
    equal "$(inside b readlink /proc/self/ns/pid)" "$(readlink /proc/self/ns/pid)"
    equal "$("$YAWL" top b | grep -c 'sleep 1000$')" 2
    ok down -t 1
    nothing_left
}

@test "a limit that cannot be given is told, and the container runs" {
    [ ! -e /sys/fs/cgroup/cgroup.controllers ] || skip "control groups may be delegated here"
    compose_file <<'END'
services:
  a: {image: box, mem_limit: 64m, command: [sleep, "1000"]}
END
    ok up -d
    contains "$stderr" "services.a: it runs without the limit; limit 'mem_limit'"
    is_state a running
}

@test "a port that is for root alone says what to do" {
    [ "$(cat /proc/sys/net/ipv4/ip_unprivileged_port_start)" -gt 81 ] || skip "low ports are free here"
    compose_file <<'END'
services:
  a: {image: box, command: [sleep, "1000"], ports: ["127.0.0.1:81:80"]}
END
    refused up -d
    contains "$stderr" net.ipv4.ip_unprivileged_port_start
}

@test "an uplink of the kernel's is for root" {
    compose_file <<'END'
services: {a: {image: box, command: [sleep, "1000"]}}
networks: {default: {x-uplink: kernel}}
END
    refused up -d
    contains "$stderr" "is for root"
}

@test "a user without subordinate ids is told how to get some" {
    local place
    [ "$(id -u)" -eq 0 ] || skip "only root can make such a user"
    place=$(mktemp -d /var/tmp/yawl-e2e.XXXXXX)
    chown 64999 "$place"
    sed 's/setpriv .* -- /setpriv --reuid 64999 --regid 64999 --clear-groups -- /' "$YAWL" >nobody
    try env YAWL_DATA_ROOT="$place/data" YAWL_RUN_ROOT="$place/run" sh nobody ls
    rm -r "$place"
    equal "$status" 1
    contains "$stderr" "usermod --add-subuids"
}

@test "a missing newuidmap is named" {
    mkdir programs
    ln -s "$(command -v setpriv)" programs/
    try env PATH="$DIR/programs" YAWL_RUN_ROOT="$DIR/run" "$YAWL" ls
    equal "$status" 1
    contains "$stderr" "there is no 'newuidmap'"
}

@test "without a runtime directory of the login there is one in /tmp" {
    local place
    place=/tmp/yawl-$(user_id)
    [ ! -e "/run/user/$(user_id)" ] || skip "there is one of the login"
    [ ! -e "$place" ] || skip "'$place' is there already"
    try env -u YAWL_RUN_ROOT -u XDG_RUNTIME_DIR "$YAWL" ls
    equal "$status" 0
    equal "$(stat -c '%u %a' "$place")" "$(user_id) 700"
    rm -r "$place"
}
