"""Events and questions about them from the command line."""

from __future__ import annotations

import json
import os
from io import BytesIO, StringIO, TextIOWrapper
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from tests import factories
from tracking.models import StoredEvent

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("rung")]


def line(**changes: Any) -> bytes:
    return json.dumps({**factories.event().to_json(), **changes}).encode()


def answers(command: str, *arguments: str) -> tuple[int, list[Any]]:
    """Exit status and the JSON lines that were said."""
    out, status = StringIO(), 0
    try:
        call_command(command, *arguments, stdout=out)
    except SystemExit as ended:
        status = int(str(ended.code))
    return status, [json.loads(text) for text in out.getvalue().splitlines()]


def test_each_line_has_its_receipt(tmp_path: Path):
    rule = factories.saved_rule()
    file = tmp_path / "events.jsonl"
    file.write_bytes(line(event_id="a", product=rule.product_id) + b"\n\r\n" + line(event_id="b") + b"\r\n")

    status, (first, second) = answers("emit_events", str(file))

    assert status == 0
    assert [match["rule"] for match in first.pop("matched")] == [rule.pk]
    assert first == {"event_id": "a", "duplicate": False}
    assert second == {"event_id": "b", "duplicate": False, "matched": []}


@pytest.mark.parametrize(
    ("bad", "field"),
    [
        pytest.param(b"{", "event", id="half an object"),
        pytest.param(b'"sale"', "event", id="a text"),
        pytest.param(b"\xff", "event", id="no UTF-8"),
        pytest.param(b"\0", "event", id="a NUL"),
        pytest.param(b"9" * 70_000, "event", id="a line too long"),
        pytest.param(b"[" * 60_000, "event", id="lists without end"),
        pytest.param(line(**{"\ud800": 1}), "event", id="half a character as a field"),
        pytest.param(line(colour="\ud800"), "colour", id="an unknown field"),
        pytest.param(line(trigger="\ud800"), "trigger", id="half a character as trigger"),
    ],
)
def test_a_bad_line_is_told_by_its_number_and_the_rest_go_on(tmp_path: Path, bad, field):
    file = tmp_path / "events.jsonl"
    file.write_bytes(b"\n".join([line(event_id="before"), b"", bad, line(event_id="after")]))

    status, said = answers("emit_events", str(file))

    assert status == 1
    assert [row.get("event_id") for row in said] == ["before", None, "after"]
    assert (said[1]["line"], list(said[1]["error"])) == (3, [field])
    assert StoredEvent.objects.count() == 2


def test_a_file_with_a_byte_order_mark_is_read(tmp_path: Path):
    file = tmp_path / "events.jsonl"
    file.write_bytes(b"\xef\xbb\xbf" + line(event_id="a"))

    assert answers("emit_events", str(file))[0] == 0


def test_standard_input_is_read(monkeypatch):
    monkeypatch.setattr("sys.stdin", TextIOWrapper(BytesIO(line(event_id="a"))))

    assert answers("emit_events") == (0, [{"event_id": "a", "duplicate": False, "matched": []}])


@pytest.mark.parametrize("command", ["emit_events", "explain_event", "import_rules"])
def test_a_file_that_is_not_there_is_named(command):
    with pytest.raises(CommandError, match=r"/nowhere/x\.json: No such file"):
        call_command(command, os.path.join("/nowhere", "x.json"))


def test_an_event_is_explained_rule_by_rule(tmp_path: Path):
    fires = factories.saved_rule()
    asks = factories.saved_rule(product=fires.product_id, filters__price_restriction="positive")
    file = tmp_path / "event.json"
    file.write_bytes(line(product=fires.product_id))

    _, said = answers("explain_event", str(file))

    assert [(row["rule"], row["matched"], row["refused_by"]) for row in said] == [
        (fires.pk, True, None),
        (asks.pk, False, "price_restriction"),
    ]
    assert not StoredEvent.objects.exists()


def test_an_event_without_any_rule_is_not_met_with_silence(tmp_path: Path):
    file, said = tmp_path / "event.json", StringIO()
    file.write_bytes(line(product=99))

    call_command("explain_event", str(file), stderr=said)

    assert "have no rule for lms.lead_sold" in said.getvalue()


def test_a_stream_of_less_than_nothing_is_refused(db):
    with pytest.raises(CommandError, match="--count must be at least 0"):
        call_command("feed_events", "--count", "-1")
