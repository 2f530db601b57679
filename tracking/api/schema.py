"""The OpenAPI document: made from the doors' tables, from the values that validate, and from what holds everywhere."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter

from tracking.api.examples import EXAMPLES
from tracking.api.once import HEADER
from tracking.api.paging import Pages
from tracking.api.shapes import Problem
from tracking.triggers import TRIGGERS

_JSON, _PROBLEM = "application/json", "application/problem+json"
_ALWAYS = (400, 401, 403, 404, 406, 429, 503)
_WITH_BODY = (409, 411, 413, 415)
_WRITES = {"POST", "PUT", "PATCH", "DELETE"}


class TokenScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    target_class = "tracking.api.authentication.TokenAuthentication"
    name = "token"

    def get_security_definition(self, auto_schema: AutoSchema) -> dict[str, str]:
        return {
            "type": "http",
            "scheme": "bearer",
            "description": "A token that `manage.py create_token` or the admin has made.",
        }


class Schema(AutoSchema):
    """A door's `bodies` and `answers` say what goes in and out; the rest is read off the door."""

    view: Any

    @property
    def _action(self) -> str:
        return str(getattr(self.view, "action", ""))

    def get_request_serializer(self) -> Any:
        return self.view.bodies.get(self._action)

    def get_response_serializers(self) -> Any:
        status, shape = self.view.answers.get(self._action, (200, self._shape()))
        key = (status, self.view.media.get(self._action, _JSON)) if shape is not None else status
        partly = {(400, _JSON): self.view.partly[self._action]} if self._action in self.view.partly else {}
        return {key: shape, **partly, **{(refusal, _PROBLEM): Problem for refusal in self._refusals()}}

    def _shape(self) -> Any:
        serializer = self._get_serializer()  # type: ignore[no-untyped-call]
        return type(serializer)(many=True) if self._action == "list" else serializer

    def _refusals(self) -> Iterator[int]:
        yield from _ALWAYS
        if self.method in _WRITES:
            yield from _WITH_BODY
        if self._action in self.view.matched:
            yield from (412, 428) if self.view.matched[self._action] else (412,)
        if self._creates():
            yield 422

    def _creates(self) -> bool:
        return hasattr(getattr(self.view, self._action, None), "creates")

    def get_override_parameters(self) -> list[Any]:
        found = [*super().get_override_parameters()]
        if self._creates():
            about = "Done once for each key, for 24 hours: the same again is answered alike."
            found.append(OpenApiParameter(HEADER, OpenApiTypes.STR, OpenApiParameter.HEADER, description=about))
        if self._action in self.view.matched:
            required = self.view.matched[self._action]
            found.append(OpenApiParameter("If-Match", str, "header", required=required, description="The ETag read."))
        return found

    def get_filter_backends(self) -> list[Any]:
        return list(self.view.filter_backends) if self._action in self.view.filtered else []

    def _get_pagination_parameters(self) -> list[Any]:
        return Pages().get_schema_operation_parameters(self.view) if self._action in self.view.paged else []

    def get_operation_id(self) -> str:
        return f"{type(self.view).__name__}_{self._action}"

    def get_tags(self) -> list[str]:
        return [self._tokenize_path()[0]]


def complete(result: dict[str, Any], generator: Any, request: Any, public: bool) -> dict[str, Any]:
    """Spectacular's hook: closed sets that are checked by value, and examples."""
    schemas = result["components"]["schemas"]
    for name in ("Event", "RuleDocument", "OwnedRuleDocument"):
        schemas[name]["properties"]["trigger"]["enum"] = list(TRIGGERS)
    for name, examples in EXAMPLES.items():
        schemas[name]["examples"] = examples
    return result
