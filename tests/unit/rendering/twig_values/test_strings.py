"""Twig's string extra."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tracking.rendering.twig import strings
from tracking.rendering.twig import unicode_string as unicode


def called(text: str, method: str, *arguments: Any) -> Any:
    result = unicode.call(strings.u(text), method, arguments)
    return str(result) if isinstance(result, unicode.UnicodeString) else result


@pytest.mark.parametrize(
    ("text", "method", "arguments", "expected"),
    [
        ("A quick lead", "truncate", [7], "A quick"),
        ("A quick lead", "truncate", [8, "…"], "A quick…"),
        ("A quick lead", "truncate", [4, "…", False], "A quick…"),
        ("short", "truncate", [10, "…"], "short"),
        ("one two three", "wordwrap", [7], "one two\nthree"),
        ("abcdefgh", "wordwrap", [3, "-", True], "abc-def-gh"),
        ("lead_sold to-buyer", "camel", [], "leadSoldToBuyer"),
        ("LeadSold ToBuyer", "snake", [], "lead_sold_to_buyer"),
        ("leadSold", "kebab", [], "lead-sold"),
        ("lead sold", "pascal", [], "LeadSold"),
        ("hello big world", "title", [], "Hello big world"),
        ("hello big world", "title", [True], "Hello Big World"),
        ("ÉCOLE ΟΔΟΣ", "lower", [], "école οδοσ"),
        ("e\u0301", "length", [], 1),
        ("👩‍👧 x", "reverse", [], "x 👩‍👧"),
        ("日本", "width", [], 4),
        ("abcdef", "slice", [1, -2], "bcd"),
        ("a.b.c", "after", ["."], "b.c"),
        ("a.b.c", "afterLast", ["."], "c"),
        ("a.b.c", "before", ["."], "a"),
        ("a.b.c", "beforeLast", ["."], "a.b"),
        ("7", "padStart", [3, "0"], "007"),
        ("x", "padBoth", [4, "-"], "-x--"),
        ("  a \n b ", "collapseWhitespace", [], "a b"),
        ("file.txt", "endsWith", [[".md", ".txt"]], True),
        ("x/", "ensureEnd", ["/"], "x/"),
        ("", "empty", [], True),
        ("abc", "indexOf", ["c"], 2),
        ("a-b", "replace", ["-", "+"], "a+b"),
        ("ab", "repeat", [2], "abab"),
        ("Žluťoučký", "ascii", [], "Zlutoucky"),
    ],
)
def test_u_has_these_methods(text: str, method: str, arguments: list[Any], expected: Any) -> None:
    assert called(text, method, *arguments) == expected


def test_several_texts_come_wrapped() -> None:
    assert [str(part) for part in called("a,b,c", "split", ",", 2)] == ["a", "b,c"]


@pytest.mark.parametrize(
    "method", ["__class__", "__init__", "encode", "format", "text", "format_map", "_graphemes", "zfill", "casefold"]
)
def test_nothing_of_python_can_be_called(method: str) -> None:
    with pytest.raises(LookupError):
        called("x", method)


@pytest.mark.parametrize(
    ("method", "arguments"),
    [("repeat", [10**9]), ("padEnd", [10**9]), ("join", [["x" * 1000] * 3000]), ("replace", ["x", "y" * 10**6])],
)
def test_a_text_does_not_grow_without_bound(method: str, arguments: list[Any]) -> None:
    with pytest.raises(ValueError, match="at most 1000000"):
        called("xx", method, *arguments)


@pytest.mark.parametrize(
    ("text", "arguments", "expected"),
    [
        ("Hello, World!", [], "Hello-World"),
        ("  Ünï cödé – “ok” ", [], "Uni-code-ok"),
        ("Größe & Maß", ["_", "de_AT"], "Groesse_Mass"),
        ("Über", ["-", "de"], "Ueber"),
        ("Привет мир", [], "Privet-mir"),
        ("½ cup ②", [], "1-2-cup-2"),
        ("☃", [], ""),
        ("a", [""], "a"),
    ],
)
def test_slugs_are_plain(text: str, arguments: list[str], expected: str) -> None:
    assert strings.slug(text, *arguments) == expected


@pytest.mark.parametrize(
    ("one", "many", "locale"),
    [
        ("lead", "leads", "en"),
        ("Child", "Children", "en"),
        ("company", "companies", "en"),
        ("status", "status", "en"),
        ("mouse", "mice", "en"),
        ("cheval", "chevaux", "fr"),
        ("prix", "prix", "fr"),
        ("bijou", "bijoux", "fr"),
        ("canción", "canciones", "es"),
        ("pez", "peces", "es"),
        ("lunes", "lunes", "es"),
    ],
)
def test_nouns_are_inflected(one: str, many: str, locale: str) -> None:
    assert strings.plural(one, locale) == many
    if locale != "fr" or one != "cheval":  # French has no rule for every word in -aux
        assert strings.singular(many, locale) == one


def test_all_forms_on_demand() -> None:
    assert strings.plural("person", all=True) == ["persons", "people"]


def test_other_languages_are_refused() -> None:
    with pytest.raises(ValueError, match='Locale "it" is not supported'):
        strings.singular("gatti", "it")


@settings(deadline=None)
@given(st.text(), st.integers(0, 20), st.booleans())
def test_truncating_never_makes_longer(text: str, length: int, cut: bool) -> None:
    shorter = called(text, "truncate", length, "", cut)

    assert len(shorter) <= len(str(strings.u(text)))


@settings(deadline=None)
@given(st.text())
def test_a_slug_is_ascii_without_loose_ends(text: str) -> None:
    slug = strings.slug(text)

    assert slug.isascii()
    assert slug.strip("-") == slug
