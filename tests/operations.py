"""What each operation of the API needs: one row an operation. One without a row fails `api/test_matrix.py`.

A row says which permission and which scope of a token, and of which table the row in its address is. "any buyer" is
a row that is no one's in particular.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from django.urls import URLPattern

from tests.authorisation import walk

Name = tuple[str, str]  # the address's and the method's

_VERBS = {"get": "view", "post": "add", "put": "change", "patch": "change", "delete": "delete"}


@dataclass(frozen=True, slots=True)
class Operation:
    """`instead`: a permission that does as well; `also`: permission and scope that are needed besides."""

    permission: str
    scope: str
    of: str = ""
    instead: str = ""
    also: tuple[str, str] | None = None


def _row(model: str, area: str, method: str, *, verb: str = "", of: str = "") -> Operation:
    verb = verb or _VERBS[method]
    return Operation(f"{verb}_{model}", f"{area}:{'read' if verb == 'view' else 'write'}", of)


def _rows(model: str, area: str, of: str, **methods: str) -> dict[Name, Operation]:
    """Its list and its rows, by the methods that they have; what else is done with one changes it."""
    base = methods.pop("base", model)
    found = {}
    for page, names in methods.items():
        name = f"api:{base}-{page.replace('_', '-')}"
        for method in names.split():
            verb = "" if page in ("list", "detail") or method == "get" else "change"
            found[name, method] = _row(model, area, method, verb=verb, of="" if page == "list" else of)
    return found


def _entries(base: str, model: str, of: str) -> dict[Name, Operation]:
    return _rows(model, "directory", of, base=base, list="get put", detail="get")


_DOCUMENTS = ("backtest-document", "lint", "preview")
_RULE = {
    "enable": "post",
    "disable": "post",
    "test_run": "post",
    "restore": "post",
    "versions": "get",
    "version": "get",
}

OPERATIONS: dict[Name, Operation] = {
    **_rows("rule", "rules", "rule", list="get post", detail="get put patch delete", **_RULE),
    ("api:rule-backtest", "post"): _row("rule", "rules", "post", verb="view", of="rule"),
    ("api:rule-clone", "post"): _row("rule", "rules", "post", of="rule"),
    **{(f"api:rule-{what}", "post"): Operation("add_rule", "rules:read", instead="change_rule") for what in _DOCUMENTS},
    **{
        (f"api:{owner}-rules", method): _row("rule", "rules", method, of=owner)
        for owner in ("product", "campaign")
        for method in ("get", "post")
    },
    **_rows("storedevent", "events", "storedevent", base="event", list="get post", detail="get"),
    ("api:event-explain", "post"): _row("rule", "rules", "post", verb="view"),
    ("api:event-explain-stored", "get"): Operation(
        "view_rule", "rules:read", of="storedevent", also=("view_storedevent", "events:read")
    ),
    **_rows(
        "connection",
        "connections",
        "any connection",
        list="get post",
        detail="get put patch delete",
        release="post",
        check="post",
    ),
    ("api:connection-check-server", "post"): _row("connection", "connections", "post", verb="change"),
    ("api:connection-providers", "get"): _row("connection", "connections", "get"),
    **_rows(
        "delivery",
        "deliveries",
        "delivery",
        list="get",
        detail="get",
        attempts="get",
        resend="post",
        release="post",
        discard="post",
    ),
    **{
        (f"api:delivery-{what}", "post"): _row("delivery", "deliveries", "post", verb="change")
        for what in ("replay", "preview-replay")
    },
    **_rows("alert", "alerts", "alert", list="get", detail="get", acknowledge="post", snooze="post", resume="post"),
    **_rows("job", "jobs", "job", list="get", detail="get", file="get", cancel="post"),
    **_rows("preset", "presets", "preset", list="get post", detail="get delete"),
    **{(f"api:usage-{what}", "get"): _row("usageday", "usage", "get") for what in ("list", "days", "as-csv")},
    **{
        name: row
        for model in ("product", "campaign", "channel", "buyer", "publisher", "source", "pingtree")
        for name, row in _entries(
            f"{model}s", model, model if model in ("product", "campaign", "channel") else f"any {model}"
        ).items()
    },
    **_entries("call-tracking-pools", "calltrackingpool", "any calltrackingpool"),
}


def operations() -> Iterator[tuple[Name, URLPattern, str]]:
    """Name of the address and method, its pattern, and the action of its view, of all that the API can be asked."""
    for name, pattern in walk():
        actions = getattr(pattern.callback, "actions", {})
        if name.startswith("api:"):
            yield from (((name, method), pattern, action) for method, action in actions.items() if method != "head")
