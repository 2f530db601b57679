"""One look of the alert watch over 10,000 rules, with the minute buckets of 10 million deliveries behind it.

One rule in a hundred had warnings within the longest timeframe; one in a thousand has too many and is firing.
"""

from __future__ import annotations

import time
from datetime import timedelta
from statistics import median

from benchmarks import fill, ready, scene
from benchmarks.results import keep, table
from tracking.models import Alert, EventMinute, Rule, RuleVersion
from tracking.pipeline import watch
from tracking.store import clock

RULES = 10_000
MINUTES = 1_000 if ready.FULL else 50  # in which each rule had an event
ROUNDS = 15

_WANTED = {
    "enable_notifications": True,
    "timeframe": "1h",
    "warnings_number": 50,
    "notify_emails": ["ops@example.com"],
    "notification_frequency": 60,
}


def rules() -> int:
    """The first of them."""
    first = scene.rule(1, scene.connection())
    version = RuleVersion.objects.get(rule_id=first)
    version.document["notifications"] = {**version.document["notifications"], **_WANTED}
    version.save(update_fields=["document"])
    fill.copies(first, RULES - 1)
    return first


def buckets(first: int) -> None:
    every_minute = "date_trunc('minute', now()) - minute * interval '1 minute' FROM generate_series(0, %s) minute"
    fill.sql(
        "INSERT INTO tracking_eventminute (rule_id, minute, events) "
        f"SELECT rule.id, at.moment, 1 FROM tracking_rule rule, (SELECT {every_minute}) AS at (moment)",
        MINUTES - 1,
    )
    fill.sql(
        "INSERT INTO tracking_warningminute (rule_id, minute, cause, warnings) "
        "SELECT rule.id, at.moment, 'timeout', CASE WHEN (rule.id - %s) %% 1000 = 0 THEN 9 ELSE 1 END "
        f"FROM tracking_rule rule, (SELECT {every_minute}) AS at (moment) WHERE (rule.id - %s) %% 100 = 0",
        first,
        19,
        first,
    )
    fill.analyze()


def main() -> None:
    buckets(rules())
    raised = watch.watch(now=clock.now())
    assert len(raised) == RULES // 1_000 == Alert.objects.count()
    times = []
    for number in range(ROUNDS):
        now = clock.now() + timedelta(seconds=number)
        start = time.perf_counter()
        assert not watch.watch(now=now)
        times.append((time.perf_counter() - start) * 1e3)
    count, behind = Rule.objects.count(), EventMinute.objects.count()
    rows = [(f"{count:,} rules, {behind:,} buckets", median(times), max(times))]
    table("One look for alerts, milliseconds", ("", "median", "most"), rows)
    keep("alert_tick", rules=count, buckets=behind, median_ms=median(times), most_ms=max(times))


if __name__ == "__main__":
    main()
