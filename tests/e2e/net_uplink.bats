#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# Networks that the host's kernel routes: `x-uplink: kernel`, for root.
load helpers
load lan

setup_file() { e2e_setup_file; }
teardown_file() { e2e_teardown_file; }
setup() {
    [ -z "${YAWL_E2E_USER-}" ] || skip "for root; what an ordinary user hears is in rootless.bats"
    e2e_setup
    lan_begin
    on_host sysctl -q -w net.ipv4.ip_forward=1
    host_state >before
}
teardown() {
    [ -z "${YAWL_E2E_USER-}" ] || return 0
    timeout 60 "$YAWL" down -t 0 >/dev/null 2>&1
    within 5 host_is_as_before
    lan_end
    e2e_teardown
}

# Interfaces, routes and rules of the host.
host_state() {
    on_host ip -br link | sed 's/@.*//'
    on_host ip route
    on_host nft list ruleset
}
host_is_as_before() {
    host_state | diff "$DIR/before" -
}

project() {
    compose_file <<END
services:
  web: {image: box, command: $(serve hello), ports: ["8080:80"]}
  client: {image: box, command: [sleep, "1000"], extra_hosts: ["host:host-gateway"]}
networks:
  default:
    x-uplink: kernel
    ipam: {config: [{subnet: 10.213.9.0/24}]}
END
    ok up -d
}

@test "containers reach the outside by the kernel, with the host's address, and what is refused is refused" {
    project
    inside client ping -c 1 -W 5 10.213.77.2
    on_lan sh -c 'mkdir -p www; echo outside >www/index.html'
    background outside nsenter --net --target "$LAN" python3 -u -m http.server -b 10.213.77.2 -d www 8000
    within 60 lan_fetch http://10.213.77.2:8000/
    equal "$(inside client wget -q -O - http://10.213.77.2:8000/)" outside
    contains "$(cat outside.err)" 10.213.77.1
    lacks "$(cat outside.err)" 10.213.9.
    yawl exec -T client wget -q -O - http://10.213.77.2:8001/
    contains "$stderr" "Connection refused" # by connect() itself: nobody has answered before
    equal "$(inside client wget -q -O - http://web/)" hello
}

@test "a container's address is reached from the host, and from other machines only what is published" {
    project
    local address
    address=$(inside web hostname -i)
    within 5 on_host curl --silent --fail --noproxy '*' "http://$address/"
    on_lan ip route add 10.213.9.0/24 via 10.213.77.1
    ! lan_fetch "http://$address/" || fail "an unpublished port is reached by a route"
    within 5 lan_fetch http://10.213.77.1:8080/
    equal "$(lan_fetch http://10.213.77.1:8080/)" hello
    within 5 logged web 10.213.77.2
    equal "$(on_host curl --silent --fail --noproxy '*' http://127.0.0.1:8080/)" hello
    equal "$(inside client wget -q -O - http://10.213.77.1:8080/)" hello
    ok stop web
    ! lan_fetch http://10.213.77.1:8080/ || fail "a closed port answers"
}

@test "the host's own services are reached by host-gateway alone" {
    project
    local port=8123
    echo own >file
    background own nsenter --net --target "$HOST" python3 -m http.server --bind 0.0.0.0 --directory "$DIR" $port
    within 10 lan_fetch "http://10.213.77.1:$port/file"
    equal "$(inside client wget -q -O - "http://host:$port/file")" own
    yawl exec -T client timeout 5 wget -q -O - "http://10.213.77.1:$port/file"
    [ "$status" -ne 0 ] || fail "reached a listener of the host by its address"
    yawl exec -T client timeout 5 wget -q -O - "http://10.213.9.1:$port/file"
    [ "$status" -ne 0 ] || fail "reached a listener of the host by the gateway's address"
}

@test "a port published on one address opens no other of the host, and link-local addresses outside stay closed" {
    on_lan ip address add 169.254.169.254/32 dev wire
    on_host ip route add 169.254.169.254/32 dev wire
    host_state >before
    compose_file <<END
services:
  web: {image: box, command: $(serve hello), ports: ["127.0.0.1:8080:80"]}
  client: {image: box, command: [sleep, "1000"]}
networks: {default: {x-uplink: kernel}}
END
    mkdir www
    echo own >www/index.html
    background own nsenter --net --target "$HOST" python3 -m http.server --bind 10.213.77.1 --directory www 8080
    background metadata nsenter --net --target "$LAN" python3 -m http.server --bind 169.254.169.254 --directory www 80
    ok up -d
    within 60 lan_fetch http://10.213.77.1:8080/
    within 60 on_host curl --silent --fail --noproxy '*' http://169.254.169.254/
    within 10 on_host curl --silent --fail --noproxy '*' http://127.0.0.1:8080/
    yawl exec -T client timeout 5 wget -q -O - http://10.213.77.1:8080/
    [ "$status" -ne 0 ] || fail "reached the host's own service on an address that is not published"
    yawl exec -T client timeout 5 wget -q -O - http://169.254.169.254/
    [ "$status" -ne 0 ] || fail "reached a link-local address outside"
}

@test "networks of a project do not reach each other by the host" {
    compose_file <<END
services:
  web: {image: box, command: $(serve hello), networks: [back]}
  client: {image: box, command: [sleep, "1000"], networks: [front]}
networks: {front: {x-uplink: kernel}, back: {x-uplink: kernel}}
END
    ok up -d
    local address
    address=$(inside web hostname -i)
    within 5 on_host curl --silent --fail --noproxy '*' "http://$address/"
    yawl exec -T client timeout 5 wget -q -O - "http://$address/"
    [ "$status" -ne 0 ] || fail "reached $address of another network"
}

# The part of the table that stays the same when nothing is added, removed or loaded afresh.
table_handle() {
    on_host nft -a list tables | grep yawl
}

@test "the rules outlast a flush and the supervisor, and go when all is killed" {
    local container supervisor before
    project
    container=$(host_pid client)
    supervisor=$(role_pids supervisor)
    on_host nft flush ruleset
    inside client ping -c 1 -W 5 10.213.77.2
    on_lan sh -c 'mkdir -p www; echo outside >www/index.html'
    background outside nsenter --net --target "$LAN" python3 -u -m http.server -b 10.213.77.2 -d www 8000
    within 60 lan_fetch http://10.213.77.2:8000/
    background held nsenter --net --target "$container" python3 -u -c "
import os, socket, time
client = socket.create_connection(('10.213.77.2', 8000), 10)
print('connected')
while not os.path.exists('go'):
    time.sleep(0.05)
client.sendall(b'GET / HTTP/1.0\\r\\n\\r\\n')
print(client.recv(100))"
    within 60 grep -q connected held.out
    before=$(table_handle)
    # As long as there is no new supervisor: who would start one does not run.
    kill -STOP $(role_pids keeper)
    kill -KILL "$supervisor"
    within 10 grep -q '^State:.Z' "/proc/$supervisor/status"
    equal "$(table_handle)" "$before"
    touch go
    within 10 grep -q '200 OK' held.out
    nsenter --net --target "$container" curl --silent --fail --noproxy '*' http://10.213.77.2:8000/
    lan_fetch http://10.213.77.1:8080/
    kill -CONT $(role_pids keeper)
    within 10 "$YAWL" up -d # adopts what is there, and the table
    within 60 lan_fetch http://10.213.77.1:8080/
    inside client ping -c 1 -W 5 10.213.77.2
    equal "$(on_host nft list tables | grep -c yawl)" 1
    kill -KILL $(role_pids .) $(host_pid web) $(host_pid client)
    within 10 host_is_as_before
}

@test "a host that does not forward, or has the subnet already, is told" {
    on_host sysctl -q -w net.ipv4.ip_forward=0
    compose_file <<'END'
services: {a: {image: box, command: [sleep, "1000"]}}
networks: {default: {x-uplink: kernel, ipam: {config: [{subnet: 10.213.77.0/25}]}}}
END
    refused up -d
    contains "$stderr" "sysctl -w net.ipv4.ip_forward=1"
    on_host sysctl -q -w net.ipv4.ip_forward=1
    refused up -d
    contains "$stderr" "subnet 10.213.77.0/25 overlaps 10.213.77.0/24"
}
