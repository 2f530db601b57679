"""The names of Twig's intl extra that Babel's data alone gives otherwise."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from babel import Locale

from tracking.rendering.twig import intl
from tracking.rendering.twig.intl import known, names

FILE = Path(known.__file__).with_name("cldr48.jsonl")


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        pytest.param(intl.script_names()["Berf"], "Beria Erfe", id="a script newer than Babel's data"),
        pytest.param(intl.script_names("fr")["Marc"], "Marchen", id="English instead of an unconfirmed draft"),
        pytest.param(intl.currency_name("ZWG", "de"), "Simbabwe-Gold", id="a currency newer than Babel's names"),
        pytest.param(intl.currency_name("ZWG", "de_AT"), "Simbabwe-Gold", id="a region inherits corrections"),
        pytest.param(intl.language_name("tkl"), "Tokelauan", id="a language that was renamed"),
        pytest.param(intl.language_name("en_GB", "de"), "British English", id="English for a pair without a name"),
        pytest.param(intl.locale_name("fr_CA", "ja"), "フランス語 (カナダ)", id="the brackets of the language"),
        pytest.param(intl.locale_name("zh_TW"), "Chinese (Taiwan)", id="a locale whose script is left out"),
        pytest.param(intl.locale_name("sr_Cyrl_BA"), "Serbian (Cyrillic, Bosnia & Herzegovina)", id="two in brackets"),
        pytest.param(intl.locale_name("en_Shaw_GB"), "en_Shaw_GB", id="a locale that CLDR has and ICU has not"),
        pytest.param(intl.locale_name("sq_XK"), "sq_XK", id="a region that is no country"),
        pytest.param(intl.timezone_name("America/Sao_Paulo"), "Brasilia Time (São Paulo)", id="a city's accents"),
        pytest.param(intl.timezone_name("Asia/Kolkata"), intl.timezone_name("Asia/Calcutta"), id="two names of a zone"),
        pytest.param(intl.timezone_name("Asia/Tomsk"), "Krasnoyarsk Time (Tomsk)", id="a zone that moved"),
        pytest.param(intl.timezone_name("Etc/GMT+5"), "Etc/GMT+5", id="an offset is no zone"),
    ],
)
def test_a_name_is_that_of_cldr(name: str, expected: str) -> None:
    assert name == expected


@pytest.mark.parametrize("locale", ["en", "fr", "pt_BR", "zh_Hant"])
def test_a_code_is_in_the_list_under_its_own_name(locale: str) -> None:
    for listed, named in (
        (intl.locale_names(locale), intl.locale_name),
        (intl.language_names(locale), intl.language_name),
        (intl.currency_names(locale), intl.currency_name),
    ):
        assert listed
        assert all(named(code, locale) == name for code, name in list(listed.items())[:40])


def test_names_sort_a_letter_apostrophe_behind_the_alphabet() -> None:
    languages = list(intl.language_names().values())

    assert languages.index("Kʼicheʼ") > languages.index("Kyrgyz")


def test_every_correction_is_of_a_kind_and_a_locale_that_babel_has() -> None:
    lines = [json.loads(line) for line in FILE.read_text("utf-8").splitlines()]

    for name, corrections in lines[1:]:
        assert Locale.parse(name)
        assert corrections.keys() <= {*known.OF_BABEL, *names.OF_BABEL}
    assert lines[0][0] == "root"


def test_a_locale_s_corrections_are_not_kept_for_ever() -> None:
    for line in FILE.read_text("utf-8").splitlines()[1:]:
        known.corrections(json.loads(line)[0])

    assert known.corrections.cache_info().currsize <= 48
