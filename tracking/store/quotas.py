"""How much of what costs others anybody may have: counted in the database, so that all processes share it.

A door calls `spend` before it does the thing:

    quotas.spend(Quota.PREVIEWS, user.pk, product=rule.product_id, now=clock.now())

A limit of 0 in the settings is no limit. Windows begin with the clock's own minutes, hours and days (UTC).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from uuid import UUID

from django.db.models import F, QuerySet
from django.db.models.functions import Coalesce

from tracking import conf
from tracking.choices import Quota
from tracking.errors import QuotaError
from tracking.models import Delivery, QuotaUse
from tracking.store import counters
from tracking.store.leased import Leased

_WINDOWS: Mapping[Quota, timedelta] = {
    Quota.MAILS: timedelta(days=1),
    Quota.TEST_MAILS: timedelta(hours=1),
    Quota.PREVIEWS: timedelta(minutes=1),
    Quota.CHECKS: timedelta(minutes=1),
}
_NAMES = {timedelta(days=1): "a day", timedelta(hours=1): "an hour", timedelta(minutes=1): "a minute"}
_KEPT = timedelta(days=2)


def spend(quota: Quota, person: int, *, product: int | None = None, now: datetime, amount: int = 1) -> None:
    """Count that much of a quota for a person, and for the product where one is known.

    `product` is one that the person may see: nobody uses up what is of others. Raises QuotaError, with whose it is and
    the seconds until there is more, when either's is used up; a refused try counts for neither.
    """
    limits = {f"person {person}": conf.quota(quota)}
    if product is not None:
        limits[f"product {product}"] = conf.product_quota(quota)
    subjects = [subject for subject, limit in limits.items() if limit]
    began_at = _window(quota, now)
    counters.add(QuotaUse, Counter({(quota.value, subject, began_at): amount for subject in subjects}))
    used = _used(quota, subjects, began_at)
    if over := [subject for subject in subjects if used[subject] > limits[subject]]:
        counted = QuotaUse.objects.filter(quota=quota, subject__in=subjects, began_at=began_at)
        counted.update(used=F("used") - amount)
        ends_in = max(1, round((began_at + _WINDOWS[quota] - now).total_seconds()))
        whose, limit = over[0].split()[0], limits[over[0]]
        allowed = f"{quota.label} of one {whose}: at most {limit:,} in {_NAMES[_WINDOWS[quota]]}"
        raise QuotaError(f"{allowed}. Try again in {ends_in} seconds.", retry_after=ends_in)


def take_for_products(rows: Iterable[Leased], *, now: datetime) -> set[UUID]:
    """Count deliveries for the products of their rules, in the transaction that claims them; those beyond what these
    may mail today, which are not counted.

    Counted first and then compared: claims at the same time wait for each other. Tests and later tries are free.
    """
    limit = conf.product_quota(Quota.MAILS)
    products = _products(rows) if limit else {}
    if not products:
        return set()
    began_at = _window(Quota.MAILS, now)
    wanted = Counter(products.values())
    counters.add(QuotaUse, _keyed(wanted, began_at))
    used = _used(Quota.MAILS, wanted, began_at) - wanted
    over = set()
    for id_, product in products.items():
        if used[product] >= limit:
            over.add(id_)
        used[product] += 1
    counters.take(QuotaUse, _keyed(Counter(products[id_] for id_ in over), began_at))
    return over


def _keyed(products: Counter[str], began_at: datetime) -> Counter[counters.Key]:
    return Counter({(Quota.MAILS.value, product, began_at): number for product, number in products.items()})


def _products(rows: Iterable[Leased]) -> dict[UUID, str]:
    """Delivery -> its rule's product, as counters name it; in the order of the rows, of those that count."""
    ids = [row.id for row in rows if row.claimed_at is None and not row.test]
    owner = Coalesce("rule__product_id", "rule__campaign__product_id")
    found = dict(Delivery.objects.filter(id__in=ids).values_list("id", owner)) if ids else {}
    return {id_: f"product {found[id_]}" for id_ in ids if id_ in found}


def old(now: datetime) -> QuerySet[QuotaUse]:
    """Counters of windows that are long over."""
    return QuotaUse.objects.filter(began_at__lt=now - _KEPT).order_by("id")


def _window(quota: Quota, now: datetime) -> datetime:
    """When the window that holds the moment began."""
    since = datetime(1970, 1, 1, tzinfo=UTC)
    return now - (now - since) % _WINDOWS[quota]


def _used(quota: Quota, subjects: Iterable[str], began_at: datetime) -> Counter[str]:
    found = QuotaUse.objects.filter(quota=quota, subject__in=list(subjects), began_at=began_at)
    return Counter(dict(found.values_list("subject", "used")))
