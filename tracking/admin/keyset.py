"""Lists that are walked by key, "newer" and "older": no count, no offset, and rows that come meanwhile move nothing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.core.paginator import Paginator
from django.db.models import Q, QuerySet
from django.http import HttpRequest

from tracking.admin.listing import PageList
from tracking.models import Rule
from tracking.store import log
from tracking.store.log import Cursor, Owned, Walk

NEWER, OLDER = "newer", "older"  # than the key that is their value


class KeysetList(PageList):
    """A list of the log.

    Filters say how their rows are found without reading others: by `rules()` those that choose rules, by `indexed()`
    choices that an index answers in order of the key, one of which a wanted row fulfils, by `timed` those that are
    about the key alone.
    """

    walked_by_key = True  # what the pagination's template asks

    def get_filters_params(self, params: Any = None) -> Any:
        found = super().get_filters_params(params)
        return {name: value for name, value in found.items() if name not in (NEWER, OLDER)}

    def get_queryset(self, request: HttpRequest, exclude_parameters: Any = None) -> QuerySet[Any]:
        found: QuerySet[Any] = super().get_queryset(request, exclude_parameters)
        self.unruled = found
        chosen = [getattr(spec, "rules", Q)() for spec in self.filter_specs]
        asked = [wish for wish in (*chosen, self.model_admin.rules_of(request)) if wish]
        self.rules: QuerySet[Rule] | None = Rule.objects.filter(*asked) if asked else None
        return found if self.rules is None else found.filter(rule__in=self.rules.order_by().values("pk"))

    def _walk(self, request: HttpRequest) -> Walk:
        rows = self.model._default_manager.all()
        for spec in self.filter_specs:
            if getattr(spec, "timed", False):
                rows = spec.queryset(request, rows)
        choices: list[Sequence[Q]] = [getattr(spec, "indexed", list)() for spec in self.filter_specs]
        indexed = [parts for parts in choices if parts]
        if wish := self.model_admin.searched(self.query):
            indexed.append([wish])
        owned = [Owned(self.rules)] if self.rules is not None else []
        return Walk(rows, indexed, [*owned, *self.model_admin.owned(request)])

    def get_results(self, request: HttpRequest) -> None:
        newer, older = (_key(request.GET.get(name, "")) for name in (NEWER, OLDER))
        cursor = Cursor(newer_than=newer) if newer else Cursor(older_than=older)
        size = self.list_per_page
        walk = self._walk(request)
        page = log.page(self.unruled, cursor, size=size, walk=walk)
        if cursor.backwards and len(page.rows) < size and page.looked is None:  # the first page is a whole one
            page = log.page(self.unruled, Cursor(), size=size, walk=walk)
        self.looked, self.walks_newer = page.looked, cursor.backwards
        self.newer_link = self._link(NEWER, page.newer)
        self.older_link = self._link(OLDER, page.older)
        self.newest_link = self._link(OLDER, None) or self.get_query_string(remove=[NEWER, OLDER])
        self.model_admin.complete(request, page.rows)
        self.result_list = list(page.rows)
        self.result_count = len(page.rows)
        self.full_result_count = self.result_count  # so that the page does not speak of counts
        self.show_full_result_count = False
        self.show_admin_actions = True
        self.can_show_all = self.multi_page = False
        self.paginator = Paginator(self.result_list, size)  # the theme asks for one: the page that was read

    def _link(self, name: str, key: UUID | None) -> str:
        if key is None:
            return ""
        other = OLDER if name == NEWER else NEWER
        return str(self.get_query_string({name: str(key)}, remove=[other]))


def _key(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
