# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# For tests of what yawl asks of yawl-image and makes of its answers: tests/tools/fake_image_worker.py takes its
# place. Nothing here needs a registry, containers or rights. Loaded after helpers.

# A folder, a data root and a worker of the test's own.
fake_setup() {
    DIR=$(mktemp -d /var/tmp/yawl-fake.XXXXXX)
    unset "${!COMPOSE_@}" DOCKER_HOST DOCKER_DEFAULT_PLATFORM NO_COLOR
    export COMPOSE_PROJECT_NAME=demo ASAN_OPTIONS=detect_leaks=1:exitcode=99 LSAN_OPTIONS=exitcode=99
    export YAWL YAWL_DATA_ROOT=$DIR/data YAWL_RUN_ROOT=$DIR/run
    export FAKE_WORKER=$DIR/worker YAWL_IMAGE_WORKER=$TOOLS/fake_image_worker.py
    mkdir "$FAKE_WORKER"
    cd "$DIR" || return
    answers '{}'
}

fake_teardown() {
    rm -rf "$DIR"
}

# answers JSON: what the worker does from now on; what it was asked before is forgotten.
answers() {
    echo "$1" >"$FAKE_WORKER/answers.json"
    : >"$FAKE_WORKER/calls"
}

# asked COMMAND: the arguments of its runs, a line each, without the data root.
asked() {
    jq -r --arg command "$1" 'select(.[0] == $command) | del(.[1, 2]) | join(" ")' "$FAKE_WORKER/calls"
}

# digest_of TEXT: as the fake worker makes digests.
digest_of() {
    printf 'sha256:%s' "$(printf '%s' "$1" | sha256sum | cut -d' ' -f1)"
}
