"""The admin's lists at 5 million deliveries of 10,000 rules: the whole page, from request to HTML."""

from __future__ import annotations

import time
from itertools import combinations
from statistics import median

from django.db.models import F
from django.test import Client

from benchmarks import fill, ready, scene
from benchmarks.results import keep, table
from tracking.models import Delivery, Rule, User

DELIVERIES = 5_000_000 if ready.FULL else 50_000
SLAB = 500_000  # rows filled at once
PRODUCTS = 500 if ready.FULL else 20
RULES = PRODUCTS * 20
ROUNDS = 7

_LISTS = [
    *("delivery", "storedevent", "rule", "connection", "alert", "usageday"),
    *("product", "campaign", "publisher", "buyer", "user"),
]


def pages(first: int) -> dict[str, str]:
    """What a page is -> its address. The log by each filter that finds many and those that find few, and by pairs."""
    log = "/admin/tracking/delivery/"
    middle = f"00000000-0000-7000-8002-{DELIVERIES // 2:012x}"
    filters = {
        "one product": "product_id=7",
        "one trigger": "trigger__exact=lms.lead_sold",
        "a trigger that never was": "trigger__exact=call.amd",
        "one action": "kind=smtp_esp",
        "an action without rules": "kind=smtp_custom",
        "one rule": f"rule__id__exact={first + 7}",
        "sent": "state__exact=sent",
        "failed": "state__exact=failed",
        "with a warning": "warned=yes",
        "test runs": "runs=test",
    }
    return {
        "dashboard": "/admin/",
        **{f"all of {name}": f"/admin/tracking/{name}/" for name in _LISTS},
        "log, older": f"{log}?older={middle}",
        "log, newer": f"{log}?newer={middle}",
        **{f"log, {name}": f"{log}?{query}" for name, query in filters.items()},
        **{
            f"log, {one}, {other}": f"{log}?{filters[one]}&{filters[other]}"
            for one, other in combinations(filters, 2)
            if filters[one].split("=")[0] != filters[other].split("=")[0]
        },
        "log, one lead": f"{log}?q=lead-4711",
        "log, one event": f"{log}?q=filled-4711",
        "events, one lead": "/admin/tracking/storedevent/?q=lead-4711",
    }


def build() -> int:
    """The first rule."""
    out = scene.connection()
    first = min([scene.rule(product, out) for product in range(1, PRODUCTS + 1)])
    fill.copies(first, RULES // PRODUCTS - 1, of=PRODUCTS)
    for start in range(0, DELIVERIES, SLAB):
        number = min(SLAB, DELIVERIES - start)
        fill.deliveries(first, number, state="sent", first=start, rules=RULES, products=PRODUCTS)
    fill.deliveries(first, 2_000, state="failed", first=DELIVERIES, rules=RULES, products=PRODUCTS)
    fill.analyze()
    assert Rule.objects.count() == RULES
    assert not Delivery.objects.exclude(product_id=F("rule__product")).exists()
    return first


def opening(client: Client, url: str) -> float:
    """Milliseconds, median."""
    times = []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        answer = client.get(url)
        times.append((time.perf_counter() - start) * 1e3)
        assert answer.status_code == 200, (url, answer.status_code)
    return median(times)


def main() -> None:
    first = build()
    client = Client(headers={"host": "localhost"})
    client.force_login(User.objects.create_superuser("bench", "bench@example.com"))
    opening(client, "/admin/")  # templates are read
    times = {name: opening(client, url) for name, url in pages(first).items()}
    table(f"Admin pages at {DELIVERIES:,} deliveries of {RULES:,} rules", ("", "ms"), list(times.items()))
    keep("lists", deliveries=DELIVERIES, rules=RULES, slowest_ms=max(times.values()), ms=times)


if __name__ == "__main__":
    main()
