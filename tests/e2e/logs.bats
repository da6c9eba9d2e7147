#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
load helpers

setup_file() { e2e_setup_file; }
teardown_file() { e2e_teardown_file; }
setup() { e2e_setup; }
teardown() { e2e_teardown; }

@test "logs merges the services and prefixes each line" {
    compose_file <<'END'
services:
  a: {image: box, command: [sh, -c, "echo first; exec sleep 1000"]}
  longer: {image: box, command: [sh, -c, "sleep 0.5; echo second; exec sleep 1000"]}
END
    ok up -d
    within 5 logged longer second
    ok logs
    equal "$stdout" "a-1       | first
longer-1  | second"
}

@test "logs of one service, without prefix, newest n" {
    compose_file <<'END'
services:
  a: {image: box, command: [sh, -c, "seq 1 100; exec sleep 1000"]}
  b: {image: box, command: [sh, -c, "echo other; exec sleep 1000"]}
END
    ok up -d
    within 5 logged a 100
    ok logs --no-log-prefix -n 3 a
    equal "$stdout" "98
99
100"
    ok logs -n 0 a
    equal "$stdout" ""
}

@test "logs -f follows new lines and ends when the service does" {
    compose_file <<'END'
services:
  a: {image: box, command: [sh, -c, "echo one; sleep 1; echo two; sleep 0.5; echo three"]}
END
    ok up -d
    background follow "$YAWL" logs -f --no-log-prefix a
    within 10 grep -q three follow.out
    within 5 sh -c "! kill -0 $pid"
    equal "$(grep -E '^(one|two|three)$' follow.out | tr '\n' ' ')" "one two three "
}

@test "standard error and standard output are both kept, in order" {
    compose_file <<'END'
services:
  a: {image: box, command: [sh, -c, "echo out; sleep 0.2; echo err >&2; sleep 0.2; echo out again; exec sleep 1000"]}
END
    ok up -d
    within 5 logged a again
    equal "$(lines a | tr '\n' ' ')" "out err out again "
}

@test "a line without its end, bytes that are no text, and a very long line pass through" {
    compose_file <<'END'
services:
  a:
    image: box
    command: [sh, -c, "printf 'x%.0s' $$(seq 1 200000); echo; printf '\\377\\376\\n'; printf unfinished"]
END
    ok up
    within 5 is_state a exited
    equal "$("$YAWL" logs --no-log-prefix a | head -n 1 | tr -d '\n' | wc -c)" 200000
    equal "$("$YAWL" logs --no-log-prefix a | sed -n 2p | od -An -tx1 | tr -d ' ')" fffe0a
    equal "$("$YAWL" logs --no-log-prefix a | tail -n 1)" unfinished
}

@test "timestamps are RFC 3339" {
    compose_file <<'END'
services:
  a: {image: box, command: [echo, hello]}
END
    ok up
    ok logs -t a
    matches "$stdout" '^a-1 +\| [0-9-]{10}T[0-9:]{8}\.[0-9]+(Z|[+-][0-9:]+) hello$'
}

@test "logs of an unknown service is an error" {
    compose_file <<'END'
services:
  a: {image: box, command: [sleep, "1000"]}
END
    ok up -d
    refused logs nope
    contains "$stderr" nope
}

@test "the log survives a stop and a start" {
    compose_file <<'END'
services:
  a: {image: box, command: [sh, -c, "echo run; exec sleep 1000"]}
END
    ok up -d
    within 5 logged a run
    ok stop
    ok start
    within 5 sh -c "[ \$('$YAWL' logs --no-log-prefix a | grep -c run) -eq 2 ]"
}

@test "colours are used on a terminal only" {
    compose_file <<'END'
services:
  a: {image: box, command: [echo, hello]}
END
    ok up
    ok logs
    lacks "$stdout" $'\e['
    script -q -e -c "'$YAWL' logs" /dev/null >tty.out </dev/null
    grep -q $'\e\\[' tty.out || fail "no colour on a terminal: $(cat -v tty.out)"
    NO_COLOR=1 script -q -e -c "'$YAWL' logs" /dev/null >plain.out </dev/null
    ! grep -q $'\e\\[3' plain.out || fail "colour in spite of NO_COLOR"
}

@test "a container that writes 50,000 lines a second loses none" {
    compose_file <<'END'
services:
  a: {image: box, command: [flood, "50000", "150000"], logging: {options: {max-size: 100m}}}
END
    ok up -d
    within 30 is_state a exited
    "$YAWL" logs --no-log-prefix a | grep -v exited >got
    seq 1 150000 | cmp - got
}
