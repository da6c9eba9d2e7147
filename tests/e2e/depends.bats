#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
load helpers

setup_file() { e2e_setup_file; }
teardown_file() { e2e_teardown_file; }
setup() { e2e_setup; }
teardown() { e2e_teardown; }

@test "a dependency starts first" {
    compose_file <<'END'
x-recorder: &recorder
  image: box
  volumes: [./order:/order]
services:
  web: {<<: *recorder, depends_on: [api], command: [sh, -c, "echo web >> /order/list; exec sleep 1000"]}
  api: {<<: *recorder, depends_on: [db], command: [sh, -c, "echo api >> /order/list; exec sleep 1000"]}
  db: {<<: *recorder, command: [sh, -c, "echo db >> /order/list; exec sleep 1000"]}
END
    mkdir order
    chmod 0777 order
    ok up -d
    within 5 grep -q web order/list
    # Started is not the same as has written; but all are there and nobody is there twice.
    equal "$(sort order/list | tr '\n' ' ')" "api db web "
}

@test "service_healthy waits for the first healthy answer" {
    compose_file <<'END'
services:
  db:
    image: box
    volumes: [./state:/state]
    command: [sh, -c, "sleep 1; touch /state/ready; exec sleep 1000"]
    healthcheck: {test: [CMD, test, -e, /state/ready], interval: 200ms, retries: 50}
  api:
    image: box
    volumes: [./state:/state]
    depends_on: {db: {condition: service_healthy}}
    command: [sh, -c, "ls /state; exec sleep 1000"]
END
    mkdir state
    chmod 0777 state
    ok up -d
    within 5 logged api ready
}

@test "service_completed_successfully waits for the end of a job" {
    compose_file <<'END'
services:
  job: {image: box, volumes: ["./state:/state"], command: [sh, -c, "sleep 1; touch /state/done"]}
  api:
    image: box
    volumes: [./state:/state]
    depends_on: {job: {condition: service_completed_successfully}}
    command: [sh, -c, "ls /state; exec sleep 1000"]
END
    mkdir state
    chmod 0777 state
    ok up -d
    within 5 logged api done
    equal "$(json job State)" exited
}

@test "a job that fails keeps its dependents from starting and up fails" {
    compose_file <<'END'
services:
  job: {image: box, command: [sh, -c, "exit 4"]}
  api:
    image: box
    depends_on: {job: {condition: service_completed_successfully}}
    command: [sh, -c, "echo started; exec sleep 1000"]
END
    refused up -d
    contains "$stderr" "didn't complete successfully: exit 4"
    lacks "$(lines api)" started
}

@test "a dependency that becomes unhealthy fails the start" {
    compose_file <<'END'
services:
  db:
    image: box
    command: [sleep, "1000"]
    healthcheck: {test: [CMD, "false"], interval: 100ms, retries: 2}
  api:
    image: box
    depends_on: {db: {condition: service_healthy}}
    command: [sleep, "1000"]
END
    refused up -d
    contains "$stderr" "$PROJECT-db-1"
    contains "$stderr" unhealthy
}

@test "a dependency that ends while its health is awaited fails the start at once" {
    compose_file <<'END'
services:
  db:
    image: box
    command: [sh, -c, "exit 5"]
    healthcheck: {test: [CMD, "true"], interval: 30s}
  api:
    image: box
    depends_on: {db: {condition: service_healthy}}
    command: [sleep, "1000"]
END
    TRY_TIMEOUT_S=15 refused up -d
    contains "$stderr" "exited (5)"
}

@test "an optional dependency may fail" {
    compose_file <<'END'
services:
  job: {image: box, command: [sh, -c, "exit 4"]}
  api:
    image: box
    depends_on: {job: {condition: service_completed_successfully, required: false}}
    command: [sleep, "1000"]
END
    ok up -d
    equal "$(json api State)" running
}
