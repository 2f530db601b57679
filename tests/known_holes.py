"""`python -m tests.known_holes COMMAND…`: known holes by pip-audit, with "none found" told from "nobody asked".

pip-audit says "no known vulnerabilities found" also when its service knows none of the packages, as where an index
stands in for the public one; and it ends with a traceback where nobody answers. Status 1 for a hole, or a lock file
that cannot be read.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from typing import Any

_NOBODY = ("ConnectionError", "ConnectTimeout", "ReadTimeout", "ServiceError", "NameResolutionError", "ProxyError")
_SKIPPED = "so nobody was asked about known holes"


def ask(command: Sequence[str]) -> tuple[int, str]:
    """Exit status, and what to tell, of that pip-audit."""
    if _run([*command, "--version"]).returncode:
        return 0, f"skipped: pip-audit cannot be had here, {_SKIPPED}"
    done = _run([*command, "--format", "json", "--progress-spinner", "off"])
    try:
        return told(json.loads(done.stdout)["dependencies"])
    except (ValueError, KeyError, TypeError):
        said = done.stderr.strip() or "it said nothing"
    if any(name in said for name in _NOBODY):
        return 0, f"skipped: the vulnerability service does not answer here, {_SKIPPED}"
    return 1, f"pip-audit failed: {said.splitlines()[-1]}"


def told(packages: Sequence[dict[str, Any]]) -> tuple[int, str]:
    """The same of its report."""
    unknown = [row["name"] for row in packages if "skip_reason" in row]
    asked = len(packages) - len(unknown)
    if not asked:
        return 0, f"skipped: the vulnerability service knows none of the {len(packages)} packages, {_SKIPPED}"
    lines = [
        f"{row['name']} {row['version']}: {hole['id']}, mended in {', '.join(hole['fix_versions']) or 'no version yet'}"
        for row in packages
        for hole in row.get("vulns", ())
    ]
    found = len(lines)
    lines += [f"not looked up: {', '.join(unknown)}"] if unknown else []
    return int(found > 0), "\n".join([*lines, f"{found or 'no'} known holes in {asked} packages"])


def _run(command: Sequence[str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, capture_output=True, text=True, check=False)


if __name__ == "__main__":
    status, words = ask(sys.argv[1:])
    sys.stdout.write(f"{words}\n")
    sys.exit(status)
