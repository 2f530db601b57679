"""Tokens read one after the other, with Twig's messages for the wrong one."""

from __future__ import annotations

from tracking.rendering.twig.errors import TwigSyntaxError
from tracking.rendering.twig.lexer import ENGLISH, Lexer, Token


class TokenStream:
    """A place in the tokens of one source."""

    def __init__(self, source: str, name: str | None, most: int) -> None:
        self._lexer = Lexer(source, name, most)
        self._tokens = self._lexer.tokens()
        self._place = 0
        self.name = name
        self.current = self._tokens[0]

    def error(self, message: str, line: int, column: int | None = None) -> TwigSyntaxError:
        """A syntax error in this source."""
        return TwigSyntaxError(message, line, name=self.name, column=column)

    def next(self) -> Token:
        """The current token, and on to the next one."""
        token = self.current
        self._place += 1
        if self._place >= len(self._tokens):
            raise self.error("Unexpected end of template.", token.line)
        self.current = self._tokens[self._place]
        return token

    def take(self, type: str, *values: str) -> Token | None:
        """The current token if it is this one; otherwise nothing is read."""
        return self.next() if self.current.is_a(type, *values) else None

    def at(self, type: str, *values: str) -> bool:
        """Is the current token this one?"""
        return self.current.is_a(type, *values)

    def expect(self, type: str, value: str | None = None, why: str = "") -> Token:
        """The current token, which has to be this one."""
        token = self.current
        if token.is_a(type, *([] if value is None else [value])):
            return self.next()
        got = f' of value "{token.value}"' if token.value else ""
        wanted = f' with value "{value}"' if value else ""
        before = f"{why}. " if why else ""
        message = f'{before}Unexpected token "{token.english}"{got} ("{ENGLISH[type]}" expected{wanted}).'
        raise self.error(message, token.line, self._lexer.column(token.offset))

    def look_is(self, type: str, *values: str) -> bool:
        """Is the token after the current one this one?"""
        return self._place + 1 < len(self._tokens) and self._tokens[self._place + 1].is_a(type, *values)
