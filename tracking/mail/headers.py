"""Header lines: encoded words (RFC 2047), quoted strings and folding (RFC 5322, 2.2.3 and 3.2).

Every function gives whole lines, CRLF included, of at most 78 characters where the content can be broken and never
more than 998 bytes. Values have no control characters when they come here.
"""

from __future__ import annotations

import re
from binascii import b2a_base64
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from functools import lru_cache

from tracking.mail.addresses import Mailbox

WIDTH = 78
LONGEST_WORD = 900  # of a header that must not be encoded, such as a URL
_ENCODED_WORD = 75
_FRAME = len("=?utf-8?q??=")

_ATOMS = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?: [A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*\Z")
# RFC 2047, 5 (3): what may stand for itself in a phrase, which is the strictest place.
_Q_SAFE = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789!*+-/"
_Q = {code: bytes([code]).decode() if code in _Q_SAFE else f"={code:02X}" for code in range(256)} | {ord(" "): "_"}

_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def unstructured(name: str, text: str) -> str:
    """The line of a free text such as Subject; encoded when it would not survive as it stands."""
    if not text:
        return f"{name}:\r\n"
    room = WIDTH - len(name) - 2
    if _survives(text) and (len(text) <= room or _foldable(text, room)):
        return fold(name, text.split(" "))
    return fold(name, encoded_words(text, room))


def structured(name: str, value: str) -> str:
    """The line of a value that is ASCII and may only be broken at its spaces. ValueError if it cannot be written."""
    words = value.split(" ")
    if not value.isascii() or not value.isprintable() or max(map(len, words)) > LONGEST_WORD:
        raise ValueError(f"the header {name} takes printable ASCII in words of at most {LONGEST_WORD} characters")
    return fold(name, words)


def mailboxes(name: str, boxes: Sequence[Mailbox]) -> str:
    """The line of an address list, in the order given."""
    room = WIDTH - len(name) - 2
    words: list[str] = []
    for box in boxes:
        words += _phrase(box.name, room)
        words.append(f"<{box.address}>," if box.name else f"{box.address},")
    words[-1] = words[-1][:-1]
    return fold(name, words)


def date(moment: datetime) -> str:
    """The Date line, in UTC (RFC 5322, 3.3). ValueError when `moment` has no time zone."""
    if moment.tzinfo is None:
        raise ValueError("the date of a mail needs a time zone")
    return _date(moment.astimezone(UTC).replace(microsecond=0))


@lru_cache(maxsize=64)
def _date(at: datetime) -> str:
    """Many mails are made in one second."""
    day = f"{_DAYS[at.weekday()]}, {at.day:02d} {_MONTHS[at.month - 1]} {at.year:04d}"
    return f"Date: {day} {at.hour:02d}:{at.minute:02d}:{at.second:02d} +0000\r\n"


def fold(name: str, words: Iterable[str]) -> str:
    """The words joined by spaces, broken before each word that would pass the width; the first stays beside the name.

    An empty word is a space more.
    """
    lines: list[str] = []
    line = f"{name}:"
    first = True
    for word in words:
        if word and not first and len(line) + 1 + len(word) > WIDTH:
            lines.append(line)
            line = ""
        line = f"{line} {word}"
        first = False
    lines.append(line)
    return "\r\n".join(lines) + "\r\n"


def encoded_words(text: str, room: int) -> list[str]:
    """The text as encoded words of at most `room` and 75 characters, B or Q, whichever is shorter.

    No character is split between two of them.
    """
    data = text.encode()
    room = min(room, _ENCODED_WORD) - _FRAME
    quoted = "".join(map(_Q.__getitem__, data))
    if len(quoted) <= -(-len(data) // 3) * 4:
        return [f"=?utf-8?q?{piece}?=" for piece in _pieces_q(quoted, room)]
    return [f"=?utf-8?b?{b2a_base64(piece, newline=False).decode()}?=" for piece in _pieces(data, room // 4 * 3)]


def _pieces(data: bytes, size: int) -> Iterable[bytes]:
    """UTF-8 in pieces of at most `size` bytes that each begin with a character."""
    start = 0
    while len(data) - start > size:
        end = start + size
        while data[end] & 0xC0 == 0x80:
            end -= 1
        yield data[start:end]
        start = end
    yield data[start:]


def _pieces_q(quoted: str, size: int) -> Iterable[str]:
    """The same for Q, where a byte may be three characters and continuation bytes are =80 to =BF."""
    start = 0
    while len(quoted) - start > size:
        end = start + size
        end -= 1 if quoted[end - 1] == "=" else 2 if quoted[end - 2] == "=" else 0
        while quoted[end] == "=" and quoted[end + 1] in "89AB":
            end -= 3
        yield quoted[start:end]
        start = end
    yield quoted[start:]


def _phrase(name: str, room: int) -> list[str]:
    """A display name as words: atoms, one quoted string, or encoded words."""
    if not name:
        return []
    if _survives(name) and "  " not in name:
        if _ATOMS.match(name) and _foldable(name, room):
            return name.split(" ")
        quoted = '"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"'
        if len(quoted) <= room:
            return [quoted]
    return encoded_words(name, room)


def _survives(text: str) -> bool:
    """Whether a reader will take the text as it stands: ASCII, and nothing that looks like an encoded word."""
    return text.isascii() and "=?" not in text


def _foldable(text: str, room: int) -> bool:
    return "  " not in text and max(map(len, text.split(" "))) <= room
