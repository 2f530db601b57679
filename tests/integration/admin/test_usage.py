"""Usage: exact sums of what is shown, and a CSV that no spreadsheet runs."""

from __future__ import annotations

import csv
from datetime import date
from decimal import Decimal

import pytest
from django.urls import reverse

from tests import factories
from tracking import spreadsheet
from tracking.models import UsageDay

LIST = reverse("admin:tracking_usageday_changelist")
CSV = reverse("admin:tracking_usageday_download")


@pytest.fixture
def usage(db) -> list[UsageDay]:
    quiet, dear = factories.saved_rule(name="Quiet"), factories.saved_rule(name='=HYPERLINK("http://evil")')
    rows = [
        (quiet, date(2026, 1, 1), Decimal("0.0000"), 10),
        (dear, date(2026, 1, 1), Decimal("0.0001"), 30_001),
        (dear, date(2026, 1, 2), Decimal("0.0001"), 2),
        (dear, date(2026, 1, 2), Decimal("0.1001"), 3),
    ]
    return [
        UsageDay.objects.create(rule=rule, day=day, unit_price=price, events=events)
        for rule, day, price, events in rows
    ]


@pytest.mark.parametrize(
    ("query", "events", "amount"),
    [
        pytest.param({}, "30,016", "$3.3006", id="everything"),
        pytest.param({"day_from": "2026-01-02"}, "5", "$0.3005", id="from a day"),
        pytest.param({"day_to": "2026-01-01"}, "30,011", "$3.0001", id="until a day"),
        pytest.param({"day_from": "2027-01-01"}, "0", "$0.0000", id="nothing"),
    ],
)
def test_the_sums_are_those_of_what_is_shown(admin_client, usage, query, events, amount):
    totals = admin_client.get(LIST, query).context["totals"]

    assert totals == {"events": events, "amount": amount}


def download(client, **query: str) -> list[list[str]]:
    response = client.get(CSV, query)
    assert response["Content-Type"].startswith("text/csv")
    return list(csv.reader(response.getvalue().decode().splitlines()))


def test_the_csv_has_all_rows_with_exact_amounts(admin_client, usage):
    headings, *rows = download(admin_client)

    assert headings == ["day", "rule id", "rule", "unit price", "events", "amount"]
    assert ["2026-01-01", str(usage[1].rule_id), '\'=HYPERLINK("http://evil")', "0.0001", "30001", "3.0001"] in rows
    assert len(rows) == 4


def test_the_csv_follows_the_lists_filters(admin_client, usage):
    assert len(download(admin_client, day_from="2026-01-02")) == 3


def test_the_csv_needs_permission(person, usage):
    assert person("view_rule").get(CSV).status_code == 403
    assert person("view_usageday").get(CSV).status_code == 200


@pytest.mark.parametrize(
    "cell",
    ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", " =1", "\u00a0=1", "\u3000+1", "＝1", "＋1", "－1", "＠A"],
)
def test_what_a_spreadsheet_would_run_is_quoted(cell):
    assert spreadsheet.safe(cell) == f"'{cell}"


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        pytest.param("Tell the buyer", "Tell the buyer", id="plain text"),
        pytest.param("a=b", "a=b", id="a sign inside"),
        pytest.param("", "", id="empty"),
        pytest.param("   ", "   ", id="blanks only"),
        pytest.param(None, "", id="nothing"),
        pytest.param(Decimal("-1.50"), "-1.50", id="a number stays a number"),
    ],
)
def test_everything_else_stays_as_it_is(cell, text):
    assert spreadsheet.safe(cell) == text


def test_its_rows_are_called_rows(admin_client, usage):
    assert admin_client.get(LIST).context["cl"].counted == "4 rows"
