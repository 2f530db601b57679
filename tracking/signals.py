"""`event_emitted`: platform code sends it with `event=Event(...)`; the same as calling `emit`."""

from __future__ import annotations

from django.dispatch import Signal

event_emitted = Signal()
