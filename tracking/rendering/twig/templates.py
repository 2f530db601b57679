"""What compiled templates do with other templates: inheritance, blocks, includes, macros."""

from __future__ import annotations

from typing import Any

from tracking.rendering.twig.errors import PhpError, TwigLoaderError, TwigRuntimeError
from tracking.rendering.twig.php import as_dict, text, type_name
from tracking.rendering.twig.run import Blocks, Code, Context, Loaded, Run, captured, fork, fork_with, fresh
from tracking.rendering.twig.values import Thing, Value

_ARRAYS = frozenset({list, dict})


def template_named(run: Run, name: str) -> Loaded:
    """The template of this name within this rendering. Raises TwigLoaderError."""
    found = run.loaded.get(name)
    if found is None:
        if len(run.loaded) >= run.limits.templates:
            raise TwigRuntimeError(f"More than {run.limits.templates} templates are used.")
        found = run.loaded[name] = Loaded(run.environment.code(name), run)
    return found


def load(run: Run, here: Loaded, wanted: Value) -> Loaded:
    """The template a tag names; of a list the first that exists."""
    if type(wanted) is Loaded:
        return wanted
    if type(wanted) in _ARRAYS:
        return _first(run, here, list(wanted.values()) if type(wanted) is dict else wanted)
    return template_named(run, text(wanted))


def _first(run: Run, here: Loaded, wanted: list[Value]) -> Loaded:
    if len(wanted) == 1:
        return load(run, here, wanted[0])
    for one in wanted:
        if type(one) is Loaded:
            return one
        name = text(one)
        if run.environment.has_template(name):
            return template_named(run, name)
    names = '", "'.join(text(one) for one in wanted)
    raise TwigLoaderError(f'Unable to find one of the following templates: "{names}".')


def load_parent(run: Run, here: Loaded, wanted: Value) -> Loaded:
    """The template that this one extends."""
    return load(run, here, wanted)


def load_use(run: Run, here: Loaded, name: str, aliases: tuple[tuple[str, str], ...]) -> Blocks:
    """The blocks of a template that this one uses, some under other names."""
    run.enter(1)
    used = template_named(run, name)
    run.leave()
    if not used.code.traitable:
        raise TwigRuntimeError(f'Template "{name}" cannot be used as a trait.')
    blocks = dict(used.blocks)
    for block, alias in aliases:
        if block not in blocks:
            raise TwigRuntimeError(f'Block "{block}" is not defined in trait "{name}".')
        blocks[alias] = blocks[block]
        del blocks[block]  # also where a block is "renamed" to its own name: Twig drops it then
    return blocks


def display(run: Run, loaded: Loaded, ctx: Context, blocks: Blocks, out: list[str]) -> None:
    """A whole template, with the blocks of the templates that extend it before its own."""
    run.enter(loaded.code.weight)
    loaded.code.body(run, loaded, ctx, {**loaded.blocks, **blocks} if blocks else loaded.blocks, out)
    run.leave()


def parent_of(run: Run, loaded: Loaded, ctx: Context) -> Loaded | None:
    """The template that it extends with this context."""
    return None if loaded.code.parent is None else loaded.code.parent(run, loaded, ctx)


def display_block(  # noqa: PLR0917 - Twig's own list, or the engine's calling shape
    run: Run, loaded: Loaded, name: str, ctx: Context, blocks: Blocks, out: list[str], origin: Loaded | None = None
) -> None:
    """A block: the overriding one, the template's own, or its parents'."""
    found = blocks.get(name) or loaded.blocks.get(name)
    if found is not None:
        _run_block(run, found, ctx, blocks, out)
        return
    _inherited_block(run, loaded, name, ctx, blocks, out, origin)


def _run_block(run: Run, found: tuple[Loaded, Any, int], ctx: Context, blocks: Blocks, out: list[str]) -> None:
    template, function, cost = found
    run.enter(cost)
    function(run, template, ctx, blocks, out)
    run.leave()


def _inherited_block(  # noqa: PLR0917 - Twig's own list, or the engine's calling shape
    run: Run, loaded: Loaded, name: str, ctx: Context, blocks: Blocks, out: list[str], origin: Loaded | None
) -> None:
    parent = parent_of(run, loaded, ctx)
    if parent is not None:
        _own_block(run, parent, name, ctx, {**loaded.blocks, **blocks}, out, origin or loaded)
    elif name in blocks:
        child = blocks[name][0].code.name
        what = f'Block "{name}" should not call parent() in "{child}" as the block does not exist'
        raise TwigRuntimeError(f'{what} in the parent template "{loaded.code.name}".', name=child)
    else:
        raise TwigRuntimeError(f'Block "{name}" on template "{loaded.code.name}" does not exist.')


def _own_block(  # noqa: PLR0917 - Twig's own list, or the engine's calling shape
    run: Run, loaded: Loaded, name: str, ctx: Context, blocks: Blocks, out: list[str], origin: Loaded | None = None
) -> None:
    """A block as this template or its parents have it, whatever overrides it."""
    found = loaded.blocks.get(name)
    if found is not None:
        _run_block(run, found, ctx, blocks, out)
    else:
        run.enter(1)
        _inherited_block(run, loaded, name, ctx, blocks, out, origin)
        run.leave()


def render_block(run: Run, loaded: Loaded, name: Value, ctx: Context, blocks: Blocks) -> str:
    """`block(name)`."""
    out: list[str] = []
    display_block(run, loaded, text(name), ctx, blocks, out)
    return run.joined(out)


def render_parent(run: Run, loaded: Loaded, name: str, ctx: Context, blocks: Blocks) -> str:
    """`parent()`: the block as the used or extended template has it."""
    out: list[str] = []
    if name in loaded.traits:
        _run_block(run, loaded.traits[name], ctx, blocks, out)
        return run.joined(out)
    parent = parent_of(run, loaded, ctx)
    if parent is None:
        raise TwigRuntimeError(f'The template has no parent and no traits defining the "{name}" block.')
    _own_block(run, parent, name, ctx, blocks, out)
    return run.joined(out)


def has_block(run: Run, loaded: Loaded, name: Value, ctx: Context, blocks: Blocks) -> bool:
    """`block(name) is defined`."""
    wanted = text(name)
    if wanted in blocks or wanted in loaded.blocks:
        return True
    parent = parent_of(run, loaded, ctx)
    if parent is None:
        return False
    run.enter(1)
    found = has_block(run, parent, wanted, ctx, {})
    run.leave()
    return found


def include(  # noqa: PLR0917 - Twig's own list, or the engine's calling shape
    run: Run,
    here: Loaded,
    wanted: Value,
    ctx: Context,
    variables: Value,
    only: bool,
    ignore_missing: bool,
    out: list[str],
) -> None:
    """The tag `include`."""
    if type(wanted) is Code:
        loaded = _embedded(run, wanted, _included_context(run, ctx, variables, only), ignore_missing)
    else:
        loaded = _found(run, here, wanted, ignore_missing)
    if loaded is not None:
        display(run, loaded, _included_context(run, ctx, variables, only), {}, out)


def _found(run: Run, here: Loaded, wanted: Value, ignore_missing: bool) -> Loaded | None:
    try:
        return load(run, here, wanted)
    except TwigLoaderError as error:
        if not ignore_missing or error.name is not None:
            raise
        return None


def _embedded(run: Run, code: Code, ctx: Context, ignore_missing: bool) -> Loaded | None:
    loaded = Loaded(code, run)
    if ignore_missing and code.parent is not None:
        try:
            code.parent(run, loaded, ctx)
        except TwigLoaderError:
            return None
    return loaded


def _included_context(run: Run, ctx: Context, variables: Value, only: bool) -> Context:
    if variables is None:
        return fresh(run, {}) if only else ctx
    given = _as_mapping(variables, 'Variables passed to the "include" function or tag must be iterable, got "{}".')
    return fresh(run, given) if only else fork_with(ctx, given)


def _as_mapping(variables: Value, refusal: str) -> dict[str, Value]:
    if type(variables) is Thing and variables.listed:
        variables = variables.items
    if type(variables) not in _ARRAYS:
        raise TwigRuntimeError(refusal.format(type_name(variables)))
    return {str(name): value for name, value in as_dict(variables).items()}


def function_include(  # noqa: PLR0917 - Twig's own list, or the engine's calling shape
    run: Run,
    here: Loaded,
    ctx: Context,
    template: Value,
    variables: Value = None,
    with_context: Value = True,
    ignore_missing: Value = False,
    sandboxed: Value = False,
) -> Value:
    """The function `include`."""
    loaded = _found(run, here, template, bool(ignore_missing))
    if loaded is None:
        return ""
    out: list[str] = []
    given = None if variables is None or (type(variables) in _ARRAYS and not variables) else variables
    display(run, loaded, _included_context(run, ctx, given, not with_context), {}, out)
    return captured(run, out)


def function_include_only(  # noqa: PLR0917 - Twig's own list, or the engine's calling shape
    run: Run, here: Loaded, ctx: Context, template: Value, variables: Value = None, ignore_missing: Value = False
) -> Value:
    """The function `include_only`."""
    return function_include(run, here, ctx, template, variables, False, ignore_missing)


def function_template_from_string(run: Run, here: Loaded, ctx: Context, template: Value, name: Value = None) -> Loaded:
    """A template made of a string."""
    source = text(template)
    run.grow(64 * len(source))
    run.charge(64 * len(source))  # compiling costs far more than rendering
    if len(run.loaded) >= run.limits.templates:
        raise TwigRuntimeError(f"More than {run.limits.templates} templates are used.")
    code = run.environment.string_code(source, None if name is None else text(name))
    loaded = run.loaded[f"\0{len(run.loaded)}"] = Loaded(code, run)
    return loaded


def with_variables(run: Run, ctx: Context, variables: Value, only: bool) -> Context:
    """The context inside a `with` tag."""
    if variables is None:
        return fresh(run, {}) if only else fork(ctx)
    given = _as_mapping(variables, 'Variables passed to the "with" tag must be a mapping.')
    return fresh(run, given) if only else fork_with(ctx, given)


# -- macros


def has_macro(run: Run, space: Loaded | None, name: Value, ctx: Context) -> bool:
    """`macro is defined`."""
    return space is not None and _macro_home(run, space, text(name), ctx) is not None


def _macro_home(run: Run, space: Loaded, name: str, ctx: Context) -> Loaded | None:
    home: Loaded | None = space
    for _ in range(run.limits.calls):
        if home is None or name in home.code.macros:
            return home
        home = parent_of(run, home, ctx)
    return None


def call_macro(  # noqa: PLR0917 - Twig's own list, or the engine's calling shape
    run: Run, space: Loaded | None, name: Value, ctx: Context, positional: tuple[Value, ...], named: dict[str, Value]
) -> Value:
    """A macro's output as a safe string."""
    if space is None:
        raise PhpError("Call to a member function getTemplateForMacro() on null")
    wanted = text(name)
    home = _macro_home(run, space, wanted, ctx)
    if home is None:
        raise TwigRuntimeError(f'Macro "{wanted}" is not defined in template "{space.code.name}".')
    body, parameters, defaults, cost = home.code.macros[wanted]
    values = dict(zip(parameters, defaults(), strict=True))
    values["varargs"] = _bind(values, parameters, positional, named)
    out: list[str] = []
    run.enter(cost + len(values))
    body(run, home, fresh(run, values), {}, out)
    run.leave()
    return captured(run, out)


def _bind(
    values: dict[str, Value], parameters: tuple[str, ...], positional: tuple[Value, ...], named: dict[str, Value]
) -> Value:
    """Put the arguments into `values`; gives those that no parameter takes."""
    values.update(zip(parameters, positional, strict=False))
    rest: list[Value] = list(positional[len(parameters) :])
    extra: dict[int | str, Value] = {}
    for name, value in named.items():
        if name in values:
            values[name] = value
        else:
            extra[name] = value
    return dict(enumerate(rest)) | extra if extra else rest
