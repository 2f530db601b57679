"""A window of the log sent once more, as a job."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated

from django.db import transaction
from pydantic import BaseModel, ConfigDict, Field, StrictBool
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from tracking.api.door import Door
from tracking.api.jobs import accepted
from tracking.api.once import once
from tracking.api.shapes import JobStarted
from tracking.choices import AuditAction, DeliveryState, Platform
from tracking.errors import RuleError
from tracking.models import Campaign, Product, Rule
from tracking.pipeline import replay
from tracking.store import audit, clock, replays
from tracking.store.replays import Window
from tracking.tasks import start_job
from tracking.validation import Id, Moment


class ReplayRequest(BaseModel):
    """Deliveries made in [first, until), in one of these states, of all that is named; the oldest, at most `cap`.

    `today`: with the current version of each rule instead of the one that made them.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    first: Moment
    until: Moment
    states: Annotated[tuple[DeliveryState, ...], Field(max_length=8)] = tuple(sorted(replays.USUAL))
    rule: Id | None = None
    product: Id | None = None
    campaign: Id | None = None
    trigger: Annotated[str, Field(strict=True, max_length=60)] = ""
    today: StrictBool = False
    cap: Annotated[int, Field(strict=True, ge=1, le=replays.MOST)] = replays.MOST


class ReplayCounts(BaseModel):
    """How many a replay would take, by state; how many of them were never tried, and what those will be billed."""

    counts: dict[str, int]
    untried: int
    amount: Decimal


BODIES = dict.fromkeys(("replay", "preview_replay"), ReplayRequest)
ANSWERS: dict[str, tuple[int, type[BaseModel]]] = {"replay": (202, JobStarted), "preview_replay": (200, ReplayCounts)}


class Replays(Door):
    """Beside the deliveries' own addresses."""

    @action(detail=False, methods=["post"], url_path="replay/preview")
    def preview_replay(self, request: Request) -> Response:
        """What a replay would take, and cost."""
        window = self._window()
        untried, amount = replay.bill(window)
        return Response({"counts": replays.count(window), "untried": untried, "amount": f"{amount:f}"})

    @action(detail=False, methods=["post"])
    @once
    @transaction.atomic
    def replay(self, request: Request) -> Response:
        """Put them back into the queue. Free of charge, but for those that were never tried."""
        window = self._window()
        job = replay.start(window, author=self.user)
        audit.note(
            actor=self.user, action=AuditAction.REPLAYED, target=job, detail=window.to_json(), now=window.asked_at
        )
        start_job(job)
        return accepted(job, self.caller)

    def _window(self) -> Window:
        """Raises RuleError."""
        asked, access = self.read(ReplayRequest), self.caller.access
        for model, key in ((Rule, asked.rule), (Product, asked.product), (Campaign, asked.campaign)):
            if key is not None:
                self.note_foreign(model, key)
        if asked.rule is not None and not self.caller.rows(Rule).filter(pk=asked.rule).exists():
            raise RuleError({"rule": [f"there is no rule {asked.rule}"]})
        if asked.rule is None and self.caller.products is not None:
            raise RuleError({"rule": ["must be named, as the token is narrowed to products"]})
        everywhere = access.platforms == frozenset(Platform)
        return Window(
            **asked.model_dump(exclude={"states"}),
            states=frozenset(asked.states),
            asked_at=clock.now(),
            buyers=None if access.buyers is None else tuple(sorted(access.buyers)),
            triggers=None if everywhere else tuple(row.value for row in access.triggers()),
        )
