"""Twig's environment on Jinja2's: its loaders, cache and bytecode cache, with Twig's language."""

from __future__ import annotations

import ast
import hashlib
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from types import CodeType, TracebackType
from typing import Any

import jinja2
from jinja2.sandbox import SandboxedEnvironment

from tracking.rendering.twig import php_dates
from tracking.rendering.twig.budget import spend
from tracking.rendering.twig.compiler import ModuleCompiler
from tracking.rendering.twig.errors import (
    PhpError,
    Place,
    TwigError,
    TwigLimitError,
    TwigLoaderError,
    TwigRuntimeError,
    TwigSyntaxError,
)
from tracking.rendering.twig.escape import by_file_name
from tracking.rendering.twig.library import namespace, standard
from tracking.rendering.twig.limits import Limits
from tracking.rendering.twig.nodes import Module
from tracking.rendering.twig.parser import parse
from tracking.rendering.twig.plain import NotPlain, plain
from tracking.rendering.twig.run import Code, Loaded, Run, fresh
from tracking.rendering.twig.templates import display
from tracking.rendering.twig.values import Value

_MARK = "<twig> "
_REGISTRY = standard()
_NAMESPACE = namespace(_REGISTRY)


class Environment(SandboxedEnvironment):
    """Compiles and keeps templates. One serves many threads; limits hold for each rendering by itself.

    autoescape: a strategy, "name" for by file name, False for none. timezone: what dates are shown in.
    """

    def __init__(
        self,
        loader: jinja2.BaseLoader | None = None,
        *,
        autoescape: str | bool = "html",
        strict: bool = False,
        timezone: str = "UTC",
        limits: Limits | None = None,
        globals: Mapping[str, Value] | None = None,
        bytecode_cache: jinja2.BytecodeCache | None = None,
    ) -> None:
        super().__init__(loader=loader, bytecode_cache=bytecode_cache, autoescape=False)
        self.strategy = autoescape
        self.strict = strict
        self.timezone = php_dates.timezone(timezone)
        self.limits = limits or Limits()
        self.registry = _REGISTRY
        self.twig_globals: dict[str, Value] = plain(dict(globals or {}))
        self.template_class = Template

    # -- Jinja2's steps from source to code

    def _parse(self, source: str, name: str | None, filename: str | None) -> Any:
        return parse(source, name, self.registry, self.limits)

    def _generate(self, source: Any, name: str | None, filename: str | None, defer_init: bool = False) -> Any:
        strategy = by_file_name(name) if self.strategy == "name" else self.strategy
        return ModuleCompiler(self.registry, strategy, name).compile(source)

    def compile(  # type: ignore[override]
        self,
        source: str,
        name: str | None = None,
        filename: str | None = None,
        raw: bool = False,
        defer_init: bool = False,
    ) -> CodeType:
        """Python code of a template. Raises TwigSyntaxError."""
        try:
            tree: Module = self._parse(source, name, filename)
            module: ast.Module = self._generate(tree, name, filename, defer_init)
            return compile(module, _MARK + (name or ""), "exec", dont_inherit=True)
        except (RecursionError, MemoryError, SyntaxError) as error:
            raise TwigSyntaxError("The template is too large or nested too deep.", Place(1, 1), name=name) from error

    # -- templates

    def from_string(  # type: ignore[override]
        self, source: str, globals: Any = None, template_class: Any = None, *, name: str | None = None
    ) -> Template:
        """A template of this text. Raises TwigSyntaxError."""
        code = self.compile(source, name)
        return Template.from_code(self, code, {}, None)

    def get_template(self, name: str, parent: str | None = None, globals: Any = None) -> Template:  # type: ignore[override]
        """The loader's template of this name. Raises TwigLoaderError, TwigSyntaxError."""
        try:
            return super().get_template(name, parent, globals)  # type: ignore[return-value]
        except jinja2.TemplateNotFound as error:
            raise TwigLoaderError(f'Template "{name}" is not defined.') from error
        except TypeError as error:  # no loader configured
            raise TwigLoaderError(f'Template "{name}" is not defined.') from error

    def code(self, name: str) -> Code:
        """The compiled form of the template of this name."""
        return self.get_template(name).code

    def string_code(self, source: str, name: str | None) -> Code:
        """The compiled form of a text, under the name Twig gives it."""
        digest = hashlib.md5(source.encode("utf-8", "surrogateescape"), usedforsecurity=False).hexdigest()
        full = f"__string_template__{digest}" if name is None else f"{name} (string template {digest})"
        return self.from_string(source, name=full).code

    def has_template(self, name: str) -> bool:
        """Does the loader know this name?"""
        try:
            self.source_of(name)
        except TwigLoaderError:
            return False
        return True

    def source_of(self, name: str) -> str:
        """The source of the loader's template of this name."""
        try:
            if self.loader is None:
                raise jinja2.TemplateNotFound(name)
            return self.loader.get_source(self, name)[0]
        except jinja2.TemplateNotFound as error:
            raise TwigLoaderError(f'Template "{name}" is not defined.') from error


class Template(jinja2.Template):
    """One compiled template."""

    code: Code
    twig: Environment
    texts: frozenset[int]  # the identities of its own texts, by which they are told from values in the output

    @classmethod
    def from_code(
        cls, environment: Any, code: CodeType, globals: Any, uptodate: Callable[[], bool] | None = None
    ) -> Template:
        """Run the module of a compiled template and keep its functions."""
        names = dict(_NAMESPACE)
        exec(code, names)  # noqa: S102 - the compiler's own output; texts of the template are constants in it
        template: Template = object.__new__(cls)
        template.environment = template.twig = environment
        template.code = names["CODE"]
        template.texts = frozenset(map(id, _texts(code)))  # they live as long as the code does
        template.name = template.code.name
        template.filename = None
        template.blocks = {}
        template.globals = globals
        template._module = None
        template._debug_info = ""
        template._uptodate = uptodate
        return template

    def render(
        self,
        context: Mapping[str, Any] | None = None,
        /,
        *,
        missing: set[str] | None = None,
        now: datetime | None = None,
    ) -> str:
        """The text for this context. Raises TwigRuntimeError, TwigLoaderError.

        `missing` receives the dotted names that were read and are not there, as far as they are plain: "lead.email",
        without its head "lead" (and none behind `default`, `??`, `is defined`, or where `?.` allows for null).
        `now` is what dates such as "tomorrow" are counted from; the clock's time if None.
        """
        return self.render_pieces(context, missing=missing, now=now)[0]

    def render_pieces(
        self,
        context: Mapping[str, Any] | None = None,
        /,
        *,
        missing: set[str] | None = None,
        now: datetime | None = None,
    ) -> tuple[str, list[str]]:
        """The same, and the pieces it is made of: those in `texts` are the template's own words, the others values."""
        run = Run(self.twig, missing, now)
        before = spend(run)
        try:
            given = context if context is not None else {}
            if self.code.names is not None:  # what it cannot read need not be looked at
                given = {name: given[name] for name in self.code.names if name in given}
            values = plain(dict(given))
            loaded = Loaded(self.code, run)
            if self.name is not None:
                run.loaded[self.name] = loaded
            out: list[str] = []
            display(run, loaded, fresh(run, values), {}, out)
            joined = run.joined(out)
            output = _valid(joined)
            return output, out if output is joined else [output]
        except TwigError as error:
            raise _located(error, error.__traceback__, self.name) from error.__cause__
        except NotPlain as error:
            raise TwigRuntimeError(f"{error}.", name=self.name) from error
        except RecursionError as error:
            raise TwigLimitError("Values are nested too deep.", name=self.name) from error
        except MemoryError as error:
            raise TwigLimitError("There is no memory left.", name=self.name) from error
        except (PhpError, ArithmeticError, LookupError, TypeError, ValueError, AttributeError) as error:
            raise _located(_thrown(error), error.__traceback__, self.name) from error
        finally:
            spend(before)


def _texts(constant: Any) -> Iterator[str]:
    """All texts among the constants of compiled code."""
    if isinstance(constant, str):
        yield constant
    elif isinstance(constant, CodeType):
        yield from _texts(constant.co_consts)
    elif isinstance(constant, tuple):
        for item in constant:
            yield from _texts(item)


def _valid(output: str) -> str:
    """The output as valid Unicode: bytes that were cut out of characters come together again or become U+FFFD."""
    if output.isascii():
        return output
    try:
        output.encode()
    except UnicodeEncodeError:
        return output.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    return output


def _thrown(error: Exception) -> TwigRuntimeError:
    what = str(error) or type(error).__name__
    return TwigRuntimeError(f'An exception has been thrown during the rendering of a template ("{what}").')


def _located(error: TwigError, trace: TracebackType | None, main: str | None) -> TwigError:
    """The error with the template and line of the innermost compiled frame, unless it knows its own."""
    if error.line is not None:
        return error
    name, line = main, None
    while trace is not None:
        file = trace.tb_frame.f_code.co_filename
        if file.startswith(_MARK):
            name, line = file.removeprefix(_MARK), trace.tb_lineno
        trace = trace.tb_next
    error.line = line
    if error.name is None:
        error.name = name or None
    return error
