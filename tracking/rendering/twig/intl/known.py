"""What CLDR 48 calls things where Babel's CLDR calls them otherwise, or has only an unconfirmed draft.

`cldr48.jsonl` has a line per locale: its name, then code to name by kind, null for a name that is none. A locale
inherits its parent's corrections. The line "root" has what no language changes: which locales ICU has, and for
every zone its country and the metazone it is in now. `build_names.py` writes the file.
Source: Unicode CLDR 48.2, under the Unicode licence (cldr48.LICENSE).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from functools import lru_cache
from importlib import resources
from typing import Any, Final

from babel import Locale

from tracking.rendering.twig.intl.conventions import KEPT, parent

Names = Mapping[str, str]
Corrections = Mapping[str, Mapping[str, str | None]]

OF_BABEL: Final[Mapping[str, Callable[[Locale], Names]]] = {
    "languages": lambda found: found.languages,
    "scripts": lambda found: found.scripts,
    "territories": lambda found: found.territories,
    "currencies": lambda found: found.currencies,
    "symbols": lambda found: found.currency_symbols,
    "patterns": lambda _: {"localePattern": "{0} ({1})", "localeSeparator": "{0}, {1}"},  # those of the root
}


def names(kind: str, found: Locale) -> dict[str, str]:
    """Code to name in a locale, of a kind that OF_BABEL lists."""
    corrected = {**OF_BABEL[kind](found), **corrections(str(found)).get(kind, {})}
    return {code: str(name) for code, name in corrected.items() if name is not None}


@lru_cache(maxsize=KEPT)
def corrections(name: str) -> Corrections:
    """By kind, of a locale and the ones it inherits from."""
    if name == "root":
        return {}
    own, inherited = _line(name), corrections(parent(name))
    return {kind: {**inherited.get(kind, {}), **own.get(kind, {})} for kind in {*own, *inherited}}


@lru_cache(maxsize=1)
def locale_codes() -> tuple[str, ...]:
    """The locales that ICU has, its former names of locales included."""
    return tuple(_line("root")["locales"])


@lru_cache(maxsize=1)
def zones() -> Mapping[str, tuple[str, str]]:
    """Zone to country ("001" for none) and metazone ("" for none)."""
    return {zone: (country, metazone) for zone, (country, metazone) in _line("root")["zones"].items()}


def _line(name: str) -> dict[str, Any]:
    start = f'["{name}",'
    with resources.files(__package__ or __name__).joinpath("cldr48.jsonl").open(encoding="utf-8") as lines:
        line = next((line for line in lines if line.startswith(start)), None)
    return {} if line is None else dict(json.loads(line)[1])
