#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""typist.py [--size ROWSxCOLUMNS] PROMPT ANSWER COMMAND...: runs a command on a pseudo terminal and
types the answer once the prompt is seen ("": at once): as a line, or with escapes (\\x10) the keys that they stand
for. With more `--then PROMPT ANSWER` before COMMAND it goes on so. An answer "size:ROWSxCOLUMNS"
changes the size of the terminal instead. Prints what came, and ends as the command does."""
import fcntl
import os
import pty
import select
import struct
import sys
import termios


def keys_of(text):
    if "\\" in text:
        return text.encode().decode("unicode_escape").encode("latin-1")
    return text.encode() + b"\r"


def resize(terminal, text):
    rows, columns = (int(number) for number in text.split("x"))
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))


arguments = sys.argv[1:]
size = "24x80"
if arguments[0] == "--size":
    size, arguments = arguments[1], arguments[2:]
script = [(arguments[0].encode(), arguments[1])]
arguments = arguments[2:]
while arguments[0] == "--then":
    script.append((arguments[1].encode(), arguments[2]))
    arguments = arguments[3:]
pid, fd = pty.fork()
if pid == 0:
    resize(0, size)
    os.execvp(arguments[0], arguments)
seen = b""
unanswered = 0  # where in `seen` the next prompt is looked for
while True:
    while script and script[0][0] in seen[unanswered:]:
        prompt, answer = script.pop(0)
        unanswered = seen.index(prompt, unanswered) + len(prompt)
        if answer.startswith("size:"):
            resize(fd, answer.removeprefix("size:"))
        else:
            os.write(fd, keys_of(answer))
    ready, _, _ = select.select([fd], [], [], 20)
    try:
        data = os.read(fd, 4096) if ready else b""
    except OSError:
        data = b""
    if not data:
        break
    seen += data
_, status = os.waitpid(pid, 0)
sys.stdout.buffer.write(seen)
sys.exit(os.waitstatus_to_exitcode(status))
