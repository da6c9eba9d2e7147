#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Compares two file trees in everything that an image can say about a file.

    tree_diff.py [--ignore-xattr NAME]... [--began SECONDS] A B

Types, permission bits, owners, modification times, sizes, content, targets of symbolic links, device numbers,
extended attributes, and which names are one file. Prints a line for each difference; the exit status is 1 when
there was one. A time after SECONDS in B is that of the unpacking, for what the image does not describe, and is not
compared.
"""
import argparse
import hashlib
import os
import stat
import sys


def digest(path):
    found = hashlib.sha256()
    with open(path, "rb") as file:
        while piece := file.read(1 << 20):
            found.update(piece)
    return found.hexdigest()


def xattrs(path, ignored):
    names = sorted(os.listxattr(path, follow_symlinks=False))
    return {name: os.getxattr(path, name, follow_symlinks=False).hex() for name in names if name not in ignored}


def describe(path, ignored):
    status = os.lstat(path)
    found = {
        "type": stat.S_IFMT(status.st_mode),
        "mode": oct(stat.S_IMODE(status.st_mode)),
        "owner": f"{status.st_uid}:{status.st_gid}",
        "mtime": status.st_mtime_ns,
        "xattrs": xattrs(path, ignored),
    }
    if stat.S_ISREG(status.st_mode):
        found["size"] = status.st_size
        found["content"] = digest(path)
    elif stat.S_ISLNK(status.st_mode):
        found["target"] = os.readlink(path)
        del found["mode"]
    elif stat.S_ISCHR(status.st_mode) or stat.S_ISBLK(status.st_mode):
        found["device"] = f"{os.major(status.st_rdev)}:{os.minor(status.st_rdev)}"
    return found, None if stat.S_ISDIR(status.st_mode) else (status.st_dev, status.st_ino)


def read_tree(root, ignored):
    """Maps each path to what it is; names of one file have the first of them as "same as"."""
    root = os.fsencode(root)
    tree, first_names = {}, {}
    pending = [b""]
    while pending:
        path = pending.pop()
        full = os.path.join(root, path) if path else root
        tree[path], inode = describe(full, ignored)
        if inode:
            first_names.setdefault(inode, []).append(path)
        if tree[path]["type"] == stat.S_IFDIR:
            pending += [os.path.join(path, name) for name in os.listdir(full)]
    for names in first_names.values():
        for name in names:
            tree[name]["same as"] = os.fsdecode(min(names))
    return tree


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--ignore-xattr", action="append", default=[])
    parser.add_argument("--began", type=int)
    parser.add_argument("a")
    parser.add_argument("b")
    options = parser.parse_args()
    a, b = (read_tree(root, options.ignore_xattr) for root in (options.a, options.b))
    differs = False
    for path in sorted(a.keys() | b.keys()):
        left, right = a.get(path), b.get(path)
        if left and right and options.began and right["mtime"] >= options.began * 10**9:
            del left["mtime"], right["mtime"]
        if left == right:
            continue
        differs = True
        name = "/" + os.fsdecode(path)
        if left is None or right is None:
            print(f"{name!r}: only in {options.b if left is None else options.a}")
            continue
        for key in sorted(left.keys() | right.keys()):
            if left.get(key) != right.get(key):
                print(f"{name!r}: {key}: {left.get(key)} and {right.get(key)}")
    print(f"{len(a)} and {len(b)} files", file=sys.stderr)
    return 1 if differs else 0


if __name__ == "__main__":
    sys.exit(main())
