"""The escaping strategies: html, js, css, url, html_attr, html_attr_relaxed."""

from __future__ import annotations

import re
from collections.abc import Callable
from urllib.parse import quote

from tracking.rendering.twig.budget import grow, read
from tracking.rendering.twig.errors import TwigRuntimeError
from tracking.rendering.twig.php import has_text, text
from tracking.rendering.twig.run import Run
from tracking.rendering.twig.values import Markup, Value

try:  # the C function that only escapes; markupsafe's public one also wraps its result
    from markupsafe._speedups import _escape_inner as _quick
except ImportError:  # pragma: no cover - builds without the C part
    from markupsafe._native import _escape_inner as _quick

_JS = re.compile(r"[^a-zA-Z0-9,._]")
_CSS = re.compile(r"[^a-zA-Z0-9]")
_ATTRIBUTE = re.compile(r"[^a-zA-Z0-9,.\-_]")
_RELAXED = re.compile(r"[^a-zA-Z0-9,.\-_:@\[\]]")
_JS_SHORT = {"\\": "\\\\", "/": "\\/", "\x08": "\\b", "\x0c": "\\f", "\n": "\\n", "\r": "\\r", "\t": "\\t"}
_ENTITIES = {'"': "&quot;", "&": "&amp;", "<": "&lt;", ">": "&gt;"}
_BMP = 0x10000
_LONG = 256  # characters


def html_text(value: str) -> str:
    """A string with & < > " ' as entities."""
    escaped: str = _quick(value)
    return escaped if escaped is value else escaped.replace("&#34;", "&quot;").replace("&#39;", "&#039;")


def escape_html(value: Value) -> str:
    """What autoescaping does to a printed value: safe strings pass."""
    if type(value) is not str:
        if type(value) is int:
            return str(value)
        if type(value) is Markup:
            return text(value)
        value = text(value)
    if len(value) > _LONG:
        return _escape_long(value)
    escaped: str = _quick(value)
    if escaped is value or "&#3" not in escaped:
        return escaped
    return escaped.replace("&#34;", "&quot;").replace("&#39;", "&#039;")


def _escape_long(value: str) -> str:
    """What is printed many times is escaped many times: work and memory that the rendering answers for."""
    read(value)
    escaped = html_text(value)
    if escaped is not value:
        grow(len(escaped))
    return escaped


def auto_escape(run: Run, value: Value, strategy: str) -> Value:
    """Autoescaping by another strategy."""
    return value if type(value) is Markup else _by(run, value, strategy)


def escape(run: Run, value: Value, strategy: Value = "html", charset: Value = None, autoescape: Value = False) -> Value:
    """The filter `escape`: strings, and values that have a text; others are given back."""
    if autoescape and type(value) is Markup:
        return value
    return _by(run, value, text(strategy))


def _by(run: Run, value: Value, strategy: str) -> Value:
    if has_text(value):
        value = text(value)
    elif type(value) is not str and strategy in STRATEGIES:
        return value
    if value == "":
        return ""
    if strategy not in STRATEGIES:
        valid = '", "'.join(_LISTED)
        raise TwigRuntimeError(f'Invalid escaping strategy "{strategy}" (valid ones: "{valid}").')
    run.text(len(value) * 6)
    return STRATEGIES[strategy](text(value))


def _checked(value: str) -> str:
    try:
        value.encode()
    except UnicodeEncodeError:
        raise TwigRuntimeError("The string to escape is not a valid UTF-8 string.") from None
    return value


def _js(value: str) -> str:
    return _JS.sub(lambda found: _js_character(found[0]), _checked(value))


def _js_character(character: str) -> str:
    if character in _JS_SHORT:
        return _JS_SHORT[character]
    code = ord(character)
    if code < _BMP:
        return f"\\u{code:04X}"
    code -= _BMP
    return f"\\u{0xD800 | code >> 10:04X}\\u{0xDC00 | code & 0x3FF:04X}"


def _css(value: str) -> str:
    return _CSS.sub(lambda found: f"\\{ord(found[0]):X} ", _checked(value))


def _html_attr(value: str) -> str:
    return _ATTRIBUTE.sub(lambda found: _attribute_character(found[0]), _checked(value))


def _html_attr_relaxed(value: str) -> str:
    return _RELAXED.sub(lambda found: _attribute_character(found[0]), _checked(value))


def _attribute_character(character: str) -> str:
    code = ord(character)
    if (code <= 0x1F and character not in "\t\n\r") or code == 0x7F:
        return "&#xFFFD;"
    if code < 0x80:
        return _ENTITIES.get(character) or f"&#x{code:02X};"
    return f"&#x{code:04X};"


def _url(value: str) -> str:
    return quote(value.encode("utf-8", "surrogateescape"), safe="")


STRATEGIES: dict[str, Callable[[str], str]] = {
    "html": html_text,
    "js": _js,
    "css": _css,
    "html_attr": _html_attr,
    "url": _url,
    "html_attr_relaxed": _html_attr_relaxed,
}
_LISTED = ("html", "js", "url", "css", "html_attr", "html_attr_relaxed")


def by_file_name(name: str | None) -> str | bool:
    """The strategy that a template's name asks for: `x.js.twig` is js, `x.txt` none, else html."""
    parts = (name or "").replace("/", ".").removesuffix(".twig").rsplit(".", 1)
    if len(parts) < 2:
        return "html"
    by_ending: dict[str, str | bool] = {"js": "js", "css": "css", "txt": False}
    return by_ending.get(parts[1], "html")
