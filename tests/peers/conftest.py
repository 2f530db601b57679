"""Other people's mail servers, started for these tests alone."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import services
from tests.certificates import Authority
from tests.flow import Hands
from tests.peers import postfix
from tests.peers.postfix import Postfix


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    folder: Path = tmp_path_factory.mktemp("certificates")
    return Authority(folder)


@pytest.fixture(scope="session")
def started(authority: Authority) -> Iterator[Postfix]:
    if why := postfix.missing():
        (pytest.fail if services.required() else pytest.skip)(why)
    if os.geteuid() != 0:
        pytest.skip("postfix is started by root only")
    with postfix.postfix(authority.server_file("127.0.0.1")) as server:
        yield server


@pytest.fixture
def relay(started: Postfix, authority: Authority, settings) -> Postfix:
    settings.TRACKING_SMTP_CA_FILE = authority.ca_file
    settings.TRACKING_SLICE_SECONDS = 60  # a busy machine does not change the result
    for step in ("CONNECT", "COMMAND", "DATA", "FINAL", "TOTAL"):
        setattr(settings, f"TRACKING_SMTP_{step}_TIMEOUT", 60)
    started.empty()
    started.offer("PLAIN", "LOGIN", "CRAM-MD5")
    return started


@pytest.fixture
def clock() -> Hands:
    return Hands()
