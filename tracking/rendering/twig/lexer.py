"""Source text -> tokens, with Twig's whitespace control.

Lines count from 1 and follow "\\n"; "\\r\\n" and "\\r" are read as "\\n", as Twig does.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from tracking.rendering.twig.errors import Place, TwigSyntaxError, beside
from tracking.rendering.twig.operators import OPERATORS

TEXT, EOF = "text", "eof"
BLOCK_START, BLOCK_END = "block_start", "block_end"
VAR_START, VAR_END = "var_start", "var_end"
NAME, NUMBER, STRING = "name", "number", "string"
OPERATOR, PUNCTUATION = "operator", "punctuation"
INTERPOLATION_START, INTERPOLATION_END = "interpolation_start", "interpolation_end"

ENGLISH = {
    EOF: "end of template",
    TEXT: "text",
    BLOCK_START: "begin of statement block",
    VAR_START: "begin of print statement",
    BLOCK_END: "end of statement block",
    VAR_END: "end of print statement",
    NAME: "name",
    NUMBER: "number",
    STRING: "string",
    OPERATOR: "operator",
    PUNCTUATION: "punctuation",
    INTERPOLATION_START: "begin of string interpolation",
    INTERPOLATION_END: "end of string interpolation",
}


class Token(NamedTuple):
    """One token; `line` is a Place, `offset` the same in characters from the start of the source."""

    type: str
    value: str | int | float
    line: int
    offset: int

    def is_a(self, type: str, *values: str) -> bool:
        """Has it this type and, if any are given, one of these values?"""
        return self.type == type and (not values or self.value in values)

    @property
    def english(self) -> str:
        """The type as Twig's messages name it."""
        return ENGLISH[self.type]


def _operator_pattern() -> str:
    shapes = []
    for operator in sorted(OPERATORS, key=lambda item: -len(item)):
        shape = re.sub(r"(\\ )+", r"\\s+", re.escape(operator))
        if operator[-1].isalpha():
            shape += r"(?=[\s()\[{])"
        if operator[0].isalpha():
            shape = r"(?<![.|])" + shape
        shapes.append(shape)
    return "|".join(shapes)


_A = re.ASCII
NAME_PATTERN = re.compile("[a-zA-Z_\x7f-\U0010ffff][a-zA-Z0-9_\x7f-\U0010ffff]*")
_START = re.compile(r"(\{\{|\{%|\{#)([-~])?")
_VAR_END = re.compile(r"\s*(-\}\}\s*|~\}\}[ \t\0\x0b]*|\}\})", _A)
_BLOCK_END = re.compile(r"\s*(-%\}\s*\n?|~%\}[ \t\0\x0b]*|%\}\n?)", _A)
_COMMENT_END = re.compile(r"-#\}\s*\n?|~#\}[ \t\0\x0b]*|#\}\n?", _A)
_VERBATIM = re.compile(r"\s*verbatim\s*(?:-%\}\s*|~%\}[ \t\0\x0b]*|%\})", _A)
_END_VERBATIM = re.compile(r"\{%([-~])?\s*endverbatim\s*(?:-%\}\s*|~%\}[ \t\0\x0b]*|%\})", _A)
_LINE_TAG = re.compile(r"\s*line\s+(\d+)\s*%\}", _A)
_SPACE = re.compile(r"\s+", _A)
_OPERATOR = re.compile(_operator_pattern(), _A)
_NUMBER = re.compile(r"[0-9]+(?:_[0-9]+)*(\.[0-9]+(?:_[0-9]+)*)?([eE][+-]?[0-9]+(?:_[0-9]+)*)?")
_STRING = re.compile(r"\"([^#\"\\]*(?:\\.[^#\"\\]*)*)\"|'([^'\\]*(?:\\.[^'\\]*)*)'", re.S)
_STRING_PART = re.compile(r"[^#\"\\]*(?:(?:\\.|#(?!\{))[^#\"\\]*)*", re.S)
_INTERPOLATION = re.compile(r"#\{\s*", _A)
_INTERPOLATION_END = re.compile(r"\s*\}", _A)
_INLINE_COMMENT = re.compile(r"#[^\n]*")
_ESCAPE = re.compile(r"\\(x[0-9a-fA-F]{1,2}|[0-7]{1,3}|#\{|.)", re.S)

_TRIM = {"-": " \t\n\r\0\x0b", "~": " \t\0\x0b", None: ""}
_CLOSES = {")": "(", "]": "[", "}": "{"}
_SPECIAL = {"f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}


class Lexer:
    """Reads one source once; call `tokens()`."""

    def __init__(self, source: str, name: str | None, most: int) -> None:
        self.most = most
        self.code = source.replace("\r\n", "\n").replace("\r", "\n")
        self.name = name
        self.cursor = 0
        self.line = 1
        self.line_start = 0
        self.opened = Place(1, 1)
        self.last_text: int | None = None
        self.out: list[Token] = []
        self.states: list[str] = []
        self.brackets: list[tuple[str, Place]] = []

    def tokens(self) -> list[Token]:
        """All tokens, the last one EOF. Raises TwigSyntaxError."""
        end = len(self.code)
        lex = {TEXT: self._text, "block": self._block, "variable": self._variable}
        lex |= {STRING: self._string, "interpolation": self._interpolation}
        while self.cursor < end:
            lex[self.states[-1] if self.states else TEXT]()
            if len(self.out) > self.most:
                raise self._error(f"The template has more than {self.most} tokens.", self._place(self.cursor))
        # Twig's line of the end is the one where the last text begins
        ended = self._place(end if self.last_text is None else self.last_text)
        self.out.append(Token(EOF, "", ended, end))
        if self.brackets:
            opened, place = self.brackets[-1]
            raise self._error(f'Unclosed "{opened}".', place)
        return self.out

    def column(self, offset: int) -> int:
        """The column of a place in the source, from 1."""
        return offset - self.code.rfind("\n", 0, offset)

    def _error(self, message: str, line: int, column: int | None = None) -> TwigSyntaxError:
        return TwigSyntaxError(message, line, name=self.name, column=column)

    def _place(self, offset: int) -> Place:
        """The current line, with the column of a place at the cursor or near it."""
        newline = self.code.rfind("\n", self.cursor, offset)
        return Place(self.line, offset - (self.line_start - 1 if newline < 0 else newline))

    def _push(self, type: str, value: str | float, offset: int | None = None) -> None:
        if type == TEXT and value == "":
            return
        at = self.cursor if offset is None else offset
        self.out.append(Token(type, value, self._place(at), at))

    def _move(self, text: str) -> None:
        newlines = text.count("\n")
        if newlines:
            self.line += newlines
            self.line_start = self.cursor + text.rindex("\n") + 1
        self.cursor += len(text)

    def _text(self) -> None:
        found = _START.search(self.code, self.cursor)
        if found is None:
            self._push(TEXT, self.code[self.cursor :])
            self.last_text, self.cursor = self.cursor, len(self.code)
            return
        before = self.code[self.cursor : found.start()]
        self._push(TEXT, before.rstrip(_TRIM[found[2]]) if found[2] else before)
        self._move(before)
        self.opened = self._place(self.cursor)
        self._move(found[0])
        if found[1] == "{#":
            self._comment()
        elif found[1] == "{{":
            self._open(VAR_START, "variable")
        else:
            self._open_block()

    def _open(self, type: str, state: str) -> None:
        self.out.append(Token(type, "", self.opened, self.cursor))
        self.states.append(state)

    def _open_block(self) -> None:
        if found := _VERBATIM.match(self.code, self.cursor):
            self._move(found[0])
            self._verbatim()
        elif found := _LINE_TAG.match(self.code, self.cursor):
            self._move(found[0])
            self.line = int(found[1][:9])
        else:
            self._open(BLOCK_START, "block")

    def _verbatim(self) -> None:
        found = _END_VERBATIM.search(self.code, self.cursor)
        if found is None:
            raise self._error(
                'Unexpected end of file: Unclosed "verbatim" block.', beside(self._place(self.cursor), self.opened)
            )
        inside = self.code[self.cursor : found.start()]
        self._move(inside + found[0])
        self._push(TEXT, inside.rstrip(_TRIM[found[1]]) if found[1] else inside)

    def _comment(self) -> None:
        found = _COMMENT_END.search(self.code, self.cursor)
        if found is None:
            raise self._error("Unclosed comment.", self.opened)
        self._move(self.code[self.cursor : found.end()])

    def _block(self) -> None:
        self._close_or_lex(_BLOCK_END, BLOCK_END)

    def _variable(self) -> None:
        self._close_or_lex(_VAR_END, VAR_END)

    def _close_or_lex(self, pattern: re.Pattern[str], type: str) -> None:
        found = None if self.brackets else pattern.match(self.code, self.cursor)
        if found is None:
            self._expression()
            return
        self._push(type, "", found.start(1))
        self._move(found[0])
        self.states.pop()

    def _expression(self) -> None:
        if found := _SPACE.match(self.code, self.cursor):
            self._move(found[0])
            if self.cursor >= len(self.code):
                raise self._error(f'Unclosed "{self._kind()}".', self.opened)
        if found := _OPERATOR.match(self.code, self.cursor):
            self._operator(found[0])
        elif found := NAME_PATTERN.match(self.code, self.cursor):
            self._push(NAME, found[0])
            self._move(found[0])
        elif found := _NUMBER.match(self.code, self.cursor):
            self._push(NUMBER, _number(found))
            self._move(found[0])
        else:
            self._mark()

    def _kind(self) -> str:
        return "block" if self.states and self.states[-1] == "block" else "variable"

    def _operator(self, text: str) -> None:
        operator = " ".join(text.split())
        if operator in {"(", "["}:
            self.brackets.append((operator, self._place(self.cursor)))
        self._push(OPERATOR, operator)
        self._move(text)

    def _mark(self) -> None:
        """Punctuation, a string, an inline comment; anything else is an error."""
        character = self.code[self.cursor]
        if character in "{}()[]:,":
            self._bracket(character)
            self._push(PUNCTUATION, character)
            self.cursor += 1
        elif found := _STRING.match(self.code, self.cursor):
            quote = character
            self._push(STRING, unescape(found[0][1:-1], quote))
            self._move(found[0])
        elif character == '"':
            self.brackets.append(('"', self._place(self.cursor)))
            self.states.append(STRING)
            self.cursor += 1
        elif found := _INLINE_COMMENT.match(self.code, self.cursor):
            self._move(found[0])
        else:
            raise self._unexpected(character)

    def _unexpected(self, character: str) -> TwigSyntaxError:
        return self._error(f'Unexpected character "{character}".', self._place(self.cursor), self.column(self.cursor))

    def _bracket(self, character: str) -> None:
        if character == "{":
            self.brackets.append(("{", self._place(self.cursor)))
        elif character in _CLOSES:
            if not self.brackets:
                raise self._error(f'Unexpected "{character}".', self._place(self.cursor), self.column(self.cursor))
            opened, place = self.brackets.pop()
            if opened != _CLOSES[character]:
                raise self._error(f'Unclosed "{opened}".', place)

    def _string(self) -> None:
        if found := _INTERPOLATION.match(self.code, self.cursor):
            self.brackets.append(("#{", self._place(self.cursor)))
            self._push(INTERPOLATION_START, "")
            self._move(found[0])
            self.states.append("interpolation")
        elif (found := _STRING_PART.match(self.code, self.cursor)) and found[0]:
            self._push(STRING, unescape(found[0], '"'))
            self._move(found[0])
        elif self.code[self.cursor] == '"':
            self.brackets.pop()
            self.states.pop()
            self.cursor += 1
        else:
            raise self._unexpected(self.code[self.cursor])

    def _interpolation(self) -> None:
        found = _INTERPOLATION_END.match(self.code, self.cursor)
        if self.brackets[-1][0] == "#{" and found:
            self.brackets.pop()
            self._push(INTERPOLATION_END, "")
            self._move(found[0])
            self.states.pop()
        else:
            self._expression()


def _number(found: re.Match[str]) -> int | float:
    digits = found[0].replace("_", "")
    if found[1] or found[2] or len(digits) > 19:
        return float(digits)
    whole = int(digits)
    return whole if whole < 2**63 else float(whole)


def unescape(text: str, quote: str) -> str:
    """The value of a string literal's inside; an unknown escape loses its backslash."""
    if "\\" not in text:
        return text
    value = _ESCAPE.sub(lambda found: _escaped(found[1], quote), text)
    return value.encode("utf-8", "surrogateescape").decode("utf-8", "surrogateescape")


def _escaped(code: str, quote: str) -> str:
    if code in _SPECIAL:
        return _SPECIAL[code]
    if code[0] == "x" and len(code) > 1:
        return _byte(int(code[1:], 16))
    return _byte(int(code, 8) & 255) if code[0] in "01234567" else code


def _byte(value: int) -> str:
    return chr(value) if value < 128 else chr(0xDC00 + value)
