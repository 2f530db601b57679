"""Pages of the tracking log: newest first by key, never counted, and bounded whatever they are filtered by.

A page is looked for in a window: so many rows back (or on) from where it begins, counted in the index that reaches
furthest. What does not fill the page in the last window says how far it looked, and the next page goes on from there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial, reduce
from operator import or_
from typing import Any
from uuid import UUID

from django.db.models import OuterRef, Q, QuerySet, Subquery

from tracking.models import Campaign, RuleVersion
from tracking.models.delivery import moment_of

READ = 10_000  # rows that one page reads at most
NEAR = 10  # times the size of the page: what is read first, as most filters find enough there
ROUNDS = 3  # of sharing out what a page reads between the rules
MOST_OWNERS = 5_000  # rules whose rows are looked for rule by rule; of more, the newest rows of all are read


@dataclass(frozen=True, slots=True)
class Cursor:
    """Where a page begins: after (newer than) or before (older than) a key. Rows that come meanwhile move nothing."""

    newer_than: UUID | None = None
    older_than: UUID | None = None

    @property
    def backwards(self) -> bool:
        return self.newer_than is not None


def ever(**was: object) -> Q:
    """The rules that are so, or have been so in an earlier version; `was` names fields of both, as `trigger`."""
    return Q(**was) | _once(**{f"document__{name}": value for name, value in was.items()})


def _once(**document: object) -> Q:
    """Of the rules that were edited: those with such a version. Others have but the one that their row repeats."""
    versions = RuleVersion.objects.filter(rule__current__number__gt=1, **document)
    return Q(pk__in=versions.order_by().values("rule"))


def ever_of_product(product: int) -> Q:
    """The rules that see a product's events, or did in an earlier version: its own, and those of its campaigns."""
    campaigns = Campaign.objects.filter(product=product).order_by()
    moved = _once(document__campaign__in=list(campaigns.values_list("pk", flat=True)))
    return ever(product=product) | Q(campaign__in=campaigns.values("pk")) | moved


def ever_of_campaign(campaign: int) -> Q:
    """The rules that see a campaign's events, or did: its own, and its product's. Empty for an unknown campaign."""
    row = Campaign.objects.filter(pk=campaign).first()
    return ever(campaign=campaign) | ever(product=row.product_id) if row else Q()


def ever_on_connection(key: str) -> Q:
    """The rules that mail through a connection, or did in an earlier version."""
    return Q(connection__key=key) | _once(document__action__connection=key)


@dataclass(frozen=True, slots=True)
class Owned:
    """Rows of some owners: of rules or campaigns, by a column that an index has before the key."""

    owners: QuerySet[Any]
    column: str = "rule"


@dataclass(frozen=True, slots=True)
class Walk:
    """How to find rows without reading the others: `rows` are all in the time asked for, known by their key alone.

    Each of `indexed` are choices that an index answers in order of the key, one of which a wanted row fulfils; `owned`
    are choices of owners. A wanted row is in all of them.
    """

    rows: QuerySet[Any]
    indexed: Sequence[Sequence[Q]] = ()
    owned: Sequence[Owned] = ()


@dataclass(frozen=True, slots=True)
class LogPage:
    """Rows, newest first, and the keys beyond which there may be more.

    `looked`: the page is not full although there may be more, as nobody looked further than to this moment.
    """

    rows: Sequence[Any]
    newer: UUID | None = None
    older: UUID | None = None
    looked: datetime | None = None


def page(rows: QuerySet[Any], cursor: Cursor, *, size: int, walk: Walk | None = None) -> LogPage:
    """One page of rows that have a UUID in order of time as key: of those wanted, to which `walk` says the way."""
    finder = _Finder(rows, walk or Walk(rows.model._default_manager.all()), cursor)
    for read in (min(NEAR * size, READ), READ):
        keys, edge = finder.keys(read)
        if len(keys) > size or edge is None:
            break
    more = len(keys) > size
    found = sorted(rows.filter(pk__in=keys[:size]).order_by(), key=lambda row: row.pk, reverse=True) if keys else []
    beyond = found[0 if cursor.backwards else -1].pk if more and found else edge
    ends = (found[-1].pk, found[0].pk) if found else (None, None)
    looked = moment_of(edge) if edge is not None and not more else None
    if cursor.backwards:
        return LogPage(found, newer=beyond, older=ends[0] or _next(cursor), looked=looked)
    return LogPage(found, newer=ends[1] if cursor.older_than else None, older=beyond, looked=looked)


class _Finder:
    """The keys of wanted rows, nearest first."""

    def __init__(self, rows: QuerySet[Any], walk: Walk, cursor: Cursor) -> None:
        self._backwards = cursor.backwards
        start = {"id__gt": cursor.newer_than} if self._backwards else {"id__lt": cursor.older_than}
        self._start = {name: key for name, key in start.items() if key is not None}
        self._order = "id" if self._backwards else "-id"
        self._all = walk.rows.filter(**self._start).order_by(self._order)
        self._walk = walk
        self._rows = rows
        for choices in walk.indexed:
            self._rows = self._rows.filter(reduce(or_, choices))  # said aloud: a partial index asks for its condition
        self._owners: list[tuple[Owned, list[Any]]] = []
        for owned in walk.owned:
            keys = list(owned.owners.order_by().values_list("pk", flat=True)[: MOST_OWNERS + 1])
            if len(keys) <= MOST_OWNERS:
                keys = list(self._of_owners(owned, keys, 1))  # those that have any, hardly ever all
                self._owners.append((owned, keys))
                self._rows = self._rows.filter(**{f"{owned.column}__in": keys})
            else:
                self._rows = self._rows.filter(**{f"{owned.column}__in": owned.owners.order_by().values("pk")})

    def keys(self, read: int) -> tuple[list[UUID], UUID | None]:
        """Those within the window, and its edge: the last key that was looked at; None: there is nothing beyond."""
        edge = self._edge(read)
        rows = self._rows.filter(**self._start)
        if edge is not None:
            rows = rows.filter(**{"id__lte" if self._backwards else "id__gte": edge})
        # without LIMIT: for the sake of one, PostgreSQL may walk all rows in order of the key
        keys = rows.order_by().values_list("pk", flat=True)
        return sorted(keys, reverse=not self._backwards), edge

    def _edge(self, read: int) -> UUID | None:
        """The edge that lies furthest, counted in each index that has all wanted rows."""
        found: list[UUID] = []
        for edge in self._edges(read):
            if edge is None:
                return None
            found.append(edge)
        return (max if self._backwards else min)(found)

    def _edges(self, read: int) -> Iterator[UUID | None]:
        for owned, keys in self._owners:
            yield self._shared(partial(self._of_owners, owned), keys, read)
        for choices in self._walk.indexed:
            yield self._shared(self._of_choices, choices, read)
        yield next(iter(self._of_choices([Q()], read).values()), None)

    def _shared(self, edges: Callable[[Sequence[Any], int], dict[Any, UUID]], parts: Sequence[Any], read: int) -> Any:
        """The reading is shared out between the parts; what those leave that have few rows goes to the others."""
        found: dict[Any, UUID] = {}
        for _ in range(ROUNDS):
            if not parts:
                return None
            found = edges(parts, max(read // len(parts), 1))
            parts = list(found)
        return (min if self._backwards else max)(found.values(), default=None)

    def _of_choices(self, choices: Sequence[Q], read: int) -> dict[Any, UUID]:
        """Those that have so many rows, and the key of the last of these."""
        keys = ((one, self._all.filter(one).values_list("pk", flat=True)[read - 1 : read].first()) for one in choices)
        return {one: key for one, key in keys if key is not None}

    def _of_owners(self, owned: Owned, owners: Sequence[Any], read: int) -> dict[Any, UUID]:
        """The same of owners, in one statement."""
        each = self._all.filter(**{owned.column: OuterRef("pk")}).values("pk")
        rows = owned.owners.model._default_manager.filter(pk__in=owners).order_by()
        return dict(rows.annotate(edge=Subquery(each[read - 1 : read])).exclude(edge=None).values_list("pk", "edge"))


def _next(cursor: Cursor) -> UUID | None:
    """So that the row where the page begins is among those older."""
    return UUID(int=cursor.newer_than.int + 1) if cursor.newer_than else None
