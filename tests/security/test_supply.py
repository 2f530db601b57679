"""What the product is made of: by hash, listed, and looked up where somebody can be asked."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys

import pytest

from tests import known_holes
from tests.environment import ROOT

LOCKS = ("requirements.lock", "docker/requirements.lock")
_PINNED = re.compile(
    r"^([a-z0-9._-]+)==([^ ;]+)(?:[^\n]*\\\n(?:    --hash=sha256:[0-9a-f]{64}(?: \\)?\n)+)", re.MULTILINE
)
_NAMED = re.compile(r"^([a-z0-9._-]+)==", re.MULTILINE)


def make(target: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["make", "--no-print-directory", target],
        cwd=ROOT,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.mark.parametrize("lock", LOCKS)
def test_every_package_comes_by_hash(lock):
    text = (ROOT / lock).read_text()

    assert len(_NAMED.findall(text)) == len(_PINNED.findall(text)) > 30


def test_the_bill_of_materials_lists_the_image(tmp_path):
    done = make("sbom")

    assert done.returncode == 0, done.stderr
    bill = json.loads((ROOT / "var" / "sbom.json").read_text())
    listed = {(part["name"].lower(), part["version"]) for part in bill["components"]}
    assert bill["bomFormat"] == "CycloneDX"
    assert listed == {(name, version) for name, version in _PINNED.findall((ROOT / LOCKS[1]).read_text())}
    assert all(part["purl"].startswith("pkg:pypi/") for part in bill["components"])


def test_where_nobody_can_be_asked_the_look_up_is_skipped_by_name(tmp_path):
    done = make("audit", UV_OFFLINE="1", UV_CACHE_DIR=str(tmp_path), UV_TOOL_DIR=str(tmp_path / "tools"))

    assert done.returncode == 0, done.stderr
    assert "skipped: pip-audit" in done.stdout


def audit(tmp_path, *, prints: object = None, complains: str = "", status: int = 0) -> tuple[int, str]:
    """What the look-up makes of a pip-audit that behaves so."""
    said = tmp_path / "said"
    said.write_text("" if prints is None else json.dumps(prints))
    stand_in = (
        "import sys, pathlib\n"
        "if '--version' in sys.argv: sys.exit(0)\n"
        f"print(pathlib.Path({str(said)!r}).read_text())\n"
        f"print({complains!r}, file=sys.stderr)\n"
        f"sys.exit({status})\n"
    )
    return known_holes.ask([sys.executable, "-c", stand_in])


SOUND = {"name": "sound", "version": "2.0", "vulns": []}
HOLED = {"name": "holed", "version": "1.0", "vulns": [{"id": "CVE-1", "fix_versions": ["1.1"], "aliases": []}]}
UNKNOWN = {"name": "odd", "skip_reason": "Dependency not found on PyPI and could not be audited: odd (1.0)"}


@pytest.mark.parametrize(
    ("packages", "status", "words"),
    [
        pytest.param([SOUND], 0, "no known holes in 1 packages", id="nothing found"),
        pytest.param([SOUND, HOLED], 1, "holed 1.0: CVE-1, mended in 1.1", id="a hole fails"),
        pytest.param([UNKNOWN, HOLED], 1, "not looked up: odd", id="a hole fails beside what nobody knows"),
        pytest.param([SOUND, UNKNOWN], 0, "not looked up: odd", id="what nobody knows is named"),
        pytest.param([UNKNOWN], 0, "skipped: the vulnerability service knows none of the 1", id="no package is known"),
    ],
)
def test_a_report_is_read_for_holes_and_for_what_was_not_asked(tmp_path, packages, status, words):
    found, told = audit(tmp_path, prints={"dependencies": packages}, status=status)

    assert found == status
    assert words in told


def test_a_service_that_does_not_answer_is_skipped_by_name_and_without_a_traceback(tmp_path):
    error = "Traceback (most recent call last):\n  File x\nrequests.exceptions.ConnectionError: Max retries exceeded"

    status, told = audit(tmp_path, complains=error, status=1)

    assert status == 0
    assert told.startswith("skipped: the vulnerability service does not answer")
    assert "Traceback" not in told


def test_a_lock_file_that_cannot_be_read_is_no_reason_to_skip(tmp_path):
    status, told = audit(tmp_path, complains="ERROR:pip_audit._cli:invalid requirements input", status=1)

    assert (status, told) == (1, "pip-audit failed: ERROR:pip_audit._cli:invalid requirements input")
