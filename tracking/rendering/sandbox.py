"""Templates with logic: Jinja2's immutable sandbox behind the interface that both engines share."""

from __future__ import annotations

from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from jinja2 import ChainableUndefined, Template, TemplateSyntaxError, meta
from jinja2.sandbox import ImmutableSandboxedEnvironment

from tracking.errors import TemplateError
from tracking.rendering.placeholders import Path

MAX_OUTPUT = 1_000_000  # characters

_missing: ContextVar[set[str] | None] = ContextVar("missing", default=None)


class _Recorded(ChainableUndefined):
    """Renders empty, and leaves word of its name with the render that met it."""

    def __str__(self) -> str:
        found = _missing.get()
        if found is not None and self._undefined_name is not None:
            found.add(str(self._undefined_name))
        return ""

    __html__ = __str__


def _environment(*, html: bool) -> ImmutableSandboxedEnvironment:
    environment = ImmutableSandboxedEnvironment(autoescape=html, undefined=_Recorded)
    for name in ("lipsum", "cycler", "joiner", "namespace"):
        del environment.globals[name]
    return environment


_ENVIRONMENTS = {html: _environment(html=html) for html in (False, True)}


@dataclass(frozen=True, slots=True)
class LogicTemplate:
    """A compiled template, for HTML or for text."""

    template: Template
    heads: tuple[str, ...]

    def names(self) -> list[Path]:
        return [(head,) for head in self.heads]

    def render(self, context: Mapping[str, Any], *, missing: set[str]) -> str:
        """Raises TemplateError for whatever goes wrong inside, and for output over MAX_OUTPUT."""
        token = _missing.set(missing)
        try:
            return self._bounded(context)
        except TemplateError:
            raise
        except Exception as error:  # the template is foreign code: whatever it raises is the author's
            raise TemplateError(str(error) or type(error).__name__) from error
        finally:
            _missing.reset(token)

    def _bounded(self, context: Mapping[str, Any]) -> str:
        pieces: list[str] = []
        size = 0
        for piece in self.template.generate(context):
            size += len(piece)
            if size > MAX_OUTPUT:
                raise TemplateError(f"renders more than {MAX_OUTPUT:,} characters")
            pieces.append(piece)
        return "".join(pieces)


@lru_cache(maxsize=2048)
def parse(source: str, *, html: bool) -> LogicTemplate:
    """Raises TemplateError, with its line, for a template that does not compile."""
    environment = _ENVIRONMENTS[html]
    try:
        heads = meta.find_undeclared_variables(environment.parse(source)) - environment.globals.keys()
        return LogicTemplate(environment.from_string(source), tuple(sorted(heads)))
    except TemplateSyntaxError as error:
        raise TemplateError(error.message or "does not compile", line=error.lineno) from error
    except Exception as error:  # too deep for Jinja's parser or Python's compiler: the template is foreign code
        raise TemplateError(f"does not compile: {error}") from error
