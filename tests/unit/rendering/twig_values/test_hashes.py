"""Hash and base64 filters."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tracking.rendering.twig import hashes


@pytest.mark.parametrize(
    ("digest", "expected"),
    [
        (hashes.md5, "8b1a9953c4611296a827abf8c47804d7"),
        (hashes.sha1, "f7ff9e8b7bb2e09b70935a5d785e0cc5d9d0abf0"),
        (hashes.sha256, "185f8db32271fe25f561a6fc938b2e264306ec304eda518007d1764826381969"),
        (lambda value: hashes.hmac(value, "key"), "c70b9f4d665bd62974afc83582de810e72a41a58db82c538a9d734c9266d321e"),
    ],
    ids=["md5", "sha1", "sha256", "hmac"],
)
def test_a_digest_is_lower_case_hex(digest, expected: str) -> None:
    assert digest("Hello") == expected


def test_an_unknown_hmac_is_refused() -> None:
    with pytest.raises(ValueError, match='"crc" is no HMAC algorithm'):
        hashes.hmac("a", "b", "crc")


@settings(deadline=None)
@given(st.text(alphabet=st.characters(codec="utf-8")))
def test_base64_reads_back(text: str) -> None:
    assert hashes.base64_decode(hashes.base64_encode(text)) == text


@pytest.mark.parametrize(("value", "expected"), [("aGk", "hi"), ("aGk=", "hi"), ("_w", "\ufffd"), (" a G k ", "hi")])
def test_base64_may_lack_padding_and_be_url_safe(value: str, expected: str) -> None:
    assert hashes.base64_decode(value) == expected


@pytest.mark.parametrize("value", ["é", "a", "ab!c"])
def test_other_texts_are_no_base64(value: str) -> None:
    with pytest.raises(ValueError, match="not base64"):
        hashes.base64_decode(value)
