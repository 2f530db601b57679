"""What several tags have in common."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tracking.rendering.twig.errors import beside
from tracking.rendering.twig.lexer import BLOCK_END, EOF, NAME, NAME_PATTERN, OPERATOR, PUNCTUATION
from tracking.rendering.twig.nodes import Body

if TYPE_CHECKING:
    from tracking.rendering.twig.parser import Parser


def end_tag(parser: Parser) -> None:
    """The end of a tag."""
    parser.stream.expect(BLOCK_END)


def inside(parser: Parser, tag: str) -> Body:
    """The body of a tag up to the name of its own end tag, which is read too."""
    body = parser.body({f"end{tag}"}, tag=tag)
    if not parser.stream.at(EOF):
        parser.stream.next()
    return body


def targets(parser: Parser) -> list[str]:
    """The names on the left of an assignment."""
    names = []
    stream = parser.stream
    while True:
        token = stream.current
        if token.type == OPERATOR and NAME_PATTERN.fullmatch(str(token.value)):
            stream.next()
        else:
            stream.expect(NAME, None, "Only variables can be assigned to")
        parser.check_assignable(str(token.value), token.line)
        names.append(str(token.value))
        if not stream.take(PUNCTUATION, ","):
            return names


def check_end_name(parser: Parser, tag: str, name: str) -> None:
    """The name after an end tag, if there is one, has to be the tag's own."""
    token = parser.stream.take(NAME)
    if token is not None and token.value != name:
        message = f'Expected end{tag} for {tag} "{name}" (but "{token.value}" given).'
        raise parser.stream.error(message, beside(parser.stream.current.line, token.line))


def renamed(parser: Parser) -> dict[str, str]:
    """`a as b, c` -> {a: b, c: c}."""
    names: dict[str, str] = {}
    stream = parser.stream
    while True:
        name = str(stream.expect(NAME).value)
        names[name] = str(stream.expect(NAME).value) if stream.take(NAME, "as") else name
        if not stream.take(PUNCTUATION, ","):
            return names
