"""Where the API's doors are."""

from __future__ import annotations

from typing import Any

from django.urls import URLPattern, URLResolver, include, path, re_path, register_converter
from rest_framework.routers import Route, SimpleRouter

from tracking.api.alerts import Alerts
from tracking.api.connections import Connections
from tracking.api.deliveries import Deliveries
from tracking.api.directory import DOORS
from tracking.api.docs import Docs, Document
from tracking.api.events import Events
from tracking.api.jobs import Jobs
from tracking.api.presets import Presets
from tracking.api.problems import nothing_here
from tracking.api.rules import CampaignRules, ProductRules, Rules
from tracking.api.usage import Usage
from tracking.validation import MAX_ID


class IdConverter:
    """An id of the platform or of ours: what no row can have is no address."""

    regex = "[0-9]{1,19}"

    def to_python(self, text: str) -> int:
        if (number := int(text)) > MAX_ID:
            raise ValueError
        return number

    def to_url(self, number: object) -> str:
        return str(number)


class KeyConverter:
    """The platform's own key of an event, which may hold slashes."""

    regex = ".{1,200}"

    def to_python(self, text: str) -> str:
        return text

    def to_url(self, text: str) -> str:
        return text


register_converter(IdConverter, "id")
register_converter(KeyConverter, "key")


class Router(SimpleRouter):
    """REST framework's, with PUT on a list, whose rows are written by their ids; and what can be done with a row before
    the row itself, as a key may end like an address."""

    def __init__(self) -> None:
        super().__init__(use_regex_path=False)
        listed, of_list, one, of_one = self.routes
        assert isinstance(listed, Route)
        self.routes = [listed._replace(mapping={**listed.mapping, "put": "upsert"}), of_list, of_one, one]


router = Router()
router.register("events", Events, basename="event")
router.register("rules", Rules, basename="rule")
router.register("connections", Connections, basename="connection")
router.register("deliveries", Deliveries, basename="delivery")
router.register("alerts", Alerts, basename="alert")
router.register("jobs", Jobs, basename="job")
router.register("presets", Presets, basename="preset")
router.register("usage", Usage, basename="usage")
for name, door in DOORS.items():
    router.register(name, door, basename=name)

_LISTED: dict[str, Any] = {"get": "list", "post": "create"}
_V1: list[URLPattern | URLResolver] = [
    path("schema/", Document.as_view(), name="schema"),
    path("docs/", Docs.as_view(), name="docs"),
    path("products/<id:owner>/rules/", ProductRules.as_view(_LISTED), name="product-rules"),
    path("campaigns/<id:owner>/rules/", CampaignRules.as_view(_LISTED), name="campaign-rules"),
    *router.urls,
]

app_name = "api"
urlpatterns = [path("v1/", include(_V1)), re_path(r"^[\s\S]*$", nothing_here)]
