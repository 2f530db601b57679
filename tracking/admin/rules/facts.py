"""What the scripts of the rule form decide by; the server decides all the same."""

from __future__ import annotations

from typing import Any

from django.urls import reverse

from tracking.access import Access
from tracking.admin.rules.fields import KIND_EXPLANATIONS
from tracking.triggers import Trigger


def facts(seen: Access, *, steps: bool) -> dict[str, Any]:
    """For each trigger that this person may use: its explanation, filters by level, and placeholders.

    `steps`: whether the form is filled in step by step.
    """
    return {
        "triggers": {row.value: _trigger(row, seen) for row in seen.triggers()},
        "kinds": {kind.value: words for kind, words in KIND_EXPLANATIONS.items()},
        "steps": steps,
        "preview": reverse("admin:tracking_rule_preview"),
        "events": reverse("admin:tracking_rule_preview_events"),
        "owner": reverse("admin:tracking_rule_owner"),
    }


def _trigger(row: Trigger, seen: Access) -> dict[str, Any]:
    return {
        "explanation": row.explanation + (" For ping-post products only." if row.ping_post_only else ""),
        "platform": row.platform.value,
        "filters": {
            level.value: list(seen.offered_filters(row, level)) for level in row.levels if level in seen.levels
        },
        "ping_post_only": row.ping_post_only,
        "price_range": row.price_range,
        "placeholders": [
            {"name": placeholder.name, "explanation": placeholder.explanation} for placeholder in seen.placeholders(row)
        ],
    }
