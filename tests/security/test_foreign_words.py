"""A stranger's words are text on every page of ours, and text in every mail; their HTML stands in a sandbox."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest
from django.urls import reverse

from tests import factories
from tests.security import trials
from tracking.emit import emit
from tracking.models import Attempt, Connection, Delivery, DeliveryRecipient

WORDS = {
    "a script": "<script>evil()</script>",
    "an image": "<img src=x onerror=evil()>",
    "the end of an attribute": '"><svg onload=evil()>',
    "the end of a single-quoted one": "'><body onpageshow=evil()>",
    "the end of a script": "</script><script>evil()</script>",
    "the end of a text area": "</textarea><iframe src=//evil.example>",
    "the end of a title": "</title><object data=//evil.example>",
    "the end of a comment": "--><style onload=evil()>",
    "a template of Django": "{{ request.user }}{% debug %}",
    "an expression of Alpine": "{{constructor.constructor('evil()')()}}",
    "an address of a script": "javascript:evil()//",
    "mixed": "jaVasCript:/*--></style></script><svg/onload='/*\"/**/evil()//'>",
}


class Markup(HTMLParser):
    """What a browser would run or load because of a stranger."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self.script = False
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.script = tag == "script"
        for name, value in attrs:
            runs = name.startswith("on") or (name in {"href", "src", "action", "data", "formaction"})
            if runs and ("evil" in (value or "").split("?")[0] or "javascript:evil" in (value or "")):
                self.found.append(f"{tag} {name}={value}")

    def handle_endtag(self, tag: str) -> None:
        self.script = False

    def handle_data(self, text: str) -> None:
        if self.script and "evil" in text and not text.lstrip().startswith(("{", "[", '"')):
            self.found.append(text)


@pytest.fixture
def pages(rung):
    """Addresses of every page that shows words of rules, events, servers and connections."""

    def made(words: str) -> list[str]:
        connection = factories.ConnectionFactory(name=words[:90])
        rule = factories.saved_rule(
            name=words, connection=connection, action__body=f"<p>{words}</p>".replace("{%", "{ %")
        )
        Connection.objects.update(last_error=words, last_error_at=factories.NOON)
        event = factories.event(product=rule.product_id, lead_id=words[:50], lead={"email": words, words[:50]: words})
        delivery = Delivery.objects.get(pk=emit(event).matched[0].delivery)
        Attempt.objects.create(
            delivery=delivery, started_at=factories.NOON, ended_at=factories.NOON, phase="rcpt", code=550, text=words
        )
        DeliveryRecipient.objects.create(delivery=delivery, address=words, role="to", status="refused", text=words)
        models = {"rule": rule, "delivery": delivery, "connection": connection}
        return [
            reverse("admin:index"),
            *(reverse(f"admin:tracking_{name}_changelist") for name in (*models, "storedevent", "usageday", "product")),
            *(reverse(f"admin:tracking_{name}_change", args=(row.pk,)) for name, row in models.items()),
            reverse("admin:tracking_storedevent_change", args=(delivery.event_id,)),
            reverse("admin:tracking_connection_delete", args=(connection.pk,)),
            reverse("admin:tracking_rule_changelist") + "?q=" + words.replace("#", ""),
        ]

    return made


@pytest.mark.django_db
@pytest.mark.parametrize("names", [list(WORDS)[start::3] for start in range(3)], ids=" / ".join)
def test_words_are_text_on_every_page(admin_client, pages, names):
    words = " ".join(WORDS[name] for name in names).replace("{{", "{ {").replace("{%", "{ %")
    assert len(words) <= 200

    for address in pages(words):
        response = admin_client.get(address)
        assert response.status_code == 200, address
        assert Markup(response.text).found == [], address


@pytest.mark.parametrize("name", WORDS)
@pytest.mark.parametrize("place", ["<p>{{ lead.v }}</p>", '<a title="{{ lead.v }}">x</a>', "<b class='{{ lead.v }}'>"])
@pytest.mark.parametrize("twig", [True, False], ids=["twig", "placeholders"])
def test_a_value_is_text_in_an_html_mail(name, place, twig):
    html = trials.mail_of(WORDS[name], action__body=place, action__use_twig=twig).message.html

    assert Markup(html).found == []
    assert len(re.findall("<", html)) == place.count("<")


def test_what_an_author_writes_as_html_stays_as_it_is():
    html = trials.mail_of("x", action__body="<a href='https://example.com/?a=1&b={{ lead.v }}'>Open</a>").message.html

    assert html == "<a href='https://example.com/?a=1&b=x'>Open</a>"
