"""Imports point down: doors > tasks > pipeline > store > models > engines > words. No cycle, no late import."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent

WORDS = ("errors", "choices", "validation", "triggers", "events", "definition", "signals", "roles", "wording")
ENGINES = ("matching", "rendering", "mail", "smtp", "policy")
LAYERS = (  # from the ground up; "conf" and what stands beside it read the settings, which engines may not
    WORDS,
    ENGINES,
    ("conf", "logs", "credentials", "metrics"),
    ("models",),
    ("store",),
    ("access",),  # who may see and do what: the doors ask, and long work that goes on in somebody's name
    ("pipeline",),
    ("tasks",),
    ("emit",),
    ("grants",),
)
HEIGHT = {room: height for height, rooms in enumerate(LAYERS) for room in rooms}
DOORS = len(LAYERS)  # admin, api, management, receivers, checks and whatever comes: they may import all

LATE = {("tracking/apps.py", "ready")}  # Django wants the models loaded first
DJANGO = {"tracking.choices": {"django.db.models"}}  # TextChoices: one vocabulary, and it loads without settings


def sources() -> list[Path]:
    return [path for path in sorted((ROOT / "tracking").rglob("*.py")) if "migrations" not in path.parts]


def module_of(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {module_of(path): path for path in sources()}


def room_of(module: str) -> str:
    return module.split(".")[1] if "." in module else ""


def height_of(module: str) -> int:
    return HEIGHT.get(room_of(module), DOORS)


@cache
def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text())


@cache
def imported(module: str, *, typing_too: bool) -> frozenset[str]:
    """Names of the modules that this one imports; those for type checkers alone only when asked."""
    return frozenset(_imported(module, typing_too=typing_too))


def _imported(module: str, *, typing_too: bool) -> Iterator[str]:
    tree = tree_of(MODULES[module])
    skipped = set() if typing_too else {id(node) for guard in _guards(tree) for node in ast.walk(guard)}
    for node in ast.walk(tree):
        if id(node) in skipped:
            continue
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = _absolute(module, node)
            yield from (f"{base}.{alias.name}" if f"{base}.{alias.name}" in MODULES else base for alias in node.names)


def _guards(tree: ast.Module) -> Iterator[ast.If]:
    for node in ast.walk(tree):
        if isinstance(node, ast.If) and ast.unparse(node.test) in {"TYPE_CHECKING", "typing.TYPE_CHECKING"}:
            yield node


def _absolute(module: str, node: ast.ImportFrom) -> str:
    if not node.level:
        return node.module or ""
    package = module.split(".") if MODULES[module].name == "__init__.py" else module.split(".")[:-1]
    return ".".join([*package[: len(package) - node.level + 1], *filter(None, [node.module])])


def ours(module: str, *, typing_too: bool = True) -> set[str]:
    return {name for name in imported(module, typing_too=typing_too) if name.split(".")[0] == "tracking"}


@pytest.mark.parametrize("module", MODULES)
def test_imports_point_down(module):
    upward = {name for name in ours(module) if height_of(name) > height_of(module)}

    assert upward == set()


@pytest.mark.parametrize("module", [name for name in MODULES if room_of(name) in ENGINES])
def test_engines_do_not_know_each_other(module):
    others = {name for name in ours(module) if room_of(name) in ENGINES and room_of(name) != room_of(module)}

    assert others == set()


@pytest.mark.parametrize("module", [name for name in MODULES if room_of(name) in (*ENGINES, *WORDS)])
def test_engines_and_words_know_neither_orm_nor_settings_nor_celery(module):
    foreign = {
        name
        for name in imported(module, typing_too=True)
        if name.split(".")[0] in {"django", "celery", "kombu", "rest_framework", "redis", "psycopg2"}
    }
    allowed = {"django.dispatch"} if room_of(module) == "signals" else DJANGO.get(module, set())

    assert foreign - allowed == set()


@pytest.mark.parametrize("module", [name for name in MODULES if height_of(name) < HEIGHT["tasks"]])
def test_nothing_below_the_tasks_knows_celery(module):
    assert {name for name in imported(module, typing_too=True) if name.split(".")[0] in {"celery", "kombu"}} == set()


def test_there_is_no_cycle():
    graph = {module: ours(module, typing_too=False) & MODULES.keys() - {module} for module in MODULES}

    TopologicalSorter(graph).prepare()


@pytest.mark.parametrize("path", sources(), ids=lambda path: str(path.relative_to(ROOT)))
def test_no_function_imports(path):
    late = {
        (str(path.relative_to(ROOT)), function.name)
        for function in ast.walk(tree_of(path))
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef)
        for node in ast.walk(function)
        if isinstance(node, ast.Import | ast.ImportFrom)
    }

    assert late - LATE == set()


def test_the_rooms_are_those_of_the_house():
    assert {room for room in HEIGHT if f"tracking.{room}" in MODULES} == set(HEIGHT)
