#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# What fingers and scripts that know docker compose do without thinking.
load helpers

setup_file() { e2e_setup_file; }
teardown_file() { e2e_teardown_file; }
setup() { e2e_setup; }
teardown() { e2e_teardown; }

two_services() {
    compose_file <<'END'
services:
  api:
    image: box
    command: [sleep, "1000"]
    labels: {tier: back}
    depends_on: {db: {condition: service_started, restart: true}}
    volumes: [data:/data, .:/here]
  db: {image: box, command: [sleep, "1000"]}
volumes: {data: {}}
END
}

@test "docker-compose is yawl by another name, and so is docker's plugin" {
    two_services
    ln -s "$(readlink -f "$YAWL")" "$DIR/docker-compose"
    try "$DIR/docker-compose" docker-cli-plugin-metadata
    equal "$(jq -r .SchemaVersion <<<"$stdout")" 0.1.0
    try "$DIR/docker-compose" config --services
    equal "$status $stdout" "0 api
db"
    try "$DIR/docker-compose" compose config --services
    equal "$status $stdout" "0 api
db"
}

@test "help is found where it is looked for" {
    ok help up
    contains "$stdout" "--force-recreate"
    ok up -d --help
    contains "$stdout" "--force-recreate"
    ok down -h
    contains "$stdout" "--rmi"
    ok help
    contains "$stdout" "Commands:"
    refused up -d --bogus
    contains "$stderr" "unknown flag: --bogus"
}

@test "convert is config, and --dry-run is known before a command, too" {
    two_services
    ok convert --services
    equal "$stdout" "api
db"
    yawl --dry-run up
    equal "$status" 2
    contains "$stdout" "$PROJECT-api-1"
    refused --dry-run down
    contains "$stderr" "'down' cannot tell beforehand"
}

@test "ps chooses by state and shows what a template asks for" {
    two_services
    ok up -d
    ok stop db
    ok ps --services --status exited
    equal "$stdout" db
    ok ps -q --filter status=running
    equal "$stdout" "$PROJECT-api-1"
    refused ps --status ended
    contains "$stderr" "unknown status 'ended'"
    refused ps --filter label=x
    contains "$stderr" "unknown filter 'label=x'"
    ok ps -a --format '{{.Service}} {{.State}}'
    equal "$stdout" "api running
db exited"
    ok ps -a --format 'table {{.Service}}\t{{.State}}'
    equal "$stdout" "SERVICE   STATE
api       running
db        exited"
    refused ps --format '{{.Sevice}}'
    contains "$stderr" "there is no field 'Sevice'"
    ok ps --format json
    equal "$(jq -r .Networks <<<"$stdout")" "${PROJECT}_default"
    equal "$(jq -r .Mounts <<<"$stdout")" "${PROJECT}_data,$DIR"
    equal "$(jq -r .LocalVolumes <<<"$stdout")" 1
    contains "$(jq -r .Labels <<<"$stdout")" "com.docker.compose.service=api"
    contains "$(jq -r .Labels <<<"$stdout")" "tier=back"
    ok ps --no-trunc
    contains "$stdout" '"sleep 1000"'
    ok down -v
}

@test "ps --orphans=false leaves out what the file lacks" {
    two_services
    ok up -d
    compose_file <<'END'
services:
  db: {image: box, command: [sleep, "1000"]}
END
    ok ps --services
    equal "$stdout" "api
db"
    ok ps --services --orphans=false
    equal "$stdout" db
    ok down -v
}

@test "ls says where projects come from, and chooses by name" {
    two_services
    ok -f compose.yaml up -d db
    ok ls --filter "name=^$PROJECT\$"
    matches "$stdout" '^NAME +STATUS +CONFIG FILES$'
    matches "$stdout" "^$PROJECT +running\\(1\\) +$DIR/compose.yaml\$"
    ok ls --format json --filter "name=$PROJECT"
    equal "$(jq -r '.[0].ConfigFiles' <<<"$stdout")" "$DIR/compose.yaml"
    ok ls -q --filter name=no-such-project
    equal "$stdout" ""
    refused ls --filter "name=("
    contains "$stderr" "no regular expression"
}

@test "volumes and images take templates" {
    two_services
    ok up -d
    ok volumes --format '{{.Name}}'
    equal "$stdout" "${PROJECT}_data"
    ok images --format '{{.ContainerName}}: {{.Repository}}'
    contains "$stdout" "$PROJECT-api-1: "
    ok down -v
}

@test "restart --no-deps leaves those alone that would restart with it" {
    two_services
    ok up -d
    local api db
    api=$(host_pid api) db=$(host_pid db)
    ok restart --no-deps -t 0 db
    [ "$(host_pid db)" != "$db" ] || fail "db was not restarted"
    equal "$(host_pid api)" "$api"
    ok restart -t 0 db
    [ "$(host_pid api)" != "$api" ] || fail "api was not restarted"
    ok down -v
}

@test "a terminal is refused in both spellings" {
    two_services
    ok up -d db
    ok exec --no-TTY db echo one
    equal "$stdout" one
    ok exec --no-tty db echo two
    equal "$stdout" two
    ok run --rm --no-TTY --no-deps db echo three
    equal "$stdout" three
    ok run --rm --no-tty --no-deps db echo four
    equal "$stdout" four
}

@test "a shell completes commands, options, services and files" {
    two_services
    local completed="_yawl 2>/dev/null; echo \${COMPREPLY[*]}"
    complete_line() {
        PATH=$(dirname "$YAWL"):$PATH bash -c "source <(yawl completion bash)
            COMP_WORDS=(yawl $*) COMP_CWORD=$#; $completed"
    }
    equal "$(complete_line resta)" restart
    equal "$(complete_line logs a)" api
    equal "$(complete_line exec -T '""')" "api db"
    equal "$(complete_line up --wait-)" --wait-timeout
    equal "$(complete_line -f compose.y)" compose.yaml
    equal "$(complete_line cp d)" db:
    equal "$(complete_line image tag --he)" --help
    ok __complete up --wait-t
    equal "$stdout" "--wait-timeout	give up waiting after
:4"
    refused completion tcsh
    contains "$stderr" "bash, fish or zsh"
}

@test "--compatibility names as version 1 did, --all-resources makes what nobody uses" {
    compose_file <<'END'
services: {a: {image: box, command: [sleep, "1000"]}}
volumes: {unused: {}}
END
    ok --compatibility up -d
    ok ps --format '{{.Name}}'
    equal "$stdout" "${PROJECT}_a_1"
    ok volumes -q
    equal "$stdout" ""
    ok down
    COMPOSE_COMPATIBILITY=1 ok --all-resources run --rm a hostname
    ok volumes -q
    equal "$stdout" "${PROJECT}_unused"
    ok down -v
}
