#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
load helpers

setup_file() { e2e_setup_file; }
teardown_file() { e2e_teardown_file; }
setup() { e2e_setup; }
teardown() { e2e_teardown; }

stack() {
    compose_file <<'END'
services:
  a: {image: box, command: [sleep, "1000"], volumes: ["data:/volume", "./bind:/bind:ro"], tmpfs: [/memory]}
  b: {image: box, command: [sleep, "1000"], scale: 2}
volumes: {data: }
END
    mkdir -p bind in/sub
    echo host >bind/file
    echo one >in/one
    echo two >in/sub/two
    ln -s one in/link
    [ -z "${YAWL_E2E_USER-}" ] || chown -R -h "$YAWL_E2E_USER" .
    ok up -d
}

@test "cp: files go where they are told, under their own or another name" {
    stack
    ok cp in/one a:/tmp/renamed
    ok cp in/one a:/tmp
    ok cp in/one a:tmp/relative
    equal "$(inside a sh -c 'cd /tmp; cat renamed one relative; stat -c %u:%g renamed')" $'one\none\none\n0:0'
    ok cp a:/data/file out
    ok cp a:/data/file .
    ok cp a:data/file ./again
    equal "$(cat out file again)" $'from the image\nfrom the image\nfrom the image'
    ok cp in/sub/two a:/tmp/one
    equal "$(inside a cat /tmp/one)" two
    refused cp in/one a:/nowhere/
    contains "$stderr" "there is no folder '/nowhere'"
    refused cp in/one a:/no/where
    contains "$stderr" "No such file"
    refused cp a:/nothing out
    contains "$stderr" "there is no '/nothing'"
}

@test "cp: a folder becomes another one, goes into one, or gives its content" {
    stack
    ok cp in a:/tmp/new
    equal "$(inside a sh -c 'cd /tmp/new; cat one sub/two link; readlink link')" $'one\ntwo\none\none'
    ok cp in a:/tmp/new
    equal "$(inside a cat /tmp/new/in/sub/two)" two
    ok cp in/. a:/tmp
    equal "$(inside a cat /tmp/sub/two)" two
    inside a sh -c 'echo kept >/tmp/new/kept'
    ok cp in/. a:/tmp/new
    equal "$(inside a cat /tmp/new/kept)" kept
    refused cp in a:/tmp/one
    contains "$stderr" "'/tmp/one' is no folder"
    ok cp a:/tmp/new got
    equal "$(cat got/one got/sub/two got/in/one)" $'one\ntwo\none'
    ok cp a:/tmp/new/. here
    equal "$(cat here/sub/two)" two
    ok cp -L in/link a:/tmp/followed
    equal "$(inside a sh -c 'cat /tmp/followed; readlink /tmp/followed || true')" one
    ok cp in/link a:/tmp/unfollowed
    equal "$(inside a readlink /tmp/unfollowed)" one
}

@test "cp: what is mounted is what the container sees, and what it may not write stays as it is" {
    stack
    inside a sh -c 'echo in-volume >/volume/f; echo in-memory >/memory/f'
    ok cp a:/volume/f v
    ok cp a:/memory/f m
    ok cp a:/bind/file h
    equal "$(cat v m h)" $'in-volume\nin-memory\nhost'
    refused cp in/one a:/bind/file
    contains "$stderr" "Read-only file system"
    # A mounted file is written over, not replaced.
    ok cp in/one a:/etc/hosts
    equal "$(inside a cat /etc/hosts)" one
    # Through a mount both can be one file.
    ok cp a:/bind bind-copy
    ok cp a:/bind/. bind
    equal "$(cat bind/file bind-copy/file)" $'host\nhost'
}

@test "cp: containers that have ended, all of a service, one of them, and none" {
    compose_file <<'END'
services:
  done: {image: box, command: [sh, -c, "echo result >/result; echo kept >/volume/f"], volumes: ["data:/volume"]}
  b: {image: box, command: [sleep, "1000"], scale: 2}
volumes: {data: }
END
    echo one >one
    ok up -d
    within 10 is_state done exited
    ok cp done:/result .
    ok cp done:/volume/f .
    ok cp done:/data/file image-file
    equal "$(cat result f image-file)" $'result\nkept\nfrom the image'
    ok cp one done:/tmp/one
    ok cp done:/tmp/one back
    equal "$(cat back)" one
    ok start done
    within 10 is_state done exited

    ok cp one b:/both
    ok cp --index 2 one b:/second
    equal "$(inside --index 1 b ls /both) $(inside --index 2 b ls /both /second | tr '\n' ' ')" "/both /both /second "
    refused exec -T --index 1 b ls /second
    refused cp --index 3 one b:/x
    contains "$stderr" 'no container found for service "b"'
    refused cp one nope:/x
    refused cp one two
    contains "$stderr" "neither 'one' nor 'two' is in a service"
    refused cp b:/x done:/x
    contains "$stderr" "copying between services is not supported"
    refused cp - b:/x
    contains "$stderr" "archives on standard input and output are not supported yet"
}

@test "cp: without -a files are their new owner's and lose what makes them more than files" {
    stack
    inside a sh -c 'cp /bin/busybox /tmp/su; chown 1000:1000 /tmp/su; chmod 4755 /tmp/su; mkfifo /tmp/fifo'
    ok cp a:/tmp/su plain
    equal "$(stat -c %a:%u plain)" "755:$(id -u "${YAWL_E2E_USER:-root}")"
    ok cp a:/tmp tree
    [ -p tree/fifo ]
    refused cp a:/dev/null nothing
    contains "$stderr" "'/dev/null' is no file"
    refused cp a:/proc/version nothing
    [ ! -s nothing ]
    refused cp in/one a:/proc/sys/kernel/core_pattern
    refused cp in a:/sys/fs
    if [ -z "${YAWL_E2E_USER-}" ]; then
        ok cp -a a:/tmp/su archived
        equal "$(stat -c %a:%u:%g archived)" 4755:1000:1000
        ok cp -a archived a:/tmp/back
        equal "$(inside a stat -c %a:%u:%g /tmp/back)" 4755:1000:1000
    fi
}

@test "cp: an image's links lead nowhere outside, and names that only begin alike are others" {
    stack
    echo canary >"$E2E/canary"
    inside a sh -c "ln -s $E2E/canary /tmp/absolute; ln -s ../../../../../../..$E2E/canary /tmp/relative; ln -s /proc/1/root$E2E /tmp/magic
        mkdir /tmp/in-here /tmp/in; echo x >/tmp/in-here/x; ln -s / /tmp/root; ln -s /tmp /tmp/in/up"
    for name in absolute relative magic/canary root/../../..$E2E/canary; do
        refused cp -L "a:/tmp/$name" out
        [ ! -e out ] || fail "$name came out"
    done
    for name in absolute relative magic/canary; do
        yawl cp in/one "a:/tmp/$name"
    done
    equal "$(<"$E2E/canary")" canary
    mkdir target
    ok cp a:/tmp/in target
    [ ! -e target/in-here ] && [ ! -e in-here ]
    ok cp in/one a:/tmp/root/deep
    equal "$(inside a cat /deep)" one
}
