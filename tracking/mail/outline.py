"""The plain part of a mail whose HTML is a template, made before the values are known: once, not for every mail."""

from __future__ import annotations

import re
from collections.abc import Sequence

from tracking.mail import markup
from tracking.mail.markup import Close, Open, Text
from tracking.mail.plain import text_from_html

_MARK = "\ue000"  # of private use: stands where a value will

# Behind these, a value could become part of a tag or of a character reference.
_OPEN_END = re.compile(r"(?:</?|&[#\w]*)\Z")
_MOVES = re.compile(r"[\t\r\n\f\xa0]|  ")  # white space that HTML folds, and what becomes a space


def outline(pieces: Sequence[str | None]) -> list[str] | None:
    """The texts around the values, one more than there are values; None where only the whole mail can tell.

    `pieces` is HTML with None for each value, which will be escaped. With values that `settles`, the outline filled in
    is what `text_from_html` makes of the HTML filled in. Values may stand between tags, outside links.
    """
    literals = [piece for piece in pieces if piece is not None]
    if any(_MARK in literal for literal in literals) or _could_grow(pieces):
        return None
    html = "".join(_MARK if piece is None else piece for piece in pieces)
    if _shown(html) != len(pieces) - len(literals):
        return None
    return text_from_html(html).split(_MARK)


def settles(value: str) -> bool:
    """Whether a value stands in the text as it is: it is there, and its white space is in no one's way."""
    return bool(value) and not _MOVES.search(value) and value == value.strip()


def _could_grow(pieces: Sequence[str | None]) -> bool:
    before = ""
    for piece in pieces:
        if piece is None and _OPEN_END.search(before):
            return True
        before = before + _MARK if piece is None else before + piece
        before = before[-64:]
    return False


def _shown(html: str) -> int:
    """How many values are seen as text; -1 when one of them is seen within a link, whose words may be its address."""
    seen, linked = 0, False
    for part in markup.read(html):
        if isinstance(part, Text):
            if linked and _MARK in part.text:
                return -1
            seen += part.text.count(_MARK)
        elif isinstance(part, Open):
            linked = part.name == "a" or linked
        elif isinstance(part, Close):
            linked = linked and part.name != "a"
    return seen
