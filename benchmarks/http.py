"""The API over HTTP, into one gunicorn process: events singly and in lists, the directory; pages of long lists."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection
from statistics import median, quantiles
from typing import Any

from django.test import Client

from benchmarks import fill, ready, scene
from benchmarks.results import keep, table
from benchmarks.services import running
from tracking.api import tokens
from tracking.choices import DeliveryState
from tracking.embedded import ports
from tracking.models import User

PRODUCTS = range(1, 101)
PER_SECOND = 100
SECONDS = 60 if ready.FULL else 10
LISTS = 10
PUBLISHERS = 100_000 if ready.FULL else 10_000
BATCH = 1_000  # publishers in one request
DELIVERIES = 5_000_000 if ready.FULL else 50_000
SLAB = 500_000  # rows filled at once
RULES = 200
ROUNDS = 7


def send(port: int, token: str, body: bytes, *, method: str, path: str, status: int) -> float:
    """Milliseconds until the whole answer is read."""
    start = time.perf_counter()
    connection = HTTPConnection("127.0.0.1", port, timeout=30)
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    connection.request(method, path, body, headers)
    answer = connection.getresponse()
    answer.read()
    connection.close()
    assert answer.status == status, answer.status
    return (time.perf_counter() - start) * 1e3


def post(port: int, token: str, body: bytes) -> float:
    return send(port, token, body, method="POST", path="/api/v1/events/", status=202)


def bodies(number: int) -> list[bytes]:
    return [json.dumps(event.to_json()).encode() for event in scene.events(number, products=PRODUCTS)]


def steadily(port: int, token: str, waiting: Sequence[bytes]) -> list[float]:
    """Milliseconds of each, sent at an even pace whatever became of those before."""
    begun = time.monotonic()

    def one(place: int) -> float:
        time.sleep(max(0.0, begun + place / PER_SECOND - time.monotonic()))
        return post(port, token, waiting[place])

    with ThreadPoolExecutor(16) as pool:
        return list(pool.map(one, range(len(waiting))))


def together(port: int, token: str) -> list[float]:
    lists = [b"[" + b",".join(bodies(1_000)) + b"]" for _ in range(LISTS)]
    return [post(port, token, body) for body in lists]


def publishers(word: str) -> list[bytes]:
    """All of the directory's publishers, in batches."""
    return [
        json.dumps([{"id": pk, "name": f"{word} {pk}"} for pk in range(first, first + BATCH)]).encode()
        for first in range(1, PUBLISHERS + 1, BATCH)
    ]


def synced(port: int, token: str, batches: Sequence[bytes]) -> list[float]:
    """Milliseconds of each batch, sent one after the other."""
    path = "/api/v1/publishers/"
    return [send(port, token, batch, method="PUT", path=path, status=200) for batch in batches]


def pages(first: int) -> dict[str, str]:
    log = "/api/v1/deliveries/"
    return {
        "the log": log,
        "the log, failed": f"{log}?state=failed",
        "the log, one rule": f"{log}?rule={first + 7}",
        "the log, one trigger": f"{log}?trigger=lms.lead_sold",
        "the log, one event": f"{log}?event_id=filled-4711",
        "events": "/api/v1/events/",
        "rules": "/api/v1/rules/",
    }


def build() -> int:
    """The first rule of a long log."""
    first = scene.rule(1_000, scene.connection())
    fill.copies(first, RULES - 1)
    for start in range(0, DELIVERIES, SLAB):
        number = min(SLAB, DELIVERIES - start)
        fill.deliveries(first, number, state=DeliveryState.SENT.value, first=start, rules=RULES, products=20)
    fill.deliveries(first, 2_000, state=DeliveryState.FAILED.value, first=DELIVERIES, rules=RULES, products=20)
    fill.analyze()
    return first


def reading(client: Client, url: str) -> float:
    """Milliseconds of a page of 100 and of the one after it, the slower of the two medians."""
    times: dict[str, list[float]] = {}
    for _ in range(ROUNDS):
        address: str | None = url
        for _ in range(2):
            if address is None:
                break
            start = time.perf_counter()
            answer: Any = client.get(address)
            times.setdefault(address, []).append((time.perf_counter() - start) * 1e3)
            assert answer.status_code == 200, (address, answer.status_code)
            address = answer.json()["next"]
    return max(median(found) for found in times.values())


def summary(ms: Sequence[float]) -> dict[str, float]:
    """Of a sync, from the times of its requests."""
    return {"seconds": sum(ms) / 1e3, "rows_per_s": PUBLISHERS / sum(ms) * 1e3, "slowest_ms": max(ms)}


def main() -> None:
    out = scene.connection()
    for product in PRODUCTS:
        scene.rule(product, out)
    user = User.objects.create_superuser("bench", "bench@example.com")
    token = tokens.issue(user, "bench")[1]
    port = ports.any_free()
    command = [sys.executable, "-m", "gunicorn", "config.wsgi", "--bind", f"127.0.0.1:{port}", "--workers", "1"]
    with running(command, port=port):
        steadily(port, token, bodies(PER_SECOND))  # warm
        single = sorted(steadily(port, token, bodies(PER_SECOND * SECONDS)))
        lists = together(port, token)
        syncs = {
            "first": synced(port, token, publishers("Publisher")),
            "the same again": synced(port, token, publishers("Publisher")),
            "all renamed": synced(port, token, publishers("Partner")),
        }
    p50, p95 = median(single), quantiles(single, n=20)[18]
    rows = [("one event, 100/s", p50, p95), ("a list of 1,000", median(lists), max(lists))]
    table("Events over HTTP, one process, ms", ("", "p50", "p95; of lists, most"), rows)
    directory = {name: summary(ms) for name, ms in syncs.items()}
    table(
        f"A sync of {PUBLISHERS:,} publishers, {BATCH:,} in a request",
        ("", "s", "rows/s", "slowest request, ms"),
        [(name, *figures.values()) for name, figures in directory.items()],
    )
    first = build()
    client = Client(headers={"authorization": f"Bearer {token}", "host": "localhost"})
    reading(client, "/api/v1/rules/")
    found = {name: reading(client, url) for name, url in pages(first).items()}
    table(f"Pages of 100 at {DELIVERIES:,} deliveries", ("", "ms"), list(found.items()))
    keep(
        "http",
        event_ms={"p50": p50, "p95": p95},
        list_ms={"p50": median(lists), "most": max(lists)},
        publishers=PUBLISHERS,
        directory=directory,
        deliveries=DELIVERIES,
        page_ms=found,
    )


if __name__ == "__main__":
    main()
