"""What each role may do, as one table. The groups that carry it are named after the roles.

What a role may see of it, row by row and filter by filter, is in `access/`. Source: DOMAIN, "Roles".
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from tracking.choices import Platform, Role

REVEAL = "reveal_delivery"  # a logged mail's content; each look leaves an audit row

BUYER_ROLES = frozenset({Role.BUYER_AGENT, Role.BUYER_EDITOR})
PLATFORM_OF = {Role.LMS_ADMIN: Platform.LMS, Role.CALL_LOGIC_ADMIN: Platform.CALL_LOGIC}

DIRECTORY = ("product", "campaign", "publisher", "channel", "source", "buyer", "pingtree", "calltrackingpool")
_LOG = ("delivery", "storedevent", "alert", "usageday")
_OF_BUYERS = ("rule", "preset", "campaign", *_LOG, "pingtree", "calltrackingpool", "job")


def _may(verbs: str, models: Iterable[str]) -> frozenset[str]:
    return frozenset(f"{verb}_{model}" for model in models for verb in verbs.split())


_READS = _may("view", (*DIRECTORY, *_LOG, "rule", "preset", "connection", "job"))
_EDITS = (
    _may("add change delete", ("rule", "preset", "connection"))
    | _may("add change", (*DIRECTORY, "job"))
    | _may("change", ("delivery", "alert"))
    | {REVEAL}
)
_BUYER_READS = _may("view", _OF_BUYERS)

PERMISSIONS: Mapping[Role, frozenset[str]] = {
    Role.GLOBAL_ADMIN: _READS
    | _EDITS
    | _may("delete", (*DIRECTORY, "delivery"))
    | _may("view add change delete", ("user", "apitoken"))
    | _may("view", ("auditentry",))
    | _may("add", ("storedevent",)),
    Role.LMS_ADMIN: _READS | _EDITS,
    Role.CALL_LOGIC_ADMIN: _READS | _EDITS,
    Role.SUPPORT: _READS | _may("view", ("user", "apitoken", "auditentry")) | {REVEAL},
    Role.BUYER_AGENT: _BUYER_READS,
    Role.BUYER_EDITOR: _BUYER_READS
    | _may("add change delete", ("rule", "preset"))
    | _may("add change", ("job",))
    | _may("change", ("delivery", "alert")),
}

# What is asked for anywhere: the models have more of them, and other apps do, which would do nothing.
ASKED_FOR = frozenset[str]().union(*PERMISSIONS.values())
