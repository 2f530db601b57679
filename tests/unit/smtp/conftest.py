"""A guard that lets loopback in, and short time-outs."""

from __future__ import annotations

from ipaddress import ip_network
from pathlib import Path

import pytest

from tests.certificates import Authority
from tracking.smtp.guard import Guard


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    folder: Path = tmp_path_factory.mktemp("certificates")
    return Authority(folder)


@pytest.fixture
def guard() -> Guard:
    return Guard(allowed_networks=(ip_network("127.0.0.0/8"),))
