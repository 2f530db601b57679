"""Twig's html_attr, html_attr_merge and html_attr_type: attributes from arrays. The caller escapes names and values."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from tracking.rendering.twig.errors import TwigRuntimeError
from tracking.rendering.twig.php import as_dict, number_of, text, type_name

_Array = dict[int | str, Any]
_SILENT: Final = (None, False, True, "")


@dataclass(frozen=True, slots=True)
class TokenList:
    """Words joined by a separator; `true` keeps the attribute without a word, null and false count for nothing."""

    items: tuple[Any, ...]
    separator: str = " "

    def merged_over(self, previous: Any) -> TokenList:
        """This list behind what was there before."""
        if isinstance(previous, TokenList) and previous.separator == self.separator:
            return TokenList(previous.items + self.items, self.separator)
        if isinstance(previous, list | dict):
            return TokenList((*as_dict(previous).values(), *self.items), self.separator)
        raise TwigRuntimeError(
            "SeparatedTokenList can only be merged with iterables or other SeparatedTokenList instances "
            "using the same separator."
        )

    def extended(self, value: Any) -> TokenList:
        """This list with more behind it."""
        if not isinstance(value, list | dict):
            raise TwigRuntimeError("Only iterable values can be appended to SeparatedTokenList.")
        return TokenList((*self.items, *as_dict(value).values()), self.separator)

    def shown(self) -> str | None:
        """The attribute's value, None for no attribute."""
        kept = [item for item in self.items if item is not None and item is not False]
        words = (text(item) for item in kept if item is not True)
        return self.separator.join(words).strip(" \t\n\r\0\x0b") if kept else None


@dataclass(frozen=True, slots=True)
class InlineStyle:
    """Declarations of a style attribute, by property or as they are."""

    items: tuple[tuple[int | str, Any], ...]

    def merged_over(self, previous: Any) -> InlineStyle:
        if isinstance(previous, InlineStyle):
            return InlineStyle(tuple(_merge_arrays(dict(previous.items), dict(self.items)).items()))
        if isinstance(previous, list | dict):
            return InlineStyle(tuple(_merge_arrays(as_dict(previous), dict(self.items)).items()))
        raise TwigRuntimeError(
            "Attributes using InlineStyle can only be merged with iterables or other InlineStyle instances."
        )

    def extended(self, value: Any) -> InlineStyle:
        if not isinstance(value, list | dict):
            raise TwigRuntimeError("Only iterable values can be appended to InlineStyle.")
        return InlineStyle(tuple(_merge_arrays(dict(self.items), as_dict(value)).items()))

    def shown(self) -> str | None:
        """ "color: red; margin: 0;", None without a declaration."""
        said = ((name, value) for name, value in self.items if not (value in _SILENT and not _is_zero(value)))
        return " ".join(_declaration(name, value) for name, value in said if value not in ([], {})) or None


def _is_zero(value: Any) -> bool:
    return not isinstance(value, bool) and isinstance(value, int | float)


def _declaration(name: int | str, value: Any) -> str:
    if isinstance(name, int) or number_of(name) is not None:
        return f"{text(value).strip('; ')};"
    return f"{name}: {text(value)};"


def html_attr_type(value: Any, type: str = "sst") -> Any:
    """The value as a list of tokens (sst: by spaces, cst: by commas) or as declarations (style)."""
    if type == "style":
        if not isinstance(value, list | dict):
            raise TwigRuntimeError("InlineStyle can only be created from iterable values.")
        return InlineStyle(tuple(as_dict(value).items()))
    separators = {"sst": " ", "cst": ", "}
    if type not in separators:
        raise TwigRuntimeError(
            f'Unknown attribute type "{type}". The only supported types are "sst", "cst" and "style".'
        )
    if isinstance(value, list | dict):
        return TokenList(tuple(as_dict(value).values()), separators[type])
    if value is None or not isinstance(value, str | int | float):
        raise TwigRuntimeError("SeparatedTokenList can only be constructed from iterable or scalar values.")
    return TokenList((value,), separators[type])


def html_attr_merge(*arrays: Any) -> _Array:
    """The arrays as one: later values win, arrays under one name are joined. Empty arguments are skipped."""
    merged: _Array = {}
    for number, array in enumerate(arrays, 1):
        if not array:
            continue
        if not isinstance(array, list | dict):
            raise TwigRuntimeError(
                'The "html_attr_merge" filter only works with mappings or "Traversable", '
                f'got "{type_name(array)}" for argument {number}.'
            )
        for name, value in as_dict(array).items():
            merged[name] = _merge(name, merged[name], value) if name in merged else value
    return merged


def _merge(name: int | str, old: Any, new: Any) -> Any:
    if isinstance(new, TokenList | InlineStyle):
        return new.merged_over(old)
    if isinstance(old, TokenList | InlineStyle):
        return old.extended(new)
    lists = isinstance(old, list | dict), isinstance(new, list | dict)
    if all(lists):
        return _merge_arrays(as_dict(old), as_dict(new))
    if any(lists) and old is not None and new is not None:
        raise TwigRuntimeError(f'Cannot merge incompatible values for key "{name}"')
    return new


def _merge_arrays(old: _Array, new: _Array) -> _Array:
    """PHP's array_merge: names are replaced, numbered values follow each other."""
    merged: _Array = {}
    count = 0
    for name, value in (*old.items(), *new.items()):
        if isinstance(name, int):
            merged[count] = value
            count += 1
        else:
            merged[name] = value
    return merged


def attributes(*arrays: Any) -> Iterator[tuple[str, str]]:
    """Names and values of the attributes that html_attr prints, neither of them escaped."""
    for name, value in html_attr_merge(*arrays).items():
        shown = _shown(str(name), value)
        if shown is not None:
            yield str(name), shown


def _shown(name: str, value: Any) -> str | None:
    if isinstance(value, TokenList | InlineStyle):
        return value.shown()
    if value is None:
        return None
    if isinstance(value, bool):
        return _shown_flag(name, value)
    if isinstance(value, list | dict):
        return _shown_array(name, value)
    return text(value)


def _shown_flag(name: str, value: bool) -> str | None:
    if name.startswith("aria-"):
        return "true" if value else "false"
    if not value:
        return None
    return "true" if name.startswith("data-") else ""


def _shown_array(name: str, value: list[Any] | _Array) -> str | None:
    if name.startswith("data-"):
        try:
            return json.dumps(value, ensure_ascii=True, allow_nan=False, separators=(",", ":")).replace("/", "\\/")
        except ValueError:
            raise TwigRuntimeError(f'The "{name}" attribute value cannot be JSON encoded.') from None
    if name == "style":
        return InlineStyle(tuple(as_dict(value).items())).shown()
    return TokenList(tuple(as_dict(value).values())).shown()
