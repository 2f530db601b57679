"""Passwords at rest: sealed for one row, opened by any of the keys, and loud when none fits."""

from __future__ import annotations

import pytest
from cryptography.fernet import Fernet

from tracking import credentials
from tracking.errors import CredentialsError

OLD, NEW = Fernet.generate_key().decode(), Fernet.generate_key().decode()


@pytest.fixture(autouse=True)
def keys(settings):
    settings.CREDENTIALS_KEYS = [OLD]
    return settings


def test_a_secret_comes_back_for_its_row():
    token = credentials.seal("pässword\0\n", bound_to="row-1")

    assert "pässword" not in token
    assert credentials.unseal(token, bound_to="row-1") == "pässword\0\n"


def test_the_same_secret_is_never_sealed_the_same():
    assert credentials.seal("x", bound_to="a") != credentials.seal("x", bound_to="a")


def test_no_secret_stays_none():
    assert credentials.seal("", bound_to="a") == ""
    assert credentials.unseal("", bound_to="a") == ""
    assert credentials.rotated("") == ""


def test_a_token_of_another_row_is_refused():
    token = credentials.seal("secret", bound_to="row-1")

    with pytest.raises(CredentialsError, match="another connection") as refused:
        credentials.unseal(token, bound_to="row-2")
    assert "secret" not in str(refused.value)


def test_all_keys_open_and_the_first_seals(keys):
    token = credentials.seal("secret", bound_to="a")
    keys.CREDENTIALS_KEYS = [NEW, OLD]
    turned = credentials.rotated(token)
    keys.CREDENTIALS_KEYS = [NEW]

    assert credentials.unseal(turned, bound_to="a") == "secret"
    with pytest.raises(CredentialsError, match="none of CREDENTIALS_KEYS"):
        credentials.unseal(token, bound_to="a")
    with pytest.raises(CredentialsError, match="none of CREDENTIALS_KEYS"):
        credentials.rotated(token)


@pytest.mark.parametrize(
    ("token", "sentence"),
    [
        pytest.param("secret", "not encrypted by this product", id="a plain password"),
        pytest.param("enc:v1:", "none of CREDENTIALS_KEYS", id="nothing sealed"),
        pytest.param("enc:v1:AAAA", "none of CREDENTIALS_KEYS", id="a broken token"),
        pytest.param("enc:v1:ü", "none of CREDENTIALS_KEYS", id="no base64"),
    ],
)
def test_what_is_no_token_is_refused(token, sentence):
    with pytest.raises(CredentialsError, match=sentence):
        credentials.unseal(token, bound_to="a")


@pytest.mark.parametrize("wrong", [[], ["short"], ["ü"], [OLD, "short"]], ids=["none", "short", "no base64", "one bad"])
def test_unusable_keys_are_told(keys, wrong):
    keys.CREDENTIALS_KEYS = wrong

    with pytest.raises(CredentialsError, match="CREDENTIALS_KEYS needs"):
        credentials.seal("secret", bound_to="a")
