#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Installs what is needed, builds with gcc and clang, and runs every test, as root on Debian 12, Ubuntu 24.04 or
# newer:
#
#     tests/run-all.sh [E2E-FILE...]     e.g. up.bats; default: all of tests/e2e
#
# Ends with one line, "N passed, N failed, N skipped", and with 0 only if nothing failed. Logs are in build-tests/.
set -u

root=$(cd "$(dirname "$0")/.." && pwd)
out=$root/build-tests
as_user="build.bats crash.bats exec.bats lifecycle.bats net.bats run.bats sharing.bats volumes.bats"
passed=0
failed=0
skipped=0
started=$(date +%s)

say() {
    printf '\n== %s (%d s)\n' "$*" $(($(date +%s) - started))
}

# A step that is not a test itself counts when it fails: what depends on it did not run.
step() {
    say "$1"
    shift
    "$@" && return 0
    echo "FAILED: $*"
    failed=$((failed + 1))
    return 1
}

# counts PASSED FAILED SKIPPED
add() {
    passed=$((passed + $1))
    failed=$((failed + $2))
    skipped=$((skipped + $3))
}

# Every case of every program, from the TAP that meson has kept.
count_meson() {
    python3 - "$1/meson-logs/testlog.json" <<'END'
import json, re, sys
counts = {"passed": 0, "failed": 0, "skipped": 0}
with open(sys.argv[1], encoding="utf-8") as log:
    for line in log:
        test = json.loads(line)
        cases = re.findall(r"^(not )?ok\b([^\n]*)", test.get("stdout", ""), re.M)
        for bad, text in cases:
            counts["skipped" if re.search(r"#\s*skip", text, re.I) else "failed" if bad else "passed"] += 1
        bad_result = test["result"] not in ("OK", "EXPECTEDFAIL", "SKIP")
        if not cases or (bad_result and not any(bad for bad, _ in cases)):
            counts["skipped" if test["result"] == "SKIP" else "failed" if bad_result else "passed"] += 1
print(*counts.values())
END
}

# meson_build FOLDER COMPILER OPTIONS...: fresh when the options are not those of last time.
meson_build() {
    folder=$1 compiler=$2
    shift 2
    if [ "$(cat "$folder/options" 2>/dev/null)" != "$compiler $*" ]; then
        rm -rf "$folder"
        CC=$compiler meson setup "$folder" "$root" -Dwerror=true -Dtests=enabled "$@" >"$folder.setup.log" 2>&1 ||
            { tail -n 20 "$folder.setup.log"; return 1; }
        echo "$compiler $*" >"$folder/options"
    fi
    ninja -C "$folder" >"$folder.build.log" 2>&1 || { grep -v '^\[' "$folder.build.log" | tail -n 60; return 1; }
}

meson_test() {
    folder=$1
    shift
    python3 "$root/tests/tools/reaper.py" meson test -C "$folder" --no-rebuild --print-errorlogs "$@"
    # shellcheck disable=SC2046  # three numbers
    add $(count_meson "$folder")
}

# e2e NAME COMMAND...: the command runs files and prints TAP, which is kept as NAME.tap.
e2e() {
    tap=$out/$1.tap
    shift
    YAWL=$out/gcc/orchestrator/cli/yawl YAWL_E2E_IMAGES=$out/images \
        python3 "$root/tests/tools/reaper.py" "$@" 2>&1 | tee "$tap"
    ok=$(grep -c '^ok ' "$tap")
    skip=$(grep -c -i '^ok .*# skip' "$tap")
    bad=$(grep -c '^not ok ' "$tap")
    planned=$(sed -n 's/^1\.\.//p' "$tap" | head -n 1)
    # A file whose setup fails, or a bats that ends early, has tests that say nothing.
    lost=$((${planned:-1} - ok - bad))
    [ "$lost" -ge 0 ] || lost=0
    add $((ok - skip)) $((bad + lost)) "$skip"
}

finish() {
    say "Done"
    printf '%d passed, %d failed, %d skipped\n' "$passed" "$failed" "$skipped"
    [ "$failed" -eq 0 ]
    exit
}

mkdir -p "$out"
step "Installing what is needed" sh "$root/tools/install.sh" build example test || finish

if step "Building with gcc and sanitizers" \
    meson_build "$out/gcc" gcc -Db_sanitize=address,undefined; then
    say "Unit tests, fixtures, corpora and lint, with sanitizers"
    meson_test "$out/gcc"
    gcc=yes
else
    gcc=
fi
if step "Building with clang, optimised" meson_build "$out/clang" clang --buildtype=release; then
    say "The same tests, optimised"
    meson_test "$out/clang" --suite unit
fi
if [ -n "$gcc" ]; then
    files=
    for file in "${@:-}"; do
        files="$files $root/tests/e2e/${file:-}"
    done
    say "End-to-end tests, with the sanitized programs"
    # shellcheck disable=SC2086  # a list of words
    e2e e2e bats --tap $files
    if [ $# -eq 0 ]; then
        say "Some of them as an ordinary user"
        # shellcheck disable=SC2086
        cd "$root/tests/e2e" && e2e e2e-user ./as_user.sh $as_user
    fi
fi
finish
