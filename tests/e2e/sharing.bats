#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
load helpers

setup_file() { e2e_setup_file; }
teardown_file() { e2e_teardown_file; }
setup() { e2e_setup; }
teardown() { e2e_teardown; }

# namespace KIND SERVICE: which one its process 1 is in. (One that shares a PID namespace has another number.)
namespace() {
    readlink "/proc/$(host_pid "$2")/ns/$1"
}


# answers SERVICE: what listens on 127.0.0.1 in the service's network answers it.
answers() {
    [ "$(inside "$1" wget -q -O - http://127.0.0.1:8080/)" = hello ]
}

web() {
    cat <<END
    image: box
    command: [sh, -c, "mkdir -p /www && echo -n hello >/www/index.html && exec httpd -f -p 8080 -h /www"]
END
}

shared_network() {
    compose_file <<END
services:
  owner:
    image: box
    hostname: house
    restart: always
    command: [sleep, "1000"]
  web:
$(web)
    network_mode: service:owner
  other:
    image: box
    network_mode: service:owner
    command: [sleep, "1000"]
END
}

@test "who shares a network namespace is reached on 127.0.0.1 and keeps all else for itself" {
    shared_network
    ok up -d
    within 5 answers owner
    within 5 answers other
    equal "$(namespace net web)" "$(namespace net owner)"
    equal "$(namespace user web)" "$(namespace user owner)"
    for kind in pid ipc mnt uts cgroup; do
        [ "$(namespace $kind web)" != "$(namespace $kind owner)" ] || fail "$kind is shared"
    done
    equal "$(inside web hostname)" house
    equal "$(inside web cat /etc/hosts)" "$(inside owner cat /etc/hosts)"
    inside web nslookup owner 127.0.0.11 >/dev/null
}

@test "the network stays when its owner ends, and the owner comes back into it" {
    shared_network
    ok up -d
    within 5 answers other
    local before owner web
    before=$(namespace net web) owner=$(host_pid owner) web=$(host_pid web)
    kill -KILL "$owner"
    answers other
    within 5 sh -c "[ \"\$($YAWL ps --format json owner | jq -r .State)\" = running ]"
    within 5 answers owner
    equal "$(namespace net owner)" "$before"
    equal "$(host_pid web)" "$web"
    [ "$(host_pid owner)" != "$owner" ]
    equal "$(inside owner ip -o -4 address show eth0 | wc -l)" 1
    equal "$(inside owner stat -c %i /etc/hosts /etc/resolv.conf)" "$(inside web stat -c %i /etc/hosts /etc/resolv.conf)"
}

@test "a network shared by living containers outlasts the supervisor and is adopted without its owner" {
    shared_network
    sed -i 's/restart: always/restart: "no"/' compose.yaml
    ok up -d
    within 5 answers other
    kill -KILL "$(host_pid owner)"
    within 5 is_state owner exited
    kill -KILL "$(role_pids supervisor)"
    within 10 answers other
    ok up -d owner
    within 5 answers owner
    equal "$(namespace net owner)" "$(namespace net other)"
}

@test "a restart of the owner restarts who shares with it" {
    shared_network
    ok up -d
    within 5 answers other
    local web
    web=$(host_pid web)
    ok restart owner
    within 10 answers other
    [ "$(host_pid web)" != "$web" ]
    equal "$(namespace net web)" "$(namespace net owner)"
}

@test "published ports lead to whoever listens in the shared network" {
    local port
    port=$(free_port)
    compose_file <<END
services:
  owner: {image: box, command: [sleep, "1000"], ports: ["127.0.0.1:$port:8080"]}
  web:
$(web)
    network_mode: service:owner
END
    ok up -d
    within 5 fetch "http://127.0.0.1:$port/"
    compose_file <<END
services:
  owner: {image: box, command: [sleep, "1000"]}
  web: {image: box, network_mode: service:owner, ports: ["127.0.0.1:$port:8080"], command: [sleep, "1000"]}
END
    refused up -d
    contains "$stderr" ports
}

@test "who shares a PID namespace sees its processes, is not process 1, and comes back with it" {
    compose_file <<'END'
services:
  owner: {image: box, restart: always, command: [sleep, "1234"]}
  peer: {image: box, pid: "service:owner", command: [sh, -c, "trap 'exit 0' TERM; while :; do sleep 0.1; done"]}
END
    ok up -d
    contains "$(inside peer ps)" "sleep 1234"
    equal "$(namespace pid peer)" "$(namespace pid owner)"
    [ "$(namespace net peer)" != "$(namespace net owner)" ]
    [ "$(namespace mnt peer)" != "$(namespace mnt owner)" ]
    local peer
    peer=$(host_pid peer)
    kill -KILL "$(host_pid owner)"
    within 10 sh -c "$YAWL exec -T peer ps | grep -q 'sleep 1234'"
    [ "$(host_pid peer)" != "$peer" ]
    ok stop -t 20 peer
    [ "$(json peer ExitCode)" = 0 ]
}

@test "who shares an IPC namespace shares System V and POSIX memory" {
    compose_file <<'END'
services:
  owner: {image: box, ipc: shareable, command: [sleep, "1000"]}
  peer: {image: box, ipc: "service:owner", command: [sleep, "1000"]}
  alone: {image: box, command: [sleep, "1000"]}
END
    ok up -d
    equal "$(namespace ipc peer)" "$(namespace ipc owner)"
    inside owner sh -c "echo shared >/dev/shm/word"
    equal "$(inside peer cat /dev/shm/word)" shared
    refused_inside alone cat /dev/shm/word
    [ "$(namespace ipc alone)" != "$(namespace ipc owner)" ]
}

refused_inside() {
    ! inside "$@" 2>/dev/null
}

@test "several namespaces of several services are shared within one user namespace" {
    compose_file <<'END'
services:
  a: {image: box, command: [sleep, "1000"]}
  b: {image: box, command: [sleep, "1000"]}
  c: {image: box, network_mode: "service:a", pid: "service:b", command: [sleep, "1000"]}
END
    ok up -d
    equal "$(namespace net c)" "$(namespace net a)"
    equal "$(namespace pid c)" "$(namespace pid b)"
    equal "$(namespace user a)" "$(namespace user b)"
    equal "$(namespace user c)" "$(namespace user b)"
}

@test "who shares has no more capabilities than anybody else, and none over the host" {
    compose_file <<'END'
services:
  owner: {image: box, command: [sleep, "1000"]}
  peer: {image: box, network_mode: "service:owner", pid: "service:owner", command: [sleep, "1000"]}
END
    ok up -d
    equal "$(inside peer grep -h -E '^(Cap|Seccomp|NoNew)' /proc/self/status)" \
        "$(inside owner grep -h -E '^(Cap|Seccomp|NoNew)' /proc/self/status)"
    refused_inside peer ip link set eth0 down
    refused_inside peer mount -t tmpfs none /mnt
}

@test "container:NAME names a container of the project, and a partner that does not run is said" {
    compose_file <<END
services:
  owner: {image: box, command: [sleep, "1000"]}
  peer: {image: box, network_mode: "container:$PROJECT-owner-1", depends_on: [owner], command: [sleep, "1000"]}
END
    ok up -d
    equal "$(namespace net peer)" "$(namespace net owner)"
    ok stop
    yawl start peer
    contains "$stderr$("$YAWL" logs peer 2>&1)" "share the network namespace of '$PROJECT-owner-1': it does not run"
}

@test "uts: host shows the host's name" {
    compose_file <<'END'
services:
  a: {image: box, uts: host, command: [sleep, "1000"]}
END
    ok up -d
    equal "$(inside a hostname)" "$(hostname)"
}
