"""What Django may say of an error: pages of DEBUG, mails to ADMINS. Values that are named like secrets are masked."""

from __future__ import annotations

import re
from types import FrameType
from typing import Any

from django.http import HttpRequest
from django.views.debug import SafeExceptionReporterFilter

_SECRET = re.compile(r"password|passwd|secret|token|sealed|credential|authorization|cookie|code|key", re.IGNORECASE)


class ErrorReportFilter(SafeExceptionReporterFilter):
    """Also when DEBUG is on, and without a word in the views: a forgotten decorator leaks nothing."""

    hidden_settings = re.compile(r"API|AUTH|TOKEN|KEY|SECRET|PASS|SIGNATURE|COOKIE|URL|EMAIL|DATABASES", re.IGNORECASE)

    def is_active(self, request: HttpRequest | None) -> bool:
        return True

    def get_post_parameters(self, request: HttpRequest | None) -> dict[str, Any]:
        if request is None:
            return {}
        return {name: self._shown(name, value) for name, value in request.POST.items()}

    def get_traceback_frame_variables(self, request: HttpRequest | None, tb_frame: FrameType) -> Any:
        found = super().get_traceback_frame_variables(request, tb_frame)
        return [(name, self._shown(name, value)) for name, value in found]

    def _shown(self, name: str, value: Any) -> Any:
        return self.cleansed_substitute if _SECRET.search(name) else value
