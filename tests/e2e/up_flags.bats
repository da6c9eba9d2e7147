#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
load helpers

setup_file() { e2e_setup_file; }
teardown_file() { e2e_teardown_file; }
setup() { e2e_setup; }
teardown() { e2e_teardown; }

chain() {
    compose_file <<'END'
services:
  api: {image: box, command: [sleep, "1000"], depends_on: [db]}
  db: {image: box, command: [sleep, "1000"], environment: {WORD: "${WORD:-old}"}}
END
}

@test "--no-deps starts the named service alone" {
    chain
    ok up -d --no-deps api
    equal "$(json api State)" running
    equal "$(json db State)" ""
}

@test "--no-start and create make containers that start runs" {
    chain
    ok up --no-start
    equal "$(json api State)" created
    equal "$(json db State)" created
    ok start
    equal "$(json api State)" running
    local db
    db=$(host_pid db)
    ok create
    equal "$(host_pid db)" "$db"
    WORD=new ok create
    equal "$(json db State)" created
    equal "$(json api State)" running
}

@test "--force-recreate spares dependencies, --always-recreate-deps does not" {
    chain
    ok up -d
    local api db
    api=$(host_pid api) db=$(host_pid db)
    ok up -d --force-recreate api
    [ "$(host_pid api)" != "$api" ] || fail "api was not recreated"
    equal "$(host_pid db)" "$db"
    api=$(host_pid api)
    ok up -d --always-recreate-deps api
    equal "$(host_pid api)" "$api"
    [ "$(host_pid db)" != "$db" ] || fail "db was not recreated"
}

@test "anonymous volumes are carried over, and renewed with -V" {
    compose_file <<'END'
services:
  a: {image: box, command: [sleep, "1000"], volumes: [/keep, /other], environment: {WORD: "${WORD:-old}"}}
END
    ok up -d
    inside a sh -c 'echo mine > /keep/file'
    WORD=new ok up -d
    equal "$(inside a cat /keep/file)" mine
    WORD=new ok up -d -V
    equal "$(inside a ls /keep)" ""
}

@test "only named services are shown, dependencies when asked for" {
    compose_file <<'END'
services:
  api: {image: box, command: [echo, from api], depends_on: [db]}
  db: {image: box, command: [sh, -c, "echo from db; exec sleep 1000"], stop_signal: KILL}
END
    ok up api
    contains "$stdout" "from api"
    lacks "$stdout" "from db"
    equal "$(json db State)" running
    ok down
    background up "$YAWL" up --attach-dependencies api
    within 10 grep -q "from db" up.out
    kill -INT "$pid"
    wait "$pid" || true
    ok down
    ok up --attach api
    lacks "$stdout" "from db"
    ok down
    ok up --no-attach db
    lacks "$stdout" "from db"
}

@test "log lines without prefix and with timestamps" {
    compose_file <<'END'
services:
  a: {image: box, command: [echo, hello]}
END
    ok up --no-log-prefix --no-color
    matches "$stdout" '^hello$'
    ok up --no-log-prefix --timestamps
    matches "$stdout" '^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]+Z hello$'
}

@test "options that exclude each other are refused" {
    chain
    refused up -d --abort-on-container-exit
    contains "$stderr" "--detach cannot be combined with"
    refused up --wait --attach api
    contains "$stderr" "--wait cannot be combined with"
    refused up --force-recreate --no-recreate
    refused up --always-recreate-deps --no-recreate
    contains "$stderr" "--always-recreate-deps and --no-recreate are incompatible"
    refused up -V --no-recreate
    refused up --attach api --attach-dependencies
    refused up --build --no-build
    refused up --abort-on-container-exit --abort-on-container-failure
    refused up --attach nope
    contains "$stderr" "no such service: nope"
}

@test "orphans are named, ignored or removed as asked" {
    chain
    ok up -d
    compose_file <<'END'
services:
  api: {image: box, command: [sleep, "1000"]}
END
    ok up -d
    contains "$stderr" "Found orphan containers ([$PROJECT-db-1]) for this project. If you removed or renamed this service in your compose file, you can run this command with the --remove-orphans flag to clean it up."
    COMPOSE_IGNORE_ORPHANS=1 ok up -d
    lacks "$stderr" "orphan"
    COMPOSE_IGNORE_ORPHANS=1 refused up -d --remove-orphans
    echo COMPOSE_REMOVE_ORPHANS=true >.env
    ok up -d
    equal "$(json db State)" ""
}

@test "dependents with restart: true stop before their dependency is recreated and start after" {
    compose_file <<'END'
services:
  api:
    image: box
    command: [sh, -c, "trap 'echo api stops; exit' TERM; echo api starts; while :; do sleep 0.05; done"]
    depends_on: {db: {condition: service_started, restart: true}}
  db:
    image: box
    command: [sh, -c, "trap 'echo db stops; exit' TERM; echo db starts; while :; do sleep 0.05; done"]
    environment: {WORD: "${WORD:-old}"}
END
    ok up -d
    within 5 logged api "api starts"
    within 5 logged db "db starts"
    local order
    WORD=new ok up -d db
    within 5 sh -c "'$YAWL' logs --no-log-prefix | grep -c 'api starts' | grep -qx 2"
    order=$("$YAWL" logs --no-log-prefix 2>/dev/null | grep -E 'stops|starts' | tail -n 4 | tr '\n' ',')
    equal "$order" "api stops,db stops,db starts,api starts,"
}
