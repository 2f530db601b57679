"""The only module that knows Celery. Tasks take ids, call one stage, and wake what comes next."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial

from celery import current_app, shared_task
from celery.signals import worker_process_shutdown, worker_shutdown, worker_shutting_down
from django.db import transaction
from kombu import Connection

from tracking.pipeline import alert, deliver, retention, sweep, transport, watch
from tracking.pipeline.doorbell import Doorbell
from tracking.store import clock, pulse

PRUNE_SECONDS = 30 * 60  # a night's share; what is left goes the next night


@shared_task(ignore_result=True)  # retries live in the rows, not in Celery
def drain_connection(connection_id: int) -> None:
    """A burst wakes one worker, which wakes the next, up to the sessions that the connection may have."""
    ring = partial(wake, [connection_id])
    if deliver.drain(connection_id, clock=clock.started(), on_full=ring):
        ring()  # behind the others


@shared_task(ignore_result=True)
def sweep_queue() -> None:
    """Beat's backstop: whatever was not woken, or was left by a dead worker, goes on."""
    now = clock.now()
    swept = sweep.sweep(now=now)
    pulse.beat(pulse.SWEEPER, now=now)
    wake(swept.connections)
    for alert_id in swept.alerts:
        send_alert.delay(alert_id)


@shared_task(ignore_result=True)
def watch_rules() -> None:
    for alert_id in watch.watch(now=clock.now()):
        send_alert.delay(alert_id)


@shared_task(ignore_result=True)
def prune() -> None:
    retention.prune(now=clock.now(), seconds=PRUNE_SECONDS)


@shared_task(ignore_result=True)
def send_alert(alert_id: int) -> None:
    alert.send(alert_id, clock=clock.started())


def _publish(connection_id: int) -> None:
    drain_connection.apply_async((connection_id,))


_doorbell = Doorbell(_publish)


def ask_broker(*, patience: float) -> None:
    """Raises whatever the broker's client raises when it does not answer within that many seconds."""
    options = {"socket_timeout": patience, "socket_connect_timeout": patience, "max_retries": 0}
    with Connection(current_app.conf.broker_url, connect_timeout=patience, transport_options=options) as broker:
        broker.connect()
        broker.channel()  # speaks to the server; closed with the connection


def wake(connection_ids: Iterable[int]) -> None:
    """Have workers drain these connections soon. Never waits for the broker."""
    _doorbell.ring(connection_ids)


def wake_on_commit(connection_ids: Iterable[int]) -> None:
    """Wake once the caller's transaction is committed; at once when there is none. A rollback wakes nobody."""
    ids = list(connection_ids)
    if ids:
        transaction.on_commit(lambda: wake(ids), robust=True)


@worker_shutting_down.connect
def begin_to_stop(**kwargs: object) -> None:
    """Asked to end: finish the mails in flight and give the others back, so that Celery need not wait long."""
    deliver.stopping.set()


@worker_shutdown.connect
@worker_process_shutdown.connect
def say_goodbye(**kwargs: object) -> None:
    transport.close()
