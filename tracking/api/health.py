"""For machines that watch: alive, ready, and how much."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_safe
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from tracking import canary, tasks
from tracking.choices import WatchState
from tracking.models import Connection, RuleWatch
from tracking.store import clock, deliveries

_PATIENCE = 1  # seconds for a broker that does not answer


@csrf_exempt  # what only looks needs no form's token: another method is 405, not 403
@require_safe
def alive(request: HttpRequest) -> HttpResponse:
    return HttpResponse("ok\n", content_type="text/plain")


@csrf_exempt
@require_safe
def ready(request: HttpRequest) -> JsonResponse:
    """200 when all that a request needs is there, else 503; what is missing is named either way."""
    state = {name: _answer(ask) for name, ask in _QUESTIONS.items()}
    return JsonResponse(state, status=200 if set(state.values()) == {"ok"} else 503)


def _answer(ask: Callable[[], str]) -> str:
    try:
        return ask()
    except Exception as error:  # whatever a client library raises means the same here
        return f"{type(error).__name__}: not available"


def _database() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return "ok"


def _broker() -> str:
    tasks.ask_broker(patience=_PATIENCE)
    return "ok"


def _migrations() -> str:
    executor = MigrationExecutor(connection)
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    return "run manage.py migrate" if plan else "ok"


_QUESTIONS: Mapping[str, Callable[[], str]] = {"database": _database, "broker": _broker, "migrations": _migrations}


@csrf_exempt
@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    registry = CollectorRegistry()
    MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    registry.register(_Queue())
    return HttpResponse(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)


class _Queue(Collector):
    """What stands in the database now: the same whichever process is asked."""

    def collect(self) -> Iterator[Metric]:
        now = clock.now()
        depth = GaugeMetricFamily("tracking_queue_depth", "Deliveries not final, by state.", labels=["state"])
        for state, number in deliveries.queue_depth().items():
            depth.add_metric([state], number)
        yield depth
        oldest = deliveries.oldest_due(now)
        yield GaugeMetricFamily(
            "tracking_oldest_due_seconds",
            "How long the longest-waiting due delivery has waited.",
            value=0 if oldest is None else max(0.0, (now - oldest).total_seconds()),
        )
        canaries = GaugeMetricFamily(
            "tracking_canary_age_seconds", "Since a worker last took what is sent to a queue.", labels=["queue"]
        )
        for queue, age in canary.ages().items():
            if age is not None:
                canaries.add_metric([queue], age.total_seconds())
        yield canaries
        yield GaugeMetricFamily(
            "tracking_connections_resting",
            "Connections that failed and are left alone for a while.",
            value=Connection.objects.filter(paused_until__gt=now).count(),
        )
        yield GaugeMetricFamily(
            "tracking_rules_firing",
            "Rules over their warning thresholds.",
            value=RuleWatch.objects.filter(state=WatchState.FIRING).count(),
        )
