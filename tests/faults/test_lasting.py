"""Faults that last: what becomes of a queue, over many drains and hours, and who is spared."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import InterfaceError, InternalError, OperationalError

from tests import factories, flow
from tests.factories import NOON
from tests.faults.scenes import Scene
from tests.smtp_server import Close, Hang, Say, ScriptedServer, Step
from tracking import tasks
from tracking.choices import DeliveryState, Reason
from tracking.models import Alert, Attempt, Connection, Delivery
from tracking.pipeline import deliver, heartbeat, insist, sweep, verdict
from tracking.policy import rate
from tracking.store import claims, connections, outcomes, pulse, rules, versions
from tracking.store.versions import ReadyVersion

pytestmark = [pytest.mark.django_db, pytest.mark.faults]

QUOTA = "550 5.4.5 Daily sending limit exceeded"
SENT, UNKNOWN, QUEUED, HELD = DeliveryState.SENT, DeliveryState.UNKNOWN, DeliveryState.QUEUED, DeliveryState.HELD


def drain_for(scene: Scene, *, hours: float, step: float = 30) -> int:
    """Sweep and drain every `step` seconds; how many drains there were."""
    drains = 0
    until = scene.clock.now + timedelta(hours=hours)
    while scene.clock.now < until:
        for connection_id in sweep.sweep(now=scene.clock.now).connections:
            deliver.drain(connection_id, clock=scene.clock)
            drains += 1
        scene.clock.move(seconds=step)
    return drains


def test_fault_12_a_wake_up_that_comes_ten_times_sends_once(monkeypatch, rung, clock):
    monkeypatch.setattr("tracking.store.clock.started", lambda: clock)
    with ScriptedServer() as server:
        scene = Scene(server, clock)
        scene.owe()

        for _ in range(10):
            tasks.drain_doubtful(scene.rule.connection_id)

        assert len(server.mails) == 1
    assert (flow.states(), Attempt.objects.count()) == ({SENT: 1}, 1)


def test_fault_13_a_wake_up_that_comes_before_its_mail_does_nothing(clock):
    with ScriptedServer() as server:
        scene = Scene(server, clock)

        assert not scene.drain()
        assert not deliver.drain(4711, clock=clock), "nor one for a connection that is not there"
        scene.owe()
        scene.drain()

        assert len(server.mails) == 1
    assert flow.states() == {SENT: 1}


def test_fault_14_a_result_is_written_when_the_database_is_back(monkeypatch, transactional_db, clock):
    """No mail becomes unknown because the database restarted just when the server had taken it."""
    monkeypatch.setattr(insist, "PAUSE", 0)
    failures = [
        InternalError("cannot execute UPDATE in a read-only transaction"),
        InterfaceError("connection already closed"),
        OperationalError("server closed the connection unexpectedly"),
    ]
    whole = outcomes.record

    def record(*arguments: Any, **more: Any) -> int:
        if failures:
            raise failures.pop()
        return whole(*arguments, **more)

    monkeypatch.setattr(outcomes, "record", record)
    with ScriptedServer() as server:
        scene = Scene(server, clock)
        scene.owe(3)

        scene.drain()

        assert len(server.mails) == 3
    assert flow.states() == {SENT: 3}


def test_fault_14_a_rule_that_cannot_be_read_now_fails_no_mail(monkeypatch, transactional_db, clock):
    """A worker that has just begun has read no rule yet, and the claim of what others have tried asks for none."""
    monkeypatch.setattr(insist, "PAUSE", 0)
    failures = [OperationalError("server closed the connection unexpectedly")]
    whole = versions.ready

    def ready(version_id: int) -> ReadyVersion:
        if failures:
            raise failures.pop()
        return whole(version_id)

    with ScriptedServer() as server:
        scene = Scene(server, clock)
        scene.owe(3)
        Delivery.objects.update(claimed_at=NOON)

        with monkeypatch.context() as patched:
            patched.setattr(versions, "ready", ready)
            scene.drain()

        assert len(server.mails) == 3
    assert not failures
    assert flow.states() == {SENT: 3}


@pytest.mark.parametrize("error", [OperationalError, InterfaceError])
def test_fault_14_a_lease_that_could_not_be_renewed_is_renewed_the_next_time(monkeypatch, error):
    def away(*arguments: Any, **more: Any) -> None:
        raise error("the database is away")

    monkeypatch.setattr(claims, "renew", away)

    heartbeat._renew([factories.new_token()])  # says so in the log, and lives


def test_fault_20_a_greylisted_mail_is_sent_when_its_five_minutes_are_over(clock):
    def greylist(address: str) -> str | None:
        waited = clock.now - NOON >= timedelta(minutes=5)
        return None if waited else "450 4.7.1 Greylisted, come back later"

    with ScriptedServer(refuse=greylist) as server:
        scene = Scene(server, clock)
        (delivery,) = scene.owe()

        drain_for(scene, hours=1, step=20)

        assert len(server.mails) == 1
    delivery.refresh_from_db()
    assert delivery.state == SENT
    assert delivery.attempts.count() <= 7
    assert len({attempt.code for attempt in delivery.attempts.all()}) == 2
    flow.assert_books_balance()


def test_fault_20_a_server_that_names_a_time_is_asked_no_sooner(clock):
    with ScriptedServer(mails=[{Step.RCPT: Say("450 4.7.1 Try again in 20 minutes")}]) as server:
        scene = Scene(server, clock)
        (delivery,) = scene.owe()
        scene.drain()
    delivery.refresh_from_db()
    assert delivery.next_attempt_at >= NOON + timedelta(minutes=20)


def test_fault_24_a_server_that_takes_three_mails_a_burst_gets_all_of_them_and_no_try_is_lost(clock):
    taken: list[Any] = []

    def limit(address: str) -> str | None:
        recent = [moment for moment in taken if clock.now - moment < timedelta(minutes=1)]
        if len(recent) >= 3:
            return "454 Throttling failure: Maximum sending rate exceeded"
        taken.append(clock.now)
        return None

    with ScriptedServer(refuse=limit) as server:
        scene = Scene(server, clock)
        scene.owe(20)

        scene.drain()
        assert flow.states() == {SENT: 3, HELD: 1, QUEUED: 16}, "the first complaint ends the slice"
        assert scene.health().rate is not None
        drain_for(scene, hours=3, step=60)

        assert len({mail.message_id for mail in server.mails}) == len(server.mails) == 20
    assert flow.states() == {SENT: 20}
    assert set(Delivery.objects.values_list("tries", flat=True)) == {1}
    flow.assert_books_balance()


@pytest.mark.parametrize(
    "complaint",
    [{Step.FINAL: Say("452 4.3.2 Too fast")}, {Step.MAIL: Say("421 4.7.0 Too fast")}],
    ids=["while the next mail is on its way", "as the session is closed"],
)
def test_fault_24_a_complaint_between_mails_is_heard(clock, complaint):
    with ScriptedServer(mails=[{}, complaint]) as server:
        scene = Scene(server, clock)
        scene.owe(40)

        assert not scene.drain()

        assert flow.states()[HELD] == 1
        assert len(server.mails) + flow.states()[QUEUED] == 39
        assert flow.states()[QUEUED] >= 37, "the slice is over"
    assert scene.health().rate is not None
    assert Delivery.objects.get(state=HELD).reason == Reason.LIMIT


def test_fault_24_a_server_that_lets_nobody_in_for_now_gets_half_when_it_does(clock):
    with ScriptedServer(script={Step.GREETING: Say("421 4.7.0 Too many connections")}) as server:
        scene = Scene(server, clock)
        scene.owe(3)

        scene.drain()

    assert scene.health().paused_at(clock.now)
    assert scene.health().rate == rate.EASED / 2


@pytest.mark.parametrize(
    "script",
    [{Step.MAIL: [None, Say("454 Throttling failure: Daily message quota exceeded")]}, {Step.GREETING: Say(QUOTA)}],
    ids=["between mails", "at the greeting"],
)
def test_fault_24_a_quota_that_is_used_up_rests_the_connection_for_an_hour_and_is_told(clock, script):
    with ScriptedServer(script=script) as server:
        scene = Scene(server, clock)
        scene.owe(5)

        scene.drain()
        sweep.sweep(now=clock.now)

    assert scene.health().paused_until == clock.now + timedelta(hours=1)
    assert Alert.objects.get().connection_id == scene.rule.connection_id
    assert set(Delivery.objects.filter(state=HELD).values_list("reason", "tries")) == {(Reason.LIMIT, 0)}


@pytest.mark.parametrize(
    ("refusals", "slower"),
    [
        pytest.param(["450 4.2.1 Too much for this mailbox"], False, id="one busy mailbox"),
        pytest.param(["450 4.2.1 Too much for this mailbox"] * 2, True, id="two busy mailboxes"),
        pytest.param(["450 4.7.1 Greylisted"] * 2, False, id="two greylisted"),
        pytest.param(["451 4.3.0 Later"] * 3, True, id="half of the mails"),
    ],
)
def test_fault_24_who_puts_off_many_mails_gets_fewer_and_all_are_tried(clock, refusals, slower):
    answers = [*refusals]
    with ScriptedServer(refuse=lambda address: answers.pop() if answers else None) as server:
        scene = Scene(server, clock)
        scene.owe(6)

        scene.drain()

    assert len(server.mails) == 6 - len(refusals)
    assert (scene.health().rate is not None) is slower
    assert scene.health().fail_streak == 0


def test_fault_23_a_server_that_lets_nobody_in_costs_a_chunk_one_try_and_the_rest_none(clock, settings):
    settings.TRACKING_CHUNK_MAILS = 2
    with ScriptedServer(script={Step.GREETING: Say("554 5.7.1 No service")}) as server:
        scene = Scene(server, clock)
        scene.owe(5)

        scene.drain()

    assert set(Delivery.objects.values_list("state", "tries")) == {(DeliveryState.RETRYING, 1), (QUEUED, 0)}
    assert flow.states() == {DeliveryState.RETRYING: 2, QUEUED: 3}
    flow.assert_books_balance()


def test_fault_26_a_server_that_loses_one_mail_in_three_is_not_taken_for_dead(clock):
    with ScriptedServer(script={Step.FINAL: [None, None, Close()] * 20}) as server:
        scene = Scene(server, clock)
        scene.owe(40)

        for _ in range(14):
            scene.drain()
            assert scene.health().fail_streak <= 1, "mails went well in between"

        assert len(server.mails) == 40
    assert scene.health().paused_until is None


@pytest.mark.usefixtures("quick")
def test_fault_25_a_server_that_always_hangs_costs_one_mail_a_slice_and_rests_after_five(clock):
    with ScriptedServer(script={Step.DATA: Hang()}) as server:
        scene = Scene(server, clock)
        scene.owe(50)

        drains = drain_for(scene, hours=0.05, step=5)

        assert server.mails == []
    health = scene.health()
    assert health.paused_at(clock.now)
    assert drains <= 8
    assert Attempt.objects.count() <= drains


def test_fault_26_a_server_that_swallows_mails_does_not_get_the_whole_queue(clock):
    """Each is unknown, and an operator's to decide; so the first ones are warning enough."""
    with ScriptedServer(script={Step.FINAL: Close()}) as server:
        scene = Scene(server, clock)
        scene.owe(100)

        drain_for(scene, hours=0.25, step=5)

        assert len(server.mails) == flow.states()[UNKNOWN]
    assert 5 <= flow.states()[UNKNOWN] <= 9
    assert scene.health().fail_streak >= 5
    flow.assert_books_balance()


def test_fault_26_mail_goes_on_as_soon_as_the_server_is_well(clock):
    with ScriptedServer(script={Step.MAIL: [Close()] * 7}) as server:
        scene = Scene(server, clock)
        scene.owe(30)

        drain_for(scene, hours=1, step=20)

        assert len({mail.message_id for mail in server.mails}) == len(server.mails) == 30
    assert flow.states() == {SENT: 30}
    assert (scene.health().fail_streak, scene.health().paused_until) == (0, None)
    flow.assert_books_balance()


def test_fault_30_a_login_that_is_refused_is_tried_three_times_and_then_again_when_it_is_mended(clock):
    with ScriptedServer(auth=["PLAIN"], users={"leads": "right"}) as server:
        custom = {"host": "127.0.0.1", "port": server.port, "encryption": "none", "login": "leads"}
        scene = Scene(server, clock, changes={"action__kind": "smtp_custom", "action__server": custom, "password": "x"})
        scene.owe(10)

        drain_for(scene, hours=20, step=600)

        assert len(server.auth_attempts) == 3
        assert flow.states() == {HELD: 10}
        assert set(Delivery.objects.values_list("tries", flat=True)) == {0}
        assert scene.health().pause_reason == Reason.AUTHENTICATION
        factories.save_again(scene.rule, password="right", now=clock.now)
        drain_for(scene, hours=0.1)
        assert len(server.auth_attempts) == 4
    assert flow.states() == {SENT: 10}
    flow.assert_books_balance()


def test_fault_30_a_login_that_is_refused_in_the_middle_of_a_queue_is_not_tried_for_each_mail(clock):
    users = {"leads": "right"}
    with ScriptedServer(auth=["PLAIN"], users=users, script={Step.FINAL: [None, None]}) as server:
        custom = {"host": "127.0.0.1", "port": server.port, "encryption": "none", "login": "leads"}
        changes = {"action__kind": "smtp_custom", "action__server": custom, "password": "right"}
        scene = Scene(server, clock, changes=changes)
        scene.owe(10)
        server.mail_scripts = [{}, {}, {Step.MAIL: Close()}]
        server.refuse = lambda address: users.clear()  # from now on nobody is let in

        scene.drain()

        assert len(server.auth_attempts) == 2
    assert flow.states() == {SENT: 2, HELD: 1, QUEUED: 7}


def test_fault_32_a_connection_that_is_changed_while_it_sends_is_used_as_it_is_now_by_the_next_slice(
    monkeypatch, clock
):
    whole = verdict.of_mail
    with ScriptedServer() as old, ScriptedServer() as new:
        scene = Scene(old, clock)
        scene.owe(3)

        def changed_meanwhile(*arguments: Any, **more: Any) -> Any:
            connection = scene.health()
            connection.port = new.port
            connections.save(connection, password=None, now=clock.now)
            return whole(*arguments, **more)

        monkeypatch.setattr(verdict, "of_mail", changed_meanwhile)
        scene.drain()
        monkeypatch.undo()
        scene.owe(2)
        scene.drain()

        assert (len(old.mails), len(new.mails)) == (3, 2)
    assert flow.states() == {SENT: 5}


def test_fault_33_what_waits_for_a_rule_that_is_deleted_is_cancelled(clock):
    with ScriptedServer() as server:
        scene = Scene(server, clock)
        scene.owe(3)
        rules.delete([scene.rule], now=clock.now)

        deliver.drain(scene.rule.connection_id, clock=clock)

        assert server.mails == []
    assert set(Delivery.objects.values_list("state", "reason")) == {(DeliveryState.CANCELLED, Reason.RULE_DELETED)}


def test_fault_34_a_template_without_end_fails_its_mail_and_no_other(clock):
    endless = "{% for a in 1..99999 %}{% for b in 1..99999 %}{% set c = a * b %}{% endfor %}{% endfor %}"
    with ScriptedServer() as server:
        scene = Scene(server, clock)
        poison = factories.saved_rule(connection=Connection.objects.get(), action__use_twig=True, action__body=endless)
        (bad,) = flow.owe(poison, now=clock.now)
        (good,) = scene.owe()

        scene.drain()

        assert len(server.mails) == 1
    bad.refresh_from_db()
    good.refresh_from_db()
    assert (bad.state, bad.reason, good.state) == (DeliveryState.FAILED, Reason.RENDER, SENT)


@pytest.mark.parametrize("hours", [-1, 1], ids=["slow", "fast"])
def test_fault_38_a_workers_own_clock_is_not_asked(time_machine, clock, hours):
    """Whatever the process believes the time to be, leases and retries go by the clock that it is handed."""
    time_machine.move_to(NOON + timedelta(hours=hours), tick=True)
    with ScriptedServer(mails=[{Step.RCPT: Say("450 4.7.1 Later")}]) as server:
        scene = Scene(server, clock)
        (delivery,) = scene.owe()
        scene.drain()
        delivery.refresh_from_db()
        assert timedelta(seconds=30) <= delivery.next_attempt_at - NOON <= timedelta(seconds=60)

        scene.drain()
        assert server.mails == [], "not due yet"
        clock.move(minutes=2)
        scene.drain()

    assert flow.states() == {SENT: 1}


@pytest.mark.parametrize("hours", [-1, 1], ids=["back", "forward"])
def test_fault_39_a_database_clock_that_jumps_loses_and_doubles_nothing(clock, hours):
    with ScriptedServer() as server:
        scene = Scene(server, clock)
        scene.owe(2)
        taken = claims.claim(scene.rule.connection_id, limit=1, lease=flow.LEASE, clock=lambda: clock.now)
        assert taken is not None
        clock.move(hours=hours)
        scene.owe(2)

        drain_for(scene, hours=3, step=120)

        claims.give_back(taken.token)
        drain_for(scene, hours=0.1)
        assert len({mail.message_id for mail in server.mails}) == len(server.mails) == 4
    assert flow.states() == {SENT: 4}
    flow.assert_books_balance()


def test_fault_39_a_clock_that_is_set_back_keeps_nothing_waiting_for_as_long(clock):
    """Retries that were put off by a clock ten hours ahead, and the lease of a worker that died then."""
    with ScriptedServer() as server:
        scene = Scene(server, clock)
        retrying, capped, _ = scene.owe(3)
        pulse.beat(pulse.SWEEPER, now=NOON + timedelta(hours=10))
        ahead = NOON + timedelta(hours=11)
        Delivery.objects.filter(pk=retrying.pk).update(state=DeliveryState.RETRYING, next_attempt_at=ahead)
        Delivery.objects.filter(pk=capped.pk).update(state=HELD, reason=Reason.DAILY_CAP, next_attempt_at=ahead)
        claims.claim(scene.rule.connection_id, limit=1, lease=timedelta(hours=10), clock=clock)

        drain_for(scene, hours=0.05)

        assert len(server.mails) == 2
    capped.refresh_from_db()
    assert (capped.state, capped.next_attempt_at) == (HELD, ahead)


def test_fault_42_what_goes_over_the_broker_is_an_id_so_that_old_and_new_code_understand_it(monkeypatch):
    sent: list[Any] = []
    monkeypatch.setattr(tasks.drain_connection, "apply_async", lambda arguments, **options: sent.append(arguments))

    tasks._publish(7)

    assert sent == [(7,)]


def test_fault_42_a_state_that_a_newer_release_wrote_is_left_alone(clock):
    with ScriptedServer() as server:
        scene = Scene(server, clock)
        newer, _ = scene.owe(2)
        Delivery.objects.filter(pk=newer.pk).update(state="bounced")
        kept = Delivery.objects.filter(pk=newer.pk).values().get()

        drain_for(scene, hours=2)

        assert Delivery.objects.filter(pk=newer.pk).values().get() == kept
        assert len(server.mails) == 1
    assert flow.states() == {SENT: 1, "bounced": 1}
