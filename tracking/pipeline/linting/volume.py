"""How many mails, and what they cost, as far as the last week tells."""

from __future__ import annotations

from decimal import Decimal

from tracking import conf
from tracking.matching.matcher import Candidate, Matcher
from tracking.pipeline.linting.finding import Findings, Subject, note, warning
from tracking.policy.price import unit_price


def findings(subject: Subject) -> Findings:
    events, definition = subject.recent.events, subject.definition
    if not events:
        yield note("rule", f"No event of {definition.kind.label} has come here in the last week.")
        return
    matcher = Matcher([Candidate.of(definition, rule_id=0, version_id=0, connection_id=0)])
    share = sum(bool(matcher.match(event)) for event in events) / len(events)
    per_day = subject.recent.per_day * share
    if not share:
        yield warning("filters", f"None of the last {len(events):,} events of this trigger here would have matched.")
        return
    price = unit_price(conf.regular_price(), notifications=definition.notifications.enable_notifications)
    cost = price * Decimal(f"{per_day:.2f}")
    yield note("rule", f"About {_about(per_day)} mails a day, ${cost:,.4f} a day, as the last week went.")
    cap = definition.policy.daily_cap
    if cap is not None and cap < per_day:
        yield warning("policy.daily_cap", f"About {_about(per_day)} events a day are expected: what is over waits.")


def _about(per_day: float) -> str:
    return f"{per_day:,.0f}" if per_day >= 10 else f"{per_day:.1f}"
