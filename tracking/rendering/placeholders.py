"""Plain substitution: `{{ lead.first_name }}` becomes its value, and braces can do nothing else."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import lru_cache
from typing import Any

from markupsafe import escape

from tracking.errors import TemplateError

Path = tuple[str, ...]

_OPEN = re.compile(r"\{\{|\{%")
_NAME = re.compile(r"\s*([\w-]+(?:\.[\w-]+)*)\s*\}\}")

_INDEX = re.compile(r"[0-9]{1,9}")  # no list of ours is longer, and Python refuses to read very long numbers

_SWITCH = 'set "Use Twig Engine" to Yes'


class Texts(dict[Path, "str | None"]):
    """Placeholder -> its value as a text, None when there is none; looked up in the context when first asked for."""

    def __init__(self, context: Mapping[str, Any]) -> None:
        self.context = context

    def __missing__(self, path: Path) -> str | None:
        value: Any = self.context
        for part in path:
            value = _member(value, part)
        self[path] = text = None if value is None else text_of(value)
        return text


@dataclass(frozen=True, slots=True)
class PlainTemplate:
    """Text and placeholder names by turns, in order."""

    parts: tuple[str | Path, ...]
    _names: tuple[Path, ...] = field(init=False, repr=False, compare=False)
    _frame: str = field(init=False, repr=False, compare=False)  # the parts, for the % operator: one step fills it

    def __post_init__(self) -> None:
        frame = "".join(part.replace("%", "%%") if isinstance(part, str) else "%s" for part in self.parts)
        object.__setattr__(self, "_names", tuple(part for part in self.parts if isinstance(part, tuple)))
        object.__setattr__(self, "_frame", frame)

    def names(self) -> list[Path]:
        return list(self._names)

    def render(self, context: Mapping[str, Any], *, html: bool, missing: set[str]) -> str:
        """The text with all values filled in; escaped when `html`. Names without a value are added to `missing`."""
        return self.fill(Texts(context), html=html, missing=missing)

    def fill(self, texts: Texts, *, html: bool, missing: set[str]) -> str:
        """The same with texts that other templates of the mail share."""
        if not self._names:  # most names and senders
            return self._frame % ()
        found = [texts[name] for name in self._names]
        if None in found:
            missing.update(".".join(name) for name, text in zip(self._names, found, strict=True) if text is None)
        values = [text or "" for text in found]
        return self._frame % tuple(map(_escaped, values) if html else values)

    def settled(self, texts: Texts, settle: Callable[[Sequence[str]], bool]) -> str | None:
        """The text with all values filled in as they are; None when there is one that does not settle."""
        values = [texts[name] or "" for name in self._names]
        return self._frame % tuple(values) if settle(values) else None


_MARKUP = re.compile("[&<>\"']")


def _escaped(text: str) -> str:
    return str(escape(text)) if _MARKUP.search(text) else text  # few values have any


@lru_cache(maxsize=4096)
def parse(source: str) -> PlainTemplate:
    """Raises TemplateError, with line and column, for braces that hold more than a name."""
    parts: list[str | Path] = []
    end = 0
    while (opening := _OPEN.search(source, end)) is not None:
        name = _NAME.match(source, opening.end()) if opening.group() == "{{" else None
        if name is None:
            raise _refused(source, opening.start())
        parts += [source[end : opening.start()], tuple(name.group(1).split("."))]
        end = name.end()
    parts.append(source[end:])
    return PlainTemplate(tuple(part for part in parts if part))


def _refused(source: str, start: int) -> TemplateError:
    line, column = source.count("\n", 0, start) + 1, start - source.rfind("\n", 0, start)
    found = source[start : start + 40].split("\n", maxsplit=1)[0]
    return TemplateError(
        f"“{found}” is more than a placeholder: write {{{{ lead.email }}}}, or, for logic and filters, {_SWITCH}",
        line=line,
        column=column,
    )


def _member(value: Any, part: str) -> Any:
    """The member of an object or the item of a list; None when there is none."""
    if type(value) is dict or isinstance(value, Mapping):  # the first is what nearly all are, and answers much sooner
        return value.get(part)
    if isinstance(value, list) and _INDEX.fullmatch(part) and int(part) < len(value):
        return value[int(part)]
    return None


_TEXTS: tuple[tuple[type | tuple[type, ...], Callable[[Any], str]], ...] = (
    (str, str),
    (bool, lambda value: "true" if value else "false"),
    ((int, float), repr),
    (Decimal, lambda value: format(value, "f")),
)


def text_of(value: Any) -> str:
    """A value as an author expects to read it; lists and objects as JSON."""
    if type(value) is str:
        return value
    for kind, text in _TEXTS:
        if isinstance(value, kind):
            return text(value)
    return json.dumps(value, ensure_ascii=False)
