#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Stands in for yawl-image in tests, by YAWL_IMAGE_WORKER: plays what it is told, and notes what it was asked.

    FAKE_WORKER   a folder. answers.json there says what to do, calls gets the arguments of each run, a JSON list a line.

    {
      "pull": {"REF": {"layers": [1000, 2000], "error": "...", "warning": "...", "wait_s": 60, "load": "ARCHIVE"}},
      "push": the same,
      "events": ["raw line", ...],           instead of all that: exactly these lines
      "exit": 3, "stderr": "text",           of any run
      "resolve": {"REF": {"digest": "sha256:...", "platforms": [...], "error": "..."}},
      "output": {"inspect": TEXT-OR-JSON}    of other commands; without it they are the real worker's, which is
    }                                        beside the yawl under test
"""

import hashlib
import json
import os
import signal
import subprocess
import sys
import time

FOLDER = os.environ["FAKE_WORKER"]


def digest(text):
    return "sha256:" + hashlib.sha256(text.encode()).hexdigest()


def event(**members):
    print(json.dumps(members, separators=(",", ":")), flush=True)


def real_worker():
    build = os.path.dirname(os.path.dirname(os.path.dirname(os.path.realpath(os.environ["YAWL"]))))
    return os.path.join(build, "runtime/image/worker/yawl-image")


def move(command, item, answer, root):
    """Plays the events of one image. Returns whether it came to a good end."""
    reference = item.split(",")[0]
    busy, done = ("downloading", "pulled") if command == "pull" else ("pushing", "pushed")
    event(event="resolving", image=reference)
    if "warning" in answer:
        event(event="warning", image=reference, message=answer["warning"])
    for number, size in enumerate(answer.get("layers", [])):
        layer = digest(f"{reference} {number}")
        for part in range(5):
            event(event="layer", image=reference, layer=layer, state=busy, current=size * part // 4, total=size)
        time.sleep(answer.get("wait_s", 0))
        event(event="layer", image=reference, layer=layer, state="done", current=size, total=size)
    if "error" in answer:
        event(event="error", image=reference, message=answer["error"])
        return False
    if "load" in answer:
        load = [real_worker(), "load", "--data-root", root, "--quiet", "--reference", reference, answer["load"]]
        subprocess.run(load, check=True, stdout=subprocess.DEVNULL)
    event(event=done, image=reference, id=digest("id " + reference), digest=digest(reference), changed=True)
    return True


def resolve(references, answers):
    images = []
    for reference in references:
        default = {"digest": digest(reference), "media_type": "application/vnd.oci.image.index.v1+json"}
        default["platforms"] = [
            {"platform": platform, "digest": digest(f"{reference} {platform}"), "size": 1000}
            for platform in ("linux/amd64", "linux/arm64")
        ]
        images.append({"reference": reference, **answers.get(reference, default)})
    print(json.dumps({"images": images}))
    return not any("error" in image for image in images)


def main():
    command, arguments = sys.argv[1], sys.argv[2:]
    with open(os.path.join(FOLDER, "calls"), "a", encoding="utf-8") as calls:
        calls.write(json.dumps(sys.argv[1:]) + "\n")
    with open(os.path.join(FOLDER, "answers.json"), encoding="utf-8") as file:
        answers = json.load(file)
    assert arguments[0] == "--data-root", arguments
    root, operands = arguments[1], [argument for argument in arguments[2:] if not argument.startswith("--")]
    signal.signal(signal.SIGTERM, lambda *_: (calls_note("terminated"), os._exit(143)))
    if "stderr" in answers:
        print(answers["stderr"], file=sys.stderr, flush=True)
    good = True
    if "events" in answers:
        print("\n".join(answers["events"]), flush=True)
    elif command in ("pull", "push"):
        known = answers.get(command, {})
        good = all([move(command, item, known.get(item.split(",")[0], {}), root) for item in operands])
    elif command == "resolve":
        good = resolve(operands, answers.get("resolve", {}))
    elif command in answers.get("output", {}):
        output = answers["output"][command]
        print(output if isinstance(output, str) else json.dumps(output))
    else:
        os.execv(real_worker(), ["yawl-image"] + sys.argv[1:])
    sys.exit(answers.get("exit", 0 if good else 1))


def calls_note(text):
    with open(os.path.join(FOLDER, "calls"), "a", encoding="utf-8") as calls:
        calls.write(json.dumps([text]) + "\n")


main()
