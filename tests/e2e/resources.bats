#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# Every key of a service that limits something: what the kernel has of it, and that it holds.
load helpers

setup_file() { e2e_setup_file; }
teardown_file() { e2e_teardown_file; }
setup() { e2e_setup; }
teardown() { e2e_teardown; }

# group_of CONTROLLER SERVICE: the folder of the container's group: with v1 that of the controller, else its only one.
group_of() {
    local path
    path=$(sed -n "s/^[0-9]*:[^:]*\b$1\b[^:]*://p" "/proc/$(host_pid "$2")/cgroup")
    if [ -n "$path" ]; then
        echo "/sys/fs/cgroup/$1$path"
    else
        echo "/sys/fs/cgroup$(sed -n 's/^0:://p' "/proc/$(host_pid "$2")/cgroup")"
    fi
}

# group_file V1-CONTROLLER V1-FILE V2-FILE SERVICE: what the container's group says.
group_file() {
    local folder
    folder=$(group_of "$1" "$4")
    if is_v1 "$1"; then
        cat "$folder/$2"
    else
        cat "$folder/$3"
    fi
}

is_v1() {
    grep -q -E "^[0-9]+:([^:]*,)?$1(,[^:]*)?:" /proc/self/cgroup
}

# What a service says | controller | v1 file | its first line | v2 file | its first line; "-" where the version has none.
limits() {
    sed '/^$/d; s/ *| */|/g' <<'END'
cpus: 0.25 | cpu | cpu.cfs_quota_us | 25000 | cpu.max | 25000 100000
cpus: 0.25 | cpu | cpu.cfs_period_us | 100000 | cpu.max | 25000 100000
deploy: {resources: {limits: {cpus: "0.5"}}} | cpu | cpu.cfs_quota_us | 50000 | cpu.max | 50000 100000
cpu_quota: 30000, cpu_period: 60000 | cpu | cpu.cfs_quota_us | 30000 | cpu.max | 30000 60000
cpu_quota: 30000, cpu_period: 60000 | cpu | cpu.cfs_period_us | 60000 | cpu.max | 30000 60000
cpu_period: 50ms | cpu | cpu.cfs_period_us | 50000 | cpu.max | max 50000
cpu_shares: 512 | cpu | cpu.shares | 512 | cpu.weight | 59
cpu_shares: 1024 | cpu | cpu.shares | 1024 | cpu.weight | 100
cpu_rt_runtime: 20000, cpu_rt_period: 500000 | cpu | cpu.rt_runtime_us | 20000 | - | -
cpu_rt_runtime: 20000, cpu_rt_period: 500000 | cpu | cpu.rt_period_us | 500000 | - | -
cpuset: "0" | cpuset | cpuset.cpus | 0 | cpuset.cpus | 0
mem_limit: 64m | memory | memory.limit_in_bytes | 67108864 | memory.max | 67108864
mem_limit: 64m | memory | memory.memsw.limit_in_bytes | 134217728 | memory.swap.max | 67108864
mem_limit: 64m, memswap_limit: 96m | memory | memory.memsw.limit_in_bytes | 100663296 | memory.swap.max | 33554432
mem_limit: 64m, memswap_limit: 64m | memory | memory.memsw.limit_in_bytes | 67108864 | memory.swap.max | 0
mem_limit: 64m, memswap_limit: -1 | memory | memory.memsw.limit_in_bytes | 9223372036854771712 | memory.swap.max | max
mem_reservation: 32m | memory | memory.soft_limit_in_bytes | 33554432 | memory.low | 33554432
deploy: {resources: {limits: {memory: 64m}, reservations: {memory: 32m}}} | memory | memory.limit_in_bytes | 67108864 | memory.max | 67108864
deploy: {resources: {limits: {memory: 64m}, reservations: {memory: 32m}}} | memory | memory.soft_limit_in_bytes | 33554432 | memory.low | 33554432
mem_swappiness: 10 | memory | memory.swappiness | 10 | - | -
mem_limit: 64m, oom_kill_disable: true | memory | memory.oom_control | oom_kill_disable 1 | - | -
pids_limit: 30 | pids | pids.max | 30 | pids.max | 30
deploy: {resources: {limits: {pids: 31}}} | pids | pids.max | 31 | pids.max | 31
END
}

@test "what a service limits stands in the files of its control group, or is said to be without effect" {
    needs_limits
    local says controller v1_file v1_value v2_file v2_value row=0 wrong='' is
    {
        echo services:
        limits | cut -d'|' -f1 | awk '{printf "  r%d: {image: box, init: true, command: [sleep, \"1000\"], %s}\n", NR, $0}'
    } | compose_file
    ok up -d
    while IFS='|' read -r says controller v1_file v1_value v2_file v2_value; do
        row=$((row + 1))
        if ! is_v1 "$controller"; then
            v1_value=$v2_value
            [ "$v2_file" != - ] || {
                matches "$stderr" "services.r$row: it runs without the limit; control groups of this kernel have no '"
                continue
            }
        fi
        is=$(group_file "$controller" "$v1_file" "$v2_file" "r$row" | head -n 1)
        [ "$is" = "$v1_value" ] || wrong="$wrong; $says: '$is' instead of '$v1_value'"
    done < <(limits)
    [ -z "$wrong" ] || fail "$wrong"
}

# Soft and hard limits of a process, as the kernel tells them: "Limit Soft Hard Units".
rlimits() {
    sed -E 's/^Max //; s/ {2,}/|/g' | awk -F'|' '{print $1, $2, $3}'
}

@test "limits that a process has itself are those of process 1 and of what exec runs" {
    local expected process
    compose_file <<'END'
services:
  a:
    image: box
    command: [sleep, "1000"]
    shm_size: 8m
    oom_score_adj: 321
    sysctls: {net.core.somaxconn: 77, kernel.msgmax: 9000, net.ipv4.ip_local_port_range: 20000 20100}
    ulimits:
      core: 0
      cpu: {soft: 1000, hard: 2000}
      data: 1000000000
      fsize: 1000000001
      locks: 1002
      memlock: 65536
      msgqueue: 100000
      nice: 0
      nofile: {soft: 100, hard: 200}
      nproc: 555
      rss: 1000000002
      rtprio: 0
      rttime: 1000003
      sigpending: 104
      stack: 4194304
END
    expected="core file size 0 0
cpu time 1000 2000
data size 1000000000 1000000000
file size 1000000001 1000000001
file locks 1002 1002
locked memory 65536 65536
msgqueue size 100000 100000
nice priority 0 0
open files 100 200
processes 555 555
resident set 1000000002 1000000002
realtime priority 0 0
realtime timeout 1000003 1000003
pending signals 104 104
stack size 4194304 4194304"
    ok up -d
    for process in 1 self; do
        equal "$(inside a cat "/proc/$process/limits" | rlimits | grep -v -E '^(Limit|address)' | sort)" "$(sort <<<"$expected")"
        equal "$(inside a cat "/proc/$process/oom_score_adj")" 321
    done
    equal "$(inside a sh -c 'ulimit -n 201 2>/dev/null || echo refused')" refused
    equal "$(inside a sh -c 'df -k /dev/shm' | awk 'NR > 1 {print $2}')" 8192
    equal "$(inside a sh -c 'head -c 9000000 /dev/zero 2>/dev/null >/dev/shm/x || stat -c %s /dev/shm/x')" 8388608
    equal "$(inside a cat /proc/sys/net/core/somaxconn /proc/sys/kernel/msgmax /proc/sys/net/ipv4/ip_local_port_range | tr '\t' ' ')" \
        $'77\n9000\n20000 20100'
    sed -i 's/kernel.msgmax: 9000/kernel.panic: 9000/' compose.yaml
    refused up -d
    contains "$stderr" "sysctls: 'kernel.panic' belongs to no namespace of the container"
}

@test "devices are there for what they are given for" {
    [ -c /dev/fuse ] || skip "this machine has no /dev/fuse"
    mknod -m 0666 fuse c 10 229
    compose_file <<END
x-any: &any {image: box, command: [sleep, "1000"]}
services:
  all: {<<: *any, devices: ["$DIR/fuse:/dev/own"]}
  read: {<<: *any, devices: ["$DIR/fuse:/dev/own:r"]}
  none: *any
END
    ok up -d
    inside all sh -c ': <>/dev/own'
    inside read sh -c ': </dev/own'
    yawl exec -T read sh -c ': >/dev/own'
    contains "$stderr" "Operation not permitted"
    yawl exec -T none sh -c 'mknod /tmp/own c 10 229 && : <>/tmp/own'
    contains "$stderr" "not permitted"
}

# has_event CONTROLLER V1-FILE V2-FILE SERVICE EVENT: the kernel counts some.
has_event() {
    [ "$(group_file "$1" "$2" "$3" "$4" | sed -n "s/^$5 //p")" -gt 0 ]
}

@test "limits hold: processors are throttled, processes refused, memory denied, and all is told" {
    needs_limits
    compose_file <<'END'
services:
  spin: {image: box, cpus: 0.1, command: [sh, -c, "while :; do :; done"]}
  pinned: {image: box, cpuset: "0", command: [sleep, "1000"]}
  fork:
    image: box
    pids_limit: 10
    command: [sh, -c, "i=0; while [ $$i -lt 30 ]; do sleep 100 & i=$$((i+1)); done; echo all; exec sleep 1000"]
  hog: {image: box, mem_limit: 16m, memswap_limit: 16m, command: [tail, /dev/zero]}
END
    ok up -d
    equal "$(inside pinned sed -n 's/^Cpus_allowed_list:\t//p' /proc/1/status /proc/self/status)" $'0\n0'
    within "$PATIENCE_S" has_event cpu cpu.stat cpu.stat spin nr_throttled
    within "$PATIENCE_S" logged fork "can't fork"
    lacks "$(lines fork)" all
    # Old kernels of v1 do not count it.
    [ ! -e "$(group_of pids fork)/pids.events" ] || has_event pids pids.events pids.events fork max
    within "$PATIENCE_S" is_state hog exited
    equal "$(json hog ExitCode)" 137
    yawl ps -a
    matches "$stdout" "$PROJECT-hog-1 .*out of memory"
    yawl why hog
    contains "$stdout" "out of memory: the kernel killed tail"
    contains "$stdout" "limit 16MiB"
}

@test "with oom_kill_disable a process waits for memory, and can be killed" {
    needs_limits
    is_v1 memory || skip "only control groups v1 have it"
    compose_file <<'END'
services:
  hog: {image: box, mem_limit: 16m, memswap_limit: 16m, oom_kill_disable: true, command: [sh, -c, "x=long; while :; do x=$$x$$x; done"]}
END
    ok up -d
    within "$PATIENCE_S" has_event memory memory.oom_control - hog under_oom
    is_state hog running
    ok kill
    within "$PATIENCE_S" is_state hog exited
    lacks "$("$YAWL" why hog)" "out of memory"
}

@test "cgroup_parent: the containers are below a group of one's own, and leave nothing there" {
    needs_limits
    local own=e2e-$TAG folder root controller=memory
    for root in $(awk '/ - cgroup2? /{print $5}' /proc/self/mountinfo); do
        find "$root" -maxdepth 1 -type d -name "$own" | grep -q . && fail "there is a $own in $root"
    done
    compose_file <<END
x-any: &any {image: box, cgroup_parent: /$own/low, mem_limit: 16m, memswap_limit: 16m}
services:
  a: {<<: *any, command: [sleep, "1000"]}
  hog: {<<: *any, command: [sh, -c, "tail /dev/zero; exit 3"]}
END
    ok up -d
    contains "$(group_of $controller a)" "/$own/low/yawl/$PROJECT/$PROJECT-a-1."
    matches "$(sed -n 's/^0:://p' "/proc/$(host_pid a)/cgroup")" "/$own/low/yawl/$PROJECT/"
    ok top a
    contains "$stdout" "sleep 1000"
    ok stats --no-stream --format json a
    [ "$(jq -r .MemUsage <<<"$stdout")" != "0B / 0B" ]
    within "$PATIENCE_S" is_state hog exited
    contains "$("$YAWL" why hog)" "the kernel killed tail"
    kill -KILL $(role_pids supervisor) $(role_pids keeper)
    ok restart -t 0 a
    is_state a running
    ok down -t 0
    equal "$(find /sys/fs/cgroup -type d -path "*/$own*")" ""
    sed -i "s,/$own/low,/$own/../low," compose.yaml
    refused up -d
    contains "$stderr" "services.a.cgroup_parent: '/$own/../low' is no path of a control group"
}

@test "cgroup_parent: a group with processes of its own is refused where the kernel limits nothing below it" {
    needs_limits
    is_v1 memory && skip "this machine's control groups are v1, which do"
    local own=/sys/fs/cgroup/e2e-$TAG
    mkdir "$own"
    sleep 1000 3>&- &
    echo $! >"$own/cgroup.procs"
    compose_file <<END
services: {a: {image: box, cgroup_parent: /${own##*/}, mem_limit: 16m, command: [sleep, "1000"]}}
END
    refused up -d
    kill $!
    wait $! || true
    contains "$stderr" "control group '/${own##*/}': process $! is in it"
    ok down
    rmdir "$own"
}

@test "cgroup: host shows the host's control groups, for reading; without it a container is at the top of its own" {
    compose_file <<'END'
x-any: &any {image: box, command: [sleep, "1000"]}
services:
  host: {<<: *any, cgroup: host}
  private: {<<: *any, cgroup: private}
  plain: *any
END
    ok up -d
    for process in 1 self; do
        equal "$(inside host readlink /proc/$process/ns/cgroup)" "$(readlink /proc/self/ns/cgroup)"
    done
    contains "$(inside host cat /proc/1/cgroup)" "/yawl/$PROJECT/$PROJECT-host-1"
    inside host find /sys/fs/cgroup -type d -name "$PROJECT-host-1*" | grep -q .
    yawl exec -T host sh -c 'for g in $(find /sys/fs/cgroup -type d -name cpu -o -type d -name unified -o -path /sys/fs/cgroup); do mkdir $g/x && echo made; done'
    lacks "$stdout" made
    for service in private plain; do
        lacks "$(inside $service cat /proc/1/cgroup)" yawl
        lacks "$(inside $service find /sys/fs/cgroup -type d)" yawl
    done
}

@test "blkio_config limits what a service reads and writes of a device" {
    needs_limits
    local device numbers
    device=$(lsblk --noheadings --nodeps --paths --output NAME | head -n 1)
    [ -b "$device" ] || skip "this machine has no block device"
    numbers=$(lsblk --noheadings --nodeps --output MAJ:MIN "$device" | tr -d ' ')
    compose_file <<END
services:
  a:
    image: box
    command: [sleep, "1000"]
    blkio_config:
      weight: 300
      device_read_bps: [{path: $device, rate: 12mb}]
      device_write_iops: [{path: $device, rate: 120}]
END
    ok up -d
    matches "$(group_file blkio blkio.throttle.read_bps_device io.max a)" "^$numbers (12582912|rbps=12582912 wbps=max riops=max wiops=120)$"
    matches "$(group_file blkio blkio.throttle.write_iops_device io.max a)" "^$numbers (120|rbps=12582912 wbps=max riops=max wiops=120)$"

    sed -i 's/weight: 300/weight: 3/; s/write_iops: .*/write_iops: [{path: .\/compose.yaml, rate: 1}]/' compose.yaml
    refused up -d
    contains "$stderr" "services.a.blkio_config.weight: 3 is no weight from 10 to 1000"
    matches "$stderr" "services.a.blkio_config.device_write_iops: '.*compose.yaml' is no block device"
}
