#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# What a build may be asked for besides: proxies, limits, stages without the cache, an ssh agent, a push; and the less
# common flags of COPY, ADD and RUN.

load helpers
load registry

setup_file() {
    e2e_setup_file
}

teardown_file() {
    registries_stop
    e2e_teardown_file
}

setup() {
    e2e_setup
    mkdir "$DIR/app"
    compose_file <<'END'
services:
  app:
    build: app
END
}

teardown() {
    local result=0
    e2e_teardown || result=1
    "$YAWL" image ls -q 2>/dev/null | grep -F "$TAG" | xargs -r "$YAWL" image rm -f >/dev/null 2>&1 || true
    return $result
}

dockerfile() {
    cat >"$DIR/app/Dockerfile"
}

shown() {
    "$YAWL" run --rm -T app sh -c "$1" 2>/dev/null
}

@test "proxies of the environment reach a RUN, and are in neither image nor cache" {
    dockerfile <<'END'
FROM box
RUN echo "$http_proxy $HTTPS_PROXY ${no_proxy-unset}" >/proxies
END
    http_proxy=http://proxy.example:3128 HTTPS_PROXY=http://secure.example:1 ok build
    equal "$(shown 'cat /proxies; echo ${http_proxy-none}')" "http://proxy.example:3128 http://secure.example:1 unset
none"
    "$IMAGE_WORKER" inspect --data-root "$YAWL_DATA_ROOT" "$TAG-app" >inspected
    lacks "$(<inspected)" proxy.example
    http_proxy=http://other.example ok build
    equal "$(grep -c CACHED <<<"$stderr")" 1
    http_proxy=http://other.example ok build --no-cache --build-arg http_proxy=http://given.example
    matches "$(shown 'cat /proxies')" '^http://given.example  unset$'
}

@test "--chmod takes letters, and a file of several names stays one" {
    mkdir app/tree
    echo x >app/tree/a
    ln app/tree/a app/tree/b
    chmod 600 app/tree/a
    chmod 700 app/tree
    dockerfile <<'END'
FROM box
COPY --chmod=u=rwX,go=rX tree /tree
COPY --chmod=+x tree/a /program
END
    ok build
    equal "$(shown 'stat -c "%a %h" /tree/a /tree/b /program; stat -c %a /tree')" $'644 2\n644 2\n711 1\n755'
    sed -i 's/u=rwX/u=rwz/' app/Dockerfile
    refused build
    contains "$stderr" "is not a mode"
}

@test "a private cache is not shared while it is used, and a locked one waits" {
    dockerfile <<'END'
FROM box AS a
RUN --mount=type=cache,id=p,sharing=private,target=/c touch /c/a; sleep 2; ls /c >/seen
FROM box AS b
RUN --mount=type=cache,id=p,sharing=private,target=/c sleep 1; touch /c/b; sleep 1; ls /c >/seen
FROM box
COPY --from=a /seen /a
COPY --from=b /seen /b
END
    ok build
    equal "$(shown 'cat /a; echo -; cat /b')" $'a\n-\nb'
}

@test "ulimits and no_cache_filter are followed" {
    compose_file <<'END'
services:
  app:
    build:
      context: app
      ulimits: {nofile: {soft: 111, hard: 222}}
      no_cache_filter: [again]
END
    dockerfile <<'END'
FROM box AS kept
RUN ulimit -n >/soft; ulimit -Hn >/hard
FROM kept AS again
RUN cat /soft /hard >/both
END
    ok build
    equal "$(shown 'cat /both')" $'111\n222'
    ok build
    equal "$(grep -c CACHED <<<"$stderr")" 1
}

@test "an ssh agent answers a RUN" {
    command -v ssh-agent >/dev/null && command -v ssh-add >/dev/null || skip "OpenSSH's client is not installed"
    ssh-keygen -q -t ed25519 -N '' -f key
    background agent ssh-agent -D -a "$DIR/agent.sock"
    within 10 env SSH_AUTH_SOCK="$DIR/agent.sock" ssh-add -q key
    # The tool and its libraries, as they are on this machine.
    mkdir app/tool
    cp --parents "$(command -v ssh-add)" app/tool
    ldd "$(command -v ssh-add)" | grep -o '/[^ ]*' | xargs -I{} cp --parents -L {} app/tool
    dockerfile <<'END'
FROM box
COPY tool /
RUN --mount=type=ssh,required=true test -S "$SSH_AUTH_SOCK" && /usr/bin/ssh-add -L >/keys
RUN --mount=type=ssh,id=nosuch test -z "$SSH_AUTH_SOCK"
END
    SSH_AUTH_SOCK=$DIR/agent.sock ok build --ssh default
    equal "$(shown 'cut -d" " -f2 /keys')" "$(cut -d' ' -f2 key.pub)"
    equal "$(find "$YAWL_RUN_ROOT" -type s -name 'step-*')" ""
    refused build --no-cache
    contains "$stderr" "ssh agent 'default' is not given"
}

@test "build --push brings the image to a registry" {
    command -v docker-registry >/dev/null || skip "docker-registry is not installed"
    registry_start plain
    compose_file <<END
services:
  app:
    image: $REGISTRY/$TAG/app:1
    build: app
END
    printf 'FROM box\nRUN echo pushed >/file\n' >app/Dockerfile
    ok build --push
    equal "$(skopeo inspect --tls-verify=false --config "docker://$REGISTRY/$TAG/app:1" | jq '.rootfs.diff_ids | length')" 3
    ok image rm "$REGISTRY/$TAG/app:1"
    ok pull
    equal "$(shown 'cat /file')" pushed
}

# ---- hostile

@test "an archive that grows without bound, or goes down without end, is refused" {
    python3 - app <<'END'
import io, sys, tarfile
with tarfile.open(sys.argv[1] + "/deep.tar", "w") as out:
    entry = tarfile.TarInfo("/".join(["d"] * 5000))
    entry.type = tarfile.DIRTYPE
    out.addfile(entry)
with tarfile.open(sys.argv[1] + "/lies.tar", "w") as out:
    entry = tarfile.TarInfo("huge")
    entry.size = 1 << 50
    out.fileobj.write(entry.tobuf())
END
    printf 'FROM box\nADD deep.tar /x/\n' >app/Dockerfile
    refused build
    printf 'FROM box\nADD lies.tar /x/\n' >app/Dockerfile
    refused build
    equal "$(ls "$YAWL_DATA_ROOT/tmp")" ""
}

@test "a cache cannot be left, whatever is put into it" {
    echo host-secret >outside
    dockerfile <<END
FROM box
RUN --mount=type=cache,id=evil,target=/c ln -sf $DIR/outside /c/link; ln -sfn / /c/root; mkdir -p /c/x
RUN --mount=type=cache,id=evil,target=/c cat /c/link >/leak 2>/dev/null; cat /c/root$DIR/outside >>/leak 2>/dev/null; true
RUN --mount=type=cache,id=evil,target=/c echo changed >/c/link; true
END
    yawl build
    equal "$(<outside)" host-secret
    lacks "$(shown 'cat /leak')" host-secret
    # A cache that a link was made of is mounted as what it was: a directory of the store.
    printf 'FROM box\nRUN --mount=type=cache,id=evil,target=/c/root,ro ls /c/root >/seen; touch /c/root/x && exit 1; true\n' >app/Dockerfile
    ok build
    lacks "$(shown 'cat /seen')" etc
}

@test "another platform is built where its programs run, and refused where they do not" {
    grep -q binfmt_misc /proc/filesystems || skip "this kernel has no binfmt_misc"
    cp "$(command -v busybox)" echo
    printf '\x7fELF\x02\x01\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x02\x00\x02\x01' >program
    chmod +x program
    cat >Dockerfile <<'END'
FROM scratch
COPY program /bin/sh
ARG TARGETARCH
RUN a program for $TARGETARCH
END
    compose_file <<END
services: {app: {image: $TAG-foreign, build: {context: ., platforms: [linux/loong64]}}}
END
    # With a handler for such programs, which says what it is asked for. Handlers are this machine's, but nothing else on it
    # is a program for LoongArch, and this one goes at once.
    cat >emulated <<'END'
#!/bin/sh
mount -t binfmt_misc none /proc/sys/fs/binfmt_misc || exit
cd /proc/sys/fs/binfmt_misc || exit
name=$1 interpreter=$2 folder=$3
shift 3
printf '%s' ":$name:M:0:\\x7fELF\\x02\\x01\\x01\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x02\\x00\\x02\\x01::$interpreter:F" >register || exit
(cd "$folder" && "$@")
status=$?
echo -1 >"$name"
exit $status
END
    chmod +x emulated
    refused build
    matches "$stderr" "it is to be built for linux/loong64, whose programs do not run here .*binfmt_misc"
    try unshare --mount ./emulated "$TAG" "$DIR/echo" "$DIR" "$YAWL" --progress plain build
    equal "$status" 0
    contains "$stderr" '/bin/sh -c a program for $TARGETARCH'
    equal "$("$YAWL" image ls --format json | jq -r --arg name "$TAG-foreign" 'select(.Repository == $name) | .Platform' | head -n 1)" linux/loong64
}
