"""The API's own description: its OpenAPI document, and the page on which it is read and tried, from our own server.

Read by everybody: they say what there is, not what is in it. No query parameter means anything but the page's `script`.
"""

from __future__ import annotations

import hashlib
import json
from functools import cache

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.views import View
from django.views.decorators.http import etag
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.renderers import OpenApiJsonRenderer
from drf_spectacular.settings import spectacular_settings

from tracking.api.problems import plain
from tracking.page_policy import documentation


@cache
def document() -> bytes:
    """Made once a process: all of it follows from the code."""
    made = SchemaGenerator().get_schema(request=None, public=True)  # type: ignore[no-untyped-call]
    return bytes(OpenApiJsonRenderer().render(made))


@cache
def _tag() -> str:
    return f'"{hashlib.sha256(document()).hexdigest()}"'


class Open(View):
    """A page without a login, whose refusals are problem documents like all others of the API."""

    http_method_names = ("get", "head")

    def http_method_not_allowed(self, request: HttpRequest, *args: object, **kwargs: object) -> HttpResponse:
        refusal = plain(405, f"Method “{request.method}” not allowed.")
        refusal["Allow"] = "GET, HEAD"
        return refusal


@method_decorator(etag(lambda request: _tag()), name="get")
class Document(Open):
    def get(self, request: HttpRequest) -> HttpResponse:
        return HttpResponse(document(), content_type=OpenApiJsonRenderer.media_type)


@method_decorator(documentation, name="dispatch")
class Docs(Open):
    """Tried with a token, or with the session."""

    def get(self, request: HttpRequest) -> HttpResponseBase:
        if "script" not in request.GET:
            return render(request, "api/docs.html", {"title": spectacular_settings.TITLE})
        words = {
            "schema_url": reverse("api:schema"),
            "settings": json.dumps(spectacular_settings.SWAGGER_UI_SETTINGS),
            "schema_auth_names": "[]",
            "csrf_header_name": "X-CSRFToken",
        }
        return render(request, "drf_spectacular/swagger_ui.js", words, content_type="application/javascript")
