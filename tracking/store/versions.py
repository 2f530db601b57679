"""Rule versions made ready to send: parsed, split and compiled once per process, since a version never changes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache

from tracking.choices import ContentType, RecipientRole
from tracking.definition import MAX_RECIPIENTS, Action, RuleDefinition
from tracking.errors import AddressError, RuleError
from tracking.mail.addresses import check_address, split_mailbox, split_mailboxes
from tracking.mail.compose import extra_header
from tracking.mail.outline import outline, settle
from tracking.models import RuleVersion
from tracking.rendering import placeholders, render
from tracking.rendering.placeholders import PlainTemplate
from tracking.rendering.render import EmailTemplate, MailboxTemplate, Problem


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadyVersion:
    """What a worker needs of a rule's version."""

    rule_id: int
    definition: RuleDefinition
    template: EmailTemplate


@lru_cache(maxsize=4096)
def ready(version_id: int) -> ReadyVersion:
    """Raises RuleVersion.DoesNotExist, and RuleError for a version that this release cannot read."""
    version = RuleVersion.objects.get(pk=version_id)
    definition = version.definition()
    return ReadyVersion(rule_id=version.rule_id, definition=definition, template=sending_template(definition.action))


def sending_template(action: Action) -> EmailTemplate:
    """The template with all that can be known of its mails beforehand. Raises RuleError."""
    template = email_template(action)
    return replace(template, text=_text(template), settle=settle)


def _text(template: EmailTemplate) -> PlainTemplate | None:
    """The words of an HTML body for mails that have both, where they can be told from the markup once and for all."""
    if template.use_twig or template.content_type is not ContentType.ALL:
        return None
    parts = placeholders.parse(template.body).parts
    texts = outline([part if isinstance(part, str) else None for part in parts])
    if texts is None:
        return None
    names = [part for part in parts if not isinstance(part, str)]
    return PlainTemplate((texts[0], *(part for pair in zip(names, texts[1:], strict=True) for part in pair)))


def email_template(action: Action) -> EmailTemplate:
    """The template of a rule that passed `problems`. Raises RuleError otherwise."""
    wrong: list[Problem] = []
    template = _template(action, wrong)
    if template is None:
        raise RuleError({problem.field: [problem.sentence] for problem in wrong})
    return template


def problems(action: Action) -> Iterator[Problem]:
    """All that keeps the action's mailboxes and templates from working, whatever the event."""
    wrong: list[Problem] = []
    template = _template(action, wrong)
    yield from wrong
    yield from _header_problems(action)
    if template is not None:
        for problem in render.problems(template):
            yield problem._replace(field=f"action.{problem.field}")


def _header_problems(action: Action) -> Iterator[Problem]:
    """Values that are the same whatever the event, and that their header cannot have."""
    for name, value in action.headers:
        try:
            if not any(mark in value for mark in ("{{", "{%", "{#")):
                extra_header(name, value)
        except ValueError as error:
            yield Problem("action.headers", str(error))


def _template(action: Action, wrong: list[Problem]) -> EmailTemplate | None:
    """None when a mailbox is wrong, and then `wrong` says which."""
    sender = _mailboxes("sender", action.sender, wrong, most=1)
    reply_to = _mailboxes("reply_to", action.reply_to, wrong, most=1)
    recipients = [
        (role, mailbox)
        for role, field in (
            (RecipientRole.TO, "recipient"),
            (RecipientRole.CC, "cc"),
            (RecipientRole.BCC, "bcc"),
        )
        for mailbox in _mailboxes(field, getattr(action, field), wrong, most=MAX_RECIPIENTS)
    ]
    if len(recipients) > MAX_RECIPIENTS:
        wrong.append(
            Problem("action.recipient", f"a mail has at most {MAX_RECIPIENTS} recipients, cc and bcc included")
        )
    if wrong or not sender:
        return None
    return EmailTemplate(
        sender=sender[0],
        recipients=tuple(recipients),
        reply_to=reply_to[0] if reply_to else None,
        headers=action.headers,
        subject=action.subject,
        body=action.body,
        use_twig=action.use_twig,
        content_type=action.content_type,
    )


def _mailboxes(field: str, text: str, wrong: list[Problem], *, most: int) -> list[MailboxTemplate]:
    if not text.strip():
        return []
    try:
        found = [_mailbox(field, part) for part in split_mailboxes(text)]
    except AddressError as error:
        wrong.append(Problem(f"action.{field}", str(error)))
        return []
    if len(found) > most:
        several = "one mailbox" if most == 1 else f"at most {most} mailboxes"
        wrong.append(Problem(f"action.{field}", f"must be {several}"))
    return found


def _mailbox(field: str, text: str) -> MailboxTemplate:
    name, address = split_mailbox(text)
    if "{{" not in address:
        address = check_address(address)
    return MailboxTemplate(field=field, name=name, address=address)
