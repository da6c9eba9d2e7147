#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Pulling from and pushing to a real registry.

load helpers
load registry

setup_file() {
    e2e_setup_file box.tar box-docker.tar box-zstd.tar once.tar
    registry_start plain
    export PLAIN=$REGISTRY
}

teardown_file() {
    registries_stop
    e2e_teardown_file
}

setup() {
    e2e_setup
    # Nothing of this machine's settings counts.
    export YAWL_CONFIG_DIR=$DIR/config DOCKER_CONFIG=$DIR/docker HOME=$DIR
    mkdir "$YAWL_CONFIG_DIR" "$DOCKER_CONFIG"
    echo '{}' >"$DOCKER_CONFIG/config.json"
}

teardown() {
    e2e_teardown
}

# pushed IMAGE NAME: puts a loaded image into the plain registry as NAME.
pushed() {
    image_ok tag "$1" "$PLAIN/$2"
    image_ok push "$PLAIN/$2"
}

# digests REF: the layers as skopeo sees them in the registry.
digests() {
    skopeo inspect --tls-verify=false "docker://$1" | jq -r '.Layers[]'
}

@test "a pushed image is pulled again and runs" {
    pushed box "$TAG/box:1"
    forget "$PLAIN/$TAG/box:1"
    image_ok pull "$PLAIN/$TAG/box:1"
    contains "$stdout" "Pulled: $PLAIN/$TAG/box:1"
    compose_file <<END
services:
  app:
    image: $PLAIN/$TAG/box:1
    command: cat /data/file
END
    ok up
    contains "$stdout" "from the image"
}

@test "layers of every compression come through with their digests" {
    local name
    for name in box:latest box:zstd once:latest; do
        pushed "$name" "$TAG/same:1"
        skopeo inspect --raw --tls-verify=false "docker://$PLAIN/$TAG/same:1" >manifest.json
        equal "$(digests "$PLAIN/$TAG/same:1")" "$(jq -r '.layers[].digest' manifest.json)"
        forget "$PLAIN/$TAG/same:1"
        image_ok pull "$PLAIN/$TAG/same:1"
        equal "$(sed -n 's/^Digest: //p' <<<"$stdout")" "sha256:$(sha256sum manifest.json | cut -d' ' -f1)"
        forget "$PLAIN/$TAG/same:1"
    done
}

@test "an image of a docker archive is pushed with layers that others read" {
    pushed box:docker "$TAG/docker:1"
    skopeo copy --quiet --src-tls-verify=false "docker://$PLAIN/$TAG/docker:1" oci:layout:latest
    umoci unpack --image layout:latest bundle >/dev/null
    equal "$(cat bundle/rootfs/data/file)" "from the image"
    [ ! -e bundle/rootfs/gone ]
}

@test "a second pull of the same tag asks once and fetches nothing" {
    pushed box "$TAG/again:1"
    forget "$PLAIN/$TAG/again:1"
    image_ok pull "$PLAIN/$TAG/again:1"
    local blobs manifests
    blobs=$(asked plain "\"GET /v2/$TAG/again/blobs")
    manifests=$(asked plain "\"[A-Z]+ /v2/$TAG/again/manifests")
    image_ok pull "$PLAIN/$TAG/again:1"
    contains "$stdout" "Image is up to date: $PLAIN/$TAG/again:1"
    equal "$(asked plain "\"GET /v2/$TAG/again/blobs")" "$blobs"
    equal "$(asked plain "\"[A-Z]+ /v2/$TAG/again/manifests")" $((manifests + 1))
}

# loaded COMMAND ARGUMENTS...: which of the large libraries the worker loads for it.
loaded() {
    rm -f "$DIR"/loader.*
    LD_DEBUG=files LD_DEBUG_OUTPUT=$DIR/loader image_ok "$@"
    cat "$DIR"/loader.* | grep -ohE 'lib(curl|archive)\.so' | sort -u | tr '\n' ' '
}

@test "a command loads the libraries that it needs, and not those of others" {
    pushed box "$TAG/lazy:1"
    equal "$(loaded list)" ""
    equal "$(loaded inspect box)" ""
    equal "$(loaded tag box "$TAG/other:1")" ""
    equal "$(loaded rm "$TAG/other:1")" ""
    equal "$(loaded pull "$PLAIN/$TAG/lazy:1")" "libcurl.so "
    equal "$(loaded save --output "$DIR/lazy.tar" box)" "libarchive.so "
}

@test "a tag that moved is pulled anew, a digest means always the same" {
    pushed box "$TAG/moving:1"
    local first
    first=$(skopeo inspect --tls-verify=false --format '{{.Digest}}' "docker://$PLAIN/$TAG/moving:1")
    pushed once "$TAG/moving:1"
    image_ok pull "$PLAIN/$TAG/moving:1,digest=$first"
    contains "$stdout" "Digest: $first"
    image_ok pull "$PLAIN/$TAG/moving:1"
    contains "$stdout" "Pulled: $PLAIN/$TAG/moving:1"
    lacks "$stdout" "$first"
    image_ok pull "$PLAIN/$TAG/moving@$first"
    contains "$stdout" "Digest: $first"
}

@test "of an index the manifest for the machine is pulled, or for the platform asked for" {
    pushed box "$TAG/multi:amd64"
    pushed once "$TAG/multi:arm64"
    python3 "$TOOLS/put_index.py" "http://$PLAIN/v2/$TAG/multi" all \
        amd64="linux/$(dpkg --print-architecture)" arm64=linux/riscv64
    image_ok pull "$PLAIN/$TAG/multi:all"
    image_ok list
    contains "$stdout" "$PLAIN/$TAG/multi:all"
    image_refused pull "$PLAIN/$TAG/multi:all,platform=linux/s390x"
    contains "$stderr" "there is no image for linux/s390x"
    image_ok resolve "$PLAIN/$TAG/multi:all"
    equal "$(jq -r '.images[0].platforms[].platform' <<<"$stdout" | sort | tail -n 1)" linux/riscv64
    equal "$(jq -r '.images[0].platforms | length' <<<"$stdout")" 2
}

@test "TLS by an authority of certs.d, and not without" {
    registry_start tls tls
    image_ok tag box "$REGISTRY/$TAG/tls:1"
    image_refused push "$REGISTRY/$TAG/tls:1"
    contains "$stderr" "certificate"
    mkdir -p "$YAWL_CONFIG_DIR/certs.d/$REGISTRY"
    cp "$E2E/tls/ca.crt" "$YAWL_CONFIG_DIR/certs.d/$REGISTRY/"
    image_ok push "$REGISTRY/$TAG/tls:1"
    forget "$REGISTRY/$TAG/tls:1"
    image_ok pull "$REGISTRY/$TAG/tls:1"
}

@test "basic auth with docker's credentials; wrong ones are told" {
    registry_start auth auth
    image_ok tag box "$REGISTRY/$TAG/auth:1"
    image_refused push "$REGISTRY/$TAG/auth:1"
    contains "$stderr" "$REGISTRY"
    printf '{"auths": {"%s": {"auth": "%s"}}}' "$REGISTRY" "$(printf 'tester:opensesame2' | base64)" \
        >"$DOCKER_CONFIG/config.json"
    image_refused push "$REGISTRY/$TAG/auth:1"
    contains "$stderr" "denied"
    lacks "$stderr" "opensesame"
    printf '{"auths": {"%s": {"auth": "%s"}}}' "$REGISTRY" "$(printf 'tester:opensesame' | base64)" \
        >"$DOCKER_CONFIG/config.json"
    image_ok push "$REGISTRY/$TAG/auth:1"
    forget "$REGISTRY/$TAG/auth:1"
    image_ok pull "$REGISTRY/$TAG/auth:1"
}

@test "what is not there is told by name, and the others are pulled" {
    pushed box "$TAG/one:1"
    forget "$PLAIN/$TAG/one:1"
    image_refused pull "$PLAIN/$TAG/none:1" "$PLAIN/$TAG/one:1" "$PLAIN/$TAG/one:2"
    contains "$stderr" "pull '$PLAIN/$TAG/none:1'"
    contains "$stderr" "pull '$PLAIN/$TAG/one:2'"
    contains "$stdout" "Pulled: $PLAIN/$TAG/one:1"
}

@test "a registry that does not answer is told by name" {
    local port
    port=$(free_port)
    image_refused pull "localhost:$port/box"
    contains "$stderr" "localhost:$port"
}

@test "a layer that another repository has is mounted, one that is there is not sent" {
    pushed box "$TAG/from:1"
    image_ok tag box "$PLAIN/$TAG/to:1"
    image_ok push --events "$PLAIN/$TAG/to:1"
    equal "$(jq -r 'select(.event == "layer") | .state' <<<"$stdout" | grep -c -x mounted)" 2
    image_ok push --events "$PLAIN/$TAG/to:1"
    equal "$(jq -r 'select(.event == "layer" and .state != "waiting") | .state' <<<"$stdout" | sort -u)" exists
}

@test "podman reads what was pushed" {
    pushed box "$TAG/podman:1"
    podman --root "$DIR/podman" --runroot "$DIR/podman-run" --storage-driver vfs pull --quiet --tls-verify=false \
        "$PLAIN/$TAG/podman:1"
    equal "$(podman --root "$DIR/podman" --runroot "$DIR/podman-run" --storage-driver vfs \
        image inspect --format '{{len .RootFS.Layers}}' "$PLAIN/$TAG/podman:1")" 2
}

@test "two processes that pull the same share the work" {
    pushed box "$TAG/shared:1"
    # A store without any of its layers.
    IMAGE_DATA=$DIR/data
    background first "$IMAGE_WORKER" pull --data-root "$IMAGE_DATA" "$PLAIN/$TAG/shared:1"
    local first=$pid digest
    image_ok pull "$PLAIN/$TAG/shared:1"
    wait "$first"
    # The configuration may be asked for by both; each layer once.
    for digest in $(digests "$PLAIN/$TAG/shared:1"); do
        equal "$(asked plain "\"GET /v2/$TAG/shared/blobs/$digest")" 1
    done
}

# many_layers FILE: an image of four layers with several hundred files and 4 MB each that no packing makes smaller.
many_layers() {
    local layer file layers=()
    for layer in 1 2 3 4; do
        mkdir -p "tree$layer"
        for file in $(seq 300); do
            echo "$layer $file" >"tree$layer/$file"
        done
        head -c 4000000 /dev/urandom >"tree$layer/random"
        python3 "$ROOT/tools/oci_image.py" layer --to "$layer.tar.gz" --add "tree$layer" "/layer$layer"
        layers+=("$layer.tar.gz")
    done
    python3 "$ROOT/tools/oci_image.py" pack --to "$1" --name many:1 "${layers[@]}"
}

@test "a pull that is killed at any moment leaves no half image, and goes on" {
    many_layers many.tar
    skopeo copy --quiet --dest-tls-verify=false oci-archive:many.tar "docker://$PLAIN/$TAG/many:1"
    IMAGE_DATA=$DIR/data
    local round whole=0
    for round in $(seq 50); do
        "$IMAGE_WORKER" pull --data-root "$IMAGE_DATA" "$PLAIN/$TAG/many:1" >/dev/null 2>&1 3>&- &
        sleep "0.$(printf %03d $((RANDOM % 500)))"
        kill -KILL $! 2>/dev/null || whole=$((whole + 1))
        wait $! 2>/dev/null || true
        # What is named is whole.
        image_ok list
        if [ -n "$stdout" ]; then
            image_ok inspect "$PLAIN/$TAG/many:1"
            rm -rf "$IMAGE_DATA"
        fi
    done
    image_ok pull "$PLAIN/$TAG/many:1"
    IMAGE_DATA=$DIR/clean
    image_ok pull "$PLAIN/$TAG/many:1"
    diff -r data/layers clean/layers
    diff -r data/blobs clean/blobs
    [ -z "$(ls data/tmp data/downloads/sha256 | grep -v :)" ]
}

@test "a hostile registry gets a clear error and leaves nothing in the store" {
    IMAGE_DATA=$DIR/data
    local fault
    # Without a fault it is pulled.
    hostile
    image_ok pull "$HOSTILE/team/app:latest"
    hostile_end
    rm -rf "$IMAGE_DATA"
    # Other bytes than the digest says are refused, whatever the fault is called.
    hostile manifest=changed
    image_refused pull "$HOSTILE/team/app@$(head -n 1 "$DIR/hostile.out" | jq -r .manifest)"
    contains "$stderr" "sha256:"
    hostile_end
    for fault in manifest=huge manifest=deep manifest=both manifest=schema1 manifest=traversal manifest=html \
        manifest=broken blob=short blob=long blob=wrong blob=empty redirect=loop redirect=file \
        digest=sha256:../../etc status=404 status=500; do
        hostile "$fault"
        image_refused pull "$HOSTILE/team/app:latest" || fail "$fault"
        matches "$stderr" "^yawl-image: pull '$HOSTILE/team/app:latest': .{10,}" || fail "$fault"
        image_ok list
        equal "$stdout" ""
        equal "$(ls -A "$IMAGE_DATA/layers")$(ls -A "$IMAGE_DATA/tmp")" ""
        hostile_end
        rm -rf "$IMAGE_DATA"
    done
}

@test "a blob that broke off is resumed, one that came wrong is fetched anew" {
    IMAGE_DATA=$DIR/data
    hostile 'drop=20000*2'
    image_ok pull "$HOSTILE/team/app:latest"
    hostile_end
    rm -rf "$IMAGE_DATA"
    hostile 'blob=wrong*1'
    image pull "$HOSTILE/team/app:latest"
    image_ok pull "$HOSTILE/team/app:latest"
    [ -z "$(ls "$IMAGE_DATA/downloads/sha256")" ]
    hostile_end
}

@test "a pull that is asked to slow down waits, and says how much is left" {
    IMAGE_DATA=$DIR/data
    hostile 'status=429*1' 'retry-after=1' 'quota=7/100'
    image_ok pull "$HOSTILE/team/app:latest"
    matches "$stderr" "7 of 100"
    hostile_end
}
