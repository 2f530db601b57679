"""Errors as problem documents (RFC 9457) that name the field; never a stack trace."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from http import HTTPStatus
from typing import Any

import structlog
from django.db import IntegrityError, InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import Resolver404, resolve
from django.views import defaults
from django.views.decorators.csrf import csrf_exempt
from rest_framework.exceptions import APIException, NotAuthenticated, UnsupportedMediaType, ValidationError
from rest_framework.response import Response
from rest_framework.views import exception_handler, set_rollback

from tracking.errors import FieldErrors, JobError, QuotaError

log = structlog.get_logger(__name__)

CONTENT_TYPE = "application/problem+json"
_PATIENCE = "5"  # seconds until a database that is away is asked again

_DETAILS: Mapping[type[Exception], str] = {  # where the framework's own words do not say what to do
    NotAuthenticated: "Send a token in the header Authorization: Bearer evt_…; manage.py create_token makes one.",
    UnsupportedMediaType: "Send the body as JSON, with the header Content-Type: application/json.",
}


class Conflict(APIException):
    status_code = 409
    default_code = "conflict"


class PreconditionFailed(APIException):
    status_code = 412
    default_detail = "It was changed since you read it: read it again, and repeat your change on what it is now."
    default_code = "precondition_failed"


class PreconditionRequired(APIException):
    status_code = 428
    default_detail = "Send the ETag that you read in the header If-Match, so that nobody's change is undone unseen."
    default_code = "precondition_required"


class KeyUsed(APIException):
    status_code = 422
    default_detail = "This Idempotency-Key was used for another request; a new request needs a new key."
    default_code = "key_used"


def handle(error: Exception, context: dict[str, Any]) -> Response:
    """REST framework's EXCEPTION_HANDLER."""
    if isinstance(error, FieldErrors):
        set_rollback()
        return problem(400, "The input was refused", errors=error.errors)
    if isinstance(error, QuotaError):
        set_rollback()
        answer = problem(429, "Too Many Requests", detail=str(error))
        answer["Retry-After"] = str(error.retry_after)
        return answer
    if isinstance(error, ValidationError):
        set_rollback()
        return problem(400, "The input was refused", errors=dict(_fields(error.detail)))
    if isinstance(error, JobError):
        set_rollback()
        return problem(409, "Conflict", detail=f"{error}.")
    response = exception_handler(error, context)
    if response is None:
        return _unforeseen(error)
    said = response.data.get("detail") if isinstance(response.data, dict) else None
    detail = _DETAILS.get(type(error), said)
    answer = problem(response.status_code, HTTPStatus(response.status_code).phrase, detail=detail)
    for name in ("WWW-Authenticate", "Retry-After", "Allow"):
        if name in response.headers:
            answer[name] = response[name]
    return answer


def _unforeseen(error: Exception) -> Response:
    set_rollback()
    if isinstance(error, IntegrityError):
        return problem(409, "Conflict", detail="Somebody wrote the same, or removed what it needs, meanwhile.")
    if isinstance(error, OperationalError | InterfaceError):
        log.error("api_database_away", exc_info=error)
        answer = problem(503, "Service Unavailable", detail="The database does not answer; try again.")
        answer["Retry-After"] = _PATIENCE
        return answer
    log.error("api_failed", exc_info=error)
    return problem(500, "Internal Server Error", detail="The request could not be answered; the log says why.")


def _fields(detail: Any, path: str = "") -> Iterator[tuple[str, list[str]]]:
    """Dotted path -> sentences, of what REST framework says about fields."""
    if isinstance(detail, dict):
        for name, inner in detail.items():
            yield from _fields(inner, f"{path}.{name}".lstrip("."))
    elif isinstance(detail, list):
        yield path or "request", [str(sentence) for sentence in detail]
    else:
        yield path or "request", [str(detail)]


def problem(status: int, title: str, **members: Any) -> Response:
    """A problem document; members that are None are left out."""
    return Response(_document(status, title, members), status=status, content_type=CONTENT_TYPE)


def _document(status: int, title: str, members: Mapping[str, Any]) -> dict[str, Any]:
    document = {"type": "about:blank", "title": title, "status": status}
    return document | {name: value for name, value in members.items() if value is not None}


def plain(status: int, detail: str) -> JsonResponse:
    """For what no view of the API answers."""
    document = _document(status, HTTPStatus(status).phrase, {"detail": detail})
    return JsonResponse(document, status=status, content_type=CONTENT_TYPE)


@csrf_exempt
def nothing_here(request: HttpRequest) -> JsonResponse:
    """Of the API, the address that leads nowhere."""
    try:
        slashed = resolve(f"{request.path_info}/").func is not nothing_here
    except Resolver404:
        slashed = False
    hint = "Addresses end with a slash." if slashed else "There is nothing at this address; see /api/v1/docs/."
    return plain(404, hint)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Django's handler400."""
    if not request.path_info.startswith("/api/"):
        return defaults.bad_request(request, exception)
    return plain(400, "The request cannot be read.")


def server_error(request: HttpRequest) -> HttpResponse:
    """Django's handler500."""
    if not request.path_info.startswith("/api/"):
        return defaults.server_error(request)
    return plain(500, "The request could not be answered; the log says why.")
