from __future__ import annotations

import uuid

import pytest

from tracking.mail.message_id import message_id

KEY = uuid.UUID("01234567-89ab-7def-8123-456789abcdef")


def test_the_same_delivery_has_the_same_id():
    first = message_id(KEY, secret=b"secret", domain="example.com")

    assert first == message_id(KEY, secret=b"secret", domain="example.com")
    assert first == "<0123456789ab7def8123456789abcdef.26df280c@example.com>"


@pytest.mark.parametrize(
    ("key", "secret"),
    [
        pytest.param(uuid.UUID(int=1), b"secret", id="another delivery"),
        pytest.param(KEY, b"other", id="another secret"),
    ],
)
def test_the_proof_depends_on(key, secret):
    proof = message_id(key, secret=secret, domain="example.com").split(".")[1]

    assert proof != message_id(KEY, secret=b"secret", domain="example.com").split(".")[1]


@pytest.mark.parametrize(
    "domain", ["", "a b", "a>\r\nBcc: x", "bücher.example", "-a.example", "a..b", "a.example\n", "[1.2.3.4]"]
)
def test_refused_domains(domain):
    with pytest.raises(ValueError, match="host name"):
        message_id(KEY, secret=b"secret", domain=domain)
