"""Many rules at once, out and in, as jobs: in the name of whoever started them, with the rights of that moment.

An import is two jobs. The first shows what would become of each rule and writes nothing; the second, once somebody has
said yes, does it. The document may hold passwords: it is sealed with its job and handed from the first to the second.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4, uuid5

from tracking import access
from tracking.access import Access
from tracking.choices import AuditAction, JobKind, JobState
from tracking.errors import JobError
from tracking.models import Job, Rule, User
from tracking.pipeline.report import Report
from tracking.store import audit, exchange, jobs
from tracking.store.exchange import Gate, Imported, Told
from tracking.validation import parse_json
from tracking.wording import counted

AT_ONCE = 200  # rules that a person waits for; more are a job
CHUNK = 50  # rules of a transaction: what others write waits for it
READ = 500  # rules of a query
LISTED = 200  # rules that the page of an import names; its file names all
MOST_LISTED = 200_000  # characters that these may take
FILE = "rules.json"
DIFFERENCES = "differences.txt"


def gate(seen: Access) -> Gate:
    """What this person may import."""
    return Gate(rules=seen.rows(Rule), complete=seen.completed, check=seen.check, shown=seen.document)


# --- out --------------------------------------------------------------------------------------------------------------


def start_export(rules: Sequence[int], *, author: User, now: datetime) -> Job:
    """A queued export of these rules. Raises JobError when the author has too many open."""
    params = {"rules": list(rules)}
    return jobs.open_job(JobKind.EXPORT_RULES, params, author=author, title=counted(len(rules), "rule"), now=now)


def export_rules(params: Mapping[str, Any], report: Report) -> dict[str, Any]:
    """The job: the rules as a file, without passwords and without what its author does not see."""
    author = _author(report, "view_rule")
    seen, wanted = access.of(author), params["rules"]
    lines: list[str] = []
    for start in range(0, len(wanted), READ):
        found = seen.rules().filter(pk__in=wanted[start : start + READ])
        lines += (json.dumps(seen.document(document), ensure_ascii=False) for document in exchange.export(found))
        report(start + READ, len(wanted), counted(len(lines), "rule"))
    now, detail = report.now(), {"rules": len(lines)}
    audit.note(actor=author, action=AuditAction.RULES_EXPORTED, target=None, detail=detail, now=now)
    report.attach(FILE, "[\n" + ",\n".join(lines) + "\n]\n")
    return {"rules": len(lines), "gone": len(wanted) - len(lines)}


# --- in ---------------------------------------------------------------------------------------------------------------


def start_import(text: str, *, rules: int, author: User, now: datetime) -> Job:
    """A queued dry run of a document with so many rules. Raises JobError when the author has too many open."""
    params = {"dry_run": True, "names": str(uuid4())}
    title = f"Dry run of {counted(rules, 'rule')}"
    return jobs.open_job(JobKind.IMPORT_RULES, params, author=author, title=title, now=now, secret=text)


def can_apply(job: Job, author: User) -> bool:
    """Whether that person may have done what this dry run of theirs has shown."""
    shown = job.kind == JobKind.IMPORT_RULES and job.state == JobState.DONE and job.params["dry_run"]
    return bool(shown and job.sealed and job.author_id == author.pk and _changed(job.result or {}))


def apply(looked: Job, *, author: User, now: datetime) -> Job:
    """The queued job that does what a dry run has shown. Raises JobError when that is done, or too long ago."""
    if not can_apply(looked, author):
        raise JobError(jobs.TOO_LATE)
    title = f"{counted(_changed(looked.result or {}), 'rule')}, as #{looked.pk} has shown"
    return jobs.hand_on(looked, {**looked.params, "dry_run": False}, author=author, title=title, now=now)


def _changed(result: Mapping[str, Any]) -> int:
    return int(sum(result.get("counted", {}).get(action, 0) for action in ("created", "changed")))


def import_rules(params: Mapping[str, Any], report: Report) -> dict[str, Any]:
    """The job. One whose worker died begins anew, and finds what that one has written unchanged."""
    author, dry_run = _author(report, "add_rule", "change_rule"), params["dry_run"]
    documents = _named(parse_json(report.secret), UUID(params["names"]))
    own, told = gate(access.of(author)), _Record()
    for start in range(0, len(documents), CHUNK):
        chunk = documents[start : start + CHUNK]
        results = exchange.import_all(chunk, author=author, now=report.now(), gate=own, dry_run=dry_run)
        told.add(results, chunk)
        report(start + len(chunk), len(documents), exchange.in_words(told.counted))
    report.attach(DIFFERENCES, told.text())
    report.keep_secret = dry_run
    _note_refused(author, told.refused, report)
    return {"dry_run": dry_run, "rules": len(documents), "counted": told.counted, **told.listed()}


def _named(value: Any, names: UUID) -> list[Any]:
    """The documents, each with a key: one that is written a second time must not become a second rule."""
    documents = value if isinstance(value, list) else [value]
    return [
        {**document, "key": str(uuid5(names, str(number)))}
        if isinstance(document, dict) and not document.get("key")
        else document
        for number, document in enumerate(documents)
    ]


class _Record:
    """What became of the rules: all of it for the file, the first of those that something happens to for the page."""

    def __init__(self) -> None:
        self.counted: Counter[str] = Counter()
        self.refused: set[str] = set()
        self._rows: list[Told] = []

    def add(self, results: Sequence[Imported], documents: Sequence[Any]) -> None:
        self.counted.update(exchange.count(results))
        self.refused.update(path for result in results for path in result.errors)
        self._rows += exchange.told(results, documents, first=len(self._rows) + 1)

    def text(self) -> str:
        return "\n".join(_lines(self._rows))[: jobs.MAX_FILE]

    def listed(self) -> dict[str, Any]:
        """`rows`: at most LISTED; `unlisted`: how many more there are that do not stay as they are."""
        happening = [row for row in self._rows if row.action != "unchanged"]
        rows, size = [], 0
        for row in happening[:LISTED]:
            size += len(row.name) + sum(map(len, row.lines))
            if size > MOST_LISTED:
                break
            rows.append(row.to_json())
        return {"rows": rows, "unlisted": len(happening) - len(rows)}


def _lines(rows: Sequence[Told]) -> Iterator[str]:
    for row in rows:
        yield f"{row.number}. {row.name}: {row.action}"
        yield from (f"    {line}" for line in row.lines)


def _note_refused(author: User, refused: set[str], report: Report) -> None:
    if refused and access.of(author).scoped:
        detail = {"job": report.job_id, "fields": sorted(refused)[:20]}
        audit.note(actor=author, action=AuditAction.DENIED, target=None, detail=detail, now=report.now())


def _author(report: Report, *permissions: str) -> User:
    """Whoever started it. Raises JobError when they are gone, or may not do it any more."""
    author = User.objects.filter(pk=report.author_id or 0, is_active=True).first()
    if author is None or not author.has_perms([f"tracking.{name}" for name in permissions]):
        raise JobError("Whoever started it may not do this any more.")
    return author
