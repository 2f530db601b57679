"""Who may open which page: one row an address. A new address without a row fails `test_authorisation.py`.

The API's are in `operations.py`.

A row says which permission the page needs (any of several), and of which table the row in its address is. The roles'
permissions are those of `tracking/roles.py`; which rows are there for whom is tried with one's own and a foreign one.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.urls import URLPattern, URLResolver, get_resolver

ANYBODY = "anybody"  # no login
STAFF = "staff"  # whoever may log in at the admin
NOBODY = "nobody"  # the page is there and refuses everybody but superusers, or all


@dataclass(frozen=True, slots=True)
class Row:
    """`needs`: a permission without the app's name, or a word of the above; `of`: the table of the address's row."""

    needs: str | tuple[str, ...]
    of: str = ""
    method: str = "get"


_SCOPED = ("alert", "campaign", "delivery", "job", "preset", "product", "rule", "storedevent", "usageday", "channel")


def _of(model: str) -> str:
    return model if model in _SCOPED else f"any {model}"


def _pages(model: str, *, without: str = "", app: str = "tracking") -> dict[str, Row]:
    """Django's five pages of a model; nobody may use those `without`."""
    refused = without.split()
    pages = {"changelist": ("view", ""), "add": ("add", ""), "change": ("view", _of(model))}
    pages |= {"delete": ("delete", _of(model)), "history": ("view", _of(model))}
    return {
        f"admin:{app}_{model}_{page}": Row(NOBODY if page in refused else f"{verb}_{model}", of)
        for page, (verb, of) in pages.items()
    }


_DIRECTORY = ("buyer", "campaign", "product", "publisher", "channel", "source", "pingtree", "calltrackingpool")
_READ_ONLY = ("alert", "auditentry", "delivery", "storedevent", "usageday")
_WRITES = ("add_rule", "change_rule")

ADMIN: dict[str, Row] = {
    **{name: row for model in (*_DIRECTORY, "rule", "connection", "user") for name, row in _pages(model).items()},
    **{name: row for model in _READ_ONLY for name, row in _pages(model, without="add delete").items()},
    **_pages("apitoken"),
    **_pages("preset", without="add"),
    **_pages("group", app="auth", without="changelist add change delete history"),
    **{f"admin:tracking_{model}_choices": Row(f"view_{model}") for model in (*_DIRECTORY, "preset", "rule")},
    "admin:tracking_connection_choices": Row(("view_connection", *_WRITES)),
    "admin:tracking_user_choices": Row(("view_user", *_WRITES)),
    "admin:auth_user_password_change": Row("change_user", "any user"),
    # rules
    "admin:tracking_rule_import": Row("add_rule"),
    "admin:tracking_rule_enable": Row("change_rule", "rule", "post"),
    "admin:tracking_rule_disable": Row("change_rule", "rule", "post"),
    "admin:tracking_rule_stop": Row("change_rule", "rule"),
    "admin:tracking_rule_test": Row("change_rule", "rule"),
    "admin:tracking_rule_backtest": Row("view_rule", "rule"),
    "admin:tracking_rule_clone": Row("add_rule", "rule"),
    "admin:tracking_rule_preset": Row("add_rule", "rule"),
    "admin:tracking_rule_versions": Row("view_rule", "rule"),
    "admin:tracking_rule_warnings": Row("view_rule", "rule"),
    "admin:tracking_rule_preview": Row(_WRITES, method="post"),
    "admin:tracking_rule_preview_events": Row(STAFF),
    "admin:tracking_rule_owner": Row(STAFF),
    **{
        f"admin:tracking_rule_try_{what}": Row(_WRITES, method="post") for what in ("check", "mail", "backtest", "lint")
    },
    # connections
    "admin:tracking_connection_release_now": Row("change_connection", "any connection"),
    **{
        f"admin:tracking_connection_try_{what}": Row(("add_connection", "change_connection"), method="post")
        for what in ("check", "mail")
    },
    # the log
    "admin:tracking_delivery_reveal": Row("reveal_delivery", "delivery", "post"),
    **{f"admin:tracking_delivery_{part}": Row("reveal_delivery", "delivery") for part in ("html", "text", "source")},
    "admin:tracking_delivery_replay": Row("change_delivery"),
    **{
        f"admin:tracking_delivery_{act}": Row("change_delivery", "delivery") for act in ("resend", "release", "discard")
    },
    "admin:tracking_storedevent_explain": Row("view_storedevent", "storedevent"),
    "admin:tracking_storedevent_explain_pasted": Row("view_storedevent"),
    "admin:tracking_storedevent_explain_any": Row("view_storedevent"),
    "admin:tracking_usageday_download": Row("view_usageday"),
    # one's own long work
    "admin:tracking_job_changelist": Row(STAFF),
    "admin:tracking_job_add": Row(NOBODY),
    "admin:tracking_job_delete": Row(NOBODY, "job"),
    "admin:tracking_job_prune": Row("delete_delivery"),
    "admin:tracking_job_apply": Row(_WRITES, "job", "post"),
    **{
        f"admin:tracking_job_{page}": Row(STAFF, "job")
        for page in ("change", "history", "state", "outcome", "file", "matches", "cancel")
    },
    **dict.fromkeys(("admin:tracking_job_mail", "admin:tracking_job_html"), Row("view_storedevent", "job")),
    # the site's own
    **dict.fromkeys(("admin:login", "admin:jsi18n"), Row(ANYBODY)),
    **dict.fromkeys(
        (
            "admin-board",
            "admin:index",
            "admin:search",
            "admin:logout",
            "admin:password_change",
            "admin:password_change_done",
            "admin:app_list",
            "admin:view_on_site",
            "admin:autocomplete",
            "second_factor:overview",
            "second_factor:ask",
            "second_factor:set_up",
        ),
        Row(STAFF),
    ),
    **dict.fromkeys(("second_factor:new_codes", "second_factor:remove"), Row(STAFF, method="post")),
}


OPEN: dict[str, Row] = {
    name: Row(ANYBODY)
    for name in (
        *("home", "healthz", "readyz", "metrics", "api:schema", "api:docs"),
        "alert",  # by a signed link
    )
}

TABLE: dict[str, Row] = {**ADMIN, **OPEN}


def walk() -> list[tuple[str, URLPattern]]:
    """All addresses by their names; those without one only lead on to others."""
    return _walk(get_resolver().url_patterns, "")


def _walk(patterns: list[URLPattern | URLResolver], space: str) -> list[tuple[str, URLPattern]]:
    found = []
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            inner = ":".join(filter(None, (space, pattern.namespace)))
            found += _walk(pattern.url_patterns, inner)
        elif pattern.name is not None:
            found.append((f"{space}:{pattern.name}" if space else pattern.name, pattern))
    return found
