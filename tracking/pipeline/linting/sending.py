"""How the mail goes out: ports, encryption, the sender's domain, and thresholds that cannot be reached."""

from __future__ import annotations

from tracking.choices import Encryption
from tracking.pipeline.linting.finding import Findings, Subject, note, warning

_IMPLICIT = 465  # TLS from the first byte (RFC 8314)
_FREE_MAIL = frozenset(
    {"gmail.com", "googlemail.com", "yahoo.com", "outlook.com", "hotmail.com", "live.com", "aol.com", "icloud.com"}
    | {"gmx.com", "gmx.de", "web.de", "proton.me", "protonmail.com", "mail.ru", "yandex.ru"}
)


def findings(subject: Subject) -> Findings:
    yield from _server(subject)
    yield from _sender(subject)
    yield from _policy(subject)


def _server(subject: Subject) -> Findings:
    action = subject.definition.action
    if action.server is not None:
        server = action.server
        found = port_and_encryption(server.port or 0, server.encryption, login=server.login)
        field = "action.server.encryption"
    elif subject.connection is not None:
        one = subject.connection
        found = port_and_encryption(one.port, Encryption(one.encryption), login=one.login)
        field = "action.connection"
    else:
        return
    if found:
        yield warning(field, found)


def port_and_encryption(port: int, encryption: Encryption, *, login: str) -> str:
    """What does not go together, in a sentence; "" when all does."""
    if port == _IMPLICIT and encryption is not Encryption.SSL:
        return "Port 465 is encrypted from the first byte: choose Use SSL encryption."
    if port != _IMPLICIT and encryption is Encryption.SSL and port in (25, 587, 2525):
        return f"Port {port} begins in the clear: choose Use TLS encryption."
    if encryption is Encryption.NONE and login:
        return "Login and password go over the network in the clear."
    return ""


def _sender(subject: Subject) -> Findings:
    _, _, domain = subject.template.sender.address.rpartition("@")
    if "{{" in domain or not domain:
        return
    if domain.lower() in _FREE_MAIL:
        yield warning("action.sender", f"{domain} refuses mail in its name from other servers (DMARC).")
    server = subject.definition.action.server
    _, _, home = (server.login if server else "").rpartition("@")
    if home and "." in home and home.lower() != domain.lower():
        yield note("action.sender", f"The login is of {home}, the sender of {domain}: the server may refuse that.")


def _policy(subject: Subject) -> Findings:
    policy, recent = subject.definition.policy, subject.recent
    without = sum(event.lead_id is None for event in recent.events)
    if policy.once_per_lead and without:
        seen = len(recent.events)
        yield warning(
            "policy.once_per_lead", f"{without:,} of the last {seen:,} events name no lead: each of them sends a mail."
        )
