"""What a caught mail brings along can do nothing in a real browser."""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from tests import factories
from tests.chromium import chromium
from tracking.catcher.mailbox import Mailbox

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
    pytest.mark.urls("tests.integration.catcher.routes"),
]


@pytest.fixture
def stranger():
    """A server that must not be asked for anything; what it was asked for."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_error(404)

        def log_message(self, *arguments: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}", asked
    server.shutdown()
    server.server_close()


def hostile(url: str) -> bytes:
    body = f"""<p id=x>as it was sent</p>
        <script>document.getElementById('x').textContent = 'changed'; top.location = '{url}/top'</script>
        <img src="{url}/pixel" onerror="document.getElementById('x').textContent = 'changed'">
        <link rel=stylesheet href="{url}/style"><iframe src="{url}/frame"></iframe>
        <meta http-equiv=refresh content="0; url={url}/refresh">"""
    return b"Subject: Hostile\r\nContent-Type: text/html\r\n\r\n" + body.encode()


@pytest.fixture
def cookie(client, live_server, settings, tmp_path):
    """That of somebody of the staff."""
    settings.TRACKING_CATCHER_FOLDER = str(tmp_path)
    client.force_login(factories.UserFactory.create(is_staff=True))
    return {"name": "sessionid", "value": client.cookies["sessionid"].value, "url": live_server.url}


@pytest.mark.parametrize("alone", [False, True], ids=["in the frame of its page", "on its own page"])
def test_no_script_runs_and_nothing_is_loaded(alone, cookie, live_server, stranger, tmp_path):
    url, asked = stranger
    key = Mailbox(tmp_path).add(sender="", recipients=["bob@example.org"], data=hostile(url))

    with chromium() as browser:
        context = browser.new_context()
        context.add_cookies([cookie])
        page = context.new_page()
        page.goto(f"{live_server.url}/mail/{key}/{'html/' if alone else ''}")
        place = page if alone else page.frame_locator("iframe")
        place.get_by_text("as it was sent").wait_for()
        stayed = page.url

    assert stayed.startswith(live_server.url)
    assert asked == []
