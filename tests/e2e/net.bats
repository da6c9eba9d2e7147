#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
#   YAWL_E2E_TRANSFER_MIB  how much the large transfer carries (64; a release is tested with 1024)
load helpers

setup_file() { e2e_setup_file; }
teardown_file() { e2e_teardown_file; }
setup() { e2e_setup; }
teardown() { outside_end; e2e_teardown; }

# A second network namespace stands for another machine: 10.213.77.2 there, 10.213.77.1 here.
outside_begin() {
    unshare --net sleep 1000 3>&- &
    OUTSIDE=$!
    local here
    here=$(readlink /proc/self/ns/net)
    within 5 sh -c "[ \$(readlink /proc/$OUTSIDE/ns/net) != '$here' ]"
    ip link add ytout type veth peer name ytpeer netns "$OUTSIDE"
    ip address add 10.213.77.1/30 dev ytout
    ip link set ytout up
    outside ip address add 10.213.77.2/30 dev ytpeer
    outside ip link set ytpeer up
    outside ip link set lo up
}

outside() {
    nsenter --net --target "$OUTSIDE" "$@"
}

outside_end() {
    [ -n "${OUTSIDE-}" ] || return 0
    ip link delete ytout
    kill "$OUTSIDE"
    wait "$OUTSIDE" || true
    OUTSIDE=
}

# A web server as compose.yaml's service `web`: answers "hello" on port 80.
serve='mkdir -p /tmp/www; echo hello > /tmp/www/index.html; exec httpd -f -v -p 80 -h /tmp/www'

@test "services reach each other by name" {
    compose_file <<END
services:
  web: {image: box, command: [sh, -c, "$serve"]}
  client: {image: box, command: [sleep, "1000"]}
END
    ok up -d
    within 5 inside client wget -q -O - http://web/
    equal "$(inside client wget -q -O - http://web/)" hello
    equal "$(inside client wget -q -O - "http://$PROJECT-web-1/")" hello
}

@test "a name gives the addresses of all replicas" {
    compose_file <<'END'
services:
  web: {image: box, command: [sleep, "1000"], scale: 3}
  client: {image: box, command: [sleep, "1000"]}
END
    ok up -d
    within 5 sh -c "[ \$('$YAWL' exec -T client nslookup -type=a web | grep -c '^Address: ') -eq 3 ]"
}

@test "aliases and container names resolve, and a declared name never leaves the project" {
    compose_file <<'END'
services:
  web:
    image: box
    container_name: fixed-name
    command: [sleep, "1000"]
    networks: {default: {aliases: [also]}}
    ports: [{name: talk, target: 4000, protocol: udp}]
  job: {image: box, command: ["true"]}
  client: {image: box, command: [sleep, "1000"]}
END
    ok up -d
    inside client nslookup -type=a also
    inside client nslookup -type=a fixed-name
    matches "$(inside client nslookup -type=srv _talk._udp.also)" "service = 0 0 4000 fixed-name\\.${PROJECT}_default"
    yawl exec -T client nslookup -type=srv _talk._tcp.web
    contains "$stdout$stderr" NXDOMAIN
    within 5 is_state job exited
    yawl exec -T client nslookup -type=a job
    contains "$stdout$stderr" NXDOMAIN
}

@test "an address lookup of the other family is empty, not an error" {
    compose_file <<'END'
services:
  web: {image: box, command: [sleep, "1000"]}
  client: {image: box, command: [sleep, "1000"]}
END
    ok up -d
    yawl exec -T client nslookup -type=aaaa web
    lacks "$stdout$stderr" NXDOMAIN
}

@test "services on different networks do not reach each other" {
    compose_file <<END
services:
  web: {image: box, command: [sh, -c, "$serve"], networks: [back]}
  middle: {image: box, command: [sleep, "1000"], networks: [front, back]}
  client: {image: box, command: [sleep, "1000"], networks: [front]}
networks: {front: , back: }
END
    ok up -d
    within 5 inside middle wget -q -O - http://web/
    yawl exec -T client nslookup -type=a web
    contains "$stdout$stderr" NXDOMAIN
    local address
    address=$(inside web hostname -i | tr ' ' '\n' | head -n 1)
    yawl exec -T client timeout 2 wget -q -O - "http://$address/"
    [ "$status" -ne 0 ] || fail "reached $address"
}

@test "an address stays the same when a container is recreated" {
    compose_file <<'END'
services:
  a: {image: box, command: [sleep, "1000"], environment: {WORD: old}}
END
    ok up -d
    local before
    before=$(inside a hostname -i)
    [ -n "$before" ]
    sed -i 's/old/new/' compose.yaml
    ok up -d
    equal "$(inside a hostname -i)" "$before"
}

@test "a published port answers on loopback and on this machine's other addresses" {
    local port
    port=$(free_port)
    compose_file <<END
services:
  web: {image: box, command: [sh, -c, "$serve"], ports: ["$port:80"]}
END
    ok up -d
    within 5 fetch "http://127.0.0.1:$port/"
    equal "$(fetch "http://127.0.0.1:$port/")" hello
    contains "$("$YAWL" ps)" "0.0.0.0:$port->80/tcp"

    outside_begin
    equal "$(outside curl -s --noproxy '*' --max-time 5 "http://10.213.77.1:$port/")" hello
}

@test "the client's own address reaches the container" {
    local port
    port=$(free_port)
    compose_file <<END
services:
  web: {image: box, command: [sh, -c, "$serve"], ports: ["$port:80"]}
END
    ok up -d
    within 5 fetch "http://127.0.0.1:$port/"
    outside_begin
    outside curl -s --noproxy '*' --max-time 5 "http://10.213.77.1:$port/"
    within 5 logged web 10.213.77.2
}

@test "a port published on 127.0.0.1 is not open elsewhere" {
    local port
    port=$(free_port)
    compose_file <<END
services:
  web: {image: box, command: [sh, -c, "$serve"], ports: ["127.0.0.1:$port:80"]}
END
    ok up -d
    within 5 fetch "http://127.0.0.1:$port/"
    outside_begin
    ! outside curl -s --noproxy '*' --max-time 2 "http://10.213.77.1:$port/" || fail "open from outside"
}

@test "a published UDP port carries questions and answers" {
    local port
    port=$(free_port)
    compose_file <<END
services:
  echo: {image: box, command: [udp_echo, "5300"], ports: ["127.0.0.1:$port:5300/udp"]}
END
    ok up -d
    cat >ask.py <<END
import socket, sys
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.settimeout(1)
s.sendto(b"hello", ("127.0.0.1", $port))
sys.exit(s.recv(100) != b"hello")
END
    within 10 python3 ask.py
}

@test "a port without a number of its own gets a free one" {
    compose_file <<END
services:
  web: {image: box, command: [sh, -c, "$serve"], ports: ["80"]}
END
    ok up -d
    local port
    port=$(json web 'Publishers[0].PublishedPort')
    [ "$port" -gt 1023 ]
    within 5 fetch "http://127.0.0.1:$port/"
}

@test "a large transfer through a published port arrives whole" {
    local port mib=${YAWL_E2E_TRANSFER_MIB:-64}
    port=$(free_port)
    compose_file <<END
services:
  web:
    image: box
    ports: ["127.0.0.1:$port:80"]
    command: [sh, -c, "mkdir /tmp/www; dd if=/dev/urandom of=/tmp/www/big bs=1M count=$mib; md5sum /tmp/www/big; exec httpd -f -p 80 -h /tmp/www"]
END
    ok up -d
    within 120 fetch -r 0-1 "http://127.0.0.1:$port/big"
    fetch --max-time 300 -o got "http://127.0.0.1:$port/big"
    equal "$(stat -c %s got)" $((mib * 1024 * 1024))
    contains "$(lines web)" "$(md5sum <got | cut -c1-32)"
}

@test "a container reaches the outside" {
    compose_file <<'END'
services:
  client: {image: box, command: [sleep, "1000"]}
END
    ok up -d
    outside_begin
    mkdir www
    echo outer >www/file
    background outer nsenter --net --target "$OUTSIDE" python3 -m http.server --bind 10.213.77.2 --directory www 8765
    within 60 fetch http://10.213.77.2:8765/file
    equal "$(inside client wget -q -O - http://10.213.77.2:8765/file)" outer
}

@test "a container of an internal network does not reach the outside" {
    compose_file <<'END'
services:
  client: {image: box, command: [sleep, "1000"], networks: [inner]}
networks: {inner: {internal: true}}
END
    ok up -d
    outside_begin
    mkdir www
    background outer nsenter --net --target "$OUTSIDE" python3 -m http.server --bind 10.213.77.2 --directory www 8765
    within 60 fetch http://10.213.77.2:8765/
    yawl exec -T client timeout 2 wget -q -O - http://10.213.77.2:8765/
    [ "$status" -ne 0 ] || fail "reached the outside"
}

@test "a container does not reach what listens on this machine" {
    compose_file <<'END'
services:
  client: {image: box, command: [sleep, "1000"]}
END
    ok up -d
    outside_begin
    local port
    port=$(free_port)
    background inner python3 -m http.server --bind 10.213.77.1 --directory "$DIR" "$port"
    within 10 fetch "http://10.213.77.1:$port/"
    yawl exec -T client timeout 2 wget -q -O - "http://10.213.77.1:$port/"
    [ "$status" -ne 0 ] || fail "reached a listener of the host"
}

@test "host-gateway leads to what this machine serves to others, not to its loopback" {
    compose_file <<'END'
services:
  client: {image: box, command: [sleep, "1000"], extra_hosts: ["host.docker.internal:host-gateway"]}
  stranger: {image: box, command: [sleep, "1000"], extra_hosts: ["host.docker.internal:169.254.1.2"]}
END
    outside_begin # the host has an address of its own
    ok up -d
    local open closed
    echo own >file
    open=$(free_port)
    background open python3 -m http.server --bind 0.0.0.0 --directory "$DIR" "$open"
    within 10 fetch "http://127.0.0.1:$open/file"
    closed=$(free_port)
    background closed python3 -m http.server --bind 127.0.0.1 --directory "$DIR" "$closed"
    within 10 fetch "http://127.0.0.1:$closed/file"
    equal "$(inside client wget -q -O - "http://host.docker.internal:$open/file")" own
    yawl exec -T client timeout 2 wget -q -O - "http://host.docker.internal:$closed/file"
    [ "$status" -ne 0 ] || fail "reached a listener on loopback"
    yawl exec -T stranger timeout 2 wget -q -O - "http://host.docker.internal:$open/file"
    [ "$status" -ne 0 ] || fail "reached this machine without asking for it"
}

@test "x-host-gateway: loopback leads host-gateway to this machine's 127.0.0.1" {
    compose_file <<'END'
services:
  client:
    image: box
    command: [sleep, "1000"]
    extra_hosts: {host.docker.internal: host-gateway}
    x-host-gateway: loopback
END
    ok up -d
    local port
    port=$(free_port)
    echo own >file
    background inner python3 -m http.server --bind 127.0.0.1 --directory "$DIR" "$port"
    within 10 fetch "http://127.0.0.1:$port/file"
    equal "$(inside client wget -q -O - "http://host.docker.internal:$port/file")" own
}

@test "driver options, a name for the interface and a link take effect" {
    compose_file <<END
services:
  web: {image: box, command: [sh, -c, "$serve"]}
  client:
    image: box
    command: [sleep, "1000"]
    links: ["web:backend"]
    networks: {default: {interface_name: wan0}, apart: {interface_name: lan0}}
  other: {image: box, command: [sh, -c, "$serve"], networks: [apart]}
networks:
  default: {driver_opts: {com.docker.network.driver.mtu: 1400}}
  apart: {driver_opts: {com.docker.network.bridge.enable_icc: "false"}}
END
    ok up -d
    within 5 inside client wget -q -O - http://backend/
    contains "$(inside client ip link show wan0)" "mtu 1400"
    inside client ip link show lan0
    yawl exec -T client timeout 2 wget -q -O - http://other/
    [ "$status" -ne 0 ] || fail "containers of a network without communication reached each other"
    yawl exec -T other nslookup -type=a backend
    [ "$status" -ne 0 ] || fail "another container follows the link" # whatever the host's name server says
}

@test "a network with IPv6 gives addresses, names and ports of version 6" {
    local port
    port=$(free_port)
    compose_file <<END
services:
  web:
    image: box
    command: [sh, -c, "$serve"]
    ports: ["$port:80"]
    networks: {six: {ipv6_address: "fd00:77::9"}}
  client: {image: box, command: [sleep, "1000"], networks: [six]}
networks:
  six:
    enable_ipv4: false
    enable_ipv6: true
    ipam: {config: [{subnet: "fd00:77::/64"}]}
END
    ok up -d
    within 5 inside client wget -q -O - http://web/
    contains "$(inside client nslookup -type=aaaa web)" fd00:77::9
    equal "$(inside client wget -q -O - "http://[fd00:77::9]/")" hello
    within 5 fetch "http://[::1]:$port/"
    within 5 fetch "http://127.0.0.1:$port/"
    yawl exec -T client ip -4 address show eth0
    lacks "$stdout" inet
}

@test "a service that is a name server itself has port 53, and resolves names like others" {
    compose_file <<'END'
services:
  names:
    image: box
    command: [sh, -c, "udp_echo 53 & exec nc -ll -p 53 -e echo pong"]
    expose: ["53/udp"]
  client: {image: box, command: [sleep, "1000"]}
END
    ok up -d
    within 5 inside client nc -w 1 names 53
    equal "$(inside client sh -c "nc -w 1 names 53 </dev/null")" pong
    inside names nslookup -type=a client 127.0.0.11 >/dev/null
    inside names grep -q ' 00000000:0035 ' /proc/net/udp
    kill -KILL $(role_pids supervisor) $(role_pids net-worker)
    within 10 inside names nslookup -type=a client 127.0.0.11
    equal "$(inside client sh -c "nc -w 1 names 53 </dev/null")" pong
}

@test "a change of this machine's resolv.conf is followed in containers that run" {
    compose_file <<'END'
services:
  web: {image: box, command: [sleep, "1000"]}
  host: {image: box, command: [sleep, "1000"], network_mode: host}
  own: {image: box, command: [sleep, "1000"], dns_search: [own.example]}
END
    # Of the supervisor alone, in a mount namespace of its own.
    printf 'nameserver 127.0.0.1\nsearch old.example\n' >resolv.conf
    try unshare --mount sh -c "mount --bind '$DIR/resolv.conf' /etc/resolv.conf && exec '$YAWL' up -d"
    equal "$status" 0
    contains "$(inside web cat /etc/resolv.conf)" "search old.example"
    printf 'nameserver 127.0.0.1\nsearch new.example\n' >resolv.conf
    within 5 inside web grep -q '^search new.example$' /etc/resolv.conf
    within 5 inside host grep -q '^search new.example$' /etc/resolv.conf
    contains "$(inside web cat /etc/resolv.conf)" "nameserver 127.0.0.11"
    contains "$(inside own cat /etc/resolv.conf)" "search own.example"
}

@test "net shows networks, addresses, names and the state of ports" {
    local port
    port=$(free_port)
    compose_file <<END
services:
  web: {image: box, command: [sh, -c, "$serve"], ports: ["127.0.0.1:$port:80"]}
END
    ok up -d
    within 5 fetch "http://127.0.0.1:$port/"
    ok net
    contains "$stdout" default
    contains "$stdout" "$(inside web hostname -i)"
    contains "$stdout" "127.0.0.1:$port/tcp"
    contains "$stdout" open
    ok net --format json
    equal "$(python3 -c 'import json,sys; d=json.load(sys.stdin); print(d["ports"][0]["state"], d["members"][0]["state"])' <<<"$stdout")" "open ready"
    ok port
    equal "$stdout" "$PROJECT-web-1 80/tcp -> 127.0.0.1:$port"
    ok port web
    equal "$stdout" "$PROJECT-web-1 80/tcp -> 127.0.0.1:$port"
}

# The rate of a direction (receive, transmit) of the service's interface over three seconds, in kbit/s.
measured_kbit() {
    local field=2
    [ "$2" = receive ] || field=10
    inside "$1" sh -c "
        look() { echo \$(tr ':' ' ' </proc/net/dev | awk '\$1 == \"eth0\" {print \$$field}') \$(cut -d' ' -f1 /proc/uptime); }
        a=\$(look); sleep 3; b=\$(look)
        echo \$a \$b | awk '{print int((\$3 - \$1) * 8 / 1000 / (\$4 - \$2))}'"
}

@test "x-bandwidth limits what a service sends and receives" {
    local port kbit
    port=$(free_port)
    compose_file <<END
services:
  web:
    image: box
    ports: ["127.0.0.1:$port:80"]
    command: [sh, -c, "mkdir /tmp/www; dd if=/dev/zero of=/tmp/www/big bs=1M count=40; exec httpd -f -p 80 -h /tmp/www"]
    x-bandwidth: {egress: 20mbit}
  client:
    image: box
    command: [sleep, "1000"]
    x-bandwidth: {ingress: 10mbit}
END
    ok up -d
    within 10 fetch -r 0-1 "http://127.0.0.1:$port/big"
    background load curl -s --noproxy '*' -o /dev/null "http://127.0.0.1:$port/big"
    kbit=$(measured_kbit web transmit)
    [ "$kbit" -ge 19000 ] && [ "$kbit" -le 21000 ] || fail "egress: $kbit kbit/s"
    kill "$pid"
    background load "$YAWL" exec -T client wget -q -O /dev/null http://web/big
    kbit=$(measured_kbit client receive)
    [ "$kbit" -ge 9500 ] && [ "$kbit" -le 10500 ] || fail "ingress: $kbit kbit/s"
}

@test "network_mode: none has loopback only, and host has the machine's" {
    compose_file <<'END'
services:
  none: {image: box, network_mode: none, command: [sleep, "1000"]}
  host: {image: box, network_mode: host, command: [sleep, "1000"]}
END
    ok up -d
    equal "$(inside none ls /sys/class/net 2>/dev/null | tr '\n' ' ')" "lo "
    equal "$(inside host readlink /proc/self/ns/net)" "$(readlink /proc/self/ns/net)"
}

@test "a dead replica is not answered any more, and its port is refused" {
    local port
    port=$(free_port)
    compose_file <<END
services:
  web: {image: box, command: [sh, -c, "$serve"], ports: ["127.0.0.1:$port:80"]}
  client: {image: box, command: [sleep, "1000"]}
END
    ok up -d
    within 5 fetch "http://127.0.0.1:$port/"
    ok stop web
    ! fetch "http://127.0.0.1:$port/" || fail "still answers"
    ok start web
    within 5 fetch "http://127.0.0.1:$port/"
}
