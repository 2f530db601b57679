"""Errors as problem documents (RFC 9457) that name the field; never a stack trace."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from rest_framework.exceptions import NotAuthenticated, UnsupportedMediaType
from rest_framework.response import Response
from rest_framework.views import exception_handler

from tracking.errors import FieldErrors

CONTENT_TYPE = "application/problem+json"

_DETAILS: Mapping[type[Exception], str] = {  # where the framework's own words do not say what to do
    NotAuthenticated: "Send a token in the header Authorization: Bearer evt_…; manage.py create_token makes one.",
    UnsupportedMediaType: "Send the body as JSON, with the header Content-Type: application/json.",
}


def handle(error: Exception, context: dict[str, Any]) -> Response | None:
    """REST framework's EXCEPTION_HANDLER. None for what is not the caller's fault."""
    if isinstance(error, FieldErrors):
        return problem(400, "The input was refused", errors=error.errors)
    response = exception_handler(error, context)
    if response is None:
        return None
    said = response.data.get("detail") if isinstance(response.data, dict) else None
    detail = _DETAILS.get(type(error), said)
    answer = problem(response.status_code, HTTPStatus(response.status_code).phrase, detail=detail)
    for name in ("WWW-Authenticate", "Retry-After", "Allow"):
        if name in response.headers:
            answer[name] = response[name]
    return answer


def problem(status: int, title: str, **members: Any) -> Response:
    """A problem document; members that are None are left out."""
    document = {"type": "about:blank", "title": title, "status": status}
    document |= {name: value for name, value in members.items() if value is not None}
    return Response(document, status=status, content_type=CONTENT_TYPE)
