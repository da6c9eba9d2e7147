#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
load helpers
load fake_worker

# What `up` and `pull` do with images that are there, and with those that come: the worker that is asked is not the
# real one, but what it "pulls" is loaded from an archive.

setup_file() { e2e_setup_file box.tar; }
teardown_file() { e2e_teardown_file; }
setup() {
    e2e_setup
    export YAWL FAKE_WORKER=$DIR/worker YAWL_IMAGE_WORKER=$TOOLS/fake_image_worker.py
    mkdir "$FAKE_WORKER"
    answers "{\"pull\": {\"docker.io/library/new:1\": {\"layers\": [5000], \"load\": \"$YAWL_E2E_IMAGES/box.tar\"}}}"
}
teardown() {
    unset YAWL_IMAGE_WORKER
    real_worker rm new:1 >/dev/null 2>&1 || true
    e2e_teardown
}

real_worker() {
    local command=$1
    shift
    "$IMAGE_WORKER" "$command" --data-root "$YAWL_DATA_ROOT" "$@"
}

# service IMAGE [PULL_POLICY]
service() {
    compose_file <<END
services:
  a: {image: "$1", command: [sleep, "1000"]${2:+, pull_policy: $2}}
END
}

@test "up pulls a missing image and runs it, and the next up asks nobody" {
    service new:1
    ok up -d
    is_state a running
    matches "$stderr" '^ a Pulled$'
    equal "$(asked pull)" "pull --events docker.io/library/new:1"
    ok up -d
    equal "$(asked pull | wc -l)" 1
}

@test "an image that is there is pulled when its policy says so" {
    service new:1 always
    ok up -d
    ok up -d
    equal "$(asked pull | wc -l)" 2
    # It was loaded, never pulled: it is as old as can be.
    service new:1 daily
    ok up -d
    equal "$(asked pull | wc -l)" 3
    for policy in missing never build if_not_present refresh; do
        service new:1 "$policy"
        ok up -d
    done
    equal "$(asked pull | wc -l)" 3
}

@test "pull --policy missing leaves what is there" {
    service box:1
    real_worker load --quiet --reference box:1 "$YAWL_E2E_IMAGES/box.tar"
    ok pull --policy missing
    matches "$stderr" '^ a Skipped Image is already present locally$'
    equal "$(asked pull)" ""
    ok pull
    equal "$(asked pull)" "pull --events docker.io/library/box:1"
}

@test "an image that is not the locked one is pulled by its digest, and that is said" {
    service box
    ok lock
    answers '{"pull": {"docker.io/library/box:latest": {"error": "gone"}}}'
    refused up -d
    matches "$stderr" "^yawl: a: 'box' is another image here .* than compose.lock says; pulling $(digest_of docker.io/library/box:latest)$"
    equal "$(asked pull)" "pull --events docker.io/library/box:latest,digest=$(digest_of docker.io/library/box:latest)"
    refused up -d --pull never
    contains "$stderr" "image 'box' is not the one of compose.lock"
    ok up -d --no-lock
}

@test "an image whose manifest is locked is asked for by nobody" {
    service box
    manifest=$(jq -r '.references["docker.io/library/box:latest"].manifest' "$YAWL_DATA_ROOT/images/index.json")
    answers "{\"resolve\": {\"docker.io/library/box:latest\": {\"digest\": \"$(digest_of index)\", \"media_type\": \"m\", \"platforms\": [{\"platform\": \"linux/amd64\", \"digest\": \"$manifest\", \"size\": 1}]}}}"
    ok lock
    ok up -d --frozen --pull always
    is_state a running
    equal "$(asked pull)" ""
}

@test "images lists what each container runs" {
    service box
    ok up -d
    id=$(real_worker list | sed -n 's/^box:latest\t//p')
    answers "{\"output\": {\"inspect\": [{\"Id\": \"$id\", \"Size\": 2500000, \"Created\": \"2020-01-01T00:00:00Z\", \"Os\": \"linux\", \"Architecture\": \"amd64\"}]}}"
    ok images
    matches "$stdout" '^CONTAINER +REPOSITORY +TAG +PLATFORM +IMAGE ID +SIZE +CREATED$'
    matches "$stdout" "^$PROJECT-a-1 +box +latest +linux/amd64 +${id:7:12} +2.5MB +[0-9]+ years ago$"
    ok images --format json a
    equal "$(jq -r '.[0] | [.ContainerName, .Repository, .Tag, .ID, .Size] | join(" ")' <<<"$stdout")" "$PROJECT-a-1 box latest $id 2500000"
    ok images -q
    equal "$stdout" "${id:7}"
}

@test "progress of containers is JSON, too" {
    service box
    ok --progress json up -d
    jq -e -s "any(.[]; .id == \"Container $PROJECT-a-1\" and .status == \"Started\")" <<<"$stderr"
}
