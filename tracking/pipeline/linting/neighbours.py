"""Other rules that mail the same recipient for the same event."""

from __future__ import annotations

from collections.abc import Iterator

from tracking.definition import RuleDefinition
from tracking.errors import TrackingError
from tracking.matching.overlap import may_overlap
from tracking.models import Campaign, Rule
from tracking.pipeline.linting.finding import Findings, Subject, warning
from tracking.store import adjacent, versions

LOOKED_AT = 200  # adjacent rules
NAMED = 5


def findings(subject: Subject) -> Findings:
    """A mail is the same recipient's when its address is written the same way."""
    own = _addresses(subject.definition)
    named = 0
    for rule, definition in _adjacent(subject):
        both = own & _addresses(definition)
        if both and may_overlap(subject.definition.filters, definition.filters):
            named += 1
            if named > NAMED:
                yield warning("rule", f"More than {NAMED} rules mail the same recipients for the same events.")
                return
            yield warning(
                "action.recipient", f"Rule {rule} can fire for the same event and mails {', '.join(sorted(both))} too."
            )


def _adjacent(subject: Subject) -> Iterator[tuple[Rule, RuleDefinition]]:
    definition = subject.definition
    campaign = Campaign.objects.filter(pk=definition.campaign or 0).first()
    rules = adjacent.to(definition.trigger, product=definition.product, campaign=campaign, among=subject.among)
    if subject.rule is not None:
        rules = rules.exclude(pk=subject.rule.pk)
    for rule in rules.filter(current__isnull=False).select_related("current").order_by("id")[:LOOKED_AT]:
        assert rule.current is not None
        try:
            yield rule, rule.current.definition()
        except TrackingError:  # of another release: it does not fire either
            continue


def _addresses(definition: RuleDefinition) -> set[str]:
    """As they are written, placeholders and all, apart from spaces and case."""
    try:
        template = versions.email_template(definition.action)
    except TrackingError:
        return set()
    return {"".join(mailbox.address.split()).lower() for _, mailbox in template.recipients}
