#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# Builds: Dockerfiles of every kind, from the images of the tests, without a network.

load helpers

setup_file() {
    e2e_setup_file
}

teardown_file() {
    e2e_teardown_file
}

setup() {
    e2e_setup
    DATA_ROOT=$YAWL_DATA_ROOT RUN_ROOT=$YAWL_RUN_ROOT
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

# shown COMMAND: what the built image's program says.
shown() {
    "$YAWL" run --rm -T app sh -c "$1" 2>/dev/null
}

config() {
    "$IMAGE_WORKER" inspect --data-root "$YAWL_DATA_ROOT" "$TAG-app" | jq -c ".[0].Config$1"
}

layers() {
    "$IMAGE_WORKER" inspect --data-root "$YAWL_DATA_ROOT" "$TAG-app" | jq -r '.[0].RootFS.Layers[]'
}

@test "a Dockerfile with one of each is built, and what it says is in the image" {
    echo hello >app/hello.txt
    dockerfile <<'END'
ARG BASE=box
FROM $BASE AS first
ARG VERSION=1
WORKDIR /work
COPY hello.txt .
RUN echo "$VERSION" >version && rm /data/file

FROM box
ENV A=b C="d e"
LABEL one=1 two="2 2"
COPY --from=first --chown=app --chmod=640 /work/version /work/hello.txt /srv/
WORKDIR srv
USER app
EXPOSE 80 90/udp
VOLUME /data /more
STOPSIGNAL SIGUSR1
HEALTHCHECK --interval=5s CMD true
SHELL ["/bin/sh", "-ec"]
ENTRYPOINT ["/bin/sh", "-c"]
CMD ["id -un; pwd; cat version hello.txt"]
END
    ok build
    equal "$(config .User)" '"app"'
    equal "$(config .WorkingDir)" '"/srv"'
    equal "$(config '.Env')" '["PATH=/bin","FROM_IMAGE=yes","A=b","C=d e"]'
    equal "$(config '.Labels | .one + .two')" '"12 2"'
    equal "$(config .ExposedPorts)" '{"80/tcp":{},"90/udp":{}}'
    equal "$(config .Volumes)" '{"/data":{},"/more":{}}'
    equal "$(config .StopSignal)" '"SIGUSR1"'
    equal "$(config .Healthcheck)" '{"Test":["CMD-SHELL","true"],"Interval":5000000000}'
    equal "$(config .Entrypoint)" '["/bin/sh","-c"]'
    ok run --rm -T app
    equal "$stdout" $'app\n/srv\n1\nhello'
    ok run --rm -T app 'ls -l /srv; ls /data'
    matches "$stdout" '^-rw-r----- .* app .* version$'
    matches "$stdout" '^file$'
}

@test "up builds what is missing, and --build what is there" {
    dockerfile <<'END'
FROM box
COPY text /text
CMD ["cat", "/text"]
END
    echo one >app/text
    ok up
    contains "$stdout" one
    echo two >app/text
    ok up
    contains "$stdout" one
    ok up --build
    contains "$stdout" two
    ok down
    ok image rm "$TAG-app"
    refused up --no-build
    contains "$stderr" "--no-build keeps it from being built"
}

@test "nothing is done twice" {
    dockerfile <<'END'
FROM box
RUN echo first >/first
COPY text /text
RUN cat /text >/copy
END
    echo one >app/text
    ok build
    local before
    before=$(layers)
    ok build
    equal "$(grep -c CACHED <<<"$stderr")" 3
    equal "$(layers)" "$before"
    # Another time, the same content.
    touch app/text
    ok build
    equal "$(grep -c CACHED <<<"$stderr")" 3
    echo two >app/text
    ok build
    equal "$(grep -c CACHED <<<"$stderr")" 1
    equal "$(shown 'cat /copy')" two
    ok build --no-cache
    equal "$(grep -c CACHED <<<"$stderr")" 0
}

# opened_by_build: the files of the context that a build opens.
opened_by_build() {
    python3 "$TOOLS/opened.py" app "$YAWL" build 2>build.txt
}

only_the_dockerfile_is_opened() {
    [ "$(opened_by_build)" = Dockerfile ]
}

@test "an unchanged build looks at the files of its context and opens none" {
    mkdir -p app/src/deep
    touch app/one app/src/two app/src/deep/three
    printf 'FROM box\nCOPY . /all\nCOPY src /src\n' >app/Dockerfile
    equal "$(opened_by_build)" $'Dockerfile\none\nsrc/deep/three\nsrc/two'
    # A file that was written a moment ago may be written once more at the same time: it is read again.
    within 10 only_the_dockerfile_is_opened
    equal "$(grep -c CACHED build.txt)" 2
    echo changed >app/src/two
    contains "$(opened_by_build)" src/two
}

@test "steps that are done stay done when a later one fails" {
    dockerfile <<'END'
FROM box
RUN echo first
RUN echo before the end; echo and more; exit 7
END
    refused build
    matches "$stderr" "Dockerfile:3: RUN echo before the end; echo and more; exit 7: exit code 7"
    matches "$stderr" '^before the end$'
    sed -i 's/exit 7/exit 0/' app/Dockerfile
    ok build
    equal "$(grep -c CACHED <<<"$stderr")" 1
}

@test "image prune leaves the layers of cached steps" {
    dockerfile <<'END'
FROM box
RUN echo first >/first
END
    ok build
    ok image rm "$TAG-app"
    ok image prune --force
    ok build
    equal "$(grep -c CACHED <<<"$stderr")" 1
}

@test ".dockerignore keeps files away" {
    mkdir -p app/logs/deep app/src
    touch app/logs/a app/logs/deep/keep app/src/a.c app/src/a.o app/secret
    cat >app/.dockerignore <<'END'
# comment
**/*.o
logs
!logs/deep/keep
secret
END
    dockerfile <<'END'
FROM box
COPY . /ctx
END
    ok build
    equal "$(shown 'cd /ctx && find . -type f | sort | tr "\n" " "')" "./.dockerignore ./Dockerfile ./logs/deep/keep ./src/a.c "
    printf 'FROM box\nCOPY secret /\n' >app/Dockerfile
    refused build
    contains "$stderr" "'secret' not found: .dockerignore leaves it out"
}

@test "args, target, dockerfile_inline, labels, tags and a heredoc" {
    cat >app/data <<'END'
END
    compose_file <<END
services:
  app:
    build:
      context: app
      dockerfile_inline: |
        FROM box AS wanted
        ARG WHO=nobody
        COPY <<EOF /greeting
        hello \$\$WHO
        EOF
        RUN <<EOF
        set -e
        echo one >/lines
        echo two >>/lines
        EOF
        RUN <<EOF
        #!/bin/sh
        echo "\$\$0" >/script
        EOF
        FROM nosuchimage:1 AS unused
        RUN false
      target: wanted
      args: {WHO: world}
      labels: {x: y}
      tags: ["$TAG-other:2"]
END
    ok build --build-arg WHO=everybody
    equal "$(shown 'cat /greeting /lines')" $'hello everybody\none\ntwo'
    equal "$(config .Labels.x)" '"y"'
    "$YAWL" image ls | grep -q "$TAG-other"
    ok image rm "$TAG-other:2"
}

@test "mounts of RUN: cache, bind, tmpfs, secret" {
    echo bound >app/file
    printf hidden-value >secret.txt
    compose_file <<END
services:
  app:
    build:
      context: app
      secrets: [pass]
secrets:
  pass: {file: secret.txt}
END
    dockerfile <<'END'
FROM box AS base
RUN mkdir /made && echo from-stage >/made/x
FROM box
RUN --mount=type=cache,target=/cache,id=../../../escape echo one >>/cache/log && cp /cache/log /log
RUN --mount=type=bind,target=/ctx cp /ctx/file /file
RUN --mount=type=bind,from=base,source=/made,target=/mnt/made cp /mnt/made/x /x
RUN --mount=type=tmpfs,target=/scratch touch /scratch/y
RUN --mount=type=secret,id=pass,required=true wc -c </run/secrets/pass >/size
RUN --mount=type=secret,id=pass,env=PASS test ${#PASS} = 12
RUN --mount=type=secret,id=optional true
RUN ls -d /cache /ctx /mnt /scratch /run >/left 2>&1 || true
END
    ok build
    equal "$(shown 'cat /log /file /x; echo $(cat /size); ls /scratch')" $'one\nbound\nfrom-stage\n12'
    # Nothing of the secret is anywhere.
    run grep -rl hidden-value "$YAWL_DATA_ROOT" "$YAWL_RUN_ROOT"
    equal "$output" ""
    run find "$YAWL_DATA_ROOT" -name '*escape*'
    equal "$output" ""
    sed -i 's/echo one/echo two/' app/Dockerfile
    ok build
    equal "$(shown 'cat /log')" $'one\ntwo'
}

@test "stages that do not need each other run at the same time, and others wait" {
    dockerfile <<'END'
FROM box AS a
RUN sleep 1; echo a >/a
FROM box AS b
RUN sleep 1; echo b >/b
FROM box
COPY --from=a /a /
COPY --from=b /b /
END
    ok build
    # Both have begun before one of them is done.
    equal "$(head -n 2 <<<"$stderr" | grep -c 'RUN sleep')" 2
    equal "$(shown 'cat /a /b')" $'a\nb'
}

@test "a RUN has the network of a container, or none" {
    dockerfile <<'END'
FROM box
RUN ip addr show eth0 >/with && cat /etc/hosts >/hosts
RUN --network=none ! ip addr show eth0
END
    compose_file <<END
services:
  app:
    build: {context: app, extra_hosts: ["db.example=10.1.2.3"]}
END
    ok build
    matches "$(shown 'cat /with')" 'inet 10\.'
    matches "$(shown 'cat /hosts')" '^10.1.2.3.db.example$'
    dockerfile <<'END'
FROM box
RUN --network=host true
END
    refused build
    contains "$stderr" "entitlements"
}

@test "host-gateway in extra_hosts is this machine, for a RUN as for a container" {
    local port
    port=$(free_port)
    echo own >file
    background server python3 -m http.server --bind 0.0.0.0 --directory "$DIR" "$port"
    within 10 fetch "http://127.0.0.1:$port/file"
    dockerfile <<END
FROM box
RUN wget -q -O /got http://here:$port/file
END
    compose_file <<'END'
services:
  app:
    build: {context: app, extra_hosts: ["here:host-gateway"]}
END
    ok build
    equal "$(shown 'cat /got')" own
    compose_file <<'END'
services:
  app:
    build: {context: app, no_cache: true, extra_hosts: ["here:169.254.1.2"]}
END
    refused build
}

@test "a RUN that fails says how to get a shell, which is in the state before it" {
    dockerfile <<'END'
FROM box
ENV COLOUR=green
WORKDIR /work
RUN echo earlier >file
RUN --mount=type=tmpfs,target=/scratch echo lost >later; exit 3
END
    refused build
    contains "$stderr" "build --debug-shell"
    refused build --debug-shell </dev/null
    contains "$stderr" "needs a terminal"
    cat >typed <<'END'
echo "[$(pwd) $COLOUR $(cat file) $(ls /scratch | wc -l)]"
test -e later || echo not-there-$((40 + 2))
exit
END
    script -q -e -c "'$YAWL' build --debug-shell" /dev/null <typed >tty.out && fail "it did not fail"
    tr -d '\r' <tty.out >tty.txt
    contains "$(cat tty.txt)" "[/work green earlier 0]"
    contains "$(cat tty.txt)" "not-there-42"
    contains "$(cat tty.txt)" "exit code 3"
}

@test "services are built behind those whose images they build on" {
    mkdir lib
    printf 'FROM box\nRUN echo lib >/lib.txt\n' >lib/Dockerfile
    dockerfile <<'END'
FROM library
COPY --from=library /lib.txt /copy
END
    compose_file <<'END'
services:
  app:
    build:
      context: app
      additional_contexts: {library: "service:lib"}
  lib:
    build: lib
END
    ok build
    equal "$(shown 'cat /copy /lib.txt')" $'lib\nlib'
}

@test "ONBUILD of a base is done first" {
    mkdir base
    printf 'FROM box\nONBUILD COPY x /x\nONBUILD RUN cat /x >/y\n' >base/Dockerfile
    echo text >app/x
    printf 'FROM %s-base\nRUN cat /y >/z\n' "$TAG" >app/Dockerfile
    compose_file <<'END'
services:
  app: {build: app}
  base: {build: base}
END
    ok build base
    ok build app
    equal "$(shown 'cat /z')" text
    equal "$(config .OnBuild)" null
}

@test "an image from scratch has what was copied and nothing else" {
    dockerfile <<'END'
FROM box AS make
RUN echo '#!' >/x
FROM scratch
COPY --from=make /bin/busybox /bin/sh
COPY --from=make /x /x
RUN ["/bin/sh", "-c", "echo ran >/ran"]
CMD ["/bin/sh", "-c", "echo *; cat /ran"]
END
    ok build
    ok run --rm -T app
    contains "$stdout" "bin"
    contains "$stdout" "ran"
    equal "$(layers | wc -l)" 3
    ok image save -o "$DIR/out.tar" "$TAG-app"
    # The mount points of RUN are in no layer.
    mkdir out
    tar -C out -xf out.tar
    for blob in out/blobs/sha256/*; do
        tar -tzf "$blob" 2>/dev/null || true
    done >names
    run grep -E '^(etc|proc|sys|dev)' names
    equal "$output" ""
}

@test "what is built is saved and loaded, and other tools read it" {
    command -v skopeo >/dev/null || skip "skopeo is not installed"
    dockerfile <<'END'
FROM box
RUN rm -r /data && mkdir /data && touch /data/new
END
    ok build
    ok image save -o "$DIR/out.tar" "$TAG-app"
    equal "$(skopeo inspect --config "oci-archive:$DIR/out.tar" | jq -c .rootfs.diff_ids)" "$(layers | jq -R . | jq -cs .)"
    ok image rm "$TAG-app"
    export YAWL_DATA_ROOT=$DIR/other YAWL_RUN_ROOT=$DIR/run
    ok load "$DIR/out.tar"
    ok run --rm -T --no-deps app ls /data
    equal "$stdout" new
    ok down
    export YAWL_DATA_ROOT=$DATA_ROOT YAWL_RUN_ROOT=$RUN_ROOT
}

@test "the time of an image can be said" {
    dockerfile <<'END'
FROM box
RUN true
LABEL a=b
END
    SOURCE_DATE_EPOCH=1000000000 ok build
    equal "$("$IMAGE_WORKER" inspect --data-root "$YAWL_DATA_ROOT" "$TAG-app" | jq -r '.[0].Created')" "2001-09-09T01:46:40Z"
}

@test "an image can be built to the same bytes again, and only when that is asked for" {
    local id
    dockerfile <<'END'
FROM box
RUN mkdir /made && echo a >/made/file && ln -s file /made/link
COPY text /made/text
RUN touch -d @500000000 /made/old
END
    echo text >app/text
    export SOURCE_DATE_EPOCH=1000000000
    ok build --rewrite-timestamp
    equal "$(shown 'stat -c %Y /made /made/file /made/link /made/text /made/old')" "1000000000
1000000000
1000000000
1000000000
500000000"
    id=$("$IMAGE_WORKER" inspect --data-root "$YAWL_DATA_ROOT" "$TAG-app" | jq -r '.[0].Id')
    ok build --rewrite-timestamp --no-cache
    equal "$("$IMAGE_WORKER" inspect --data-root "$YAWL_DATA_ROOT" "$TAG-app" | jq -r '.[0].Id')" "$id"
    # Files keep their times unless that is asked for, as with BuildKit.
    ok build
    [ "$(shown 'stat -c %Y /made/file')" -gt 1500000000 ]
    unset SOURCE_DATE_EPOCH
    refused build --rewrite-timestamp
    contains "$stderr" "needs SOURCE_DATE_EPOCH"
    printf 'services: {app: {build: {context: app, args: {SOURCE_DATE_EPOCH: 0}}}}\n' >compose.yaml
    ok build
    equal "$("$IMAGE_WORKER" inspect --data-root "$YAWL_DATA_ROOT" "$TAG-app" | jq -r '.[0].Created')" "1970-01-01T00:00:00Z"
}

@test "an interrupted build leaves nothing behind" {
    dockerfile <<'END'
FROM box
RUN echo begun; sleep 100
END
    background build "$YAWL" build
    within 20 grep -q begun "$DIR/build.err"
    kill -INT "$pid"
    wait "$pid" || status=$?
    equal "$status" 130
    equal "$(ls "$YAWL_DATA_ROOT/tmp")" ""
    equal "$(find "$YAWL_RUN_ROOT" -name 'build-*')" ""
}

# ---- hostile

@test "links of a context and of a stage lead nowhere outside" {
    echo host-secret >outside
    ln -s "$DIR/outside" app/absolute
    ln -s ../outside app/relative
    for name in absolute relative; do
        printf 'FROM box\nCOPY %s /x\n' $name >app/Dockerfile
        refused build
        contains "$stderr" "not found"
    done
    # In a directory they are copied as links.
    printf 'FROM box\nCOPY . /x/\n' >app/Dockerfile
    ok build
    equal "$(shown 'readlink /x/relative')" "../outside"
    dockerfile <<END
FROM box AS evil
RUN ln -s $DIR/outside /leak && ln -s $DIR /dir && ln -s ../../../../../../../../$DIR /up
FROM box
COPY --from=evil /leak /x
END
    refused build
    contains "$stderr" "not found"
    sed -i 's,/leak /x,/up/outside /x,' app/Dockerfile
    refused build
    contains "$stderr" "not found"
}

@test "a destination that is a link stays in the image" {
    echo payload >app/file
    dockerfile <<END
FROM box
RUN ln -s $DIR/victim /victim && ln -s ../../../../../..$DIR /up
COPY file /victim
COPY file /up/written
RUN --mount=type=cache,target=/up/cache touch /up/cache/x
END
    ok build
    [ ! -e "$DIR/victim" ]
    [ ! -e "$DIR/written" ]
    [ ! -e "$DIR/cache" ]
}

@test "bind sources and mount targets with dots stay where they belong" {
    echo host-secret >outside
    dockerfile <<'END'
FROM box
RUN --mount=type=bind,source=../outside,target=/x cat /x
END
    refused build
    contains "$stderr" "not found"
    dockerfile <<'END'
FROM box
RUN --mount=type=tmpfs,target=../../../../mnt/here touch /mnt/here/x
END
    ok build
}

@test "the environment of the host is not that of a RUN" {
    dockerfile <<'END'
FROM box
RUN env >/env
END
    HOST_SECRET=visible ok build
    lacks "$(shown 'cat /env')" HOST_SECRET
}

@test "a Dockerfile that is wrong is told about with its place" {
    printf 'FROM box\nRUNN true\nCOPY a\n' >app/Dockerfile
    refused build
    contains "$stderr" "Dockerfile:2:1"
    contains "$stderr" "did you mean 'RUN'"
    contains "$stderr" "Dockerfile:3"
}

# ---- other commands

@test "ADD unpacks archives of the context, and files as they are" {
    mkdir -p tree/d
    echo inner >tree/d/f
    tar -C tree -czf app/a.tar.gz d
    tar -C tree -cf app/plain d
    echo text >text && gzip -c text >app/text.gz
    dockerfile <<'END'
FROM box
ADD a.tar.gz /one
ADD plain text.gz /two/
COPY a.tar.gz /three/
END
    ok build
    equal "$(shown 'cat /one/d/f /two/d/f; gunzip -c /two/text.gz; ls /three')" $'inner\ninner\ntext\na.tar.gz'
}

@test "an archive leads nowhere outside" {
    python3 - app/evil.tar "$DIR" <<'END'
import io, sys, tarfile
out = tarfile.open(sys.argv[1], "w")
def add(name, kind=tarfile.REGTYPE, link=""):
    entry = tarfile.TarInfo(name)
    entry.type, entry.linkname, entry.size = kind, link, 5 if kind == tarfile.REGTYPE else 0
    out.addfile(entry, io.BytesIO(b"evil\n"))
add("link", tarfile.SYMTYPE, sys.argv[2])
add("link/written")
add("up", tarfile.SYMTYPE, "../../../../../../../.." + sys.argv[2])
add("up/written2")
END
    printf 'FROM box\nADD evil.tar /x/\n' >app/Dockerfile
    yawl build
    [ ! -e written ]
    [ ! -e written2 ]
}

@test "build --check tells what is doubtful and builds nothing" {
    printf 'FROM box as x\nCMD echo $NOSUCH\nMAINTAINER me\n' >app/Dockerfile
    ok build --check
    contains "$stderr" "MaintainerDeprecated"
    contains "$stdout" "warnings have been found"
    "$YAWL" image ls | grep -q "$TAG-app" && fail "it was built"
    printf 'FROM box\nCOPY a\n' >app/Dockerfile
    refused build --check
}

@test "build --check knows the store's images and the ignore file" {
    printf 'secret\n' >app/.dockerignore
    touch app/secret
    cat >app/Dockerfile <<'END'
# check=experimental=CopyIgnoredFile
FROM box
COPY secret /
ENV A=$PATH:$NOWHERE
END
    ok build --check
    contains "$stderr" "CopyIgnoredFile"
    contains "$stderr" "Usage of undefined variable '\$NOWHERE'"
    ! grep -q "variable '\$PATH'" <<<"$stderr" || fail "$stderr"
}

@test "build --print shows a bake file" {
    printf 'FROM box\n' >app/Dockerfile
    ok build --print --build-arg A=b
    equal "$(jq -r '.target.app.args.A' <<<"$stdout")" b
    equal "$(jq -r '.group.default.targets[0]' <<<"$stdout")" app
}

@test "build prune forgets steps and caches" {
    dockerfile <<'END'
FROM box
RUN --mount=type=cache,target=/cache echo one >>/cache/log; wc -l </cache/log >/n
END
    ok build
    ok build prune
    ok build
    equal "$(grep -c CACHED <<<"$stderr")" 1
    ok build prune --all
    ok build
    equal "$(grep -c CACHED <<<"$stderr")" 0
    equal "$(shown 'cat /n')" 1
}

@test "ADD fetches addresses, by digest when one is given" {
    mkdir www
    echo served >www/file.txt
    local port digest
    port=$(free_port)
    background server python3 -m http.server --bind 127.0.0.1 --directory www "$port"
    within 10 fetch "http://127.0.0.1:$port/file.txt"
    digest=$(sha256sum <www/file.txt | cut -d' ' -f1)
    dockerfile <<END
FROM box
ADD --checksum=sha256:$digest http://127.0.0.1:$port/file.txt /into/
ADD --chmod=644 http://127.0.0.1:$port/file.txt /name
END
    ok build
    equal "$(shown 'cat /into/file.txt /name; stat -c %a /into/file.txt /name')" $'served\nserved\n600\n644'
    ok build
    equal "$(grep -c CACHED <<<"$stderr")" 2
    echo changed >www/file.txt
    refused build
    contains "$stderr" "its digest is"
    sed -i 2d app/Dockerfile
    ok build
    equal "$(shown 'cat /name')" changed
    printf 'FROM box\nADD http://127.0.0.1:%s/nosuch /x\n' "$port" >app/Dockerfile
    refused build
    contains "$stderr" "the server answered 404"
}

@test "what a killed build leaves behind, the next one removes" {
    dockerfile <<'END'
FROM box
RUN test -e /never || { echo begun; sleep 1000; }
END
    background build "$YAWL" build
    within 20 grep -q begun "$DIR/build.err"
    kill -KILL "$(pgrep -P "$pid" yawl-image)"
    wait "$pid" || true
    printf 'FROM box\n' >app/Dockerfile
    ok build
    equal "$(find "$YAWL_RUN_ROOT" -name 'build-*')" ""
    equal "$(ls "$YAWL_DATA_ROOT/tmp")" ""
    nothing_left
}
