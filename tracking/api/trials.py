"""Rules tried before they are live: looked over, rendered, sent to oneself, run over the events of the past."""

from __future__ import annotations

from typing import Annotated, Any

from django.db import transaction
from pydantic import BaseModel, ConfigDict, Field
from rest_framework.decorators import action
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response

from tracking import access, denials
from tracking.api.door import Door
from tracking.api.jobs import accepted
from tracking.api.once import once
from tracking.api.rights import SEE_EVENTS, Right
from tracking.api.shapes import JobStarted, LintedRule, PreviewedMail, RuleDraft, TestRunStarted
from tracking.choices import Quota, Scope, Whom
from tracking.definition import RuleDefinition
from tracking.errors import EventError, RuleError, TemplateError
from tracking.events import Event
from tracking.models import Rule, StoredEvent
from tracking.pipeline import backtest, lint, trial
from tracking.pipeline.letter import Unsendable
from tracking.store import clock, exchange, quotas, rules
from tracking.tasks import start_job, wake_on_commit

READ = Right(Scope.RULES_READ, "view_rule")
TRY = Right(Scope.RULES_WRITE, "change_rule")
DRAFT = Right(Scope.RULES_READ, "add_rule", instead="change_rule")

RIGHTS = {"lint": DRAFT, "preview": DRAFT, "test_run": TRY, "backtest": READ, "backtest_document": DRAFT}
DEAR = frozenset(RIGHTS)

Text = Annotated[str, Field(strict=True, max_length=4_000)]
Document = dict[str, Any]


class Values(BaseModel):
    """What stands in for an event: a stored one of that key, with these values of placeholders put over it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    event_id: Annotated[str, Field(strict=True, min_length=1, max_length=200)] | None = None
    values: Annotated[dict[str, Text], Field(max_length=200)] = {}


class PreviewRequest(Values):
    """A rule's document, saved or not, and what to fill it with; nothing: each placeholder's sample."""

    document: Document


class TestRunRequest(Values):
    """`to`: the addresses it goes to, at most 5; empty: the caller's own. Only `whom` "rules" mails the rule's own
    recipients, really; then `to` is left out.
    """

    __test__ = False

    to: Annotated[tuple[Text, ...], Field(max_length=trial.MAX_REDIRECT)] = ()
    whom: Whom = Whom.OWN


class BacktestRequest(BaseModel):
    """`document`: what the rule would become; without it, the rule as it is."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    days: Annotated[int, Field(strict=True, ge=1, le=backtest.MAX_DAYS)] = 7
    document: Document | None = None


class DocumentBacktestRequest(BacktestRequest):
    document: Document


BODIES = {
    "lint": RuleDraft,
    "preview": PreviewRequest,
    "test_run": TestRunRequest,
    "backtest": BacktestRequest,
    "backtest_document": DocumentBacktestRequest,
}
ANSWERS: dict[str, tuple[int, Any]] = {
    "lint": (200, LintedRule),
    "preview": (200, PreviewedMail),
    "test_run": (202, TestRunStarted),
    **dict.fromkeys(("backtest", "backtest_document"), (202, JobStarted)),
}


class Trials(Door):
    """Beside the rules' own addresses."""

    @action(detail=False, methods=["post"])
    def lint(self, request: Request) -> Response:
        """What keeps a document from running (`errors`), and what is odd about one that could (`findings`)."""
        if not isinstance(request.data, dict) or not request.data:
            raise RuleError({"rule": ["must be a rule's document"]})
        try:
            definition = self.definition(request.data)
            rules.check(definition)
            found = lint.lint(definition, among=self.caller.rows(Rule), now=clock.now())
        except RuleError as error:
            return Response({"errors": error.errors, "findings": []})
        except TemplateError as error:
            return Response({"errors": {"action": [str(error)]}, "findings": []})
        return Response({"errors": {}, "findings": [one.to_json() for one in found]})

    @action(detail=False, methods=["post"])
    def preview(self, request: Request) -> Response:
        """The mail as it would leave. Nothing is sent."""
        asked = self.read(PreviewRequest)
        definition = self.definition(asked.document)
        product = trial.owner(definition).get("product")
        quotas.spend(Quota.PREVIEWS, self.user.pk, product=product, now=clock.now())
        rules.check(definition)
        filled = self._filled(definition, asked)
        try:
            return Response(trial.preview(definition, self.caller.access.shown(filled), now=clock.now()).to_json())
        except Unsendable as error:
            raise RuleError({"document": [str(error)]}) from None

    @action(detail=True, methods=["post"], url_path="test-run")
    @once
    @transaction.atomic
    def test_run(self, request: Request, pk: int) -> Response:
        """Send the rule's mail once by the live path, to oneself. Not billed, no warning; its filters are not asked."""
        rule: Rule = self.get_object()
        asked, now = self.read(TestRunRequest), clock.now()
        assert rule.current is not None
        definition = rule.current.definition()
        event = self._event(definition, asked)
        if asked.to and asked.whom is Whom.RULES:
            raise RuleError({"to": ["belongs to a mail to addresses of your choice; leave it out"]})
        delivery = trial.start(rule, event, whom=asked.whom, to=",".join(asked.to), author=self.user, now=now)
        wake_on_commit([delivery.connection_id])
        address = f"/api/v1/deliveries/{delivery.pk}/"
        refusal = trial.refusal(definition, event, hides=self.caller.access.hides)
        body = {"delivery": str(delivery.pk), "url": address, "refusal": refusal}
        return Response(body, status=202, headers={"Location": address})

    @action(detail=True, methods=["post"])
    @once
    @transaction.atomic
    def backtest(self, request: Request, pk: int) -> Response:
        """What the rule would have done in the last days, as a job."""
        rule: Rule = self.get_object()
        asked = self.read(BacktestRequest)
        document = asked.document if asked.document is not None else rules.document(rule)
        return self._backtested(self.definition(document, rule), rule, asked.days)

    @action(detail=False, methods=["post"], url_path="backtest")
    @once
    @transaction.atomic
    def backtest_document(self, request: Request) -> Response:
        """The same of a rule that is not saved."""
        asked = self.read(DocumentBacktestRequest)
        return self._backtested(self.definition(asked.document), None, asked.days)

    def _backtested(self, definition: RuleDefinition, rule: Rule | None, days: int) -> Response:
        rules.check(definition)
        now = clock.now()
        job = backtest.start(definition, rule=rule, days=days, author=self.user, now=now)
        start_job(job)
        return accepted(job, self.caller)

    def definition(self, document: object, rule: Rule | None = None) -> RuleDefinition:
        """What the caller wants a rule to be. Raises RuleError."""
        fields, _, _, _ = exchange.taken_apart(document)
        before = before_of(rule) if rule else None
        found = RuleDefinition.from_json(self.caller.completed(fields, before))
        self.demand_allowed(found, before, rule=rule)
        return found

    def _filled(self, definition: RuleDefinition, asked: Values) -> dict[str, Any]:
        if asked.event_id is None and not asked.values:
            return trial.samples(definition)
        return trial.values(self._event(definition, asked), definition)

    def _event(self, definition: RuleDefinition, asked: Values) -> Event:
        base = self._stored(asked.event_id) if asked.event_id is not None else None
        hidden = self.caller.access.hidden
        if unknown := dict(access.unknown_values(self.caller.rows, asked.values, hidden=hidden)):
            wrong = {f"values.{name}": [sentence] for name, sentence in unknown.items()}
            denials.remember(self.request._request, fields=wrong)
            raise RuleError(wrong)
        try:
            return trial.event_of(definition, asked.values, base=base, hidden=hidden, now=clock.now())
        except EventError as error:
            raise RuleError({f"values.{field}": sentences for field, sentences in error.errors.items()}) from None

    def _stored(self, event_id: str) -> Event:
        self.demand(SEE_EVENTS)
        row = self.caller.rows(StoredEvent).filter(event_id=event_id).first()
        if row is None:
            self.note_foreign(StoredEvent, event_id, field="event_id")
            raise NotFound(f"There is no event {event_id}.")
        return Event.from_json(self.caller.access.shown(row.payload))


def before_of(rule: Rule) -> RuleDefinition | None:
    """What a rule is now; None for what this release cannot read, which may be replaced as a whole."""
    assert rule.current is not None
    try:
        return rule.current.definition()
    except RuleError:
        return None
