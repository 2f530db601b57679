"""What of a rule's document, and of its alerts, one person sees, and what they may write into it."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.db.models import Model, QuerySet

from tracking.access.rows import Sight
from tracking.choices import Filter, Level, RuleKind
from tracking.definition import INCLUDES, Action, Filters, RuleDefinition, as_list
from tracking.errors import RuleError
from tracking.models import Alert, Campaign, Product, Rule
from tracking.rendering import render
from tracking.store import events

_ADDRESS = re.compile(r"""[^\s<>()\[\]"',;:]+@[^\s<>()\[\]"',;:]+|"[^"]*"@[^\s<>"',;]+""")
_DIGITS = 18  # of an id that a query can ask for
_ANY_VALUE = frozenset({"_context", "template_from_string"})  # reach every value without its name
_NO_FILTERS = Filters().model_dump(mode="json")


@dataclass(frozen=True, kw_only=True)  # without slots: names that were looked up are kept as long as it is
class Access(Sight):
    """What one person may see and do. A door keeps one for a request."""

    @cached_property
    def _people(self) -> Mapping[str, str]:
        """User name -> address of those that there are for this person."""
        return dict(self.users().values_list("username", "email"))

    @cached_property
    def _named(self) -> dict[int, frozenset[str]]:
        """Rule -> the addresses that it names to notify, as far as somebody asked."""
        return {}

    @cached_property
    def _connection_names(self) -> Mapping[str, str]:
        """Key -> name of the predefined ones."""
        return dict(self.connections().values_list("key", "name"))

    def document(self, document: Mapping[str, Any]) -> dict[str, Any]:
        """A rule's JSON form without what is none of this person's business.

        Of a buyer that is: the values of filters by what is hidden, users of others, the key of an ESP connection,
        whose name stands in its place.
        """
        if not self.scoped:
            return dict(document)
        filters = dict(document.get("filters") or {})
        hidden = {name: value for name, value in _NO_FILTERS.items() if name in filters and self.hides(Filter(name))}
        shown = {**document, "filters": {**filters, **hidden}}
        if action := document.get("action"):
            named = self._connection_names.get(action.get("connection") or "")
            shown["action"] = {**action, "connection": named}
        if notifications := document.get("notifications"):
            users = self.known_users(notifications.get("notify_users") or ())
            shown["notifications"] = {**notifications, "notify_users": users}
        return shown

    def completed(self, fields: Mapping[str, Any], before: RuleDefinition | None) -> dict[str, Any]:
        """What this person sends as a rule, with what `document` kept from them as it was before.

        What is of another shape than a rule's is left as it is, to be refused.
        """
        if not self.scoped:
            return dict(fields)
        parts = {name: fields.get(name, {}) for name in ("filters", "action", "notifications")}
        made = {"filters": self._all_filters, "action": self._with_connection, "notifications": self._all_users}
        complete = {name: made[name](part, before) for name, part in parts.items() if isinstance(part, dict)}
        return {**fields, **{name: part for name, part in complete.items() if part or name in fields}}

    def _all_filters(self, filters: dict[str, Any], before: RuleDefinition | None) -> dict[str, Any]:
        stored = before.filters.model_dump(mode="json") if before else {}
        kept = {name: stored[name] for name in stored if self.hides(Filter(name)) and not filters.get(name)}
        return {**filters, **{name: value for name, value in kept.items() if value or name in filters}}

    def _with_connection(self, action: dict[str, Any], before: RuleDefinition | None) -> dict[str, Any]:
        """Its key for the name that they know it by; the one that stands where they leave it out."""
        kept = before.action.connection if before and action.get("kind", before.action.kind) == RuleKind.ESP else None
        sent = action.get("connection")
        if not sent:
            return {**action, "connection": kept} if kept else action
        keys = {name: key for key, name in self._connection_names.items()}
        return {**action, "connection": keys.get(sent, sent)} if isinstance(sent, str) else action

    def _all_users(self, notifications: dict[str, Any], before: RuleDefinition | None) -> dict[str, Any]:
        sent = as_list(notifications.get("notify_users") or [])
        if before is None or not isinstance(sent, list) or not all(isinstance(name, str) for name in sent):
            return notifications
        names = self.all_users(sent, before.notifications.notify_users)
        return {**notifications, "notify_users": names} if names else notifications

    def known_users(self, names: Iterable[str]) -> list[str]:
        """Of these user names those that this person gets to know."""
        return [name for name in names if not self.scoped or name in self._people]

    def all_users(self, sent: Iterable[str], stored: Iterable[str]) -> list[str]:
        """Whom a rule notifies when this person names `sent`: of those stored whom they cannot see stays."""
        wanted, before = dict.fromkeys(sent), tuple(stored)
        known = set(self.known_users(before))
        return [
            *(name for name in before if name in wanted or name not in known),
            *(name for name in wanted if name not in before),
        ]

    def told(self, alert: Alert) -> tuple[list[str], list[str], str]:
        """Whom an alert went to, who was skipped, and what the server said to its mail.

        A buyer learns of colleagues, and of addresses the rule names; others that the server repeats are masked.
        """
        if not self.scoped:
            return list(alert.recipients), list(alert.skipped), alert.last_error
        own = {*self._people.values(), *self._addresses_of(alert.rule_id)}
        said = _ADDRESS.sub(lambda found: found[0] if found[0] in own else "…@…", alert.last_error)
        return [address for address in alert.recipients if address in own], self.known_users(alert.skipped), said

    def _addresses_of(self, rule_id: int | None) -> frozenset[str]:
        if rule_id is None:
            return frozenset()
        if rule_id not in self._named:
            path = "current__document__notifications__notify_emails"
            self._named[rule_id] = frozenset(Rule.objects.filter(pk=rule_id).values_list(path, flat=True).first() or ())
        return self._named[rule_id]

    def check(self, definition: RuleDefinition, before: RuleDefinition | None = None) -> None:
        """Raises RuleError, naming each field that this person may not use so.

        What the rule had `before` may stay: it is kept until somebody edits it who may. An owner, entity or user
        outside the scope reads as one that does not exist.
        """
        wrong: dict[str, list[str]] = {}
        for field, sentence in self._problems(definition, before):
            wrong.setdefault(field, []).append(sentence)
        if wrong:
            raise RuleError(wrong)

    def _problems(self, wanted: RuleDefinition, before: RuleDefinition | None) -> Iterator[tuple[str, str]]:
        if self.unlimited:
            return
        yield from self._owner_problems(wanted)
        yield from self._filter_problems(wanted, before)
        yield from self._text_problems(wanted, before)
        yield from self._user_problems(wanted, before)

    def _owner_problems(self, wanted: RuleDefinition) -> Iterator[tuple[str, str]]:
        if wanted.kind.platform not in self.platforms:
            yield "trigger", f"{wanted.kind.label} is not available to your role"
        level = wanted.level
        owner = getattr(wanted, level.value)
        known = {Level.PRODUCT: Product, Level.CAMPAIGN: Campaign}[level]
        if level not in self.levels or not self.rows(known).filter(pk=owner).exists():
            yield level.value, f"there is no {level.value} {owner} in the directory"

    def _filter_problems(self, wanted: RuleDefinition, before: RuleDefinition | None) -> Iterator[tuple[str, str]]:
        offered_here = self.offered_filters(wanted.kind, wanted.level)
        for name in Filter:
            if self.hides(name) and name not in offered_here:
                kept = getattr(before.filters, name) if before else None
                value = getattr(wanted.filters, name)
                if (value or None) != (kept or None):
                    yield f"filters.{name}", f"{name.label} is not available to buyers; leave it as it is"
        yield from unknown_entities(self.rows, wanted, before, hides=self.hides)

    def _text_problems(self, wanted: RuleDefinition, before: RuleDefinition | None) -> Iterator[tuple[str, str]]:
        """A mail to oneself would show what pages hide."""
        if not self.hidden:
            return
        kept = set(_texts(before.action)) if before else set()
        for field, text, twig in _texts(wanted.action):
            if (field, text, twig) not in kept:
                for name in sorted(render.heads(text, use_twig=twig) & (self.hidden | _ANY_VALUE)):
                    yield f"action.{field}", f"“{name}” is not available to buyers"

    def _user_problems(self, wanted: RuleDefinition, before: RuleDefinition | None) -> Iterator[tuple[str, str]]:
        kept = before.notifications.notify_users if before else ()
        names = set(wanted.notifications.notify_users) - set(kept)
        known = set(self.users().filter(username__in=names).values_list("username", flat=True)) if names else set()
        for name in sorted(names - known):
            yield "notifications.notify_users", f"there is no user {name}"


def unknown_entities(
    rows: Callable[[type[Model]], QuerySet[Any]],
    wanted: RuleDefinition,
    before: RuleDefinition | None,
    *,
    hides: Callable[[Filter], bool],
) -> Iterator[tuple[str, str]]:
    """Filter and sentence, where a filter that is not hidden names an entity anew that is not among the rows."""
    for entity, pair in INCLUDES.items():
        for name in (name for name in pair if name is not None and not hides(name)):
            kept = set(getattr(before.filters, name)) if before else set()
            if ids := set(getattr(wanted.filters, name)) - kept:
                found = rows(events.DIRECTORY[entity]).filter(pk__in=ids).values_list("pk", flat=True)
                if unknown := sorted(ids - set(found)):
                    numbers = ", ".join(map(str, unknown))
                    yield f"filters.{name}", f"there is no {entity.replace('_', ' ')} {numbers} in the directory"


def unknown_values(
    rows: Callable[[type[Model]], QuerySet[Any]], typed: Mapping[str, str], *, hidden: Collection[str]
) -> Iterator[tuple[str, str]]:
    """Name and sentence, where a value of a trial (`campaign.id`) is the id of an entity that is not among the rows.

    The mail would tell its name. What is `hidden` is not taken anyway; what is no id at all is for the event to refuse.
    """
    for name, text in typed.items():
        head, number = name.split(".")[0], text.strip()
        model = events.DIRECTORY.get(head) if head not in hidden else None
        if model and number.isdecimal() and len(number) <= _DIGITS and not rows(model).filter(pk=int(number)).exists():
            yield name, f"there is no {model._meta.verbose_name} {int(number)} in the directory"


def _texts(action: Action) -> Iterator[tuple[str, str, bool]]:
    """Field, text, and whether Twig reads it, of all that can hold placeholders."""
    for field in ("sender", "recipient", "cc", "bcc", "reply_to"):
        yield field, getattr(action, field), False
    for field in ("subject", "body"):
        yield field, getattr(action, field), action.use_twig
    for _, value in action.headers:
        yield "headers", value, action.use_twig
