#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Lists what yawl could leave behind on this machine, one object a line, sorted.

    leftovers.py --data ROOT --run ROOT --tag TAG [--shared] [--expect VOLUME...]

Taken before and after a test, the two lists must be equal.

Found by owner: processes that carry YAWL_E2E=TAG in their environment, run in a cgroup of a project whose name
begins with TAG, or see a mount from the roots; mounts from the roots in any mount namespace; files below the
roots, except images. Found on the whole machine: network namespaces, links, routing rules, nftables, listening
sockets, cgroups named yawl. With --shared the machine runs other things at the same time, and of the second
kind only cgroups of TAG are listed.
"""
import argparse
import glob
import json
import os
import subprocess

IMAGES = ("images", "blobs", "layers", "layer-locks", "lock", "build")
LAYOUT = ("", "projects/", "volumes/", "leases/", "tmp/", "namespace.lock")


def read(path):
    try:
        with open(path, "rb") as stream:
            return stream.read().decode(errors="replace")
    except OSError:
        return ""


def pids():
    return [name for name in os.listdir("/proc") if name.isdigit()]


def state(pid):
    return read(f"/proc/{pid}/stat").rpartition(")")[2].split()[:1]


def is_ours(pid, options):
    if f"YAWL_E2E={options.tag}" in read(f"/proc/{pid}/environ").split("\0"):
        return True
    if f"/yawl/{options.tag}" in read(f"/proc/{pid}/cgroup"):
        return True
    return False


def processes(options, own):
    for pid in pids():
        if pid in own or state(pid) in ([], ["Z"], ["X"]):
            continue
        mounts = read(f"/proc/{pid}/mountinfo")
        if is_ours(pid, options) or any(root + "/" in mounts for root in (options.data, options.run)):
            command = read(f"/proc/{pid}/cmdline").replace("\0", " ").strip() or read(f"/proc/{pid}/comm").strip()
            yield f"process {pid} {command}"


def mounts(options):
    seen = set()
    for pid in pids():
        try:
            namespace = os.readlink(f"/proc/{pid}/ns/mnt")
        except OSError:
            continue
        if namespace in seen:
            continue
        seen.add(namespace)
        for line in read(f"/proc/{pid}/mountinfo").splitlines():
            if options.data + "/" in line or options.run + "/" in line:
                yield f"mount {namespace} {line.split(' ', 4)[4]}"


def network_namespaces():
    for pid in pids():
        try:
            yield "namespace " + os.readlink(f"/proc/{pid}/ns/net")
        except OSError:
            continue
    for line in read("/proc/self/mountinfo").splitlines():
        if " - nsfs " in line:
            yield f"namespace {line.split()[3]} at {line.split()[4]}"


def command_lines(kind, *command):
    result = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, check=False)
    return (f"{kind} {line.strip()}" for line in result.stdout.splitlines())


def links():
    return (f"link {name}" for name in os.listdir("/sys/class/net"))


def sockets():
    """Listening TCP and bound UDP sockets of the host's network namespace."""
    for kind, wanted in (("tcp", "0A"), ("tcp6", "0A"), ("udp", "07"), ("udp6", "07")):
        for line in read(f"/proc/net/{kind}").splitlines()[1:]:
            fields = line.split()
            if fields[3] == wanted:
                address, _, port = fields[1].partition(":")
                yield f"socket {kind} {address} port {int(port, 16)}"


def cgroups(options):
    roots = {line.split()[4] for line in read("/proc/self/mountinfo").splitlines() if " - cgroup" in line}
    for root in roots:
        for top in glob.glob(os.path.join(root, "**", "yawl"), recursive=True):
            for folder, _, _ in os.walk(top):
                if not options.shared or f"/yawl/{options.tag}" in folder:
                    yield f"cgroup {folder}"


def only_builds(path):
    """Builds share one range of ids, which is theirs for good; a project's goes with it."""
    return set(json.loads(read(path) or "{}")) <= {":build"}


def files(options):
    for label, root in (("data", options.data), ("run", options.run)):
        for folder, names, others in os.walk(root):
            if folder == root and label == "data":
                names[:] = [name for name in names if name not in IMAGES]
                others = [name for name in others if name not in IMAGES]
            relative = os.path.relpath(folder, root)
            if relative.startswith("volumes/"):
                names[:] = []
                yield "volume " + relative[len("volumes/"):]
                continue
            for name in [name + "/" for name in names] + others:
                path = os.path.normpath(os.path.join(relative, name)) + ("/" if name.endswith("/") else "")
                if label == "data" and path == "idmaps.json" and only_builds(os.path.join(folder, name)):
                    continue
                if path not in LAYOUT and not path.startswith("volumes/"):
                    yield f"file {label}:{path}"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", required=True)
    parser.add_argument("--run", required=True)
    parser.add_argument("--tag", required=True)
    parser.add_argument("--shared", action="store_true")
    parser.add_argument("--expect", nargs="*", default=[], metavar="VOLUME")
    options = parser.parse_args()

    # The shells of the test itself carry the tag too.
    own, pid = {str(os.getpid())}, os.getppid()
    while pid > 1:
        own.add(str(pid))
        pid = int(read(f"/proc/{pid}/stat").rpartition(")")[2].split()[1])

    found = {*processes(options, own), *mounts(options), *cgroups(options), *files(options)}
    if not options.shared:
        found |= {*network_namespaces(), *links(), *sockets()}
        found |= {*command_lines("rule", "ip", "rule"), *command_lines("nftables", "nft", "list", "tables")}
    found -= {f"volume {name}" for name in options.expect}
    print("\n".join(sorted(found)))


if __name__ == "__main__":
    main()
