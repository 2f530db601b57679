"""`python -m benchmarks [PART …]`: each part in a process and on services of its own; see docs/performance.md."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

from benchmarks import services
from benchmarks.results import FILE, SIZE, skipped
from benchmarks.services import ROOT, Missing

PARTS = ("send", "match", "emit", "http", "latency", "claiming", "alert_tick", "lists", "memory", "templates", "prune")
_LONGEST = 3_600 if SIZE == "full" else 600  # seconds a part may take


def main(wanted: list[str]) -> int:
    """Exit status: 1 when a part failed."""
    failed = []
    for part in wanted or PARTS:
        try:
            _run(part)
        except Missing as why:
            skipped(part, str(why))
        except subprocess.SubprocessError as error:
            print(f"\n{part}: failed, {error}")
            failed.append(part)
    print(f"\nNumbers are in {FILE.relative_to(ROOT)}; load of the machine now: {os.getloadavg()[0]:.1f}.")
    return 1 if failed else 0


def _run(part: str) -> None:
    with services.environment(part) as environment:
        process = subprocess.Popen([sys.executable, "-m", f"benchmarks.{part}"], cwd=ROOT, env=environment)
        try:
            status = process.wait(_LONGEST)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGINT)  # it ends what it has started
            process.wait(60)
            raise
    if status:
        raise subprocess.CalledProcessError(status, f"benchmarks.{part}")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
