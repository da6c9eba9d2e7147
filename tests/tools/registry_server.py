#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A small image registry on loopback that can be told to misbehave.

    registry_server.py [--log FILE] [--layer-size N] [--cert FILE --key FILE [--client-ca FILE]] [--fault NAME[=VALUE][*COUNT]]...

It listens on three ports of 127.0.0.1, chosen by the kernel: the registry, a "storage" (where blobs may be
redirected to) and a token server; the first two speak TLS with --cert. The first line of its output is a JSON object
with the ports and with the digests of what it holds: repository `team/app` with the tags `latest` (a manifest) and
`multi` (an index of it). It ends with its standard input. Each request becomes a line of JSON in the log.

A fault with *COUNT happens COUNT times and never again. The faults are in FAULTS.
"""

import argparse
import base64
import gzip
import hashlib
import json
import random
import re
import socket
import ssl
import sys
import tarfile
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, quote, urlsplit

FAULTS = {
    "auth": "ask for `basic`, `token` or `odd` authentication (user:secret)",
    "challenge": "send this text as WWW-Authenticate",
    "realm": "name the token server by this address; {token} and {storage} are ports",
    "token": "answer the token request `enormous`, `broken`, `missing`, `post-only`, `status` (503) or with this lifetime in s",
    "anonymous": "let those without credentials pull after they fetched a token",
    "identity": "accept this refresh token by POST",
    "redirect": "redirect GETs of blobs to `storage`, `plain` (http), `loop`, `file` or to this address",
    "status": "answer blobs and manifests with this status",
    "blob-status": "answer GETs of blobs with this status",
    "retry-after": "with a status: send this Retry-After",
    "quota": "send ratelimit headers, LEFT/LIMIT",
    "error-text": "with a status: say this in the error document",
    "digest": "claim this digest for manifests, or `none`",
    "manifest": "send the manifest `changed`, `huge`, `deep`, `both`, `schema1`, `traversal`, `html`, `broken`",
    "type": "send this Content-Type for manifests",
    "blob": "send blobs `short`, `long`, `longer` (no length), `wrong`, `empty`, `bomb`",
    "drop": "close the connection after so many bytes of a blob",
    "range": "`ignore` Range, or `lie` (the wrong piece), or `total` (another size)",
    "drip": "send one byte of the blob or manifest every so many s",
    "headers": "send headers without an end",
    "silent": "accept requests of blobs and say nothing",
    "location": "send the upload's Location `relative`, `storage`, `plain`, `none` or `query`",
    "whole": "answer an upload in one piece with this status",
    "upload-drop": "close the connection after so many bytes of an upload",
    "piece": "take only so many bytes of a piece",
    "forget": "lose upload sessions after the first piece",
    "mount": "`refuse` (202) or `deny` (403) mounts",
    "no-head": "answer HEAD of manifests without a digest",
}

INDEX = "application/vnd.oci.image.index.v1+json"
MANIFEST = "application/vnd.oci.image.manifest.v1+json"
CONFIG = "application/vnd.oci.image.config.v1+json"
LAYER = "application/vnd.oci.image.layer.v1.tar"


def digest_of(data):
    return "sha256:" + hashlib.sha256(data).hexdigest()


def tar_of(size):
    """A tar of exactly so many bytes with one file that nothing packs; below a tar's least size just bytes."""
    if size < 2048:
        return random.Random(1).randbytes(size)
    content = random.Random(1).randbytes((size - 1536) // 512 * 512)
    header = tarfile.TarInfo("random")
    header.size = len(content)
    return (header.tobuf(tarfile.USTAR_FORMAT) + content).ljust(size, b"\0")


class Fault:
    def __init__(self, text):
        match = re.fullmatch(r"([a-z0-9-]+)(?:=(.*?))?(?:\*(\d+))?", text, re.S)
        self.name, self.value, count = match.groups()
        if self.name not in FAULTS:
            raise ValueError(f"no fault '{self.name}'")
        self.left = int(count) if count else -1


class State:
    """What the registry holds, and how it behaves; shared by all ports."""

    def __init__(self, options):
        self.faults = [Fault(text) for text in options.fault]
        self.lock = threading.Lock()
        self.log = open(options.log, "a", encoding="utf-8") if options.log else None
        self.secure = bool(options.cert)
        self.blobs = {}
        self.manifests = {}
        self.uploads = {}
        self.tokens = {}  # token -> expiry
        self.ports = {}
        self.describe = self.fill(options.layer_size)

    def fill(self, layer_size):
        layer = tar_of(layer_size)
        config = json.dumps({"architecture": "amd64", "os": "linux", "rootfs": {"type": "layers", "diff_ids": [digest_of(layer)]}})
        manifest = json.dumps({
            "schemaVersion": 2,
            "mediaType": MANIFEST,
            "config": {"mediaType": CONFIG, "digest": self.add(config.encode()), "size": len(config)},
            "layers": [{"mediaType": LAYER, "digest": self.add(layer), "size": len(layer)}],
        }).encode()
        index = json.dumps({
            "schemaVersion": 2,
            "mediaType": INDEX,
            "manifests": [{"mediaType": MANIFEST, "digest": digest_of(manifest), "size": len(manifest),
                           "platform": {"os": "linux", "architecture": "amd64"}}],
        }).encode()
        for name, kind, data in (("latest", MANIFEST, manifest), ("multi", INDEX, index)):
            self.manifests["team/app", name] = self.manifests["team/app", digest_of(data)] = (kind, data)
        return {"manifest": digest_of(manifest), "index": digest_of(index), "layer": digest_of(layer),
                "layer_size": len(layer), "config": digest_of(config.encode())}

    def add(self, data):
        self.blobs["team/app", digest_of(data)] = data
        return digest_of(data)

    def fault(self, name):
        """The value ("" without one) when the fault is on, and one time less is left of it; else None."""
        with self.lock:
            for fault in self.faults:
                if fault.name == name and fault.left != 0:
                    fault.left -= 1 if fault.left > 0 else 0
                    return fault.value or ""
        return None

    def note(self, **entry):
        if self.log:
            with self.lock:
                self.log.write(json.dumps(entry) + "\n")
                self.log.flush()


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def setup(self):
        super().setup()
        self.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    @property
    def state(self):
        return self.server.state

    def handle(self):
        try:
            super().handle()
        except (ConnectionError, ssl.SSLError, TimeoutError):
            pass

    # Answers ----------------------------------------------------------------------------------

    def reply(self, status, data=b"", headers=(), length=None):
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        if length != -1:
            self.send_header("Content-Length", str(len(data) if length is None else length))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data)

    def fail(self, status, code, message, headers=()):
        body = json.dumps({"errors": [{"code": code, "message": message, "detail": None}]}).encode()
        self.reply(status, body, [("Content-Type", "application/json"), *headers])

    def hang_up(self):
        self.wfile.flush()
        self.close_connection = True
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")  # a reset
        raise ConnectionError

    def scheme(self):
        return "https" if self.state.secure else "http"

    def own(self):
        return f"{self.scheme()}://{self.headers.get('Host')}"

    # Requests ---------------------------------------------------------------------------------

    def run(self):
        url = urlsplit(self.path)
        self.query = {name: values for name, values in parse_qs(url.query, keep_blank_values=True).items()}
        self.rest = int(self.headers.get("Content-Length") or 0)
        self.state.note(role=self.server.role, method=self.command, path=self.path, headers={
            name.lower(): value for name, value in self.headers.items()})
        if self.server.role == "token":
            self.token()
        elif self.server.role == "storage":
            self.storage(url.path)
        elif self.let_in():
            self.registry(url.path)
        if self.rest > 0:
            self.close_connection = True

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = run

    def storage(self, path):
        match = re.fullmatch(r"/store/(.*)/(sha256:[0-9a-f]+)", path)
        data = self.state.blobs.get(match.groups()) if match else None
        if path == "/token":
            self.token()
        elif path == "/loop":
            self.reply(307, headers=[("Location", "/loop")])
        elif self.command in ("PUT", "PATCH", "GET") and path.startswith("/upload/"):
            _, _, key, repository = path.split("/", 3)
            self.upload(key, repository)
        elif data is None:
            self.reply(404)
        else:
            self.blob_data(data)

    def registry(self, path):
        for pattern, method in (
            (r"/v2/", self.version),
            (r"/v2/(.+)/manifests/([^/]+)", self.manifest),
            (r"/v2/(.+)/blobs/uploads/", self.open_upload),
            (r"/v2/(.+)/blobs/uploads/([^/]+)", lambda repository, key: self.upload(key, repository)),
            (r"/v2/(.+)/blobs/([^/]+)", self.blob),
        ):
            match = re.fullmatch(pattern, path)
            if match:
                method(*match.groups())
                return
        self.fail(404, "NOT_FOUND", "no such place")

    def version(self):
        self.reply(200, b"{}")

    # Authentication ---------------------------------------------------------------------------

    def let_in(self):
        kind = self.state.fault("auth")
        challenge = self.state.fault("challenge")
        if kind is None and challenge is None:
            return True
        header = self.headers.get("Authorization", "")
        if kind == "basic" and header == "Basic " + base64.b64encode(b"user:secret").decode():
            return True
        if kind == "token" and self.state.tokens.get(header.removeprefix("Bearer "), 0) > time.monotonic():
            return True
        if challenge is None:
            challenge = {"basic": 'Basic realm="test"', "odd": "Negotiate abc="}.get(kind) or self.bearer()
        self.fail(401, "UNAUTHORIZED", "authentication required", [("WWW-Authenticate", challenge)])
        return False

    def bearer(self):
        realm = self.state.fault("realm") or "http://127.0.0.1:{token}/token"
        realm = realm.format(**self.state.ports)
        match = re.match(r"/v2/(.+?)/(?:manifests|blobs)/", self.path)
        actions = "pull" if self.command in ("GET", "HEAD") else "pull,push"
        scope = f'repository:{match.group(1)}:{actions}' if match else ""
        return f'Bearer realm="{realm}",service="test registry",scope="{scope}"'

    def token(self):
        kind = self.state.fault("token")
        form = parse_qs(self.rfile.read(self.rest).decode())
        self.rest = 0
        if form:
            self.state.note(role="token-form", **{name: values[0] for name, values in form.items()})
        if kind == "status":
            self.fail(503, "UNAVAILABLE", "come back later")
        elif kind == "post-only" and self.command == "GET":
            self.reply(405)
        elif not self.knows_user(form):
            self.reply(401, json.dumps({"details": "incorrect username or password"}).encode())
        elif kind in ("enormous", "broken", "missing"):
            text = {"enormous": "x" * 100000, "broken": "a\r\nX-Evil: b", "missing": ""}[kind]
            self.reply(200, json.dumps({"token": text}).encode())
        else:
            token = f"token-{len(self.state.tokens)}"
            lifetime = float(kind) if kind and kind != "post-only" else 300
            self.state.tokens[token] = time.monotonic() + lifetime
            self.reply(200, json.dumps({"token": token, "expires_in": 300}).encode())

    def knows_user(self, form):
        if self.command == "POST":
            password = form.get("password", [""])[0]
            return password == "secret" or form.get("refresh_token", [""])[0] == self.state.fault("identity")
        header = self.headers.get("Authorization")
        if header is None:
            return self.state.fault("anonymous") is not None
        return header == "Basic " + base64.b64encode(b"user:secret").decode()

    # Manifests --------------------------------------------------------------------------------

    def failed_on_purpose(self, name):
        status = self.state.fault(name)
        if status is None:
            return False
        retry_after = self.state.fault("retry-after")
        text = self.state.fault("error-text") or "no"
        quota = self.quota()
        headers = [("Retry-After", retry_after)] if retry_after else []
        code = "TOOMANYREQUESTS" if status == "429" else "UNKNOWN"
        self.fail(int(status), code, text.encode().decode("unicode_escape"), headers + quota)
        return True

    def quota(self):
        value = self.state.fault("quota")
        if value is None:
            return []
        left, limit = value.split("/")
        return [("ratelimit-limit", f"{limit};w=21600"), ("ratelimit-remaining", f"{left};w=21600")]

    def manifest(self, repository, name):
        if self.command == "PUT":
            self.put_manifest(repository, name)
            return
        if self.failed_on_purpose("status"):
            return
        found = self.state.manifests.get((repository, name))
        if found is None:
            self.fail(404, "MANIFEST_UNKNOWN", f"manifest unknown to {repository}")
            return
        kind, data = self.twisted(*found)
        claimed = self.state.fault("digest") or digest_of(data)
        headers = [("Content-Type", self.state.fault("type") or kind), *self.quota()]
        if claimed != "none" and not (self.command == "HEAD" and self.state.fault("no-head") is not None):
            headers.append(("Docker-Content-Digest", claimed))
        if self.state.fault("headers") is not None:
            self.endless_headers()
        if self.drips(data):
            return
        self.reply(200, data, headers)

    def twisted(self, kind, data):
        twist = self.state.fault("manifest")
        if twist == "changed":
            data += b"\n"
        elif twist == "huge":
            data += b" " * (5 * 1024 * 1024)
        elif twist == "deep":
            data = b"[" * 100000
        elif twist == "both":
            data = json.dumps({**json.loads(data), "manifests": []}).encode()
        elif twist == "schema1":
            kind = "application/vnd.docker.distribution.manifest.v1+prettyjws"
            data = json.dumps({"schemaVersion": 1, "name": "team/app", "fsLayers": []}).encode()
        elif twist == "traversal":
            data = data.replace(self.state.describe["layer"].encode(), b"sha256:../../../../etc/passwd")
        elif twist == "html":
            kind, data = "text/html", b"<html>please log in</html>"
        elif twist == "broken":
            data = data[:-5]
        return kind, data

    def put_manifest(self, repository, name):
        data = self.rfile.read(self.rest)
        self.rest = 0
        if self.failed_on_purpose("status"):
            return
        for item in self.referenced(json.loads(data)):
            if (repository, item) not in self.state.blobs and (repository, item) not in self.state.manifests:
                self.fail(400, "MANIFEST_BLOB_UNKNOWN", f"{item} is unknown")
                return
        for key in (name, digest_of(data)):
            self.state.manifests[repository, key] = (self.headers["Content-Type"], data)
        claimed = self.state.fault("digest") or digest_of(data)
        self.reply(201, headers=[("Docker-Content-Digest", claimed), ("Location", f"/v2/{repository}/manifests/{name}")])

    @staticmethod
    def referenced(document):
        items = document.get("layers", []) + document.get("manifests", [])
        return [item["digest"] for item in items + ([document["config"]] if "config" in document else [])]

    # Blobs ------------------------------------------------------------------------------------

    def blob(self, repository, digest):
        data = self.state.blobs.get((repository, digest))
        if self.failed_on_purpose("status") or self.command == "GET" and self.failed_on_purpose("blob-status"):
            return
        if data is None:
            self.fail(404, "BLOB_UNKNOWN", "blob unknown to registry")
            return
        target = self.state.fault("redirect") if self.command == "GET" else None
        if target is not None:
            self.redirect(target, repository, digest)
        else:
            self.blob_data(data)

    def redirect(self, target, repository, digest):
        port = self.state.ports["storage"]
        address = {
            "storage": f"{self.scheme()}://127.0.0.1:{port}/store/{repository}/{digest}",
            "plain": f"http://127.0.0.1:{self.state.ports['token']}/store",
            "loop": f"{self.scheme()}://127.0.0.1:{port}/loop",
            "file": "file:///etc/passwd",
        }.get(target, target)
        self.reply(307, headers=[("Location", address)])

    def blob_data(self, data):
        if self.state.fault("silent") is not None:
            time.sleep(30)
            self.hang_up()
        twist = self.state.fault("blob")
        if twist == "wrong":
            data = bytes(byte ^ 1 for byte in data)
        elif twist == "bomb":
            data = gzip.compress(bytes(40 * 1024 * 1024), compresslevel=1)
        elif twist == "empty":
            data = b""
        elif twist == "short":
            data = data[:-1]
        elif twist in ("long", "longer"):
            data += b"x" * 100000
        if self.drips(data):
            return
        start, end, ranged = 0, len(data), self.headers.get("Range")
        lie = self.state.fault("range") if ranged else None
        if ranged and lie != "ignore":
            first, last = re.fullmatch(r"bytes=(\d+)-(\d*)", ranged).groups()
            start, end = int(first), min(int(last or len(data)) + 1, len(data))
            if start >= len(data):
                self.reply(416)
                return
        shown = start + 1 if lie == "lie" else start
        headers = [("Content-Type", "application/octet-stream")]
        if ranged and lie != "ignore":
            total = len(data) + (7 if lie == "total" else 0)
            headers.append(("Content-Range", f"bytes {shown}-{end - 1}/{total}"))
        self.send_blob(206 if ranged and lie != "ignore" else 200, data[shown:end], headers, twist == "longer")

    def send_blob(self, status, piece, headers, endless):
        drop = self.state.fault("drop") if self.command == "GET" else None
        if drop is not None:
            self.reply(status, piece[: int(drop)], headers, length=len(piece))
            self.hang_up()
        if endless:
            self.close_connection = True
            headers.append(("Connection", "close"))
        self.reply(status, piece, headers, length=-1 if endless else None)

    def drips(self, data):
        pause = self.state.fault("drip") if self.command == "GET" else None
        if pause is None:
            return False
        self.reply(200, b"", [("Content-Type", MANIFEST)], length=len(data))
        for byte in data:
            time.sleep(float(pause))
            self.wfile.write(bytes([byte]))
        return True

    def endless_headers(self):
        self.wfile.write(b"HTTP/1.1 200 OK\r\n")
        while True:
            self.wfile.write(b"X-More: " + b"x" * 1000 + b"\r\n")

    # Uploads ----------------------------------------------------------------------------------

    def open_upload(self, repository):
        mount, source = self.query.get("mount", [None])[0], self.query.get("from", [None])[0]
        refusal = self.state.fault("mount") if mount else None
        if refusal == "deny":
            self.fail(403, "DENIED", "not from there")
            return
        if mount and refusal is None and (source, mount) in self.state.blobs:
            self.state.blobs[repository, mount] = self.state.blobs[source, mount]
            self.reply(201, headers=[("Location", f"/v2/{repository}/blobs/{mount}")])
            return
        key = f"session-{len(self.state.uploads)}"
        self.state.uploads[key] = bytearray()
        self.reply(202, headers=self.session_headers(repository, key))

    def session_headers(self, repository, key):
        place = f"/v2/{repository}/blobs/uploads/{key}"
        kind = self.state.fault("location") if self.server.role == "registry" else "storage"
        length = len(self.state.uploads[key])
        address = {
            None: self.own() + place,
            "relative": place,
            "query": f"{self.own()}{place}?_state={quote('a=b&c')}",
            "storage": f"{self.scheme()}://127.0.0.1:{self.state.ports['storage']}/upload/{key}/{repository}",
            "plain": f"http://127.0.0.1:{self.state.ports['token']}/upload/{key}/{repository}",
            "none": None,
        }[kind]
        headers = [("Range", f"0-{max(length - 1, 0)}"), ("Docker-Upload-UUID", key)]
        return headers + ([("Location", address)] if address else [])

    def upload(self, key, repository):
        session = self.state.uploads.get(key)
        if session is None:
            self.fail(404, "BLOB_UPLOAD_UNKNOWN", "no such upload")
            return
        if self.command == "GET":
            self.reply(204, headers=self.session_headers(repository, key))
            return
        whole = self.state.fault("whole") if self.command == "PUT" and self.rest > 0 and not session else None
        if whole is not None:
            self.fail(int(whole), "SIZE_INVALID", "too much at once")
            return
        drop = self.state.fault("upload-drop") if self.rest > 0 else None
        if drop is not None:
            session += self.rfile.read(min(int(drop), self.rest))
            self.hang_up()
        if self.command == "PATCH" and not self.piece_fits(session):
            self.rfile.read(self.rest)
            self.rest = 0
            self.reply(416, headers=self.session_headers(repository, key))
            return
        data = self.rfile.read(self.rest)
        self.rest = 0
        limit = self.state.fault("piece") if self.command == "PATCH" else None
        session += data if limit is None else data[: int(limit)]
        if self.command == "PATCH":
            self.after_piece(key, repository)
        else:
            self.commit(bytes(session), repository, self.query["digest"][0])

    def piece_fits(self, session):
        start = self.headers.get("Content-Range", "0-").split("-")[0]
        return int(start) == len(session)

    def after_piece(self, key, repository):
        headers = self.session_headers(repository, key)
        if self.state.fault("forget") is not None:
            del self.state.uploads[key]
        self.reply(202, headers=headers)

    def commit(self, data, repository, digest):
        if digest_of(data) != digest:
            self.fail(400, "DIGEST_INVALID", "provided digest did not match uploaded content")
            return
        self.state.blobs[repository, digest] = data
        self.reply(201, headers=[("Location", f"/v2/{repository}/blobs/{digest}"), ("Docker-Content-Digest", digest)])


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def __init__(self, role, state, context):
        super().__init__(("127.0.0.1", 0), Handler)
        self.role, self.state, self.context = role, state, context
        state.ports[role] = self.server_address[1]

    def finish_request(self, request, client_address):
        if self.context:  # in the connection's own thread
            try:
                request = self.context.wrap_socket(request, server_side=True)
            except OSError:
                return
        super().finish_request(request, client_address)

    def handle_error(self, request, client_address):
        self.state.note(role="error", text=repr(sys.exc_info()[1]))


def tls_context(options):
    if not options.cert:
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(options.cert, options.key)
    if options.client_ca:
        context.load_verify_locations(options.client_ca)
        context.verify_mode = ssl.CERT_REQUIRED
    return context


def main():
    parser = argparse.ArgumentParser(
        formatter_class=argparse.RawDescriptionHelpFormatter, description=__doc__,
        epilog="\n".join(f"  {name:12} {text}" for name, text in FAULTS.items()))
    parser.add_argument("--log")
    parser.add_argument("--layer-size", type=int, default=100000)
    parser.add_argument("--cert")
    parser.add_argument("--key")
    parser.add_argument("--client-ca")
    parser.add_argument("--fault", action="append", default=[])
    options = parser.parse_args()

    state = State(options)
    context = tls_context(options)
    for role in ("registry", "storage", "token"):
        server = Server(role, state, context if role != "token" else None)
        threading.Thread(target=server.serve_forever, daemon=True).start()
    print(json.dumps({**state.ports, **state.describe}), flush=True)
    sys.stdin.buffer.read()


if __name__ == "__main__":
    main()
