#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# The same Dockerfiles by yawl and by `buildah bud` (with its chroot isolation): the same file tree and the same
# configuration. Where the two differ, and why, is in docs/builds.md.

load helpers

setup_file() {
    e2e_setup_file
    if command -v buildah >/dev/null && bah pull -q "oci-archive:$YAWL_E2E_IMAGES/box.tar" >/dev/null 2>&1; then
        echo yes >"$E2E/has-buildah"
    fi
}

teardown_file() {
    e2e_teardown_file
}

setup() {
    [ -e "$E2E/has-buildah" ] || skip "buildah is not installed, or cannot take images from archives here"
    e2e_setup
    mkdir "$DIR/app"
    compose_file <<'END'
services:
  app:
    build: app
END
}

teardown() {
    [ -e "$E2E/has-buildah" ] || return 0
    local result=0
    e2e_teardown || result=1
    bah rm -a >/dev/null 2>&1 || true
    "$YAWL" image ls -q 2>/dev/null | grep -F "$TAG" | xargs -r "$YAWL" image rm -f >/dev/null 2>&1 || true
    return $result
}

bah() {
    command buildah --root "$E2E/bah" --runroot "$E2E/bah-run" --storage-driver vfs "$@"
}

# Names, kinds, modes, owners, sizes and where links lead of all that is in the image; the content of files that are not
# busybox. What the two mount themselves is left out, and so is the root, to which buildah gives another mode.
LIST='find / -xdev \( -path /proc -o -path /sys -o -path /dev -o -path /run -o -path /etc/hosts -o -path /etc/hostname \
-o -path /etc/resolv.conf -o -path /vol -o -path /.list \) -prune -o \
! -path / -exec stat -c "%n %a %u %g %h %F %N" {} + ; find / -xdev \( -path /bin -o -path /proc -o -path /sys -o -path /dev \
-o -path /run -o -path /etc -o -path /vol \) -prune -o -type f -exec md5sum {} +'

# The number of links of a directory is the file system'"'"'s own matter, and so is the mode of a link.
listed() {
    sed -E 's/^(.*) ([0-7]+) ([0-9]+) ([0-9]+) [0-9]+ directory /\1 \2 \3 \4 directory /; s/ 777 ([0-9]+ [0-9]+ [0-9]+ symbolic)/ \1/' |
        LC_ALL=C sort
}

# The parts that an instruction can set. Labels of the tools themselves differ, and nothing may be an empty list.
config_of() {
    jq -S '{User, WorkingDir, Env, Cmd, Entrypoint, ExposedPorts, Volumes, StopSignal, Healthcheck, OnBuild, Shell,
            Labels: ((.Labels // {}) | with_entries(select(.key | test("^(io.buildah|com.docker.compose)") | not)))}
        | with_entries(select(.value != null and .value != [] and .value != "" and .value != {}))'
}

# same_as_buildah [BUILDAH-OPTION...]: tree and configuration are the same.
same_as_buildah() {
    bah bud --format docker --isolation chroot --network host --layers=false "$@" -t theirs app >bah.log 2>&1 || {
        sed 's/^/# /' bah.log
        fail "buildah does not build it"
    }
    ok build
    "$YAWL" run --rm -T -u root --entrypoint /bin/busybox app sh -c "$LIST" >ours.raw 2>ours.err || fail "$(cat ours.err)"
    listed <ours.raw >ours.txt
    bah run --isolation chroot --user root "$(bah from theirs)" -- /bin/busybox sh -c "$LIST" 2>theirs.err | listed >theirs.txt
    [ "$(wc -l <ours.txt)" -gt 50 ]
    diff ours.txt theirs.txt
    diff <("$IMAGE_WORKER" inspect --data-root "$YAWL_DATA_ROOT" "$TAG-app" | jq '.[0].Config' | config_of) \
        <(bah inspect --type image theirs | jq '.Docker.config' | config_of)
}

dockerfile() {
    cat >"$DIR/app/Dockerfile"
}

# A context with a bit of everything that COPY meets.
context() {
    mkdir -p app/sub/deep/er app/empty app/.hidden
    echo hello >app/hello.txt
    echo other >app/o.txt
    echo program >app/run.sh
    chmod 755 app/run.sh
    chmod 640 app/o.txt
    echo s >app/sub/s
    ln -s s app/sub/link
    ln -s /nowhere app/sub/dangling
    ln app/sub/s app/sub/second-name
    echo d >app/sub/deep/d
    echo e >app/sub/deep/er/e
    chmod 700 app/sub/deep
    echo h >app/.hidden/h
    echo 'a b' >'app/with space'
}

@test "ARG and ENV: scopes, defaults, operators" {
    dockerfile <<'END'
ARG BASE=box
ARG GLOBAL=global
FROM $BASE AS one
ARG GLOBAL
ARG LOCAL=local
ARG NONE
ENV A=1 B="two words" C='$A' D=x\ y
ENV OLD old form $A
ENV E=${A:-unset} F=${NOSUCH:-default} G=${A:+given} H=${NOSUCH:+given} I=\$A
ENV A=2 J=$A
RUN echo "$GLOBAL $LOCAL $NONE $A $B $C $D $E $F $G $H $I $J $OLD" >/values
FROM box
ARG GLOBAL
COPY --from=one /values /values
RUN echo "${GLOBAL-unset} ${LOCAL-unset}" >/scope
ENV K=${GLOBAL}end
END
    same_as_buildah
}

@test "RUN: forms, shells, users and directories" {
    dockerfile <<'END'
FROM box
RUN echo shell form; echo "$0" >/zero; echo $((1 + 2)) >/sum
RUN ["/bin/busybox", "touch", "/exec form", "/$HOME"]
RUN echo one > /lines && \
    # a comment in between
    echo two >> /lines
SHELL ["/bin/sh", "-euc"]
RUN echo "$-" | tr -d c >/flags
WORKDIR /work/deep
RUN pwd >/where; mkdir made; touch made/file
USER app
RUN id -u >/tmp/user; touch /tmp/mine
USER 1000:2000
RUN id -g >/tmp/group
USER root
RUN umask 027; touch /tmp/masked; mkdir /tmp/masked-dir
END
    same_as_buildah
}

@test "RUN: what is removed, replaced, linked and special" {
    dockerfile <<'END'
FROM box AS base
RUN mkdir -p /d/sub /e && echo 1 >/d/a && echo 2 >/d/sub/b && echo 3 >/e/c && echo 4 >/d/sub2 && ln /d/a /d/hard && ln -s a /d/soft
RUN rm -r /d/sub && rm /e/c && rmdir /e && mkdir /e && echo new >/e/new
RUN mv /d/sub2 /d/moved && chmod 4755 /d/moved && chown app:extra /e/new && mkfifo /d/fifo && mkdir -m 1777 /sticky
RUN rm -r /data && ln -s /d /data && touch -d @1000 /d/old && chmod 000 /d/old
FROM base
RUN rm /data && mkdir /data && cp -a /d /copy
COPY --from=base /d /from/
COPY --from=base /e/new /sticky /from/
END
    same_as_buildah
}

@test "COPY: files, directories, patterns and destinations" {
    context
    dockerfile <<'END'
FROM box
COPY hello.txt /plain
COPY hello.txt /dir/
COPY hello.txt o.txt run.sh /several/
COPY sub /tree
COPY sub/ /tree2/
COPY sub /existing/
COPY *.txt /globbed/
COPY h?llo.tx[t] /globbed2/
COPY ["with space", "/spaces/"]
COPY empty /made/empty
COPY .hidden /hidden
COPY sub/deep/er/e /a/b/c/d
WORKDIR /w
COPY hello.txt ./
COPY o.txt renamed
COPY sub .
COPY . /all/
END
    same_as_buildah
}

@test "COPY: owners, modes and links of the destination" {
    context
    dockerfile <<'END'
FROM box
RUN mkdir -p /real/place && ln -s /real/place /link && ln -s nowhere /dangling
COPY --chown=app sub /owned/
COPY --chown=app:extra hello.txt /owned2
COPY --chown=1234:4321 sub /numbers/
COPY --chown=77 run.sh /number
COPY --chmod=600 hello.txt run.sh /modes/
COPY --chmod=0751 run.sh /mode
COPY --chown=extra:extra --chmod=4755 run.sh /both 
COPY hello.txt /link/through
COPY sub /link/tree/
USER app
COPY hello.txt /as-user
END
    sed -i 's/--chown=extra:extra/--chown=app:extra/' app/Dockerfile
    same_as_buildah
}

@test "COPY --from: stages by name and number, images, links within" {
    context
    dockerfile <<'END'
FROM box AS first
COPY sub /made/
RUN ln -s /made/s /abs && ln -s made/deep /rel && chown app /made/deep/d && chmod 604 /made/deep/d
FROM first AS second
RUN echo second >/second
FROM box
COPY --from=0 /made/s /zero
COPY --from=first /made /tree
COPY --from=second /second /made/deep/ /more/
COPY --from=second --chown=app /second /mine
COPY --from=box /etc/passwd /passwd-of-box
COPY --from=1 /made/s* /globbed/
END
    same_as_buildah
}

@test "ADD: archives of each kind, and files that are none" {
    mkdir -p tree/d/e
    echo inner >tree/d/f
    ln -s f tree/d/l
    ln tree/d/f tree/d/h
    chmod 751 tree/d/e
    chown 12:34 tree/d/f
    tar -C tree -cf app/a.tar d
    tar -C tree -czf app/b.tgz d
    tar -C tree -cjf app/c.tar.bz2 d
    tar -C tree -cJf app/d.tar.xz d
    cp app/a.tar app/no-suffix
    echo text >app/e.txt
    gzip -c app/e.txt >app/e.txt.gz
    : >app/nothing
    dockerfile <<'END'
FROM box
ADD a.tar /a
ADD b.tgz /b/
ADD c.tar.bz2 /c
ADD d.tar.xz /d/
ADD no-suffix /n
ADD e.txt e.txt.gz nothing /plain/
COPY a.tar /copied/
ADD e.txt /renamed
WORKDIR /w
ADD a.tar .
END
    same_as_buildah
}

@test "metadata: each instruction that only describes" {
    dockerfile <<'END'
FROM box
LABEL one=1 two="2 2" "three"=3 four=a\ b
LABEL old form
MAINTAINER somebody
EXPOSE 80 90/udp 7000/tcp
VOLUME /vol/a /vol/b
VOLUME ["/vol/c"]
STOPSIGNAL SIGUSR1
USER app:extra
WORKDIR /home/app
WORKDIR inner
ENTRYPOINT ["/bin/sh", "-c"]
CMD ["echo", "a b"]
HEALTHCHECK --interval=5s --timeout=1m30s --retries=3 --start-period=100ms CMD wget -q http://127.0.0.1/ || exit 1
END
    same_as_buildah
    dockerfile <<'END'
FROM box
CMD ["first"]
ENTRYPOINT shell form $HOME
HEALTHCHECK NONE
END
    same_as_buildah
}

@test "values are put in place in every instruction that takes them" {
    context
    dockerfile <<'END'
FROM box
ENV DIR=/place NAME=hello PORT=8080 WHO=app SIG=SIGTERM
WORKDIR $DIR
COPY ${NAME}.txt $DIR/${NAME}2
ADD --chown=$WHO ${NAME}.txt /${NAME}3
EXPOSE $PORT
LABEL name=$NAME "k-$NAME"="${NAME%lo}"
USER ${WHO}
VOLUME /vol/$NAME
STOPSIGNAL $SIG
CMD ["$NAME"]
END
    sed -i 's/ "k-$NAME"="${NAME%lo}"//' app/Dockerfile
    same_as_buildah
}

@test ".dockerignore: the same files are left out" {
    mkdir -p app/logs/deep app/src/x/y app/build/keep
    touch app/logs/a.log app/logs/deep/keep app/src/a.c app/src/a.o app/src/x/b.o app/src/x/y/c.o app/secret app/build/1 \
        app/build/keep/2 app/README.md app/NOTES.md app/src/x/README.md app/.env
    cat >app/.dockerignore <<'END'
# comment

**/*.o
logs
!logs/deep/keep
/secret
build/*
!build/keep
*.md
!README.md
.e?v
src/x/y/../y/nothing
END
    dockerfile <<'END'
FROM box
COPY . /ctx
COPY src /src
END
    same_as_buildah
}

@test "ONBUILD is carried out by the next build, and is in the image of the first" {
    mkdir base
    printf 'FROM box\nONBUILD ENV FROM_BASE=yes\nONBUILD COPY hello.txt /onbuild/\nONBUILD RUN cat /onbuild/hello.txt >/ran\nUSER app\n' >base/Dockerfile
    context
    bah bud --isolation chroot --network host --format docker -t "localhost/$TAG-base" base >bah.log 2>&1
    compose_file <<'END'
services:
  app: {build: app}
  base: {build: base}
END
    sed -i 's/USER app/USER root/' base/Dockerfile
    bah bud --isolation chroot --network host --format docker -t "localhost/$TAG-base" base >bah.log 2>&1
    ok build base
    printf 'FROM %s-base\nRUN echo "$FROM_BASE" >/env\n' "$TAG" >app/Dockerfile
    same_as_buildah
}

@test "scratch, another escape character, and a target" {
    context
    compose_file <<'END'
services:
  app:
    build: {context: app, target: wanted}
END
    dockerfile <<'END'
# escape=`
FROM box AS make
RUN mkdir /tree `
    && echo made >/tree/f
FROM scratch AS wanted
COPY --from=make /bin /bin
COPY --from=make /etc /etc
COPY --from=make /tree/f /a/b/
COPY hello.txt sub /files/
ENV PATH=/bin
WORKDIR /
FROM wanted
RUN ["/bin/busybox", "false"]
END
    same_as_buildah --target wanted
}

@test "mounts of RUN leave nothing but what was written beside them" {
    context
    printf hidden >secret.txt
    compose_file <<'END'
services:
  app:
    build: {context: app, secrets: [pass]}
secrets:
  pass: {file: secret.txt}
END
    dockerfile <<'END'
FROM box AS other
RUN mkdir /made && echo x >/made/x
FROM box
RUN --mount=type=bind,source=sub,target=/in cp -r /in /out && ls /in >/listed
RUN --mount=type=bind,from=other,source=/made,target=/in2 cp /in2/x /x
RUN --mount=type=tmpfs,target=/scratch touch /scratch/y && ls /scratch >/tmpfs
RUN --mount=type=secret,id=pass cat /run/secrets/pass | wc -c >/size
RUN --mount=type=cache,target=/tmp/cache,id=yt-matrix touch /tmp/cache/a && ls /tmp/cache >/cached
END
    same_as_buildah --secret id=pass,src=secret.txt
}
