"""A test whose service is away is skipped by name, or fails where services are required."""

from __future__ import annotations

import pytest

from tests import services
from tracking.embedded import ports

MARKERS = sorted(services.SERVICES)
URLS = {
    "postgres": "postgres://nobody@127.0.0.1:{}/none",
    "redis": "redis://127.0.0.1:{}/0",
    "rabbitmq": "amqp://guest:guest@127.0.0.1:{}//",
    "browser": "/nowhere/chromium-{}",
}


class Item:
    """As much of a pytest item as is asked."""

    def __init__(self, marker: str) -> None:
        self.marker = marker

    def get_closest_marker(self, name: str) -> bool:
        return name == self.marker


@pytest.fixture(params=MARKERS)
def away(request, monkeypatch):
    """A test's item whose service does not answer."""
    service = services.SERVICES[request.param]
    monkeypatch.setenv(service.variable, URLS[request.param].format(ports.any_free()))
    monkeypatch.delenv("CI", raising=False)
    monkeypatch.delenv("TRACKING_REQUIRE_SERVICES", raising=False)
    services.trouble.cache_clear()
    yield Item(request.param)
    services.trouble.cache_clear()


def test_without_its_service_a_test_is_skipped_by_name(away):
    service = services.SERVICES[away.marker]

    with pytest.raises(pytest.skip.Exception, match=rf"no {service.name} at .*; set {service.variable}"):
        services.demand(away)


@pytest.mark.parametrize(("name", "value"), [("CI", "true"), ("TRACKING_REQUIRE_SERVICES", "1")])
def test_where_services_are_required_it_fails(away, monkeypatch, name, value):
    monkeypatch.setenv(name, value)

    with pytest.raises(pytest.fail.Exception, match=services.SERVICES[away.marker].name):
        services.demand(away)


def test_a_test_without_a_marker_asks_for_nothing(monkeypatch):
    monkeypatch.setattr(services, "trouble", lambda marker: pytest.fail("it asked"))

    services.demand(Item("unit"))
