"""Cases of a file (TRACKING_ATTACK_CASES): one JSON object a line with `area`, `input`, `expected`.

Each is tried the way its area is. What is a situation rather than a value has a row in `situations.py`: tests of its
own, or the reason why it cannot be. A case with neither fails.
"""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from time import process_time
from typing import Any

import pytest

from tests import factories
from tests.security import situations, trials
from tracking import spreadsheet
from tracking.choices import Encryption, Failure, Phase
from tracking.errors import AddressError, EventError, RuleError, SendError, TemplateError, TrackingError
from tracking.mail.addresses import check_address, needs_smtputf8, parse_mailbox, split_mailboxes
from tracking.pipeline.letter import Unsendable
from tracking.rendering import logic
from tracking.smtp.endpoint import Endpoint
from tracking.smtp.envelope import Envelope, stuffed
from tracking.smtp.guard import Guard, Target, static_host_error, static_port_error
from tracking.smtp.replies import ProtocolError, ReplyReader

Trial = Callable[[dict[str, Any]], None]


def given() -> list[dict[str, Any]]:
    path = Path(os.environ.get("TRACKING_ATTACK_CASES", "")) / "attacks.jsonl"
    return [json.loads(line) for line in path.read_text().splitlines() if line.strip()] if path.is_file() else []


def cases(*, values: bool) -> list[Any]:
    """Those that say a value to be tried, or those that tell a situation."""
    rows = [row for row in given() if is_value(row) is values]
    if not rows:
        return [pytest.param(None, id="none", marks=pytest.mark.skip(reason="TRACKING_ATTACK_CASES names no folder"))]
    return [pytest.param(row, id=situations.identity(row)) for row in rows]


def is_value(case: dict[str, Any]) -> bool:
    said = {"ssrf": "field", "hostile_server": "reply"}.get(case["area"])
    return case["area"] in TRIALS and (said is None or said in case["input"])


def _header_injection(given: dict[str, Any]) -> None:
    if "python" in given:
        with pytest.raises(RuleError):
            factories.definition(product=1, action__headers={"From": "evil@example.net"})
        return
    field, value = given["field"].removesuffix(" display name"), given["value"]
    if "=?" in value:  # nothing that cannot be seen: taken, and harmless
        changes = {"action__subject": value} if field == "subject" else {"action__sender": value}
        trials.assert_one_head(trials.mail_of("x", **changes))
    else:
        assert any(path.startswith(trials.PATHS[field]) for path in trials.refused(**trials.typed(field, value)))
    try:
        mail = trials.mail_of(value)
    except EventError:  # no event can bring it at all
        return
    trials.assert_one_head(mail)
    trials.assert_clean_wire(trials.wire_of(mail))


def _address(given: dict[str, Any]) -> None:
    value = given["value"]
    if "placeholder" in given["field"]:
        with pytest.raises(Unsendable):
            trials.mail_of("", action__recipient="{{ lead.v }}")
        return
    try:
        box = parse_mailbox(value)
    except AddressError:
        return
    assert box.address.rpartition("@")[2].isascii()
    assert "=?" not in box.address
    local = value.rpartition("<")[2].rpartition("@")[0]
    assert box.address.startswith(f"{local}@")
    assert needs_smtputf8(box.address) == (not local.isascii())


def _smuggling(given: dict[str, Any]) -> None:
    for kind in ("html", "text", "all"):
        with suppress(EventError):  # no event can bring it at all
            trials.assert_clean_wire(trials.wire_of(trials.mail_of(given["value"], action__content_type=kind)))
    if len(given["value"]) < 900:  # below the composer, which breaks long lines
        trials.assert_clean_wire(stuffed(Envelope("a@b.co", ("c@d.co",), given["value"].encode()).lines()))


def _command(given: dict[str, Any]) -> None:
    if given["field"] == "password":
        assert given["value"] not in repr(
            Endpoint(host="h", port=25, encryption=Encryption.TLS, password=given["value"])
        )
        return
    for changes in ({"local_hostname": given["value"]}, {"login": given["value"]}, {"password": given["value"]}):
        with pytest.raises(ValueError, match=r"host name|line break"):
            Endpoint(**{"host": "h", "port": 25, "encryption": Encryption.TLS, **changes})


def to_this_machine(host: str, port: int) -> list[Target]:
    """A resolver in an attacker's hands; nothing is asked of a real one."""
    return [(socket.AF_INET, ("127.0.0.1", port))]


def _never_reached(host: str, port: int) -> None:
    with pytest.raises(SendError) as refused:
        Guard(lookup=to_this_machine).addresses(host, port, deadline=9e9)
    assert refused.value.failure is Failure.HOST
    assert refused.value.phase is Phase.CONNECT


def _ssrf(given: dict[str, Any]) -> None:
    if given.get("field") == "port":
        server = {"host": "smtp.example.com", "port": given["value"]}
        changes = {"action__kind": "smtp_custom", "action__connection": None, "action__server": server}
        assert "action.server.port" in trials.refused(**changes) or static_port_error(given["value"])
    elif static_host_error(given["value"]) is None:
        _never_reached(given["value"], 587)


def _hostile(given: dict[str, Any]) -> None:
    reader = ReplyReader()
    reader.feed(given["reply"].removesuffix(" (to DATA)").encode() + b"\r\n")
    try:
        reply = reader.next()
    except ProtocolError:
        return
    assert reply is not None
    assert reply.code != 354


def _escape(given: dict[str, Any]) -> None:
    try:
        said = trials.mail_of("secret", action__use_twig=True, action__body=given["value"]).message.html
    except (RuleError, TemplateError, Unsendable):
        return
    assert said is not None
    assert not any(word in said for word in ("<function", "<class", "object at", "root:x", "sesame", "uid="))


def _costly(given: dict[str, Any]) -> None:
    if given["field"] == "payload":
        with pytest.raises(TrackingError):
            factories.event(lead={"comment": "x" * 5_000_000})
        return
    source = given["value"]
    if source.endswith("chars)"):
        source = "{{ " + "+".join("1" * 20_000) + " }}"
    elif "source" in source:
        source = "x" * 1_000_000
    elif " with x=" in source:
        source = "{% set x = '" + "a" * 32 + "!' %}" + source.partition(" with x=")[0]
    before = process_time()
    try:
        said = logic.parse(source, html=True).render({"x": "x"}, missing=set())
    except TemplateError:
        said = ""
    assert process_time() - before < 2
    assert len(said) < 1 << 20


def _preview(given: dict[str, Any]) -> None:
    """A value in an HTML mail is text; how pages show mails and names is held by the area's own tests."""
    value = given["value"]
    html = trials.mail_of(value).message.html
    assert "<img src=x" not in html
    assert "<script" not in html
    assert "<iframe" not in html
    assert "<svg" not in html


def _csv(given: dict[str, Any]) -> None:
    value = given["value"]
    text = spreadsheet.safe(value)
    assert text.removeprefix("'") == value
    harmless = value[:1] in {'"', "a"}
    assert text.startswith("'") != harmless


def _slow(given: dict[str, Any]) -> None:
    long = {"URL": "http://" + "a." * 50_000, "display": '"' * 100_000 + " <a@b.co>"}
    text = next((text for word, text in long.items() if word in given["value"]), "(a+)+$" * 10_000)
    for attempt in (parse_mailbox, check_address, split_mailboxes, static_host_error):
        before = process_time()
        with suppress(AddressError):
            attempt(text)
        assert process_time() - before < 0.05


TRIALS: dict[str, Trial] = {
    "header_injection": _header_injection,
    "address": _address,
    "smtp_smuggling": _smuggling,
    "smtp_command": _command,
    "ssrf": _ssrf,
    "hostile_server": _hostile,
    "template_escape": _escape,
    "template_dos": _costly,
    "xss_preview": _preview,
    "csv": _csv,
    "redos": _slow,
}


@pytest.mark.parametrize("case", cases(values=True))
def test_a_given_case_is_held(case):
    TRIALS[case["area"]](case["input"])


@pytest.mark.parametrize("case", cases(values=False))
def test_a_given_situation_has_its_tests_or_a_reason(case):
    assert situations.SITUATIONS.get(situations.identity(case)), "say in tests/security/situations.py what tries it"


def test_no_row_tells_a_situation_that_is_not_given():
    known = {situations.identity(case) for case in given()}
    if not known:
        pytest.skip("TRACKING_ATTACK_CASES names no folder")

    assert situations.SITUATIONS.keys() - known == set()
