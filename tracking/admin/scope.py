"""Rows by person: every list, page, choice and action of the admin starts from what is there for who asks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NoReturn, cast

from django.contrib.admin.utils import unquote
from django.contrib.auth.models import Group
from django.core.exceptions import ValidationError
from django.db.models import Model, QuerySet
from django.db.models.constants import LOOKUP_SEP
from django.http import Http404, HttpRequest

from tracking import access, denials
from tracking.access import Access
from tracking.choices import AuditAction
from tracking.models import User
from tracking.models.directory import Entry
from tracking.store import audit, clock

HOUSE = "An administrator"  # the name of whoever is none of this person's business

_KEPT = "_tracking_access"
_OF_FILTERS = frozenset({"exact", "in", "isnull", "gt", "gte", "lt", "lte", "from", "to", "id", "pk"})


def access_of(request: HttpRequest) -> Access:
    """Asked once a request."""
    kept = request.__dict__
    if _KEPT not in kept:
        kept[_KEPT] = access.of(person(request))
    return cast("Access", kept[_KEPT])


def person(request: HttpRequest) -> User:
    """Who asks; the admin's pages are for people who are logged in."""
    return cast("User", request.user)


def names_for(seen: Access, people: Iterable[User | None]) -> dict[int | None, str]:
    """Id -> the name by which this person gets to know somebody; one query at most."""
    found = {one.pk: str(one) for one in people if one is not None}
    known = set(seen.users().filter(pk__in=found).values_list("pk", flat=True)) if seen.scoped and found else set(found)
    return {key: name if key in known else HOUSE for key, name in found.items()}


class ScopedMixin:
    """A row outside the scope is 404, as one that does not exist; that somebody asked for it is noted."""

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows: QuerySet[Any] = super().get_queryset(request)  # type: ignore[misc]
        return access_of(request).within(rows)

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        found = super().get_object(request, object_id, from_field)  # type: ignore[misc]
        if found is None:
            self._remember(request, object_id)
        return found

    def _remember(self, request: HttpRequest, object_id: str) -> None:
        model: type[Model] = self.model  # type: ignore[attr-defined]
        try:
            key = model._meta.pk.to_python(unquote(object_id))
        except ValidationError:
            return
        if not isinstance(key, int) or 0 <= key < 2**63:
            denials.foreign(request, access_of(request), model, key)

    def _get_obj_does_not_exist_redirect(self, request: HttpRequest, opts: Any, object_id: str) -> NoReturn:
        raise Http404(f"There is no {opts.verbose_name} {object_id}.")

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest | None = None) -> bool:
        """Only what the list's own filters ask: a query string must not probe for a column that nobody is shown."""
        names = [item[0] if isinstance(item, tuple) else item for item in self.get_list_filter(request)]  # type: ignore[attr-defined]
        asked = {str(getattr(item, "parameter_name", item)) for item in names} | {"id", "pk"}
        head, _, rest = lookup.partition(LOOKUP_SEP)
        known = head in {field.name for field in self.model._meta.get_fields()}  # type: ignore[attr-defined]
        paths = [name for name in asked if LOOKUP_SEP in name]
        if any(lookup == name or lookup.startswith(f"{name}{LOOKUP_SEP}") for name in paths):
            return True
        if not known or (head in asked and _OF_FILTERS.issuperset(filter(None, rest.split(LOOKUP_SEP)))):
            return True
        if request is not None:
            denials.remember(request, lookup=lookup)
        return False

    # --- the audit log, where the admin itself writes -----------------------------------------------------------------

    def construct_change_message(self, request: HttpRequest, form: Any, formsets: Any, add: bool = False) -> Any:
        request.__dict__["_tracking_changes"] = changed(form)
        return super().construct_change_message(request, form, formsets, add)  # type: ignore[misc]

    def log_addition(self, request: HttpRequest, obj: Model, message: Any) -> Any:
        self._note(request, [obj], 0)
        return super().log_addition(request, obj, message)  # type: ignore[misc]

    def log_change(self, request: HttpRequest, obj: Model, message: Any) -> Any:
        self._note(request, [obj], 1)
        return super().log_change(request, obj, message)  # type: ignore[misc]

    def log_deletions(self, request: HttpRequest, queryset: Any) -> Any:
        self._note(request, list(queryset), 2)
        return super().log_deletions(request, queryset)  # type: ignore[misc]

    def _note(self, request: HttpRequest, rows: list[Any], which: int) -> None:
        actions = _ACTIONS_OF.get(self.model) or (_ENTRY if issubclass(self.model, Entry) else None)  # type: ignore[attr-defined]
        if actions is not None:
            detail = request.__dict__.pop("_tracking_changes", {})
            audit.note_each(actor=person(request), action=actions[which], targets=rows, detail=detail, now=clock.now())


# What the admin writes itself: added, changed, deleted. The store notes what it writes.
_ENTRY = (AuditAction.ENTRY_CREATED, AuditAction.ENTRY_CHANGED, AuditAction.ENTRY_DELETED)
_ACTIONS_OF: Mapping[type[Model], tuple[AuditAction, AuditAction, AuditAction]] = {
    Group: (AuditAction.GROUP_CHANGED, AuditAction.GROUP_CHANGED, AuditAction.GROUP_CHANGED),
    User: (AuditAction.USER_CREATED, AuditAction.USER_CHANGED, AuditAction.USER_DELETED),
}


def changed(form: Any) -> dict[str, list[Any]]:
    """Field -> [old, new] of what was typed anew, as JSON can hold it."""
    return {
        name: [_plain(form.initial.get(name)), _plain(form.cleaned_data.get(name))]
        for name in form.changed_data
        if name in form.cleaned_data
    }


def _plain(value: Any) -> Any:
    if isinstance(value, QuerySet | list | tuple):
        return [str(part) for part in value]
    return value if isinstance(value, str | int | bool | None) else str(value)
