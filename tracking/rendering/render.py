"""EmailTemplate and values -> RenderedEmail. The mailboxes' structure is fixed before any value is put in."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from tracking.choices import ContentType, RecipientRole
from tracking.errors import TemplateError
from tracking.rendering import logic, placeholders
from tracking.rendering.context import HEADS, unknown_names
from tracking.rendering.placeholders import Path, PlainTemplate, Texts


@dataclass(frozen=True, slots=True)
class MailboxTemplate:
    """Name and address of one mailbox, each with placeholders. `field` is the rule's field that holds it."""

    field: str
    name: str
    address: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EmailTemplate:
    """What a rule says. Mailboxes know placeholders only; subject and body are in the engine that the rule chose.

    `text` is the body without its markup, for values that pass `settles`; None where that cannot be known beforehand.
    """

    sender: MailboxTemplate
    recipients: tuple[tuple[RecipientRole, MailboxTemplate], ...]
    reply_to: MailboxTemplate | None
    subject: str
    body: str
    use_twig: bool
    content_type: ContentType
    text: PlainTemplate | None = None
    settles: Callable[[str], bool] = bool

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

    `text` is the body without its markup; None where it is to be made of `body`.
    """

    sender: RenderedMailbox
    recipients: tuple[tuple[RecipientRole, RenderedMailbox], ...]
    reply_to: RenderedMailbox | None
    subject: str
    body: str
    text: str | None = None
    missing: tuple[str, ...]


def render(template: EmailTemplate, context: Mapping[str, Any]) -> RenderedEmail:
    """Raises TemplateError for a subject or body that fails with these values."""
    missing: set[str] = set()
    texts = Texts(context)

    def mailbox(part: MailboxTemplate) -> RenderedMailbox:
        return RenderedMailbox(_plain(part.name, texts, missing), _plain(part.address, texts, missing))

    return RenderedEmail(
        sender=mailbox(template.sender),
        recipients=tuple((role, mailbox(part)) for role, part in template.recipients),
        reply_to=mailbox(template.reply_to) if template.reply_to else None,
        subject=_written(template.subject, texts, use_twig=template.use_twig, html=False, missing=missing),
        body=_written(template.body, texts, use_twig=template.use_twig, html=template.html, missing=missing),
        text=template.text.settled(texts, template.settles) if template.text else None,
        missing=tuple(sorted(missing)),
    )


def _plain(source: str, texts: Texts, missing: set[str]) -> str:
    return placeholders.parse(source).fill(texts, html=False, missing=missing)


def _written(source: str, texts: Texts, *, use_twig: bool, html: bool, missing: set[str]) -> str:
    if use_twig:
        return logic.parse(source, html=html).render(texts.context, missing=missing)
    return placeholders.parse(source).fill(texts, html=html, missing=missing)


def problems(template: EmailTemplate) -> Iterator[tuple[str, str]]:
    """(field, sentence) of everything that could not render, whatever the event. Nothing: the template compiles."""
    for part in template.mailboxes():
        for source in (part.name, part.address):
            yield from _problems(part.field, lambda source=source: placeholders.parse(source).names())  # type: ignore[misc]
    for field, source, html in (("subject", template.subject, False), ("body", template.body, template.html)):
        yield from _problems(field, lambda source=source, html=html: _names(source, template.use_twig, html))  # type: ignore[misc]


def _names(source: str, use_twig: bool, html: bool) -> list[Path]:
    return logic.parse(source, html=html).names() if use_twig else placeholders.parse(source).names()


def _problems(field: str, names: Callable[[], list[Path]]) -> Iterator[tuple[str, str]]:
    try:
        unknown = unknown_names(names())
    except TemplateError as error:
        yield field, str(error)
        return
    for name in unknown:
        yield field, f"“{name}” is not a placeholder; they begin with {', '.join(sorted(HEADS))}"
