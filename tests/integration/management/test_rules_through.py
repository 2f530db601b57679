"""Rules out and in from the command line: forged keys, odd documents, secrets."""

from __future__ import annotations

import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from tests import factories
from tracking import credentials
from tracking.models import Connection, Rule
from tracking.store import rules

pytestmark = pytest.mark.django_db

CUSTOM = {
    "action__kind": "smtp_custom",
    "action__server": {"host": "127.0.0.1", "port": 2525, "encryption": "none", "login": "leads"},
}


def exported() -> list[dict[str, Any]]:
    out = StringIO()
    call_command("export_rules", stdout=out)
    return json.loads(out.getvalue())


@pytest.fixture
def carry(tmp_path: Path):
    """Import a value; exit status and what was said of each document."""

    def imported(value: Any, *arguments: str) -> tuple[int, list[Any]]:
        file, out, status = tmp_path / "rules.json", StringIO(), 0
        file.write_bytes(value if isinstance(value, bytes) else json.dumps(value).encode())
        try:
            call_command("import_rules", str(file), *arguments, stdout=out)
        except SystemExit as ended:
            status = int(str(ended.code))
        return status, [json.loads(text) for text in out.getvalue().splitlines()]

    return imported


def test_what_was_exported_changes_nothing_here(carry):
    factories.saved_rule()
    factories.saved_rule(password="s3cret-canary", **CUSTOM)

    status, said = carry(exported())

    assert status == 0
    assert [row["action"] for row in said] == ["unchanged", "unchanged"]


def test_no_password_leaves_with_the_rules():
    factories.saved_rule(password="s3cret-canary", **CUSTOM)

    text = json.dumps(exported())

    assert "canary" not in text
    assert "enc:v1" not in text
    assert "password" not in text


def test_a_dry_run_says_the_same_and_writes_nothing(carry):
    rule = factories.saved_rule()
    document = exported()[0]
    document["action"]["subject"] = "Another"

    status, (said,) = carry([document], "--dry-run")

    assert (status, said["action"]) == (0, "changed")
    assert said["changes"] == {"action.subject": ["Sold: {{ lead.first_name }}", "Another"]}
    rule.refresh_from_db()
    assert rule.current.number == 1


@pytest.mark.parametrize("key", [1, -1, 10**30, True, "1", "../1", "\ud800", ["x"]])
def test_a_key_that_is_none_is_refused(carry, key):
    factories.saved_rule()

    status, (said,) = carry({**exported()[0], "key": key})

    assert status == 1
    assert said["errors"] == {"key": ["must be a UUID, as in an exported rule"]}
    assert Rule.objects.count() == 1


def test_the_key_of_a_deleted_rule_does_not_bring_it_back(carry):
    rule = factories.saved_rule()
    document = exported()[0]
    rules.delete([rule], now=factories.NOON)

    status, (said,) = carry(document)

    assert (status, list(said["errors"])) == (1, ["key"])
    assert Rule.objects.get().deleted_at is not None


@pytest.mark.parametrize("name", ["id", "author", "connection_id", "deleted_at", "version", "current", "__class__"])
def test_no_column_is_reached_by_its_name(carry, name):
    factories.saved_rule()

    status, (said,) = carry({**exported()[0], name: 1})

    assert (status, said["errors"]) == (1, {name: ["is not a known field"]})


@pytest.mark.parametrize("document", [None, 1, "x", [], {"a": 1}], ids=["null", "1", "a text", "a list", "an object"])
def test_what_is_no_rule_is_refused_and_the_others_go_on(carry, document):
    factories.saved_rule()

    status, said = carry([document, *exported()])

    assert status == 1
    assert [row["action"] for row in said] == ["refused", "unchanged"]


def test_a_file_with_a_byte_order_mark_is_read(carry):
    assert carry(b"\xef\xbb\xbf[]") == (0, [])


def test_a_file_in_another_encoding_is_told(carry):
    with pytest.raises(CommandError, match="is not valid JSON: byte 1 is not UTF-8"):
        carry("[]".encode("utf-16"))


@pytest.mark.parametrize(
    "password",
    [
        pytest.param("two\nlines", id="two lines"),
        pytest.param("a\0b", id="a NUL, which ends a login's field"),
        pytest.param("\ud800", id="half a character"),
        pytest.param("x" * 4_001, id="longer than any"),
    ],
)
def test_a_password_that_no_login_can_carry_is_refused(carry, password):
    rule = factories.saved_rule(password="s3cret", **CUSTOM)
    before = Connection.objects.get(pk=rule.connection_id).sealed_password
    document = exported()[0]
    document["action"]["server"]["password"] = password

    status, (said,) = carry(document)

    assert (status, list(said["errors"])) == (1, ["action.server.password"])
    assert Connection.objects.get(pk=rule.connection_id).sealed_password == before


@pytest.mark.parametrize(
    "password",
    [" s3cret ", "пароль", "{{ lead.email }}", "x" * 4_000],
    ids=["blanks around it", "beyond ASCII", "like a placeholder", "a long one"],
)
def test_any_other_password_is_kept_as_it_is(carry, password):
    rule = factories.saved_rule(password="s3cret", **CUSTOM)
    document = exported()[0]
    document["action"]["server"]["password"] = password

    assert carry(document)[0] == 0

    connection = Connection.objects.get(pk=rule.connection_id)
    assert credentials.unseal(connection.sealed_password, bound_to=str(connection.secret_id)) == password
