from __future__ import annotations

import pytest
from email_validator import EmailNotValidError, validate_email
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tracking.errors import AddressError
from tracking.mail.addresses import (
    Mailbox,
    check_address,
    clean_phrase,
    needs_smtputf8,
    parse_mailbox,
    split_mailbox,
    split_mailboxes,
)

NOT_AN_ADDRESS = [
    pytest.param("", id="nothing"),
    pytest.param("   ", id="spaces"),
    pytest.param("@", id="an at-sign alone"),
    pytest.param("jane", id="no at-sign"),
    pytest.param("@example.com", id="no local part"),
    pytest.param("jane@", id="no domain"),
    pytest.param("jane@doe@example.com", id="two at-signs"),
    pytest.param(".jane@example.com", id="a dot in front"),
    pytest.param("jane.@example.com", id="a dot at the end"),
    pytest.param("jane..doe@example.com", id="two dots"),
    pytest.param("jane@.example.com", id="a dot in front of the domain"),
    pytest.param("jane@example.com.", id="a dot behind the domain"),
    pytest.param("jane@example..com", id="two dots in the domain"),
    pytest.param("jane@-example.com", id="a hyphen in front of the domain"),
    pytest.param("jane@exa_mple.com", id="an underscore in the domain"),
    pytest.param("jane@localhost", id="a domain without a dot"),
    pytest.param("jane@test", id="a test domain without a dot"),
    pytest.param("jane@box.localhost", id="this very host"),
    pytest.param("jane@[192.0.2.1]", id="an IPv4 literal"),
    pytest.param("jane@[IPv6:2001:db8::1]", id="an IPv6 literal"),
    pytest.param("jane@192.0.2.1", id="a bare IP address"),
    pytest.param("l" * 65 + "@example.com", id="a local part of 65"),
    pytest.param("é" * 40 + "@example.com", id="a local part of 80 octets"),
    pytest.param("jane@" + "d" * 64 + ".com", id="a label of 64"),
    pytest.param("jane@" + "d.e" * 100 + ".com", id="a domain of 300"),
    pytest.param("j" * 100_000, id="a hundred thousand letters"),
    pytest.param("jane doe@example.com", id="a space"),
    pytest.param("jane@example.com NOTIFY=NEVER", id="a parameter behind"),
    pytest.param("jane@example.com> NOTIFY=NEVER", id="a parameter behind a bracket"),
    pytest.param("jane@example.com>\r\nRCPT TO:<eve@example.org>", id="a command behind"),
    pytest.param("jane@example.com\r\nBcc: eve@example.org", id="a header behind"),
    pytest.param("jane@example.com\n", id="a line end behind"),
    pytest.param("jane@example.com\0", id="NUL"),
    pytest.param("jane\t@example.com", id="a tab"),
    pytest.param("jane@example.com\x85", id="C1"),
    pytest.param("jane\u2028@example.com", id="line separator"),
    pytest.param("jane\u202e@example.com", id="text turned round"),
    pytest.param("jane\u2066@example.com", id="an isolate"),
    pytest.param("jane\u200b@example.com", id="a space of no width"),
    pytest.param("jane\ud800@example.com", id="half of a pair"),
    pytest.param("jane＠example.com", id="an at-sign of full width"),
    pytest.param('"jane doe"@example.com', id="a quoted local part"),
    pytest.param('"jane> SIZE=1"@example.com', id="a parameter in quotes"),
    pytest.param('"eve@example.org"@example.com', id="an address in quotes"),
    pytest.param("(comment)jane@example.com", id="a comment in front"),
    pytest.param("jane@example.com(comment)", id="a comment behind"),
    pytest.param("jane@example.com)eve@example.org", id="half a comment"),
    pytest.param("jane@example.com,eve@example.org", id="two addresses"),
    pytest.param("jane@example.com;eve@example.org", id="two by a semicolon"),
    pytest.param("Friends: jane@example.com;", id="a group"),
    pytest.param("=?utf-8?b?amFuZQ==?=@example.com extra", id="an encoded word and more"),
]

NOT_A_MAILBOX = [
    pytest.param("eve@example.org <jane@example.com>", id="an address as a bare name"),
    pytest.param("<jane@example.com> <eve@example.org>", id="two in brackets"),
    pytest.param("Jane <jane@example.com> Doe", id="a name behind"),
    pytest.param("Jane <jane@example.com>, eve@example.org", id="a second one"),
    pytest.param("Doe, Jane <jane@example.com>", id="a comma without quotes"),
    pytest.param("Jane (Sales) <jane@example.com>", id="a comment in the name"),
    pytest.param("Jane <jane@example.com", id="an open bracket"),
    pytest.param("Jane jane@example.com>", id="a closing bracket alone"),
    pytest.param('"Jane <jane@example.com>', id="an open quote"),
    pytest.param("Jane <<jane@example.com>>", id="doubled brackets"),
    pytest.param("Jane <>", id="empty brackets"),
    pytest.param("Jane <@relay.example,@b.example:jane@example.com>", id="a route"),
    pytest.param("Friends: Jane <jane@example.com>;", id="a group"),
    pytest.param("undisclosed-recipients:;", id="an empty group"),
    pytest.param("Jane\r\n <jane@example.com>", id="a folded line"),
    pytest.param("Jane\u2029 <jane@example.com>", id="paragraph separator"),
    pytest.param("Jane \u202eeoD <jane@example.com>", id="a name turned round"),
    pytest.param("Jane jane@example.com", id="no brackets"),
]


@pytest.mark.parametrize(
    ("text", "address"),
    [
        pytest.param("jane@example.com", "jane@example.com", id="the plainest"),
        pytest.param(" jane@example.com ", "jane@example.com", id="spaces around it"),
        pytest.param("Jane.Doe+tag@Example.COM", "Jane.Doe+tag@example.com", id="only the domain loses its capitals"),
        pytest.param(
            "o'neil!#$%&*/=?^_`{|}~-@example.com", "o'neil!#$%&*/=?^_`{|}~-@example.com", id="rare characters"
        ),
        pytest.param("x@y.zz", "x@y.zz", id="the shortest"),
        pytest.param("jane@example.test", "jane@example.test", id="a test domain"),
        pytest.param("jane@mail.local", "jane@mail.local", id="a local network"),
        pytest.param("jane@example.invalid", "jane@example.invalid", id="a domain that never exists"),
        pytest.param("jane@bücher.example", "jane@xn--bcher-kva.example", id="a domain outside ASCII"),
        pytest.param("jane@xn--bcher-kva.example", "jane@xn--bcher-kva.example", id="the same as it is sent"),
        pytest.param("jane@bücher。example", "jane@xn--bcher-kva.example", id="an ideographic full stop"),
        pytest.param("dé@example.com", "dé@example.com", id="a local part outside ASCII"),
        pytest.param("de\u0301@example.com", "dé@example.com", id="the same in two characters"),
        pytest.param("mıke@example.com", "mıke@example.com", id="a dotless i stays one"),
        pytest.param("l" * 64 + "@example.com", "l" * 64 + "@example.com", id="a local part of 64"),
    ],
)
def test_accepted_addresses(text, address):
    assert check_address(text) == address
    assert check_address(address) == address
    assert parse_mailbox(text) == Mailbox(address)
    assert split_mailbox(text)[0] == ""


@pytest.mark.parametrize("text", NOT_AN_ADDRESS)
def test_refused_addresses(text):
    for check in (check_address, Mailbox, parse_mailbox, split_mailbox):
        with pytest.raises(AddressError) as caught:
            check(text)
        assert str(caught.value).isprintable()
        assert len(str(caught.value)) < 400


@pytest.mark.parametrize(
    ("text", "name"),
    [
        pytest.param("Jane Doe <jane@example.com>", "Jane Doe", id="words"),
        pytest.param("<jane@example.com>", "", id="no name"),
        pytest.param("  Jane   Doe  < jane@example.com > ", "Jane Doe", id="spaces to spare"),
        pytest.param("Jane<jane@example.com>", "Jane", id="no space at all"),
        pytest.param('"Doe, Jane" <jane@example.com>', "Doe, Jane", id="a quoted comma"),
        pytest.param('"Doe; <Jane>" <jane@example.com>', "Doe; <Jane>", id="quoted brackets"),
        pytest.param(r'"a \"b\" \\ c" <jane@example.com>', r'a "b" \ c', id="escapes"),
        pytest.param(r'SALES "quo\"te" <jane@example.com>', 'SALES quo"te', id="words and quotes mixed"),
        pytest.param('"" <jane@example.com>', "", id="an empty name"),
        pytest.param("J. R. O'Neil & Söhne <jane@example.com>", "J. R. O'Neil & Söhne", id="what people really write"),
        pytest.param("日本語 <jane@example.com>", "日本語", id="other scripts"),
        pytest.param("{{ x }} <jane@example.com>", "{{ x }}", id="braces are no placeholder in a value"),
        pytest.param(
            "=?utf-8?q?a=0ABcc=3A_e@x.y?= <jane@example.com>",
            "=?utf-8?q?a=0ABcc=3A_e@x.y?=",
            id="an encoded word is taken as its letters",
        ),
        pytest.param(
            "A =?UTF-8?Q?=0A?=Bcc: eve@example.org <jane@example.com>",
            "A =?UTF-8?Q?=0A?=Bcc: eve@example.org",
            id="and so is what stands with it",
        ),
    ],
)
def test_names(text, name):
    assert parse_mailbox(text) == Mailbox("jane@example.com", name)


@pytest.mark.parametrize("text", NOT_A_MAILBOX)
def test_refused_mailboxes(text):
    for check in (parse_mailbox, split_mailbox):
        with pytest.raises(AddressError) as caught:
            check(text)
        assert str(caught.value).isprintable()


def test_a_name_of_256_is_refused_and_not_cut():
    with pytest.raises(AddressError, match="at most 255"):
        parse_mailbox("n" * 256 + " <jane@example.com>")


@pytest.mark.parametrize(
    ("text", "name", "address"),
    [
        pytest.param("{{ lead.email }}", "", "{{ lead.email }}", id="all of it a placeholder"),
        pytest.param("{{ lead.name }} <{{ lead.email }}>", "{{ lead.name }}", "{{ lead.email }}", id="both parts"),
        pytest.param("Dr {{ a }} {{ b }} <x@y.zz>", "Dr {{ a }} {{ b }}", "x@y.zz", id="words and placeholders"),
        pytest.param('"{{ a }}, Inc." <x@y.zz>', "{{ a }}, Inc.", "x@y.zz", id="a placeholder in quotes"),
        pytest.param(
            '{{ a|default("x, <y>") }} <{{ b|default("c@d.ee") }}>',
            '{{ a|default("x, <y>") }}',
            '{{ b|default("c@d.ee") }}',
            id="quotes, commas and brackets in a placeholder",
        ),
        pytest.param(
            r'"{{ a|default("\"") }} \"q\"" <x@y.zz>', r'{{ a|default("\"") }} "q"', "x@y.zz", id="escapes stay inside"
        ),
        pytest.param("{{ user }}@example.com", "", "{{ user }}@example.com", id="a local part"),
        pytest.param("sales@{{ shop }}.example.com", "", "sales@{{ shop }}.example.com", id="part of the domain"),
        pytest.param("sales@{{ domain }}", "", "sales@{{ domain }}", id="the whole domain"),
        pytest.param(
            "{% if a %}x@y.zz{% else %}{{ b }}{% endif %}",
            "",
            "{% if a %}x@y.zz{% else %}{{ b }}{% endif %}",
            id="a choice of addresses",
        ),
    ],
)
def test_templates(text, name, address):
    assert split_mailbox(text) == (name, address)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("{{ lead.email", id="an open placeholder"),
        pytest.param("{{ a }} {{ b }}", id="two placeholders and no brackets"),
        pytest.param("{{ a }}, {{ b }}", id="a comma between"),
        pytest.param("Jane {{ b }}", id="a name and no brackets"),
        pytest.param("{{ a }}@{{ b }}@example.com", id="two at-signs"),
        pytest.param("{{ a }}@localhost", id="a domain without a dot"),
        pytest.param("{{ a }}@[192.0.2.1]", id="an IP address"),
        pytest.param("Jane <{{ a }} {{ b }}>", id="a space in the address"),
        pytest.param("Jane <{{ a }}> {{ b }}", id="a placeholder behind"),
        pytest.param("{{ a }}\r\nBcc: {{ b }}", id="a line end"),
        pytest.param("Jane <{{ a }},{{ b }}>", id="two in the brackets"),
        pytest.param("Jane <{{ a }}", id="an open bracket"),
        pytest.param('"{{ a }} <x@y.zz>', id="an open quote"),
    ],
)
def test_refused_templates(text):
    with pytest.raises(AddressError):
        split_mailbox(text)


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        pytest.param("a@b.co", ["a@b.co"], id="one"),
        pytest.param("a@b.co, c@d.ee ,e@f.gg", ["a@b.co", "c@d.ee", "e@f.gg"], id="three"),
        pytest.param('"Doe, Jane" <a@b.co>, c@d.ee', ['"Doe, Jane" <a@b.co>', "c@d.ee"], id="a comma in quotes"),
        pytest.param('"a;b" <a@b.co>', ['"a;b" <a@b.co>'], id="a semicolon in quotes"),
        pytest.param("{{ f(a, b) }}, c@d.ee", ["{{ f(a, b) }}", "c@d.ee"], id="a comma in a placeholder"),
        pytest.param("X <{{ f(a, b) }}>, {{ c }}", ["X <{{ f(a, b) }}>", "{{ c }}"], id="and within brackets"),
        pytest.param(
            "{% if f(a, b) %}{{ c }}{% endif %}", ["{% if f(a, b) %}{{ c }}{% endif %}"], id="a comma in a tag"
        ),
        pytest.param("<a@b.co,c@d.ee>", ["<a@b.co,c@d.ee>"], id="brackets hold together what is refused later"),
    ],
)
def test_lists(text, parts):
    assert split_mailboxes(text) == parts


@pytest.mark.parametrize(
    ("text", "says"),
    [
        pytest.param("", "missing", id="nothing"),
        pytest.param("a@b.co,", "missing", id="a comma at the end"),
        pytest.param(",a@b.co", "missing", id="a comma in front"),
        pytest.param("a@b.co,,c@d.ee", "missing", id="two commas"),
        pytest.param("a@b.co; c@d.ee", "commas, not by semicolons", id="semicolons"),
        pytest.param("a@b.co\nc@d.ee", "line breaks", id="lines"),
        pytest.param('"a, b <c@d.ee>', "quote", id="an open quote"),
        pytest.param("<a@b.co, c@d.ee", ">", id="an open bracket"),
        pytest.param("{{ a, c@d.ee", "placeholder", id="an open placeholder"),
    ],
)
def test_refused_lists(text, says):
    with pytest.raises(AddressError, match=says):
        split_mailboxes(text)


@pytest.mark.parametrize(
    ("text", "cleaned", "removed"),
    [
        pytest.param("Lead sold", "Lead sold", False, id="nothing to do"),
        pytest.param("  Lead  sold ", "Lead  sold", False, id="trimming is no removal"),
        pytest.param("Žaneta 👩‍👩‍👧 日本", "Žaneta 👩‍👩‍👧 日本", False, id="any script, and joined emoji"),
        pytest.param("a\r\n\r\nb", "a b", True, id="a run becomes one space"),
        pytest.param("a\tb", "a b", True, id="a tab"),
        pytest.param("\r\nBcc: x", "Bcc: x", True, id="at the beginning"),
        pytest.param("a\0\x1b\x7f\x85\x9fb", "a b", True, id="C0, DEL and C1"),
        pytest.param("a\u2028b\u2029c", "a b c", True, id="Unicode line ends"),
        pytest.param("a\u202eb\u2066c\u2069\u200f\u061cd", "a b c d", True, id="bidi controls"),
        pytest.param("a\ud83db", "a b", True, id="half of a pair"),
        pytest.param("\r\n", "", True, id="nothing is left"),
        pytest.param("x" * 999, "x" * 998, True, id="too long"),
        pytest.param("x" * 997 + " y", "x" * 997, True, id="no space at the cut"),
    ],
)
def test_clean_phrase(text, cleaned, removed):
    assert clean_phrase(text) == (cleaned, removed)
    assert clean_phrase(cleaned) == (cleaned, False)


def test_clean_phrase_takes_the_limit_of_a_name():
    assert clean_phrase("x" * 256, limit=255) == ("x" * 255, True)


def test_needs_smtputf8():
    assert needs_smtputf8(check_address("dé@example.com"))
    assert not needs_smtputf8(check_address("d@bücher.example"))


likely = st.text(st.sampled_from("ab1.-_+@xn"), max_size=20)
hosts = st.sampled_from(
    ["example.com", "a.arpa", "b.onion", "x.localhost", "a--b.co", "xn--a.co", "1.2", "a.b1", "q.test"]
)


@settings(max_examples=1000, deadline=None)
@given(st.builds("{}@{}".format, likely, hosts | likely))
@example("a@" + "d" * 60 + ".co")
@example("a@" + "d" * 61 + ".co")
@example("a@" + "d" * 64 + ".com")
@example("webmaster@example.com")
def test_the_quick_way_agrees_with_the_library(text):
    try:
        found = validate_email(text, check_deliverability=False, strict=True)
    except EmailNotValidError:
        with pytest.raises(AddressError):
            check_address(text)
    else:
        assert check_address(text) == f"{found.local_part}@{found.ascii_domain}"


@settings(max_examples=500, deadline=None)
@given(st.text(st.characters(codec=None) | st.sampled_from('<>"\\,;:@{}%# abc.'), max_size=60))
def test_any_text_is_a_mailbox_or_an_address_error(text):
    for parse in (parse_mailbox, split_mailbox, split_mailboxes, check_address):
        refused = ""
        try:
            parse(text)
        except AddressError as error:
            refused = str(error)
        assert refused.isprintable()


@given(st.text(max_size=300))
def test_no_value_in_a_quoted_name_adds_a_part(value):
    escaped = clean_phrase(value, limit=200)[0].replace("\\", "\\\\").replace('"', '\\"')

    assert parse_mailbox(f'"{escaped}" <jane@example.com>').address == "jane@example.com"
