"""Names of countries, currencies, languages, scripts, locales and time zones in a language.

Which codes exist follows Symfony's lists, as Twig does: a code outside them has no name (None).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Final

from babel import Locale
from babel.core import get_global, parse_locale
from babel.localedata import locale_identifiers

from tracking.rendering.twig.intl.conventions import find_locale
from tracking.rendering.twig.intl.zones import spellings

# Codes that are no countries of their own, no language, or no money of anyone.
_NO_COUNTRIES: Final = frozenset(
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
    return str(found.currency_symbols.get(code, code))


def language(code: str, locale: str) -> str | None:
    """The name of "pt_BR"; of its language alone where the pair has no name of its own."""
    names = _translations(locale, _plain_languages)
    while code:
        if code in names:
            return names[code]
        code = code.rpartition("_")[0]
    return None


def _plain_languages(found: Locale) -> dict[str, str]:
    """Babel's names without its stand-ins: for a pair such as "en_GB" that has no name, it gives a menu's entry."""
    return {code: name for code, name in found.languages.items() if "_" not in code or _is_plain(code, name, found)}


def _is_plain(code: str, name: str, found: Locale) -> bool:
    main, _, place = code.partition("_")
    language = found.languages.get(main, main)
    if name.startswith(f"{language} ("):
        return not name.endswith((f"({place})", f"({place[:2]})")) and "," not in name
    return "(" not in name and name != f"{language} {found.territories.get(place)}"


def locale_name(code: str, locale: str) -> str | None:
    """ "French (France)": the language, and script and region in brackets."""
    named, found = _parts(code), find_locale(locale)
    if named is None or found is None:
        return None
    language_code, script, territory = named
    main = found.languages.get(language_code)
    extras = [found.scripts.get(script)] if script else []
    extras += [found.territories.get(territory)] if territory else []
    if main is None or None in extras:
        return None
    listed = ", ".join(_square(extra) for extra in extras if extra)
    return f"{_square(main)} ({listed})" if listed else _square(main)


def _square(name: str) -> str:
    return name.replace("(", "[").replace(")", "]")


def _parts(code: str) -> tuple[str, str | None, str | None] | None:
    """Language, script and territory of a locale that exists, under this name or a longer one ("zh_CN")."""
    found = find_locale(code)
    try:
        language_code, territory, script, variant = parse_locale(code)[:4]
    except ValueError:
        return None
    if found is None or variant or territory != found.territory or (script and script != found.script):
        return None
    return language_code, script, territory


def timezone(zone: str, locale: str) -> str | None:
    """ "Central European Time (Paris)"; None for links such as "US/Pacific" and unknown zones."""
    found = find_locale(locale)
    if found is None or zone not in _zones():
        return None
    city = _city(zone, found)
    name = _generic_name(zone, found)
    if name is None:
        return _region_name(zone, city, found)
    if city is None or city.replace("-", " ").casefold() in name.replace("-", " ").casefold():
        return name
    return str(found.zone_formats["fallback"] % {"0": city, "1": name})


@lru_cache(maxsize=1)
def _zones() -> Mapping[str, str]:
    """Zone to territory, for every zone that CLDR knows under its present or former name; "001" for the world's."""
    territories: Mapping[str, str] = get_global("zone_territories")
    metazones: Mapping[str, str] = get_global("meta_zones")
    known = {*metazones, *territories, "Etc/UTC", "Etc/GMT"} - {"Etc/Unknown"}
    return {zone: _territory(zone, territories) for zone in known if not zone.startswith(("Etc/GMT+", "Etc/GMT-"))}


def _territory(zone: str, territories: Mapping[str, str]) -> str:
    return next((territories[name] for name in spellings(zone) if name in territories), "001")


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


def _city(zone: str, found: Locale) -> str | None:
    cities = (found.time_zones.get(name, {}).get("city") for name in spellings(zone))
    city = next((city for city in cities if city), None)
    if city is not None or zone.startswith("Etc/") or "/" not in zone:
        return city and str(city)
    return zone.rpartition("/")[2].replace("_", " ")


def _region_name(zone: str, city: str | None, found: Locale) -> str | None:
    """ "Samoa Time": the country where it has one zone alone, else with the city."""
    place = _zones()[zone]
    country = found.territories.get(place) if place != "001" else None
    shown = country or city
    if shown is None:
        return None
    name = str(found.zone_formats["region"] % shown)
    return name if country is None or city is None else str(found.zone_formats["fallback"] % {"0": city, "1": name})


def country_zones(code: str) -> list[str]:
    """The zones of a country, in order of their names; none for an unknown code."""
    current: Mapping[str, str] = get_global("zone_aliases")
    return sorted(zone for zone, place in _zones().items() if place == code and zone not in current)


def countries(locale: str) -> Mapping[str, str]:
    """Code to name of every country; nothing for an unknown locale."""
    names = _translations(locale, lambda found: found.territories)
    return {code: names[code] for code in names if code.isalpha() and code not in _NO_COUNTRIES}


def currencies(locale: str) -> Mapping[str, str]:
    names = _translations(locale, lambda found: found.currencies)
    return {code: name for code, name in names.items() if code not in _NO_CURRENCIES}


def languages(locale: str) -> Mapping[str, str]:
    names = _translations(locale, lambda found: found.languages)
    return {code: name for code, name in names.items() if "_" not in code and code not in _NO_LANGUAGES}


def scripts(locale: str) -> Mapping[str, str]:
    names = _translations(locale, lambda found: found.scripts)
    return {code: name for code, name in names.items() if code != "Zzzz"}


def locales(locale: str) -> Mapping[str, str]:
    """Every locale by its name in a language; nothing for an unknown one."""
    if find_locale(locale) is None:
        return {}
    named = ((code, locale_name(code, locale)) for code in _locale_codes())
    return {code: name for code, name in named if name is not None}


@lru_cache(maxsize=1)
def _locale_codes() -> tuple[str, ...]:
    return tuple(sorted(code for code in locale_identifiers() if "POSIX" not in code and not code[-3:].isdigit()))


def timezones(locale: str) -> Mapping[str, str]:
    named = ((zone, timezone(zone, locale)) for zone in _zones())
    return {zone: name for zone, name in named if name is not None}


def _translations(locale: str, pick: Callable[[Locale], Mapping[str, str]]) -> dict[str, str]:
    """Names in a locale, and in English where the locale lacks one."""
    found = find_locale(locale)
    if found is None:
        return {}
    return {**pick(Locale.parse("en")), **pick(found)}
