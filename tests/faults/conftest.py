"""What the suite of faults shares: time-outs of a fraction of a second, a clock that is moved, certificates."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.certificates import Authority
from tests.flow import Hands

QUICK = 0.25  # seconds: every time-out of the product in this suite


@pytest.fixture
def clock() -> Hands:
    return Hands()


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    folder: Path = tmp_path_factory.mktemp("certificates")
    return Authority(folder)


@pytest.fixture
def quick(settings) -> None:
    for step in ("CONNECT", "COMMAND", "DATA", "FINAL", "TOTAL"):
        setattr(settings, f"TRACKING_SMTP_{step}_TIMEOUT", QUICK)
