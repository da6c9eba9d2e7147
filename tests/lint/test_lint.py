#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Plants one breach of each rule in a small clean tree and sees that the lint finds exactly that."""

import os
import shutil
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True  # the source tree stays as it is

from lint import RULES, Lint  # noqa: E402 (after the line above)

SPDX_C = "/* SPDX-License-Identifier: Apache-2.0 */\n"
SPDX_SH = "#!/bin/sh\n# SPDX-License-Identifier: Apache-2.0\n"
REPOSITORY = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


def header(path, body=""):
    guard = "YAWL_" + path.replace("/", "_").replace(".", "_").upper()
    body = body and f"{body}\n"
    return f"{SPDX_C}#ifndef {guard}\n#define {guard}\n\n{body}#endif\n"


CLEAN = {
    "common/thing.h": header("common/thing.h", "struct thing;\n\nint thing_size(const struct thing *thing);\n"),
    "common/thing.c": SPDX_C
    + """#include "common/thing.h"

#include <stdlib.h>

#include "common/other.h"

static const char *const names[] = {"one", "two"};
static const struct {
    int a;
} table[] = {{1}, {2}};
extern char **environ;

int thing_size(const struct thing *thing)
{
    static const int sizes[] = {1, 2};

    /* TODO(#12): measure it */
    for (int i = 0; i < 2; i++) {
        if (thing) {
            if (names[i])
                return sizes[i] + table[i].a;
        } else if (i == 1) {
            return environ ? 1 : 0;
        }
    }
    return 0;
}
""",
    "common/other.h": header("common/other.h", "#include <stddef.h>\n\nenum { OTHER_MAX = 3 };\n"),
    "common/log.c": SPDX_C + "static int level;\n\nint log_level(void)\n{\n    return level;\n}\n",
    "common/loop.c": SPDX_C + "#include <uv.h>\n",
    "net/net.c": SPDX_C + '#include "common/thing.h"\n#include "net/network_spec.h"\n',
    "net/network_spec.h": header("net/network_spec.h"),
    "orchestrator/plan/plan.c": SPDX_C + '#include "net/network_spec.h"\n',
    "orchestrator/cli/main.c": SPDX_C + '#include "net/network_spec.h"\n',
    "tests/unit/test_thing.c": SPDX_C
    + """#include <criterion/criterion.h>

#include "common/thing.h"

Test(thing, has_no_size_when_it_is_not_there, .timeout = 5)
{
    cr_expect(thing_size(0) == 0);
}
""",
    "meson.build": "# SPDX-License-Identifier: Apache-2.0\nproject('x')\n",
    "run.sh": SPDX_SH + "set -eu\necho \"$1\"\n",
}


def function_with(body, parameters="void"):
    return f"{SPDX_C}int f({parameters});\n\nint f({parameters})\n{{\n{body}    return 0;\n}}\n"


NEST = """    for (int i = 0; i < 3; i++) {
        while (i) {
            if (i == 2) {
                if (i)
                    i = 0;
            }
        }
    }
"""
DEEP_WITHOUT_BRACES = "    for (;;)\n        while (1)\n            if (1)\n                do\n                    ;\n                while (0);\n"

# rule -> breaches: (path, content, the line that is reported or None for any)
BREACHES = {
    "spdx": [
        ("common/bare.c", "/* Copyright */\n", 1),
        ("common/late.h", "\n" + header("common/late.h"), 1),
        ("tool.sh", "#!/bin/sh\nset -eu\n", 2),
        ("tools/meson.build", "x = 1\n", 1),
        ("tools/run", "#!/usr/bin/env python3\nprint()\n", 2),
    ],
    "include-direction": [
        ("common/up.c", SPDX_C + '#include "net/network_spec.h"\n', 2),
        ("net/side.c", SPDX_C + '#include "runtime/container_spec.h"\n', 2),
        ("runtime/down.c", SPDX_C + '#include "runtime/image/image_store.h"\n', 2),
        ("runtime/image/up.c", SPDX_C + '#include "runtime/container_spec.h"\n', 2),
        ("orchestrator/plan/wrong.c", SPDX_C + '#include "runtime/container.h"\n', 2),
        ("orchestrator/state/wrong.c", SPDX_C + '#include "orchestrator/plan/plan.h"\n', 2),
        ("orchestrator/logs/wrong.c", SPDX_C + '#include "orchestrator/state/record.h"\n', 2),
        ("orchestrator/supervise/wrong.c", SPDX_C + '#include "orchestrator/cli/cli.h"\n', 2),
        ("orchestrator/supervise/build.c", SPDX_C + '#include "runtime/build/build.h"\n', 2),
        ("orchestrator/cli/wrong.c", SPDX_C + '#include "tests/unit/fake.h"\n', 2),
        ("stray/x.c", SPDX_C + '#include "common/thing.h"\n', 2),
    ],
    "include-path": [
        ("common/short.c", SPDX_C + '#include "thing.h"\n', 2),
        ("common/dots.c", SPDX_C + '#include "common/../common/thing.h"\n', 2),
    ],
    "include-order": [
        ("common/other.c", SPDX_C + '#include <stddef.h>\n\n#include "common/other.h"\n', 2),
        ("common/mixed.c", SPDX_C + '#include "common/thing.h"\n\n#include "common/other.h"\n#include <stddef.h>\n', 5),
        ("common/mixed.h", header("common/mixed.h", '#include "common/other.h"\n\n#include <stddef.h>\n'), 7),
    ],
    "include-home": [
        ("common/timer.c", SPDX_C + "#include <uv.h>\n", 2),
        ("orchestrator/compose/node.c", SPDX_C + "#include <yaml.h>\n", 2),
        ("common/json.c", SPDX_C + "#include <jansson.h>\n", 2),
        ("common/digest.c", SPDX_C + "#include <nettle/sha2.h>\n", 2),
        ("runtime/unpack.c", SPDX_C + "#include <archive_entry.h>\n", 2),
        ("net/bridge.c", SPDX_C + "#include <netlink/route/link.h>\n", 2),
        ("common/check.c", SPDX_C + "#include <criterion/criterion.h>\n", 2),
        ("common/fetch.c", SPDX_C + "#include <curl/curl.h>\n", 2),
    ],
    "file-length": [
        ("common/long.c", SPDX_C + "\n" * 599 + "int f(void);\n", 601),
        ("common/long.h", header("common/long.h", "int f(void);\n" * 200), 201),
    ],
    "function-length": [("common/f.c", function_with("    f();\n" * 60), 2 + 2)],
    "parameters": [
        ("common/f.c", function_with("", "int a, int b, int c, int d, int (*e)(int, int), int g"), None),
        ("common/g.c", SPDX_C + "static void PRINTF_LIKE(1, 2)\n    f(int a, int b, int c, int d, int e, int g)\n{\n}\n", 2),
    ],
    "nesting": [
        ("common/f.c", function_with(NEST), None),
        ("common/g.c", function_with(DEEP_WITHOUT_BRACES), None),
    ],
    "mutable-variable": [
        ("common/a.c", SPDX_C + "static int counter;\n", 2),
        ("common/b.c", SPDX_C + "static const char *names[] = {0};\n", 2),
        ("common/c.c", SPDX_C + "struct thing *the_thing;\n", 2),
        ("common/d.c", SPDX_C + "static struct {\n    const int a;\n} table[2];\n", 2),
        ("common/e.c", SPDX_C + "static void (*hook)(int) = 0;\n", 2),
        ("common/f.c", function_with("    static unsigned calls;\n\n    calls++;\n"), None),
        ("common/g.c", SPDX_C + "static const int fixed = 1, *moving;\n", 2),
        ("tests/tools/state.c", SPDX_C + "static int seen;\n", 2),
    ],
    "comment": [("common/a.c", SPDX_C + 'const char *const url = "http://x"; // not ours\n', 2)],
    "typedef-struct": [
        ("common/a.h", header("common/a.h", "typedef struct a a_t;\n"), 5),
        ("common/b.h", header("common/b.h", "typedef union {\n    int i;\n} b_t;\n"), 5),
    ],
    "todo": [
        ("common/a.c", SPDX_C + "/* TODO: later */\n", 2),
        ("common/b.c", SPDX_C + "/* one\n * FIXME */\n", 3),
        ("tool.sh", SPDX_SH + "# TODO later\n", 3),
    ],
    "header-guard": [("common/a.h", SPDX_C + "#ifndef A_H\n#define A_H\n#endif\n", 1)],
    "format": [("common/a.c", SPDX_C + "int  f( void );\n", 2)],
    "script": [("tool.sh", SPDX_SH + "if true; then\n", None)],
}


class LintTest(unittest.TestCase):
    def setUp(self):
        self.root = tempfile.mkdtemp(prefix="yawl-lint-")
        self.addCleanup(shutil.rmtree, self.root)
        shutil.copy(os.path.join(REPOSITORY, ".clang-format"), self.root)
        for path, content in CLEAN.items():
            self.write(path, content)

    def write(self, path, content):
        full = os.path.join(self.root, path)
        os.makedirs(os.path.dirname(full), exist_ok=True)
        with open(full, "w", encoding="utf-8") as file:
            file.write(content)

    def findings(self):
        lint = Lint(self.root)
        lint.run()
        return lint.findings

    def test_a_clean_tree_has_no_finding(self):
        self.assertEqual(self.findings(), [])

    def test_each_rule_finds_its_breach(self):
        for rule, breaches in BREACHES.items():
            if rule == "format" and not shutil.which("clang-format"):
                continue
            for path, content, line in breaches:
                with self.subTest(rule=rule, path=path):
                    self.assert_found(rule, path, content, line)

    def assert_found(self, rule, path, content, line):
        before = CLEAN.get(path)
        self.write(path, content)
        found = [(at, number) for at, number, name, _ in self.findings() if name == rule]
        if before is None:
            os.unlink(os.path.join(self.root, path))
        else:
            self.write(path, before)
        self.assertEqual([at for at, _ in found], [path])
        if line is not None:
            self.assertEqual(found[0][1], line)

    def test_every_rule_has_a_breach(self):
        self.assertEqual(sorted(BREACHES), sorted(RULES))

    def test_limits_are_reached_without_a_finding(self):
        self.write("common/f.c", function_with("    f();\n" * 59))
        self.write("common/g.c", function_with("", "int a, int b, int c, int d, int e"))
        self.write("common/h.c", SPDX_C + "\n" + "int f(void);\n" * 598)
        self.assertEqual([found for found in self.findings() if found[2] != "format"], [])


if __name__ == "__main__":
    unittest.main()
