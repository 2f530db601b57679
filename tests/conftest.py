"""What all tests share: a clean memory of the process between them."""

from __future__ import annotations

import signal
from collections.abc import Iterator

import pytest

from tests import append_only, services
from tracking.pipeline import deliver, transport
from tracking.store import rulebook, versions

_LONG = ("tests/acceptance", "tests/browser", "tests/unit/rendering/twig/test_attacks")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The long ones first, so that no worker is left alone with one at the end."""
    items.sort(key=lambda item: not item.nodeid.startswith(_LONG))


def pytest_configure() -> None:
    """Tests that are started in the background, or by `nohup`, ignore these, and so would all that they start."""
    for number, handler in ((signal.SIGINT, signal.default_int_handler), (signal.SIGHUP, signal.SIG_DFL)):
        if signal.getsignal(number) is signal.SIG_IGN:
            signal.signal(number, handler)


def pytest_runtest_setup(item: pytest.Item) -> None:
    services.demand(item)


@pytest.fixture(scope="session", autouse=True)
def emptied_between_tests() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        append_only.let_flush_through(patch)
        yield


@pytest.fixture(autouse=True)
def forget() -> Iterator[None]:
    """Rows come and go with each test; what a process remembers of them must, too."""
    yield
    rulebook.forget()
    versions.ready.cache_clear()
    transport.close()
    deliver.portions.clear()


@pytest.fixture(autouse=True)
def local_mail_servers(settings) -> None:
    """Mail servers of tests listen on loopback."""
    settings.TRACKING_SMTP_ALLOWED_NETWORKS = ["127.0.0.0/8"]


@pytest.fixture
def rung(monkeypatch) -> list[int]:
    """The connections that were woken, in order; nobody is woken."""
    ids: list[int] = []
    monkeypatch.setattr("tracking.tasks.wake", ids.extend)
    return ids
