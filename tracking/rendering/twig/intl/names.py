"""Names of countries, currencies, languages, scripts, locales and time zones in a language.

Which codes exist follows Symfony's lists, as Twig does: a code outside them has no name (None).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from babel import Locale
from babel.core import get_global

from tracking.rendering.twig.intl import known
from tracking.rendering.twig.intl.conventions import DEFAULT, find_locale
from tracking.rendering.twig.intl.zones import spellings

_SCRIPT: Final = 4  # letters in the code of a script

# Codes that are no countries of their own, no language, or no money of anyone.
NO_COUNTRIES: Final = frozenset(
    ["AC", "CP", "CQ", "DG", "EA", "EU", "EZ", "IC", "QO", "TA", "UN", "XA", "XB", "XK", "ZZ"]
)
_NO_LANGUAGES: Final = frozenset({"mul", "und", "zxx"})
_NO_CURRENCIES: Final = frozenset(
    ["XBA", "XBB", "XBC", "XBD", "XUA", "XAU", "XAG", "XPT", "XPD", "XSU", "XDR", "XTS", "XXX"]
)


def country(code: str, locale: str) -> str | None:
    return countries(locale).get(code)


def currency(code: str, locale: str) -> str | None:
    return currencies(locale).get(code)


def currency_sign(code: str, locale: str) -> str | None:
    """The symbol of a currency, its code where it has none."""
    found = find_locale(locale)
    if found is None or code not in currencies(locale):
        return None
    return known.names("symbols", found).get(code, code)


def language(code: str, locale: str) -> str | None:
    """The name of "pt_BR"; of its language alone where the pair has no name of its own."""
    names = _translations(locale, "languages")
    while code:
        if code in names:
            return names[code]
        code = code.rpartition("_")[0]
    return None


def locale_name(code: str, locale: str) -> str | None:
    """ "French (France)": the language, and script and region in brackets; None for a locale that ICU has not."""
    if find_locale(locale) is None or code not in known.locale_codes():
        return None
    return _Vocabulary(locale).locale_name(code)


class _Vocabulary:
    """The words that names of locales are made of, in one language."""

    def __init__(self, locale: str) -> None:
        self.languages = _translations(locale, "languages")
        self.scripts = _translations(locale, "scripts")
        self.territories = _translations(locale, "territories")
        self.patterns = _translations(locale, "patterns")

    def locale_name(self, code: str) -> str | None:
        main, *others = code.split("_")
        if NO_COUNTRIES.intersection(others):
            return None
        named = [self.languages.get(main), *map(self._part, others)]
        words = [_square(word) for word in named if word is not None]
        if len(words) < len(named):
            return None
        return self._joined("localePattern", [words[0], self._joined("localeSeparator", words[1:])])

    def _part(self, code: str) -> str | None:
        return (self.scripts if len(code) == _SCRIPT else self.territories).get(code)

    def _joined(self, pattern: str, words: list[str]) -> str:
        *first, last = [word for word in words if word] or [""]
        return self.patterns[pattern].replace("{0}", first[0]).replace("{1}", last) if first else last


def _square(name: str) -> str:
    return name.replace("(", "[").replace(")", "]")


def timezone(zone: str, locale: str) -> str | None:
    """ "Central European Time (Paris)"; None for links such as "US/Pacific" and unknown zones."""
    found = find_locale(locale)
    if found is None or zone not in known.zones():
        return None
    city = _told("cities", zone, found) or _city(zone)
    name = _told("zones", zone, found)
    if name is None:
        return _region_name(zone, city, locale, found)
    if city is None or city.replace("-", " ").casefold() in name.replace("-", " ").casefold():
        return name
    return str(found.zone_formats["fallback"] % {"0": city, "1": name})


def _told(kind: str, zone: str, found: Locale) -> str | None:
    """Babel's word on a zone, put right; English where the locale has none."""
    for source in (found, Locale.parse(DEFAULT)):
        corrected = known.corrections(str(source)).get(kind, {})
        told = corrected[zone] if zone in corrected else OF_BABEL[kind](zone, source)
        if told:
            return told
    return None


def _city(zone: str) -> str | None:
    """The city that a zone's identifier names."""
    return None if zone.startswith("Etc/") or "/" not in zone else zone.rpartition("/")[2].replace("_", " ")


def _generic_name(zone: str, found: Locale) -> str | None:
    for width_names in (_names(zone, found, own=True), _names(zone, found, own=False)):
        for kind in ("generic", "standard"):
            if kind in width_names:
                return width_names[kind]
    return None


def _names(zone: str, found: Locale, *, own: bool) -> Mapping[str, str]:
    """The long names of a zone, its own or those of the zones that keep time with it."""
    metazones: Mapping[str, str] = get_global("meta_zones")
    for name in spellings(zone):
        names = found.time_zones.get(name) if own else found.meta_zones.get(metazones.get(name, ""))
        if names is not None and "long" in names:
            return {kind: str(text) for kind, text in names["long"].items()}
    return {}


def _exemplar_city(zone: str, found: Locale) -> str | None:
    cities = (found.time_zones.get(name, {}).get("city") for name in spellings(zone))
    return next((str(city) for city in cities if city), None)


OF_BABEL: Final[Mapping[str, Callable[[str, Locale], str | None]]] = {"cities": _exemplar_city, "zones": _generic_name}


def _region_name(zone: str, city: str | None, locale: str, found: Locale) -> str | None:
    """ "Samoa Time": the country where it has one zone alone, else with the city."""
    place = known.zones()[zone][0]
    country = countries(locale).get(place)
    shown = country or city
    if shown is None:
        return None
    name = str(found.zone_formats["region"] % shown)
    return name if country is None or city is None else str(found.zone_formats["fallback"] % {"0": city, "1": name})


def country_zones(code: str) -> list[str]:
    """The zones of a country, in order of their names; none for an unknown code."""
    return sorted(zone for zone, (country, _) in known.zones().items() if country == code)


def countries(locale: str) -> Mapping[str, str]:
    """Code to name of every country; nothing for an unknown locale."""
    names = _translations(locale, "territories")
    return {code: names[code] for code in names if code.isalpha() and code not in NO_COUNTRIES}


def currencies(locale: str) -> Mapping[str, str]:
    names = _translations(locale, "currencies")
    return {code: name for code, name in names.items() if code not in _NO_CURRENCIES}


def languages(locale: str) -> Mapping[str, str]:
    names = _translations(locale, "languages")
    return {code: name for code, name in names.items() if "_" not in code and code not in _NO_LANGUAGES}


def scripts(locale: str) -> Mapping[str, str]:
    names = _translations(locale, "scripts")
    return {code: name for code, name in names.items() if code != "Zzzz"}


def locales(locale: str) -> Mapping[str, str]:
    """Every locale by its name in a language; nothing for an unknown one."""
    if find_locale(locale) is None:
        return {}
    words = _Vocabulary(locale)
    named = ((code, words.locale_name(code)) for code in known.locale_codes())
    return {code: name for code, name in named if name is not None}


def timezones(locale: str) -> Mapping[str, str]:
    named = ((zone, timezone(zone, locale)) for zone in known.zones())
    return {zone: name for zone, name in named if name is not None}


def _translations(locale: str, kind: str) -> dict[str, str]:
    """Names in a locale, and in English where the locale lacks one."""
    found = find_locale(locale)
    if found is None:
        return {}
    return {**known.names(kind, Locale.parse(DEFAULT)), **known.names(kind, found)}
