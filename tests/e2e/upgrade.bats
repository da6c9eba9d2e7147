#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
load helpers

setup_file() { e2e_setup_file; }
teardown_file() { e2e_teardown_file; }
setup() { e2e_setup; }
teardown() { e2e_teardown; }

# programs: what our processes of these roles execute, as numbers of the file: of a mount that nothing leads to (own_program.h),
# it has no name.
programs() {
    local role pid
    for role in "$@"; do
        for pid in $(role_pids "$role"); do
            stat -L -c %d:%i "/proc/$pid/exe"
        done
    done | sort -u
}

runs_only() {
    [ "$(programs supervisor keeper)" = "$(stat -c %d:%i "$1")" ]
}

# another: the program as another file, beside the image worker that it looks for.
another() {
    mkdir -p "$DIR/other/orchestrator/cli" "$DIR/other/runtime/image/worker"
    cp "$YAWL" "$DIR/other/orchestrator/cli/yawl"
    cp "$IMAGE_WORKER" "$DIR/other/runtime/image/worker/yawl-image"
    echo "$DIR/other/orchestrator/cli/yawl"
}

@test "up of another build hands over to it and touches no container" {
    compose_file <<'END'
services:
  count: {image: box, restart: always, command: [sh, -c, "i=0; while :; do i=$$((i+1)); echo line $$i; sleep 0.02; done"]}
  idle: {image: box, command: [sleep, "1000"]}
END
    ok up -d
    within 5 logged count "line 5"
    local count idle other supervisor
    count=$(host_pid count) idle=$(host_pid idle) supervisor=$(role_pids supervisor) other=$(another)
    try "$other" up -d
    equal "$status" 0
    within 5 runs_only "$other"
    equal "$(host_pid count) $(host_pid idle)" "$count $idle"
    [ "$(role_pids supervisor)" != "$supervisor" ]
    # The log goes on without a gap, and restart policies hold.
    local last
    last=$(lines count | tail -n 1 | cut -d' ' -f2)
    within 5 logged count "line $((last + 20))"
    equal "$(lines count | head -n "$last" | cut -d' ' -f2)" "$(seq "$last")"
    kill -KILL "$count"
    within 5 is_state count running
}

@test "up of the same build leaves the supervisor alone" {
    compose_file <<'END'
services:
  idle: {image: box, command: [sleep, "1000"]}
END
    ok up -d
    local before
    before=$(role_pids supervisor keeper)
    ok up -d
    equal "$(role_pids supervisor keeper)" "$before"
}
