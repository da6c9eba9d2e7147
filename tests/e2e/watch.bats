#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# develop.watch: what changes on the host reaches the containers.
load helpers

setup_file() { e2e_setup_file; }
teardown_file() { e2e_teardown_file; }
setup() {
    e2e_setup
    mkdir "$DIR/src"
    echo one >"$DIR/src/file"
    [ -z "${YAWL_E2E_USER-}" ] || chown -R "$YAWL_E2E_USER" "$DIR/src"
}
teardown() {
    local result=0
    e2e_teardown || result=1
    "$YAWL" image ls -q 2>/dev/null | grep -F "$TAG" | xargs -r "$YAWL" image rm -f >/dev/null 2>&1 || true
    return $result
}

# says NAME TEXT: the background program's output has it.
says() {
    grep -q -F -e "$2" "$DIR/$1.out" "$DIR/$1.err"
}

watching() {
    background watch "$YAWL" "$@" watch
    WATCH=$pid
    within 60 says watch "Watch enabled"
}

has() {
    [ "$(inside "$1" cat "$2" 2>/dev/null)" = "$3" ]
}

is_gone() {
    inside "$1" test ! -e "$2"
}

@test "sync puts changed files into all replicas, and takes removed ones away" {
    compose_file <<'END'
services:
  app:
    image: box
    command: [sleep, "1000"]
    scale: 2
    develop:
      watch:
        - {path: src, target: /data/app, action: sync, ignore: ["*.log", tmp/]}
END
    watching
    echo two >src/file
    within 30 has app /data/app/file two
    equal "$(inside --index=2 app cat /data/app/file)" two
    mkdir -p src/tmp src/sub/deep
    echo no >src/tmp/x
    echo no >src/x.log
    echo deep >src/sub/deep/x
    chmod 744 src/sub/deep/x
    ln -s deep/x src/sub/link
    within 30 has app /data/app/sub/link deep
    equal "$(inside app stat -c '%a %u' /data/app/sub/deep/x)" "744 0"
    equal "$(inside app ls /data/app)" "file
sub"
    rm -r src/sub
    within 30 is_gone app /data/app/sub
    equal "$(inside app ls -A /data/app)" file
    kill -INT "$WATCH"
    wait "$WATCH" || true
    equal "$(json app State)" running
}

@test "what a file replaces keeps its owner, and directories and files give way to each other" {
    compose_file <<'END'
services:
  app:
    image: box
    command: [sh, -c, "mkdir -p /app/dir/x; echo old > /app/file; chown 5:6 /app/file; echo f > /app/plain; exec sleep 1000"]
    develop: {watch: [{path: src, target: /app, action: sync}]}
END
    watching
    within 30 has app /app/plain f
    echo new >src/file
    within 30 has app /app/file new
    equal "$(inside app stat -c %u:%g /app/file)" 5:6
    echo file >src/dir
    within 30 has app /app/dir file
    mkdir src/plain
    echo in >src/plain/x
    within 30 has app /app/plain/x in
}

@test "links of the container lead nowhere but into it, and not to the kernel's files" {
    compose_file <<'END'
services:
  app:
    image: box
    command: [sh, -c, "mkdir /app; ln -s /../../../../etc /app/up; ln -s /proc/self /app/kernel; ln -s /data/file /app/leaf; exec sleep 1000"]
    develop: {watch: [{path: src, target: /app, action: sync}]}
END
    watching
    within 30 inside app test -L /app/leaf
    mkdir src/up src/kernel
    local before
    before=$(inside app cat /data/file)
    # Each a batch of its own: an error ends one.
    echo in >src/up/planted-by-$TAG
    within 30 says watch "Syncing"
    within 30 inside app test -e "/app/up/planted-by-$TAG"
    [ ! -e "/etc/planted-by-$TAG" ] || fail "it was written to the host"
    echo leaf >src/leaf
    within 30 has app /app/leaf leaf
    equal "$(inside app cat /data/file)" "$before"
    equal "$(inside app stat -c %F /app/leaf)" "regular file"
}

@test "a read-only root says why nothing comes, and watching goes on" {
    compose_file <<'END'
services:
  app:
    image: box
    read_only: true
    tmpfs: [/run/app]
    command: [sleep, "1000"]
    develop:
      watch:
        - {path: src, target: /app, action: sync}
        - {path: run, target: /run/app, action: sync}
END
    mkdir run
    watching
    echo two >src/file
    within 30 says watch "Read-only file system"
    echo there >run/x
    within 30 has app /run/app/x there
}

@test "restart, sync+restart and sync+exec do what they are called" {
    mkdir conf code hook
    compose_file <<'END'
services:
  app:
    image: box
    command: [sh, -c, "cat /conf/a 2>/dev/null; echo started; exec sleep 1000"]
    stop_grace_period: 0s
    develop:
      watch:
        - {path: code, action: restart}
        - {path: conf, target: /conf, action: sync+restart}
        - path: hook
          target: /hook
          action: sync+exec
          exec: {command: [sh, -c, "cat /hook/a > /tmp/seen; echo $$WORD >> /tmp/seen; pwd >> /tmp/seen"], working_dir: /tmp, environment: [WORD=word]}
END
    watching
    within 30 logged app started
    local first
    first=$(host_pid app)
    echo x >code/a
    within 30 eval '[ "$(host_pid app)" != '"$first"' ] && [ -n "$(host_pid app)" ]'
    first=$(host_pid app)
    echo configured >conf/a
    within 30 logged app configured
    [ "$(host_pid app)" != "$first" ] || fail "it was not restarted"
    within 30 is_state app running
    echo hooked >hook/a
    within 30 has app /tmp/seen "hooked
word
/tmp"
}

@test "rebuild builds and recreates the service, and a failed one leaves what runs" {
    mkdir app
    printf 'FROM box\nCOPY version /version\nCMD ["sleep", "1000"]\n' >app/Dockerfile
    printf '*.md\n' >app/.dockerignore
    echo 1 >app/version
    compose_file <<'END'
services:
  app:
    build: app
    stop_grace_period: 0s
    develop: {watch: [{path: app, action: rebuild}]}
  other: {image: box, command: [sleep, "1000"]}
END
    watching
    within 30 has app /version 1
    local other
    other=$(host_pid other)
    echo 2 >app/version
    within 60 says watch 'Service(s) "app" rebuilt'
    within 30 has app /version 2
    equal "$(host_pid other)" "$other"
    local app
    app=$(host_pid app)
    echo nothing >app/README.md
    echo 'FRMO box' >app/Dockerfile
    within 60 says watch 'rebuilding "app" failed'
    equal "$(host_pid app)" "$app"
}

@test "initial_sync copies everything at the start, and into what is made anew" {
    mkdir src/sub
    echo sub >src/sub/x
    compose_file <<'END'
services:
  app:
    image: box
    command: [sleep, "1000"]
    stop_grace_period: 0s
    environment: {WORD: "${WORD:-a}"}
    develop: {watch: [{path: src, target: /app, action: sync, initial_sync: true, ignore: [ignored]}]}
END
    echo no >src/ignored
    watching
    within 30 has app /app/sub/x sub
    equal "$(inside app ls /app)" "file
sub"
    WORD=b ok up -d
    within 30 has app /app/sub/x sub
}

@test "up --watch shows the output, too, and ends with it" {
    compose_file <<'END'
services:
  app:
    image: box
    command: [sh, -c, "echo begun; while [ ! -e /app/end ]; do sleep 0.1; done; echo ending"]
    develop: {watch: [{path: src, target: /app, action: sync}]}
END
    background up "$YAWL" up --watch
    within 60 says up "app-1  | begun"
    says up "Watch enabled"
    touch src/end
    within 30 says up "app-1  | ending"
    wait "$pid"
}

@test "what cannot be watched is said before anything starts" {
    compose_file <<'END'
services:
  app: {image: box, command: [sleep, "1000"]}
END
    refused watch --no-up
    contains "$stderr" "nothing of project"
    refused up --watch
    contains "$stderr" "none of the selected services is configured for watch"
    equal "$(json app State)" ""
    compose_file <<'END'
services:
  app:
    image: box
    command: [sleep, "1000"]
    volumes: [./src:/app]
    develop: {watch: [{path: src, target: /app, action: sync}]}
  built:
    image: box
    command: [sleep, "1000"]
    develop: {watch: [{path: src, action: rebuild}]}
END
    refused up --watch app
    contains "$stderr" "is also in a bind mount"
    refused up --watch built
    contains "$stderr" "needs a \`build\`"
    refused up -d --watch
    contains "$stderr" "incompatible"
}
