#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
load helpers
load fake_worker

setup() {
    fake_setup
    mkdir api
    compose_file <<'END_OF_FILE'
services:
  web:
    image: acme/web:1.4
    volumes:
      - {type: image, source: "acme/data:2", target: /data}
  db:
    image: postgres:16
  debug: {image: busybox, profiles: [debug]}
  api: {build: api}
END_OF_FILE
    cat >api/Dockerfile <<'END_OF_FILE'
# comment
FROM --platform=$BUILDPLATFORM node:22 AS build
RUN true
FROM build AS test
FROM scratch
COPY --from=test /a /a
COPY --from=nginx /b /b
END_OF_FILE
}
teardown() { fake_teardown; }

locked() {
    jq -r '.images | keys_unsorted[]' compose.lock | paste -sd' '
}

@test "lock names every image: of profiles, image volumes and build bases" {
    ok lock
    equal "$(locked)" "docker.io/acme/data:2 docker.io/acme/web:1.4 docker.io/library/busybox:latest docker.io/library/nginx:latest docker.io/library/node:22 docker.io/library/postgres:16"
    equal "$(jq -r '.version' compose.lock)" 1
    equal "$(jq -r '.images["docker.io/library/postgres:16"].digest' compose.lock)" "$(digest_of docker.io/library/postgres:16)"
    equal "$(jq -r '.images["docker.io/library/postgres:16"].platforms["linux/arm64"].size' compose.lock)" 1000
    matches "$stdout" "^docker.io/library/postgres:16 added $(digest_of docker.io/library/postgres:16)$"
}

@test "a second lock asks nobody and changes nothing" {
    ok lock
    cp compose.lock before
    answers '{}'
    ok lock
    equal "$(asked resolve)" ""
    equal "$stdout" "compose.lock is up to date"
    cmp before compose.lock
}

@test "lock adds what is new and drops what is gone" {
    ok lock
    answers '{}'
    sed -i 's/postgres:16/postgres:17/' compose.yaml
    ok lock
    equal "$(asked resolve)" "resolve docker.io/library/postgres:17"
    matches "$stdout" '^docker.io/library/postgres:17 added '
    matches "$stdout" '^docker.io/library/postgres:16 removed$'
    lacks "$(locked)" postgres:16
}

@test "lock --upgrade asks again and tells old and new" {
    ok lock
    new=$(digest_of new)
    answers "{\"resolve\": {\"docker.io/library/postgres:16\": {\"digest\": \"$new\", \"media_type\": \"m\", \"platforms\": []}}}"
    ok lock --upgrade
    equal "$stdout" "docker.io/library/postgres:16 $(digest_of docker.io/library/postgres:16) -> $new"
    equal "$(jq -r '.images["docker.io/library/postgres:16"].digest' compose.lock)" "$new"
}

@test "lock --upgrade SERVICE asks for that service's images only" {
    ok lock
    answers '{}'
    ok lock --upgrade web
    equal "$(asked resolve)" "resolve docker.io/acme/web:1.4 docker.io/acme/data:2"
    equal "$stdout" "compose.lock is up to date"
    refused lock --upgrade nobody
    contains "$stderr" "no such service: nobody"
}

@test "an image that nobody knows is an error at its place, and the file stays as it was" {
    ok lock
    cp compose.lock before
    sed -i 's/postgres:16/postgres:99/' compose.yaml
    answers '{"resolve": {"docker.io/library/postgres:99": {"error": "manifest unknown"}}}'
    refused lock
    matches "$stderr" "compose.yaml:7:12: error: services.db.image: resolve 'docker.io/library/postgres:99': manifest unknown"
    cmp before compose.lock
}

@test "a base image with a variable is the one that its arguments name" {
    # shellcheck disable=SC2016  # the Dockerfile's variable
    printf 'ARG V=1\nFROM postgres:$V\n' >api/Dockerfile
    sed -i 's/api: {build: api}/api: {build: {context: api, args: {V: "16"}}}/' compose.yaml
    ok lock
    lacks "$(locked)" postgres:1\"
    contains "$(locked)" docker.io/library/postgres:16
}

@test "a mistake in a Dockerfile is told at its place" {
    echo 'FORM postgres' >api/Dockerfile
    refused lock
    matches "$stderr" "api/Dockerfile:1:1: error: "
}

@test "lock --check says what is stale" {
    refused lock --check
    matches "$stderr" "compose.lock: error: there is no lock file: 'yawl lock' writes it"
    ok lock
    ok lock --check
    equal "$stdout$stderr" ""
    sed -i 's/postgres:16/postgres:17/' compose.yaml
    refused lock --check
    matches "$stderr" "compose.yaml:7:12: error: services.db.image: 'docker.io/library/postgres:17' is not in compose.lock"
    matches "$stderr" "compose.lock: error: nothing needs 'docker.io/library/postgres:16' any more"
}

@test "a broken lock file is an error with its line and column" {
    printf '{"version": 1,\n "images": {]}\n' >compose.lock
    for command in "lock" "lock --check" "pull db" "up -d db" "config --resolve-image-digests"; do
        # shellcheck disable=SC2086  # words
        refused $command
        matches "$stderr" '/compose.lock:2:13: error: JSON'
    done
    echo '{"version": 9, "images": {}}' >compose.lock
    refused lock
    matches "$stderr" '/compose.lock:1:2: error: it was written by a newer yawl'
}

@test "the lock file is beside the first Compose file" {
    mkdir deploy
    mv compose.yaml deploy/
    mv api deploy/
    ok -f deploy/compose.yaml lock
    [ -e deploy/compose.lock ] && [ ! -e compose.lock ]
}

# ---- its readers

@test "pull and up ask for the locked digest" {
    ok lock
    answers '{"pull": {"docker.io/library/postgres:16": {"error": "gone"}}}'
    item="docker.io/library/postgres:16,digest=$(digest_of docker.io/library/postgres:16)"
    refused pull db
    equal "$(asked pull)" "pull --events $item"
    answers '{"pull": {"docker.io/library/postgres:16": {"error": "gone"}}}'
    refused up -d db
    equal "$(asked pull)" "pull --events $item"
}

@test "--no-lock asks for the tag" {
    ok lock
    answers '{"pull": {"docker.io/library/postgres:16": {"error": "gone"}}}'
    refused up -d --no-lock db
    equal "$(asked pull)" "pull --events docker.io/library/postgres:16"
}

@test "up warns of an image that the lock file lacks" {
    ok lock
    sed -i 's/postgres:16/postgres:17/' compose.yaml
    answers '{"pull": {"docker.io/library/postgres:17": {"error": "gone"}}}'
    refused up -d db
    matches "$stderr" "compose.yaml:7:12: warning: services.db.image: 'docker.io/library/postgres:17' is not in compose.lock"
}

@test "up --frozen refuses a lock file that is absent or stale, before pulling" {
    refused up -d --frozen db
    matches "$stderr" "compose.lock: error: there is no lock file"
    ok lock
    sed -i 's/busybox/alpine/' compose.yaml
    answers '{}'
    refused up -d --frozen db
    matches "$stderr" "error: services.debug.image: 'docker.io/library/alpine:latest' is not in compose.lock"
    matches "$stderr" "compose.lock: error: nothing needs 'docker.io/library/busybox:latest' any more"
    equal "$(asked pull)" ""
    refused up -d --frozen --no-lock db
    contains "$stderr" "incompatible"
}

@test "up --frozen goes on when the lock file is up to date" {
    ok lock
    answers '{"pull": {"docker.io/library/postgres:16": {"error": "gone"}}}'
    refused up -d --frozen db
    contains "$stderr" "pull 'postgres:16': gone"
}

@test "lock --as-override prints docker's override file" {
    sed -i '/api:/d' compose.yaml
    ok lock
    ok lock --as-override
    equal "$stdout" "services:
  db:
    image: docker.io/library/postgres:16@$(digest_of docker.io/library/postgres:16)
  debug:
    image: docker.io/library/busybox:latest@$(digest_of docker.io/library/busybox:latest)
  web:
    image: docker.io/acme/web:1.4@$(digest_of docker.io/acme/web:1.4)"
}

@test "config --lock-image-digests prints the images of the services and asks for them" {
    ok config --lock-image-digests db
    equal "$stdout" "services:
  db:
    image: docker.io/library/postgres:16@$(digest_of docker.io/library/postgres:16)"
    equal "$(asked resolve)" "resolve docker.io/library/postgres:16"
}

@test "config --resolve-image-digests prints the whole model with the lock file's digests" {
    ok lock
    answers '{}'
    ok config --resolve-image-digests db
    matches "$stdout" "^    image: docker.io/library/postgres:16@$(digest_of docker.io/library/postgres:16)$"
    matches "$stdout" '^name: demo$'
    equal "$(asked resolve)" ""
}

@test "config tells the place of an image that cannot be resolved" {
    answers '{"resolve": {"docker.io/library/postgres:16": {"error": "unauthorized"}}}'
    refused config --resolve-image-digests db
    matches "$stderr" 'compose.yaml:7:12: error: services.db.image: unauthorized'
    equal "$stdout" ""
}
