#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# Which replicas a name leads to while they come, fall ill and go.
load helpers

setup_file() { e2e_setup_file; }
teardown_file() { e2e_teardown_file; }
setup() { e2e_setup; }
teardown() { e2e_teardown; }

@test "a replica that is told to stop has left its name before" {
    # It looks itself up when the signal comes, and takes its time to end.
    compose_file <<'END'
services:
  web:
    image: box
    scale: 2
    command: [sh, /leave.sh]
    configs: [{source: leave, target: /leave.sh}]
  client: {image: box, command: [sleep, "1000"]}
configs: {leave: {file: leave.sh}}
END
    cat >leave.sh <<'END'
leave() {
    nslookup -type=a web | sed -n '/^Name:/,$s/^Address: */left: /p'
    echo left
    exit
}
trap leave TERM
echo ready
while :; do sleep 0.1; done
END
    ok up -d
    local second
    second=$("$YAWL" exec -T --index 2 web hostname -i)
    within 5 sh -c "[ \$('$YAWL' logs web | grep -c ready) -eq 2 ]"
    within 5 sh -c "'$YAWL' exec -T client nslookup -type=a web | grep -q -F 'Address: $second'"
    background logs "$YAWL" logs -f --no-log-prefix web
    ok scale web=1
    within 10 grep -q '^left$' logs.out
    grep -q '^left: ' logs.out # the other one is there
    lacks "$(cat logs.out)" "left: $second"
}

# How many addresses the name has for the client.
answers() {
    inside client nslookup -type=a web | sed -n '/^Name:/,$s/^Address: *//p' | sort -u | wc -l
}
has_answers() {
    [ "$(answers)" -eq "$1" ]
}

@test "an unhealthy replica drops out of the name, and comes back; when all are, they are answered" {
    compose_file <<'END'
services:
  web:
    image: box
    scale: 2
    command: [sleep, "1000"]
    healthcheck: {test: [CMD, test, "!", -e, /tmp/sick], interval: 300ms, retries: 1}
  client: {image: box, command: [sleep, "1000"]}
END
    ok up -d --wait
    within 5 has_answers 2
    "$YAWL" exec -T --index 1 web touch /tmp/sick
    within 10 has_answers 1
    equal "$(inside client nslookup -type=a web | sed -n '/^Name:/,$s/^Address: *//p')" \
        "$("$YAWL" exec -T --index 2 web hostname -i)"
    "$YAWL" exec -T --index 2 web touch /tmp/sick
    within 10 has_answers 2
    "$YAWL" exec -T --index 1 web rm /tmp/sick
    within 10 has_answers 1
}
