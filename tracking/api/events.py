"""POST /api/v1/events/: events in, receipts out."""

from __future__ import annotations

from typing import Any

from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from tracking.api.parsers import demand_length
from tracking.emit import emit, emit_many
from tracking.errors import EventError
from tracking.events import MAX_BATCH, Event


class MayEmit(BasePermission):
    message = "Emitting events needs the permission “Can add event”."

    def has_permission(self, request: Request, view: APIView) -> bool:
        return request.user is not None and request.user.has_perm("tracking.add_storedevent")


class Events(APIView):
    """One event object, or a list of up to 1,000: 202 with its receipt, or the receipts in the same order.

    Of a list the good ones are taken even if others are refused; then the status is 400, and in place of a refused
    one's receipt stands `{"error": {field: [sentences]}, "index": n}`.
    """

    permission_classes = (MayEmit,)

    def post(self, request: Request) -> Response:
        demand_length(request)
        if isinstance(request.data, list):
            return _many(request.data)
        return Response(emit(Event.from_json(request.data)).to_json(), status=202)


def _many(values: list[Any]) -> Response:
    if len(values) > MAX_BATCH:
        raise EventError({"events": [f"must be at most {MAX_BATCH:,} in one request, not {len(values):,}"]})
    answers: list[Any] = [_read(index, value) for index, value in enumerate(values)]
    good = [index for index, answer in enumerate(answers) if isinstance(answer, Event)]
    for index, receipt in zip(good, emit_many(answers[index] for index in good), strict=True):
        answers[index] = receipt.to_json()
    return Response(answers, status=202 if len(good) == len(answers) else 400)


def _read(index: int, value: object) -> Event | dict[str, Any]:
    try:
        return Event.from_json(value)
    except EventError as error:
        return {"error": error.errors, "index": index}
