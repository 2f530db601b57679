"""An order of names close to ICU's root collation, for the alphabets of European languages.

Letters are compared first, then accents, then case (small before capital); marks come before digits, digits before
letters. Han, Hangul and the like keep the order of their code points, which for Han is not that of any language.
"""

from __future__ import annotations

import unicodedata
from typing import Final

# Root collation's order of the common marks; spaces come first.
_MARKS: Final = "_-\u2010\u2013\u2014,;:!?.\u2026'\u2018\u2019\"\u201c\u201d()[]{}@*/\\&#%`^+<=>|~$"

Key = tuple[tuple[tuple[int, int, str], ...], str, str]


def sort_key(name: str) -> Key:
    """What to sort names by."""
    taken_apart = unicodedata.normalize("NFD", name)
    base = (character for character in taken_apart.casefold() if not unicodedata.combining(character))
    letters = tuple(_weight(character) for character in base)
    accents = "".join(character for character in taken_apart if unicodedata.combining(character))
    return letters, accents, name.swapcase()


def _weight(character: str) -> tuple[int, int, str]:
    """(kind, place among marks, the character)."""
    if character.isspace():
        return 0, 0, ""
    if character in _MARKS:
        return 1, _MARKS.index(character), ""
    if character.isalpha():
        return 4, 0, character
    return (3 if character.isdigit() else 2), 0, character
