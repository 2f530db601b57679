"""Is this installation safe to run? One finding for each thing that has hurt people."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from tracking.doctor import configuration, mail, services
from tracking.doctor.finding import Level, Look

__all__ = ["Finding", "Level", "examine"]


@dataclass(frozen=True, slots=True)
class Finding:
    subject: str
    level: Level
    text: str

    def __str__(self) -> str:
        return f"{self.level.value:7}{self.subject}: {self.text}"


def examine() -> Iterator[Finding]:
    """Each finding as it is made; a part that cannot even be asked is unsafe, and stops none of the others."""
    for subject, look in LOOKS.items():
        try:
            level, text = look()
        except Exception as error:  # whatever a client library raises means that the part is not there
            level, text = Level.UNSAFE, f"not available ({type(error).__name__}: {str(error).strip()[:200]})"
        yield Finding(subject, level, text)


LOOKS: dict[str, Look] = {
    "settings": configuration.site,
    "python": configuration.python,
    "times": configuration.times,
    "celery": configuration.celery,
    "cache": configuration.cache,
    "database": services.database,
    "broker": services.broker,
    "clock": services.clocks,
    "beat": services.beat,
    "queues": services.queues,
    "credentials": mail.passwords,
    "alert mail": mail.alerts,
    "sending": configuration.sending,
}
