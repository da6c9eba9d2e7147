# SPDX-License-Identifier: Apache-2.0
"""Enough of C's grammar to measure functions and to tell variables from the rest.

A file becomes tokens (text, line); comments and preprocessor lines are kept aside. Of an #if the first
branch is read. Declarations and statements are walked by their punctuation alone: no types are known.
"""

import re
from dataclasses import dataclass, field

TOKEN = re.compile(
    r"""
    (?P<comment>/\*.*?\*/)
  | (?P<line_comment>//(?:\\\n|[^\n])*)
  | (?P<directive>^[ \t]*\#(?:\\\n|/\*.*?\*/|[^\n])*)
  | (?P<string>(?:u8|[uUL])?"(?:\\.|[^"\\\n])*"|(?:[uUL])?'(?:\\.|[^'\\\n])*')
  | (?P<word>[A-Za-z_]\w*)
  | (?P<number>\.?\d(?:[eEpP][+-]|[\w.])*)
  | (?P<punct>\.\.\.|->|[{}()\[\];,:?*=]|[^\s\w])
    """,
    re.X | re.S | re.M,
)

CONTROL = {"if", "for", "while", "switch"}
OPENING = {"(": ")", "[": "]", "{": "}"}


@dataclass
class Token:
    text: str
    line: int


@dataclass
class Function:
    name: str
    line: int
    parameters: int
    body_lines: int
    nesting: int
    static_variables: list = field(default_factory=list)


@dataclass
class Variable:
    name: str
    line: int
    mutable: bool


class Source:
    """One C file, taken apart."""

    def __init__(self, text):
        self.comments = []  # Token
        self.line_comments = []  # Token
        self.directives = []  # Token
        self.tokens = []
        self.functions = []
        self.variables = []
        self._tokenize(text)
        self.tokens = strip_attributes(self.tokens)
        self._walk_file()

    def _tokenize(self, text):
        line, last = 1, 0
        skipping = []  # one entry per open #if: whether a branch after the first is being read
        for match in TOKEN.finditer(text):
            line += text.count("\n", last, match.start())
            last = match.start()
            kind, token = match.lastgroup, Token(match.group(), line)
            if kind == "comment":
                self.comments.append(token)
            elif kind == "line_comment":
                self.line_comments.append(token)
            elif kind == "directive":
                self.directives.append(token)
                follow_branches(token.text, skipping)
            elif not any(skipping):
                self.tokens.append(token)

    def _walk_file(self):
        tokens, start = self.tokens, 0
        while start < len(tokens):
            end = declaration_end(tokens, start)
            self._take_declaration(start, end)
            start = end + 1

    def _take_declaration(self, start, end):
        tokens = self.tokens[start : end + 1]
        body = function_body(tokens)
        if body is not None:
            self.functions.append(measure_function(tokens, body))
        elif tokens[-1].text == ";":
            self.variables.extend(variables_of(tokens))


def follow_branches(directive, skipping):
    word = re.match(r"\s*#\s*(\w*)", directive).group(1)
    if word in ("if", "ifdef", "ifndef"):
        skipping.append(False)
    elif word in ("elif", "else") and skipping:
        skipping[-1] = True
    elif word == "endif" and skipping:
        skipping.pop()


def closing(tokens, start):
    """The index of the bracket that closes the one at `start`, or the last token."""
    depth = 0
    for i in range(start, len(tokens)):
        if tokens[i].text in OPENING:
            depth += 1
        elif tokens[i].text in ")]}":
            depth -= 1
            if depth == 0:
                return i
    return len(tokens) - 1


def strip_attributes(tokens):
    out, i = [], 0
    while i < len(tokens):
        if tokens[i].text in ("__attribute__", "_Alignas", "alignas", "__extension__"):
            has_arguments = i + 1 < len(tokens) and tokens[i + 1].text == "("
            i = closing(tokens, i + 1) + 1 if has_arguments else i + 1
        else:
            out.append(tokens[i])
            i += 1
    return out


def declaration_end(tokens, start):
    """The last token of the declaration, definition or macro call that begins at `start`."""
    i, seen_equals = start, False
    while i < len(tokens):
        text = tokens[i].text
        if text == ";":
            return i
        if text == "=":
            seen_equals = True
        if text == "{":
            end = closing(tokens, i)
            if tokens[i - 1].text == ")" and not seen_equals:
                return end
            i = end
        elif text in "([":
            end = closing(tokens, i)
            is_macro = i == start + 1 and tokens[start].text.isupper()
            follower = tokens[end + 1].text if end + 1 < len(tokens) else ";"
            if is_macro and follower not in ("{", ";", "=", ",", "["):
                return end
            i = end
        i += 1
    return len(tokens) - 1


def function_body(tokens):
    """The index of the `{` of a function definition, or None."""
    i = 0
    while i < len(tokens):
        if tokens[i].text == "=":
            return None
        if tokens[i].text == "{":
            return i if i > 0 and tokens[i - 1].text == ")" else None
        i = closing(tokens, i) + 1 if tokens[i].text in "([" else i + 1
    return None


def split_commas(tokens):
    parts, part, depth = [], [], 0
    for token in tokens:
        if token.text in OPENING:
            depth += 1
        elif token.text in ")]}":
            depth -= 1
        if token.text == "," and depth == 0:
            parts.append(part)
            part = []
        else:
            part.append(token)
    return parts + [part] if part or parts else []


def measure_function(tokens, body):
    # The parameters are the last thing before the body; an attribute macro may stand before the name.
    opening = next(i for i, token in enumerate(tokens) if token.text == "(" and closing(tokens, i) == body - 1)
    parameters = split_commas(tokens[opening + 1 : closing(tokens, opening)])
    if len(parameters) == 1 and [token.text for token in parameters[0]] == ["void"]:
        parameters = []
    # Where a failure is told does not count: nearly every function has it, always last.
    if parameters and [token.text for token in parameters[-1]] == ["struct", "error", "*", "err"]:
        parameters.pop()
    walker = Statements(tokens)
    walker.block(body, 0)
    return Function(
        name=tokens[opening - 1].text if opening else "?",
        line=tokens[0].line,
        parameters=len(parameters),
        body_lines=max(0, tokens[-1].line - tokens[body].line - 1),
        nesting=walker.deepest,
        static_variables=walker.static_variables,
    )


class Statements:
    """Walks a function's statements and keeps the depth of control structures."""

    def __init__(self, tokens):
        self.tokens = tokens
        self.deepest = 0
        self.static_variables = []

    def text(self, i):
        return self.tokens[i].text if i < len(self.tokens) else ""

    def block(self, i, depth):
        """From a `{`; returns the index behind its `}`."""
        end = closing(self.tokens, i)
        i += 1
        while i < end:
            i = self.statement(i, depth)
        return end + 1

    def statement(self, i, depth):
        text = self.text(i)
        if text == "{":
            return self.block(i, depth)
        if text in CONTROL:
            return self.control(i, depth)
        if text == "do":
            i = self.nested(i + 1, depth)
            return self.simple(i)
        if text.endswith("_foreach") or text.endswith("_foreach_safe"):
            return self.control(i, depth)
        if text in ("case", "default"):
            while self.text(i) not in (":", ""):
                i += 1
            return i + 1
        return self.simple(i)

    def control(self, i, depth):
        is_if = self.text(i) == "if"
        i = self.nested(closing(self.tokens, i + 1) + 1, depth)
        if is_if and self.text(i) == "else":
            # `else if` continues the chain on the same level.
            if self.text(i + 1) == "if":
                return self.control(i + 1, depth)
            return self.nested(i + 1, depth)
        return i

    def nested(self, i, depth):
        self.deepest = max(self.deepest, depth + 1)
        return self.statement(i, depth + 1)

    def simple(self, i):
        start = i
        while i < len(self.tokens) and self.text(i) != ";":
            if self.text(i) in OPENING:
                i = closing(self.tokens, i)
            elif self.text(i) == "}":
                break
            i += 1
        if self.text(start) == "static":
            self.static_variables.extend(variables_of(self.tokens[start : i + 1]))
        return max(i + 1, start + 1)


def variables_of(tokens):
    """The variables that a declaration ending in `;` defines; none for types, prototypes, macro calls."""
    words = [token.text for token in tokens]
    if words[0] in ("typedef", "extern", "_Static_assert", "static_assert", ";"):
        return []
    if words[0] in ("struct", "union", "enum") and words[-2] == "}" and "=" not in words:
        return []
    first, *others = split_commas(tokens[:-1])
    head = outside_brackets(before_initializer(first))
    if is_only_type(head):
        return []
    specifiers = head[: head.index("*")] if "*" in head else head
    parts = [declarator_variable(part, "const" in specifiers) for part in [first, *others]]
    return [variable for variable in parts if variable]


def is_only_type(head):
    names = [text for text in head if is_name(text)]
    if names[:1] and names[0] in ("struct", "union", "enum"):
        return len(names) < 3 and "*" not in head  # a forward declaration
    return len(names) < 2 and "*" not in head


def is_name(text):
    return re.match(r"[A-Za-z_]", text) is not None


def before_initializer(tokens):
    words = [token.text for token in tokens]
    return tokens[: words.index("=")] if "=" in words else tokens


def outside_brackets(tokens):
    """The words that stand outside [] and {}; a round bracket stays."""
    out, i = [], 0
    while i < len(tokens):
        if tokens[i].text in "[{":
            i = closing(tokens, i)
        else:
            out.append(tokens[i].text)
        i += 1
    return out


def declarator_variable(part, base_is_const):
    head = outside_brackets(before_initializer(part))
    if "(" in head:
        at = head.index("(")
        if head[at + 1 : at + 2] != ["*"]:
            return None  # a prototype or a macro call
        inner = head[at + 1 : head.index(")", at)]
        names = [text for text in inner if is_name(text) and text != "const"]
        return Variable(names[0] if names else "?", part[0].line, "const" not in inner)
    names = [text for text in head if is_name(text) and text != "const"]
    if "*" in head:
        last = len(head) - 1 - head[::-1].index("*")
        base_is_const = "const" in head[last:]
    return Variable(names[-1] if names else "?", part[0].line, not base_is_const)
