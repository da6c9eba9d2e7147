#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
load helpers

setup_file() { e2e_setup_file; }
teardown_file() { e2e_teardown_file; }
setup() { e2e_setup; }
teardown() { e2e_teardown; }

stack() {
    compose_file <<'END'
services:
  a:
    image: box
    command: [sleep, "1000"]
    environment:
      WORD: "${WORD:-old}"
    volumes: [data:/data]
  b:
    image: box
    command: [sleep, "1000"]
    depends_on: {a: {condition: service_started, restart: true}}
volumes:
  data:
END
}

# planned ARGUMENTS...: `plan` finds something to do.
planned() {
    yawl plan "$@"
    [ "$status" -eq 2 ] || fail "yawl plan $*: exit $status, expected 2"
}

# Every file of ours with its time and content, and what the kernel has of the project.
world() {
    find "$YAWL_DATA_ROOT" "$YAWL_RUN_ROOT" "$DIR" ! -name '.std*' ! -name world.\* ! -path "*/reports*" \
        -printf '%p %y %m %T@ %s\n' | grep -v " d " | sort
    leftovers
}

@test "a stack that is not there is created, and planning it changes nothing" {
    stack
    world >world.before
    planned
    world >world.after
    cmp world.before world.after
    equal "$stdout" "create    network    ${PROJECT}_default  new
create    volume     ${PROJECT}_data     new
create    container  $PROJECT-a-1      new
create    container  $PROJECT-b-1      new
$PROJECT: 4 to create"
}

@test "there is nothing to do for what is up" {
    stack
    ok up -d
    world >world.before
    ok plan
    equal "$stdout" "$PROJECT: nothing to do"
    ok up --dry-run
    world >world.after
    cmp world.before world.after
}

@test "the field that differs is named with both values and its line, and up does what was planned" {
    stack
    ok up -d
    local before_b
    before_b=$(host_pid b)
    WORD=new planned
    equal "$stdout" "recreate  container  $PROJECT-a-1  its configuration has changed
          environment.WORD  \"old\" -> \"new\"  ($DIR/compose.yaml:6)
restart   container  $PROJECT-b-1  'a' is recreated, and it restarts with it
$PROJECT: 1 to recreate, 1 to restart"
    WORD=new ok up -d
    within 5 is_state b running
    [ "$before_b" != "$(host_pid b)" ] || fail "b was not restarted"
    WORD=new ok plan
}

@test "--format json has values as JSON" {
    stack
    ok up -d
    WORD=new planned --format json a
    equal "$(jq -r '.changes[0] | .action, .name, .service' <<<"$stdout" | tr '\n' ' ')" "recreate $PROJECT-a-1 a "
    equal "$(jq -c '.changes[0].fields[0] | [.path, .old, .new, .line]' <<<"$stdout")" \
        '["environment.WORD","old","new",6]'
}

@test "what has stopped is started, what is too many and orphans are removed" {
    stack
    ok up -d --scale a=2
    ok kill -s KILL b
    within 5 is_state b exited
    planned
    matches "$stdout" "^start +container  $PROJECT-b-1  not running: exited \(137\)"
    matches "$stdout" "^remove +container  $PROJECT-a-2  more containers than"
    compose_file <<'END'
services:
  a: {image: box, command: [sleep, "1000"]}
END
    planned --remove-orphans
    matches "$stdout" "^remove +container  $PROJECT-b-1  the file has no service 'b'"
}

@test "options of up are planned as up follows them" {
    stack
    ok up -d
    yawl up --dry-run --force-recreate a
    equal "$status" 2
    contains "$stdout" "forced by an option"
    ok up --dry-run --no-recreate
    WORD=new ok plan --no-recreate
}

@test "an image that is not here is a pull and its container is created" {
    compose_file <<'END'
services:
  a: {image: "127.0.0.1:1/nothing:1"}
END
    planned
    matches "$stdout" "^pull +image +127.0.0.1:1/nothing:1"
    matches "$stdout" "^create +container  $PROJECT-a-1"
}

@test "what is wrong is an error with exit 1" {
    compose_file <<'END'
services:
  a: {image: box, volumes: [{type: bind, source: ./nowhere, target: /x, bind: {create_host_path: false}}]}
END
    refused plan
    contains "$stderr" "bind source path does not exist"
    refused plan --format xml
}
