#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Checks the rules of docs/conventions.md that a program can check.

    tests/lint/lint.py [--root DIR] [--rule NAME]...

Prints `path:line: rule: what is wrong` for each finding; the exit status is 1 when there was one.
tests/lint/test_lint.py plants a breach of every rule.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys

sys.dont_write_bytecode = True  # the source tree stays as it is

from c_source import Source  # noqa: E402 (after the line above)

RULES = [
    "comment",
    "file-length",
    "format",
    "function-length",
    "header-guard",
    "include-direction",
    "include-home",
    "include-order",
    "include-path",
    "mutable-variable",
    "nesting",
    "parameters",
    "script",
    "spdx",
    "todo",
    "typedef-struct",
]

MAX_LINES_C = 600
MAX_LINES_HEADER = 200
MAX_LINES_FUNCTION = 60
MAX_PARAMETERS = 5
MAX_NESTING = 3

SPDX = "SPDX-License-Identifier: Apache-2.0"

# Section 1: what a folder may include besides itself. The longest matching prefix counts. An entry that
# ends in .h allows that header alone.
ALL_BUT_TESTS = ["common", "net", "runtime", "runtime/image", "runtime/build", "runtime/build/worker"]
ALL_BUT_TESTS += ["orchestrator/compose"]
ALL_BUT_TESTS += ["orchestrator/plan", "orchestrator/state", "orchestrator/logs"]
ALL_BUT_TESTS += ["orchestrator/supervise", "orchestrator/cli"]
PLAIN_DATA = ["runtime/container_spec.h", "runtime/image/image_config.h", "net/network_spec.h"]
MAY_INCLUDE = {
    "common": [],
    "net": ["common"],
    "runtime": ["common"],
    "runtime/image": ["common"],
    "runtime/oci": ["common", "net", "runtime"],
    "runtime/build": ["common", "runtime", "runtime/image"],
    "runtime/build/worker": ["common", "net", "runtime", "runtime/image", "runtime/build"],
    "orchestrator/compose": ["common"],
    "orchestrator/plan": ["common", "orchestrator/compose", *PLAIN_DATA],
    "orchestrator/state": ["common"],
    "orchestrator/logs": ["common"],
    "orchestrator/supervise": [
        name for name in ALL_BUT_TESTS if not name.startswith(("runtime/build", "orchestrator/cli"))
    ],
    "orchestrator/cli": [name for name in ALL_BUT_TESTS if name != "runtime/build/worker"],
    "tests": [*ALL_BUT_TESTS, "runtime/oci"],
}


# One home per third-party header; a home that ends in / is a folder.
HOMES = [
    (r"uv\.h|uv/.*", ["common/loop.c"]),
    (r"yaml\.h", ["orchestrator/compose/yaml_reader.c"]),
    (r"jansson\.h", ["common/json.h"]),
    (r"nettle/.*", ["common/sha256.c"]),
    (r"archive(_entry)?\.h", ["runtime/image/worker/libarchive.h"]),
    (r"isa-l/.*", ["runtime/image/worker/gzip_isal.c"]),
    (r"zlib\.h", ["runtime/image/worker/gzip_zlib.c"]),
    (r"zstd\.h", ["runtime/image/worker/zstd_source.c"]),
    (r"curl/.*", ["runtime/image/registry/libcurl.h"]),
    (r"netlink/.*", ["net/netlink.c", "net/netlink.h"]),
    (r"pcre2\.h", ["orchestrator/logs/log_pattern.c"]),
    (r"criterion/.*", ["tests/"]),
]

# What belongs to the C library, the compiler and the kernel. Anything else needs a row in HOMES.
SYSTEM = re.compile(
    r"(sys|linux|asm|arpa|net|netinet|netpacket|rpc|bits|sanitizer)/.*|"
    r"(assert|byteswap|ctype|dirent|dlfcn|elf|endian|err|errno|error|fcntl|features|fenv|float|fnmatch|"
    r"fts|ftw|getopt|glob|grp|ifaddrs|inttypes|langinfo|libgen|limits|link|locale|malloc|math|mntent|"
    r"netdb|poll|pthread|pty|pwd|regex|resolv|sched|search|semaphore|setjmp|shadow|signal|spawn|"
    r"stdalign|stdarg|stdatomic|stdbool|stddef|stdint|stdio|stdlib|stdnoreturn|string|strings|"
    r"sysexits|syslog|termios|threads|time|uchar|ucontext|unistd|utime|utmp|wchar|wctype|wordexp)\.h"
)

MUTABLE_ALLOWED = {"common/log.c"}
PROGRAM_SUFFIXES = (".c", ".h", ".py", ".sh", ".bats", ".awk", "meson.build", "meson_options.txt")
DATA_FOLDERS = ("tests/fixtures", "tests/fuzz/corpus")


class Lint:
    """Walks one tree and collects findings."""

    def __init__(self, root):
        self.root = root
        self.findings = []  # (path, line, rule, text)
        self.skipped = []
        self.paths = sorted(self._walk())

    def _walk(self):
        for folder, names, files in os.walk(self.root):
            relative = os.path.relpath(folder, self.root)
            names[:] = [name for name in names if self._is_ours(folder, relative, name)]
            for name in files:
                if not os.path.islink(os.path.join(folder, name)):
                    yield os.path.normpath(os.path.join(relative, name))

    @staticmethod
    def _is_ours(folder, relative, name):
        is_build = os.path.isdir(os.path.join(folder, name, "meson-private"))
        path = os.path.normpath(os.path.join(relative, name))
        hidden = name.startswith(".") and name != ".ci"
        return not (is_build or hidden or name in ("node_modules", "__pycache__") or path in DATA_FOLDERS)

    def read(self, path):
        with open(os.path.join(self.root, path), encoding="utf-8", errors="replace") as file:
            return file.read()

    def report(self, path, line, rule, text):
        assert rule in RULES
        self.findings.append((path, line, rule, text))

    def run(self):
        c_paths = [path for path in self.paths if path.endswith((".c", ".h")) and not path.startswith("examples/")]
        for path in self.paths:
            self.check_spdx(path)
        for path in c_paths:
            self.check_c_file(path)
        self.check_format(c_paths)
        self.check_scripts()
        self.check_todo_in_others(c_paths)

    # Any file ---------------------------------------------------------------------------------

    def is_program(self, path):
        return path.endswith(PROGRAM_SUFFIXES) or self.interpreter(path) is not None

    def interpreter(self, path):
        """What a script names in its first line: "sh", "bash", "python3", ..., or None."""
        if os.path.splitext(path)[1] not in ("", ".sh", ".py", ".bats") or os.path.basename(path) == "LICENSE":
            return None
        with open(os.path.join(self.root, path), "rb") as file:
            first = file.readline(200).decode("utf-8", "replace")
        words = first[2:].split() if first.startswith("#!") else []
        if words and os.path.basename(words[0]) == "env":
            words = words[1:]
        return os.path.basename(words[0]) if words else None

    def check_spdx(self, path):
        if not self.is_program(path) or os.path.getsize(os.path.join(self.root, path)) == 0:
            return
        lines = self.read(path).split("\n", 2)
        if path.endswith((".c", ".h")):
            if lines[0] != f"/* {SPDX} */":
                self.report(path, 1, "spdx", f"the first line is not '/* {SPDX} */'")
            return
        at = 1 if lines[0].startswith("#!") and len(lines) > 1 else 0
        if lines[at] != f"# {SPDX}":
            self.report(path, at + 1, "spdx", f"the line is not '# {SPDX}'")

    # C ----------------------------------------------------------------------------------------

    def check_c_file(self, path):
        text = self.read(path)
        source = Source(text)
        self.check_lines(path, text)
        self.check_includes(path, source)
        self.check_functions(path, source)
        self.check_variables(path, source)
        self.check_comments(path, source)
        self.check_typedefs(path, source)
        if path.endswith(".h"):
            self.check_guard(path, source)

    def check_lines(self, path, text):
        lines = text.rstrip("\n").split("\n")
        limit = MAX_LINES_HEADER if path.endswith(".h") else MAX_LINES_C
        if len(lines) > limit:
            self.report(path, limit + 1, "file-length", f"{len(lines)} lines; the limit is {limit}")

    def check_includes(self, path, source):
        own = path[:-2] + ".h" if path.endswith(".c") and path[:-2] + ".h" in self.paths else None
        seen_project = False
        is_first = path.endswith(".c")
        for directive in source.directives:
            match = re.match(r'\s*#\s*include\s*(?:<([^>]*)>|"([^"]*)")', directive.text)
            if not match:
                continue
            system, project = match.groups()
            if is_first and own and own != project:
                self.report(path, directive.line, "include-order", f"the first include is not '{own}'")
            if system and seen_project:
                self.report(path, directive.line, "include-order", f"<{system}> comes after a project header")
            # The first one of a .c file is its own header, or the one that it tests or belongs to.
            seen_project = seen_project or bool(project and not is_first)
            is_first = False
            if system:
                self.check_home(path, directive.line, system)
            else:
                self.check_direction(path, directive.line, project)

    def check_home(self, path, line, header):
        for pattern, homes in HOMES:
            if re.fullmatch(pattern, header):
                if not any(path == home or home.endswith("/") and path.startswith(home) for home in homes):
                    self.report(path, line, "include-home", f"<{header}> has its home in {' or '.join(homes)}")
                return
        if not SYSTEM.fullmatch(header) and not path.startswith("tests/"):
            self.report(path, line, "include-home", f"<{header}> is a third-party header without a home")

    def check_direction(self, path, line, header):
        own = folder_of(path)
        target = folder_of(header)
        if own is None:
            self.report(path, line, "include-direction", "this folder is not in the table of folders")
        elif target is None or "/../" in header:
            self.report(path, line, "include-path", f"'{header}' does not start at the repository root")
        elif target != own and target not in MAY_INCLUDE[own] and header not in MAY_INCLUDE[own]:
            self.report(path, line, "include-direction", f"{own} may not include {target} ('{header}')")

    def check_functions(self, path, source):
        for function in source.functions:
            for value, limit, rule, noun in (
                (function.body_lines, MAX_LINES_FUNCTION, "function-length", "lines"),
                (function.parameters, MAX_PARAMETERS, "parameters", "parameters"),
                (function.nesting, MAX_NESTING, "nesting", "levels of nesting"),
            ):
                if value > limit:
                    text = f"{function.name}() has {value} {noun}; the limit is {limit}"
                    self.report(path, function.line, rule, text)

    def check_variables(self, path, source):
        # Criterion's fixtures reach their tests by file-scope variables; each test is a process of its own.
        if path in MUTABLE_ALLOWED or path.startswith(("tests/unit/", "tests/fuzz/")):
            return
        kept = [variable for function in source.functions for variable in function.static_variables]
        for variable in source.variables + kept:
            if variable.mutable:
                text = f"'{variable.name}' outlives its function and can change"
                self.report(path, variable.line, "mutable-variable", text)

    def check_comments(self, path, source):
        for comment in source.line_comments:
            self.report(path, comment.line, "comment", "a // comment; only /* */ is used")
        for comment in source.comments:
            self.check_todo(path, comment.line, comment.text)

    def check_typedefs(self, path, source):
        words = source.tokens
        for word, following in zip(words, words[1:]):
            if word.text == "typedef" and following.text in ("struct", "union"):
                self.report(path, word.line, "typedef-struct", f"a typedef for a {following.text}")

    def check_guard(self, path, source):
        guard = "YAWL_" + re.sub(r"\W", "_", path).upper()
        texts = [" ".join(directive.text.split()) for directive in source.directives[:2]]
        if texts != [f"#ifndef {guard}", f"#define {guard}"]:
            self.report(path, 1, "header-guard", f"the header is not guarded by {guard}")

    # Words and tools --------------------------------------------------------------------------

    def check_todo(self, path, line, text):
        for match in re.finditer(r"\b(?:TODO\b(?!\(#\d+\):)|FIXME\b|XXX\b)", text):
            at = line + text.count("\n", 0, match.start())
            self.report(path, at, "todo", f"{match.group()} without its issue: TODO(#n):")

    def check_todo_in_others(self, c_paths):
        ours = set(self.paths) - set(c_paths)
        for path in sorted(ours):
            if self.is_program(path) and not path.startswith("tests/lint/"):
                comments = [line if "#" in line else "" for line in self.read(path).split("\n")]
                self.check_todo(path, 1, "\n".join(comments))

    def check_format(self, c_paths):
        tool = shutil.which("clang-format")
        if tool is None or not c_paths:
            self.skipped.append("format: clang-format is not installed")
            return
        result = subprocess.run(
            [tool, "--dry-run", "-Werror", *c_paths], cwd=self.root, capture_output=True, text=True
        )
        places = re.findall(r"^(.+?):(\d+):\d+: error:", result.stderr, re.M)
        for path in sorted({path for path, _ in places}):
            lines = [int(line) for other, line in places if other == path]
            self.report(path, min(lines), "format", f"{len(lines)} places differ from clang-format's look")
        if result.returncode != 0 and not places:
            self.report(".clang-format", 1, "format", result.stderr.strip().split("\n")[0])

    def check_scripts(self):
        shellcheck = shutil.which("shellcheck")
        if shellcheck is None:
            self.skipped.append("script: shellcheck is not installed")
        for path in self.paths:
            shell = self.interpreter(path)
            if shell not in ("sh", "dash", "bash"):
                continue
            parser = shutil.which(shell) or "sh"
            if self.run_tool(path, [parser, "-n", path]) and shellcheck:
                self.run_tool(path, [shellcheck, "-f", "gcc", "-S", "warning", path])

    def run_tool(self, path, command):
        result = subprocess.run(command, cwd=self.root, capture_output=True, text=True)
        output = (result.stdout + result.stderr).strip()
        if result.returncode != 0:
            match = re.search(r":(?: line )?(\d+):", output)
            line = int(match.group(1)) if match else 1
            self.report(path, line, "script", output.split("\n")[0])
        return result.returncode == 0


def folder_of(path):
    """The row of the table that a path belongs to, or None."""
    folder = os.path.dirname(path)
    while folder and folder not in MAY_INCLUDE:
        folder = os.path.dirname(folder)
    return folder or None


def main():
    here = os.path.dirname(os.path.abspath(__file__))
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--root", default=os.path.dirname(os.path.dirname(here)))
    parser.add_argument("--rule", action="append", choices=RULES, help="only this rule; may be repeated")
    options = parser.parse_args()

    lint = Lint(options.root)
    lint.run()
    found = [finding for finding in lint.findings if not options.rule or finding[2] in options.rule]
    for path, line, rule, text in sorted(found):
        print(f"{path}:{line}: {rule}: {text}")
    for reason in lint.skipped:
        print(f"skipped: {reason}", file=sys.stderr)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
