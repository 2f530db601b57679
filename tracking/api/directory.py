"""The platform's directory: read in pages, written by the platform's ids, as often as it likes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, ClassVar

from django.db.models import Q, QuerySet
from django_filters.rest_framework import FilterSet
from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    RootModel,
    StrictBool,
    TypeAdapter,
    ValidationError,
    create_model,
)
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import ModelSerializer

from tracking import denials
from tracking.api.door import Door
from tracking.api.filters import IdFilter, LineFilter
from tracking.api.rights import Right, reading
from tracking.choices import AuditAction, Method, Platform, Scope
from tracking.errors import EntryError
from tracking.models import Buyer, CallTrackingPool, Campaign, Channel, Pingtree, Product, Publisher, Source
from tracking.models.directory import Entry
from tracking.store import audit, clock, directory
from tracking.validation import MAX_ID, Id, field_errors, one_line

MOST_ROWS = 5_000  # in one PUT
NOTED = 200  # ids of them in the audit log


# --- in ---------------------------------------------------------------------------------------------------------------


class EntryRow(BaseModel):
    """One entity of the platform, by the platform's id."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: Id
    name: Annotated[str, Field(strict=True, min_length=1, max_length=200), AfterValidator(one_line)]


class ProductRow(EntryRow):
    platform: Platform
    ping_post: StrictBool = False


class CampaignRow(EntryRow):
    product: Id
    buyer: Id


class ChannelRow(EntryRow):
    publisher: Id
    product: Id
    method: Method = Method.POST


class Received(BaseModel):
    """How many rows are now as they were sent."""

    rows: int


# --- out --------------------------------------------------------------------------------------------------------------


def _serializer(model: type[Entry], *fields: str) -> type[ModelSerializer[Any]]:
    meta = type("Meta", (), {"model": model, "fields": ("id", "name", *fields), "read_only_fields": fields})
    return type(f"{model.__name__}Serializer", (ModelSerializer,), {"Meta": meta})


class EntryFilters(FilterSet):
    search = LineFilter(method="of_name", help_text="An id, or a part of the name.")

    def of_name(self, rows: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        wanted = Q(name__icontains=value)
        if value.isascii() and value.isdigit() and int(value[:20]) <= MAX_ID:
            wanted |= Q(pk=int(value))
        return rows.filter(wanted)


class OfProductFilters(EntryFilters):
    product = IdFilter(field_name="product")


class CampaignFilters(OfProductFilters):
    buyer = IdFilter(field_name="buyer")


class ChannelFilters(OfProductFilters):
    publisher = IdFilter(field_name="publisher")


# --- doors ------------------------------------------------------------------------------------------------------------


class Entries(Door):
    """One kind of entry. PUT takes up to 5,000 rows, new and changed ones alike; the same rows again change nothing."""

    house = True
    ordering = "pk"
    filterset_class = EntryFilters
    row: ClassVar[type[EntryRow]] = EntryRow

    def list(self, request: Request) -> Response:
        return self.listing(self.get_queryset())

    def retrieve(self, request: Request, pk: int) -> Response:
        return self.shown(self.get_object())

    def upsert(self, request: Request) -> Response:
        rows = _rows(self.row, request.data)
        self._demand_platform(rows)
        try:
            created = directory.upsert(self.queryset.model, rows, visible=self.caller.rows)
        except EntryError as error:
            self._note_foreign_ids(rows, error)
            raise
        audit.note(
            actor=self.user,
            action=AuditAction.ENTRY_CHANGED,
            target=None,
            detail={
                "kind": self.queryset.model._meta.model_name,
                "rows": len(rows),
                "created": created,
                "ids": sorted(row["id"] for row in rows)[:NOTED],
            },
            now=clock.now(),
        )
        return Response(Received(rows=len(rows)).model_dump())

    def _demand_platform(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """Raises EntryError where a product would be one of a platform that the caller does not see."""
        seen = self.caller.access.platforms
        foreign = [place for place, row in enumerate(rows) if row.get("platform", next(iter(seen))) not in seen]
        if foreign:
            wrong = {f"{place}.platform": ["is not available to your role"] for place in foreign[:20]}
            denials.remember(self.request._request, fields=wrong)
            raise EntryError(wrong)

    def _note_foreign_ids(self, rows: Sequence[Mapping[str, Any]], error: EntryError) -> None:
        """Of the rows that were refused, those whose id, or that of an owner, is one of others."""
        model = self.queryset.model
        for place, _, name in (path.partition(".") for path in error.errors):
            self.note_foreign(model._meta.get_field(name).related_model or model, rows[int(place)][name])


def _rows(kind: type[EntryRow], value: object) -> list[dict[str, Any]]:
    if not isinstance(value, list):
        raise EntryError({"rows": ["must be a list"]})
    if len(value) > MOST_ROWS:
        raise EntryError({"rows": [f"must be at most {MOST_ROWS:,} in one request, not {len(value):,}"]})
    try:
        rows: list[EntryRow] = TypeAdapter(list[kind]).validate_python(value)  # type: ignore[valid-type]
        return [row.model_dump() for row in rows]
    except ValidationError as error:
        raise EntryError(field_errors(error, whole="rows")) from None


def _several(row: type[EntryRow]) -> type[BaseModel]:
    """For the schema: what a PUT is."""
    return create_model(f"{row.__name__}s", __base__=RootModel[Annotated[list[row], Field(max_length=MOST_ROWS)]])  # type: ignore[valid-type]


def _door(model: type[Entry], row: type[EntryRow], filters: type[FilterSet], *fields: str) -> type[Entries]:
    name = model._meta.model_name
    attributes = {
        "__doc__": Entries.__doc__,
        "queryset": model._default_manager.all(),
        "serializer_class": _serializer(model, *fields),
        "filterset_class": filters,
        "row": row,
        "bodies": {"upsert": _several(row)},
        "answers": {"upsert": (200, Received)},
        "rights": {
            **reading(Scope.DIRECTORY_READ, str(name)),
            "upsert": Right(Scope.DIRECTORY_WRITE, f"change_{name}"),
        },
    }
    return type(f"{model.__name__}s", (Entries,), attributes)


DOORS: Mapping[str, type[Entries]] = {
    "products": _door(Product, ProductRow, EntryFilters, "platform", "ping_post"),
    "campaigns": _door(Campaign, CampaignRow, CampaignFilters, "product", "buyer"),
    "buyers": _door(Buyer, EntryRow, EntryFilters),
    "publishers": _door(Publisher, EntryRow, EntryFilters),
    "channels": _door(Channel, ChannelRow, ChannelFilters, "publisher", "product", "method"),
    "sources": _door(Source, EntryRow, EntryFilters),
    "pingtrees": _door(Pingtree, EntryRow, EntryFilters),
    "call-tracking-pools": _door(CallTrackingPool, EntryRow, EntryFilters),
}
