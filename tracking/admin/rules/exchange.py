"""Rules as JSON: the chosen ones out, others in, shown before anything is written. Many of them go as a job."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from unfold.widgets import UnfoldAdminFileFieldWidget, UnfoldAdminTextareaWidget

from tracking import denials
from tracking.admin.jobs import to_job
from tracking.admin.scope import access_of, person
from tracking.choices import AuditAction
from tracking.errors import JobError
from tracking.models import Job, Rule, User
from tracking.pipeline import exchange as pipeline
from tracking.pipeline.exchange import AT_ONCE
from tracking.store import audit, clock
from tracking.store import exchange as store
from tracking.store.exchange import Imported
from tracking.tasks import start_job
from tracking.validation import parse_json

MOST_BYTES = 16 * 1024 * 1024  # what an export of many rules may take; the command takes any number
AT_ONCE_SIZE = 1024 * 1024  # characters that a person waits for; more are a job
LIST = "admin:tracking_rule_changelist"


def export(admin: Any, request: HttpRequest, rules: QuerySet[Rule]) -> HttpResponse:
    """The rules as a file; never with a password, and without what this person does not see. Many: as a job."""
    chosen = list(rules.order_by("pk").values_list("pk", flat=True))
    if len(chosen) <= AT_ONCE:
        return _download(request, rules)
    return _as_job(
        admin, request, lambda author: pipeline.start_export(chosen, author=author, now=clock.now()), back=LIST
    )


def _download(request: HttpRequest, rules: QuerySet[Rule]) -> HttpResponse:
    seen = access_of(request)
    documents = [seen.document(document) for document in store.export(rules)]
    audit.note(
        actor=person(request),
        action=AuditAction.RULES_EXPORTED,
        target=None,
        detail={"rules": len(documents)},
        now=clock.now(),
    )
    body = json.dumps(documents, indent=2, ensure_ascii=False)
    headers = {"Content-Disposition": f'attachment; filename="{pipeline.FILE}"'}
    return HttpResponse(body, content_type="application/json; charset=utf-8", headers=headers)


def _as_job(admin: Any, request: HttpRequest, start: Callable[[User], Job], *, back: str) -> HttpResponse:
    """To the page of the job that was started; where it cannot be, back with the reason."""
    try:
        job = start(person(request))
    except JobError as error:
        admin.message_user(request, f"{error}.", messages.ERROR)
        return redirect(back)
    start_job(job)
    return to_job(job)


class ImportForm(forms.Form):
    file = forms.FileField(
        required=False,
        help_text=f"As “Export selected rules” writes it, up to {MOST_BYTES // 1024**2} MB.",
        widget=UnfoldAdminFileFieldWidget(),
    )
    text = forms.CharField(
        required=False,
        strip=False,
        label="or JSON",
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 12, "spellcheck": "false"}),
    )

    def clean(self) -> dict[str, Any]:
        typed: dict[str, Any] = super().clean() or {}
        chosen = typed.get("file")
        if chosen is not None and chosen.size > MOST_BYTES:
            raise forms.ValidationError(f"The file has more than {MOST_BYTES:,} bytes.")
        source = chosen.read() if chosen is not None else typed.get("text", "").encode()
        try:
            value = parse_json(source)
        except ValueError as error:
            raise forms.ValidationError(f"This is not valid JSON: {error}.") from None
        typed["documents"] = value if isinstance(value, list) else [value]
        if not typed["documents"]:
            raise forms.ValidationError("There is no rule in it.")
        typed["text"] = source.decode("utf-8-sig")
        return typed


def page(admin: Any, request: HttpRequest) -> HttpResponse:
    """GET asks for the rules; POST shows what would become of each, and with `confirmed` does it."""
    if not (admin.has_add_permission(request) and admin.has_change_permission(request)):
        raise PermissionDenied
    form = ImportForm(request.POST or None, request.FILES or None)
    context: dict[str, Any] = {
        **admin.admin_site.each_context(request),
        "opts": admin.opts,
        "title": "Import rules",
        "at_once": AT_ONCE,
    }
    if form.is_valid():
        documents, text = form.cleaned_data["documents"], form.cleaned_data["text"]
        confirmed = request.POST.get("confirmed") == "yes"
        if len(documents) > AT_ONCE or len(text) > AT_ONCE_SIZE:
            return _as_job(
                admin,
                request,
                lambda author: pipeline.start_import(text, rules=len(documents), author=author, now=clock.now()),
                back=request.path,
            )
        results = store.import_all(
            documents,
            author=person(request),
            now=clock.now(),
            gate=pipeline.gate(access_of(request)),
            dry_run=not confirmed,
        )
        _note_refused(request, results)
        if confirmed:
            return _done(admin, request, results)
        context |= {"rows": store.told(results, documents), "text": text}
        context["counted"] = counted = store.count(results)
        context["words"] = store.in_words(counted)
    return TemplateResponse(request, "admin/tracking/rules_import.html", {**context, "form": form})


def _note_refused(request: HttpRequest, results: Sequence[Imported]) -> None:
    refused = {path for result in results for path in result.errors}
    if refused and access_of(request).scoped:
        denials.remember(request, fields=sorted(refused)[:20])


def _done(admin: Any, request: HttpRequest, results: Sequence[Imported]) -> HttpResponse:
    counted = store.count(results)
    level = messages.WARNING if counted["refused"] else messages.SUCCESS
    admin.message_user(request, f"Rules: {store.in_words(counted)}.", level)
    return redirect(LIST)
