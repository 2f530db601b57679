"""RFC 7396: a JSON value after a merge patch."""

from __future__ import annotations

from typing import Any


def merged(value: Any, patch: Any) -> Any:
    """What the patch names is replaced, null removes, the rest stays."""
    if not isinstance(patch, dict):
        return patch
    found = dict(value) if isinstance(value, dict) else {}
    for name, part in patch.items():
        if part is None:
            found.pop(name, None)
        else:
            found[name] = merged(found.get(name), part)
    return found
