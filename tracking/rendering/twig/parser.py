"""Tokens -> the tree of one template."""

from __future__ import annotations

from collections.abc import Callable, Collection

from tracking.rendering.twig import patterns
from tracking.rendering.twig.errors import PhpError, Place, TwigSyntaxError, beside, suggest
from tracking.rendering.twig.expressions import expression
from tracking.rendering.twig.layout import check_child, join_texts
from tracking.rendering.twig.lexer import EOF, NAME, TEXT, VAR_END, VAR_START
from tracking.rendering.twig.limits import Limits
from tracking.rendering.twig.nodes import Block, Body, Const, Expr, Macro, Module, Node, Print, Text, Use
from tracking.rendering.twig.registry import Registry
from tracking.rendering.twig.stream import TokenStream
from tracking.rendering.twig.tags import TAGS

_RESERVED = frozenset({"true", "false", "none", "null"})
HEIGHT = 200  # of one expression's tree: chains such as a + b + c ... and x|f|g ...


class Parser:
    """The state of parsing one template, or one `embed` inside it."""

    def __init__(self, stream: TokenStream, registry: Registry, limits: Limits) -> None:
        self.stream = stream
        self.registry = registry
        self.limits = limits
        self.depth = 0
        self.height = 0
        self.loops = 0
        self.unknown_allowed = False
        self.parent: Expr | None = None
        self.has_parent = False
        self.blocks: dict[str, Block] = {}
        self.macros: dict[str, Macro] = {}
        self.uses: list[Use] = []
        self.block_stack: list[str] = []
        self._scopes: list[tuple[set[str], dict[str, tuple[str, str]]]] = [(set(), {})]
        self._names = 0

    def module(self, until: Collection[str] = (), tag: str = "") -> Module:
        """The whole template; an embedded one ends with the tag `until`."""
        line = self.stream.current.line
        body = self.body(until, tag=tag) if until else self.body()
        tree = Module(line, self.stream.name, body, self.parent, self.blocks, self.macros, self.uses)
        if self.has_parent:
            check_child(self.stream, tree)
        return tree

    def nested(self) -> Parser:
        """A parser for an `embed` at this place."""
        inner = Parser(self.stream, self.registry, self.limits)
        inner.depth, inner.unknown_allowed = self.depth, self.unknown_allowed
        inner._names = self._names + 1000
        return inner

    def expression(self, precedence: int = 0) -> Expr:
        """The next expression whose operators bind at least as strongly."""
        return expression(self, precedence)

    # -- statements

    def body(self, until: Collection[str] = (), *, tag: str = "") -> Body:
        """Statements up to the first of the tags in `until`, whose name is left as the current token."""
        outer = self.enter()
        line = self.stream.current.line
        nodes: list[Node] = []
        while not self.stream.at(EOF):
            if self.stream.at(TEXT):
                token = self.stream.next()
                nodes.append(Text(token.line, str(token.value)))
            elif self.stream.at(VAR_START):
                nodes.append(self._print())
            else:
                self.stream.next()
                if self.stream.current.type == NAME and self.stream.current.value in until:
                    break
                nodes.append(self._tag(until, tag, line))
        self.leave(outer)
        return Body(line, join_texts(nodes))

    def _print(self) -> Print:
        token = self.stream.expect(VAR_START)
        expr = expression(self)
        self.stream.expect(VAR_END)
        return Print(token.line, expr)

    def _tag(self, until: Collection[str], tag: str, line: int) -> Node:
        token = self.stream.current
        if token.type != NAME:
            raise self.stream.error("A block must start with a tag name.", token.line)
        name = str(token.value)
        parse = TAGS.get(name)
        if parse is None:
            raise self._unknown_tag(name, token.line, tag if until else None, line)
        self.stream.next()
        return parse(self, token)

    def _unknown_tag(self, name: str, line: int, inside: str | None, opened: int) -> TwigSyntaxError:
        if inside is not None:
            closing = f'(expecting closing tag for the "{inside}" tag defined near line {opened}).'
            return self.stream.error(f'Unexpected "{name}" tag {closing}', line)
        return self.stream.error(f'Unknown "{name}" tag.' + suggest(name, TAGS), line)

    # -- bounds on nesting

    def enter(self) -> int:
        """One level deeper; gives what `leave` takes."""
        self.depth += 1
        if self.depth > self.limits.nesting:
            raise self.stream.error("The template is nested too deep.", self.stream.current.line)
        outer, self.height = self.height, 0
        return outer

    def leave(self, outer: int) -> None:
        """One level back."""
        self.depth -= 1
        self.height = max(outer, self.height)

    def grow(self, height: int, added: int) -> None:
        """The tree of this expression now stands on a left side of this height."""
        self.height = max(height, self.height) + added
        if self.height > HEIGHT:
            raise self.stream.error("The expression is nested too deep.", self.stream.current.line)

    # -- names

    def fresh(self) -> str:
        """A name for a variable of the compiler's own."""
        self._names += 1
        return f"t{self._names}"

    def check_assignable(self, name: str, line: int) -> None:
        """Literals are no variables."""
        if name.lower() in _RESERVED:
            raise self.stream.error(f'You cannot assign a value to "{name}".', line)

    def check_known(self, kind: str, name: str, line: int) -> None:
        """Is there a filter or function of this name? A `guard` around it forgives."""
        table = self.registry.table(kind)
        if name not in table and not self.unknown_allowed:
            raise self.stream.error(f'Unknown "{name}" {kind}.' + suggest(name, table), line)

    def test_name(self, line: int) -> str:
        """The name of a test, which may be two words."""
        token = self.stream.expect(NAME)
        name = str(token.value)
        if self.stream.at(NAME):
            two = f"{name} {self.stream.current.value}"
            if two in self.registry.tests:
                self.stream.next()
                return two
        if name not in self.registry.tests:
            message = f'Unknown "{name}" test.' + suggest(name, self.registry.tests)
            raise self.stream.error(message, beside(line, token.line))
        return name

    def check_pattern(self, node: Const) -> None:
        """A literal pattern of `matches` is tried when the template is compiled."""
        if isinstance(node.value, str):
            try:
                patterns.compiled(node.value)
            except PhpError as error:
                message = f'Regexp "{node.value}" passed to "matches" is not valid: {error}.'
                raise self.stream.error(message, node.line) from error

    # -- imported macros

    @property
    def has_inheritance(self) -> bool:
        """Does `parent()` make sense?"""
        return self.has_parent or bool(self.uses)

    @property
    def in_main_scope(self) -> bool:
        """Outside of all blocks and macros?"""
        return len(self._scopes) == 1

    def scoped(self, act: Callable[[], Body]) -> Body:
        """What `act` parses sees its own imports and the main ones."""
        self._scopes.insert(0, (set(), {}))
        body = act()
        self._scopes.pop(0)
        return body

    def import_space(self, alias: str) -> None:
        """`import ... as alias` was read."""
        self._scopes[0][0].add(alias)

    def import_macro(self, alias: str, space: str, macro: str) -> None:
        """`from ... import macro as alias` was read."""
        self._scopes[0][1][alias] = (space, macro)

    def is_imported(self, alias: str) -> bool:
        """Is it the name of imported macros?"""
        return alias in self._scopes[0][0] or alias in self._scopes[-1][0]

    def imported_macro(self, alias: str) -> tuple[str, str] | None:
        """The space and name of a macro that was imported as `alias`."""
        return self._scopes[0][1].get(alias) or self._scopes[-1][1].get(alias)


def parse(source: str, name: str | None, registry: Registry, limits: Limits) -> Module:
    """The tree of a template. Raises TwigSyntaxError."""
    if len(source) > limits.source:
        raise TwigSyntaxError(f"The template is longer than {limits.source} characters.", Place(1, 1), name=name)
    return Parser(TokenStream(source, name, limits.tokens), registry, limits).module()
