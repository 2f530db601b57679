"""The environment of `make run`: a `.env` with secrets of its own, and `var/run.env` with what it has chosen.

Run as a program, before there are settings to read, it writes the `.env` when there is none. This module therefore
knows neither Django nor settings.
"""

from __future__ import annotations

import base64
import os
import secrets
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
ENV_FILE = ROOT / ".env"
VAR = ROOT / "var"
RUN_FILE = VAR / "run.env"

CHOSEN = "TRACKING_CHOSEN_BY_RUN"  # names that stand in RUN_FILE, and so are nobody's wish

_NEW = """\
# Written by `make run`: secrets of this tree alone. `.env.example` has every name that may stand here.
SECRET_KEY={secret_key}
CREDENTIALS_KEYS={credentials_key}
DEBUG=false
"""


def ensure_env_file(path: Path) -> bool:
    """Write a `.env` with random secrets, readable by its owner only. False when there is one already."""
    try:
        file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return False
    with os.fdopen(file, "w") as env:
        env.write(_NEW.format(secret_key=secrets.token_urlsafe(48), credentials_key=_fernet_key()))
    return True


def _fernet_key() -> str:
    return base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()


def wish(name: str, environment: Mapping[str, str] | None = None) -> str:
    """What the user has set, in the environment or in `.env`; "" for what an earlier run has left behind."""
    environment = os.environ if environment is None else environment
    return "" if name in environment.get(CHOSEN, "").split() else environment.get(name, "")


def choices(*, web_port: int, mail_port: int, broker_url: str) -> dict[str, str]:
    """What the parts need beside the user's own settings, which go first."""
    wanted = {
        "CELERY_BROKER_URL": broker_url,
        "EMAIL_URL": f"smtp://127.0.0.1:{mail_port}",
        "TRACKING_BASE_URL": f"http://127.0.0.1:{web_port}",
        "TRACKING_CATCHER_FOLDER": str(VAR / "mail"),
    }
    return {name: value for name, value in wanted.items() if not wish(name)} | _way_to_the_catcher(mail_port)


def _way_to_the_catcher(mail_port: int) -> dict[str, str]:
    """Connections may lead to loopback and the catcher's port, beside where the user lets them."""
    networks = ["127.0.0.0/8", *_listed("TRACKING_SMTP_ALLOWED_NETWORKS", "")]
    ports = [str(mail_port), *_listed("TRACKING_SMTP_ALLOWED_PORTS", "25,465,587,2525")]
    return {
        "TRACKING_SMTP_ALLOWED_NETWORKS": ",".join(dict.fromkeys(networks)),
        "TRACKING_SMTP_ALLOWED_PORTS": ",".join(dict.fromkeys(ports)),
    }


def _listed(name: str, default: str) -> list[str]:
    return [part.strip() for part in (wish(name) or default).split(",") if part.strip()]


def write_run_file(path: Path, chosen: Mapping[str, str]) -> None:
    """So that `manage.py` in another terminal finds the same broker and catcher; settings read it after `.env`."""
    lines = [f"{name}={value}" for name, value in {**chosen, CHOSEN: " ".join(chosen)}.items()]
    path.write_text("# What the running `make run` has chosen; it goes when that ends.\n" + "\n".join(lines) + "\n")


if __name__ == "__main__":
    if ensure_env_file(ENV_FILE):
        print("Wrote .env with new secrets.")  # noqa: T201 - a program's own word
