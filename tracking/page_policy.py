"""What a browser may do with a page: the one place for policies that differ from CONTENT_SECURITY_POLICY.

Every page has the strict policy of the settings without asking for it. The admin's pages have what their theme needs
added. A view that shows a stranger's words as HTML or text is wrapped in `foreign_html` or `foreign_text`, the page of
the API's documentation in `documentation`:

    @admin_view
    @foreign_html
    def preview(request, ...): ...
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from csp.middleware import CSPMiddleware, PolicyParts
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.urls import reverse
from django.utils.cache import add_never_cache_headers

Directives = dict[str, Any]
View = Callable[..., HttpResponseBase]

ADMIN = {"script-src": ["'unsafe-eval'"], "style-src": ["'unsafe-inline'"]}  # Alpine.js; styles of the theme's charts
FOREIGN_HTML = {
    "sandbox": [True],
    "default-src": ["'none'"],
    "img-src": ["data:"],
    "style-src": ["'unsafe-inline'"],
    "frame-ancestors": ["'self'"],
}
FOREIGN_TEXT = {"sandbox": [True], "default-src": ["'none'"], "frame-ancestors": ["'self'"]}
DOCUMENTATION = {
    "default-src": ["'none'"],
    "script-src": ["'self'"],
    "style-src": ["'self'", "'unsafe-inline'"],
    "img-src": ["'self'", "data:"],
    "font-src": ["'self'"],
    "connect-src": ["'self'"],
    "form-action": ["'self'"],
    "base-uri": ["'none'"],
    "frame-ancestors": ["'none'"],
}
NOTHING = (
    "accelerometer=(), camera=(), display-capture=(), geolocation=(), gyroscope=(), microphone=(), payment=(), usb=()"
)


class PagePolicyMiddleware(CSPMiddleware):
    """Sets Content-Security-Policy and Permissions-Policy on every answer."""

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        response.headers.setdefault("Permissions-Policy", NOTHING)
        return super().process_response(request, response)

    def get_policy_parts(
        self, request: HttpRequest, response: HttpResponseBase, report_only: bool = False
    ) -> PolicyParts:
        parts = super().get_policy_parts(request, response, report_only)
        if not report_only and parts.config is None and request.path_info.startswith(reverse("admin:index")):
            parts.update = {**ADMIN, **(parts.update or {})}
        return parts


def _under(directives: Directives) -> Callable[[View], View]:
    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(*args: Any, **kwargs: Any) -> HttpResponseBase:
            response = view(*args, **kwargs)
            response._csp_config = directives  # type: ignore[attr-defined] # what django-csp's decorators set
            response.headers.setdefault("Referrer-Policy", "no-referrer")
            if "'self'" in directives["frame-ancestors"]:
                response.headers.setdefault("X-Frame-Options", "SAMEORIGIN")
            add_never_cache_headers(response)
            return response

        return guarded

    return decorate


def own_dialog(response: HttpResponse) -> HttpResponse:
    """Lets a page of ours stand in a dialog of another page of ours."""
    response._csp_replace = {"frame-ancestors": ["'self'"]}  # type: ignore[attr-defined] # as django-csp's decorators
    response.headers["X-Frame-Options"] = "SAMEORIGIN"
    return response


foreign_html = _under(FOREIGN_HTML)  # no script, no form, nothing loaded from anywhere
foreign_text = _under(FOREIGN_TEXT)
documentation = _under(DOCUMENTATION)
