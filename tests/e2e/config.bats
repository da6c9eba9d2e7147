#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
load helpers

# Nothing here needs images, roots or containers: only files.
setup() {
    DIR=$(mktemp -d /var/tmp/yawl-config.XXXXXX)
    unset "${!COMPOSE_@}"
    export COMPOSE_PROJECT_NAME=demo ASAN_OPTIONS=detect_leaks=1:exitcode=99 LSAN_OPTIONS=exitcode=99
    cd "$DIR" || return
    compose_file <<'END'
services:
  web:
    image: web:${TAG:-1}
    depends_on: [db]
    networks: [front]
    environment: {PASSWORD: "${PASSWORD:?is secret}", MODE: "${DEBUG:+debug}"}
  db:
    build: .
    volumes: ["data:/data"]
    profiles: [storage]
  tool: {image: tool, profiles: [tools, storage]}
volumes: {data: }
networks: {front: }
END
}

teardown() {
    cd / && rm -rf "$DIR"
}

@test "the short lists of config print names alone" {
    export PASSWORD=x
    ok --profile '*' config --services
    equal "$stdout" "$(printf 'db\ntool\nweb')"
    ok --profile storage config --volumes
    equal "$stdout" data
    ok --profile storage config --networks
    equal "$stdout" "$(printf 'default\nfront')"
    ok --profile storage config --images
    equal "$stdout" "$(printf 'demo-db\ntool\nweb:1')"
    ok --profile storage config --profiles
    equal "$stdout" "$(printf 'storage\ntools')"
}

@test "config --variables is a table with the reference's columns" {
    ok config --variables
    equal "$stdout" "$(printf '%-20s%-20s%-20s%s\n' NAME REQUIRED 'DEFAULT VALUE' 'ALTERNATE VALUE' \
        DEBUG false '' debug PASSWORD true '' '' TAG false 1 '')"
    ok config --variables --format json
    equal "$(jq -c '.PASSWORD' <<<"$stdout")" \
        '{"Name":"PASSWORD","DefaultValue":"","PresenceValue":"","Required":true}'
}

@test "config --environment prints what the files may refer to, sorted" {
    echo FROM_FILE=1 >.env
    try env -i PASSWORD=x LANG=C ASAN_OPTIONS="$ASAN_OPTIONS" "$YAWL" -p demo --profile storage config --environment
    equal "$status" 0
    equal "$(grep -v ASAN <<<"$stdout")" "$(printf 'COMPOSE_PROJECT_NAME=demo\nFROM_FILE=1\nLANG=C\nPASSWORD=x\nPWD=%s' "$DIR")"
}

@test "config --hash prints 64 digits for the services that are named" {
    export PASSWORD=x
    ok --profile storage config --hash '*'
    equal "$(grep -c -E '^(db|tool|web) [0-9a-f]{64}$' <<<"$stdout")" 3
    ok --profile storage config --hash web,db
    equal "$(cut -d' ' -f1 <<<"$stdout")" "$(printf 'db\nweb')"
    refused --profile storage config --hash wbe
    contains "$stderr" "did you mean 'web'?"
}

@test "the output of config is a fixed point, and goes to a file with -o" {
    export PASSWORD='a$b'
    ok --profile storage config
    printf '%s\n' "$stdout" >one.yaml
    ok --profile storage -f one.yaml config -o two.yaml
    equal "$stdout" ""
    cmp one.yaml two.yaml
}

@test "config without normalisation accepts the default network by name" {
    compose_file <<'END'
services:
  a: {image: x, networks: [default]}
END
    ok config --no-normalize
    lacks "$stdout" demo_default
    ok config
    contains "$stdout" demo_default
}

@test "config without interpolation keeps variables, and ports that are made of them" {
    compose_file <<'END'
services:
  a: {image: "x:${TAG:-1}", ports: ["${PORT:-80}:80"]}
  b: {image: y}
END
    ok config --no-interpolate b
    contains "$stdout" 'image: x:${TAG:-1}'
    contains "$stdout" '- ${PORT:-80}:80'
    contains "$stderr" "--no-interpolate"
}

@test "config --explain says where a value came from and what it hides" {
    echo PASSWORD=file >.env
    printf 'services:\n  web: {image: other}\n' >compose.override.yaml
    export PASSWORD=shell
    ok --profile storage config --explain PASSWORD
    equal "$stdout" "PASSWORD = 'shell'
  set in the environment
  hides 'file' of $DIR/.env:1:1
  used in $DIR/compose.yaml:6:29 (services.web.environment.PASSWORD)"
    ok --profile storage config --explain services.web.image
    equal "$stdout" "services.web.image = 'other'
  written in $DIR/compose.override.yaml:2:16
  hides 'web:1' of $DIR/compose.yaml:3:12"
    rm compose.override.yaml
    ok --profile storage config --explain TAG
    equal "$stdout" "TAG is not set
  used in $DIR/compose.yaml:3:12 (services.web.image)
  its default there is '1'"
    refused --profile storage config --explain nothing
    contains "$stderr" "'nothing' is neither"
}

@test "mistakes come in the order of files and lines, with both places" {
    printf 'PORT=70000\n' >.env
    printf 'services:\n  base: {image: x, mem_limit: 3q}\n' >base.yaml
    compose_file <<'END'
services:
  a:
    extends: {file: base.yaml, service: base}
    ports: ["${PORT}:80"]
    imge: x
END
    refused config
    equal "$(grep -o -E '[a-z.]*yaml:[0-9]+:[0-9]+: error|^    (set|extended) in .*' <<<"$stderr")" \
        "base.yaml:2:31: error
    extended in $DIR/compose.yaml:3:41
compose.yaml:4:13: error
    set in $DIR/.env:1:1
compose.yaml:5:5: error"
}

@test "without a file the error names the names and the directory" {
    mkdir empty
    rm compose.yaml
    cd empty
    refused config
    contains "$stderr" "no configuration file provided"
    contains "$stderr" "docker-compose.yml"
    contains "$stderr" "$DIR/empty"
}

@test "up tells each key without effect once, and refuses what it cannot run" {
    compose_file <<'END'
services:
  a: {image: x, runtime: r, cap_add: [CHOWN]}
  b: {runtime: r, provider: {type: p}}
END
    YAWL_DATA_ROOT=$DIR/data YAWL_RUN_ROOT=$DIR/run refused up -d
    equal "$(grep -c "'runtime' has no effect" <<<"$stderr")" 1
    equal "$(grep -c "'provider' cannot be used" <<<"$stderr")" 1
    lacks "$stderr" "'cap_add'"
}

# ---- check

@test "check ends with 0 for nothing, 1 for warnings, 2 for errors" {
    compose_file <<<'services: {a: {image: x}}'
    yawl check
    equal "$status" 0
    equal "$stdout$stderr" ""
    compose_file <<<'services: {a: {image: x, restart: alwys}}'
    yawl check
    equal "$status" 1
    contains "$stdout" "did you mean 'always'?"
    compose_file <<<'services: {a: {imge: x}}'
    yawl check
    equal "$status" 2
    contains "$stdout" "did you mean 'image'?"
}

@test "check speaks JSON and SARIF" {
    compose_file <<'END'
services:
  a:
    image: x
    cap_add: [NET_ADMN]
    command: a && b
END
    yawl check --format json
    equal "$status" 1
    equal "$(jq -r '.[] | "\(.severity) \(.line) \(.path)"' <<<"$stdout")" \
        "warning 4 services.a.cap_add
warning 5 services.a.command"
    yawl check --format sarif
    equal "$status" 1
    equal "$(jq -r '.version, (.runs[0].results | length), .runs[0].results[0].locations[0].physicalLocation.region.startLine' <<<"$stdout")" \
        "$(printf '2.1.0\n2\n4')"
    yawl check --format xml
    equal "$status" 2
}
