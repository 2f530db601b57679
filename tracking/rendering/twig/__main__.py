"""`python -m tracking.rendering.twig`: JSON lines in, JSON lines out, in the same order.

In: {"templates": {name: source}, "main": name, "context": {...}, "autoescape": "html", "strict": false, "tz": "UTC"},
or "template": source for a single one; "globals" as the context. Out: {"output": text}, or
{"error": {"class", "message", "line"}}. A line that is no such object is answered with an error too.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator
from typing import Any

import jinja2

from tracking.rendering.twig import Environment, Limits, TwigError
from tracking.rendering.twig.tagged import untagged

_MAIN = "index.twig"
_LIMITS = Limits(seconds=5.0)  # whoever compares wants the answer, also of a machine that is busy


def answer(line: str) -> dict[str, Any]:
    """The answer to one line."""
    try:
        return {"output": _render(json.loads(line))}
    except TwigError as error:
        return _error(error.twig_class, error.message, error.line)
    except (ValueError, TypeError, LookupError, AttributeError, RecursionError) as error:
        return _error("InvalidRequest", f"{type(error).__name__}: {error}", None)


def _render(request: dict[str, Any]) -> str:
    templates = request.get("templates") or {}
    main = request.get("main", _MAIN)
    if "template" in request:
        templates = {main: request["template"]}
    environment = Environment(
        jinja2.DictLoader(templates),
        autoescape=request.get("autoescape", "html"),
        strict=bool(request.get("strict", False)),
        timezone=request.get("tz") or "UTC",
        globals=untagged(request.get("globals") or {}),
        limits=_LIMITS,
    )
    return environment.get_template(main).render(untagged(request.get("context") or {}))


def _error(kind: str, message: str, line: int | None) -> dict[str, Any]:
    return {"error": {"class": kind, "message": message, "line": line}}


def answers(lines: Iterable[str]) -> Iterator[str]:
    """The answers to lines that are not blank, as JSON."""
    for line in lines:
        if line.strip():
            shown = json.dumps(answer(line), ensure_ascii=False)
            yield shown.encode("utf-8", "backslashreplace").decode("utf-8")


def main() -> None:
    """Answer standard input on standard output."""
    for line in answers(sys.stdin):
        sys.stdout.write(line + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
