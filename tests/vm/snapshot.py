#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""snapshot.py STATUS-FILE QMP-SOCKET STATE-FILE

Waits until the guest says "ready" and saves the running machine into STATE-FILE.
"""
import json
import socket
import sys
import time

BOOT_SECONDS = 900  # emulated, on a machine that has other things to do
SETTLE_SECONDS = 4  # for the user manager and the rest of the boot


class Qmp:
    def __init__(self, path):
        connection = socket.socket(socket.AF_UNIX)
        connection.connect(path)
        self.file = connection.makefile("rw")
        self.file.readline()
        self.call("qmp_capabilities")

    def call(self, command, **arguments):
        self.file.write(json.dumps({"execute": command, "arguments": arguments}) + "\n")
        self.file.flush()
        while True:
            answer = json.loads(self.file.readline())
            if "return" in answer:
                return answer["return"]
            if "error" in answer:
                raise SystemExit(f"{command}: {answer['error']}")


def wait_until_ready(status):
    end = time.time() + BOOT_SECONDS
    while "ready" not in open(status, encoding="ascii", errors="replace").read():
        if time.time() > end:
            raise SystemExit("the guest does not become ready")
        time.sleep(0.1)
    time.sleep(SETTLE_SECONDS)


def main():
    status, qmp_path, state = sys.argv[1:]
    wait_until_ready(status)
    qmp = Qmp(qmp_path)
    qmp.call("migrate-set-parameters", **{"max-bandwidth": 1 << 33})
    qmp.call("migrate", uri=f"exec:cat > '{state}'")
    while True:
        now = qmp.call("query-migrate").get("status")
        if now == "completed":
            break
        if now in ("failed", "cancelled"):
            raise SystemExit("migration " + now)
        time.sleep(0.05)
    qmp.call("quit")


main()
