"""What became of a rule, version by version, in words; and back to an earlier one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction

from tracking.choices import AuditAction
from tracking.definition import RuleDefinition
from tracking.errors import RuleError
from tracking.models import Rule, RuleVersion, User
from tracking.store import audit, events, rules
from tracking.store.differences import Names, sentences

Document = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Step:
    """A version, and what it changed of the one before; of the first, nothing."""

    version: RuleVersion
    changes: list[str]


def steps(rule: Rule, *, most: int, newest: int | None = None, shown: Any = dict) -> Iterator[Step]:
    """The versions, the newest first, or from version `newest` on.

    `shown` takes from a document what somebody may not see.
    """
    kept = rule.versions.select_related("author")
    found = list((kept if newest is None else kept.filter(number__lte=newest))[: most + 1])
    documents = [shown(version.document) for version in found]
    names = directory_names(*documents)
    for version, document, before in zip(found, documents, [*documents[1:], None], strict=True):
        if version.number == 1 or before is not None:
            yield Step(version, [] if before is None else sentences(before, document, names))


def diff(before: Document, after: Document) -> list[str]:
    """What differs, a sentence a field, with the directory's names."""
    return sentences(before, after, directory_names(before, after))


def directory_names(*documents: Document) -> Names:
    """(entity, id) -> name, of all that these rules' filters and owners mention."""
    wanted: dict[str, set[int]] = {}
    for document in documents:
        for name, value in document.get("filters", {}).items():
            if isinstance(value, list):
                wanted.setdefault(name.removesuffix("_exclude"), set()).update(value)
        for owner in ("product", "campaign"):
            if document.get(owner) is not None:
                wanted.setdefault(owner, set()).add(document[owner])
    return {
        (entity, key): name
        for entity, ids in wanted.items()
        if ids
        for key, name in events.DIRECTORY[entity]._default_manager.filter(pk__in=ids).values_list("pk", "name")
    }


def restored(rule: Rule, number: int) -> RuleDefinition:
    """What the rule did in that version. Raises RuleError for one that is not there or cannot be read any more."""
    version = rule.versions.filter(number=number).first()
    if version is None:
        raise RuleError({"version": [f"there is no version {number}"]})
    return version.definition()


def restore(rule: Rule, definition: RuleDefinition, number: int, *, author: User | None, now: datetime) -> rules.Saved:
    """Save an earlier version's definition as the newest one. Raises RuleError where it could not run any more."""
    with transaction.atomic():
        saved = rules.save(definition, author=author, now=now, rule=rule)
        audit.note(
            actor=author, action=AuditAction.RULE_RESTORED, target=saved.rule, detail={"version": number}, now=now
        )
    return saved
