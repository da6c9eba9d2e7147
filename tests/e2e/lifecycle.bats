#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# pause, unpause, rm, wait, top, port, volumes, start --wait, kill
load helpers

setup_file() { e2e_setup_file; }
teardown_file() { e2e_teardown_file; }
setup() { e2e_setup; }
teardown() { e2e_teardown; }

counter() {
    compose_file <<'END'
services:
  a:
    image: box
    command: [sh, -c, "trap 'echo bye; exit' TERM; while :; do date +%s%N > /now; sleep 0.05; done"]
    healthcheck: {test: [CMD, test, -e, /now], interval: 200ms, timeout: 10s, retries: 1, start_period: 10s}
END
}

@test "a paused container stands still, says so, and stays healthy" {
    counter
    ok up -d --wait
    ok pause
    equal "$(json a State)" paused
    yawl ps
    matches "$stdout" ' Up .* \(Paused\)'
    local pid state
    pid=$(host_pid a)
    state=$(sed -n 's/^[0-9]* (.*) \(.\).*/\1/p' "/proc/$pid/stat")
    sleep 0.6
    refused pause
    contains "$stderr" "container $PROJECT-a-1 is already paused"
    refused exec -T a true
    ok unpause
    equal "$(json a State)" running
    is_health a healthy
    refused unpause
    contains "$stderr" "is not paused"
}

@test "a paused container can be stopped, restarted and killed" {
    counter
    ok up -d
    ok pause
    ok stop
    logged a bye
    ok start
    ok pause
    ok restart
    equal "$(json a State)" running
    ok pause
    ok kill
    within 5 is_state a exited
}

@test "a pause outlives the supervisor" {
    counter
    ok up -d
    ok pause
    kill -KILL "$(role_pids supervisor)"
    within 5 is_state a paused
    kill -KILL $(role_pids 'keeper|internal-supervisor')
    ok unpause
    equal "$(json a State)" running
}

@test "rm removes stopped containers only, after asking" {
    compose_file <<'END'
services:
  a: {image: box, command: [sleep, "1000"]}
  b: {image: box, command: ["true"]}
END
    ok up -d
    within 5 is_state b exited
    printf 'n\n' >answer
    try "$YAWL" rm <answer
    contains "$stdout" "Going to remove $PROJECT-b-1"
    equal "$(json b State)" exited
    printf 'y\n' >answer
    try "$YAWL" rm <answer
    equal "$status" 0
    equal "$(json b State)" ""
    ok rm -f
    contains "$stderr" "No stopped containers"
    ok rm -f -s
    equal "$("$YAWL" ps -a -q)" ""
}

@test "wait tells how containers end" {
    compose_file <<'END'
services:
  a: {image: box, command: [sh, -c, "sleep 0.5; exit 7"]}
  b: {image: box, command: ["true"]}
  c: {image: box, command: [sleep, "1000"]}
END
    refused wait a
    contains "$stderr" "no containers for project \"$PROJECT\""
    ok up -d
    yawl wait a b
    equal "$status" 7
    contains "$stdout" "container \"$PROJECT-a-1\" exited with status code 7"
    contains "$stdout" "container \"$PROJECT-b-1\" exited with status code 0"
    # Both have ended before: a was the last all the same.
    yawl wait a b
    equal "$status" 7
    yawl wait --down-project b
    equal "$status" 0
    equal "$("$YAWL" ps -a -q)" ""
}

@test "top shows the processes of each container" {
    compose_file <<'END'
services:
  a: {image: box, command: [sh, -c, "sleep 1000 & exec sleep 1001"]}
END
    ok up -d
    within 5 sh -c "'$YAWL' top | grep -q 'sleep 1000'"
    yawl top a
    matches "$stdout" '^SERVICE +# +UID +PID +PPID +C +STIME +TTY +TIME +CMD$'
    matches "$stdout" "^a +1 +[^ ]+ +$(host_pid a) .* sleep 1001\$"
    equal "$(grep -c sleep <<<"$stdout")" 2
}

@test "port tells where a port is published" {
    local port
    port=$(free_port)
    compose_file <<END
services:
  a: {image: box, command: [sleep, "1000"], ports: ["127.0.0.1:$port:80"]}
END
    ok up -d
    ok port a 80
    equal "$stdout" "127.0.0.1:$port"
    refused port a 81
    contains "$stderr" "no port 81/tcp for container $PROJECT-a-1: 127.0.0.1:$port->80/tcp"
    refused port --protocol udp a 80
}

@test "volumes lists those of the project" {
    compose_file <<'END'
services:
  a: {image: box, command: [sleep, "1000"], volumes: ["one:/one"]}
  b: {image: box, command: [sleep, "1000"], volumes: ["two:/two"]}
volumes: {one: {}, two: {}}
END
    ok up -d
    ok volumes
    matches "$stdout" '^DRIVER +VOLUME NAME$'
    matches "$stdout" "^local +${PROJECT}_one\$"
    ok volumes -q b
    equal "$stdout" "${PROJECT}_two"
}

@test "start --wait waits until services are healthy" {
    compose_file <<'END'
services:
  a:
    image: box
    command: [sh, -c, "rm -f /ok; sleep 0.7; touch /ok; exec sleep 1000"]
    healthcheck: {test: [CMD, test, -e, /ok], interval: 100ms, retries: 100}
END
    ok up -d --wait
    ok stop
    ok start --wait
    is_health a healthy
}

@test "kill leaves orphans alone unless told, and says when there is nothing" {
    compose_file <<'END'
services:
  a: {image: box, command: [sleep, "1000"]}
  b: {image: box, command: [sleep, "1000"]}
END
    ok kill
    contains "$stderr" "no container to kill"
    ok up -d
    compose_file <<'END'
services:
  a: {image: box, command: [sleep, "1000"]}
END
    ok kill
    within 5 is_state a exited
    equal "$(json b State)" running
    ok kill --remove-orphans
    within 5 is_state b exited
}

@test "a network that is defined anew is made anew, and what uses it starts again" {
    compose_file <<'END'
services:
  a: {image: box, command: [sleep, "1000"], networks: [front], depends_on: [b]}
  b: {image: box, command: [sleep, "1000"], networks: [front]}
  c: {image: box, command: [sleep, "1000"], networks: [back]}
networks:
  front: {ipam: {config: [{subnet: "${SUBNET:-10.77.1.0/24}"}]}}
  back: {}
END
    ok up -d
    local a b c
    a=$(host_pid a) b=$(host_pid b) c=$(host_pid c)
    SUBNET=10.78.1.0/24 ok up -d
    [ "$(host_pid a)" != "$a" ] || fail "a runs on"
    [ "$(host_pid b)" != "$b" ] || fail "b runs on"
    equal "$(host_pid c)" "$c"
    contains "$(inside a ip -4 addr show eth0)" "inet 10.78.1."
    inside a nslookup b 127.0.0.11 | grep -q 10.78.1.
    a=$(host_pid a)
    SUBNET=10.78.1.0/24 ok up -d
    equal "$(host_pid a)" "$a"
}
