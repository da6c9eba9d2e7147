#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""typist.py PROMPT ANSWER COMMAND...: runs a command on a pseudo terminal and types the answer once
the prompt is seen. Prints what came, and ends as the command does."""
import os
import pty
import select
import sys

prompt, answer, command = sys.argv[1].encode(), sys.argv[2].encode(), sys.argv[3:]
pid, fd = pty.fork()
if pid == 0:
    os.execvp(command[0], command)
seen = b""
typed = False
while True:
    ready, _, _ = select.select([fd], [], [], 20)
    try:
        data = os.read(fd, 4096) if ready else b""
    except OSError:
        data = b""
    if not data:
        break
    seen += data
    if prompt in seen and not typed:
        typed = True
        os.write(fd, answer + b"\r")
_, status = os.waitpid(pid, 0)
sys.stdout.buffer.write(seen)
sys.exit(os.waitstatus_to_exitcode(status))
