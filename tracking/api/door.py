"""What all views of the API share: one request in, one call, one answer out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any, ClassVar, TypeVar

from django.db.models import Model, QuerySet
from django.http import Http404
from django_filters.rest_framework import DjangoFilterBackend
from pydantic import BaseModel, ValidationError
from rest_framework.exceptions import PermissionDenied
from rest_framework.parsers import BaseParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.throttling import BaseThrottle
from rest_framework.viewsets import GenericViewSet

from tracking import denials
from tracking.api.caller import Caller
from tracking.api.paging import PARAMETERS, Pages
from tracking.api.parsers import MergePatchParser, demand_length
from tracking.api.rights import HasRight, Right, missing
from tracking.api.throttles import Calls
from tracking.definition import RuleDefinition
from tracking.errors import FieldErrors, RuleError
from tracking.models import Rule, User
from tracking.store.log import Owned
from tracking.validation import field_errors

Values = TypeVar("Values", bound=BaseModel)


class Door(GenericViewSet[Any]):
    """`rights` says for each action what it needs; an action that is not there is open to nobody.

    `dear` are the actions that cost more than a look-up. A query parameter that the action does not have is refused,
    so that nobody believes in a filter that does nothing.
    """

    rights: ClassVar[Mapping[str, Right]] = {}
    dear: ClassVar[frozenset[str]] = frozenset()
    house: ClassVar[bool] = False  # its rows belong to no product: a token that is narrowed to some only reads them
    also: ClassVar[Mapping[str, Right]] = {}  # what an action needs besides
    paged: ClassVar[frozenset[str]] = frozenset({"list"})  # actions with pages
    filtered: ClassVar[frozenset[str]] = frozenset({"list"})  # actions with filters

    # For the schema: action -> body; (status, answer); media type; what a list that is partly taken is answered;
    # whether If-Match must be there.
    bodies: ClassVar[Mapping[str, Any]] = {}
    answers: ClassVar[Mapping[str, tuple[int, Any]]] = {}
    media: ClassVar[Mapping[str, str]] = {}
    partly: ClassVar[Mapping[str, Any]] = {}
    matched: ClassVar[Mapping[str, bool]] = {}

    queryset: QuerySet[Any]
    http_method_names: Sequence[str] = ("get", "head", "post", "put", "patch", "delete")
    permission_classes = (HasRight,)
    throttle_classes: Sequence[type[BaseThrottle]] = (Calls,)
    pagination_class = Pages
    filter_backends = (DjangoFilterBackend,)
    lookup_value_converter = "id"

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        if self.action is not None:
            demand_length(request)
            self._demand_known_parameters(request)

    def check_permissions(self, request: Request) -> None:
        """After counting, so that refusals cannot be had without end."""
        super().check_throttles(request)
        super().check_permissions(request)

    def check_throttles(self, request: Request) -> None:
        """Done with the permissions."""

    def _demand_known_parameters(self, request: Request) -> None:
        known: set[str] = set()
        if self.action in self.paged:
            known |= PARAMETERS
        if self.action in self.filtered:
            known |= set(self._filters())
        if unknown := request.query_params.keys() - known:
            raise FieldErrors({name[:100]: ["is not a known parameter"] for name in sorted(unknown)[:20]})
        if empty := [name for name, values in request.query_params.lists() if "" in values]:
            raise FieldErrors({name: ["must not be empty; leave it out"] for name in empty})

    def _filters(self) -> Sequence[str]:
        chosen = getattr(self, "filterset_class", None)
        return tuple(chosen.base_filters) if chosen else ()

    # --- who calls, and what is there for them ------------------------------------------------------------------------

    @property
    def user(self) -> User:
        return self.caller.user

    @cached_property
    def caller(self) -> Caller:
        """Read once a request, as a view lives for one."""
        return Caller.of(self.request)

    def get_queryset(self) -> QuerySet[Any]:
        """The rows of the door's model that are there for the caller."""
        if getattr(self, "swagger_fake_view", False):
            return self.queryset.none()
        return self.visible(self.caller.rows(self.queryset.model))

    def visible(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        """Narrowed and joined as this door shows them."""
        return rows

    def get_object(self) -> Any:
        """A foreign row is 404, as one that does not exist; that somebody asked for it is noted."""
        try:
            return super().get_object()
        except Http404:
            name = self.lookup_field
            self.note_foreign(self.queryset.model, self.kwargs[self.lookup_url_kwarg or name], field=name)
            raise

    def demand(self, right: Right) -> None:
        """Raises PermissionDenied where the caller lacks what the request needs besides its action's right."""
        if said := missing(self.request, right):
            raise PermissionDenied(said)

    def note_foreign(self, model: type[Model], key: Any, *, field: str = "pk") -> None:
        """What is not there for the caller may be there for others: that is a denial, and is kept as one."""
        denials.foreign(self.request._request, self.caller, model, key, field=field)

    def demand_allowed(
        self, definition: RuleDefinition, before: RuleDefinition | None = None, *, rule: Rule | None = None
    ) -> None:
        """Raises RuleError, naming what the caller may not use so in a rule; that it was tried is noted."""
        try:
            self.caller.check(definition, before)
        except RuleError as error:
            denials.remember(self.request._request, rule, fields=error.errors)
            raise

    def get_parsers(self) -> list[BaseParser]:
        """A change may say that it is a merge patch, which is what it is."""
        parsers: list[BaseParser] = super().get_parsers()
        return [*parsers, MergePatchParser()] if self.request and self.request.method == "PATCH" else parsers

    # --- in and out ---------------------------------------------------------------------------------------------------

    def read(self, kind: type[Values]) -> Values:
        """The body as those values. Raises FieldErrors."""
        return read(kind, self.request.data)

    def listing(self, rows: QuerySet[Any]) -> Response:
        """One page of the rows, filtered."""
        page = self.paginate_queryset(self.filter_queryset(rows))
        return self.get_paginated_response(self.get_serializer(page, many=True).data)

    def logged(self, rows: QuerySet[Any], *owned: Owned) -> Response:
        """One page of a log, filtered by its `LogFilters`."""
        rows = self.filter_queryset(rows)
        filters: Any = self.filter_backends[0]().get_filterset(self.request, rows, self)
        filters.is_valid()  # or there would be no rows
        pages: Any = self.paginator
        page = pages.walked(rows, self.request, filters.walk(*owned))
        return self.get_paginated_response(self.get_serializer(page, many=True).data)

    def shown(self, row: Model, *, status: int = 200, headers: dict[str, str] | None = None) -> Response:
        return Response(self.get_serializer(row).data, status=status, headers=headers)


def read(kind: type[Values], value: object) -> Values:
    """A decoded JSON value as a value of that kind. Raises FieldErrors."""
    if not isinstance(value, dict):
        raise FieldErrors({"request": ["must be an object"]})
    try:
        return kind.model_validate(value)
    except ValidationError as error:
        raise FieldErrors(field_errors(error, whole="request")) from None
