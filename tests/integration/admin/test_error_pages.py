"""Errors look like the rest of the product and say what to do."""

from __future__ import annotations

import pytest
from django.test import Client, RequestFactory
from django.urls import reverse

from tracking.api import problems

pytestmark = pytest.mark.django_db


def test_an_address_that_leads_nowhere_says_so_in_the_products_own_words(admin_client):
    response = admin_client.get("/admin/nowhere/")

    assert response.status_code == 404
    assert "There is nothing here" in response.content.decode()


def test_what_a_role_does_not_allow_is_said_with_whom_to_ask(person):
    response = person().get(reverse("admin:tracking_rule_changelist"))

    assert response.status_code == 403
    assert "Ask whoever manages your users" in response.content.decode()


def test_a_form_that_is_too_old_says_how_to_keep_what_was_typed(admin_user):
    client = Client(enforce_csrf_checks=True)
    client.force_login(admin_user)

    response = client.post(reverse("admin:tracking_rule_add"), {})

    assert response.status_code == 403
    assert "what you typed is still there" in response.content.decode()


def test_a_fault_of_ours_is_told_without_a_database():
    response = problems.server_error(RequestFactory().get("/admin/"))

    assert response.status_code == 500
    assert "look before you send it again" in response.content.decode()
