#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# What a service says of its place on a network, and of names that are its own.
load helpers

setup_file() { e2e_setup_file; }
teardown_file() { e2e_teardown_file; }
setup() {
    e2e_setup
    SHARED=${TAG}shared
}
teardown() {
    local project
    for project in shop blog; do
        [ ! -e "$YAWL_RUN_ROOT/projects/$TAG$project" ] || "$YAWL" -p "$TAG$project" down -t 0 >/dev/null 2>&1
    done
    "$YAWL" network rm "$SHARED" >/dev/null 2>&1 || true
    e2e_teardown
}

# The addresses of a name, as the service sees it.
lookup() {
    inside "$1" nslookup -type=a "$2" | sed -n '/^Name:/,$s/^Address: *//p'
}

@test "a link names each container by its number, also those that come later" {
    compose_file <<'END'
services:
  web: {image: box, command: [sleep, "1000"]}
  fixed: {image: box, container_name: box-of-it, command: [sleep, "1000"]}
  client: {image: box, command: [sleep, "1000"], links: [web, "fixed:other"]}
  stranger: {image: box, command: [sleep, "1000"]}
END
    ok up -d
    equal "$(lookup client web-1)" "$(lookup client "$PROJECT-web-1")"
    equal "$(lookup client fixed-1)" "$(lookup client box-of-it)"
    equal "$(lookup client other)" "$(lookup client box-of-it)"
    ok scale web=2
    within 5 inside client nslookup -type=a web-2
    equal "$(lookup client web-2)" "$(lookup client "$PROJECT-web-2")"
    ! inside stranger nslookup -type=a web-1 || fail "the link is the linking container's alone"
}

@test "an external link is another name for a container of another project" {
    ok network create "$SHARED"
    cat >shop.yaml <<END
services: {web: {image: box, command: [sleep, "1000"]}}
networks: {default: {external: true, name: $SHARED}}
END
    cat >blog.yaml <<END
services:
  client: {image: box, command: [sleep, "1000"], external_links: ["${TAG}shop-web-1:shopfront"]}
networks: {default: {external: true, name: $SHARED}}
END
    ok -p "${TAG}shop" -f shop.yaml up -d
    ok -p "${TAG}blog" -f blog.yaml up -d
    within 5 "$YAWL" -p "${TAG}blog" exec -T client nslookup -type=a shopfront
}

@test "an IPv6 address that one project fixes on a shared network is refused to another" {
    local project
    ok network create --ipv6 --subnet fd00:79::/64 "$SHARED"
    for project in shop blog; do
        cat >"$project.yaml" <<END
services:
  web: {image: box, command: [sleep, "1000"], networks: {default: {ipv6_address: "fd00:79::9"}}}
networks: {default: {external: true, name: $SHARED}}
END
    done
    ok -p "${TAG}shop" -f shop.yaml up -d
    refused -p "${TAG}blog" -f blog.yaml up -d
    contains "$stderr" "address fd00:79::9"
    contains "$stderr" "taken by '${TAG}shop/${TAG}shop-web-1'"
    ok -p "${TAG}shop" down -t 0
    ok -p "${TAG}blog" -f blog.yaml up -d
}

@test "link-local addresses reach the neighbours, and the host is still the host" {
    local port
    port=$(free_port)
    compose_file <<'END'
services:
  a:
    image: box
    command: [sleep, "1000"]
    networks: {default: {link_local_ips: [169.254.8.8, "fe80::8"]}}
    extra_hosts: ["host.docker.internal:host-gateway"]
    x-host-gateway: loopback
  b:
    image: box
    command: [sleep, "1000"]
    networks: {default: {link_local_ips: [169.254.8.9]}}
END
    ok up -d
    inside b ping -c 1 -W 5 169.254.8.8
    contains "$(inside a ip -6 address show eth0)" "fe80::8/64"
    echo own >file
    background open python3 -m http.server --bind 127.0.0.1 --directory "$DIR" "$port"
    within 10 fetch "http://127.0.0.1:$port/file"
    equal "$(inside a wget -q -O - "http://host.docker.internal:$port/file")" own
}

@test "a link-local address that is none, or the host's, is refused" {
    local address
    for address in 10.0.0.1 169.254.1.2; do
        compose_file <<END
services: {a: {image: box, command: [sleep, "1000"], networks: {default: {link_local_ips: [$address]}}}}
END
        refused up -d
        contains "$stderr" "$address"
    done
}

@test "a network with several subnets fills the first, then the next; each has its gateway, and all reach each other" {
    compose_file <<'END'
services:
  web:
    image: box
    scale: 2
    command: [sh, -c, "mkdir -p /tmp/www; hostname -i > /tmp/www/index.html; exec httpd -f -p 80 -h /tmp/www"]
  fixed:
    image: box
    command: [sleep, "1000"]
    networks: {default: {ipv4_address: 10.213.10.9, ipv6_address: "fd00:213:2::9"}}
networks:
  default:
    enable_ipv6: true
    ipam:
      config:
        - {subnet: 10.213.9.0/30}
        - {subnet: 10.213.10.0/24, gateway: 10.213.10.254, ip_range: 10.213.10.64/26}
        - {subnet: "fd00:213:1::/64"}
        - {subnet: "fd00:213:2::/64"}
END
    ok up -d
    lacks "$stderr" warning
    local index addresses=() address
    for index in 1 2; do
        addresses+=("$("$YAWL" exec -T --index $index web ip -4 -o address show eth0 | awk '{print $4}')")
    done
    mapfile -t addresses < <(printf '%s\n' "${addresses[@]}" | sort)
    contains "${addresses[*]}" "10.213.9.2/30"
    contains "${addresses[*]}" "10.213.10."
    contains "$(inside fixed ip route)" "default via 10.213.10.254"
    for address in "${addresses[@]}"; do
        within 5 inside fixed wget -q -O - "http://${address%/*}/"
    done
    for index in 1 2; do
        "$YAWL" exec -T --index $index web ping -c 1 -W 5 10.213.10.9
        "$YAWL" exec -T --index $index web ping -6 -c 1 -W 5 fd00:213:2::9
    done
    inside fixed ping -c 1 -W 5 10.213.10.254
    inside fixed ping -6 -c 1 -W 5 fd00:213:2::1
    contains "$("$YAWL" net)" "10.213.9.0/30, fd00:213:1::/64, 10.213.10.0/24, fd00:213:2::/64"
    ok up -d
    contains "$stderr" "Running"
}

@test "a network whose definition has changed is made anew, with the containers that are on it and no others" {
    compose_file <<END
services:
  web: {image: box, command: [httpd, -f, -p, "80"]}
  client: {image: box, command: [sleep, "1000"]}
  apart: {image: box, command: [sleep, "1000"], networks: [other]}
networks:
  default: {ipam: {config: [{subnet: 10.213.11.0/24}]}}
  other: {}
END
    ok up -d
    local before
    before=$(host_pid apart)
    sed -i 's/10\.213\.11\.0/10.213.12.0/' compose.yaml
    ok up -d
    contains "$(inside web hostname -i)" 10.213.12.
    within 5 inside client sh -c 'wget -q -O - http://web/ 2>&1 | grep -q 404'
    contains "$(inside client ip route)" "default via 10.213.12.1"
    equal "$(host_pid apart)" "$before"
    ok up -d
    lacks "$stderr" Recreate
}

@test "driver options of a service's place on a network take effect" {
    compose_file <<'END'
services:
  a:
    image: box
    command: [sleep, "1000"]
    networks:
      default:
        driver_opts:
          com.docker.network.endpoint.ifname: wan0
          com.docker.network.endpoint.sysctls: net.ipv4.conf.IFNAME.log_martians=1
          com.example.unheard: x
END
    ok up -d
    contains "$stderr" "services.a.networks.default.driver_opts.com.example.unheard"
    equal "$(inside a cat /proc/sys/net/ipv4/conf/wan0/log_martians)" 1
}
