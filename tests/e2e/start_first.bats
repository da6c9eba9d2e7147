#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
load helpers

setup_file() { e2e_setup_file; }
teardown_file() { e2e_teardown_file; }
setup() { e2e_setup; }
teardown() { e2e_teardown; }

# stack WORD [TEST]: a server that says WORD, ready a while after its start, on $PORT.
stack() {
    compose_file <<END
services:
  web:
    image: box
    init: true
    command: [sh, -c, "mkdir /www; echo $1 > /www/index.html; httpd -p 80 -h /www; sleep 1; touch /ready; trap exit TERM; sleep 1000 & wait"]
    ports: ["127.0.0.1:$PORT:80"]
    healthcheck: {test: [CMD, test, -e, ${2:-/ready}], interval: 200ms, retries: 10}
    deploy: {update_config: {order: start-first}}
END
}

# Asks again and again until there is a file `enough`.
ask() {
    until [ -e enough ]; do
        curl -s --max-time 5 --noproxy '*' "http://127.0.0.1:$PORT/" || echo none
    done
}

@test "with start-first the new container is ready before the old one stops, and has its port" {
    PORT=$(free_port)
    stack old
    ok up -d --wait
    equal "$(fetch "http://127.0.0.1:$PORT/")" old
    background ask ask
    stack new
    ok up -d
    equal "$(fetch "http://127.0.0.1:$PORT/")" new
    touch enough
    wait "$pid"
    equal "$(uniq ask.out | tr '\n' ' ')" "old new "
    equal "$("$YAWL" ps -a -q)" "$PROJECT-web-2"
    equal "$("$YAWL" port web 80)" "127.0.0.1:$PORT"
    ok up -d
    equal "$("$YAWL" ps -a -q)" "$PROJECT-web-2"
    stack newer
    ok up -d
    equal "$("$YAWL" ps -a -q)" "$PROJECT-web-1"
    equal "$(fetch "http://127.0.0.1:$PORT/")" newer
}

@test "a new container that never is ready leaves the old one in its place" {
    PORT=$(free_port)
    stack old
    ok up -d --wait
    stack broken /never
    refused up -d
    contains "$stderr" "container $PROJECT-web-2 is unhealthy"
    equal "$(fetch "http://127.0.0.1:$PORT/")" old
    kill -KILL "$(role_pids supervisor)"
    within 5 role_pids supervisor
    equal "$(fetch "http://127.0.0.1:$PORT/")" old
    stack fixed
    ok up -d
    equal "$("$YAWL" ps -a -q)" "$PROJECT-web-3"
    equal "$(fetch "http://127.0.0.1:$PORT/")" fixed
}

@test "what yields is stopped at once when asked for" {
    PORT=$(free_port)
    stack old
    ok up -d --wait
    stack broken /never
    refused up -d
    ok stop -t 1
    equal "$("$YAWL" ps -q)" ""
}
