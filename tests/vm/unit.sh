#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# unit.sh BUILD-DIR [RUN-OPTIONS...] -- TEST... - runs unit tests of a build in a virtual machine, as TAP.
#
#     tests/vm/unit.sh build -- runtime/cgroup/test_cgroup runtime/cgroup/test_cgroup_tree
#     tests/vm/unit.sh build -i mini -u tester -- runtime/cgroup/test_cgroup
#     VM_DELEGATE=1 tests/vm/unit.sh build -u tester -- runtime/cgroup/test_cgroup
#
# TEST is a path below BUILD-DIR/tests/unit. The libraries that the tests need go along, but for the C library.
# VM_DELEGATE=1 runs them in a scope of the user's manager with delegated controllers. RUN-OPTIONS are run.sh's.
set -eu
here=$(dirname "$(readlink -f "$0")")
build=$1
shift
options=()
while [ $# -gt 0 ] && [ "$1" != -- ]; do
    options+=("$1")
    shift
done
[ "${1:-}" = -- ] || {
    sed -n '3,11p' "$0" >&2
    exit 125
}
shift

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/lib"
scope=
[ -z "${VM_DELEGATE:-}" ] || scope='systemd-run --user --quiet --scope -p Delegate=yes '
command='status=0;'
for test in "$@"; do
    program=$build/tests/unit/$test
    cp "$program" "$work/"
    ldd "$program" | sed -n 's/.* => \(\/[^ ]*\) .*/\1/p' |
        grep -Ev '/(libc|libm|libdl|librt|libpthread|libresolv|ld-linux.*)\.so' |
        xargs -r cp -Lt "$work/lib"
    command="$command echo '# $test'; ${scope}env LD_LIBRARY_PATH=/job/src/lib ./${test##*/} --tap=- --quiet || status=1;"
done
"$here/run.sh" -d "$work" "${options[@]}" -- "$command exit \$status"
