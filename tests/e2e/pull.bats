#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
load helpers
load fake_worker

setup() {
    fake_setup
    compose_file <<'END_OF_FILE'
services:
  web:
    image: acme/web:1.4
    platform: linux/arm64
    depends_on: [db]
  twin: {image: acme/web:1.4, platform: linux/arm64}
  db:
    image: postgres:16
  built: {build: ., image: acme/built}
  only-built: {build: .}
  kept: {image: kept, pull_policy: never}
END_OF_FILE
}
teardown() { fake_teardown; }

# ---- pull

@test "pull asks for each image once, in one run, in full and with its platform" {
    ok pull
    equal "$(asked pull)" "pull --events docker.io/acme/built:latest docker.io/library/postgres:16 docker.io/acme/web:1.4,platform=linux/arm64"
}

@test "off a terminal each image is a line for its begin, quarters and end" {
    answers '{"pull": {"docker.io/library/postgres:16": {"layers": [40000000]}}}'
    ok pull db
    equal "$stderr" " db Pulling
 db 25% of 40MB
 db 50% of 40MB
 db 75% of 40MB
 db Pulled"
    equal "$stdout" ""
}

@test "what is not pulled says why" {
    ok pull
    matches "$stderr" '^ twin Skipped Image is already being pulled by web$|^ web Skipped Image is already being pulled by twin$'
    matches "$stderr" '^ only-built Skipped No image to be pulled$'
    matches "$stderr" "^ kept Skipped Its pull policy is 'never'$"
}

@test "buildable images are left out when asked to" {
    ok pull --ignore-buildable built db
    matches "$stderr" '^ built Skipped Image can be built$'
    equal "$(asked pull)" "pull --events docker.io/library/postgres:16"
}

@test "dependencies are pulled when asked to" {
    ok pull web
    equal "$(asked pull)" "pull --events docker.io/acme/web:1.4,platform=linux/arm64"
    answers '{}'
    ok pull --include-deps web
    contains "$(asked pull)" "docker.io/library/postgres:16"
}

@test "an image that cannot be pulled is an error at its place, and the others are pulled" {
    answers '{"pull": {"docker.io/library/postgres:16": {"error": "manifest unknown"}}}'
    refused pull
    matches "$stderr" "compose.yaml:8:12: error: services.db.image: pull 'postgres:16': manifest unknown"
    matches "$stderr" '^ (web|twin) Pulled$'
    equal "$(grep -c ' error: ' <<<"$stderr")" 1
}

@test "failures can be ignored" {
    answers '{"pull": {"docker.io/library/postgres:16": {"error": "manifest unknown"}}}'
    ok pull --ignore-pull-failures
    matches "$stderr" 'compose.yaml:8:12: warning: .*manifest unknown'
}

@test "quiet shows failures only" {
    ok pull -q db
    equal "$stderr" ""
    answers '{"pull": {"docker.io/library/postgres:16": {"error": "manifest unknown"}}}'
    refused --progress quiet pull db
    lacks "$stderr" Pulling
    contains "$stderr" "manifest unknown"
}

@test "progress as JSON is an object a line" {
    answers '{"pull": {"docker.io/library/postgres:16": {"layers": [400], "warning": "12 of 100 pulls left"}}}'
    ok --progress json pull db
    equal "$(jq -r 'select(.id == "db") | .text' <<<"$stderr" | paste -sd' ')" "Pulling Pulled"
    equal "$(jq -r 'select(.parent_id == "db" and .status == "Done") | .percent' <<<"$stderr")" 100
    equal "$(jq -r 'select(.level == "warning") | .msg' <<<"$stderr")" "db: 12 of 100 pulls left"
}

@test "on a terminal a picture is redrawn, no wider than the window" {
    answers '{"pull": {"docker.io/library/postgres:16": {"layers": [40000000, 5], "wait_s": 0.3}}}'
    try script -qec "stty cols 50 rows 20; exec $YAWL pull db" /dev/null
    equal "$status" 0
    contains "$stdout" $'\033[J'
    contains "$stdout" "[+] Pulling 1/1"
    contains "$stdout" "Downloading"
    # Without what steers the terminal no line is wider than the window.
    widest=$(sed 's/\x1b\[[0-9;?]*[A-Za-z]//g; s/\r//g' <<<"$stdout" | LC_ALL=C.UTF-8 wc -L)
    [ "$widest" -le 50 ] || fail "a line of $widest columns"
}

@test "--ansi never makes lines also on a terminal, and NO_COLOR a picture without colour" {
    try script -qec "$YAWL --ansi never pull db" /dev/null
    lacks "$stdout" $'\033'
    matches "$stdout" '^ db Pulled'
    try env NO_COLOR=1 script -qec "$YAWL pull db" /dev/null
    contains "$stdout" $'\033[J'
    lacks "$stdout" $'\033[32m'
}

@test "Ctrl-C ends the worker and is waited for" {
    answers '{"pull": {"docker.io/library/postgres:16": {"layers": [400], "wait_s": 60}}}'
    background pull "$YAWL" pull db
    within 10 grep -q Pulling "$DIR/pull.err"
    kill -INT "$pid"
    status=0
    wait "$pid" || status=$?
    equal "$status" 130
    equal "$(asked terminated)" terminated
    lacks "$(cat "$DIR/pull.err")" Pulled
}

@test "a worker that dies is an error for what it had not finished" {
    answers '{"events": ["{\"event\":\"resolving\",\"image\":\"docker.io/library/postgres:16\"}"], "exit": 3}'
    refused pull db
    contains "$stderr" "pull 'postgres:16': the image worker ended with status 3"
}

@test "a worker that speaks nonsense is refused" {
    answers '{"events": ["<html>"]}'
    refused pull db
    contains "$stderr" "read an event of the image worker"
}

@test "what the worker says on standard error is shown, and cannot steer the terminal" {
    answers '{"stderr": "oops \u001b[2J"}'
    ok pull db
    matches "$stderr" '^oops \?\[2J$'
}

@test "a worker that is not there is an error" {
    YAWL_IMAGE_WORKER=/nowhere/yawl-image refused pull db
    contains "$stderr" "run '/nowhere/yawl-image': No such file or directory"
}

@test "unknown values of --progress, --ansi and --policy are errors" {
    refused --progress fancy pull db
    contains "$stderr" "unknown value 'fancy' of --progress"
    refused --ansi sometimes pull db
    contains "$stderr" "unknown value 'sometimes' of --ansi"
    refused pull --policy daily db
    contains "$stderr" "unknown value 'daily' of --policy"
}

@test "DOCKER_DEFAULT_PLATFORM is the platform of what names none" {
    DOCKER_DEFAULT_PLATFORM=linux/arm64 ok pull db
    equal "$(asked pull)" "pull --events docker.io/library/postgres:16,platform=linux/arm64"
}

# ---- push

@test "push pushes what is built and has a name" {
    ok push
    equal "$(asked push)" "push --events docker.io/acme/built:latest"
    matches "$stderr" '^ built Pushed$'
    matches "$stderr" '^ db Skipped It is not built here$'
    matches "$stderr" "^ only-built Skipped It has no 'image' to be pushed as$"
}

@test "a failing push is an error at its place, or ignored" {
    answers '{"push": {"docker.io/acme/built:latest": {"error": "denied"}}}'
    refused push built
    matches "$stderr" "compose.yaml:9:[0-9]+: error: services.built.image: push 'acme/built': denied"
    ok push --ignore-push-failures built
    matches "$stderr" 'warning: .*denied'
}

# ---- up

@test "up pulls what is missing before anything else, and tells the place of what cannot be pulled" {
    answers '{"pull": {"docker.io/library/postgres:16": {"error": "connection refused"}}}'
    refused up -d db
    matches "$stderr" "compose.yaml:8:12: error: services.db.image: pull 'postgres:16': connection refused"
    equal "$(ls "$YAWL_RUN_ROOT")" ""
}

@test "up pulls nothing when something else is wrong" {
    refused up -d --no-build
    matches "$stderr" "error: services.only-built.build: image 'demo-only-built' is not on this machine, and --no-build"
    matches "$stderr" "error: services.kept.image: image 'kept' is not on this machine, and its pull policy is 'never'"
    equal "$(asked pull)" ""
}

@test "up --no-build of what can be built tries to pull it, and says what would make it" {
    answers '{"pull": {"docker.io/acme/built:latest": {"error": "manifest unknown"}}}'
    refused up -d --no-build built
    matches "$stderr" "services.built.image: pull 'acme/built': manifest unknown \('yawl build' makes it"
}

@test "up --pull takes the place of the services' policies" {
    refused up -d --pull never db
    contains "$stderr" "image 'postgres:16' is not on this machine, and its pull policy is 'never'"
    answers '{"pull": {"docker.io/library/kept:latest": {"error": "gone"}}}'
    refused up -d --pull always kept
    contains "$stderr" "pull 'kept': gone"
    refused up -d --pull policy kept
    contains "$stderr" "its pull policy is 'never'"
    refused up -d --pull sometimes kept
    contains "$stderr" "unknown value 'sometimes' of --pull"
}

@test "up --quiet-pull shows failures only" {
    answers '{"pull": {"docker.io/library/postgres:16": {"error": "gone"}}}'
    refused up -d --quiet-pull db
    lacks "$stderr" Pulling
    contains "$stderr" "gone"
}

@test "an image volume's image is pulled, too" {
    compose_file <<'END_OF_FILE'
services:
  web:
    image: web
    volumes:
      - {type: image, source: "acme/data:2", target: /data}
END_OF_FILE
    ok pull
    equal "$(asked pull)" "pull --events docker.io/library/web:latest docker.io/acme/data:2"
}
