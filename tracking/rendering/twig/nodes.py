"""The tree of a template: expressions and statements, each with the line it stands on."""

from __future__ import annotations

from dataclasses import dataclass, field

from tracking.rendering.twig.values import Value


@dataclass(slots=True, eq=False)
class Node:
    """Anything in the tree."""

    line: int


@dataclass(slots=True, eq=False)
class Expr(Node):
    """Anything that has a value."""


@dataclass(slots=True, eq=False)
class Const(Expr):
    """A literal, also `true`, `null` ..."""

    value: Value


@dataclass(slots=True, eq=False)
class Empty(Expr):
    """A slot left empty, as in `[a, , b] = c`."""


@dataclass(slots=True, eq=False)
class Name(Expr):
    """A variable of the context."""

    name: str


@dataclass(slots=True, eq=False)
class Temp(Expr):
    """A value of the compiler's own: what an `apply` tag captured."""

    name: str


@dataclass(slots=True, eq=False)
class Escape(Expr):
    """What the autoescaping puts around an expression."""

    node: Expr
    strategy: str


@dataclass(slots=True, eq=False)
class ArrayLiteral(Expr):
    """`[...]` or `{...}`; a key is None for an element without one, a value may be a Spread."""

    items: list[tuple[Expr | None, Expr]]
    mapping: bool = False


@dataclass(slots=True, eq=False)
class Spread(Expr):
    """`...value`."""

    node: Expr


@dataclass(slots=True, eq=False)
class Unary(Expr):
    """`-`, `+`, `not`; `grouped` tells that it stands in parentheses."""

    operator: str
    node: Expr
    grouped: bool = False


@dataclass(slots=True, eq=False)
class Binary(Expr):
    """An operator between two values."""

    operator: str
    left: Expr
    right: Expr


@dataclass(slots=True, eq=False)
class Ternary(Expr):
    """`test ? left : right`."""

    test: Expr
    left: Expr
    right: Expr


@dataclass(slots=True, eq=False)
class Elvis(Expr):
    """`left ?: right`."""

    left: Expr
    right: Expr


@dataclass(slots=True, eq=False)
class Coalesce(Expr):
    """`left ?? right`."""

    left: Expr
    right: Expr


@dataclass(slots=True, eq=False)
class Arguments:
    """Positional arguments (Spread among them) and named ones, in order of writing."""

    positional: list[Expr] = field(default_factory=list)
    named: dict[str, Expr] = field(default_factory=dict)


@dataclass(slots=True, eq=False)
class GetAttr(Expr):
    """`node.attribute`, `node[attribute]`, `node.attribute(...)`; `call` is any, array or method."""

    node: Expr
    attribute: Expr
    call: str = "any"
    arguments: Arguments = field(default_factory=Arguments)
    null_safe: bool = False


@dataclass(slots=True, eq=False)
class FilterCall(Expr):
    """`node|name(...)`."""

    node: Expr
    name: str
    arguments: Arguments


@dataclass(slots=True, eq=False)
class FunctionCall(Expr):
    """`name(...)`."""

    name: str
    arguments: Arguments


@dataclass(slots=True, eq=False)
class TestCall(Expr):
    """`node is name(...)`."""

    node: Expr
    name: str
    arguments: Arguments


@dataclass(slots=True, eq=False)
class ArrowFunction(Expr):
    """`(a, b) => body`."""

    parameters: list[str]
    body: Expr


@dataclass(slots=True, eq=False)
class BlockCall(Expr):
    """`block(name)`, `block(name, template)`."""

    name: Expr
    template: Expr | None


@dataclass(slots=True, eq=False)
class ParentCall(Expr):
    """`parent()` inside the block `name`."""

    name: str


@dataclass(slots=True, eq=False)
class MacroCall(Expr):
    """A call of a macro; `space` is the key under which its template was imported."""

    space: str
    name: str | Expr
    arguments: Arguments


@dataclass(slots=True, eq=False)
class Assign(Expr):
    """`name = value`."""

    name: str
    value: Expr


@dataclass(slots=True, eq=False)
class AssignSequence(Expr):
    """`[a, b] = value`; None where a slot is empty."""

    names: list[str | None]
    value: Expr


@dataclass(slots=True, eq=False)
class AssignMapping(Expr):
    """`{property: variable} = value`."""

    names: list[tuple[str, str]]
    value: Expr


@dataclass(slots=True, eq=False)
class Body(Node):
    """Statements one after the other."""

    nodes: list[Node]


@dataclass(slots=True, eq=False)
class Text(Node):
    """Text outside all tags."""

    text: str


@dataclass(slots=True, eq=False)
class Print(Node):
    """`{{ expr }}`."""

    expr: Expr


@dataclass(slots=True, eq=False)
class If(Node):
    """`if`, `elseif`, `else`."""

    branches: list[tuple[Expr, Body]]
    otherwise: Body | None


@dataclass(slots=True, eq=False)
class For(Node):
    """`for key, value in sequence`."""

    key: str | None
    value: str
    sequence: Expr
    body: Body
    otherwise: Body | None


@dataclass(slots=True, eq=False)
class SetValues(Node):
    """`set a, b = 1, 2`."""

    names: list[str]
    values: list[Expr]


@dataclass(slots=True, eq=False)
class Capture(Node):
    """`set name` ... `endset`; `temp` for the compiler's own variables."""

    name: str
    body: Body
    temp: bool = False


@dataclass(slots=True, eq=False)
class BlockPlace(Node):
    """Where a block is defined and displayed."""

    name: str


@dataclass(slots=True, eq=False)
class Include(Node):
    """`include`."""

    template: Expr
    variables: Expr | None
    only: bool
    ignore_missing: bool


@dataclass(slots=True, eq=False)
class Embed(Include):
    """`embed`; `module` is the template that it contains."""

    module: Module = field(kw_only=True)


@dataclass(slots=True, eq=False)
class Import(Node):
    """`import`, `from`; `everywhere` when the blocks and macros of the template see it too."""

    template: Expr
    space: str
    everywhere: bool


@dataclass(slots=True, eq=False)
class With(Node):
    """`with`."""

    variables: Expr | None
    only: bool
    body: Body


@dataclass(slots=True, eq=False)
class AutoEscape(Node):
    """`autoescape`; a strategy or False."""

    strategy: str | bool
    body: Body


@dataclass(slots=True, eq=False)
class Do(Node):
    """`do`."""

    expr: Expr


@dataclass(slots=True, eq=False)
class Nothing(Node):
    """A tag that leaves nothing in place: macro, use, extends, types, flush ..."""

    expr: Expr | None = None


@dataclass(slots=True, eq=False)
class Block(Node):
    """The content of a block."""

    name: str
    body: Body


@dataclass(slots=True, eq=False)
class Macro(Node):
    """`macro`; parameters with their defaults."""

    name: str
    parameters: dict[str, Expr]
    body: Body


@dataclass(slots=True, eq=False)
class Use(Node):
    """`use`; `aliases` maps a block's name there to its name here."""

    template: str
    aliases: dict[str, str]


@dataclass(slots=True, eq=False)
class Module(Node):
    """A whole template."""

    name: str | None
    body: Body
    parent: Expr | None
    blocks: dict[str, Block]
    macros: dict[str, Macro]
    uses: list[Use]
