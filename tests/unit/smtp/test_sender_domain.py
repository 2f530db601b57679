"""What DNS says of a sender's domain, and that it says nothing when it does not answer."""

from __future__ import annotations

import dns.resolver
import pytest

from tracking.smtp.sender_domain import Standing, by_dns, look_up


class Zone:
    """A resolver that knows these TXT records and counts what it is asked."""

    def __init__(self, records: dict[str, list[str]], silent: str | None = None) -> None:
        self.records, self.silent = records, silent
        self.asked: list[str] = []

    def __call__(self, name: str, kind: str) -> list[str]:
        assert kind == "TXT"
        self.asked.append(name)
        if name == self.silent:
            raise LookupError(name)
        return self.records.get(name, [])


def test_all_three_are_found() -> None:
    zone = Zone(
        {
            "example.com": ["google-site-verification=1", "v=spf1 include:_spf.example.net ~all"],
            "selector1._domainkey.example.com": ["v=DKIM1; k=rsa; p=MIGf"],
            "_dmarc.example.com": ["v=DMARC1; p=reject"],
        }
    )

    found = look_up("example.com", zone)

    assert [(row.name, row.standing) for row in found] == [(name, Standing.FOUND) for name in ("SPF", "DKIM", "DMARC")]
    assert [row.text for row in found] == [
        "v=spf1 include:_spf.example.net ~all",
        "selector1: v=DKIM1; k=rsa; p=MIGf",
        "v=DMARC1; p=reject",
    ]


def test_what_is_not_there_is_said_with_what_to_do() -> None:
    found = look_up("example.com", Zone({}))

    assert {row.standing for row in found} == {Standing.MISSING}
    assert "v=DMARC1; p=none" in found[2].meaning


def test_a_policy_of_the_domain_above_holds_below_it() -> None:
    found = look_up("mail.example.com", Zone({"_dmarc.example.com": ["v=DMARC1; p=none"]}))

    assert found[2].standing is Standing.FOUND


def test_when_dns_does_not_answer_nothing_is_claimed_and_nobody_waits_twice() -> None:
    zone = Zone({}, silent="example.com")

    found = look_up("example.com", zone)

    assert {row.standing for row in found} == {Standing.SILENT}
    assert zone.asked == ["example.com"]


@pytest.mark.parametrize(
    ("raised", "answer"),
    [
        pytest.param(dns.resolver.NXDOMAIN(), (), id="no such name"),
        pytest.param(dns.resolver.NoNameservers(), LookupError, id="no server"),
        pytest.param(dns.resolver.LifetimeTimeout(timeout=2, errors=[]), LookupError, id="no answer in time"),
        pytest.param(OSError(), LookupError, id="no network"),
    ],
)
def test_errors_of_the_library_are_answers_or_silence(monkeypatch, raised, answer) -> None:
    def resolve(*args: object, **options: object) -> None:
        raise raised

    monkeypatch.setattr("dns.resolver.resolve", resolve)

    if answer == ():
        assert by_dns("example.com", "TXT") == ()
    else:
        with pytest.raises(answer):
            by_dns("example.com", "TXT")
