from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tracking.mail.markup import decode
from tracking.mail.plain import text_from_html


@pytest.mark.parametrize(
    ("html", "text"),
    [
        pytest.param("", "", id="nothing"),
        pytest.param("just words", "just words", id="no markup"),
        pytest.param("<p>One</p><p>Two</p>", "One\n\nTwo", id="paragraphs stand apart"),
        pytest.param("<p>One<p>Two", "One\n\nTwo", id="paragraphs nobody closed"),
        pytest.param("<div>One</div><div>Two</div>", "One\nTwo", id="blocks are lines"),
        pytest.param("<div><div><div>One</div></div></div>\n<div>Two</div>", "One\nTwo", id="blocks in blocks"),
        pytest.param("One<br>Two<br/>Three", "One\nTwo\nThree", id="line breaks"),
        pytest.param("One<br><br>Two", "One\n\nTwo", id="two line breaks"),
        pytest.param("<p>One<br></p><br><br><br><p>Two</p>", "One\n\nTwo", id="never two empty lines"),
        pytest.param("<h1>Title</h1>Text<h2>More</h2>Text", "Title\n\nText\n\nMore\n\nText", id="headings"),
        pytest.param("a <b>bold</b>,\n  <i>it</i>alic", "a bold, italic", id="inline elements leave no trace"),
        pytest.param("  a \n\t b\r\n  c  ", "a b c", id="white space is one space"),
        pytest.param("a<b> b</b> c", "a b c", id="white space at the edge of an element"),
        pytest.param("a&nbsp;b &amp; c &lt;d&gt; &#8364;&#x20ac; &eacute;", "a b & c <d> €€ é", id="entities"),
        pytest.param("R&D AT&T &unknown; &", "R&D AT&T &unknown; &", id="ampersands that are none"),
        pytest.param("<ul><li>One</li><li>Two</li></ul>", "- One\n- Two", id="a list"),
        pytest.param("<ul>\n <li><p>One</p></li>\n <li>Two</li>\n</ul>", "- One\n\n- Two", id="paragraphs in a list"),
        pytest.param("<ol><li>One<li>Two</ol>After", "1. One\n2. Two\n\nAfter", id="a numbered list"),
        pytest.param("<ul><li>A<ol><li>B</ol><li>C</ul>", "- A\n  1. B\n- C", id="a list in a list"),
        pytest.param("<ul><li><li>Two<li></ul>After", "-\n- Two\n-\n\nAfter", id="items without words"),
        pytest.param("<li>Stray", "- Stray", id="an item outside any list"),
        pytest.param(
            "<table><tr><th>Name</th><th>Price</th></tr>\n<tr>\n<td>Lead</td>\n<td>5</td></tr></table>",
            "Name  Price\nLead  5",
            id="a table has a line per row",
        ),
        pytest.param(
            "<table><tr><td><table><tr><td>In</td></tr></table></td><td>Out</td></tr></table>",
            "In\n\nOut",
            id="a table in a table",
        ),
        pytest.param('<a href="https://x.co/a?b=1&amp;c=2">Look</a>!', "Look (https://x.co/a?b=1&c=2)!", id="a link"),
        pytest.param("<a href=https://x.co/>x.co</a>", "x.co", id="a link that is its own text"),
        pytest.param('<a href="mailto:a@b.co">a@b.co</a>', "a@b.co", id="an address that is its own text"),
        pytest.param("<A HREF='tel:+123'>Call</A> us", "Call (tel:+123) us", id="capitals and single quotes"),
        pytest.param(
            '<a href="https://x.co/"><img src="x" alt="Logo"></a>', "Logo (https://x.co/)", id="a linked picture"
        ),
        pytest.param('<a href="https://x.co/"><img src="x"></a>', "https://x.co/", id="a link without text"),
        pytest.param('<a href="javascript:alert(1)">Go</a>', "Go", id="a script as a link"),
        pytest.param('<a href="jAvA\tscript:alert(1)">Go</a>', "Go", id="a script in disguise"),
        pytest.param(
            '<a href="data:text/html,x">Go</a> <a href="#top">Up</a>', "Go Up", id="links that mean nothing in a mail"
        ),
        pytest.param(
            '<a href="https://x.co/1">A<a href="https://x.co/2">B',
            "A (https://x.co/1)B (https://x.co/2)",
            id="links nobody closed",
        ),
        pytest.param(
            '<a title="a > b" href="https://x.co/q">Q</a>', "Q (https://x.co/q)", id="a bracket in an attribute"
        ),
        pytest.param("<head><title>T</title><style>p{a:b}</style></head><body>Text", "Text", id="the head is dropped"),
        pytest.param(
            "a<script>if (a<b) '</p>'</script>b<STYLE>x</StYlE >c", "abc", id="scripts and styles are dropped"
        ),
        pytest.param(
            "a<!-- <p>no</p> -->b<!DOCTYPE html><?xml x?><![CDATA[c]]>d", "abd", id="comments and declarations"
        ),
        pytest.param("a<!--[if mso]><p>Outlook</p><![endif]-->b", "ab", id="conditional comments"),
        pytest.param("a<hr>b", "a\n\n--------------------\n\nb", id="a rule"),
        pytest.param("<pre>a\n  b\n</pre>c", "a\n  b\n\nc", id="text laid out by hand"),
        pytest.param("1 < 2 <3 a<>b", "1 < 2 <3 a<>b", id="brackets that open nothing"),
        pytest.param("a<script>never closed <p>b", "a", id="a script nobody closed"),
        pytest.param("a<!-- never closed <p>b", "a", id="a comment nobody closed"),
        pytest.param('a<p title="never closed>b', "a\n\nb", id="a quote nobody closed"),
        pytest.param("a<p never closed", "a", id="a tag nobody closed"),
        pytest.param("</p></ul></a></table></pre></li>a", "a", id="closing what was never open"),
    ],
)
def test_text_from_html(html, text):
    assert text_from_html(html) == (text + "\n" if text else "")


@pytest.mark.parametrize(
    "piece",
    [
        "<",
        "<a ",
        "</",
        "<!--",
        "<![",
        "<ul>",
        "<li>",
        '<a x="',
        '<a x=">" ',
        "<script",
        "<title></title ",
        "&#",
        "&#x",
        "&",
        "<a href=http://x.co>y",
        "<pre>",
        "<td>",
        "<p>",
        "<br>",
        "a ",
        "=",
        "<a " + "a" * 50,
        "&#" + "9" * 50,
        "\x00",
        " ",
    ],
)
def test_rubbish_of_any_length_is_read_to_its_end(piece):
    assert isinstance(text_from_html(piece * 20_000), str)
    assert isinstance(text_from_html("<a " + piece * 20_000 + ">"), str)


def test_lists_are_indented_so_far_and_no_further():
    text = text_from_html("<ul><li>x" * 5_000 + "</ul>" * 5_000 + "<ul><li>y")

    assert max(len(line) for line in text.splitlines()) <= 25
    assert text.endswith("\n- y\n")


@pytest.mark.parametrize("reference", ["&#" + "9" * 5000 + ";", "&#x" + "f" * 5000, "&#xD800;", "&#0;", "&#1114112;"])
def test_no_number_of_a_character_is_an_error(reference):
    assert isinstance(decode(reference), str)


@settings(max_examples=500, deadline=None)
@given(
    st.lists(
        st.sampled_from(
            ["<", ">", "/", "a", "p", "ul", "li", "pre", "td", '"', "'", "=", "!", "-", "&", ";", " ", "\n", "x"]
        )
    ).map("".join)
)
def test_any_markup_gives_tidy_lines(html):
    text = text_from_html(html)

    assert text == "" or text.endswith("\n")
    assert "\n\n\n" not in text
    assert not any(line.endswith(" ") for line in text.split("\n"))


@given(st.text())
def test_any_text_is_no_error(text):
    assert isinstance(text_from_html(text), str)
