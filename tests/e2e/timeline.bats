#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
load helpers
load fake_worker

setup_file() { e2e_setup_file; }
teardown_file() { e2e_teardown_file; }
setup() { e2e_setup; }
teardown() { e2e_teardown; }

# db needs two seconds, the job one, api waits for both and web for api.
shop() {
    compose_file <<'END'
services:
  db:
    image: box
    command: [sh, -c, "sleep 2; touch /tmp/ready; exec sleep 1000"]
    healthcheck: {test: [CMD, test, -e, /tmp/ready], interval: 100ms, retries: 100}
  job: {image: box, command: [sh, -c, "sleep 1"]}
  api:
    image: box
    command: [sleep, "1000"]
    depends_on: {db: {condition: service_healthy}, job: {condition: service_completed_successfully}}
    post_start: [{command: [sleep, "0.2"]}]
  web: {image: box, command: [sleep, "1000"], depends_on: [api]}
END
}

@test "timeline draws the last up and says what it took so long for" {
    shop
    ok up -d
    ok timeline
    matches "$stdout" "^$PROJECT: ready after [0-9.]+s"
    matches "$stdout" '^\* db-1 '
    matches "$stdout" '^  job-1 '
    matches "$stdout" '^\* api-1 .*\.\.\..*'
    matches "$stdout" 'db-1 becomes healthy'
    matches "$stdout" 'api-1 runs its post_start hook'
    matches "$stdout" '^Spent: .*[0-9]+ % db-1 becomes healthy, '
    equal "$(grep '|' <<<"$stdout" | grep -c '.\{81\}')" 0
}

@test "each pull is part of it" {
    export YAWL FAKE_WORKER=$DIR/worker YAWL_IMAGE_WORKER=$TOOLS/fake_image_worker.py
    mkdir "$FAKE_WORKER"
    answers "{\"pull\": {\"docker.io/library/new:1\": {\"layers\": [5000], \"load\": \"$YAWL_E2E_IMAGES/box.tar\"}}}"
    compose_file <<'END'
services: {a: {image: "new:1", command: [sleep, "1000"]}, b: {image: "new:1", command: [sleep, "1000"]}}
END
    ok up -d
    unset YAWL_IMAGE_WORKER
    "$IMAGE_WORKER" rm --data-root "$YAWL_DATA_ROOT" new:1
    ok timeline
    matches "$stdout" '^\* pull a .*#'
    matches "$stdout" ' pull docker.io/library/new:1$'
    lacks "$stdout" "pull b"
}

@test "an up that changes nothing has a timeline of its own" {
    compose_file <<'END'
services: {db: {image: box, command: [sleep, "1000"]}}
END
    ok up -d
    ok up -d
    ok timeline
    contains "$stdout" "nothing was to be started"
    lacks "$stdout" "db-1"
}

@test "a trace is what Perfetto reads" {
    shop
    ok up -d
    ok timeline --format perfetto
    python3 - "$DIR/.stdout" "$PROJECT" <<'END'
import json, sys
trace = json.load(open(sys.argv[1]))
events = trace["traceEvents"]
names = {e["pid"]: e["args"]["name"] for e in events if e["ph"] == "M" and e["name"] == "process_name"}
assert sorted(names.values()) == sorted([sys.argv[2], "db", "job", "api", "web"]), names
spans = [e for e in events if e["ph"] == "X"]
assert len(spans) + len([e for e in events if e["ph"] == "M"]) == len(events)
for span in spans:
    assert all(type(span[key]) is int and span[key] >= 0 for key in ("ts", "dur", "pid", "tid")), span
    assert span["pid"] in names, span
tracks = {}
for span in spans:
    tracks.setdefault((span["pid"], span["tid"]), []).append((span["ts"], span["ts"] + span["dur"]))
for track in tracks.values():
    for a in track:
        for b in track:
            apart = a[1] <= b[0] or b[1] <= a[0]
            within = (a[0] >= b[0] and a[1] <= b[1]) or (b[0] >= a[0] and b[1] <= a[1])
            assert apart or within, (a, b)
by = {(names[e["pid"]], e["name"]): e for e in spans}
health, wait = by[("db", "health")], by[("api", "wait")]
assert 900_000 < health["dur"] < 10_000_000, health
assert 500_000 < wait["dur"], wait
assert by[("job", "run")]["dur"] > 400_000
assert by[("api", "hook")]["dur"] > 150_000
assert {"load", "plan", "supervisor", "network"} <= {e["name"] for e in spans if names[e["pid"]] == sys.argv[2]}
assert sum(1 for e in spans if e["name"] == "probe") > 3
END
}

@test "the timeline goes on over SIGKILL to the supervisor" {
    shop
    background up "$YAWL" up -d
    local up=$pid victim
    within 10 is_health db starting
    victim=$(role_pids supervisor | head -n 1)
    kill -KILL "$victim"
    wait "$up"
    ok timeline --format json
    jq -e '.ready and .length_ms > 1000 and .length_ms < 20000' <<<"$stdout"
    # Each of them once.
    equal "$(jq -r '.spans[] | select(.kind == "start") | .service' <<<"$stdout" | sort | tr '\n' ' ')" "api db job web "
    equal "$(jq '[.spans[] | select(.kind == "load")] | length' <<<"$stdout")" 1
}

@test "a dependency that never becomes healthy is what it all waits for" {
    compose_file <<'END'
services:
  db: {image: box, command: [sleep, "1000"], healthcheck: {test: [CMD, "false"], interval: 50ms, retries: 3}}
  api: {image: box, command: [sleep, "1000"], depends_on: {db: {condition: service_healthy}}}
END
    refused up -d
    ok timeline
    matches "$stdout" "^$PROJECT: not ready after"
    matches "$stdout" "db-1 becomes unhealthy"
}

@test "without an up there is nothing to tell" {
    compose_file <<'END'
services: {a: {image: box, command: [sleep, "1000"]}}
END
    refused timeline
    contains "$stderr" "there is no 'up' of project '$PROJECT'"
    refused timeline --format svg
    contains "$stderr" "unknown format 'svg'"
}
