"""What the image runs, confined as the compose file confines it: no rights, and no file to write but where it says.

No engine is needed: a mount namespace makes the same file system, from the files that the Dockerfile copies. The Python
is this machine's, read-only under /opt, and the database is SQLite in /srv/var.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from tests.product import copy_tree, until
from tests.test_docker import DOCKERFILE, SERVICES
from tracking.embedded import broker, ports

USER = re.search(r"^USER (\d+)$", DOCKERFILE, re.MULTILINE).group(1)
WEB = json.loads(re.search(r"^CMD (\[.*?\])$", DOCKERFILE, re.MULTILINE | re.DOTALL).group(1).replace("\\\n", ""))
PYTHON = f"/opt/python/bin/python{sys.version_info.major}.{sys.version_info.minor}"
PACKAGES = next(path for path in sys.path if path.endswith("site-packages"))
NOTHING_MORE = ("--clear-groups", "--no-new-privs", "--bounding-set=-all", "--inh-caps=-all")  # as compose.yaml has it


def _mounts(product: Path) -> str:
    """The shell's words for it. What is mounted from elsewhere comes before what would cover it."""
    part = SERVICES["web"]
    writable = [entry.partition(":") for entry in part["tmpfs"]]
    # A volume begins as a copy of the folder in the image, which is the user's.
    writable += [(entry.split(":")[1], ":", f"uid={USER},mode=0755") for entry in part["volumes"]]
    writable += [("/dev/shm", "", "")]  # an engine gives one to each container
    return "\n".join(
        [
            "set -eu",
            "mount --make-rprivate /",
            f"mount --bind {product} /srv",
            "mount -o remount,bind,ro /srv",
            "mount -t tmpfs -o mode=0755 tmpfs /opt",
            "mkdir /opt/python /opt/packages",
            f"mount --bind {sys.base_prefix} /opt/python",
            f"mount --bind {PACKAGES} /opt/packages",
            *(f"mount -o remount,bind,ro {path}" for path in ("/opt/python", "/opt/packages", "/opt", "/")),
            *(f"mount -t tmpfs -o {options or 'mode=1777'} tmpfs {path}" for path, _, options in writable),
            "echo made",
            "exec sleep infinity",
        ]
    )


class Container:
    """A place to run commands of the image in."""

    def __init__(self, holder: int, environment: dict[str, str]) -> None:
        self.environment = environment
        self._inside = (
            *("nsenter", f"--mount=/proc/{holder}/ns/mnt", "setpriv", "--reuid", USER, "--regid", USER, *NOTHING_MORE),
            *("env", "--chdir=/srv"),
        )

    def run(self, *command: str) -> subprocess.CompletedProcess[str]:
        whole = self._whole(command)
        return subprocess.run(whole, env=self.environment, capture_output=True, text=True, timeout=120, check=False)

    @contextmanager
    def running(self, command: Sequence[str], log: Path) -> Iterator[subprocess.Popen[bytes]]:
        with log.open("wb") as file:
            process = subprocess.Popen(self._whole(command), env=self.environment, stdout=file, stderr=file)
        try:
            yield process
        finally:
            process.terminate()
            try:
                process.wait(timeout=45)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def _whole(self, command: Sequence[str]) -> list[str]:
        """Scripts of the environment name the Python that they were installed for: its modules are run instead."""
        program, *rest = command
        return [*self._inside, PYTHON, *([] if program == "python" else ["-m", program]), *rest]


def _demand_tools() -> None:
    if os.geteuid() != 0:
        pytest.skip("only root may make a file system to confine processes to")
    if missing := [name for name in ("unshare", "nsenter", "setpriv", "mount") if shutil.which(name) is None]:
        pytest.skip(f"no {', '.join(missing)} on this machine")
    if subprocess.run(["unshare", "--mount", "true"], capture_output=True, check=False).returncode:
        pytest.skip("this machine lets nobody unshare its mounts")


@pytest.fixture(scope="module")
def container(tmp_path_factory) -> Iterator[Container]:
    _demand_tools()
    product = copy_tree(tmp_path_factory.mktemp("image"))
    product.chmod(0o755)
    for folder in ("staticfiles", "var", "mail", "metrics"):
        (product / folder).mkdir()
    port = ports.any_free()
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": "/srv",
        "LD_LIBRARY_PATH": "/opt/python/lib",
        "PYTHONPATH": "/opt/packages",
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONUNBUFFERED": "1",
        "SECRET_KEY": "0123456789" * 5,
        "CREDENTIALS_KEYS": Fernet.generate_key().decode(),
        "CELERY_BROKER_URL": f"redis://127.0.0.1:{port}/0",
        **{
            name: SERVICES["web"]["environment"][name]
            for name in ("TRACKING_CATCHER_FOLDER", "TRACKING_METRICS_FOLDER")
        },
    }
    holder = subprocess.Popen(["unshare", "--mount", "sh", "-c", _mounts(product)], stdout=subprocess.PIPE)
    server = subprocess.Popen(
        [broker.program(), "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", str(product.parent)],
        stdout=subprocess.DEVNULL,
    )
    try:
        assert holder.stdout.readline() == b"made\n"
        until(lambda: ports.answers(port))
        made = Container(holder.pid, environment)
        migrated = made.run(*SERVICES["migrate"]["command"])
        assert migrated.returncode == 0, migrated.stderr
        yield made
    finally:
        for process in (holder, server):
            process.terminate()
            process.wait(timeout=30)
        holder.stdout.close()


def _answer(port: int, path: str) -> int:
    connection = HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        connection.request("GET", path)
        return connection.getresponse().status
    except OSError:
        return 0
    finally:
        connection.close()


def test_the_web_serves_pages_and_is_ready(container, tmp_path):
    port, log = ports.any_free(), tmp_path / "log"
    command = [f"127.0.0.1:{port}" if word == "0.0.0.0:8000" else word for word in WEB]

    with container.running(command, log) as process:
        until(lambda: process.poll() is not None or _answer(port, "/healthz") == 200)

        found = {path: _answer(port, path) for path in ("/healthz", "/readyz", "/metrics", "/admin/login/")}

    assert set(found.values()) == {200}, (found, log.read_text())


def test_a_worker_of_mail_is_ready(container, tmp_path):
    log = tmp_path / "log"

    # The line that says so is one of INFO, which Celery leaves out otherwise.
    with container.running([*SERVICES["worker"]["command"], "--loglevel", "INFO"], log) as process:
        until(lambda: process.poll() is not None or " ready." in log.read_text())

        assert process.poll() is None, log.read_text()


def test_beat_keeps_its_clock(container, tmp_path):
    log = tmp_path / "log"
    check = SERVICES["beat"]["healthcheck"]["test"][1]

    with container.running(SERVICES["beat"]["command"], log) as process:
        ask = f"import subprocess, sys; sys.exit(subprocess.call(['sh', '-c', {check!r}]))"
        until(lambda: process.poll() is not None or container.run("python", "-c", ask).returncode == 0)

        assert process.poll() is None, log.read_text()


def _written(container: Container, *folders: str) -> dict[str, str]:
    """What came of a file in each folder: "ok", or the name of what stood in the way."""
    code = """
import errno, json, sys
found = {}
for folder in sys.argv[1:]:
    try:
        open(folder + "/written", "w").close()
        found[folder] = "ok"
    except OSError as error:
        found[folder] = errno.errorcode[error.errno]
print(json.dumps(found))
"""
    return json.loads(container.run("python", "-c", code, *folders).stdout)


def test_nothing_can_be_written_but_in_the_places_that_the_dockerfile_names(container):
    open_ = _written(container, "/srv/var", "/srv/mail", "/srv/metrics", "/tmp")
    shut = _written(container, "/srv", "/srv/tracking", "/srv/staticfiles", "/opt/packages", "/var/tmp", "/")

    assert set(open_.values()) == {"ok"}, open_
    assert set(shut.values()) == {"EROFS"}, shut


def test_the_user_has_no_rights(container):
    state = container.run("python", "-c", "print(open('/proc/self/status').read())").stdout

    assert re.search(rf"^Uid:\s+{USER}\s+{USER}\s+{USER}\s+{USER}$", state, re.MULTILINE)
    assert re.findall(r"^Cap(?:Inh|Prm|Eff|Bnd|Amb):\s+(\w+)$", state, re.MULTILINE) == ["0" * 16] * 5
    assert re.search(r"^NoNewPrivs:\s+1$", state, re.MULTILINE)
