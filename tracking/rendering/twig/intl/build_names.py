"""Write `cldr48.jsonl` and its licence, by hand: `python -m tracking.rendering.twig.intl.build_names FOLDER`.

FOLDER holds the unpacked JSON packages of CLDR: cldr-core, cldr-bcp47, cldr-localenames-full, cldr-numbers-full and
cldr-dates-full. `node` on the path tells which of CLDR's locales its ICU has. What names are made of follows the
rules by which Symfony's Intl component takes them from ICU. A new Babel needs a new run.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from itertools import product
from pathlib import Path
from typing import Any, Final

from babel import Locale
from babel.localedata import locale_identifiers

from tracking.rendering.twig.intl import known, names
from tracking.rendering.twig.intl.conventions import parent

HERE: Final = Path(__file__).parent
NUMBERED: Final = re.compile(r"Etc/(Unknown|GMT[-+]\d+)")

# The other names of locales that ICU takes (its aliases): a language's script left out, a withdrawn code, Norwegian.
ALIASES: Final = [
    "ars", "az_AZ", "bs_BA", "ff_CM", "ff_GN", "ff_MR", "ff_SN", "ks_IN", "ku_SY", "kxv_IN", "mni_IN", "nb_NO",
    "nb_SJ", "no_NO", "pa_IN", "pa_PK", "sat_IN", "sd_IN", "sd_PK", "sh", "sh_BA", "shi_MA", "sr_BA", "sr_ME", "sr_RS",
    "su_ID", "tl", "tl_PH", "uz_AF", "uz_UZ", "vai_LR", "yue_CN", "yue_HK", "zh_CN", "zh_HK", "zh_MO", "zh_SG", "zh_TW",
]  # fmt: skip

PRINT_KNOWN: Final = """
const known = name => new Intl.DateTimeFormat(name).resolvedOptions().locale === name;
console.log(JSON.stringify(JSON.parse(require("fs").readFileSync(0)).filter(known)));
"""


class Cldr:
    """The packages in a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.aliases: dict[str, str] = {}  # any name of a zone to CLDR's
        self.present: dict[str, str] = {}  # CLDR's name to the present one
        self._read_zones()
        self.english = self.time_zones("en")
        self.metazones = dict(self._metazones())
        self.countries = dict(self._countries())

    def read(self, path: str) -> dict[str, Any]:
        found = self.folder / path
        return dict(json.loads(found.read_text("utf-8"))) if found.exists() else {}

    def of(self, locale: str, path: str, *keys: str) -> dict[str, Any]:
        """A part of one locale's file; nothing where there is none."""
        tag = locale.replace("_", "-")
        package, file = path.split("/")
        found = self.read(f"{package}/main/{tag}/{file}.json").get("main", {}).get(tag, {})
        for key in keys:
            found = found.get(key, {})
        return dict(found)

    def displayed(self, locale: str, kind: str) -> dict[str, str]:
        """Languages, scripts or territories, without their alternatives."""
        found = self.of(locale, f"cldr-localenames-full/{kind}", "localeDisplayNames", kind)
        plain = {code: name for code, name in found.items() if "-alt-" not in code and "-menu-" not in code}
        return {code.replace("-", "_"): name for code, name in plain.items()}

    def money(self, locale: str, key: str) -> dict[str, str]:
        found = self.of(locale, "cldr-numbers-full/currencies", "numbers", "currencies")
        return {code: names[key] for code, names in found.items() if names.get(key, code) != code}

    def time_zones(self, locale: str) -> dict[str, dict[str, Any]]:
        """Names by zone and by metazone, in one mapping: no zone has the name of a metazone."""
        found = self.of(locale, "cldr-dates-full/timeZoneNames", "dates", "timeZoneNames")
        own = {self.aliases.get(zone, zone): named for zone, named in _leaves(found.get("zone", {}))}
        return own | dict(found.get("metazone", {}))

    def _read_zones(self) -> None:
        listed = self.read("cldr-bcp47/bcp47/timezone.json")["keyword"]["u"]["tz"]
        for zone in (zone for zone in listed.values() if isinstance(zone, dict) and "_deprecated" not in zone):
            first, *others = zone.get("_alias", "").split() or [""]
            if first:
                self.aliases |= dict.fromkeys([first, *others], first)
                self.present[first] = zone.get("_iana", first)

    def _metazones(self) -> Iterator[tuple[str, str]]:
        told = self.read("cldr-core/supplemental/metaZones.json")["supplemental"]["metaZones"]
        for zone, uses in _leaves(told["metazoneInfo"]["timezone"]):
            yield self.aliases.get(zone, zone), uses[-1]["usesMetazone"]["_mzone"]

    def _countries(self) -> Iterator[tuple[str, str]]:
        told = self.read("cldr-core/supplemental/windowsZones.json")["supplemental"]["windowsZones"]["mapTimezones"]
        for zones in (entry["mapZone"] for entry in reversed(told)):  # the first word on a zone is the last one here
            if zones["_territory"].isalpha() and zones["_territory"] not in names.NO_COUNTRIES:
                yield from ((zone, zones["_territory"]) for zone in zones["_type"].split())

    def zones(self) -> dict[str, tuple[str, str]]:
        """Every zone under CLDR's name and, where that is an old one, under its present name too."""
        return {
            zone: (self.countries.get(zone, "001"), self.metazones.get(first, ""))
            for zone, first in sorted(self.aliases.items())
            if zone in {first, self.present.get(first)} and not NUMBERED.fullmatch(zone)
        }

    def locales(self) -> list[str]:
        """Those of CLDR that ICU has, without variants, and ICU's aliases."""
        tags = self.read("cldr-core/availableLocales.json")["availableLocales"]["full"]
        tags += self.read("cldr-core/defaultContent.json")["defaultContent"]
        plain = sorted(tag for tag in set(tags) if re.fullmatch(r"[a-z]{2,3}(-[A-Z][a-z]{3})?(-[A-Z]{2}|-\d{3})?", tag))
        asked = [shutil.which("node") or "node", "-e", PRINT_KNOWN]
        given = subprocess.run(asked, input=json.dumps(plain), capture_output=True, text=True, check=True)  # noqa: S603
        return sorted({*ALIASES, *(tag.replace("-", "_") for tag in json.loads(given.stdout))})


def _leaves(tree: Mapping[str, Any], path: str = "") -> Iterator[tuple[str, Any]]:
    """Zone to what is told of it, in a tree by the parts of its name."""
    for part, branch in tree.items():
        name = f"{path}/{part}" if path else part
        if _is_leaf(branch):
            yield name, branch
        else:
            yield from _leaves(branch, name)


def _is_leaf(branch: Any) -> bool:
    return not isinstance(branch, dict) or "_type" in branch or not branch


def zone_names(cldr: Cldr, locale: str) -> tuple[dict[str, str], dict[str, str]]:
    """Cities and long names of the zones, without those that the locale leaves to English."""
    own, zones = cldr.time_zones(locale), cldr.zones()
    firsts = {zone: cldr.aliases[zone] for zone in zones}
    cities = {
        zone: own[first]["exemplarCity"] for zone, first in firsts.items() if "exemplarCity" in own.get(first, {})
    }
    long = {zone: _long_name(firsts[zone], metazone, own, cldr.english) for zone, (_, metazone) in zones.items()}
    return cities, {zone: name for zone, name in long.items() if name}


def _long_name(zone: str, metazone: str, own: Mapping[str, Any], english: Mapping[str, Any]) -> str | None:
    """The generic name, be it English, comes before the standard one, the zone's own before the metazone's."""
    for key, kind in product((zone, metazone), ("generic", "standard")):
        for source in (own, english):
            name = source.get(key, {}).get("long", {}).get(kind)
            if name:
                return str(name) if source is own else None
    return None


def wanted(cldr: Cldr, locale: str) -> dict[str, dict[str, str]]:
    """What CLDR says, by kind; a kind it says nothing of in this locale is left to Babel."""
    found = {kind: cldr.displayed(locale, kind) for kind in ("languages", "scripts", "territories")}
    found |= {"currencies": cldr.money(locale, "displayName"), "symbols": cldr.money(locale, "symbol")}
    path = ("localeDisplayNames", "localeDisplayPattern")
    shapes = cldr.of(locale, "cldr-localenames-full/localeDisplayNames", *path)
    found["patterns"] = {key: shapes[key] for key in ("localePattern", "localeSeparator") if key in shapes}
    found["cities"], found["zones"] = zone_names(cldr, locale)
    return {kind: told for kind, told in found.items() if told}


def corrections(cldr: Cldr, locale: str, inherited: Mapping[str, Any]) -> dict[str, dict[str, str | None]]:
    """What to lay over Babel's names and the corrections of the parent, to get what CLDR says."""
    found, result = Locale.parse(locale), {}
    for kind, right in wanted(cldr, locale).items():
        if kind in known.OF_BABEL:
            given: dict[str, str | None] = dict(known.OF_BABEL[kind](found))
        else:
            given = {zone: names.OF_BABEL[kind](zone, found) for zone in cldr.zones()}
        given |= inherited.get(kind, {})
        codes = sorted({*right, *given})
        result[kind] = {code: right.get(code) for code in codes if right.get(code) != given.get(code)}
    return {kind: changed for kind, changed in result.items() if changed}


def build(folder: Path) -> Iterator[str]:
    """The lines of the file."""
    cldr = Cldr(folder)
    merged: dict[str, dict[str, dict[str, str | None]]] = {}
    yield json.dumps(["root", {"locales": cldr.locales(), "zones": cldr.zones()}])
    for locale in sorted(locale_identifiers(), key=lambda name: (name.count("_"), name)):
        if not (folder / "cldr-localenames-full" / "main" / locale.replace("_", "-")).exists():
            continue
        inherited = merged.get(parent(locale), {})
        own = corrections(cldr, locale, inherited)
        merged[locale] = {kind: {**inherited.get(kind, {}), **own.get(kind, {})} for kind in {*inherited, *own}}
        if own:
            yield json.dumps([locale, own], ensure_ascii=False, separators=(",", ":"))


def main(folder: Path) -> None:
    (HERE / "cldr48.jsonl").write_text("".join(f"{line}\n" for line in build(folder)), "utf-8")
    shutil.copyfile(folder / "cldr-core" / "LICENSE", HERE / "cldr48.LICENSE")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
