"""Names of the product's environment, as `.env.example` lists them."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
EXAMPLE = ROOT / ".env.example"

_NAME = re.compile(r"^#?([A-Z][A-Z0-9_]+)=", re.MULTILINE)


def names() -> list[str]:
    """In the order of the file; a name that stands behind a `#` has a default."""
    return _NAME.findall(EXAMPLE.read_text())
