#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
load helpers

setup_file() { e2e_setup_file; }
teardown_file() { e2e_teardown_file; }
setup() { e2e_setup; }
teardown() { e2e_teardown; }

@test "health goes from starting to healthy to unhealthy and back" {
    compose_file <<'END'
services:
  a:
    image: box
    command: [sleep, "1000"]
    healthcheck: {test: "test -e /tmp/well", interval: 200ms, retries: 3, start_period: 5s, start_interval: 200ms}
END
    ok up -d
    is_health a starting
    inside a touch /tmp/well
    within 5 is_health a healthy
    inside a rm /tmp/well
    within 10 is_health a unhealthy
    # Being unhealthy is no reason to be restarted.
    equal "$(json a State)" running
    inside a touch /tmp/well
    within 5 is_health a healthy
}

@test "a probe that takes too long is killed and counts as a failure" {
    compose_file <<'END'
services:
  a:
    image: box
    command: [sleep, "1000"]
    healthcheck: {test: [CMD, sleep, "500"], interval: 100ms, timeout: 300ms, retries: 2}
END
    ok up -d
    within 10 is_health a unhealthy
    [ "$(inside a ps -o args | grep -c 'sleep 500')" -le 1 ]
}

@test "CMD-SHELL runs in a shell with the container's environment" {
    compose_file <<'END'
services:
  a:
    image: box
    command: [sleep, "1000"]
    environment: {WORD: "yes"}
    healthcheck: {test: [CMD-SHELL, "[ \"$$WORD\" = yes ]"], interval: 100ms}
END
    ok up -d
    within 5 is_health a healthy
}

@test "disable: true and NONE turn the check off" {
    compose_file <<'END'
services:
  a: {image: box, command: [sleep, "1000"], healthcheck: {disable: true}}
  b: {image: box, command: [sleep, "1000"], healthcheck: {test: [NONE]}}
END
    ok up -d --wait
    equal "$(json a Health)" ""
    equal "$(json b Health)" ""
}

@test "ps shows the health" {
    compose_file <<'END'
services:
  a: {image: box, command: [sleep, "1000"], healthcheck: {test: [CMD, "true"], interval: 100ms}}
END
    ok up -d --wait
    ok ps
    matches "$stdout" "^NAME +IMAGE +COMMAND +SERVICE +CREATED +STATUS +PORTS *$"
    matches "$stdout" "^$PROJECT-a-1 +box .*Up .*\(healthy\)"
}
