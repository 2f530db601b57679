"""POSTs that create, done once however often they are sent: Idempotency-Key."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import wraps
from typing import Any

from django.db import transaction
from django.utils.crypto import salted_hmac
from rest_framework.request import Request
from rest_framework.response import Response

from tracking.api.problems import KeyUsed
from tracking.api.throttles import caller
from tracking.errors import FieldErrors
from tracking.models import KeptAnswer
from tracking.store import answers, clock

HEADER = "Idempotency-Key"
REPLAYED = "Idempotent-Replayed"
_LONGEST = 200
_KEPT_HEADERS = ("Location", "ETag")

Handler = Callable[..., Response]


def once(handler: Handler) -> Handler:
    """With the header, the first answer is given again for 24 hours. Without it, no difference.

    A refusal is raised and keeps nothing; what a handler returns is kept, 400 for a list that was partly taken too.

    What the request does and its answer are one transaction: after a crash both are there, or neither.
    """

    @wraps(handler)
    def run(view: Any, request: Request, *args: Any, **kwargs: Any) -> Response:
        key = request.headers.get(HEADER)
        if key is None:
            return handler(view, request, *args, **kwargs)
        _demand_readable(key)
        with transaction.atomic():
            kept = answers.claim(caller(request), key, _fingerprint(request), now=clock.now())
            if kept is not None:
                return _again(kept, request)
            response = handler(view, request, *args, **kwargs)
            _keep(request, key, response)
        return response

    run.creates = True  # type: ignore[attr-defined]  # the schema tells of the header
    return run


def _demand_readable(key: str) -> None:
    if not (key and len(key) <= _LONGEST and key.isascii() and key.isprintable()):
        raise FieldErrors({HEADER: [f"must be 1 to {_LONGEST} printable ASCII characters"]})


def _fingerprint(request: Request) -> str:
    """Keyed, as a body may hold a password that could be guessed from a plain hash."""
    body = json.dumps(request.data, sort_keys=True, default=str)
    text = f"{request.method} {request.get_full_path()}\n{body}"
    return salted_hmac("tracking.api.once", text.encode("utf-8", "replace"), algorithm="sha256").hexdigest()


def _keep(request: Request, key: str, response: Response) -> None:
    headers = {name: response[name] for name in _KEPT_HEADERS if name in response.headers}
    answers.keep(caller(request), key, status=response.status_code, headers=headers, body=response.data)


def _again(kept: KeptAnswer, request: Request) -> Response:
    if kept.fingerprint != _fingerprint(request):
        raise KeyUsed
    return Response(kept.body, status=kept.status, headers={**kept.headers, REPLAYED: "true"})
