"""What a rule, as edited, would have done with the events of the last days: matched by the very matcher of live events.

Nothing is sent or billed. The live version of the rule is asked too, so that the two can be compared.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from tracking import conf
from tracking.choices import JobKind, Verdict
from tracking.definition import RuleDefinition
from tracking.errors import AddressError, RuleError
from tracking.events import ENTITIES, Event
from tracking.mail.addresses import check_address
from tracking.matching.matcher import Candidate, Matcher
from tracking.models import Job, Rule, User
from tracking.pipeline.report import Report
from tracking.policy.price import unit_price
from tracking.rendering import placeholders, render
from tracking.rendering.context import Names, context
from tracking.rendering.render import EmailTemplate
from tracking.store import backtests, events, jobs, past, retention, versions
from tracking.store.past import Row
from tracking.wording import counted

MAX_DAYS = 90
BATCH = 1_000  # events in memory at a time
LISTED = 10_000  # matches that are kept row by row; all are counted
TOLD = 50  # recipients that the result names, those with the most mails
DISTINCT = 20_000  # recipients that are told apart
LEADS = 200_000  # leads that "once per lead" remembers
_LIVE, _EDITED = 1, 2  # as rules of the matcher


def start(definition: RuleDefinition, *, rule: Rule | None, days: int, author: User | None, now: datetime) -> Job:
    """A queued backtest. Raises JobError when the author has too many open, RuleError for the number of days."""
    if not 1 <= days <= MAX_DAYS:
        raise RuleError({"days": [f"must be from 1 to {MAX_DAYS}"]})
    live = rule.current.document if rule is not None and rule.current is not None else None
    params = {"definition": definition.to_json(), "live": live, "days": days, "until": now.isoformat()}
    name = definition.name or definition.kind.label
    return jobs.open_job(
        JobKind.BACKTEST, params, author=author, rule=rule, title=f"{name}, {counted(days, 'day')}", now=now
    )


def work(params: Mapping[str, Any], report: Report) -> dict[str, Any]:
    """The job: reads all events of the window in order of time, one batch at a time."""
    edited = RuleDefinition.from_json(params["definition"])
    live = RuleDefinition.from_json(params["live"]) if params["live"] else None
    until = datetime.fromisoformat(params["until"])
    since = until - timedelta(days=params["days"])
    backtests.begin(report.job_id)
    tally = Tally(edited, live)
    seconds = int((until - since).total_seconds())
    for reached, rows in past.scan([one for one in (edited, live) if one], since=since, until=until, size=BATCH):
        backtests.add(report.job_id, tally.take(rows))
        report(
            int((reached - since).total_seconds()),
            seconds,
            f"{counted(tally.events, 'event')}, {tally.matched:,} matched",
        )
    whole = max(since, retention.kept_since(report.now()))
    times = {"since": since.isoformat(), "until": until.isoformat(), "whole_since": whole.isoformat()}
    return {**times, "days": params["days"], **tally.to_json()}


@dataclass(slots=True)
class Side:
    """One version of the rule, and what it would have done."""

    definition: RuleDefinition
    template: EmailTemplate
    once: set[int] = field(default_factory=set)  # hashes of leads it has fired for
    fired: int = 0
    repeated: int = 0  # events that "once per lead" kept from firing
    per_day: Counter[str] = field(default_factory=Counter)

    def fires(self, event: Event) -> bool:
        """Whether a mail would have been owed; "once per lead" is asked here, as the database does for live events."""
        if self.definition.policy.once_per_lead and event.lead_id is not None:
            lead = hash(event.lead_id)
            if lead in self.once:
                self.repeated += 1
                return False
            if len(self.once) < LEADS:
                self.once.add(lead)
        self.fired += 1
        return True

    def addresses(self, event: Event, names: Names) -> tuple[list[str], int]:
        """Whom it would have mailed, each once, and how many of what stands for recipients are no addresses."""
        values = context(event, names=names, rule_id=0, rule_name=self.definition.name)
        texts = list(render.addresses(self.template, values))
        found = [address for text in texts if (address := _address(text))]
        return list(dict.fromkeys(found)), len(texts) - len(found)

    def cost(self) -> Decimal:
        notifies = self.definition.notifications.enable_notifications
        return self.fired * unit_price(conf.regular_price(), notifications=notifies)

    def to_json(self) -> dict[str, Any]:
        cap = self.definition.policy.daily_cap
        return {
            "fired": self.fired,
            "cost": format(self.cost(), "f"),
            "repeated": self.repeated,
            "days_over_cap": sum(number > cap for number in self.per_day.values()) if cap else 0,
        }


class Tally:
    """Counts of a backtest. Memory is bounded by the constants above, not by the number of events."""

    def __init__(self, edited: RuleDefinition, live: RuleDefinition | None) -> None:
        self.edited = _side(edited)
        self.live = _side(live) if live else None
        self.events = self.matched = self.listed = self.invalid = self.others = 0
        self.verdicts: Counter[Verdict] = Counter()
        self.recipients: Counter[str] = Counter()
        sides = [(_EDITED, edited), *([(_LIVE, live)] if live else [])]
        self._matcher = Matcher(
            Candidate.of(one, rule_id=number, version_id=number, connection_id=0) for number, one in sides
        )
        self._named = any(_names_entities(side.template) for side in (self.edited, self.live) if side)

    def take(self, rows: list[Row]) -> Iterator[backtests.Found]:
        """Count a batch; gives those matches that are to be listed."""
        found = [(row, event, verdict) for row, event in rows if (verdict := self._verdict(event)) is not None]
        self.events += len(rows)
        names = events.names(event for _, event, _ in found) if self._named and found else {}
        for row, event, verdict in found:
            self.matched += 1
            self.verdicts[verdict] += 1
            to = self._to(event, names, verdict)
            if self.listed < LISTED:
                self.listed += 1
                yield row, verdict, ", ".join(to)

    def _verdict(self, event: Event) -> Verdict | None:
        matched = {candidate.rule_id for candidate in self._matcher.match(event)}
        day = event.occurred_at.date().isoformat()
        fired = set()
        for number, side in ((_EDITED, self.edited), (_LIVE, self.live)):
            if side is not None and number in matched and side.fires(event):
                side.per_day[day] += 1
                fired.add(number)
        if len(fired) == 2:
            return Verdict.BOTH
        return {_EDITED: Verdict.EDITED, _LIVE: Verdict.LIVE}[fired.pop()] if fired else None

    def _to(self, event: Event, names: Names, verdict: Verdict) -> list[str]:
        """Whom the edited version would have mailed, counted; or the live one, where it alone had fired."""
        if verdict is Verdict.LIVE:
            assert self.live is not None
            return self.live.addresses(event, names)[0]
        found, invalid = self.edited.addresses(event, names)
        self.invalid += invalid
        for address in found:
            if address in self.recipients or len(self.recipients) < DISTINCT:
                self.recipients[address] += 1
            else:
                self.others += 1
        return found

    def to_json(self) -> dict[str, Any]:
        days = sorted({*self.edited.per_day, *(self.live.per_day if self.live else ())})
        return {
            "events": self.events,
            "edited": self.edited.to_json(),
            "live": self.live.to_json() if self.live else None,
            "verdicts": {verdict.value: self.verdicts[verdict] for verdict in Verdict},
            "listed": self.listed,
            "per_day": [[day, self.edited.per_day[day], self.live.per_day[day] if self.live else 0] for day in days],
            "recipients": self.recipients.most_common(TOLD),
            "distinct": len(self.recipients),
            "others": self.others,
            "invalid": self.invalid,
        }


def _side(definition: RuleDefinition) -> Side:
    return Side(definition, versions.email_template(definition.action))


def _address(text: str) -> str | None:
    try:
        return check_address(text)
    except AddressError:
        return None


def _names_entities(template: EmailTemplate) -> bool:
    """Whether a recipient's address is made of a name of the directory, which then has to be fetched."""
    return any(
        path[0] in ENTITIES
        for _, mailbox in template.recipients
        for path in placeholders.parse(mailbox.address).names()
    )
