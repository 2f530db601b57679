"""Whether mail can go out, and what it goes out by."""

from __future__ import annotations

from tracking.choices import Encryption
from tracking.doctor.finding import Level
from tracking.errors import SendError
from tracking.models import Connection
from tracking.pipeline import transport
from tracking.store import sealed

_NAMED = 10  # connections


def passwords() -> tuple[Level, str]:
    if unreadable := sealed.unreadable():
        return Level.UNSAFE, f"bring back the old key or enter these anew: {'; '.join(unreadable[:_NAMED])}"
    bare = Connection.objects.exclude(sealed_password="").filter(encryption=Encryption.NONE).exclude(login="")
    if names := ", ".join(bare.values_list("name", flat=True)[:_NAMED]):
        return Level.NOTE, f"every stored secret opens; {names}: sent in clear, as the connection has no encryption"
    return Level.OK, "every stored secret opens"


def alerts() -> tuple[Level, str]:
    try:
        with transport.system_pool().session(transport.system_endpoint()):
            return Level.OK, "the server of EMAIL_URL lets us in"
    except SendError as error:
        return Level.UNSAFE, f"no alert could be mailed by EMAIL_URL: {error.message}"
