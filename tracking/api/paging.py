"""Long lists in pages, each as fast as the first: by key, never by counting rows."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import Model
from rest_framework.pagination import BasePagination
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.urls import replace_query_param

from tracking.errors import FieldErrors
from tracking.store import log
from tracking.store.log import Cursor, Walk

LIMIT = 100
MOST = 1_000
NEXT = "Address of the next page; null on the last alone, as a page of the log may be short, or empty, before that."
PARAMETERS = frozenset({"limit", "after"})


class Pages(BasePagination):
    """`{"results": […], "next": address or null}`. In order of the key, newest first unless the door says otherwise.

    A page of a log, which is walked, may be short although others follow.
    """

    def paginate_queryset(self, queryset: Any, request: Request, view: Any = None) -> list[Any]:
        order: str = getattr(view, "ordering", "-pk")
        limit = _limit(request.query_params.get("limit", ""))
        rows = queryset.order_by(order)
        if after := request.query_params.get("after"):
            rows = rows.filter(**{"pk__lt" if order.startswith("-") else "pk__gt": _key(queryset.model, after)})
        found = list(rows[: limit + 1])
        self._next = None
        if len(found) > limit:
            self._next = replace_query_param(request.get_full_path(), "after", _cursor(found[limit - 1].pk))
        return found[:limit]

    def walked(self, rows: Any, request: Request, walk: Walk) -> list[Any]:
        """The same of a log's rows, which `walk` says how to find."""
        limit = _limit(request.query_params.get("limit", ""))
        after = request.query_params.get("after")
        cursor = Cursor(older_than=_key(rows.model, after) if after else None)
        found = log.page(rows, cursor, size=limit, walk=walk)
        self._next = (
            replace_query_param(request.get_full_path(), "after", _cursor(found.older)) if found.older else None
        )
        return list(found.rows)

    def get_paginated_response(self, data: Sequence[Any]) -> Response:
        return Response({"results": data, "next": self._next})

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        return {
            "type": "object",
            "required": ["results", "next"],
            "properties": {
                "results": schema,
                "next": {"type": ["string", "null"], "description": NEXT},
            },
        }

    def get_schema_operation_parameters(self, view: Any) -> list[dict[str, Any]]:
        limit = {"type": "integer", "minimum": 1, "maximum": MOST, "default": LIMIT}
        after = {"type": "string", "description": "Where the page before ended: from its `next`."}
        return [
            {"name": "limit", "in": "query", "schema": limit},
            {"name": "after", "in": "query", "schema": after},
        ]


def _limit(text: str) -> int:
    if not text:
        return LIMIT
    if not (text.isascii() and text.isdigit() and len(text) <= 5 and 1 <= int(text) <= MOST):
        raise FieldErrors({"limit": [f"must be a number from 1 to {MOST:,}"]})
    return int(text)


def _cursor(key: Any) -> str:
    return base64.urlsafe_b64encode(str(key).encode()).decode().rstrip("=")


def _key(model: type[Model], cursor: str) -> Any:
    try:
        text = base64.urlsafe_b64decode(f"{cursor}{'=' * (-len(cursor) % 4)}").decode()
        return model._meta.pk.to_python(text)
    except (ValueError, ValidationError, binascii.Error):
        raise FieldErrors({"after": ["must be what the page before gave"]}) from None
