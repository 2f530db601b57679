"""What an answer that is no JSON may be asked for as."""

from __future__ import annotations

from rest_framework.renderers import BaseRenderer, JSONRenderer


def offered(media_type: str) -> list[type[BaseRenderer]]:
    """For an action that answers in that type by itself. Its refusals are problem documents, whatever was asked for."""
    own = type("Own", (JSONRenderer,), {"media_type": media_type, "format": media_type.rpartition("/")[2]})
    return [JSONRenderer, own]
