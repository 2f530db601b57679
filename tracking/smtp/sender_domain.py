"""What DNS says of a sender's domain: who may send in its name (SPF), its keys (DKIM), what it asks for (DMARC)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum

import dns.exception
import dns.resolver

Ask = Callable[[str, str], Sequence[str]]  # (name, record type) -> its texts; LookupError: DNS did not answer

SECONDS = 2.0  # for each question
SELECTORS = ("default", "google", "selector1", "selector2", "k1", "s1", "s2", "mail", "dkim", "smtp", "mandrill")


class Standing(StrEnum):
    FOUND = "found"
    MISSING = "missing"
    SILENT = "silent"  # DNS did not answer: nothing can be said


@dataclass(frozen=True, slots=True)
class Record:
    """One mechanism: what DNS has of it, and what that means in a sentence."""

    name: str
    standing: Standing
    text: str
    meaning: str

    def to_json(self) -> dict[str, str]:
        return {"name": self.name, "standing": self.standing.value, "text": self.text, "meaning": self.meaning}


_MEANINGS = {
    ("SPF", Standing.FOUND): "Servers that may send in the domain's name are listed.",
    ("SPF", Standing.MISSING): "No list of servers: many receivers distrust the mail. Add a TXT record v=spf1 …",
    ("DKIM", Standing.FOUND): "The domain publishes a key that signatures are checked by.",
    ("DKIM", Standing.MISSING): "No key at the usual selectors; the mail service names the one to publish.",
    ("DMARC", Standing.FOUND): "Receivers are told what to do with mail that fails.",
    ("DMARC", Standing.MISSING): "No policy. Add a TXT record at _dmarc: v=DMARC1; p=none",
}


def look_up(domain: str, ask: Ask) -> list[Record]:
    """SPF, DKIM and DMARC of a domain. After the first question without an answer no other is asked."""
    found: list[Record] = []
    for name, find in (("SPF", _spf), ("DKIM", _dkim), ("DMARC", _dmarc)):
        if found and found[-1].standing is Standing.SILENT:
            found.append(_silent(name))
            continue
        try:
            text = find(domain, ask)
        except LookupError:
            found.append(_silent(name))
            continue
        standing = Standing.FOUND if text else Standing.MISSING
        found.append(Record(name, standing, text, _MEANINGS[name, standing]))
    return found


def _silent(name: str) -> Record:
    return Record(name, Standing.SILENT, "", "DNS did not answer in time: nothing can be said.")


def _spf(domain: str, ask: Ask) -> str:
    return _first(ask(domain, "TXT"), "v=spf1")


def _dmarc(domain: str, ask: Ask) -> str:
    """The domain's own, or that of a domain above it (RFC 7489 6.6.3, without the public suffix list)."""
    labels = domain.split(".")
    for start in range(max(1, len(labels) - 1)):
        text = _first(ask(f"_dmarc.{'.'.join(labels[start:])}", "TXT"), "v=DMARC1")
        if text:
            return text
    return ""


def _dkim(domain: str, ask: Ask) -> str:
    for selector in SELECTORS:
        for text in ask(f"{selector}._domainkey.{domain}", "TXT"):
            if "p=" in text:
                return f"{selector}: {text}"[:300]
    return ""


def _first(texts: Sequence[str], start: str) -> str:
    return next((text[:300] for text in texts if text.lower().startswith(start.lower())), "")


def by_dns(name: str, kind: str) -> Sequence[str]:
    """The texts of a record; none where there is none. Raises LookupError when DNS does not answer."""
    try:
        answer = dns.resolver.resolve(name, kind, lifetime=SECONDS, search=False)
    except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
        return ()
    except (dns.exception.DNSException, OSError) as error:
        raise LookupError(name) from error
    return tuple(b"".join(row.strings).decode("utf-8", "replace") for row in answer)
