"""The plain part of a mail, made from its HTML: what a reader sees, line by line."""

from __future__ import annotations

import re
from itertools import groupby

from tracking.mail import markup
from tracking.mail.markup import Close, Open, Text

# fmt: off
_BLOCKS = frozenset({
    "address", "article", "aside", "body", "caption", "center", "dd", "details", "dir", "div", "dl", "dt", "fieldset",
    "figcaption", "figure", "footer", "form", "header", "html", "legend", "li", "main", "menu", "nav", "option",
    "section", "summary", "tbody", "tfoot", "thead", "tr",
})
# An empty line around these.
_SPACED = frozenset({
    "blockquote", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "ol", "p", "pre", "table", "ul",
})
# fmt: on
_LISTS = frozenset({"ol", "ul", "menu", "dir"})
_CELLS = frozenset({"td", "th"})
_DEEPEST = 10  # lists inside each other beyond this are indented no further
_RULE = "-" * 20
_LINKS = ("http://", "https://", "mailto:", "tel:", "sms:", "ftp://")
_SPACES = re.compile(r"[ \t\r\n\f]+")


def text_from_html(html: str) -> str:
    """The words of `html` as plain text: linear in its length, and never an error, whatever it holds.

    Lists get dashes and numbers, a table's row is a line, a link is `text (url)`. Ends with a line end unless empty.
    """
    writer = _Writer()
    for part in markup.read(html):
        writer.take(part)
    return writer.finish()


class _Writer:
    """The text so far, as lines of pieces, and what the open elements mean for the next piece."""

    def __init__(self) -> None:
        self.lines: list[list[str]] = [[]]
        self.space = False  # white space was seen and is written before the next word
        self.verbatim = 0  # how many <pre> are open
        self.lists: list[int | None] = []  # the number of the last item; None for dashes
        self.deeper = 0  # lists open beyond the deepest
        self.marked = False  # the mark of an item waits for its words, which follow on the same line
        self.link = ""
        self.link_text: list[str] = []

    def take(self, part: Text | Open | Close) -> None:
        if isinstance(part, Text):
            self._text(part.text)
        elif isinstance(part, Open):
            self._open(part)
        else:
            self._close(part.name)

    def finish(self) -> str:
        self._end_link()
        lines = ("".join(line).replace("\xa0", " ").rstrip() for line in self.lines)
        kept = (line for line, same in groupby(lines) for line in (same if line else [line]))
        text = "\n".join(kept).strip("\n")
        return f"{text}\n" if text else ""

    def _open(self, tag: Open) -> None:
        name = tag.name
        self._break(name)
        if name == "br":
            self._new_line()
        elif name == "hr":
            self._write(_RULE)
            self._blank_line()
        elif name == "pre":
            self.verbatim += 1
        elif name == "img":
            self._text(tag.attribute("alt"))
        elif name == "a":
            self._end_link()
            self.link = _SPACES.sub("", tag.attribute("href"))
        elif name in _CELLS:
            self._next_cell()
        elif name in _LISTS:
            self._open_list(name)
        elif name == "li":
            self._item()

    def _close(self, name: str) -> None:
        if name == "a":
            self._end_link()
        elif name == "pre":
            self.verbatim = max(0, self.verbatim - 1)
        elif name in _LISTS:
            self._close_list()
        if name in _LISTS or name == "li":
            self.marked = False
        if name != "hr":
            self._break(name)

    def _break(self, name: str) -> None:
        if self.marked:
            return
        if name in _SPACED and not (name in _LISTS and self.lists):  # a list in a list stays close to its item
            self._blank_line()
        elif name in _BLOCKS or name in _LISTS:
            self._fresh_line()

    def _text(self, text: str) -> None:
        if self.verbatim:
            self._verbatim(text)
            return
        words = _SPACES.sub(" ", text)
        if words.startswith(" "):
            self.space = True
        if stripped := words.strip(" "):
            self._write(stripped)
            self.space = words.endswith(" ")

    def _verbatim(self, text: str) -> None:
        for number, line in enumerate(text.replace("\r\n", "\n").split("\n")):
            if number:
                self._new_line()
            if line:
                self._write(line)

    def _write(self, words: str) -> None:
        if self.space and self.lines[-1] and not self.lines[-1][-1].endswith(" "):
            words = f" {words}"
        self.space = self.marked = False
        self.lines[-1].append(words)
        if self.link:
            self.link_text.append(words)

    def _new_line(self) -> None:
        self.lines.append([])
        self.space = False

    def _fresh_line(self) -> None:
        if self.lines[-1]:
            self._new_line()

    def _blank_line(self) -> None:
        self._fresh_line()
        if len(self.lines) > 1 and self.lines[-2]:
            self._new_line()

    def _next_cell(self) -> None:
        if self.lines[-1]:
            self.lines[-1].append("  ")
        self.space = False

    def _open_list(self, name: str) -> None:
        if len(self.lists) < _DEEPEST:
            self.lists.append(0 if name == "ol" else None)
        else:
            self.deeper += 1

    def _close_list(self) -> None:
        if self.deeper:
            self.deeper -= 1
        elif self.lists:
            self.lists.pop()

    def _item(self) -> None:
        """The mark of a list's item. One outside any list is an item of a list with dashes."""
        self._fresh_line()
        number = self.lists[-1] if self.lists else None
        mark = "- "
        if number is not None:
            self.lists[-1] = number + 1
            mark = f"{number + 1}. "
        self._write("  " * (len(self.lists) - 1) + mark)
        self.marked = True

    def _end_link(self) -> None:
        """Write the address of the link behind its text, unless it is the text or means nothing in a mail."""
        link, text = self.link, "".join(self.link_text).strip()
        self.link, self.link_text = "", []
        if not link.lower().startswith(_LINKS) or _bare(link) == _bare(text):
            return
        space, self.space = self.space, bool(text)
        self._write(f"({link})" if text else link)
        self.space = space


def _bare(link: str) -> str:
    """A link as people write it: without the scheme, a slash at the end, or capitals."""
    return re.sub(r"^(?:https?://|mailto:|tel:|sms:|ftp://)", "", link.lower()).rstrip("/")
