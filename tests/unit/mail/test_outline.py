"""The text of a template, filled in, is the text of the template filled in."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markupsafe import escape

from tracking.mail.outline import outline, settle, text_of
from tracking.mail.plain import text_from_html


def filled(texts: list[str], values: list[str]) -> str:
    return texts[0] + "".join(value + text for value, text in zip(values, texts[1:], strict=True))


def pieces_of(template: str) -> list[str | None]:
    parts: list[str | None] = []
    for number, part in enumerate(template.split("@")):
        parts += [part] if number == 0 else [None, part]
    return [part for part in parts if part != ""]


@pytest.mark.parametrize(
    "template",
    [
        pytest.param("<p>Hello @ and @,</p><p>bye</p>", id="between words"),
        pytest.param("<ul><li>@</li><li>b @</li></ul><table><tr><td>@<td>x</tr></table>", id="in lists and cells"),
        pytest.param("<pre>a\n  @  b</pre> @", id="in preformatted text"),
        pytest.param('<a href="https://x.example">here</a> @<br>@', id="beside a link"),
        pytest.param("@@ @", id="alone, and side by side"),
        pytest.param("a &amp; @ &nbsp;@", id="beside character references"),
    ],
)
def test_values_between_tags_are_filled_in_later(template):
    values = [f"<v{number}> & 'more'" for number in range(template.count("@"))]
    pieces = pieces_of(template)

    texts = outline(pieces)

    remaining = iter(values)
    html = "".join(piece if piece is not None else str(escape(next(remaining))) for piece in pieces)
    assert texts is not None
    assert filled(texts, values) == text_from_html(html)


@pytest.mark.parametrize(
    "template",
    [
        pytest.param('<a href="https://x.example/@">here</a>', id="in an address"),
        pytest.param('<a href="https://x.example">@</a>', id="the words of a link"),
        pytest.param('<img alt="@">', id="in an attribute"),
        pytest.param("<@>b</@>", id="as a tag"),
        pytest.param("<b@>x</b>", id="in the name of a tag"),
        pytest.param("&@", id="behind an ampersand"),
        pytest.param("&#@;", id="in a character reference"),
        pytest.param("<title>@</title>", id="where it is not shown"),
        pytest.param("<!-- @ -->", id="in a comment"),
        pytest.param("\ue000 @", id="beside the mark itself"),
    ],
)
def test_a_value_that_may_change_the_markup_needs_the_whole_mail(template):
    assert outline(pieces_of(template)) is None


@pytest.mark.parametrize("value", ["", " a", "a ", "a  b", "a\nb", "a\tb", "a\xa0b", "\u2003a"])
def test_a_value_whose_white_space_would_be_folded_does_not_settle(value):
    assert not settle([value])
    assert not settle(["a", value, "b"])
    assert settle(["a", "b c"])


MARKUP = ["<p>", "</p>", "<b>", "</b>", "<br>", "<li>", "<ul>", "</ul>", "<a href='https://x.example'>", "</a>", "<td>"]
MARKUP += [
    "<pre>",
    "</pre>",
    "&",
    "&amp;",
    "&nbsp;",
    "<",
    ">",
    " ",
    "\n",
    "x",
    "word; ",
    "'",
    '"',
    "<i ",
    "=",
    "<!--",
    "-->",
]
PIECES = st.lists(st.one_of(st.none(), st.sampled_from(MARKUP)), max_size=25)
VALUES = st.text(alphabet=" ab;#&<>\"'=-\xa0\n\u2003é/", max_size=5).filter(lambda value: settle([value]))


@given(pieces=PIECES, data=st.data())
def test_whatever_the_template_the_text_is_the_same(pieces, data):
    texts = outline(pieces)
    if texts is None:
        return
    values = [data.draw(VALUES) for piece in pieces if piece is None]

    remaining = iter(values)
    html = "".join(piece if piece is not None else str(escape(next(remaining))) for piece in pieces)

    assert filled(texts, values) == text_from_html(html)


RAW = st.sampled_from([*MARKUP, "&lt;", "&#039;", "&am", "p;", "#6", "two words", "<b>x</b>", "\xa0", "é"])


@given(
    pieces=st.lists(st.tuples(st.booleans(), st.one_of(RAW, VALUES.map(lambda value: str(escape(value))))), max_size=20)
)
def test_whatever_the_pieces_their_text_is_that_of_the_whole(pieces):
    words = tuple(None if is_value else piece for is_value, piece in pieces)
    values = [piece for is_value, piece in pieces if is_value]

    text = text_of(words, values)

    assert text in (None, text_from_html("".join(piece for _, piece in pieces)))


def test_a_way_through_a_template_is_worked_out_once():
    words = ("<p>Dear ", None, ",</p><ul><li>", None, "</li></ul>")

    assert text_of(words, ["Ada &amp; Bob", "a &lt; b"]) == "Dear Ada & Bob,\n\n- a < b\n"
    assert text_of(words, ["<b>Ada</b>", "x"]) is None
    assert text_of(words, ["Ada", ""]) is None
