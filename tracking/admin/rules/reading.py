"""A rule for people who may look and not write: the form's fields as text."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from tracking.access import Access
from tracking.admin.rules import visible
from tracking.admin.rules.fields import MASK, filter_fields
from tracking.admin.rules.form import initial
from tracking.choices import ConnectionKind
from tracking.models import Rule


class Shown:
    """A field of the form, for people who may only look."""

    def __init__(self, name: str, field: Any, seen: Access) -> None:
        self.__name__ = name
        self.short_description = field.label
        self._field, self._seen = field, seen

    def __call__(self, rule: Rule) -> str:
        if self.__name__ == "password":
            own = rule.connection.kind == ConnectionKind.MANUAL
            return MASK if own and rule.connection.sealed_password else ""
        return self._words(_values(rule).get(self.__name__))

    def _words(self, value: Any) -> str:
        queryset = getattr(self._field, "queryset", None)
        if queryset is not None:
            keys = value if isinstance(value, list) else [value] if value is not None else []
            return ", ".join(map(str, self._seen.within(queryset.filter(pk__in=keys))))
        if isinstance(value, bool):
            return "Yes" if value else "No"
        labels = dict(_flat(getattr(self._field, "choices", ())))
        return str(labels.get(value, "" if value is None else value))


class Kept:
    """A filter that the rule has and this person gets to know nothing more of."""

    def __init__(self, name: str, field: Any) -> None:
        self.__name__ = f"{name}_kept"
        self.short_description = field.label

    def __call__(self, rule: Rule) -> str:
        return visible.KEPT


# One object a filter: the admin tells fields apart by themselves.
KEPT = {name: Kept(name, field) for name, field in filter_fields().items()}


def _values(rule: Rule) -> Mapping[str, Any]:
    """What the form would show of the rule; read once, and kept with the row."""
    if not hasattr(rule, "form_values"):
        rule.form_values = initial(rule)  # type: ignore[attr-defined]
    values: Mapping[str, Any] = rule.form_values  # type: ignore[attr-defined]
    return values


def _flat(choices: Iterable[Any]) -> Iterable[tuple[Any, Any]]:
    for value, label in choices:
        if isinstance(label, list | tuple):
            yield from label
        else:
            yield value, label
