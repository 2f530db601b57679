"""Templates with logic: the Twig engine behind the interface that both engines share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from tracking.errors import TemplateError
from tracking.rendering import twig
from tracking.rendering.placeholders import Path

# What an author's mail is allowed to cost is in `twig.Limits`; a mail is far below it.
_ENVIRONMENTS = {True: twig.Environment(autoescape="html"), False: twig.Environment(autoescape=False)}


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


@lru_cache(maxsize=2048)
def parse(source: str, *, html: bool) -> LogicTemplate:
    """Raises TemplateError, with line and column, for a template that does not compile."""
    environment = _ENVIRONMENTS[html]
    try:
        paths = twig.names(source, environment=environment)
        return LogicTemplate(environment.from_string(source), tuple(tuple(path.split(".")) for path in sorted(paths)))
    except twig.TwigError as error:
        raise _ours(error) from error


def _ours(error: twig.TwigError) -> TemplateError:
    return TemplateError(error.raw, line=error.line, column=error.column)
