"""The only module that knows Celery. Tasks take ids, call one stage, and wake what comes next."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from celery import Task, current_app, shared_task
from celery.signals import worker_process_shutdown, worker_shutdown, worker_shutting_down
from django.db import transaction
from kombu import Connection

from tracking import conf
from tracking.models import Job
from tracking.pipeline import alert, deliver, jobs, retention, stopping, sweep, transport, watch
from tracking.pipeline.doorbell import Doorbell
from tracking.store import clock, connections, pulse


@shared_task(ignore_result=True)  # retries live in the rows, not in Celery
def drain_connection(connection_id: int) -> None:
    """Servers that have not yet taken a mail, or fail, are left to workers of their own: they may hang."""
    if connections.doubtful(connection_id):
        _doubtful_bell.ring([connection_id])
    else:
        _drain(connection_id, proven=True)


@shared_task(ignore_result=True)
def drain_doubtful(connection_id: int) -> None:
    _drain(connection_id, proven=False)


def _drain(connection_id: int, *, proven: bool) -> None:
    """A burst wakes one worker, which wakes the next, up to the sessions that the connection may have."""
    ring = partial(wake, [connection_id])
    if deliver.drain(connection_id, clock=clock.started(), proven=proven, on_full=ring):
        ring()  # behind the others


@shared_task(ignore_result=True)
def sweep_queue() -> None:
    """Beat's backstop: whatever was not woken, or was left by a dead worker, goes on."""
    now = clock.now()
    if _just_swept(now):  # many waited while no worker was there, or there are two beats
        return
    swept = sweep.sweep(now=now)
    pulse.beat(pulse.SWEEPER, now=now)
    wake(swept.connections)
    for alert_id in swept.alerts:
        send_alert.delay(alert_id)
    _job_bell.ring(swept.jobs)


def _just_swept(now: datetime) -> bool:
    silent = pulse.silence(pulse.SWEEPER, now=now)
    return silent is not None and timedelta() <= silent < conf.sweep_every() / 2


@shared_task(ignore_result=True, bind=True)
def sing(self: Task[..., None], queue: str) -> None:
    """Show that workers take what is sent to a queue, and that the beat which asked for it lives."""
    now = clock.now()
    pulse.beat(pulse.canary(queue), now=now)
    pulse.beat_is(str(self.request.origin), now=now)


@shared_task(ignore_result=True)
def run_job(job_id: int) -> None:
    jobs.run(job_id, clock=clock.started())


@shared_task(ignore_result=True)
def watch_rules() -> None:
    for alert_id in watch.watch(now=clock.now()):
        send_alert.delay(alert_id)


@shared_task(ignore_result=True)
def prune() -> None:
    retention.prune(now=clock.now(), seconds=retention.SECONDS)


@shared_task(ignore_result=True)
def send_alert(alert_id: int) -> None:
    alert.send(alert_id, clock=clock.started())


def _publish(connection_id: int) -> None:
    drain_connection.apply_async((connection_id,))


def _publish_job(job_id: int) -> None:
    run_job.apply_async((job_id,))


def _publish_doubtful(connection_id: int) -> None:
    drain_doubtful.apply_async((connection_id,))


_doorbell = Doorbell(_publish)
_doubtful_bell = Doorbell(_publish_doubtful)
_job_bell = Doorbell(_publish_job)


def ask_broker(*, patience: float) -> None:
    """Raises whatever the broker's client raises when it does not answer within that many seconds."""
    with _broker(patience) as broker:
        broker.connect()
        broker.channel()  # speaks to the server; closed with the connection


def waiting(queue: str, *, patience: float) -> int:
    """How many messages stand in a queue that no worker has taken. Raises as `ask_broker` does."""
    with _broker(patience) as broker:
        broker.connect()
        try:
            channel: Any = broker.channel()
            return int(channel.queue_declare(queue, passive=True).message_count)
        except broker.channel_errors:  # there is no such queue
            return 0


def _broker(patience: float) -> Connection:
    options = {"socket_timeout": patience, "socket_connect_timeout": patience, "max_retries": 0}
    return Connection(current_app.conf.broker_url, connect_timeout=patience, transport_options=options)


def wake(connection_ids: Iterable[int]) -> None:
    """Have workers drain these connections soon. Never waits for the broker."""
    _doorbell.ring(connection_ids)


def wake_on_commit(connection_ids: Iterable[int]) -> None:
    """Wake once the caller's transaction is committed; at once when there is none. A rollback wakes nobody."""
    ids = list(connection_ids)
    if ids:
        transaction.on_commit(lambda: wake(ids), robust=True)


def start_job(job: Job) -> None:
    """Have a worker begin it once the caller's transaction is committed. A lost call costs a sweep's time."""
    transaction.on_commit(lambda: _job_bell.ring([job.pk]), robust=True)


@worker_shutting_down.connect
def begin_to_stop(**kwargs: object) -> None:
    """So that Celery need not wait long."""
    stopping.begin()


@worker_shutdown.connect
@worker_process_shutdown.connect
def say_goodbye(**kwargs: object) -> None:
    transport.close()
