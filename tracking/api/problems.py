"""Errors as problem documents (RFC 9457) that name the field; never a stack trace."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from rest_framework.response import Response
from rest_framework.views import exception_handler

from tracking.errors import FieldErrors

CONTENT_TYPE = "application/problem+json"


def handle(error: Exception, context: dict[str, Any]) -> Response | None:
    """REST framework's EXCEPTION_HANDLER. None for what is not the caller's fault."""
    if isinstance(error, FieldErrors):
        return problem(400, "The input was refused", errors=error.errors)
    response = exception_handler(error, context)
    if response is None:
        return None
    detail = response.data.get("detail") if isinstance(response.data, dict) else None
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
