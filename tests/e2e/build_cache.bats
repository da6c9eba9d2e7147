#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# cache_from and cache_to: steps that one store has taken are found by another one.

load helpers
load registry

setup_file() {
    e2e_setup_file
}

teardown_file() {
    registries_stop
    e2e_teardown_file
}

setup() {
    e2e_setup
    mkdir app
    cat >app/Dockerfile <<'END'
FROM box AS tools
RUN echo tools >/tool
FROM box AS base
RUN echo base >/base
FROM base
COPY --from=tools /tool /tool
COPY file /file
END
    echo content >app/file
}

teardown() {
    local result=0
    e2e_teardown || result=1
    "$YAWL" image ls -q 2>/dev/null | grep -F "$TAG" | xargs -r "$YAWL" image rm -f >/dev/null 2>&1 || true
    return $result
}

# build_with KEY ENTRY...: a build of the project whose cache_from or cache_to has these entries.
build_with() {
    local key=$1
    shift
    {
        printf 'services:\n  app:\n    build:\n      context: app\n      %s:\n' "$key"
        printf '        - "%s"\n' "$@"
    } >compose.yaml
    ok build
}

# A store that has the base image alone: what it has not taken itself comes from elsewhere.
elsewhere() {
    export YAWL_DATA_ROOT=$DIR/other
    ok load "$YAWL_E2E_IMAGES/box.tar"
}

cached() {
    grep -c 'CACHED$' <<<"$stderr" || true
}

@test "a folder takes the steps of the image's own stages, or with mode=max all" {
    build_with cache_to "type=local,dest=min" "type=local,dest=max,mode=max"
    [ -e min/oci-layout ]
    images_before=$("$YAWL" image ls -q | wc -l)
    build_with cache_to "type=local,dest=./min/" # it is replaced
    equal "$("$YAWL" image ls -q | wc -l)" "$images_before"
    elsewhere
    build_with cache_from "type=local,src=min"
    equal "$(cached)" 3
    contains "$stderr" "RUN echo tools >/tool"
    ok build prune --all
    ok image rm -f "$PROJECT-app"
    build_with cache_from "type=local,src=max"
    equal "$(cached)" 4
    # Nothing that only had to travel is left in the store.
    equal "$("$YAWL" image ls -q | wc -l)" 2
}

@test "a registry keeps a cache beside the image, or in it" {
    registry_start cache
    build_with cache_to "type=registry,ref=$REGISTRY/$TAG/cache:main,mode=max" type=inline
    ok image tag "$PROJECT-app" "$REGISTRY/$TAG/app:1"
    ok image push "$REGISTRY/$TAG/app:1"
    elsewhere
    build_with cache_from "type=registry,ref=$REGISTRY/$TAG/cache:main"
    equal "$(cached)" 4
    equal "$("$YAWL" image ls -q | wc -l)" 2
    ok build prune --all
    ok image rm -f "$PROJECT-app"
    build_with cache_from "$REGISTRY/$TAG/app:1"
    equal "$(cached)" 3
    # Known steps are not brought again.
    build_with cache_from "$REGISTRY/$TAG/app:1"
    equal "$(cached)" 4
    equal "$(grep -c 'Pulled' <<<"$stderr")" 0
}

@test "a cache that is not there, or of a kind that others know, is left out and said so" {
    build_with cache_from "type=gha,scope=x" "type=local,src=nowhere" "localhost:1/none:1"
    contains "$stderr" "type 'gha' is not known here"
    contains "$stderr" "cache_from 'type=local,src=nowhere' is left out"
    contains "$stderr" "cache_from 'localhost:1/none:1' is left out"
    build_with cache_to "type=s3,bucket=x" "type=registry,ref=localhost:1/none:1,ignore-error=true"
    contains "$stderr" "type 's3' is not known here"
    contains "$stderr" "cache_to 'type=registry,ref=localhost:1/none:1,ignore-error=true' is left out"
    mkdir full
    touch full/file
    printf 'services: {app: {build: {context: app, cache_to: ["type=local,dest=full"]}}}\n' >compose.yaml
    refused build
    contains "$stderr" "'$DIR/full' is there and no OCI layout"
    printf 'services: {app: {build: {context: app, cache_to: ["type=local"]}}}\n' >compose.yaml
    refused build
    contains "$stderr" "dest= is missing"
}
