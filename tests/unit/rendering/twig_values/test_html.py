"""Twig's html extra."""

from __future__ import annotations

from typing import Any

import pytest

from tracking.rendering.twig import html


@pytest.mark.parametrize(
    ("value", "options", "expected"),
    [
        ("a b", {}, "data:text/plain,a%20b"),
        ("<b>", {"mime": "text/html", "parameters": {"charset": "utf-8"}}, "data:text/html;charset=utf-8,%3Cb%3E"),
        (b"GIF89a..", {}, "data:image/gif;base64,R0lGODlhLi4="),
        ("", {}, "data:application/x-empty;base64,"),
        ("<!DOCTYPE html><p>", {}, "data:text/html,%3C%21DOCTYPE%20html%3E%3Cp%3E"),
        ("<svg/>", {}, "data:image/svg+xml;base64,PHN2Zy8+"),
        (b"\x89PNG\r\n\x1a\n\xff".decode("utf-8", "surrogateescape"), {}, "data:image/png;base64,iVBORw0KGgr/"),
    ],
)
def test_a_value_becomes_a_data_uri(value: str | bytes, options: dict[str, Any], expected: str) -> None:
    assert html.data_uri(value, **options) == expected


def test_classes_are_joined_once_each() -> None:
    assert html.html_classes("a", "", {"b": 1, "c": 0, "a": True}) == "a b"


@pytest.mark.parametrize(
    ("argument", "message"),
    [
        (5, 'argument 0 should be either a string or an array, got "int".'),
        (None, 'argument 0 should be either a string or an array, got "null".'),
        (["a"], 'argument 0 (key 0) should be a string, got "int".'),
    ],
)
def test_other_classes_are_refused(argument: Any, message: str) -> None:
    with pytest.raises(ValueError, match=r".") as refused:
        html.html_classes(argument)
    assert message in str(refused.value)


BUTTON = html.html_cva(
    "btn",
    {"tone": {"warn": "yellow", "good": ["green", "bold"]}, "wide": {"true": "w-full", "false": "w-auto"}},
    [{"tone": ["warn"], "wide": [True], "class": "loud"}],
    {"wide": "false"},
)


@pytest.mark.parametrize(
    ("recipes", "additional", "expected"),
    [
        ({"tone": "warn"}, [], "btn yellow w-auto"),
        ({"tone": "good", "wide": True}, ["extra", None], "btn green bold w-full extra"),
        ({"tone": "warn", "wide": True}, [], "btn yellow w-full loud"),
        ({"tone": "unknown"}, [], "btn w-auto"),
        ([], ["btn  x"], "btn w-auto x"),
    ],
)
def test_variants_choose_classes(recipes: Any, additional: list[Any], expected: str) -> None:
    assert BUTTON.apply(recipes, *additional) == expected
