"""Twig's html extra: data_uri, html_classes, html_cva. Nothing here escapes: the engine does, by where a value goes."""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import quote

from tracking.rendering.twig.php import truth

_SIGNATURES: Final = (
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"BM", "image/bmp"),
    (b"%PDF-", "application/pdf"),
    (b"PK\x03\x04", "application/zip"),
    (b"\x1f\x8b", "application/gzip"),
    (b"\x00\x00\x01\x00", "image/vnd.microsoft.icon"),
    (b"wOF2", "font/woff2"),
    (b"wOFF", "font/woff"),
    (b"<?xml", "text/xml"),
)  # fmt: skip
_HTML = re.compile(rb"\s*<(?:!doctype html|html|head|title|body|script|style)\b", re.IGNORECASE)
_SVG = re.compile(rb"\s*(?:<\?xml[^>]*>\s*)?<svg\b", re.IGNORECASE)
_CONTROL = re.compile(rb"[\x00-\x06\x0e-\x1a\x1c-\x1f\x7f]")


def data_uri(value: str | bytes, mime: str | None = None, parameters: Mapping[Any, Any] | None = None) -> str:
    """The value as a data: URI (RFC 2397); without `mime` the type is guessed from the first bytes.

    Bytes may also come as a text whose undecodable bytes are surrogates.
    """
    data = value if isinstance(value, bytes) else value.encode("utf-8", "surrogateescape")
    kind = guess_type(data) if mime is None else mime
    shown = "".join(f";{name}={quote(str(setting), safe='')}" for name, setting in (parameters or {}).items())
    if kind.startswith("text/"):
        return f"data:{kind}{shown},{quote(data, safe='')}"
    return f"data:{kind}{shown};base64,{base64.b64encode(data).decode('ascii')}"


def guess_type(data: bytes) -> str:
    """The media type by signature, for what mails carry: pictures, fonts, documents, text."""
    if not data:
        return "application/x-empty"
    if _SVG.match(data):
        return "image/svg+xml"
    if data.startswith(b"RIFF") and data[8:12] == b"WEBP":
        return "image/webp"
    known = next((kind for signature, kind in _SIGNATURES if data.startswith(signature)), None)
    if known is not None:
        return known
    if _HTML.match(data):
        return "text/html"
    return "application/octet-stream" if _CONTROL.search(data) else "text/plain"


def html_classes(*args: Any) -> str:
    """Class names: texts as they are, and the keys of mappings whose values are true; each once.

    Raises ValueError with Twig's message for anything else.
    """
    found: list[str] = []
    for place, argument in enumerate(args):
        if isinstance(argument, str):
            found.append(str(argument))
        elif isinstance(argument, dict | list):
            found += _true_classes(place, argument)
        else:
            raise ValueError(
                f'The "html_classes" function argument {place} should be either a string or an array, '
                f'got "{_kind(argument)}".'
            )
    return " ".join(dict.fromkeys(name for name in found if name))


def _true_classes(place: int, argument: dict[Any, Any] | list[Any]) -> list[str]:
    pairs = list(enumerate(argument)) if isinstance(argument, list) else list(argument.items())
    for key, _ in pairs:
        if not isinstance(key, str):
            raise ValueError(
                f'The "html_classes" function argument {place} (key {key}) should be a string, got "{_kind(key)}".'
            )
    return [str(key) for key, condition in pairs if truth(condition)]


def _kind(value: Any) -> str:
    """PHP's get_debug_type()."""
    if value is None:
        return "null"
    return {bool: "bool", int: "int", float: "float", str: "string"}.get(type(value), type(value).__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cva:
    """Class variance authority: base classes, and classes by variant. A template may call `apply` and nothing else."""

    base: Sequence[Any] = ()
    variants: Mapping[Any, Any] = field(default_factory=dict)
    compound_variants: Sequence[Any] = ()
    default_variant: Mapping[Any, Any] = field(default_factory=dict)

    def apply(self, recipes: Any, *additional: Any) -> str:
        """The classes of the chosen variants, each once, in order; `additional` ones last, null for none."""
        chosen = dict(_pairs(recipes))
        found = list(self.base)
        for name, value in chosen.items():
            found += self._variant(name, value)
        for compound in self.compound_variants:
            found += _compound(dict(_pairs(compound)), chosen)
        for name, value in self.default_variant.items():
            if chosen.get(name) is None:
                found += self._variant(name, value)
        classes = " ".join(item for item in [*found, *additional] if isinstance(item, str)).split()
        return " ".join(dict.fromkeys(classes))

    def _variant(self, name: Any, value: Any) -> list[Any]:
        key = str(value).lower() if isinstance(value, bool) else value
        options = dict(_pairs(self.variants.get(name)))
        return _listed(options.get("" if key is None else key))


def html_cva(
    base: Any = None,
    variants: Any = None,
    compoundVariants: Any = None,  # noqa: N803  Twig's names
    defaultVariant: Any = None,  # noqa: N803
) -> Cva:
    """The object whose `apply` gives the classes."""
    return Cva(
        base=tuple(_listed(base)),
        variants=dict(_pairs(variants)),
        compound_variants=tuple(_listed(compoundVariants)),
        default_variant=dict(_pairs(defaultVariant)),
    )


def _compound(compound: dict[Any, Any], chosen: dict[Any, Any]) -> list[Any]:
    """The classes of a combination, none unless every part of it was chosen."""
    for name, values in compound.items():
        if name != "class" and (chosen.get(name) is None or chosen[name] not in _listed(values)):
            return []
    return _listed(compound.get("class"))


def _pairs(value: Any) -> list[tuple[Any, Any]]:
    if isinstance(value, dict):
        return list(value.items())
    return list(enumerate(value)) if isinstance(value, list | tuple) else []


def _listed(value: Any) -> list[Any]:
    """PHP's (array): nothing for null, the values of an array, else the value alone."""
    if value is None:
        return []
    if isinstance(value, dict):
        return list(value.values())
    return list(value) if isinstance(value, list | tuple) else [value]
