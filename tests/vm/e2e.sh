#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# e2e.sh BUILD-DIR IMAGES [RUN-OPTIONS...] -- FILE... - runs end-to-end tests of a build in a virtual machine, where control
# groups are v2 and process 1 is systemd, as TAP.
#
#     tests/vm/e2e.sh build build-tests/images -- up.bats down.bats
#     VM_FILTER=limits tests/vm/e2e.sh build build-tests/images -s trixie-bpo -- lifecycle.bats
#
# FILE is a name below tests/e2e, IMAGES the folder that tests/tools/test_images.sh made. VM_FILTER is bats's --filter.
# RUN-OPTIONS are run.sh's. The libraries that the programs need go along, but for the C library. The machine has no
# network, so what asks the registry's tests' packages for more than bats, curl and jq is skipped or fails.
set -eu
here=$(dirname "$(readlink -f "$0")")
build=$(realpath "$1") images=$(realpath "$2")
shift 2
options=()
while [ $# -gt 0 ] && [ "$1" != -- ]; do
    options+=("$1")
    shift
done
[ "${1:-}" = -- ] || {
    sed -n '3,13p' "$0" >&2
    exit 125
}
shift
export VM_PKGS=bats,jq,curl,git,zstd,util-linux,file,acl,attr${VM_PKGS:+,$VM_PKGS}

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/lib"
# The libraries are for these programs alone: the machine's own have others.
for program in orchestrator/cli/yawl runtime/image/worker/yawl-image runtime/oci/yawl-oci; do
    mkdir -p "$work/real/${program%/*}" "$work/build/${program%/*}"
    cp "$build/$program" "$work/real/$program"
    printf '#!/bin/sh\nLD_LIBRARY_PATH=/job/src/lib exec /job/src/real/%s "$@"\n' "$program" > "$work/build/$program"
    chmod +x "$work/build/$program"
done
ldd "$work/real/"*/*/yawl "$work/real/"*/*/*/yawl-image "$work/real/"*/*/yawl-oci 2> /dev/null | sed -n 's/.* => \(\/[^ ]*\) .*/\1/p' |
    grep -Ev '/(libc|libm|libdl|librt|libpthread|libresolv|ld-linux.*)\.so' | sort -u |
    xargs -r cp -Lt "$work/lib"
cp -r "$build/orchestrator/systemd" "$work/build/orchestrator/"
cp -a "$images" "$work/images"
mkdir "$work/tests"
cp -a "$here/../e2e" "$here/../tools" "$work/tests/"
cp -a "$here/../../examples" "$here/../../tools" "$work/"

# The emulated machine is slow.
command='export PATIENCE_S=180 YAWL=/job/src/build/orchestrator/cli/yawl'
# shellcheck disable=SC2016  # for the shell in the machine
command="$command YAWL_E2E_IMAGES=/job/src/images; exec bats --tap ${VM_FILTER:+--filter '$VM_FILTER'}"
for file in "$@"; do
    command="$command tests/e2e/$file"
done
"$here/run.sh" -d "$work" -m 3072 "${options[@]}" -- "$command"
