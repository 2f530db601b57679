"""A reader of HTML as people and machines really write it: a flat stream of text, tags opened and tags closed.

Linear in the length of its input, and it never raises: the standard library's parser does neither on rubbish. Where a
tag or a comment is never closed the rest is dropped, as browsers do.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from html import unescape

# Their content is text, not markup, up to the closing tag; none of it is meant to be read.
RAW = frozenset({"script", "style", "title", "textarea", "noembed", "noframes", "iframe", "xmp"})
_RAW_ENDS = {name: re.compile(rf"</{name}(?=[\s/>])", re.IGNORECASE) for name in RAW}

# A quote counts only behind an equals sign. Possessive throughout: each character is looked at once.
_TAG = re.compile(r"""[^>=]*+(?:=\s*+(?:"[^"]*+"|'[^']*+'|)[^>=]*+)*+>""")
_NAME = re.compile(r"/?([A-Za-z][^\s/>]*)")
_ATTRIBUTE = re.compile(r"""([^\s"'<>/=]++)(?:\s*+=\s*+(?:"([^"]*+)"|'([^']*+)'|([^\s"'>]++)))?""")
_HUGE_NUMBER = re.compile(r"&#(?:[0-9]{8,}|[xX][0-9A-Fa-f]{7,});?")  # beyond Unicode; `unescape` fails on the longest


@dataclass(frozen=True, slots=True)
class Text:
    text: str


@dataclass(frozen=True, slots=True)
class Open:
    """A start tag; `source` holds its attributes as written."""

    name: str
    source: str

    def attribute(self, name: str) -> str:
        """The value of the first attribute of this name in lower case, empty when there is none."""
        for match in _ATTRIBUTE.finditer(self.source):
            if match[1].lower() == name:
                return decode(match[2] or match[3] or match[4] or "")
        return ""


@dataclass(frozen=True, slots=True)
class Close:
    name: str


def decode(text: str) -> str:
    """Character references replaced by their characters."""
    return unescape(_HUGE_NUMBER.sub("\ufffd", text)) if "&" in text else text


def read(html: str) -> Iterator[Text | Open | Close]:
    """The parts of `html` in order. Comments, declarations and the content of scripts and styles are left out."""
    position = 0
    while (start := html.find("<", position)) >= 0:
        if start > position:
            yield Text(decode(html[position:start]))
        following = html[start + 1 : start + 2]
        if following in ("!", "?"):
            position = _after_declaration(html, start)
            continue
        if (name := _NAME.match(html, start + 1)) is None:
            yield Text("<")
            position = start + 1
            continue
        if (tag := _TAG.match(html, name.end())) is None:
            return
        yield _part(name, tag)
        position = _after_content(html, tag.end(), name[0].lower())
    if position < len(html):
        yield Text(decode(html[position:]))


def _part(name: re.Match[str], tag: re.Match[str]) -> Open | Close:
    if name[0].startswith("/"):
        return Close(name[1].lower())
    return Open(name[1].lower(), tag[0][:-1])


def _after_declaration(html: str, start: int) -> int:
    """Behind a comment, or behind anything else that begins with <! or <?."""
    if not html.startswith("<!--", start):
        end = html.find(">", start)
        return end + 1 if end >= 0 else len(html)
    if html.startswith((">", "->"), start + 4):  # <!--> is a comment too
        return html.find(">", start) + 1
    end = html.find("-->", start + 4)
    return end + 3 if end >= 0 else len(html)


def _after_content(html: str, end: int, name: str) -> int:
    """Behind the content of a raw element, at its closing tag; `end` itself for every other."""
    if name not in RAW:
        return end
    closing = _RAW_ENDS[name].search(html, end)
    return closing.start() if closing else len(html)
