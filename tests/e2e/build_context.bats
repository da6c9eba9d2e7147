#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# Contexts and sources that are no directories of this machine: git repositories, archives at addresses, OCI layouts;
# and what hostile ones get.

load helpers

setup_file() {
    e2e_setup_file
}

teardown_file() {
    e2e_teardown_file
}

setup() {
    e2e_setup
    # Nothing of the user's own settings.
    export GIT_CONFIG_GLOBAL=$DIR/gitconfig
    git config --global user.name tester
    git config --global user.email tester@example.com
    git config --global init.defaultBranch main
}

teardown() {
    local result=0
    e2e_teardown || result=1
    "$YAWL" image ls -q 2>/dev/null | grep -F "$TAG" | xargs -r "$YAWL" image rm -f >/dev/null 2>&1 || true
    return $result
}

shown() {
    "$YAWL" run --rm -T app sh -c "$1" 2>"$DIR/shown.err" || { sed "s/^/# run: /" "$DIR/shown.err" >&2; return 1; }
}

# A repository in repos/NAME with all that is in the folder, served on $GIT_URL.
repository() {
    git init -q "repos/$1"
    git -C "repos/$1" add -A
    git -C "repos/$1" commit -q -m one
}

serve_git() {
    local port
    port=$(free_port)
    background git git daemon --reuseaddr --listen=127.0.0.1 --port="$port" --base-path="$DIR/repos" --export-all "$DIR/repos"
    GIT_URL=git://127.0.0.1:$port
    within 10 git ls-remote "$GIT_URL/$1"
}

serve_files() {
    local port
    port=$(free_port)
    background server python3 -m http.server --bind 127.0.0.1 --directory "$DIR/www" "$port"
    URL=http://127.0.0.1:$port
    within 10 fetch "$URL/"
}

compose_with_context() {
    compose_file <<END
services:
  app:
    build:
      context: $1
END
}

@test "a git repository is a context, at a branch and below a folder" {
    mkdir -p repos/x/below
    printf 'FROM box\nCOPY . /ctx\n' >repos/x/Dockerfile
    printf 'FROM box\nCOPY . /below\n' >repos/x/below/Dockerfile
    echo one >repos/x/file
    repository x
    git -C repos/x checkout -q -b other
    echo two >repos/x/file
    echo inner >repos/x/below/inner
    git -C repos/x add -A
    git -C repos/x commit -q -m two
    git -C repos/x checkout -q main
    serve_git x
    compose_with_context "$GIT_URL/x"
    ok build
    equal "$(shown 'cat /ctx/file; ls -a /ctx')" "one
.
..
Dockerfile
below
file"
    ok build
    equal "$(grep -c CACHED <<<"$stderr")" 1
    compose_with_context "$GIT_URL/x#other"
    ok build
    equal "$(shown 'cat /ctx/file')" two
    compose_with_context "$GIT_URL/x#other:below"
    ok build
    equal "$(shown 'ls /below')" "Dockerfile
inner"
    compose_with_context "$GIT_URL/x#$(git -C repos/x rev-parse other)"
    ok build
    equal "$(shown 'cat /ctx/file')" two
    compose_with_context "$GIT_URL/x#nosuch"
    refused build
    contains "$stderr" nosuch
    equal "$(ls "$YAWL_DATA_ROOT/tmp")" ""
}

@test "ADD takes git repositories, by commit when one is given" {
    mkdir -p repos/x/d app
    echo one >repos/x/d/file
    repository x
    serve_git x
    local commit
    commit=$(git -C repos/x rev-parse HEAD)
    compose_with_context app
    cat >app/Dockerfile <<END
FROM box
ADD $GIT_URL/x /plain
ADD --keep-git-dir=true $GIT_URL/x /kept/
ADD --checksum=$commit $GIT_URL/x#main:d /folder
END
    ok build
    equal "$(shown 'cat /plain/d/file /kept/d/file /folder/file; ls -a /plain | grep -c git; ls /kept/.git/HEAD')" "one
one
one
0
/kept/.git/HEAD"
    ok build
    [ "$(grep -c CACHED <<<"$stderr")" -ge 2 ]
    echo two >repos/x/d/file
    git -C repos/x commit -q -a -m two
    refused build
    contains "$stderr" "its commit is"
    sed -i 4d app/Dockerfile
    ok build
    equal "$(shown 'cat /plain/d/file')" two
}

@test "an archive at an address is a context, and so is a Dockerfile" {
    mkdir -p www tree
    printf 'FROM box\nCOPY file /file\n' >tree/Dockerfile
    echo packed >tree/file
    tar -C tree -cJf www/context.tar.xz .
    printf 'FROM box\nRUN echo alone >/file\n' >www/Dockerfile.alone
    serve_files
    compose_with_context "$URL/context.tar.xz"
    ok build
    equal "$(shown 'cat /file')" packed
    compose_with_context "$URL/Dockerfile.alone"
    ok build
    equal "$(shown 'cat /file')" alone
    compose_with_context "$URL/nosuch.tar"
    refused build
    contains "$stderr" "the server answered 404"
}

@test "named contexts: git, archives and OCI layouts" {
    mkdir -p repos/x www tree app
    echo git >repos/x/g
    repository x
    serve_git x
    echo tar >tree/t
    tar -C tree -cf www/t.tar .
    serve_files
    mkdir layout
    tar -C layout -xf "$YAWL_E2E_IMAGES/box.tar"
    compose_file <<END
services:
  app:
    build:
      context: app
      additional_contexts:
        repo: $GIT_URL/x
        archive: $URL/t.tar
        layout: oci-layout://$DIR/layout
        tagged: oci-layout://$DIR/layout:latest
END
    cat >app/Dockerfile <<'END'
FROM layout
COPY --from=repo g /g
COPY --from=archive t /t
COPY --from=tagged /etc/passwd /passwd
RUN --mount=type=bind,from=repo,target=/mnt/repo cp /mnt/repo/g /g2
END
    ok build
    equal "$(shown 'cat /g /g2 /t; head -n 1 /passwd; echo $FROM_IMAGE')" $'git\ngit\ntar\nroot:x:0:0:root:/root:/bin/sh\nyes'
    sed -i "s,layout:latest,layout:nosuch," compose.yaml
    refused build
    contains "$stderr" "there is no image 'nosuch'"
}

# ---- hostile

@test "a fetched context leads nowhere outside" {
    mkdir -p repos/x www tree
    echo host-secret >outside
    ln -s "$DIR/outside" repos/x/Dockerfile
    ln -s "$DIR/outside" repos/x/.dockerignore
    ln -s / repos/x/root
    repository x
    serve_git x
    compose_with_context "$GIT_URL/x"
    refused build
    lacks "$stderr" host-secret
    compose_with_context "$GIT_URL/x#:root"
    refused build
    compose_with_context "$GIT_URL/x#:../../.."
    refused build
    ln -s "$DIR/outside" tree/Dockerfile
    tar -C tree -cf www/evil.tar .
    serve_files
    compose_with_context "$URL/evil.tar"
    refused build
    lacks "$stderr" host-secret
    compose_file <<END
services:
  app:
    build: {context: "$URL/evil.tar", dockerfile: $DIR/outside}
END
    refused build
    lacks "$stderr" host-secret
}

@test "a repository runs nothing here" {
    mkdir -p repos/x/hooks
    printf 'FROM box\nCOPY . /ctx\n' >repos/x/Dockerfile
    printf '* filter=evil\n' >repos/x/.gitattributes
    git init -q repos/x
    # Submodules of this machine's own files are not fetched.
    git init -q inner
    git -C inner commit -q --allow-empty -m inner
    git -C repos/x -c protocol.file.allow=always submodule --quiet add "$DIR/inner" sub
    repository x
    serve_git x
    compose_with_context "$GIT_URL/x"
    refused build
    contains "$stderr" "not allowed"
    compose_with_context "ext::sh -c touch% $DIR/ran"
    refused build
    [ ! -e ran ]
    compose_with_context "$GIT_URL/x#--upload-pack=touch"
    refused build
    contains "$stderr" "is no ref"
}

@test "a Dockerfile on standard input is built without a context" {
    printf 'FROM box\nARG A\nRUN echo $A >/said\n' | "$YAWL" build -q -t "$TAG-said" --build-arg A=word -
    compose_file <<END
services: {app: {image: $TAG-said}}
END
    equal "$(shown 'cat /said')" word
}

@test "a quiet build of a context says the image's id and nothing else" {
    printf 'FROM box\nRUN echo loud\n' >Dockerfile
    "$YAWL" build -q -t "$TAG-quiet" . >id 2>said
    equal "$(cat said)" ""
    equal "$(cat id)" "$("$YAWL" image inspect "$TAG-quiet" | jq -r '.[0].Id')"
    printf 'FROM box\nRUN echo nameless\n' | "$YAWL" build -q - >id
    equal "$("$YAWL" image inspect "$(cat id)" | jq -c '.[0].RepoTags')" '[]'
}

@test "an archive on standard input is a context" {
    mkdir tree
    echo content >tree/file
    printf 'FROM box AS one\nCOPY file /copied\nFROM box\n' >tree/Other
    tar -C tree -cz . | "$YAWL" build -q -t "$TAG-tar" -f Other --target one -
    compose_file <<END
services: {app: {image: $TAG-tar}}
END
    equal "$(shown 'cat /copied')" content
}

@test "a folder is built by a Dockerfile on standard input, and by one from elsewhere" {
    mkdir tree
    echo content >tree/file
    printf 'FROM box\nCOPY file /copied\n' | "$YAWL" build -q -t "$TAG-in" -f - tree
    compose_file <<END
services: {app: {image: $TAG-in}}
END
    equal "$(shown 'cat /copied')" content
    printf 'FROM box\nCOPY file /other\n' >Elsewhere
    ok build -q -t "$TAG-in" -f Elsewhere tree
    equal "$(shown 'cat /other')" content
    try "$YAWL" build -t "$TAG-no" -f - - </dev/null
    equal "$status" 1
    contains "$stderr" "cannot both be standard input"
}
