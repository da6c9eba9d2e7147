#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
load helpers

setup_file() { e2e_setup_file; }
teardown_file() { e2e_teardown_file; }
setup() { e2e_setup; }
teardown() { e2e_teardown; }

@test "exec runs a command in the container and gives its output and its exit code" {
    compose_file <<'END'
services:
  a: {image: box, command: [sleep, "1000"], environment: {WORD: here}, working_dir: /tmp}
END
    ok up -d
    yawl exec -T a sh -c 'echo $WORD; pwd; echo problem >&2; exit 9'
    equal "$status" 9
    equal "$stdout" "here
/tmp"
    equal "$stderr" problem
}

@test "exec shares the container's processes, network and files" {
    compose_file <<'END'
services:
  a: {image: box, hostname: cage, command: [sh, -c, "echo 5 > /tmp/x; exec sleep 1000"]}
END
    ok up -d
    within 5 inside a test -s /tmp/x
    equal "$(inside a cat /tmp/x)" 5
    equal "$(inside a hostname)" cage
    equal "$(inside a cat /proc/1/comm)" sleep
    equal "$(inside a readlink /proc/self/ns/net)" "$(inside a readlink /proc/1/ns/net)"
}

@test "exec takes another user, more environment and another folder" {
    compose_file <<'END'
services:
  a: {image: box, command: [sleep, "1000"]}
END
    ok up -d
    equal "$(inside -u app -e MORE=yes -w /home/app a sh -c 'id -un; echo $MORE; pwd' 2>&1 | tr '\n' ' ')" "app yes /home/app "
}

@test "exec reads standard input" {
    compose_file <<'END'
services:
  a: {image: box, command: [sleep, "1000"]}
END
    ok up -d
    equal "$(seq 1 20000 | inside a md5sum | cut -c1-32)" "$(seq 1 20000 | md5sum | cut -c1-32)"
}

@test "exec of a program that is not there ends with 127, of one that cannot run with 126" {
    compose_file <<'END'
services:
  a: {image: box, command: [sleep, "1000"]}
END
    ok up -d
    yawl exec -T a nothing-of-that-name
    equal "$status" 127
    contains "$stderr" nothing-of-that-name
    yawl exec -T a /etc/passwd
    equal "$status" 126
}

@test "exec in a service that does not run is an error" {
    compose_file <<'END'
services:
  a: {image: box, command: ["true"]}
END
    ok up
    refused exec -T a true
    contains "$stderr" 'service "a" is not running'
    refused exec -T nope true
}

@test "exec on a terminal gives the process a terminal of that size" {
    compose_file <<'END'
services:
  a: {image: box, command: [sleep, "1000"]}
END
    ok up -d
    script -q -e -c "stty rows 33 cols 77; '$YAWL' exec a sh -c 'tty; stty size'" /dev/null >tty.out </dev/null
    matches "$(tr -d '\r' <tty.out)" '/dev/pts/[0-9]+$'
    matches "$(tr -d '\r' <tty.out)" '33 77$'
    script -q -e -c "'$YAWL' exec -u 5 a sh -c 'echo opened >\$(tty)'" /dev/null >tty.out </dev/null
    contains "$(cat tty.out)" opened
}

@test "a process of exec ends with the container" {
    compose_file <<'END'
services:
  a: {image: box, command: [sleep, "1000"]}
END
    ok up -d
    background side "$YAWL" exec -T a sh -c 'echo in; exec sleep 2000'
    within 5 grep -q in side.out
    ok down
    within 5 sh -c "! kill -0 $pid"
}
