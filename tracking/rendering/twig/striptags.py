"""PHP's strip_tags(): a small state machine, not an HTML parser."""

from __future__ import annotations

import re

_ALLOWED = re.compile(r"<([^<>\s/]+)[^<>]*>")


def strip_tags(value: str, allowed: str = "") -> str:
    """The text without tags, comments and PHP code; tags named in `allowed` ("<b><i>") stay."""
    if "<" not in value and "\0" not in value:
        return value
    names = {name.lower() for name in _ALLOWED.findall(allowed)}
    return _Machine(value, names).text()


class _Machine:
    """States: text, tag, PHP, comment."""

    def __init__(self, value: str, allowed: set[str]) -> None:
        self.value = value
        self.allowed = allowed
        self.out: list[str] = []
        self.place = 0

    def text(self) -> str:
        size = len(self.value)
        while self.place < size:
            at = self.value.find("<", self.place)
            if at < 0:
                self.out.append(self.value[self.place :])
                break
            self.out.append(self.value[self.place : at])
            self._tag(at)
        return "".join(self.out).replace("\0", "")

    def _tag(self, at: int) -> None:
        following = self.value[at + 1 : at + 2]
        if following and following in " \t\n\r\v\f":  # "<" before a blank is text
            self.out.append("<")
            self.place = at + 1
        elif self.value.startswith("<!--", at):
            end = self.value.find("-->", at + 4)
            self.place = len(self.value) if end < 0 else end + 3
        elif following == "?":
            end = self.value.find("?>", at + 2)
            self.place = len(self.value) if end < 0 else end + 2
        else:
            self._plain_tag(at)

    def _plain_tag(self, at: int) -> None:
        quote, depth, place = "", 0, at + 1
        while place < len(self.value):
            one = self.value[place]
            if quote:
                quote = "" if one == quote else quote
            elif one in "\"'":
                quote = one
            elif one == "<":
                depth += 1
            elif one == ">":
                if depth == 0:
                    break
                depth -= 1
            place += 1
        tag = self.value[at : place + 1]
        if self._stays(tag):
            self.out.append(tag)
        self.place = place + 1

    def _stays(self, tag: str) -> bool:
        found = re.match(r"<\s*/?\s*([^\s/<>]+)", tag)
        return bool(self.allowed and found and found[1].lower() in self.allowed and tag.endswith(">"))
