"""Templates with logic: the Twig engine behind the interface that both engines share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple

from tracking.errors import TemplateError
from tracking.rendering import twig
from tracking.rendering.placeholders import Path

# What an author's mail is allowed to cost is in `twig.Limits`; a mail is far below it.
_ENVIRONMENTS = {True: twig.Environment(autoescape="html"), False: twig.Environment(autoescape=False)}


class Pieces(NamedTuple):
    """A rendered body: the template's own words with None for each value, and the values as they stand in it."""

    words: tuple[str | None, ...]
    values: list[str]


@dataclass(frozen=True, slots=True)
class LogicTemplate:
    """A compiled template, for HTML or for text."""

    template: twig.Template
    paths: tuple[Path, ...]

    def names(self) -> list[Path]:
        """The dotted names that the template reads, as far as they are plain."""
        return list(self.paths)

    def render(self, context: Mapping[str, Any], *, missing: set[str]) -> str:
        """Raises TemplateError, with its line, for whatever goes wrong inside, bounds included."""
        try:
            return self.template.render(context, missing=missing)
        except twig.TwigError as error:
            raise _ours(error) from error

    def render_apart(self, context: Mapping[str, Any], *, missing: set[str]) -> tuple[str, Pieces]:
        """The same, and taken apart. Raises TemplateError."""
        try:
            text, pieces = self.template.render_pieces(context, missing=missing)
        except twig.TwigError as error:
            raise _ours(error) from error
        own = self.template.texts
        return text, Pieces(
            tuple([piece if id(piece) in own else None for piece in pieces if piece]),
            [piece for piece in pieces if piece and id(piece) not in own],
        )


@lru_cache(maxsize=2048)
def parse(source: str, *, html: bool) -> LogicTemplate:
    """Raises TemplateError, with line and column, for a template that does not compile."""
    environment = _ENVIRONMENTS[html]
    try:
        paths = twig.names(source, environment=environment)
        return LogicTemplate(environment.from_string(source), tuple(tuple(path.split(".")) for path in sorted(paths)))
    except twig.TwigError as error:
        raise _ours(error) from error


def words(source: str) -> frozenset[str]:
    """Every name that the template's code mentions. Raises TemplateError."""
    try:
        return twig.words(source)
    except twig.TwigError as error:
        raise _ours(error) from error


def _ours(error: twig.TwigError) -> TemplateError:
    return TemplateError(error.raw, line=error.line, column=error.column)
