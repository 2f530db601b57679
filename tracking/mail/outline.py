"""The plain part of a mail whose HTML is a template, made before the values are known: once, not for every mail."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

from tracking.mail import markup
from tracking.mail.markup import Close, Open, Text
from tracking.mail.plain import text_from_html

_MARK = "\ue000"  # of private use: stands where a value will

# Behind these, a value could become part of a tag or of a character reference.
_OPEN_END = re.compile(r"(?:</?|&[#\w]*)\Z")


def outline(pieces: Sequence[str | None]) -> list[str] | None:
    """The texts around the values, one more than there are values; None where only the whole mail can tell.

    `pieces` is HTML with None for each value, which will be escaped. With values that `settle`, the outline filled in
    is what `text_from_html` makes of the HTML filled in. Values may stand between tags, outside links.
    """
    literals = [piece for piece in pieces if piece is not None]
    if any(_MARK in literal for literal in literals) or _could_grow(pieces):
        return None
    html = "".join(_MARK if piece is None else piece for piece in pieces)
    if _shown(html) != len(pieces) - len(literals):
        return None
    return text_from_html(html).split(_MARK)


def text_of(words: tuple[str | None, ...], values: Sequence[str]) -> str | None:
    """What `text_from_html` makes of HTML in these pieces: None in `words` for each of the values, which are HTML too.

    None where only the whole mail can tell. What the words are is worked out once for each way through a template.
    """
    if len(words) > _MOST_PIECES or not all(map(_IS_TEXT, values)):
        return None
    texts, shown = _outline(words), list(map(markup.decode, values))
    if texts is None or not settle(shown):
        return None
    return "".join([part for pair in zip(texts, [*shown, ""], strict=True) for part in pair])


_MOST_PIECES = 400  # a way through loops longer than that hardly comes twice
_IS_TEXT = re.compile(r"(?:[^&<]|&(?:amp|lt|gt|quot|#039);)*+\Z").match  # no tag, and whole references only


@lru_cache(maxsize=256)
def _outline(words: tuple[str | None, ...]) -> list[str] | None:
    return outline(words)


def settle(values: Sequence[str]) -> bool:
    """Whether each value stands in the text as it is: it is there, and its white space is in no one's way.

    It is where all of them together are words with one space between two: none is empty, none begins or ends with white
    space, and within them there is none that HTML folds or that becomes a space.
    """
    together = " ".join(values)
    return together == " ".join(together.split()) and (bool(together) or not values)


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
