"""Twig's string extra: `u`, `slug`, `singular`, `plural`."""

from __future__ import annotations

import re

from tracking.rendering.twig.inflection import plurals, singulars
from tracking.rendering.twig.transliteration import german_to_ascii, to_ascii
from tracking.rendering.twig.unicode_string import MAX_LENGTH, UnicodeString, create

__all__ = ["UnicodeString", "plural", "singular", "slug", "u"]

_SEPARATED = re.compile(r"[^A-Za-z0-9]+")


def u(value: str | None) -> UnicodeString:
    """The text with the methods of `unicode_string.METHODS`."""
    return create(value)


def slug(value: str, separator: str = "-", locale: str | None = None) -> str:
    """ASCII letters and digits, everything else one separator: "Hello World" is "Hello-World"."""
    if len(value) * max(len(separator), 1) > MAX_LENGTH:
        raise ValueError(f"A text has at most {MAX_LENGTH} characters")
    german = locale is not None and locale.split("_")[0] == "de"
    text = german_to_ascii(value) if german else to_ascii(value)
    return _SEPARATED.sub(lambda found: separator, text).strip(separator or None)


def singular(value: str, locale: str = "en", all: bool = False) -> str | list[str]:
    """The singular of a noun; every one that fits with `all`. ValueError for other languages than en, fr and es."""
    found = singulars(value, locale)
    return found if all else found[0]


def plural(value: str, locale: str = "en", all: bool = False) -> str | list[str]:
    """The plural of a noun; every one that fits with `all`. ValueError for other languages than en, fr and es."""
    found = plurals(value, locale)
    return found if all else found[0]
