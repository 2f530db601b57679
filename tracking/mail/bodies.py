"""Bodies: line ends, transfer encodings (RFC 2045, 6), and the two alternatives (RFC 2046, 5.1.4)."""

from __future__ import annotations

import re
from binascii import b2a_base64, b2a_qp
from hashlib import sha256
from itertools import count

LONGEST_LINE = 998  # octets without CRLF; RFC 5322, 2.1.1
_BASE64_LINE = 76

_SURROGATES = re.compile(r"[\ud800-\udfff]")
# No mail may carry NUL, and nothing good comes from the other controls: each but TAB and LF becomes a space.
_CONTROLS = bytes(code for code in (*range(32), 127) if code not in b"\t\n")
_SPACES = bytes.maketrans(_CONTROLS, b" " * len(_CONTROLS))
_COSTLY = bytes({ord("="), *range(128, 256)})  # three characters each in quoted-printable


def part(text: str, subtype: str) -> bytes:
    """The headers and the encoded content of a text part. It ends with a line end, whether or not `text` does."""
    return _encode(_lines(text), subtype)


def alternative(text: str, html: str, *, seed: str) -> bytes:
    """The headers and the content of multipart/alternative, the plain part first. `seed` makes the boundary."""
    plain, rich = part(text, "plain"), part(html, "html")
    mark = _boundary(plain, rich, seed=seed)
    head = b'Content-Type: multipart/alternative; boundary="' + mark + b'"\r\n\r\n--' + mark + b"\r\n"
    return b"".join((head, plain, b"\r\n--", mark, b"\r\n", rich, b"\r\n--", mark, b"--\r\n"))


def _lines(text: str) -> bytes:
    """UTF-8 with LF alone at each line end, the last one included, and without controls."""
    data = _utf8(text)
    if b"\r" in data:
        data = data.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    if len(data.translate(None, _CONTROLS)) != len(data):  # to ask takes half of the time that to replace does
        data = data.translate(_SPACES)
    return data if data.endswith(b"\n") else data + b"\n"


def _utf8(text: str) -> bytes:
    """Halves of surrogate pairs, which no encoding has, become U+FFFD."""
    try:
        return text.encode()
    except UnicodeEncodeError:
        return _SURROGATES.sub("\ufffd", text).encode()


def _encode(data: bytes, subtype: str) -> bytes:
    if data.isascii() and not _has_long_line(data):
        return _headers(subtype, b"7bit") + data.replace(b"\n", b"\r\n")
    data = data.replace(b"\n", b"\r\n")
    costly = len(data) - len(data.translate(None, _COSTLY))
    if costly * 6 <= len(data):  # two characters more for each of these; base64 adds a third to all
        return _headers(subtype, b"quoted-printable") + b2a_qp(data)
    return _headers(subtype, b"base64") + _base64(data)


def _headers(subtype: str, encoding: bytes) -> bytes:
    kind = subtype.encode()
    return b"Content-Type: text/" + kind + b"; charset=utf-8\r\nContent-Transfer-Encoding: " + encoding + b"\r\n\r\n"


def _has_long_line(data: bytes) -> bool:
    """Leaps from line end to line end, as far as each leap may be."""
    start = 0
    while len(data) - start > LONGEST_LINE:
        end = data.rfind(b"\n", start, start + LONGEST_LINE + 1)
        if end < 0:
            return True
        start = end + 1
    return False


def _base64(data: bytes) -> bytes:
    encoded = b2a_base64(data, newline=False)
    lines = [encoded[at : at + _BASE64_LINE] for at in range(0, len(encoded), _BASE64_LINE)]
    return b"\r\n".join(lines) + b"\r\n"


def _boundary(*parts: bytes, seed: str) -> bytes:
    """A boundary that no part contains; the same for the same mail."""
    for attempt in count():
        mark = b"=_" + sha256(f"{attempt}/{seed}".encode()).hexdigest()[:32].encode()
        if not any(mark in each for each in parts):
            return mark
    raise AssertionError("unreachable: count() has no end")
