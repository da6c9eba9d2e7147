#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# Images in and out of the store, by yawl-image itself, and what other programs make of them.

load helpers
load image_tree

setup_file() {
    e2e_setup_file
    python3 "$TOOLS/odd_image.py" "$E2E/odd.tar"
    python3 "$TOOLS/odd_image.py" "$E2E/sparse.tar" --sparse
}

teardown_file() {
    e2e_teardown_file
}

setup() {
    e2e_setup
    STORE=$DIR/store
}

teardown() {
    e2e_teardown
}

# layer_digests ARCHIVE TRANSPORT: of the first image in it, by skopeo.
layer_digests() {
    skopeo inspect --raw "$2:$1" | jq -r '.layers[].digest'
}

@test "skopeo reads what was saved, with equal layers" {
    needs skopeo
    image load "$YAWL_E2E_IMAGES/box.tar"
    image load "$YAWL_E2E_IMAGES/box-zstd.tar"
    image save --output oci.tar box
    equal "$(layer_digests oci.tar oci-archive)" "$(layer_digests "$YAWL_E2E_IMAGES/box.tar" oci-archive)"
    image save --output layout/ box:zstd
    equal "$(layer_digests layout oci)" "$(layer_digests "$YAWL_E2E_IMAGES/box-zstd.tar" oci-archive)"
    image save --format docker --output docker.tar box
    skopeo copy -q docker-archive:docker.tar dir:copied
    equal "$(skopeo inspect --config dir:copied | jq -c .rootfs.diff_ids)" \
        "$(image inspect box | jq -c '.[0].RootFS.Layers')"
}

@test "podman loads what was saved" {
    needs podman
    # Its storage stays in the test's folder.
    podman() {
        command podman --root "$DIR/podman" --runroot "$DIR/podman-run" --storage-driver vfs --events-backend none "$@"
    }
    image load "$YAWL_E2E_IMAGES/box.tar"
    image save --output oci.tar box
    image save --format docker --output docker.tar box
    for archive in oci docker; do
        podman load -q -i $archive.tar
        equal "$(podman image inspect box:latest | jq -c '.[0].RootFS.Layers')" \
            "$(image inspect box | jq -c '.[0].RootFS.Layers')"
        podman rmi -f box:latest
    done
}

@test "what podman and skopeo save is loaded" {
    needs skopeo
    skopeo copy -q "oci-archive:$YAWL_E2E_IMAGES/box.tar" docker-archive:docker.tar:box:from-skopeo
    skopeo copy -q "oci-archive:$YAWL_E2E_IMAGES/box.tar" oci:layout:box:layout
    equal "$(image load docker.tar)" "Loaded image: box:from-skopeo"
    equal "$(image load layout)" "Loaded image: box:layout"
    equal "$(image list | cut -f2 | sort -u | wc -l)" 1
}

@test "an archive goes through pipes, but not to a terminal" {
    image load "$YAWL_E2E_IMAGES/box.tar"
    image save --output - box | gzip | "$IMAGE_WORKER" load --data-root "$DIR/other" -
    equal "$("$IMAGE_WORKER" list --data-root "$DIR/other")" "$(image list)"
    run script -qec "'$IMAGE_WORKER' save --data-root '$STORE' --output - box" /dev/null
    matches "$output" "nothing for a terminal"
}

@test "the tree of a box image is umoci's" {
    needs umoci
    same_tree box "$YAWL_E2E_IMAGES/box.tar"
}

@test "the tree of an image with everything odd in it is umoci's" {
    needs umoci
    same_tree odd "$E2E/odd.tar"
}

@test "files with holes keep them" {
    image load "$E2E/sparse.tar"
    local holes
    holes=$(echo "$STORE"/layers/*/fs/holes)
    equal "$(stat -c %s "$holes")" 4194304
    equal "$(tr -d '\0' <"$holes")" middle
    [ "$(stat -c %b "$holes")" -lt 100 ]
}

@test "an imported root file system is saved, loaded and told about" {
    mkdir -p root/etc
    echo hello >root/etc/motd
    tar -C root -cz . >root.tgz
    ok_id=$(image import --change 'CMD ["cat", "/etc/motd"]' --change 'ENV A=1' --message made root.tgz made:1)
    matches "$ok_id" '^sha256:[0-9a-f]{64}$'
    image save --output made.tar made:1
    "$IMAGE_WORKER" load --data-root "$DIR/other" made.tar
    equal "$("$IMAGE_WORKER" inspect --data-root "$DIR/other" made:1 | jq -c '.[0] | [.Id, .Config.Cmd, .Size, .Comment]')" \
        "[\"$ok_id\",[\"cat\",\"/etc/motd\"],6,\"made\"]"
}

@test "rm and prune leave nothing behind, but what a container needs" {
    image load "$YAWL_E2E_IMAGES/box.tar"
    image load "$YAWL_E2E_IMAGES/once.tar"
    image tag box other:2
    local id
    id=$(image inspect box | jq -r '.[0].Id')
    run image rm "$id"
    equal "$status" 1
    matches "$output" "has 2 names"
    printf %s "$id" >"$STORE/leases/shop-web-1"
    equal "$(image rm other:2)" "Untagged: other:2"
    run image rm nosuch box once
    equal "$status" 1
    matches "$output" "used by 'shop-web-1'"
    matches "$output" "Untagged: once:latest"
    image prune --all
    matches "$(image list)" '^box:latest'
    rm "$STORE/leases/shop-web-1"
    matches "$(image prune --all)" "Total reclaimed space: [1-9]"
    equal "$(image list)" ""
    equal "$(ls "$STORE/layers" "$STORE/blobs/sha256" "$STORE/tmp" | grep -c '^[0-9a-f]')" 0
}

@test "killed at any moment, a load leaves a store that works" {
    local round pid
    for round in $(seq 50); do
        "$IMAGE_WORKER" load --data-root "$STORE" "$YAWL_E2E_IMAGES/box.tar" >/dev/null &
        pid=$!
        sleep "0.$(printf %03d $((RANDOM % 400)))"
        kill -KILL "$pid" 2>/dev/null || true
        wait "$pid" 2>/dev/null || true
        if [ -n "$(image list)" ]; then
            image save --output - box >/dev/null
            image rm box >/dev/null
        fi
        equal "$(image list)" ""
    done
    image load "$YAWL_E2E_IMAGES/box.tar"
    equal "$(ls "$STORE/tmp")" ""
    image prune
    image save --output - box >/dev/null
}

# In a mount namespace: a store on a disk of that many KiB.
full_disk() {
    set -e
    local size=$1
    shift
    mkdir -p "$STORE"
    mount -t tmpfs -o "size=${size}k,mode=0700" tmpfs "$STORE"
    if "$@" >"$DIR/out" 2>&1; then
        echo fits
        # Full to the brim, an image can still be removed.
        cat /dev/zero >"$STORE/ballast" 2>/dev/null || true
        image list | cut -f1 | xargs -r "$IMAGE_WORKER" rm --data-root "$STORE" >/dev/null
        [ -z "$(image list)" ]
        [ -z "$(ls "$STORE/layers")" ]
        return
    fi
    grep -q 'No space left on device' "$DIR/out" || { cat "$DIR/out"; return 1; }
    [ -z "$(ls "$STORE/tmp")" ] || { echo "$size: left in tmp"; return 1; }
    [ -z "$(image list 2>/dev/null)" ] || { echo "$size: half an image"; return 1; }
    image prune >/dev/null 2>&1 || { echo "$size: prune failed"; return 1; }
    mount -o remount,size=64m "$STORE"
    "$@" >/dev/null
}

# full_disks STEP MAX COMMAND...: on disks of many sizes the command fits or fails cleanly.
full_disks() {
    local step=$1 size fits=0
    export -f full_disk image
    export IMAGE_WORKER STORE DIR
    for size in $(seq "$step" "$step" "$2"); do
        run unshare --mount bash -c 'full_disk "$@"' - "$size" "${@:3}"
        equal "$status:$output" "0:${output%%[!a-z]*}"
        [ "$output" != fits ] || fits=$((fits + 1))
    done
    [ "$fits" -gt 0 ]
    [ "$fits" -lt $(($2 / step)) ]
}

@test "a full disk at any moment of a load does no harm" {
    full_disks 230 7000 "$IMAGE_WORKER" load --data-root "$STORE" "$YAWL_E2E_IMAGES/box.tar"
}

@test "a full disk at any moment of an import does no harm" {
    mkdir root
    head -c 1000000 /dev/urandom >root/random
    tar -C root -c . >root.tar
    full_disks 150 3000 "$IMAGE_WORKER" import --data-root "$STORE" root.tar made:1
}
