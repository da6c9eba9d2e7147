# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# A network namespace that stands for the host, in which the program under test runs from lan_begin to lan_end, with
# another machine beside it: 10.213.77.1 is the host, 10.213.77.2 the other.

lan_begin() {
    namespace_begin
    HOST=$NAMESPACE
    namespace_begin
    LAN=$NAMESPACE
    on_host ip link set lo up
    on_lan ip link set lo up
    on_host ip link add wire type veth peer name wire netns "$LAN"
    on_host ip address add 10.213.77.1/24 dev wire
    on_host ip link set wire up
    on_lan ip address add 10.213.77.2/24 dev wire
    on_lan ip link set wire up
    # The program under test is to run there.
    printf '#!/bin/sh\nexec nsenter --net --target %s %s "$@"\n' "$HOST" "$YAWL" >"$DIR/yawl-on-host"
    chmod +x "$DIR/yawl-on-host"
    YAWL=$DIR/yawl-on-host
}

# The projects there are down.
lan_end() {
    kill "$HOST" "$LAN"
    wait "$HOST" "$LAN" || true
    YAWL=$(sed -n 's/.*--target [0-9]* \([^ ]*\) .*/\1/p' "$DIR/yawl-on-host")
}

# Sets $NAMESPACE to a process in a network namespace of its own.
namespace_begin() {
    unshare --net sleep 1000 3>&- &
    NAMESPACE=$!
    local here
    here=$(readlink /proc/self/ns/net)
    within 5 sh -c "[ \$(readlink /proc/$NAMESPACE/ns/net) != '$here' ]"
}

on_host() {
    nsenter --net --target "$HOST" "$@"
}

on_lan() {
    nsenter --net --target "$LAN" "$@"
}

# host_firewall PORT: as a host has it with Docker and ufw: nothing is forwarded, and new connections come in at that
# port alone.
host_firewall() {
    on_host sysctl -q -w net.ipv4.ip_forward=1
    on_host nft -f - <<END
table ip docker {
chain forward { type filter hook forward priority 0; policy drop;
}
}
table inet ufw {
chain input { type filter hook input priority 0; policy drop;
iif lo accept
ct state established,related accept
tcp dport $1 accept
}
}
END
}

# Of the other machine.
lan_fetch() {
    on_lan curl --silent --show-error --fail --max-time 2 --noproxy '*' "$@"
}

# A web server as a container's command: answers its word on port 80.
serve() {
    echo "[sh, -c, 'mkdir -p /tmp/www; echo $1 > /tmp/www/index.html; exec httpd -f -v -p 80 -h /tmp/www']"
}
