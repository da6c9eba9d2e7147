# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# The tree of an image in a store of its own, $STORE, beside what umoci makes of the same archive.

needs() {
    command -v "$1" >/dev/null || skip "$1 is not installed"
}

# image COMMAND ARGUMENT...: yawl-image on the store.
image() {
    local command=$1
    shift
    "$IMAGE_WORKER" "$command" --data-root "$STORE" "$@"
}

# The image's tree, mounted; to be called in a mount namespace: mount_image REF TARGET
mount_image() {
    local layer hex lower='' chain=''
    for layer in $(image inspect "$1" | jq -r '.[0].RootFS.Layers[]'); do
        hex=${layer#sha256:}
        [ ! -e "$STORE/layers/$hex/opaque" ] || lower=
        lower=$STORE/layers/$hex/fs${lower:+:$lower}
        if [ -z "$chain" ]; then
            chain=$layer
        else
            chain=sha256:$(printf '%s %s' "$chain" "$layer" | sha256sum | cut -d' ' -f1)
        fi
    done
    hex=${chain#sha256:}.mend
    [ ! -e "$STORE/layers/$hex/complete" ] || lower=$STORE/layers/$hex/fs:$lower
    mkdir -p "$2" "$DIR/nothing"
    mount -t overlay overlay -o "lowerdir=$lower:$DIR/nothing" "$2"
}

# same_tree REF ARCHIVE: what yawl unpacks is what umoci does.
same_tree() {
    local began
    began=$(date +%s)
    image load "$2"
    rm -rf "$DIR/layout" "$DIR/bundle"
    skopeo copy -q "oci-archive:$2" "oci:$DIR/layout:latest"
    umoci unpack --image "$DIR/layout:latest" "$DIR/bundle" >/dev/null 2>&1
    export -f mount_image image
    export IMAGE_WORKER STORE DIR TOOLS
    # shellcheck disable=SC2016
    unshare --mount bash -c 'set -e
        mount_image "$1" "$DIR/tree"
        python3 "$TOOLS/tree_diff.py" --began "$2" "$DIR/tree" "$DIR/bundle/rootfs"' - "$1" "$began"
}
