#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
load helpers

setup_file() { e2e_setup_file; }
teardown_file() { e2e_teardown_file; }
setup() { e2e_setup; }
teardown() { e2e_teardown; }

@test "a job with x-run: on-change runs again when it, its image or its inputs change" {
    compose_file <<'END'
services:
  job:
    image: box
    command: [sh, -c, "echo ran >> /state/runs"]
    environment: {WORD: "${WORD:-old}"}
    volumes: [./state:/state]
    x-run: {when: on-change, inputs: ["./sql/*.sql"]}
  app: {image: box, command: [sleep, "1000"], depends_on: {job: {condition: service_completed_successfully}}}
END
    mkdir state sql
    chmod 0777 state
    echo one >sql/1.sql
    ok up -d --wait
    equal "$(wc -l <state/runs)" 1
    ok up -d --wait
    equal "$(wc -l <state/runs)" 1
    echo two >sql/2.sql
    ok up -d --wait
    equal "$(wc -l <state/runs)" 2
    WORD=new ok up -d --wait
    equal "$(wc -l <state/runs)" 3
    WORD=new ok start job
    within 5 sh -c '[ $(wc -l <state/runs) = 4 ]'
    WORD=new ok up -d
    equal "$(wc -l <state/runs)" 4
}

@test "a job that failed runs again" {
    compose_file <<'END'
services:
  job:
    image: box
    command: [sh, -c, "echo ran >> /state/runs; test -e /state/ready"]
    volumes: [./state:/state]
    x-run: on-change
END
    mkdir state
    chmod 0777 state
    refused up -d --wait
    touch state/ready
    ok up -d --wait
    equal "$(wc -l <state/runs)" 2
    ok up -d --wait
    equal "$(wc -l <state/runs)" 2
}

@test "deploy.restart_policy keeps its delay" {
    compose_file <<'END'
services:
  a:
    image: box
    command: [sh, -c, "cut -d. -f1,2 /proc/uptime | cut -d' ' -f1 >> /state/times; exit 1"]
    volumes: [./state:/state]
    deploy: {restart_policy: {condition: on-failure, delay: 700ms, max_attempts: 2, window: 5s}}
END
    mkdir state
    chmod 0777 state
    ok up -d
    within 10 sh -c '[ $(wc -l <state/times) = 3 ]'
    awk 'NR > 1 && $1 - last < 0.68 { exit 1 } { last = $1 }' state/times || fail "sooner than asked: $(cat state/times)"
    sleep 1
    equal "$(wc -l <state/times)" 3
}
