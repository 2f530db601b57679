"""Others that send mail, installed beside the project for the run: a virtual environment and a node folder in var/."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from itertools import count
from pathlib import Path

from benchmarks import mail, services
from benchmarks.results import VAR
from benchmarks.services import ROOT, Missing

FOLDER = VAR / "bench-peers"
PYTHON = FOLDER / "venv" / "bin" / "python"
PACKAGES = ("django~=5.2", "django-celery-email", "django-post-office", "psycopg2-binary", "celery[redis]", "packaging")
_SCRIPTS = Path(__file__).parent / "rivals"
_numbers = count(1)  # a database for each


class Peer:
    """A process that is told a number of mails and answers with mails a second."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        self._said()

    def rate(self, mails: int) -> float:
        """Raises Missing when it gives up."""
        assert self._process.stdin is not None
        self._process.stdin.write(f"{mails}\n")
        self._process.stdin.flush()
        return float(self._said())

    def _said(self) -> str:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise Missing("it ended: " + (FOLDER / "errors.log").read_text()[-300:].replace("\n", " "))
        return line.strip()


@contextmanager
def python(script: str, **environment: str) -> Iterator[Peer]:
    """Raises Missing."""
    _install_python()
    with ExitStack() as stack:
        url = stack.enter_context(services.database(f"peer_{Path(script).stem}_{next(_numbers)}"))
        values = {"DATABASE_URL": url, "DJANGO_SETTINGS_MODULE": "settings", **environment}
        yield stack.enter_context(_peer([str(PYTHON), script], values))


@contextmanager
def node(script: str) -> Iterator[Peer]:
    """Raises Missing."""
    _install_node()
    with _peer([services.program("node"), script], {"NODE_FOLDER": str(FOLDER)}) as peer:
        yield peer


@contextmanager
def _peer(command: list[str], environment: dict[str, str]) -> Iterator[Peer]:
    values = {**os.environ, "MAIL_FILE": str(_mail_file()), "PYTHONPATH": "", **environment}
    with (FOLDER / "errors.log").open("w") as errors:
        process = subprocess.Popen(
            command,
            cwd=_SCRIPTS,
            env=values,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
        )
    try:
        yield Peer(process)
    finally:
        assert process.stdin is not None
        process.stdin.close()  # the end of its work
        try:
            process.wait(timeout=40)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _mail_file() -> Path:
    file = FOLDER / "mail.json"
    html = mail.filled(mail.BODY, html=True)
    said = {
        "from": mail.SENDER,
        "to": mail.LEAD["email"],
        "subject": mail.filled(mail.SUBJECT, html=False),
        "text": mail.plain(html),
        "html": html,
    }
    file.write_text(json.dumps(said))
    return file


def _install_python() -> None:
    """Once; later runs find it. Raises Missing."""
    if PYTHON.exists():
        return
    uv = ROOT / ".tools" / "bin" / "uv"
    tool = str(uv) if uv.exists() else services.program("uv")
    FOLDER.mkdir(parents=True, exist_ok=True)
    _install(tool, "venv", "--quiet", "--python", sys.executable, str(PYTHON.parent.parent))
    try:
        _install(tool, "pip", "install", "--quiet", "--python", str(PYTHON), *PACKAGES)
    except Missing:
        shutil.rmtree(PYTHON.parent.parent)
        raise


def _install_node() -> None:
    """Raises Missing."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    if not (FOLDER / "node_modules" / "nodemailer").exists():
        npm = services.program("npm")
        _install(npm, "install", "--prefix", str(FOLDER), "--silent", "--no-audit", "--no-fund", "nodemailer")


def _install(*command: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, timeout=180, check=False)
    if done.returncode:
        raise Missing(f"{Path(command[0]).name} says: {(done.stderr or done.stdout).strip()[-200:]}")
