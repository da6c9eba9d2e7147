#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
load helpers

setup_file() { e2e_setup_file; }
teardown_file() { e2e_teardown_file; }
setup() { e2e_setup; }
teardown() { e2e_teardown; }

# Every refusal: exit 1, one error that names its place, and nothing left behind.

@test "a missing image is one error with its position" {
    compose_file <<'END'
services:
  good: {image: box, command: [sleep, "1000"]}
  bad:
    image: does-not-exist:7
END
    refused up -d
    matches "$stderr" '^(.*/)?compose.yaml:4:[0-9]+: error: services\.bad.*does-not-exist:7'
    equal "$(grep -c 'error' <<<"$stderr")" 1
    nothing_left
}

# Holds a port of its own until the test ends: PORT, and the holder's pid in HOLDER.
port_hold() {
    PORT=$(free_port)
    python3 -c "import socket, time; s = socket.socket(); s.bind(('0.0.0.0', $PORT)); s.listen(); print(1, flush=True); time.sleep(1000)" >busy.out 2>&1 3>&- &
    HOLDER=$!
    BACKGROUND+=("$HOLDER")
    within 30 test -s busy.out
}

port_let_go() {
    kill "$HOLDER"
    wait "$HOLDER" || true
}

@test "an occupied port is one error with its position, its holder and a free one" {
    port_hold
    compose_file <<END
services:
  good: {image: box, command: [sleep, "1000"]}
  bad:
    image: box
    command: [sleep, "1000"]
    ports:
      - "127.0.0.1:$PORT:80"
END
    refused up -d
    matches "$stderr" "compose.yaml:7:[0-9]+: error: services\.bad\.ports\[0\]: port $PORT is held by 'python3' \(pid $HOLDER\): end it, or publish another one, such as [0-9]+"
    equal "$(grep -c 'error' <<<"$stderr")" 1
    port_let_go
    nothing_left
}

@test "a port of another project names the project and the service" {
    local port
    port=$(free_port)
    compose_file <<END
services:
  web: {image: box, command: [sleep, "1000"], ports: ["$port:80"]}
END
    ok -p "$PROJECT-other" up -d
    refused up -d
    contains "$stderr" "port $port is held by service 'web' of project '$PROJECT-other': \`yawl -p $PROJECT-other down\`, or publish another one"
    ok -p "$PROJECT-other" down
    nothing_left
}

@test "all that is wrong with the machine is in one report, before anything is pulled" {
    port_hold
    compose_file <<END
services:
  one:
    image: 127.0.0.1:1/nothing:1
    volumes: [{type: bind, source: ./nowhere, target: /x, bind: {create_host_path: false}}]
    ports: ["127.0.0.1:$PORT:80"]
    secrets: [key]
    networks:
      left: {ipv4_address: 10.99.1.5}
      right: {ipv4_address: 10.98.0.7}
  two:
    image: box
    pull_policy: never
    mem_limit: 4096g
    networks: {left: {ipv4_address: 10.99.1.5}}
  three: {image: nowhere:1, pull_policy: never, networks: [over], volumes: [out:/out]}
secrets:
  key: {file: ./no-key}
volumes:
  out: {external: true}
networks:
  left: {ipam: {config: [{subnet: 10.99.1.0/24}]}}
  right: {ipam: {config: [{subnet: 10.99.2.0/24}]}}
  over: {ipam: {config: [{subnet: 10.99.0.0/16}]}}
END
    refused up -d
    contains "$stderr" "bind source path does not exist"
    contains "$stderr" "port $PORT is held by 'python3'"
    contains "$stderr" "no-key"
    contains "$stderr" "address 10.98.0.7 of '$PROJECT-one-1' is not in"
    contains "$stderr" "is taken by '$PROJECT-one-1' in network 'left'"
    contains "$stderr" "nowhere:1"
    contains "$stderr" "external volume 'out' not found"
    contains "$stderr" "subnet 10.99.0.0/16 overlaps 10.99.1.0/24 of another network"
    matches "$stderr" "warning: services\.two\.mem_limit: a limit of 4TiB limits nothing"
    lacks "$stderr" "127.0.0.1:1/nothing:1"
    equal "$(grep -c ' error: ' <<<"$stderr")" 8
    port_let_go
    nothing_left
}

@test "an unknown key is one error with its position and a suggestion" {
    compose_file <<'END'
services:
  a:
    image: box
    comand: [sleep, "1000"]
END
    refused up -d
    matches "$stderr" "compose.yaml:4:5: error: services\.a: unknown key 'comand' \(did you mean 'command'\?\)"
    equal "$(grep -c 'error' <<<"$stderr")" 1
    nothing_left
}

@test "an undefined volume is one error with its position" {
    compose_file <<'END'
services:
  a:
    image: box
    volumes:
      - missing:/data
END
    refused up -d
    matches "$stderr" "compose.yaml:5:[0-9]+: error: services\.a.*undefined volume.*missing"
    equal "$(grep -c 'error' <<<"$stderr")" 1
    nothing_left
}

@test "several mistakes are reported together" {
    compose_file <<'END'
services:
  a:
    imge: box
    ports: ["70000:80"]
  b:
    image: box
    depends_on: [nobody]
END
    refused config
    matches "$stderr" "compose.yaml:3:5: error: .*imge"
    matches "$stderr" "compose.yaml:4:[0-9]+: error: .*70000"
    matches "$stderr" "compose.yaml:7:[0-9]+: error: .*nobody"
}

@test "a file that is no YAML is one error with its position" {
    printf 'services:\n  a: [\n' >compose.yaml
    refused config
    matches "$stderr" '^(.*/)?compose.yaml:[0-9]+:[0-9]+: error: '
    equal "$(grep -c 'error' <<<"$stderr")" 1
}

@test "no file at all is said plainly" {
    refused up -d
    contains "$stderr" "no configuration file"
    nothing_left
}

@test "a required variable without a value is an error at its place" {
    compose_file <<'END'
services:
  a:
    image: box
    environment:
      WORD: ${UNSET_WORD:?set it first}
END
    refused up -d
    matches "$stderr" "compose.yaml:5:[0-9]+: error: .*set it first"
    nothing_left
}

@test "a program that is not in the image fails the start and says so" {
    compose_file <<'END'
services:
  a: {image: box, command: [nothing-of-that-name]}
END
    refused up -d
    contains "$stderr" nothing-of-that-name
    contains "$stderr" "No such file"
    ok down
    nothing_left
}

@test "a circle of dependencies is an error" {
    compose_file <<'END'
services:
  a: {image: box, depends_on: [b]}
  b: {image: box, depends_on: [a]}
END
    refused up -d
    matches "$stderr" 'compose.yaml:[0-9]+:[0-9]+: error: .*(cycle|circle)'
    nothing_left
}

@test "an archive that is no image is refused" {
    echo nonsense >file.tar
    refused load file.tar
    contains "$stderr" file.tar
    refused load nowhere.tar
    contains "$stderr" nowhere.tar
    nothing_left
}

@test "an archive whose layer was changed is refused" {
    python3 - "$YAWL_E2E_IMAGES/box.tar" changed.tar <<'END'
import io, sys, tarfile
with tarfile.open(sys.argv[1]) as old, tarfile.open(sys.argv[2], "w") as new:
    for member in old:
        data = old.extractfile(member).read()
        if member.size > 100000:
            data = data[:50000] + bytes([data[50000] ^ 1]) + data[50001:]
        new.addfile(member, io.BytesIO(data))
END
    YAWL_DATA_ROOT=$DIR/data refused load changed.tar
    matches "$stderr" '(digest|sha256|corrupt|damaged)'
    equal "$(find "$DIR/data/layers" -name complete 2>/dev/null | wc -l)" 0
}

@test "an unknown command, flag and service are errors" {
    compose_file <<'END'
services:
  a: {image: box, command: [sleep, "1000"]}
END
    refused nonsense
    contains "$stdout$stderr" nonsense
    refused up --nope
    contains "$stderr" "nope"
    refused up -d nobody
    contains "$stderr" nobody
    nothing_left
}

@test "a bind mount of a file that is not there is refused when it may not be created" {
    compose_file <<'END'
services:
  a:
    image: box
    command: [sleep, "1000"]
    volumes:
      - {type: bind, source: ./nowhere, target: /data, bind: {create_host_path: false}}
END
    refused up -d
    contains "$stderr" nowhere
    ok down
    nothing_left
}

@test "an error in one service takes back what up has made for the others" {
    compose_file <<'END'
services:
  a: {image: box, command: [sleep, "1000"]}
  b: {image: box, command: [sleep, "1000"], secrets: [password]}
secrets:
  password: {file: ./nowhere.txt}
END
    refused up -d
    contains "$stderr" nowhere.txt
    ok down
    nothing_left
}
