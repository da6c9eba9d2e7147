#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs a command and prints which files below a folder it, or anybody, has opened meanwhile.

    opened.py FOLDER COMMAND...

The kernel tells (inotify(7)): what is only looked at, by stat or by a path descriptor, is not opened. Each name is
printed once, relative to the folder. Ends as the command does; its standard output goes to standard error.
"""
import ctypes
import os
import struct
import subprocess
import sys

IN_OPEN, IN_ISDIR, IN_Q_OVERFLOW = 0x20, 0x40000000, 0x4000
EVENT = struct.Struct("iIII")


def watch(folder):
    libc = ctypes.CDLL(None, use_errno=True)
    fd = libc.inotify_init1(os.O_CLOEXEC | os.O_NONBLOCK)
    folders = {}
    for path, _, _ in os.walk(folder):
        number = libc.inotify_add_watch(fd, os.fsencode(path), IN_OPEN)
        if fd < 0 or number < 0:
            sys.exit(f"watch '{path}': {os.strerror(ctypes.get_errno())}")
        folders[number] = os.path.relpath(path, folder)
    return fd, folders


def events(fd):
    while True:
        try:
            data = os.read(fd, 65536)
        except BlockingIOError:
            return
        while data:
            number, mask, _, length = EVENT.unpack_from(data)
            name = data[EVENT.size : EVENT.size + length].rstrip(b"\0")
            data = data[EVENT.size + length :]
            if mask & IN_Q_OVERFLOW:
                sys.exit("more was opened than the kernel could tell")
            yield number, mask, os.fsdecode(name)


def main():
    fd, folders = watch(sys.argv[1])
    status = subprocess.run(sys.argv[2:], stdout=sys.stderr).returncode
    opened = {
        os.path.normpath(os.path.join(folders[number], name))
        for number, mask, name in events(fd)
        if name and not mask & IN_ISDIR
    }
    for name in sorted(opened):
        print(name)
    sys.exit(status)


main()
