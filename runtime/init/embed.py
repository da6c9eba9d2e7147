#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes a file as a C array: embed.py INPUT OUTPUT NAME"""

import sys

with open(sys.argv[1], "rb") as source:
    content = source.read()
with open(sys.argv[2], "w", encoding="ascii") as out:
    out.write("/* SPDX-License-Identifier: Apache-2.0 */\n")
    out.write(f"static const unsigned char {sys.argv[3]}[] = {{\n")
    for at in range(0, len(content), 16):
        out.write("    " + ", ".join(str(byte) for byte in content[at : at + 16]) + ",\n")
    out.write("};\n")
