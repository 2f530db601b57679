"""Reading pages as a person does."""

from __future__ import annotations

from typing import Any

from django.test import Client


def sent(form: Any, **changes: Any) -> dict[str, Any]:
    """What a browser sends of a form as it stands, with some fields typed anew."""
    values: dict[str, Any] = {}
    for bound in form:
        value = bound.value()
        if value in (None, False) or bound.field.disabled:
            continue
        values[bound.html_name] = "on" if value is True else [str(one) for one in _listed(value)]
    return {**values, **changes}


def _listed(value: Any) -> list[Any]:
    return list(value) if isinstance(value, list | tuple) else [value]


def form_of(client: Client, url: str) -> Any:
    return client.get(url).context["adminform"].form


def errors(response: Any) -> dict[str, list[str]]:
    """Field -> sentences of a page that refused a form."""
    assert response.status_code == 200, response.headers.get("Location")
    return {field: list(found) for field, found in response.context["adminform"].form.errors.items()}


def listed(response: Any) -> list[Any]:
    """The keys of the rows that a list shows."""
    return [row.pk for row in response.context["cl"].result_list]
