"""What never stands in a log line, and how a stranger's words stand there."""

from __future__ import annotations

import json
import logging
from io import StringIO

import pytest
import structlog

from tracking import logs

CANARY = "Kanarie-9f3a71"


@pytest.fixture
def lines(settings):
    """What was logged, as JSON."""
    settings.SECRET_KEY = f"signing-{CANARY}"
    settings.CREDENTIALS_KEYS = [f"sealing-{CANARY}"]
    settings.DATABASES["default"]["PASSWORD"] = f"database-{CANARY}"
    settings.CELERY_BROKER_URL = f"amqp://worker:br%2Foker-{CANARY}@broker:5672//"
    settings.TRACKING_SYSTEM_EMAIL = {**settings.TRACKING_SYSTEM_EMAIL, "password": f"system-{CANARY}"}
    logs._own_secrets.cache_clear()
    root = logging.getLogger()
    before, written = root.handlers[:], StringIO()
    logs.configure({"level": "INFO"})
    (handler,) = (one for one in root.handlers if type(one) is logging.StreamHandler)
    handler.setStream(written)
    yield lambda: [json.loads(line) for line in written.getvalue().splitlines()]
    root.handlers[:] = before
    logs._own_secrets.cache_clear()


SAID = {
    "a password in a broker's URL": f"cannot reach redis://:{CANARY}@10.0.0.5:6379/0, trying again",
    "one with an at-sign in it": f"cannot reach amqp://me:a@{CANARY}@broker:5672//",
    "one in an HTTP address": f"GET https://user:{CANARY}@example.org/path failed",
    "a header of a request": f"headers: Authorization: Bearer {CANARY}",
    "a header as Python shows it": f"{{'Authorization': 'Basic {CANARY}'}}",
    "a keyword argument": f"connect(host='h', password='{CANARY}')",
    "a field of JSON": f'{{"password": "{CANARY}", "host": "h"}}',
    "a query": f"/callback?token={CANARY}&next=/",
    "a command of SMTP": f"AUTH PLAIN {CANARY}",
    "a cookie": f"Cookie: sessionid={CANARY}",
    "a token of ours": f"who is evt_{CANARY}?",
    "the key that signs": f"bad signature of signing-{CANARY}",
    "a key that seals": f"Fernet(sealing-{CANARY}) failed",
    "the database's password": f"dsn: user=x host=y database-{CANARY}",
    "the broker's, as it is": f"login br/oker-{CANARY} refused",
    "the system mail's": f"535 no such system-{CANARY}",
}


@pytest.mark.parametrize("said", SAID.values(), ids=SAID)
@pytest.mark.parametrize("way", ["words", "argument", "field", "deep", "list", "error"])
def test_a_secret_is_masked_wherever_it_stands(lines, said, way):
    log = structlog.get_logger("tests")
    if way == "words":
        logging.getLogger("any.library").warning(said)
    elif way == "argument":
        logging.getLogger("any.library").warning("it says %s", said)
    elif way == "field":
        log.warning("failed", text=said)
    elif way == "deep":
        log.warning("failed", context={"reply": {"text": said}})
    elif way == "list":
        log.warning("failed", args=[said, ("x", said)])
    else:
        try:
            raise RuntimeError(said)
        except RuntimeError:
            log.exception("failed")

    (line,) = lines()
    assert CANARY not in json.dumps(line)


def test_locals_of_a_traceback_are_not_logged(lines):
    def connect() -> None:
        local = CANARY
        raise RuntimeError(f"refused {len(local)}")

    try:
        connect()
    except RuntimeError:
        structlog.get_logger("tests").exception("failed")

    (line,) = lines()
    assert "connect" in line["exception"]
    assert CANARY not in json.dumps(line)


@pytest.mark.parametrize("name", ["password", "api_key", "Authorization", "smtp_secret", "csrf_token", "cookie"])
def test_what_is_named_like_a_secret_is_masked(lines, name):
    structlog.get_logger("tests").warning("failed", **{name: CANARY})

    assert CANARY not in json.dumps(lines())


@pytest.mark.parametrize(
    "words",
    [
        "sent 3 mails",
        "redis://127.0.0.1:6379/0 answers",
        "the password of connection 5 cannot be read",
        "https://example.org:8000/a?b=c",
        "a@example.org at 12:30",
    ],
)
def test_what_is_no_secret_is_left_alone(lines, words):
    structlog.get_logger("tests").warning(words)

    assert lines()[0]["event"] == words


HOSTILE = [
    "\nCRITICAL root all is lost",
    '"}\n{"event": "forged", "level": "critical"}',
    "\r\n\x1b[2J\x1b[31mred",
    "%s %n %(x)s {0} {x.__class__}",
    "${jndi:dns://evil.example/a}",
    "\u2028\u2029\u0085\x0b\x0c",
    "\u202egnp.exe",
]


@pytest.mark.parametrize("value", HOSTILE, ids=range(len(HOSTILE)))
def test_a_strangers_words_are_one_line_and_only_data(lines, value):
    structlog.get_logger("tests").warning("refused", rule=value, reply=value)
    logging.getLogger("any.library").warning("refused by %s", value)

    first, second = lines()
    assert first["event"] == "refused"
    assert first["rule"] == value
    assert second["event"] == f"refused by {value}"


def test_half_of_a_surrogate_pair_breaks_no_line(lines):
    (handler,) = (one for one in logging.getLogger().handlers if type(one) is logging.StreamHandler)
    record = logging.LogRecord("any.library", logging.WARNING, "x.py", 1, "refused by %s", ("\ud800",), None)

    handler.handle(record)

    assert lines()[0]["event"] == "refused by \ud800"
