#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes an image that has everything a layer may legally hold: odd_image.py ARCHIVE [--sparse]

An OCI layout named odd:latest with two layers: hard links, set-id bits, extended attributes, names that are
hard to write, devices, directories that are needed but not described, times before 1970 and
within a second; then whiteouts of files, links and directories, opaque directories, and things that are replaced
by things of another kind. With --sparse there is a third with files that have holes, in GNU's form.
"""
import gzip
import hashlib
import io
import json
import os
import platform
import subprocess
import sys
import tarfile
import tempfile

MEDIA_TYPE = "application/vnd.oci.image."


class Layer:
    def __init__(self):
        self.bytes = io.BytesIO()
        self.tar = tarfile.open(fileobj=self.bytes, mode="w", format=tarfile.PAX_FORMAT)
        self.time = 1_000_000_000

    def add(self, name, kind=tarfile.REGTYPE, content=b"", **fields):
        entry = tarfile.TarInfo(name)
        entry.type = kind
        entry.mode = 0o755 if kind == tarfile.DIRTYPE else 0o644
        entry.size = len(content)
        self.time += 1
        entry.mtime = self.time
        for key, value in fields.items():
            if key == "xattrs":
                entry.pax_headers = {f"SCHILY.xattr.{name}": text for name, text in value.items()}
            else:
                setattr(entry, key, value)
        self.tar.addfile(entry, io.BytesIO(content))

    def dir(self, name, **fields):
        self.add(name, tarfile.DIRTYPE, **fields)

    def done(self):
        self.tar.close()
        return self.bytes.getvalue()


def lowest():
    layer = Layer()
    layer.dir("./", mode=0o755)
    layer.dir("etc/", mode=0o711, uid=3, gid=4)
    layer.add("etc/passwd", content=b"root:x:0:0:root:/root:/bin/sh\n")
    layer.add("etc/linked", tarfile.LNKTYPE, linkname="etc/passwd")
    layer.dir("bin")
    layer.add("bin/su", content=b"#!\n", mode=0o4755)
    layer.add("bin/wall", content=b"#!\n", mode=0o2755, gid=5)
    layer.add("bin/ping", content=b"#!\n", mode=0o755, xattrs={"user.note": "of a file"})
    layer.add("bin/sh", tarfile.SYMTYPE, linkname="su")
    layer.add("bin/nowhere", tarfile.SYMTYPE, linkname="../../../nowhere/at all")
    layer.dir("tmp", mode=0o1777)
    layer.dir("srv", mode=0o750, uid=33, gid=33, xattrs={"user.dir": "of a directory"})
    layer.add("srv/data", content=b"x" * 100_000, uid=70_000, gid=4_000_000_000)
    layer.dir("names")
    for index, name in enumerate([" blank ", "new\nline", "-dash", "\\back\\", "ünïcödé", "'\"`$()", "..."]):
        layer.add(f"names/{name}", content=str(index).encode())
    layer.add("names/" + "n" * 255, content=b"longest")
    deep = "names/" + "/".join(["d" * 100] * 12)
    layer.add(deep + "/file", content=b"deep")
    layer.add("lib64", tarfile.SYMTYPE, linkname="usr/lib64")
    layer.add("usr/lib64/ld.so", content=b"implicit parents")
    layer.dir("dev")
    layer.add("dev/null", tarfile.CHRTYPE, mode=0o666, devmajor=1, devminor=3)
    layer.add("dev/loop0", tarfile.BLKTYPE, mode=0o660, devmajor=7, devminor=0)
    layer.add("dev/pipe", tarfile.FIFOTYPE, mode=0o600)
    layer.add("old", content=b"1969", mtime=-1000)
    layer.add("within", content=b"a second", mtime=1_000_000_000.123456789)
    for directory in ("gone", "opaque", "refilled"):
        layer.dir(directory, mode=0o700, uid=7)
        layer.dir(f"{directory}/sub", uid=8)
        layer.add(f"{directory}/sub/file", content=b"lower")
        layer.add(f"{directory}/file", content=b"lower")
    layer.add("becomes-dir", content=b"file")
    layer.dir("becomes-file")
    layer.add("becomes-file/child", content=b"child")
    layer.dir("becomes-link")
    layer.add("twin-a", content=b"twins")
    layer.add("twin-b", tarfile.LNKTYPE, linkname="twin-a")
    return layer.done()


def upper():
    layer = Layer()
    layer.add(".wh.gone")
    layer.add("opaque/.wh..wh..opq")
    layer.add("opaque/new", content=b"upper")
    layer.add("refilled/sub/.wh.file")
    layer.add("refilled/sub/other", content=b"upper", uid=9)
    layer.dir("becomes-dir", mode=0o751)
    layer.add("becomes-dir/child", content=b"child")
    layer.add("becomes-file", content=b"file")
    layer.add("becomes-link", tarfile.SYMTYPE, linkname="etc")
    layer.add(".wh.twin-b")
    layer.add("etc/.wh.linked")
    layer.add("srv/data", content=b"replaced")
    layer.add("bin/fresh", content=b"#!\n", mode=0o6755)
    layer.add("bin/also", tarfile.LNKTYPE, linkname="bin/fresh")
    return layer.done()


def sparse():
    """GNU tar writes the holes as the kernel tells them."""
    with tempfile.TemporaryDirectory() as folder:
        with open(os.path.join(folder, "holes"), "wb") as file:
            file.seek(1 << 20)
            file.write(b"middle")
            file.truncate(4 << 20)
        with open(os.path.join(folder, "hole"), "wb") as file:
            file.truncate(1 << 20)
        return subprocess.run(["tar", "-C", folder, "--sparse", "--format=gnu", "--owner=0", "--group=0",
                               "--mtime=@1000000000", "-cf", "-", "holes", "hole"],
                              check=True, stdout=subprocess.PIPE).stdout


def add_blob(archive, content):
    digest = hashlib.sha256(content).hexdigest()
    add_file(archive, f"blobs/sha256/{digest}", content)
    return {"digest": f"sha256:{digest}", "size": len(content)}


def add_file(archive, name, content):
    entry = tarfile.TarInfo(name)
    entry.size = len(content)
    archive.addfile(entry, io.BytesIO(content))


def add_json(archive, document):
    return add_blob(archive, json.dumps(document).encode())


def main():
    layers = [lowest(), upper()] + ([sparse()] if "--sparse" in sys.argv[2:] else [])
    architecture = {"x86_64": "amd64", "aarch64": "arm64"}.get(platform.machine(), platform.machine())
    config = {"architecture": architecture, "os": "linux", "config": {"Cmd": ["/bin/sh"]},
              "rootfs": {"type": "layers", "diff_ids": ["sha256:" + hashlib.sha256(layer).hexdigest()
                                                        for layer in layers]},
              "history": [{"created_by": "odd_image.py"} for _ in layers]}
    with tarfile.open(sys.argv[1], "w") as archive:
        manifest = {"schemaVersion": 2, "mediaType": MEDIA_TYPE + "manifest.v1+json",
                    "config": {"mediaType": MEDIA_TYPE + "config.v1+json"} | add_json(archive, config),
                    "layers": [{"mediaType": MEDIA_TYPE + "layer.v1.tar+gzip"} |
                               add_blob(archive, gzip.compress(layer, mtime=0)) for layer in layers]}
        entry = {"mediaType": MEDIA_TYPE + "manifest.v1+json",
                 "annotations": {"io.containerd.image.name": "docker.io/library/odd:latest",
                                 "org.opencontainers.image.ref.name": "latest"}} | add_json(archive, manifest)
        add_file(archive, "index.json", json.dumps({"schemaVersion": 2, "manifests": [entry]}).encode())
        add_file(archive, "oci-layout", b'{"imageLayoutVersion": "1.0.0"}')


if __name__ == "__main__":
    main()
