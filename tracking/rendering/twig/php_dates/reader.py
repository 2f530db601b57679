"""Reading numbers, names and zones out of one piece of a date text, from left to right."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import tzinfo

from tracking.rendering.twig.php_dates.words import MONTH_NUMBERS, RELATIVE_WORDS, UNITS
from tracking.rendering.twig.php_dates.zones import named_zone, offset_zone

_UNIT_ENDS = " \t,;:/.-()\x00"


@dataclass(slots=True)
class Reader:
    """A place in a piece. Each method moves on behind what it read."""

    piece: str
    at: int = 0

    @property
    def next(self) -> str:
        """The character to be read; "" at the end."""
        return self.piece[self.at : self.at + 1].replace("\x00", "")

    def skip(self, characters: str) -> None:
        while self.next and self.next in characters:
            self.at += 1

    def _take(self, accepts: str, limit: int) -> str:
        start = self.at
        while self.next and self.next in accepts and self.at - start < limit:
            self.at += 1
        return self.piece[start : self.at]

    def digits(self, limit: int) -> str:
        """The next digits, at most `limit`; "" when there are none left."""
        while self.next and not self.next.isdigit():
            self.at += 1
        return self._take("0123456789", limit)

    def number(self, limit: int) -> int | None:
        found = self.digits(limit)
        return int(found) if found else None

    def required(self, limit: int) -> int:
        """A number that the shape promises."""
        return int(self.digits(limit) or "0")

    def signed(self, limit: int) -> int:
        """A number and the product of all signs before it."""
        while self.next and not (self.next.isdigit() or self.next in "+-"):
            self.at += 1
        signs = self._take("+-", len(self.piece))
        return self.required(limit) * (-1 if signs.count("-") % 2 else 1)

    def year(self) -> int | None:
        """A year; with fewer than four digits, 00 to 69 mean 2000 to 2069 and 70 to 99 mean 1970 to 1999."""
        found = self.digits(4)
        if not found:
            return None
        value = int(found)
        return value if len(found) >= 4 or value >= 100 else value + (2000 if value < 70 else 1900)

    def micros(self) -> int:
        """The digits behind a point or colon, cut to millionths."""
        while self.next and self.next not in ".:":
            self.at += 1
        self.at += 1
        return int(self.digits(len(self.piece))[:6].ljust(6, "0"))

    def _word(self) -> str:
        start = self.at
        while self.next.isascii() and self.next.isalpha():
            self.at += 1
        return self.piece[start : self.at].lower()

    def month(self) -> int:
        self.skip(" \t-./")
        return MONTH_NUMBERS.get(self._word(), 0)

    def skip_day_suffix(self) -> None:
        if self.piece[self.at : self.at + 2].lower() in {"st", "nd", "rd", "th"}:
            self.at += 2

    def relative_word(self) -> tuple[int, int]:
        """(amount, weekday behaviour) of "next", "third" …"""
        self.skip(" \t-/")
        return RELATIVE_WORDS.get(self._word(), (0, 0))

    def unit(self) -> tuple[str, int] | None:
        self.skip(" \t")
        start = self.at
        while self.next and self.next not in _UNIT_ENDS:
            self.at += 1
        word = self.piece[start : self.at].replace("\xc2\xb5", "µ")
        return UNITS.get(word.lower())

    def meridian(self, hour: int) -> int:
        """What "am" or "pm" adds to the hour."""
        while self.next and self.next not in "AaPp":
            self.at += 1
        if self.next in "Aa":
            return -12 if hour == 12 else 0
        return 0 if hour == 12 else 12

    def zone(self) -> tzinfo | None:
        """The zone at the end of the piece; None when nobody knows it."""
        self.skip(" \t(")
        rest = self.piece[self.at :].rstrip("\x00)")
        if rest[:4] in {"GMT+", "GMT-"}:
            rest = rest[3:]
        self.at = len(self.piece)
        return offset_zone(rest) if rest[:1] in {"+", "-"} else named_zone(rest)
