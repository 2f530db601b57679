"""A small `make run` for tests: three parts that only wait, and say when they were asked to end.

python -m tests.integration.embedded.toy FOLDER [NAME OF THE PART THAT DIES | --stubborn]
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from tracking.embedded.supervisor import Interrupted, Part, Supervisor
from tracking.errors import RunError

ROOT = Path(__file__).resolve().parents[3]

_CHILD = """
import os, pathlib, signal, sys
folder, name, way = pathlib.Path(sys.argv[1]), sys.argv[2], sys.argv[3]
(folder / f"{name}.pid").write_text(str(os.getpid()))
if way == "dies":
    print("I cannot go on")
    sys.exit(3)
signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
(folder / f"{name}.ready").touch()
while True:
    signal.sigwait({signal.SIGTERM})
    with (folder / "order").open("a") as order:
        order.write(name + "\\n")
    if way != "stubborn":
        break
"""


def part(folder: Path, name: str, way: str = "waits", *, grace: float = 10) -> Part:
    command = (sys.executable, "-c", _CHILD, str(folder), name, way)
    return Part(name=name, command=command, grace=grace, advice="Feed it.")


def supervisor(folder: Path) -> Supervisor:
    return Supervisor(logs=folder / "log", folder=ROOT, environment=os.environ)


def say(text: object) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def main(folder: Path, odd: str) -> None:
    parts = supervisor(folder)
    parts.listen()
    try:
        for name in ("first", "second", "third"):
            parts.start(part(folder, name, "dies" if odd == name else "waits"))
            if odd != name:
                parts.until((folder / f"{name}.ready").exists, seconds=30, what=name)
        say("ready")
        parts.watch()
    except Interrupted:
        say("interrupted")
    except RunError as error:
        say(error)
        sys.exit(1)
    finally:
        parts.stop()


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2] if len(sys.argv) > 2 else "")
