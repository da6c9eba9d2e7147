#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Puts container images together from tar files and folders, without a builder and without a registry.

    oci_image.py layer --to LAYER [--tar TAR [--minus TAR]] [--add SOURCE PATH]... [--dir PATH MODE OWNER]...
                       [--link TARGET PATH]... [--remove PATH]...
    oci_image.py pack --to ARCHIVE --name NAME:TAG [--config JSON] [--format oci|docker] LAYER...

A layer is a tar file; its suffix says how it is compressed (.tar, .tar.gz, .tar.zst). With --minus it holds
what the first tar file has and the second has not, and a whiteout for each path that is gone, so that images
with the same base share the base layer.

An archive is an OCI image layout in a tar file, with the manifest.json beside it that `docker load` reads;
with --format docker it is the older archive of `docker save`.

The same input gives the same bytes: entries are sorted, and only times that the input names are written.
"""
import argparse
import gzip
import hashlib
import io
import json
import os
import platform
import stat
import subprocess
import sys
import tarfile

# What package installation leaves behind and no image needs. The folders stay.
LEFT_OUT = ("dev/", "proc/", "sys/", "run/", "tmp/", "var/cache/apt/", "var/lib/apt/lists/", "var/cache/ldconfig/",
            "var/cache/debconf/", "var/log/apt/", "var/log/dpkg.log", "var/log/bootstrap.log",
            "var/log/alternatives.log", "var/lib/dpkg/status-old", "var/lib/dpkg/available",
            "var/lib/dpkg/diversions-old", "var/lib/dpkg/statoverride-old", "etc/resolv.conf", "etc/hostname",
            "etc/passwd-", "etc/group-", "etc/shadow-", "etc/gshadow-")
ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64", "armv7l": "arm", "ppc64le": "ppc64le", "s390x": "s390x",
                 "riscv64": "riscv64"}
MEDIA_TYPE = "application/vnd.oci.image."


class Entry:
    """One path of a layer: its tar header and, for a regular file, where its bytes are."""

    def __init__(self, header, read=None):
        self.header = header
        self.read = read  # None, or a function that opens the content

    def same_as(self, other):
        a, b = self.header, other.header
        if (a.type, a.mode, a.uid, a.gid, a.linkname) != (b.type, b.mode, b.uid, b.gid, b.linkname):
            return False
        if xattrs(a) != xattrs(b) or (a.devmajor, a.devminor) != (b.devmajor, b.devminor):
            return False
        if a.isreg():
            return a.size == b.size and digest(self.read()) == digest(other.read())
        return True


def xattrs(header):
    return {key: value for key, value in header.pax_headers.items() if key.startswith("SCHILY.xattr.")}


def digest(stream):
    sha256 = hashlib.sha256()
    with stream:
        while chunk := stream.read(1 << 20):
            sha256.update(chunk)
    return sha256.hexdigest()


def clean(path):
    return os.path.normpath("/" + path).lstrip("/")


def read_tar(path):
    """All entries by path. Hard links keep their link target, cleaned like a path."""
    archive = tarfile.open(path)
    entries = {}
    for header in archive:
        name = clean(header.name)
        if not name or name.startswith(LEFT_OUT):
            continue
        header.name = name
        if header.islnk():
            header.linkname = clean(header.linkname)
        header.uname = header.gname = ""
        header.pax_headers = xattrs(header)
        reader = (lambda member: lambda: archive.extractfile(member))(header) if header.isreg() else None
        entries[name] = Entry(header, reader)
    return entries


def new_header(path, kind, mode, owner="0:0"):
    header = tarfile.TarInfo(clean(path))
    header.type = kind
    header.mode = mode
    header.uid, header.gid = (int(part) for part in owner.split(":"))
    return header


def add_folder(entries, path):
    """Names every missing parent, so that no unpacker has to invent its mode."""
    path = clean(path)
    while path and path not in entries:
        entries[path] = Entry(new_header(path, tarfile.DIRTYPE, 0o755))
        path = os.path.dirname(path)


def add_source(entries, source, path):
    """A file or a tree from this machine: root's, readable by all, runnable when it is here."""
    add_folder(entries, os.path.dirname(clean(path)))
    status = os.lstat(source)
    if stat.S_ISLNK(status.st_mode):
        header = new_header(path, tarfile.SYMTYPE, 0o777)
        header.linkname = os.readlink(source)
        entries[header.name] = Entry(header)
    elif stat.S_ISDIR(status.st_mode):
        add_folder(entries, path)
        for name in sorted(os.listdir(source)):
            add_source(entries, os.path.join(source, name), os.path.join(path, name))
    else:
        header = new_header(path, tarfile.REGTYPE, 0o755 if status.st_mode & 0o100 else 0o644)
        header.size = status.st_size
        entries[header.name] = Entry(header, lambda: open(source, "rb"))


def subtract(entries, base):
    """What entries adds to base, with the parents of each change, and whiteouts for what is gone."""
    changed = {path for path, entry in entries.items() if path not in base or not entry.same_as(base[path])}
    # A changed hard link needs the file it points to in the same layer.
    changed |= {entries[path].header.linkname for path in changed if entries[path].header.islnk()}
    result = {path: entries[path] for path in changed}
    for path in sorted(base):
        if path not in entries and (os.path.dirname(path) in entries or "/" not in path):
            whiteout = os.path.join(os.path.dirname(path), ".wh." + os.path.basename(path))
            result[whiteout] = Entry(new_header(whiteout, tarfile.REGTYPE, 0o644))
    for path in list(result):
        parent = os.path.dirname(path)
        while parent and parent not in result:
            result[parent] = entries[parent]
            parent = os.path.dirname(parent)
    return result


class Compressed:
    """Opens a file for writing with the compression its name asks for."""

    def __init__(self, path):
        self.file = open(path, "wb")
        self.process = None
        if path.endswith(".gz"):
            self.stream = gzip.GzipFile(fileobj=self.file, mode="wb", compresslevel=6, mtime=0, filename="")
        elif path.endswith(".zst"):
            self.process = subprocess.Popen(["zstd", "-q", "-6", "-c"], stdin=subprocess.PIPE, stdout=self.file)
            self.stream = self.process.stdin
        else:
            self.stream = self.file

    def __enter__(self):
        return self.stream

    def __exit__(self, *_):
        self.stream.close()
        if self.process and self.process.wait() != 0:
            sys.exit("oci_image: zstd failed")
        self.file.close()


def write_layer(entries, path):
    # Hard links come after the files they point to, everything else in order of path.
    order = sorted(entries, key=lambda name: (entries[name].header.islnk(), name))
    with Compressed(path) as stream, tarfile.open(fileobj=stream, mode="w|", format=tarfile.PAX_FORMAT) as archive:
        for name in order:
            entry = entries[name]
            if entry.read:
                with entry.read() as content:
                    archive.addfile(entry.header, content)
            else:
                archive.addfile(entry.header)


def command_layer(options):
    entries = read_tar(options.tar) if options.tar else {}
    if options.minus:
        entries = subtract(entries, read_tar(options.minus))
    for source, path in options.add:
        add_source(entries, source, path)
    for path, mode, owner in options.dir:
        add_folder(entries, os.path.dirname(clean(path)))
        entries[clean(path)] = Entry(new_header(path, tarfile.DIRTYPE, int(mode, 8), owner))
    for target, path in options.link:
        add_folder(entries, os.path.dirname(clean(path)))
        header = new_header(path, tarfile.SYMTYPE, 0o777)
        header.linkname = target
        entries[header.name] = Entry(header)
    for path in options.remove:
        whiteout = os.path.join(os.path.dirname(clean(path)), ".wh." + os.path.basename(path))
        entries[whiteout] = Entry(new_header(whiteout, tarfile.REGTYPE, 0o644))
    write_layer(entries, options.to)


def plain_tar(path):
    """The uncompressed bytes of a layer, as a stream."""
    if path.endswith(".gz"):
        return gzip.open(path, "rb")
    if path.endswith(".zst"):
        return io.BytesIO(subprocess.run(["zstd", "-q", "-d", "-c", path], check=True, stdout=subprocess.PIPE).stdout)
    return open(path, "rb")


def layer_media_type(path):
    suffix = {".gz": "+gzip", ".zst": "+zstd"}.get(os.path.splitext(path)[1], "")
    return MEDIA_TYPE + "layer.v1.tar" + suffix


def descriptor(media_type, data, **more):
    return {"mediaType": media_type, "digest": "sha256:" + hashlib.sha256(data).hexdigest(), "size": len(data), **more}


def to_json(value):
    return json.dumps(value, sort_keys=True, separators=(",", ":")).encode()


def full_name(name):
    """Docker's long form of a short name: the registry, the library folder and the tag are added."""
    first, slash, _ = name.partition("/")
    if not slash:
        name = "docker.io/library/" + name
    elif "." not in first and ":" not in first and first != "localhost":
        name = "docker.io/" + name
    return name if ":" in name.rpartition("/")[2] else name + ":latest"


class Archive:
    """A tar file whose members are blobs, each written once."""

    def __init__(self, path):
        self.tar = tarfile.open(path, "w", format=tarfile.GNU_FORMAT)
        self.names = set()

    def add(self, name, stream, size):
        if name in self.names:
            return
        self.names.add(name)
        header = tarfile.TarInfo(name)
        header.size, header.mode = size, 0o644
        self.tar.addfile(header, stream)

    def add_bytes(self, name, data):
        self.add(name, io.BytesIO(data), len(data))

    def add_file(self, name, path):
        with open(path, "rb") as stream:
            self.add(name, stream, os.path.getsize(path))


def pack_oci(archive, config, layers, name):
    def blob(described):
        return "blobs/sha256/" + described["digest"].partition(":")[2]

    described_layers = []
    for path in layers:
        with open(path, "rb") as stream:
            described = {"mediaType": layer_media_type(path), "digest": "sha256:" + digest(stream),
                         "size": os.path.getsize(path)}
        archive.add_file(blob(described), path)
        described_layers.append(described)
    described_config = descriptor(MEDIA_TYPE + "config.v1+json", config)
    manifest = to_json({"schemaVersion": 2, "mediaType": MEDIA_TYPE + "manifest.v1+json",
                        "config": described_config, "layers": described_layers})
    described_manifest = descriptor(MEDIA_TYPE + "manifest.v1+json", manifest, annotations={
        "io.containerd.image.name": name, "org.opencontainers.image.ref.name": name.rpartition(":")[2]})
    archive.add_bytes(blob(described_config), config)
    archive.add_bytes(blob(described_manifest), manifest)
    archive.add_bytes("index.json", to_json({"schemaVersion": 2, "mediaType": MEDIA_TYPE + "index.v1+json",
                                             "manifests": [described_manifest]}))
    archive.add_bytes("oci-layout", to_json({"imageLayoutVersion": "1.0.0"}))
    archive.add_bytes("manifest.json", to_json([{"Config": blob(described_config), "RepoTags": [short_name(name)],
                                                 "Layers": [blob(layer) for layer in described_layers]}]))


def short_name(name):
    for prefix in ("docker.io/library/", "docker.io/"):
        if name.startswith(prefix):
            return name[len(prefix):]
    return name


def pack_docker(archive, config, layers, name, diff_ids):
    members = []
    for path, diff_id in zip(layers, diff_ids):
        member = diff_id.partition(":")[2] + "/layer.tar"
        with plain_tar(path) as stream:
            data = stream.read()
        archive.add_bytes(member, data)
        members.append(member)
    config_name = hashlib.sha256(config).hexdigest() + ".json"
    archive.add_bytes(config_name, config)
    archive.add_bytes("manifest.json", to_json([{"Config": config_name, "RepoTags": [short_name(name)],
                                                 "Layers": members}]))


def command_pack(options):
    settings = {}
    if options.config:
        with open(options.config, encoding="utf-8") as stream:
            settings = json.load(stream)
    diff_ids = ["sha256:" + digest(plain_tar(path)) for path in options.layers]
    config = to_json({"architecture": ARCHITECTURES[platform.machine()], "os": "linux", "config": settings,
                      "created": "1970-01-01T00:00:00Z", "rootfs": {"type": "layers", "diff_ids": diff_ids},
                      "history": [{"created": "1970-01-01T00:00:00Z"} for _ in diff_ids]})
    archive = Archive(options.to + ".new")
    name = full_name(options.name)
    if options.format == "docker":
        pack_docker(archive, config, options.layers, name, diff_ids)
    else:
        pack_oci(archive, config, options.layers, name)
    archive.tar.close()
    os.rename(options.to + ".new", options.to)


def main():
    parser = argparse.ArgumentParser(description="Puts container images together from tar files and folders.")
    commands = parser.add_subparsers(dest="command", required=True)

    layer = commands.add_parser("layer")
    layer.add_argument("--to", required=True)
    layer.add_argument("--tar")
    layer.add_argument("--minus")
    layer.add_argument("--add", nargs=2, action="append", default=[], metavar=("SOURCE", "PATH"))
    layer.add_argument("--dir", nargs=3, action="append", default=[], metavar=("PATH", "MODE", "OWNER"))
    layer.add_argument("--link", nargs=2, action="append", default=[], metavar=("TARGET", "PATH"))
    layer.add_argument("--remove", action="append", default=[], metavar="PATH")
    layer.set_defaults(run=command_layer)

    pack = commands.add_parser("pack")
    pack.add_argument("--to", required=True)
    pack.add_argument("--name", required=True)
    pack.add_argument("--config")
    pack.add_argument("--format", choices=("oci", "docker"), default="oci")
    pack.add_argument("layers", nargs="+", metavar="LAYER")
    pack.set_defaults(run=command_pack)

    options = parser.parse_args()
    options.run(options)


if __name__ == "__main__":
    main()
