#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes initrd and vmlinux into a directory that holds vmlinuz, busybox, init and mod-*.

The initramfs holds busybox, /init and the virtio modules, uncompressed. The kernel is taken out of its
bzImage: QEMU enters the ELF file directly, which saves emulating the decompressor (seconds under TCG).
"""
import glob
import lzma
import os
import stat
import struct
import subprocess
import sys

KERNEL_FORMATS = [
    (b"\xfd7zXZ", "xz"),
    (b"\x28\xb5\x2f\xfd", "zstd"),
    (b"\x1f\x8b", "gzip"),
    (b"\x02\x21\x4c\x18", "lz4"),
]


class Cpio:
    """An archive in the "newc" format."""

    def __init__(self, path):
        self.out = open(path, "wb")
        self.inode = 0

    def add(self, name, mode, data=b""):
        self.inode += 1
        name = name.encode() + b"\0"
        fields = (self.inode, mode, 0, 0, 1, 0, len(data), 0, 0, 0, 0, len(name), 0)
        head = b"070701" + b"".join(b"%08x" % field for field in fields) + name
        self.out.write(head + b"\0" * (-len(head) % 4) + data + b"\0" * (-len(data) % 4))

    def close(self):
        self.add("TRAILER!!!", 0)
        self.out.close()


def read(path):
    with open(path, "rb") as file:
        return file.read()


def write_initrd(directory):
    cpio = Cpio(directory + "/initrd")
    for name in ("dev", "proc", "sys", "new", "bin", "mod"):
        cpio.add(name, stat.S_IFDIR | 0o755)
    cpio.add("init", stat.S_IFREG | 0o755, read(directory + "/init"))
    cpio.add("bin/busybox", stat.S_IFREG | 0o755, read(directory + "/busybox"))
    for path in sorted(glob.glob(directory + "/mod-*")):
        data = read(path)
        if path.endswith(".xz"):
            data = lzma.decompress(data)
        cpio.add("mod/" + os.path.basename(path), stat.S_IFREG | 0o644, data)
        os.unlink(path)
    cpio.close()


def write_vmlinux(directory):
    image = read(directory + "/vmlinuz")
    offset, length = struct.unpack_from("<II", image, 0x248)
    payload = image[(image[0x1F1] + 1) * 512 + offset :][:length]
    for magic, tool in KERNEL_FORMATS:
        if not payload.startswith(magic):
            continue
        try:
            result = subprocess.run([tool, "-dc"], input=payload, stdout=subprocess.PIPE,
                                    stderr=subprocess.DEVNULL, check=False).stdout
        except OSError:
            continue
        if result[:4] == b"\x7fELF":
            with open(directory + "/vmlinux", "wb") as file:
                file.write(result)


if __name__ == "__main__":
    write_initrd(sys.argv[1])
    write_vmlinux(sys.argv[1])
