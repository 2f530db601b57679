"""Staff see the caught mails; what is in them can do nothing."""

from __future__ import annotations

import pytest
from django.urls import reverse

from tests import factories
from tracking.catcher import views
from tracking.catcher.mailbox import Mailbox

HTML = (
    b"MIME-Version: 1.0\r\nSubject: <b>Hi</b>\r\nContent-Type: text/html\r\n\r\n<script>alert(1)</script><p>Hello</p>"
)

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.integration.catcher.routes")]


@pytest.fixture
def mailbox(tmp_path, settings) -> Mailbox:
    settings.TRACKING_CATCHER_FOLDER = str(tmp_path)
    return Mailbox(tmp_path)


@pytest.fixture
def staff(client):
    client.force_login(factories.UserFactory.create(is_staff=True))
    return client


def add(mailbox: Mailbox, data: bytes = HTML, *, to: str = "bob@example.org") -> str:
    return mailbox.add(sender="ada@example.org", recipients=[to], data=data)


def url(name: str, *key: str) -> str:
    return reverse(f"catcher:{name}", args=key)


@pytest.mark.parametrize("user", ["nobody", "somebody who is no staff"])
@pytest.mark.parametrize("page", ["inbox", "mail", "html", "source"])
def test_only_staff_gets_in(client, mailbox, page, user):
    key = [] if page == "inbox" else [add(mailbox)]
    if user != "nobody":
        client.force_login(factories.UserFactory.create())

    response = client.get(url(page, *key))

    assert response.status_code == 302
    assert response["Location"].startswith(reverse("admin:login"))


def test_the_inbox_opens_only_the_mails_of_its_page(staff, mailbox, monkeypatch):
    keys = [add(mailbox) for _ in range(views.PAGE + 3)]
    opened: list[str] = []
    monkeypatch.setattr(views, "Mailbox", lambda folder: _Noting(folder, opened))

    response = staff.get(url("inbox"), {"page": 2})

    assert opened == keys[2::-1]
    assert "Page 2 of 2" in response.text


class _Noting(Mailbox):
    """A mailbox that says which mails were opened."""

    def __init__(self, folder, opened) -> None:
        super().__init__(folder)
        object.__setattr__(self, "opened", opened)

    def raw(self, key):
        self.opened.append(key)
        return super().raw(key)


def test_the_inbox_is_searched_by_recipient(staff, mailbox):
    found, other = add(mailbox, to="maria@example.org"), add(mailbox)

    response = staff.get(url("inbox"), {"to": "maria"})

    assert found in response.text
    assert other not in response.text


def test_an_empty_inbox_says_so(staff, mailbox):
    assert "No mail yet" in staff.get(url("inbox")).text


def test_a_mail_links_to_its_views_and_shows_no_html_of_its_own(staff, mailbox):
    key = add(mailbox)

    text = staff.get(url("mail", key)).text

    assert "&lt;b&gt;Hi&lt;/b&gt;" in text
    assert "alert(1)" not in text
    assert url("html", key) in text
    assert url("source", key) in text
    assert "<iframe" in text
    assert " sandbox " in text


def test_the_html_of_a_mail_stands_in_a_sandbox(staff, mailbox):
    response = staff.get(url("html", add(mailbox)))

    assert b"<p>Hello</p>" in response.content
    policy = {"sandbox", "default-src 'none'", "img-src data:", "style-src 'unsafe-inline'", "frame-ancestors 'self'"}
    assert set(response["Content-Security-Policy"].split("; ")) == policy
    assert response["X-Content-Type-Options"] == "nosniff"


def test_the_source_is_plain_text_in_a_sandbox(staff, mailbox):
    response = staff.get(url("source", add(mailbox)))

    assert response["Content-Type"] == "text/plain; charset=utf-8"
    assert {"sandbox", "default-src 'none'"} <= set(response["Content-Security-Policy"].split("; "))
    assert b"<script>alert(1)</script>" in response.content


@pytest.mark.parametrize("page", ["mail", "html", "source"])
def test_a_mail_that_is_not_there_is_not_found(staff, mailbox, page):
    assert staff.get(url(page, "nobody")).status_code == 404


def test_a_mail_without_html_has_no_html_page(staff, mailbox):
    key = add(mailbox, b"Subject: x\r\n\r\nplain")

    assert staff.get(url("html", key)).status_code == 404
    assert "<iframe" not in staff.get(url("mail", key)).text


def test_without_a_catcher_there_is_no_page(staff, settings):
    settings.TRACKING_CATCHER_FOLDER = ""

    assert staff.get(url("inbox")).status_code == 404


def test_pages_only_read(staff, mailbox):
    assert staff.post(url("inbox")).status_code == 405
