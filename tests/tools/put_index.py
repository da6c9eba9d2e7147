#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Puts an OCI index over tags of a repository: put_index.py http://HOST/v2/REPOSITORY TAG SOURCE=OS/ARCH..."""
import json
import sys
import urllib.request

MANIFESTS = "application/vnd.oci.image.manifest.v1+json, application/vnd.docker.distribution.manifest.v2+json"
INDEX = "application/vnd.oci.image.index.v1+json"


def main():
    base, tag, sources = sys.argv[1], sys.argv[2], sys.argv[3:]
    manifests = []
    for source in sources:
        name, platform = source.split("=")
        system, architecture = platform.split("/")
        request = urllib.request.Request(f"{base}/manifests/{name}", headers={"Accept": MANIFESTS})
        with urllib.request.urlopen(request, timeout=20) as answer:
            body = answer.read()
            manifests.append({"mediaType": answer.headers["Content-Type"], "size": len(body),
                              "digest": answer.headers["Docker-Content-Digest"],
                              "platform": {"os": system, "architecture": architecture}})
    document = json.dumps({"schemaVersion": 2, "mediaType": INDEX, "manifests": manifests}).encode()
    request = urllib.request.Request(f"{base}/manifests/{tag}", data=document, method="PUT",
                                     headers={"Content-Type": INDEX})
    with urllib.request.urlopen(request, timeout=20) as answer:
        print(answer.headers["Docker-Content-Digest"])


main()
