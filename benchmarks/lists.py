"""The admin's lists at 5 million deliveries: the whole page, from request to HTML."""

from __future__ import annotations

import time
from statistics import median

from django.test import Client

from benchmarks import fill, ready, scene
from benchmarks.results import keep, table
from tracking.models import User

DELIVERIES = 5_000_000 if ready.FULL else 50_000
SLAB = 500_000  # rows filled at once
RULES = 200
ROUNDS = 7

_LISTS = [
    *("delivery", "storedevent", "rule", "connection", "alert", "usageday"),
    *("product", "campaign", "publisher", "buyer", "user"),
]


def pages(first: int) -> dict[str, str]:
    found = {f"all of {name}": f"/admin/tracking/{name}/" for name in _LISTS}
    log = "/admin/tracking/delivery/"
    return {
        "dashboard": "/admin/",
        **found,
        "log, older": f"{log}?older=00000000-0000-7000-8002-{DELIVERIES // 2:012x}",
        "log, newer": f"{log}?newer=00000000-0000-7000-8002-{DELIVERIES // 2:012x}",
        "log, one action": f"{log}?kind=smtp_esp",
        "log, an action without rules": f"{log}?kind=smtp_custom",
        "log, one product": f"{log}?product_id=7",
        "log, a trigger that never was": f"{log}?trigger__exact=call.amd",
        "log, test runs": f"{log}?runs=test",
        "log, failed": f"{log}?state__exact=failed",
        "log, sent": f"{log}?state__exact=sent",
        "log, one rule": f"{log}?rule__id__exact={first + 7}",
        "log, one trigger": f"{log}?trigger__exact=lms.lead_sold",
        "log, with a warning": f"{log}?warned=yes",
        "log, one lead": f"{log}?q=lead-4711",
        "log, one event": f"{log}?q=filled-4711",
        "events, one lead": "/admin/tracking/storedevent/?q=lead-4711",
    }


def build() -> int:
    """The first rule."""
    out = scene.connection()
    first = scene.rule(1, out)
    fill.copies(first, RULES - 1)
    for start in range(0, DELIVERIES, SLAB):
        number = min(SLAB, DELIVERIES - start)
        fill.deliveries(first, number, state="sent", first=start, rules=RULES, products=20)
    fill.deliveries(first, 2_000, state="failed", first=DELIVERIES, rules=RULES, products=20)
    fill.analyze()
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
    table(f"Admin pages at {DELIVERIES:,} deliveries", ("", "ms"), list(times.items()))
    keep(list_ms=round(max(times.values()), 1))


if __name__ == "__main__":
    main()
