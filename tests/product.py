"""The product as a newcomer starts it: `manage.py run` in a copy of the tree, and a browser's eye on its pages."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import contextmanager
from http.cookiejar import CookieJar
from pathlib import Path
from urllib.parse import urlencode
from urllib.request import HTTPCookieProcessor, OpenerDirector, build_opener

from tests.environment import ROOT
from tracking.embedded import ports

_NEEDED = ("tracking", "config", "templates", "manage.py", ".env.example")


def copy_tree(folder: Path) -> Path:
    """What runs, without its caches, data and secrets."""
    for name in _NEEDED:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(ROOT / name, folder / name)
    return folder


class Product:
    """A running product. `said` is what it has printed until its pages answered."""

    def __init__(self, folder: Path, **environment: str) -> None:
        self.folder = folder
        self.port, self.mail_port = ports.any_free(), ports.any_free()
        clean = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
        self.environment = {**clean, "PORT": str(self.port), "MAIL_PORT": str(self.mail_port), **environment}
        self.command("-m", "tracking.embedded.environment")
        self.process = subprocess.Popen(
            [sys.executable, "manage.py", "run"],
            cwd=folder,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        self.said = "".join(iter(self._line, ""))

    def _line(self) -> str:
        """The next line; "" when it has ended, or has told all."""
        line = self.process.stdout.readline()
        return "" if "Ctrl-C ends all" in line else line

    def command(self, *arguments: str) -> str:
        """What a program of the product says, in the environment that another terminal has."""
        done = subprocess.run(
            [sys.executable, *arguments],
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=120,
            check=True,
        )
        return done.stdout

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def login(self) -> dict[str, str]:
        return json.loads((self.folder / "var" / "demo-login.json").read_text())

    def children(self) -> list[int]:
        """Process ids of its parts."""
        found = subprocess.check_output(["ps", "-o", "pid=", "--ppid", str(self.process.pid)], text=True)
        return [int(pid) for pid in found.split()]

    def browser(self) -> OpenerDirector:
        """Logged in as the demo's administrator."""
        opener = build_opener(HTTPCookieProcessor(CookieJar()))
        page = opener.open(f"{self.url}/admin/login/", timeout=30).read().decode()
        token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page).group(1)
        form = {"username": self.login["username"], "password": self.login["password"], "csrfmiddlewaretoken": token}
        opener.open(f"{self.url}/admin/login/?next=/mail/", urlencode(form).encode(), timeout=30).close()
        return opener

    def end(self, number: signal.Signals = signal.SIGINT) -> int:
        """Ask it to end; its exit status."""
        self.process.send_signal(number)
        self.process.stdout.read()
        return self.process.wait(timeout=60)


@contextmanager
def running(folder: Path, **environment: str):
    product = Product(folder, **environment)
    try:
        yield product
    finally:
        product.process.kill()
        product.process.wait()
        product.process.stdout.close()


def until(found: Callable[[], object], *, seconds: float = 60) -> object:
    """The first answer that is true, asked five times a second."""
    deadline = time.monotonic() + seconds
    while not (answer := found()):
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.2)
    return answer
