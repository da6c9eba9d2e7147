#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Opens a page in a headless Chromium and does what it is told.

    browser.py URL STEP...

    wait SECONDS EXPRESSION   until the JavaScript expression is true
    type SELECTOR TEXT        into a field, key by key
    click SELECTOR            with the mouse
    print EXPRESSION          the value, as text or as JSON
    screenshot FILE           as PNG

Speaks the DevTools protocol over a pipe; no port is opened. Ends with 1 and a message at the first step that
does not succeed.
"""
import base64
import json
import os
import select
import shutil
import signal
import sys
import tempfile
import time

PROGRAMS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
FLAGS = ("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-dev-shm-usage",
         "--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-extensions",
         "--no-proxy-server", "--window-size=1000,800", "--remote-debugging-pipe")
ANSWER_LIMIT_S = 60


class Browser:
    """A Chromium process, its profile, and the two pipes to it (its descriptors 3 and 4)."""

    def __init__(self, program):
        self.profile = tempfile.mkdtemp(prefix="yawl-browser.")
        to_read, self.to = os.pipe()
        self.answers, from_write = os.pipe()
        self.pid = os.fork()
        if self.pid == 0:
            self.become(program, to_read, from_write)
        os.close(to_read)
        os.close(from_write)
        self.waiting = b""
        self.last_id = 0
        self.session = None

    def become(self, program, to_read, from_write):
        os.setsid()
        # Out of the way first: the pipes may be 3 and 4 themselves.
        first, second = os.dup(to_read), os.dup(from_write)
        first, second = os.dup(first), os.dup(second)
        os.dup2(first, 3)
        os.dup2(second, 4)
        log = os.open(os.path.join(self.profile, "browser.log"), os.O_WRONLY | os.O_CREAT)
        os.dup2(os.open("/dev/null", os.O_RDONLY), 0)
        os.dup2(log, 1)
        os.dup2(log, 2)
        os.closerange(5, 256)
        os.environ["HOME"] = self.profile
        os.execv(program, [program, *FLAGS, f"--user-data-dir={self.profile}", "about:blank"])

    def close(self):
        """Ends it in its own way, which takes its helpers along; a browser that hangs is killed."""
        self.session = None
        try:
            self.ask("Browser.close")
            deadline = time.monotonic() + 5
            while os.waitpid(self.pid, os.WNOHANG)[0] == 0:
                if time.monotonic() > deadline:
                    raise RuntimeError("the browser does not end")
                time.sleep(0.02)
        except (RuntimeError, OSError):
            os.killpg(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
        shutil.rmtree(self.profile, ignore_errors=True)

    def message(self, deadline):
        while b"\0" not in self.waiting:
            ready, _, _ = select.select([self.answers], [], [], max(0, deadline - time.monotonic()))
            if not ready:
                raise RuntimeError("the browser does not answer")
            chunk = os.read(self.answers, 1 << 20)
            if not chunk:
                with open(os.path.join(self.profile, "browser.log"), encoding="utf-8", errors="replace") as log:
                    raise RuntimeError("the browser has ended:\n" + log.read()[-2000:])
            self.waiting += chunk
        text, _, self.waiting = self.waiting.partition(b"\0")
        return json.loads(text)

    def ask(self, method, **parameters):
        self.last_id += 1
        request = {"id": self.last_id, "method": method, "params": parameters}
        if self.session:
            request["sessionId"] = self.session
        os.write(self.to, json.dumps(request).encode() + b"\0")
        deadline = time.monotonic() + ANSWER_LIMIT_S
        while True:
            answer = self.message(deadline)
            if answer.get("id") == self.last_id:
                if "error" in answer:
                    raise RuntimeError(f"{method}: {answer['error'].get('message')}")
                return answer["result"]

    def open(self, url):
        target = self.ask("Target.createTarget", url="about:blank")["targetId"]
        self.session = self.ask("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        result = self.ask("Page.navigate", url=url)
        if result.get("errorText"):
            raise RuntimeError(f"open {url}: {result['errorText']}")

    def value(self, expression):
        result = self.ask("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in result:
            details = result["exceptionDetails"]
            raise RuntimeError(details.get("exception", {}).get("description", details["text"]))
        return result["result"].get("value")

    def step_wait(self, seconds, expression):
        deadline = time.monotonic() + float(seconds)
        while not self.value(f"Boolean({expression})"):
            if time.monotonic() > deadline:
                raise RuntimeError(f"not within {seconds} s: {expression}\n{self.value('document.body.innerText')}")
            time.sleep(0.1)

    def step_type(self, selector, text):
        if not self.value(f"(e => e ? (e.focus(), true) : false)(document.querySelector({json.dumps(selector)}))"):
            raise RuntimeError(f"no field '{selector}'")
        for letter in text:
            self.ask("Input.dispatchKeyEvent", type="keyDown", text=letter)
            self.ask("Input.dispatchKeyEvent", type="keyUp")

    def step_click(self, selector):
        place = self.value(f"(e => e && (r => [r.x + r.width / 2, r.y + r.height / 2])(e.getBoundingClientRect()))"
                           f"(document.querySelector({json.dumps(selector)}))")
        if not place:
            raise RuntimeError(f"nothing to click at '{selector}'")
        for kind in ("mousePressed", "mouseReleased"):
            self.ask("Input.dispatchMouseEvent", type=kind, x=place[0], y=place[1], button="left", clickCount=1)

    def step_print(self, expression):
        value = self.value(expression)
        print(value if isinstance(value, str) else json.dumps(value), flush=True)

    def step_screenshot(self, path):
        data = self.ask("Page.captureScreenshot", format="png")["data"]
        with open(path, "wb") as stream:
            stream.write(base64.b64decode(data))


STEPS = {"wait": (Browser.step_wait, 2), "type": (Browser.step_type, 2), "click": (Browser.step_click, 1),
         "print": (Browser.step_print, 1), "screenshot": (Browser.step_screenshot, 1)}


def main():
    program = next(filter(None, map(shutil.which, PROGRAMS)), None)
    if not program or len(sys.argv) < 2:
        sys.exit("browser.py: no Chromium here" if not program else __doc__)
    browser = Browser(program)
    try:
        browser.open(sys.argv[1])
        words = sys.argv[2:]
        while words:
            step, count = STEPS[words[0]]
            step(browser, *words[1:1 + count])
            words = words[1 + count:]
    except RuntimeError as problem:
        sys.exit(f"browser.py: {problem}")
    finally:
        browser.close()


if __name__ == "__main__":
    main()
