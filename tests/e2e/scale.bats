#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
load helpers

setup_file() { e2e_setup_file; }
teardown_file() { e2e_teardown_file; }
setup() { e2e_setup; }
teardown() { e2e_teardown; }

names() {
    "$YAWL" ps -a -q "$@" | tr '\n' ' '
}

two_services() {
    compose_file <<'END'
services:
  a: {image: box, command: [sleep, "1000"], scale: 2, environment: {WORD: "${WORD:-old}"}}
  b: {image: box, command: [sleep, "1000"], depends_on: [a]}
END
}

@test "--scale wins over the file, and the file's number comes back without it" {
    two_services
    ok up -d --scale a=3 --scale b=2
    equal "$(names)" "$PROJECT-a-1 $PROJECT-a-2 $PROJECT-a-3 $PROJECT-b-1 $PROJECT-b-2 "
    ok up -d
    equal "$(names)" "$PROJECT-a-1 $PROJECT-a-2 $PROJECT-b-1 "
}

@test "a service may be scaled to nothing, and what depends on it starts" {
    two_services
    ok up -d --scale a=0
    equal "$(names)" "$PROJECT-b-1 "
    equal "$(json b State)" running
}

@test "scale changes the number and leaves other services alone" {
    two_services
    ok scale a=3
    equal "$(names)" "$PROJECT-a-1 $PROJECT-a-2 $PROJECT-a-3 "
    ok scale a=1
    equal "$(names)" "$PROJECT-a-1 "
    refused scale
    refused scale a=many
    contains "$stderr" 'invalid --scale option "a=many"'
    refused scale nope=1
    contains "$stderr" "no such service: nope"
}

@test "of too many containers the outdated ones go first" {
    two_services
    ok up -d --scale a=1 a
    WORD=new ok up -d --no-recreate --scale a=3 a
    WORD=new ok up -d --scale a=2 a
    equal "$(names a)" "$PROJECT-a-2 $PROJECT-a-3 "
    WORD=new ok up -d --scale a=3 a
    equal "$(names a)" "$PROJECT-a-2 $PROJECT-a-3 $PROJECT-a-4 "
}

@test "a fixed name cannot be scaled" {
    compose_file <<'END'
services:
  a: {image: box, command: [sleep, "1000"], container_name: the-one}
END
    refused up -d --scale a=2
    contains "$stderr" "allows one container"
}
