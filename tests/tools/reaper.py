#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs a command, and is the parent of every process that loses its own meanwhile.

    reaper.py COMMAND...

In a container or a minimal virtual machine process 1 may not reap; a test that starts something in the
background would then leave a zombie. When the command ends, whatever it left running is named and killed.
"""
import ctypes
import os
import signal
import sys

PR_SET_CHILD_SUBREAPER = 36


def exit_code(status):
    return os.WEXITSTATUS(status) if os.WIFEXITED(status) else 128 + os.WTERMSIG(status)


def children():
    try:
        with open(f"/proc/self/task/{os.getpid()}/children", encoding="ascii") as stream:
            return [int(pid) for pid in stream.read().split()]
    except OSError:
        return []


def end(pid):
    with open(f"/proc/{pid}/cmdline", "rb") as stream:
        line = stream.read().replace(b"\0", b" ").decode(errors="replace").strip()
    if line:
        print(f"reaper.py: left running: {pid} {line}", file=sys.stderr)
    os.kill(pid, signal.SIGKILL)


def main():
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    command = os.spawnvp(os.P_NOWAIT, sys.argv[1], sys.argv[1:])
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda caught, _: os.kill(command, caught))
    result = None
    while result is None:
        pid, status = os.wait()
        if pid == command:
            result = exit_code(status)
    # Not one after the other: process 1 of a namespace ends after all others in it were waited for.
    ended = set()
    while left := children():
        for pid in left:
            if pid not in ended:
                end(pid)
            ended.add(pid)
        os.wait()
    sys.exit(result)


if __name__ == "__main__":
    main()
