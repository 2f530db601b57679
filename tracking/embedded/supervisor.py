"""Several programs as one: started in order, watched, and ended in the reverse order, whatever happens.

Each part leads a session of its own, so that Ctrl-C reaches only us and we end the parts in order. Should we be
killed outright, Linux kills the parts with us.
"""

from __future__ import annotations

import ctypes
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

from tracking.errors import RunError

TURN = 0.1  # seconds between two looks at the parts
LAST_LINES = 15

_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None) if sys.platform == "linux" else None


class Interrupted(Exception):
    """Somebody asked us to end: Ctrl-C, a signal, or the terminal that was closed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One program. `grace` is how many seconds it has to end by itself; `advice` what to do when it dies."""

    name: str
    command: Sequence[str]
    grace: float = 5.0
    advice: str = ""


@dataclass(frozen=True, slots=True)
class Child:
    part: Part
    process: subprocess.Popen[bytes]
    log: Path


class Supervisor:
    """Output of each part goes to a file of its name in `logs`, so that nothing of it depends on our terminal."""

    def __init__(self, *, logs: Path, folder: Path, environment: Mapping[str, str]) -> None:
        self._logs = logs
        self._folder = folder
        self._environment = dict(environment)
        self._children: list[Child] = []
        self._asked = 0
        self._terminal: int | None = None
        logs.mkdir(parents=True, exist_ok=True)

    def listen(self) -> None:
        """Hear Ctrl-C, SIGTERM and the terminal's end. One that is ignored (nohup) stays ignored."""
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            if signal.getsignal(number) is not signal.SIG_IGN:
                signal.signal(number, self._heard)
        if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
            self._terminal = next((file for file in (0, 1, 2) if os.isatty(file)), None)

    def _heard(self, number: int, frame: FrameType | None) -> None:
        self._asked += 1

    def start(self, part: Part) -> None:
        self._children.append(self._spawn(part))

    def run(self, part: Part, *, seconds: float) -> None:
        """Run a program to its end. Raises RunError when it fails or takes too long, Interrupted."""
        step = self._spawn(part)
        try:
            self.until(lambda: step.process.poll() is not None, seconds=seconds, what=part.name)
        finally:
            _end(step, hurry=lambda: True)
        if step.process.returncode:
            raise RunError(_obituary(step))

    def until(self, answers: Callable[[], bool], *, seconds: float, what: str) -> None:
        """Wait until it answers. Raises RunError when a part dies before or it takes too long, Interrupted."""
        deadline = time.monotonic() + seconds
        while not answers():
            if time.monotonic() > deadline:
                raise RunError(f"{what} did not answer within {seconds:.0f} seconds. Its log: {self._log(what)}")
            self._turn()

    def watch(self) -> None:
        """Wait for the first that happens: RunError when a part dies, Interrupted."""
        while True:
            self._turn()

    def _turn(self) -> None:
        if self._asked or _hung_up(self._terminal):
            raise Interrupted
        for child in self._children:
            if child.process.poll() is not None:
                raise RunError(_obituary(child))
        time.sleep(TURN)

    def stop(self) -> None:
        """End the parts, the last one first. Whoever asks again makes it quick."""
        asked = self._asked
        while self._children:
            _end(self._children[-1], hurry=lambda: self._asked > asked)
            self._children.pop()

    def _spawn(self, part: Part) -> Child:
        log = self._log(part.name)
        with log.open("wb") as output:
            process = subprocess.Popen(  # noqa: S603 - our own programs
                part.command,
                cwd=self._folder,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=_bound_to(os.getpid()),  # noqa: PLW1509 - we have no thread that could hold a lock
            )
        return Child(part, process, log)

    def _log(self, name: str) -> Path:
        return self._logs / f"{name}.log"


def _hung_up(terminal: int | None) -> bool:
    """Whether the terminal was closed. A `make` that leads its session keeps the signal about that to itself."""
    if terminal is None:
        return False
    ear = select.poll()
    ear.register(terminal, 0)
    return bool(ear.poll(0))


def _bound_to(parent: int) -> Callable[[], None] | None:
    """For a new process: be killed when its parent dies. SIGKILL, as a worker without a broker would not end."""
    if _libc is None:
        return None

    def bind() -> None:
        _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:  # it died before we were bound
            os._exit(1)

    return bind


def _end(child: Child, *, hurry: Callable[[], bool]) -> None:
    """Ask it to end, wait, then kill it and whatever of its session is left."""
    deadline = time.monotonic() + child.part.grace
    with suppress(ProcessLookupError):
        child.process.terminate()
    while child.process.poll() is None and time.monotonic() < deadline and not hurry():
        time.sleep(TURN / 2)
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(child.process.pid, signal.SIGKILL)
    child.process.wait()


def _obituary(child: Child) -> str:
    """Which part died, how, its last lines, and what to do."""
    lines = child.log.read_text(errors="replace").splitlines()[-LAST_LINES:]
    said = "\n".join(f"    {line}" for line in lines) or "    (it said nothing)"
    advice = f"\n{child.part.advice}" if child.part.advice else ""
    died = f"The part {child.part.name} {_fate(child.process.returncode)}. Its last lines:"
    return f"{died}\n{said}{advice}\nAll of it: {child.log}"


def _fate(code: int) -> str:
    return f"ended with status {code}" if code >= 0 else f"was killed by {signal.Signals(-code).name}"
