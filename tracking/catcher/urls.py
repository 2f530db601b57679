"""Included under `mail/` where there is a catcher."""

from __future__ import annotations

from django.urls import path

from tracking.catcher import views

app_name = "catcher"

urlpatterns = [
    path("", views.inbox, name="inbox"),
    path("<str:key>/", views.mail, name="mail"),
    path("<str:key>/html/", views.html, name="html"),
    path("<str:key>/source/", views.source, name="source"),
]
