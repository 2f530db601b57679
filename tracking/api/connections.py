"""Predefined connections: a password goes in and never out."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import QuerySet
from django.utils.text import slugify
from django_filters.rest_framework import FilterSet
from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from tracking.api.door import Door, read
from tracking.api.filters import LineFilter
from tracking.api.jobs import accepted
from tracking.api.merging import merged
from tracking.api.once import once
from tracking.api.problems import Conflict
from tracking.api.rights import Right, reading
from tracking.api.shapes import ConnectionPatch, JobStarted, Providers, Released
from tracking.choices import ConnectionKind, Encryption, Reason, Scope
from tracking.definition import Server
from tracking.errors import RuleError
from tracking.models import Connection
from tracking.pipeline import check
from tracking.smtp.providers import PROVIDERS, Provider
from tracking.store import clock
from tracking.store import connections as store
from tracking.tasks import start_job, wake_on_commit
from tracking.validation import one_line

CHANGE = Right(Scope.CONNECTIONS_WRITE, "change_connection")
_PRESCRIBED = ("host", "port", "encryption", "login")


class ConnectionRow(BaseModel):
    """A predefined connection. What is left out takes what its provider prescribes; the password is never shown."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Annotated[str, Field(strict=True, min_length=1, max_length=100), AfterValidator(one_line)]
    key: Annotated[str, Field(strict=True, pattern="^[-a-zA-Z0-9_]{1,100}$")] | None = None
    provider: Provider = Provider.OTHER
    region: Annotated[str, Field(strict=True, max_length=40), AfterValidator(one_line)] = ""
    host: Annotated[str, Field(strict=True, max_length=253), AfterValidator(one_line)] = ""
    port: Annotated[int, Field(strict=True, ge=1, le=65_535)] | None = None
    encryption: Encryption | None = None
    login: Annotated[str, Field(strict=True, max_length=320), AfterValidator(one_line)] = ""
    password: Annotated[str, Field(strict=True, max_length=4_000)] | None = Field(default=None, repr=False)
    max_sessions: Annotated[int, Field(strict=True, ge=1, le=32_767)] = 4
    max_rate: Annotated[int, Field(strict=True, ge=1, le=2_147_483_647)] | None = None


class CheckRequest(BaseModel):
    """With `to`, a real test mail goes to these addresses, comma-separated, from `sender`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    to: Annotated[str, Field(strict=True, max_length=2_000), AfterValidator(one_line)] = ""
    sender: Annotated[str, Field(strict=True, max_length=400), AfterValidator(one_line)] = ""


class ServerCheckRequest(CheckRequest):
    """A server that is not saved, and the password it wants."""

    server: Server
    password: Annotated[str, Field(strict=True, max_length=4_000)] = Field(default="", repr=False)


class ConnectionSerializer(serializers.ModelSerializer[Connection]):
    has_password = serializers.SerializerMethodField()
    pause_reason = serializers.ChoiceField(choices=Reason.choices, allow_blank=True, read_only=True)

    class Meta:
        model = Connection
        fields = (
            *("id", "key", "name", "provider", "region", "host", "port", "encryption", "login", "has_password"),
            *("max_sessions", "max_rate", "fail_streak", "paused_until", "pause_reason", "last_error"),
            *("last_error_at", "last_success_at", "created_at", "updated_at"),
        )
        read_only_fields = fields

    def get_has_password(self, connection: Connection) -> bool:
        return bool(connection.sealed_password)


class ConnectionFilters(FilterSet):
    key = LineFilter()
    search = LineFilter(field_name="name", lookup_expr="icontains", help_text="A part of the name.")


class Connections(Door):
    """Where mail goes out. A changed host, port, encryption or login asks for the password anew."""

    house = True
    queryset = Connection.objects.all()
    serializer_class = ConnectionSerializer
    filterset_class = ConnectionFilters
    dear = frozenset({"check", "check_server"})
    bodies = {
        **dict.fromkeys(("create", "update"), ConnectionRow),
        "partial_update": ConnectionPatch,
        "check": CheckRequest,
        "check_server": ServerCheckRequest,
    }
    answers: ClassVar[dict[str, tuple[int, Any]]] = {
        **dict.fromkeys(("check", "check_server"), (202, JobStarted)),
        "create": (201, ConnectionSerializer),
        "destroy": (204, None),
        "providers": (200, Providers),
        "release": (200, Released),
    }
    rights = {
        **reading(Scope.CONNECTIONS_READ, "connection"),
        "providers": Right(Scope.CONNECTIONS_READ, "view_connection"),
        "create": Right(Scope.CONNECTIONS_WRITE, "add_connection"),
        **dict.fromkeys(("update", "partial_update", "release", "check", "check_server"), CHANGE),
        "destroy": Right(Scope.CONNECTIONS_WRITE, "delete_connection"),
    }

    def visible(self, rows: QuerySet[Connection]) -> QuerySet[Connection]:
        return rows.filter(kind=ConnectionKind.ESP)

    def list(self, request: Request) -> Response:
        return self.listing(self.get_queryset())

    def retrieve(self, request: Request, pk: int) -> Response:
        return self.shown(self.get_object())

    @action(detail=False)
    def providers(self, request: Request) -> Response:
        """The mail services that are known by name, and what they prescribe."""
        return Response({"providers": [_preset(name) for name in PROVIDERS]})

    @once
    @transaction.atomic
    def create(self, request: Request) -> Response:
        row = self._saved(Connection(kind=ConnectionKind.ESP), self.read(ConnectionRow))
        return self.shown(row, status=201, headers={"Location": f"/api/v1/connections/{row.pk}/"})

    @transaction.atomic
    def update(self, request: Request, pk: int) -> Response:
        row = self._saved(self._taken(), self.read(ConnectionRow))
        return self.shown(row)

    @transaction.atomic
    def partial_update(self, request: Request, pk: int) -> Response:
        row = self._taken()
        wanted = read(ConnectionRow, merged(_values(row), request.data))
        return self.shown(self._saved(row, wanted))

    @transaction.atomic
    def destroy(self, request: Request, pk: int) -> Response:
        row = self._taken()
        if store.in_use(row):
            raise Conflict("Rules use it, deleted ones perhaps, or deliveries of the log name it.")
        store.delete(row, now=clock.now(), author=self.user)
        return Response(status=204)

    @action(detail=False, methods=["post"], url_path="check")
    @once
    def check_server(self, request: Request) -> Response:
        """Shake hands with a server that is not saved, as a job whose result is the transcript."""
        asked = self.read(ServerCheckRequest)
        return self._checked(asked, asked.server, None, asked.password)

    @action(detail=True, methods=["post"])
    @once
    def check(self, request: Request, pk: int) -> Response:
        """The same with a saved one."""
        return self._checked(self.read(CheckRequest), None, self.get_object(), "")

    @transaction.atomic
    def _checked(
        self, asked: CheckRequest, server: Server | None, connection: Connection | None, password: str
    ) -> Response:
        mail = check.mail_to(asked.to, sender=asked.sender) if asked.to else None
        job = check.start(
            server,
            connection=connection,
            password=password,
            mail=mail,
            sender=asked.sender,
            author=self.user,
            now=clock.now(),
        )
        start_job(job)
        return accepted(job, self.caller)

    @action(detail=True, methods=["post"])
    @transaction.atomic
    def release(self, request: Request, pk: int) -> Response:
        """Let it try at once, and send what is held because of it."""
        row = self._taken()
        due = store.release(row, now=clock.now(), author=self.user)
        wake_on_commit([row.pk])
        return Response({"due": due})

    def _taken(self) -> Connection:
        return Connection.objects.select_for_update(no_key=True).get(pk=self.get_object().pk)

    def _saved(self, row: Connection, wanted: ConnectionRow) -> Connection:
        for field, value in _completed(wanted, row).items():
            setattr(row, field, value)
        _demand_free(row)
        store.save(row, password=wanted.password, now=clock.now(), author=self.user)
        wake_on_commit([row.pk])
        row.refresh_from_db()
        return row


def _values(row: Connection) -> dict[str, Any]:
    names = ConnectionRow.model_fields.keys() - {"password"}
    return {name: getattr(row, name) for name in names}


def _completed(wanted: ConnectionRow, row: Connection) -> dict[str, Any]:
    """The columns, blanks filled with what the provider prescribes. Raises RuleError."""
    values = wanted.model_dump(mode="json", exclude={"password"})
    preset = store.from_preset(wanted.provider.value, region=wanted.region)
    for name in _PRESCRIBED:
        values[name] = values[name] or preset[name]
    values["key"] = values["key"] or row.key or slugify(wanted.name)
    missing = [name for name in ("host", "port", "key") if not values[name]]
    if missing:
        raise RuleError({name: ["is required"] for name in missing})
    return values


def _demand_free(row: Connection) -> None:
    try:
        row.full_clean(exclude={"sealed_password"})
    except ValidationError as error:
        named = {name: messages for name, messages in error.message_dict.items() if name != "__all__"}
        raise RuleError(named or {"name": ["another connection has this name"]}) from None


def _preset(name: str) -> dict[str, Any]:
    preset = PROVIDERS[name]
    return {
        "provider": name,
        "label": preset.label,
        "host": preset.host,
        "port": preset.port,
        "encryption": preset.encryption.value,
        "login": preset.fixed_login,
        "login_hint": preset.login_hint,
        "regions": list(preset.regions),
    }
