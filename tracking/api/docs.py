"""The page on which the API can be read and tried: Swagger's, from our own server."""

from __future__ import annotations

from django.utils.decorators import method_decorator
from drf_spectacular.views import SpectacularSwaggerSplitView

from tracking.page_policy import documentation


@method_decorator(documentation, name="dispatch")
class Docs(SpectacularSwaggerSplitView):
    """Read by everybody: it says what there is, not what is in it. Tried with a token, or with the session."""
