"""The rule form as it stands, looked at and not saved: what is tried out before it goes live."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest

from tracking.admin.listing import is_id
from tracking.admin.rules.form import RuleForm
from tracking.definition import RuleDefinition
from tracking.models import Rule
from tracking.store import rules


class DraftForm(RuleForm):
    """Checks all that saving checks. `definition` is there when it is valid."""

    definition: RuleDefinition

    def _take(self, wanted: RuleDefinition, stored: Rule | None) -> None:
        rules.check(wanted)
        self.definition = wanted

    def _ask_again(self) -> None:
        """The page stands as it is, with all that was typed."""


def edited(admin: Any, request: HttpRequest) -> Rule | None:
    """The saved rule that a form on a page edits; None for a new one, and for one outside the person's scope."""
    key = request.POST.get("edited", "")
    rule: Rule | None = admin.get_queryset(request).filter(pk=int(key)).first() if is_id(key) else None
    return rule


def draft(admin: Any, request: HttpRequest, rule: Rule | None) -> DraftForm:
    """The form that was posted, filled in by this person. Ask `is_valid` first."""
    make = admin.get_form(request, rule, change=rule is not None, form=DraftForm)
    made: DraftForm = make(request.POST, instance=rule)
    return made


def errors(form: DraftForm) -> dict[str, list[str]]:
    """Label of a field -> sentences."""
    return {
        str(form.fields[name].label) if name in form.fields else "The rule": [str(one) for one in found]
        for name, found in form.errors.items()
    }
