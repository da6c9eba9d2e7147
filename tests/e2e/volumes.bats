#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
load helpers

setup_file() { e2e_setup_file; }
teardown_file() { e2e_teardown_file; }
setup() { e2e_setup; }
teardown() { e2e_teardown; }

@test "an external volume must be there, and is named at its place when it is not" {
    compose_file <<'END'
services:
  a: {image: box, command: [sleep, "1000"], volumes: ["data:/data"]}
volumes:
  data: {external: true, name: not-there}
END
    refused up -d
    matches "$stderr" "compose.yaml:4:.*external volume 'not-there' not found"
}

@test "driver_opts: a directory of the host, read-only when asked" {
    mkdir host
    echo here >host/file
    compose_file <<END
services:
  a: {image: box, command: [sleep, "1000"], volumes: ["data:/data", "fixed:/fixed"]}
volumes:
  data: {driver: local, driver_opts: {type: none, o: bind, device: ./host}}
  fixed: {driver_opts: {type: none, o: "bind,ro", device: $DIR/host}}
END
    ok up -d
    equal "$(inside a cat /data/file)" here
    yawl exec -T a touch /fixed/no
    [ "$status" -ne 0 ] || fail "written to a read-only volume"
    ok down -v
    equal "$(cat host/file)" here
}

@test "driver_opts: memory, and what is not there or not known" {
    compose_file <<'END'
services:
  a: {image: box, command: [sleep, "1000"], volumes: ["mem:/mem"]}
volumes:
  mem: {driver_opts: {type: tmpfs, device: tmpfs, o: "size=2m,mode=0700"}}
END
    ok up -d
    matches "$(inside a mount)" ' on /mem type tmpfs .*size=2048k.*mode=700'
    sed -i 's/type: tmpfs, device: tmpfs, o: "[^"]*"/type: none, o: bind, device: \/not\/there/' compose.yaml
    refused up -d
    contains "$stderr" "device '/not/there' of volume '${PROJECT}_mem' does not exist"
    sed -i 's/type: none, o: bind/type: none/' compose.yaml
    refused up -d
    contains "$stderr" "volumes of type 'none' are not mounted"
}

@test "driver_opts: a file system is mounted once for all who use it, and gone after down" {
    [ -z "${YAWL_E2E_USER-}" ] || skip "an ordinary user mounts no file systems"
    local folder=$YAWL_DATA_ROOT/volumes/${PROJECT}_own/_data
    compose_file <<'END'
x-any: &any {image: box, command: [sleep, "1000"], volumes: ["own:/own"]}
services:
  a: *any
  b: {<<: *any, restart: always}
volumes:
  own: {driver_opts: {type: ramfs, device: ramfs, o: "mode=0777,noexec"}}
END
    ok up -d
    inside a touch /own/file
    inside b test -e /own/file
    matches "$(inside b mount)" ' on /own type ramfs .*noexec'
    equal "$(stat -c %a "$folder")" 777
    kill -KILL "$(host_pid b)"
    within "$PATIENCE_S" inside b test -e /own/file
    ok up -d
    equal "$(grep -c " $folder " /proc/self/mountinfo)" 1
    ok down
    equal "$(grep -c " $folder " /proc/self/mountinfo)" 0
    sed -i 's/device: ramfs, o: .*"/device: ""/' compose.yaml
    refused up -d
    contains "$stderr" "type 'ramfs' takes a 'device'"
    sed -i 's/type: ramfs, device: ""/type: nothing, device: it/' compose.yaml
    refused up -d
    contains "$stderr" "mount volume '${PROJECT}_own': 'it' of type 'nothing': No such device"
    sed -i 's/type: nothing, device: it/type: ramfs, device: ramfs/' compose.yaml
    ok up -d
    ok down -v
    [ ! -e "$folder" ]
}

@test "driver_opts: files of another machine by NFS" {
    [ -z "${YAWL_E2E_USER-}" ] || skip "an ordinary user mounts no file systems"
    { modprobe nfsd && modprobe nfs && command -v exportfs && command -v rpc.nfsd; } >/dev/null 2>&1 ||
        skip "this machine has no NFS server (nfs-kernel-server)"
    local exported=/srv/e2e-$TAG
    mkdir -m 777 "$exported"
    echo there >"$exported/file"
    systemctl start nfs-server
    exportfs -o rw,no_root_squash,insecure,sync,no_subtree_check "127.0.0.1:$exported"
    leftovers >"$E2E/before" # the server's sockets stay
    compose_file <<END
x-any: &any {image: box, command: [sleep, "1000"]}
services:
  a: {<<: *any, volumes: ["far:/far"]}
  b: {<<: *any, user: "1000:1000", volumes: ["named:/far"]}
volumes:
  far: {driver_opts: {type: nfs, o: "addr=127.0.0.1,rw,nfsvers=4,soft,timeo=100", device: ":$exported"}}
  named: {driver_opts: {type: nfs, o: "rw,nfsvers=4,soft,timeo=100", device: "127.0.0.1:$exported"}}
END
    ok up -d
    equal "$(inside a cat /far/file)" there
    inside a sh -c 'echo root >/far/of-root'
    inside b sh -c 'echo user >/far/of-user'
    equal "$(stat -c %u "$exported/of-root" "$exported/of-user" | tr '\n' ' ')" "0 1000 "
    equal "$(inside a cat /far/of-user)" user
    matches "$(inside a mount)" ' on /far type nfs4 '
    ok restart -t 0 a
    equal "$(inside a cat /far/of-root)" root
    ok down -v
    equal "$(cat "$exported/file" "$exported/of-root")" $'there\nroot'
    ! grep -q "$TAG" /proc/self/mountinfo || fail "something is mounted still: $(grep "$TAG" /proc/self/mountinfo)"
    exportfs -u "127.0.0.1:$exported"
    rm -r "$exported"
}

@test "anonymous volumes are found again by their target" {
    compose_file <<'END'
services:
  a: {image: box, command: [sleep, "1000"], volumes: [/one, /two]}
END
    ok up -d
    inside a sh -c 'echo 1 > /one/file; echo 2 > /two/file'
    sed -i 's#\[/one, /two\]#[/three, /two, /one]#' compose.yaml
    ok up -d
    equal "$(inside a cat /one/file /two/file | tr '\n' ' ')" "1 2 "
    equal "$(inside a ls /three)" ""
}

@test "secrets and configs have the owner and mode that are asked for" {
    echo from a file >file
    compose_file <<'END'
services:
  a:
    image: box
    command: [sleep, "1000"]
    secrets:
      - {source: filed, uid: "1000", gid: "2000", mode: 0440}
      - {source: of_env, uid: "1000", mode: 0400}
    configs:
      - {source: inline, target: /etc/inline.conf, uid: "1000", gid: "1000", mode: 0640}
      - {source: plain, target: /etc/plain.conf}
secrets:
  filed: {file: ./file}
  of_env: {environment: TOKEN}
configs:
  inline: {content: "inline text\n"}
  plain: {file: ./file}
END
    TOKEN=token ok up -d
    equal "$(inside a stat -c '%u:%g %a' /run/secrets/filed)" "1000:2000 440"
    equal "$(inside a stat -c '%u:%g %a' /run/secrets/of_env)" "1000:0 400"
    equal "$(inside a stat -c '%u:%g %a' /etc/inline.conf)" "1000:1000 640"
    equal "$(inside a cat /run/secrets/filed /run/secrets/of_env /etc/inline.conf /etc/plain.conf | tr '\n' ,)" "from a file,tokeninline text,from a file,"
}

@test "volumes_from: what another service mounts, of every kind but memory" {
    mkdir -m 0777 host
    compose_file <<'END'
services:
  keeper:
    image: box
    command: [sh, -c, "echo n >/named/f; echo a >/anonymous/f; echo h >/host/f; exec sleep 1000"]
    volumes: ["data:/named", /anonymous, "./host:/host", {type: tmpfs, target: /memory}]
    healthcheck: {test: [CMD, test, -e, /host/f], interval: 1s, start_interval: 100ms, start_period: 60s}
  writer:
    image: box
    command: [sleep, "1000"]
    volumes_from: [keeper]
    volumes: ["own:/named"]
    depends_on: {keeper: {condition: service_healthy}}
  reader: {image: box, command: [sleep, "1000"], volumes_from: ["writer:ro"]}
volumes: {data: {}, own: {}}
END
    ok up -d
    equal "$(inside writer sh -c 'cat /anonymous/f /host/f; ls /named; ls -d /memory 2>/dev/null' | tr '\n' ' ')" "a h "
    inside writer sh -c 'echo w >/anonymous/g; echo own >/named/own'
    equal "$(inside keeper cat /anonymous/g)" w
    equal "$(inside reader cat /anonymous/g /host/f /named/own | tr '\n' ' ')" "w h own "
    yawl exec -T reader touch /host/no
    [ "$status" -ne 0 ] || fail "written to what is read-only"
    ok up -d
    lacks "$stderr" Recreat
    ok down -v

    sed -i 's/volumes_from: \[keeper\]/volumes_from: ["container:keeper"]/' compose.yaml
    refused up -d
    matches "$stderr" "compose.yaml:.*services.writer.volumes_from.*container:keeper"
}

@test "bind.recursive says what becomes of mounts below the source" {
    [ "$(id -u)" -eq 0 ] && [ -z "${YAWL_E2E_USER-}" ] || skip "an ordinary user cannot part mounts of the host"
    mkdir -p src/sub
    mount -t tmpfs "$TAG" src/sub
    echo below >src/sub/file
    compose_file <<'END'
services:
  a:
    image: box
    command: [sleep, "1000"]
    volumes:
      - {type: bind, source: ./src, target: /plain, read_only: true}
      - {type: bind, source: ./src, target: /alone, bind: {recursive: disabled}}
      - {type: bind, source: ./src, target: /writable, read_only: true, bind: {recursive: writable}}
      - {type: bind, source: ./src, target: /readonly, read_only: true, bind: {recursive: readonly}}
END
    yawl up -d
    umount -l src/sub
    equal "$status" 0
    equal "$(inside a sh -c 'cat /*/sub/file')" "below
below
below"
    equal "$(inside a ls /alone/sub)" ""
    inside a touch /writable/sub/new
    yawl exec -T a touch /writable/new
    [ "$status" -ne 0 ] || fail "the mount itself was written to"
    yawl exec -T a touch /plain/sub/no
    [ "$status" -ne 0 ] || fail "a mount below a read-only one was written to"
    yawl exec -T a touch /readonly/sub/no
    [ "$status" -ne 0 ] || fail "a mount below a read-only one was written to"
    ok down
    compose_file <<'END'
services:
  a:
    image: box
    command: [sleep, "1000"]
    volumes: [{type: bind, source: ./src, target: /x, bind: {recursive: readonly}}]
END
    refused up -d
    contains "$stderr" "is for a mount with 'read_only: true'"
}
