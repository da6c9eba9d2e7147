# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# A real registry (Debian's docker-registry) on loopback for the tests of one file.

# registry_start NAME [tls] [auth]: starts a registry of its own and sets REGISTRY to HOST:PORT. Its user is
# "tester", the password "opensesame"; its authority is $E2E/NAME/ca.crt. What it was asked is in $E2E/NAME/log.
registry_start() {
    local name=$1 folder=$E2E/$1 port option
    shift
    port=$(free_port)
    mkdir -p "$folder"
    {
        printf 'version: 0.1\nlog: {level: info, formatter: text, accesslog: {disabled: false}}\n'
        printf 'storage: {filesystem: {rootdirectory: %s}, delete: {enabled: true}}\n' "$folder/data"
        printf 'http:\n  addr: 127.0.0.1:%s\n' "$port"
        for option in "$@"; do
            "registry_$option" "$folder"
        done
    } >"$folder/config.yml"
    docker-registry serve "$folder/config.yml" >"$folder/log" 2>&1 3>&- &
    echo $! >>"$E2E/registries"
    BACKGROUND+=($!)
    REGISTRY=localhost:$port
    within 20 registry_answers "$port" || { cat "$folder/log"; return 1; }
}

registry_answers() {
    (exec 7<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null
}

# An authority and a certificate for localhost by it.
registry_tls() {
    local folder=$1
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj "/CN=test authority" \
        -keyout "$folder/ca.key" -out "$folder/ca.crt" 2>/dev/null
    openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj "/CN=localhost" \
        -keyout "$folder/server.key" -out "$folder/server.csr" 2>/dev/null
    printf 'subjectAltName=DNS:localhost,IP:127.0.0.1\n' >"$folder/server.ext"
    openssl x509 -req -in "$folder/server.csr" -CA "$folder/ca.crt" -CAkey "$folder/ca.key" -CAcreateserial -days 2 \
        -extfile "$folder/server.ext" -out "$folder/server.crt" 2>/dev/null
    printf '  tls: {certificate: %s, key: %s}\n' "$folder/server.crt" "$folder/server.key"
}

registry_auth() {
    local folder=$1
    # bcrypt, as docker-registry wants it; libxcrypt has it.
    perl -e 'print "tester:", crypt("opensesame", "\$2b\$05\$abcdefghijklmnopqrstuu"), "\n"' >"$folder/htpasswd"
    printf 'auth: {htpasswd: {realm: tests, path: %s}}\n' "$folder/htpasswd"
}

registries_stop() {
    local pid
    [ -e "$E2E/registries" ] || return 0
    while read -r pid; do
        kill "$pid" 2>/dev/null
    done <"$E2E/registries"
    rm -f "$E2E/registries"
}

# image COMMAND ARGUMENTS...: yawl-image on the tests' store, or on $IMAGE_DATA; sets status, stdout and stderr.
image() {
    local command=$1
    shift
    try "$IMAGE_WORKER" "$command" --data-root "${IMAGE_DATA:-$YAWL_DATA_ROOT}" "$@"
}

image_ok() {
    image "$@"
    [ "$status" -eq 0 ] || fail "yawl-image $*: exit $status: $stderr"
}

image_refused() {
    image "$@"
    [ "$status" -eq 1 ] || fail "yawl-image $*: exit $status, expected 1"
}

# forget REF...: the images, their layers and their blobs are gone.
forget() {
    image_ok rm "$@"
    image_ok prune
}

# asked NAME TEXT: how many requests to the registry's log match.
asked() {
    grep -c -E "$2" "$E2E/$1/log" || true
}

# hostile FAULT...: a registry on loopback that misbehaves so (registry_server.py); sets HOSTILE to HOST:PORT. It ends with
# the test.
hostile() {
    local fault options=()
    for fault in "$@"; do
        options+=(--fault "$fault")
    done
    mkfifo "$DIR/hostile.in"
    python3 "$TOOLS/registry_server.py" --log "$DIR/hostile.log" "${options[@]}" <"$DIR/hostile.in" \
        >"$DIR/hostile.out" 2>"$DIR/hostile.err" 3>&- &
    BACKGROUND+=($!)
    exec 6>"$DIR/hostile.in"
    within 20 test -s "$DIR/hostile.out"
    HOSTILE=127.0.0.1:$(head -n 1 "$DIR/hostile.out" | jq -r .registry)
}

hostile_end() {
    exec 6>&-
    rm "$DIR/hostile.in" "$DIR/hostile.out"
}
