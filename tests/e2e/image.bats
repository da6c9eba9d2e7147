#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
load helpers
load fake_worker

setup() { fake_setup; }
teardown() { fake_teardown; }

ANSWERS='{"output": {"save": "", "import": "sha256:1", "tag": "", "rm": "Untagged: a", "prune": "0B", "inspect": []}}'

@test "image without a command shows its commands" {
    ok image --help
    matches "$stdout" '^  prune '
    refused image
    refused image puhs
    contains "$stderr" "unknown command: 'image puhs' (did you mean 'push'?)"
    ok image pull --help
    matches "$stdout" '^Usage: yawl image pull \[OPTIONS\] REFERENCE\.\.\.'
}

@test "image pull and push name each image that is there afterwards" {
    answers '{"pull": {"ghcr.io/a/b:1": {"error": "denied"}}}'
    refused image pull --platform linux/arm64 postgres ghcr.io/a/b:1 postgres:latest
    equal "$stdout" "docker.io/library/postgres:latest"
    matches "$stderr" "^ postgres:latest Pulled$"
    matches "$stderr" "^yawl: error: pull 'ghcr.io/a/b:1': denied$"
    equal "$(asked pull)" "pull --events docker.io/library/postgres:latest,platform=linux/arm64 ghcr.io/a/b:1,platform=linux/arm64"
    ok image push -q localhost:5000/x:2
    equal "$(asked push)" "push --events localhost:5000/x:2"
    refused image pull
    refused image pull UPPER:case:wrong
}

@test "save, import, tag, rm, inspect and prune ask the worker in its words" {
    answers "$ANSWERS"
    ok save -o out.tar --format oci a:1 b
    ok image save a
    ok import -c 'CMD ["sh"]' -m hello --platform linux/arm64 root.tar mine:1
    ok tag a b:2
    ok image rm -f a -- -odd
    ok image inspect a
    ok image prune -f -a --filter until=24h
    equal "$(asked save)" "save --format oci --output out.tar -- a:1 b
save --output - -- a"
    equal "$(asked import)" 'import --change CMD ["sh"] --message hello --platform linux/arm64 -- root.tar mine:1'
    equal "$(asked tag)" "tag -- a b:2"
    equal "$(asked rm)" "rm --force -- a -odd"
    equal "$(asked inspect)" "inspect -- a"
    equal "$(asked prune)" "prune --all --filter until=24h"
}

@test "prune asks first, and no answer is no" {
    answers "$ANSWERS"
    refused image prune </dev/null
    equal "$(asked prune)" ""
    try bash -c "echo y | $YAWL image prune"
    equal "$status" 0
    equal "$(asked prune)" "prune"
}

@test "the worker's exit code is the command's" {
    answers '{"output": {"rm": ""}, "exit": 1, "stderr": "yawl-image: it is in use"}'
    refused image rm a
    contains "$stderr" "it is in use"
}

@test "commands without what they need are refused" {
    refused tag a
    refused save
    refused import
    refused image rm
    refused image inspect
    refused image prune -f something
    equal "$(cat "$FAKE_WORKER/calls")" ""
}

@test "image ls shows names, ids, ages and sizes" {
    id=$(digest_of id)
    mkdir -p "$YAWL_DATA_ROOT/images"
    jq -n --arg id "$id" --arg index "$(digest_of index)" '{references: {"docker.io/library/postgres:16": {config: $id, index: $index}, "ghcr.io/a/b:1": {config: $id}, ($id): {config: $id}}}' >"$YAWL_DATA_ROOT/images/index.json"
    answers "{\"output\": {\"inspect\": [{\"Id\": \"$id\", \"Size\": 104857600, \"Created\": \"2020-01-01T00:00:00Z\", \"Os\": \"linux\", \"Architecture\": \"amd64\"}]}}"
    ok image ls
    matches "$stdout" '^REPOSITORY +TAG +IMAGE ID +CREATED +SIZE$'
    matches "$stdout" "^postgres +16 +${id:7:12} +[0-9]+ years ago +105MB$"
    matches "$stdout" "^ghcr.io/a/b +1 "
    matches "$stdout" "^<none> +<none> +${id:7:12} "
    ok image ls --digests --no-trunc postgres
    matches "$stdout" "^postgres +16 +$(digest_of index) +$id "
    lacks "$stdout" ghcr.io
    ok image ls --format json postgres:16
    equal "$(jq -r '[.Repository, .Tag, .ID, .Size, .Platform] | join(" ")' <<<"$stdout")" "postgres 16 ${id:7:12} 105MB linux/amd64"
    ok image ls -q postgres
    equal "$stdout" "${id:7:12}"
}
