"""EmailTemplate and values -> RenderedEmail. The mailboxes' structure is fixed before any value is put in."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from tracking.choices import ContentType, RecipientRole
from tracking.errors import TemplateError
from tracking.rendering import logic, placeholders
from tracking.rendering.context import HEADS, unknown_names
from tracking.rendering.logic import Pieces
from tracking.rendering.placeholders import Path, PlainTemplate, Texts


@dataclass(frozen=True, slots=True)
class MailboxTemplate:
    """Name and address of one mailbox, each with placeholders. `field` is the rule's field that holds it."""

    field: str
    name: str
    address: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EmailTemplate:
    """What a rule says. Mailboxes know placeholders only; subject, headers and body are in the rule's engine.

    `text` is the body without its markup, for values that `settle`; None where that cannot be known beforehand.
    """

    sender: MailboxTemplate
    recipients: tuple[tuple[RecipientRole, MailboxTemplate], ...]
    reply_to: MailboxTemplate | None
    headers: tuple[tuple[str, str], ...] = ()
    subject: str
    body: str
    use_twig: bool
    content_type: ContentType
    text: PlainTemplate | None = None
    settle: Callable[[Sequence[str]], bool] = all

    @property
    def html(self) -> bool:
        return self.content_type is not ContentType.TEXT

    def mailboxes(self) -> Iterator[MailboxTemplate]:
        yield self.sender
        yield from (mailbox for _, mailbox in self.recipients)
        if self.reply_to is not None:
            yield self.reply_to


@dataclass(frozen=True, slots=True)
class RenderedMailbox:
    """Name and address as the values made them: not yet known to be an address at all."""

    name: str
    address: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RenderedEmail:
    """The words of one mail. `missing` are the placeholders that had no value, in order of name.

    `text` is the body without its markup; None where it is to be made of `body`, or of the `pieces` that Twig wrote.
    """

    sender: RenderedMailbox
    recipients: tuple[tuple[RecipientRole, RenderedMailbox], ...]
    reply_to: RenderedMailbox | None
    headers: tuple[tuple[str, str], ...] = ()
    subject: str
    body: str
    text: str | None = None
    pieces: Pieces | None = None
    missing: tuple[str, ...]


def render(template: EmailTemplate, context: Mapping[str, Any]) -> RenderedEmail:
    """Raises TemplateError for a subject or body that fails with these values."""
    missing: set[str] = set()
    texts = Texts(context)

    def mailbox(part: MailboxTemplate) -> RenderedMailbox:
        return RenderedMailbox(_plain(part.name, texts, missing), _plain(part.address, texts, missing))

    def line(source: str) -> str:
        return _written(source, texts, use_twig=template.use_twig, html=False, missing=missing)

    body, pieces = _body(template, texts, missing)
    return RenderedEmail(
        sender=mailbox(template.sender),
        recipients=tuple((role, mailbox(part)) for role, part in template.recipients),
        reply_to=mailbox(template.reply_to) if template.reply_to else None,
        headers=tuple((name, line(value)) for name, value in template.headers),
        subject=line(template.subject),
        body=body,
        pieces=pieces,
        text=template.text.settled(texts, template.settle) if template.text else None,
        missing=tuple(sorted(missing)),
    )


def _body(template: EmailTemplate, texts: Texts, missing: set[str]) -> tuple[str, Pieces | None]:
    if template.use_twig:
        return logic.parse(template.body, html=template.html).render_apart(texts.context, missing=missing)
    return placeholders.parse(template.body).fill(texts, html=template.html, missing=missing), None


def addresses(template: EmailTemplate, context: Mapping[str, Any]) -> list[str]:
    """The recipients' addresses as the values make them, without the rest of the mail: not yet known to be any."""
    texts, missing = Texts(context), set[str]()
    return [_plain(mailbox.address, texts, missing).strip() for _, mailbox in template.recipients]


def _plain(source: str, texts: Texts, missing: set[str]) -> str:
    return placeholders.parse(source).fill(texts, html=False, missing=missing)


def _written(source: str, texts: Texts, *, use_twig: bool, html: bool, missing: set[str]) -> str:
    if use_twig:
        return logic.parse(source, html=html).render(texts.context, missing=missing)
    return placeholders.parse(source).fill(texts, html=html, missing=missing)


class Problem(NamedTuple):
    """What is wrong with a field, and where in its text, counted from 1; None where that is unknown."""

    field: str
    sentence: str
    line: int | None = None
    column: int | None = None


def problems(template: EmailTemplate) -> Iterator[Problem]:
    """Everything that could not render, whatever the event. Nothing: the template compiles."""
    for part in template.mailboxes():
        for source in (part.name, part.address):
            yield from _problems(part.field, lambda source=source: placeholders.parse(source).names())  # type: ignore[misc]
    lines = [("subject", template.subject, False), *(("headers", value, False) for _, value in template.headers)]
    for field, source, html in (*lines, ("body", template.body, template.html)):
        yield from _problems(field, lambda source=source, html=html: _names(source, template.use_twig, html))  # type: ignore[misc]


def names(template: EmailTemplate) -> dict[str, list[Path]]:
    """Field -> the dotted names that it reads, of a template without problems."""
    found: dict[str, list[Path]] = {}
    for part in template.mailboxes():
        for source in (part.name, part.address):
            found.setdefault(part.field, []).extend(placeholders.parse(source).names())
    lines = [("subject", template.subject, False), *(("headers", value, False) for _, value in template.headers)]
    for field, source, html in (*lines, ("body", template.body, template.html)):
        found.setdefault(field, []).extend(_names(source, template.use_twig, html))
    return found


def heads(source: str, *, use_twig: bool) -> frozenset[str]:
    """The values that a text can reach, by the first part of their names. Nothing of a text that does not compile."""
    try:
        return logic.words(source) if use_twig else frozenset(path[0] for path in placeholders.parse(source).names())
    except TemplateError:
        return frozenset()


def _names(source: str, use_twig: bool, html: bool) -> list[Path]:
    return logic.parse(source, html=html).names() if use_twig else placeholders.parse(source).names()


def _problems(field: str, names: Callable[[], list[Path]]) -> Iterator[Problem]:
    try:
        unknown = unknown_names(names())
    except TemplateError as error:
        yield Problem(field, str(error), error.line, error.column)
        return
    for name in unknown:
        yield Problem(field, f"“{name}” is not a placeholder; they begin with {', '.join(sorted(HEADS))}")
