"""The Django application: connects the receivers and the checks when it is ready."""

from __future__ import annotations

from django.apps import AppConfig


class TrackingConfig(AppConfig):
    name = "tracking"
    verbose_name = "Event Tracking"

    def ready(self) -> None:
        from tracking import checks, receivers  # noqa: F401, PLC0415 - Django wants the models loaded first
