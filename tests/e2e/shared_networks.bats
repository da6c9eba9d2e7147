#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# Networks that several projects use: the usual set-up of a reverse proxy. The test's own project is "a"; "b" is
# another one.
load helpers

setup_file() { e2e_setup_file; }
teardown_file() { e2e_teardown_file; }
setup() { e2e_setup; }
teardown() {
    timeout 60 "$YAWL" -p "${TAG}b" down -t 0 >/dev/null 2>&1
    timeout 60 "$YAWL" down -t 0 >/dev/null 2>&1
    "$YAWL" network rm -f proxy >/dev/null 2>&1 || true
    e2e_teardown
}

# A web server as a container's command: answers its word on port 80.
serve() {
    echo "[sh, -c, 'mkdir -p /tmp/www; echo $1 > /tmp/www/index.html; exec httpd -f -p 80 -h /tmp/www']"
}

# b COMMAND...: in the other project.
b() {
    "$YAWL" -p "${TAG}b" -f "$DIR/b.yaml" "$@"
}

# asks PROJECT SERVICE NAME WORD: the service gets the word from the name.
asks() {
    [ "$("$YAWL" -p "$1" exec -T "$2" timeout 2 wget -q -O - "http://$3/")" = "$4" ]
}

# "web" here, "app" in the other project, both on the network "proxy", which is made by NETWORK (compose's words).
two_projects() {
    compose_file <<END
services:
  web: {image: box, command: $(serve front), networks: [proxy]}
networks: {proxy: $1}
END
    cat >b.yaml <<END
services:
  app: {image: box, command: $(serve back), networks: {edge: {aliases: [apple]}, default: {}}}
networks: {edge: {external: true, name: proxy}}
END
}

hub_pid() {
    pgrep -f "^yawl internal-network proxy " | while read -r pid; do
        if grep -q -a -z -x "YAWL_E2E=$TAG" "/proc/$pid/environ"; then echo "$pid"; fi
    done
}

@test "two projects on a network that was made by a command reach each other by every name" {
    two_projects '{external: true}'
    ok network create proxy --subnet 10.213.5.0/24
    equal "$stdout" proxy
    ok up -d
    b up -d
    within 5 asks "$PROJECT" web app back
    asks "$PROJECT" web apple back
    asks "$PROJECT" web "${TAG}b-app-1" back
    within 5 asks "${TAG}b" app web front
    inside web ip -o address show eth0 | grep -q 'inet 10\.213\.5\.'
}

@test "a port is published by a service that is on the shared network alone, and the way out is there" {
    local port
    port=$(free_port)
    two_projects '{external: true}'
    sed -i "s/networks: \[proxy\]/networks: [proxy], ports: ['127.0.0.1:$port:80']/" compose.yaml
    ok network create proxy
    b up -d
    ok up -d
    within 5 fetch "http://127.0.0.1:$port/"
    equal "$(fetch "http://127.0.0.1:$port/")" front
    inside web ip route | grep -q '^default via '
}

@test "an external network that is missing is named at its place, with the remedy" {
    two_projects '{external: true}'
    refused up -d
    matches "$stderr" "compose.yaml:3:.*network proxy declared as external, but could not be found.*yawl network create proxy"
}

@test "a network with a name of its own belongs to who defines it, and stays as long as it is used" {
    two_projects '{name: proxy}'
    ok up -d
    b up -d
    within 5 asks "${TAG}b" app web front
    ok down -t 0
    matches "$stderr" "Network proxy +Resource is still in use by ${TAG}b \(${TAG}b-app-1\)"
    refused network rm proxy
    contains "$stderr" "network proxy has active endpoints: ${TAG}b (${TAG}b-app-1)"
    b exec -T app true
    ok up -d
    within 5 asks "${TAG}b" app web front
    b down -t 0
    ok down -t 0
    lacks "$stderr" "in use"
    ok network ls -q
    equal "$stdout" ""
}

@test "the own network of a project that is up is joined by its full name, and nobody on it notices" {
    compose_file <<END
services:
  web: {image: box, command: $(serve front)}
  peer: {image: box, command: [sleep, "1000"]}
END
    cat >b.yaml <<END
services:
  app: {image: box, command: $(serve back), networks: {edge: {aliases: [apple]}}}
networks: {edge: {external: true, name: ${PROJECT}_default}}
END
    ok up -d
    local address
    address=$(inside web hostname -i)
    b up -d
    within 5 asks "${TAG}b" app web front
    within 5 asks "$PROJECT" peer apple back
    equal "$(inside web hostname -i)" "$address"
    asks "$PROJECT" peer web front
    # It is known again, by a supervisor and by the file.
    kill -KILL $(role_pids supervisor)
    within 10 asks "${TAG}b" app web front
    ok up -d
    lacks "$stderr" Recreate
    ok restart -t 0 web
    within 5 asks "${TAG}b" app web front
    equal "$(inside web hostname -i)" "$address"
    ok down -t 0
    contains "$stderr" "Network ${PROJECT}_default  Resource is still in use by ${TAG}b"
    b down -t 0
    ok down -t 0
    ok network ls -q
    equal "$stdout" ""
}

@test "a definition that has changed is refused while others use the network, and made when they do not" {
    two_projects '{name: proxy}'
    ok up -d
    b up -d
    sed -i 's/{name: proxy}/{name: proxy, ipam: {config: [{subnet: 10.213.6.0\/24}]}}/' compose.yaml
    refused up -d
    contains "$stderr" "network 'proxy' has changed, and others use it as it was: ${TAG}b"
    b down -t 0
    ok up -d
    inside web ip -o address show eth0 | grep -q 'inet 10\.213\.6\.'
}

@test "who defines a network that another project has made uses it as it is, and is told" {
    two_projects '{name: proxy}'
    cat >b.yaml <<END
services:
  app: {image: box, command: [sleep, "1000"], networks: [edge]}
networks: {edge: {name: proxy, ipam: {config: [{subnet: 10.213.6.0/24}]}}}
END
    ok up -d
    yawl -p "${TAG}b" -f b.yaml up -d
    equal "$status" 0
    contains "$stderr" "a network with name proxy exists but was not created for project"
    within 5 asks "${TAG}b" app web front
}

@test "an address that a container of another project has is not given a second time" {
    two_projects '{external: true}'
    ok network create proxy --subnet 10.213.5.0/29
    sed -i 's/networks: \[proxy\]/networks: {proxy: {ipv4_address: 10.213.5.4}}/' compose.yaml
    sed -i 's/aliases: \[apple\]/ipv4_address: 10.213.5.4/' b.yaml
    ok up -d
    yawl -p "${TAG}b" -f b.yaml up -d
    equal "$status" 1
    contains "$stderr" "address 10.213.5.4 of '${TAG}b/${TAG}b-app-1' is taken by '$PROJECT/$PROJECT-web-1'"
    sed -i 's/ipv4_address: 10.213.5.4/aliases: [apple]/' b.yaml
    # Of six addresses two are routers' and one is taken.
    b up -d --scale app=3
    equal "$(b exec -T app nslookup -type=a app | grep -c '^Address: 10.213.5')" 3
    yawl -p "${TAG}b" -f b.yaml up -d --scale app=4
    equal "$status" 1
    contains "$stderr" "no free address"
}

@test "a shared network may have several subnets, and each project's router leads out of all of them" {
    two_projects '{external: true}'
    ok network create proxy --ipv6 --subnet 10.213.5.0/29 --subnet 10.213.7.0/24 --subnet fd00:213:5::/64 \
        --subnet fd00:213:7::/64 --gateway 10.213.7.254 --ip-range 10.213.7.64/26 --aux-address x=10.213.7.70
    sed -i 's/networks: \[proxy\]/networks: {proxy: {ipv4_address: 10.213.7.9, ipv6_address: "fd00:213:7::9"}}/' compose.yaml
    sed -i 's/aliases: \[apple\]/ipv4_address: 10.213.7.8, ipv6_address: "fd00:213:7::8"/; s/default: {}//' b.yaml
    ok up -d
    b up -d
    within 5 asks "$PROJECT" web app back
    within 5 asks "${TAG}b" app web front
    inside web ping -c 1 -W 5 10.213.7.254
    inside web ping -6 -c 1 -W 5 fd00:213:7::8
    contains "$(inside web ip route)" "default via 10.213.7.254"
    # The second project's router is in the first subnet.
    matches "$(b exec -T app ip route)" "default via 10\.213\.5\."
    b exec -T app ping -c 1 -W 5 "$(b exec -T app ip route | awk '/^default/ {print $3}')"
    ok network inspect proxy
    equal "$(jq -r '.[0].IPAM.Config[] | .Gateway' <<<"$stdout" | tr '\n' ' ')" \
        "10.213.5.1 fd00:213:5::1 10.213.7.254 fd00:213:7::1 "
    contains "$("$YAWL" network ls)" "10.213.5.0/29, fd00:213:5::/64, 10.213.7.0/24, fd00:213:7::/64"
    refused network create other --subnet 10.213.7.128/25
    contains "$stderr" "overlaps 10.213.7.0/24 of another network"
}

@test "supervisors and the hub may be killed at any time" {
    two_projects '{name: proxy}'
    ok up -d
    b up -d
    within 5 asks "${TAG}b" app web front
    local before
    before=$(hub_pid)
    kill -KILL "$before"
    within 5 asks "${TAG}b" app web front
    within 5 sh -c "[ \"\$(pgrep -c -f '^yawl internal-network proxy ')\" -ge 1 ]"
    [ "$(hub_pid)" != "$before" ]
    # shellcheck disable=SC2046  # a list of numbers
    kill -KILL $(role_pids supervisor) "$(hub_pid)"
    within 10 asks "${TAG}b" app web front
    within 10 asks "$PROJECT" web apple back
}

@test "a name goes when its container does, in the other project too" {
    two_projects '{name: proxy}'
    ok up -d
    b up -d
    within 5 asks "${TAG}b" app web front
    ok stop -t 0
    within 5 sh -c "! '$YAWL' -p ${TAG}b exec -T app nslookup -type=a web"
    ok start
    within 5 asks "${TAG}b" app web front
    ok down -t 0
    within 5 sh -c "! '$YAWL' -p ${TAG}b exec -T app nslookup -type=a web"
}

@test "a shared network has IPv6 addresses, also alone, and no way out when it is internal" {
    two_projects '{external: true}'
    ok network create proxy --ipv4=false --ipv6 --internal
    ok up -d
    b up -d
    within 5 asks "$PROJECT" web app back
    within 5 asks "${TAG}b" app web front
    equal "$(inside web ip -4 -o address show eth0)" ""
    equal "$(inside web ip -6 route | grep -c default)" 0
}

@test "networks are listed and shown, and are made once" {
    ok network create proxy --subnet 10.213.5.0/24 --gateway 10.213.5.9 --label a=b
    refused network create proxy
    contains "$stderr" "network with name proxy already exists"
    refused network create ../proxy
    contains "$stderr" "is no name for a network"
    refused network create other --subnet 10.213.5.0/25
    contains "$stderr" "overlaps 10.213.5.0/24 of another network"
    ok network inspect proxy
    equal "$(jq -r '.[0] | .IPAM.Config[0].Gateway, .Labels.a, .Driver, .Internal' <<<"$stdout" | tr '\n' ' ')" \
        "10.213.5.9 b bridge false "
    ok network ls
    matches "$stdout" "^proxy +bridge +local +10.213.5.0/24"
    refused network inspect nothing
    contains "$stderr" "network nothing not found"
    ok network rm proxy
    equal "$stdout" proxy
    refused network rm proxy
    ok network rm -f proxy
}
