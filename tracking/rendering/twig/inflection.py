"""Singular and plural of nouns: English, French and Spanish, as Twig's string extra has them.

Rules are tried in order, the first that fits decides; "/v" after an ending wants a vowel before it, "/c" a consonant,
"/0" nothing at all. Several forms are separated by commas, "-" is the empty one.
Source: Symfony's String component, whose inflectors Twig calls.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

_ENGLISH_SINGULARS = """
    bacteria>bacterium corpora>corpus criteria>criterion curricula>curriculum genera>genus media>medium
    memoranda>memorandum phenomena>phenomenon strata>stratum ae>a services>service ice/c>ouse eese/c>oose i>us
    men>man children>child oxen/0>ox ices/c>ex,ix,ice codes/c>code selfies>selfie zombies>zombie movies>movie
    names/v>name pectuses>pectus feet>foot geese>goose teeth>tooth news>news series>series ies/c>y sses/v>ss
    statuses>status les>le ses>s,se,sis tives>tive drives/c>drive ives/c>ife moves>move ves>f,ve,ff
    axes/0>ax,axe,axis xes/v>x zzes/v>z eaus/c>eau ees>ee dges>dge es>-,e status>status s>- eaux/c>eau people>person
"""

_ENGLISH_PLURALS = """
    axis/0>axes criteria/0>criterion nebula/0>nebulae child>children ice/c>ices service>services ife/c>ives
    selfie>selfies movie>movies louse/c>lice mouse/c>mice oose/c>eese se>ses goose>geese ve>ves drive/c>drives
    tive>tives move>moves staff>staves ff>ffs f>fs,ves ch>ches sh>shes tooth>teeth album>albums um>a man>men
    person>persons,people criterion>criteria phenomenon>phenomena echo>echoes hero>heroes atlas>atlases
    alias>aliases iris>irises sis>ses ss/v>sses syllabus>syllabi bus>buses cus>cuses hippocampus/0>hippocampi
    pus>puses status>status,statuses pectus>pectuses us>i news>news foot>feet eau/c>eaus,eaux ox/0>oxen
    hoax/v>hoaxes index/c>indicies,indexes fax>faxes,faxxes ox/c>oxes x/v>ces,xes y/c>ies quiz/v>quizzes z>zes
"""

_ENGLISH_ALIKE = """
    data deer equipment feedback fish health history info information money moose series sheep species traffic aircraft
    hardware
"""

_FRENCH_ALIKE = """
    abcès accès abus albatros anchois anglais autobus bois brebis carquois cas chas colis concours corps cours cyprès
    décès devis discours dos embarras engrais entrelacs excès fils fois gâchis gars glas héros intrus jars jus kermès
    lacis legs lilas marais mars matelas mépris mets mois mors obus os palais paradis parcours pardessus pays plusieurs
    poids pois pouls printemps processus progrès puits pus rabais radis recors recours refus relais remords remous
    rictus rhinocéros repas rubis sans sas secours sens souris succès talus tapis tas taudis temps tiers univers
    velours verglas vernis virus
"""

# (pattern, replacement); case is ignored, but for the titles
_FRENCH_PLURALS = (
    (r"([sxz])$", r"\1"), (r"(eau)$", r"\1x"), (r"^(landau)$", r"\1s"), (r"(au)$", r"\1x"),
    (r"^(pneu|bleu|émeu)$", r"\1s"), (r"(eu)$", r"\1x"),
    (r"^(bal|carnaval|caracal|chacal|choral|corral|étal|festival|récital|val)$", r"\1s"), (r"al$", "aux"),
    (r"^(aspir|b|cor|ém|ferm|soupir|trav|vant|vitr)ail$", r"\1aux"),
    (r"^(bij|caill|ch|gen|hib|jouj|p)ou$", r"\1oux"), (r"^(cinquante|soixante|mille)$", r"\1"),
    (r"(?-i:^(?:mon|ma)(sieur|dame|demoiselle|seigneur)$)", r"mes\1s"),
    (r"(?-i:^(?:Mon|Ma)(sieur|dame|demoiselle|seigneur)$)", r"Mes\1s"),
    (r"$", "s"),
)  # fmt: skip

_FRENCH_SINGULARS = (
    (r"(aspir|b|cor|ém|ferm|soupir|trav|vant|vitr)aux$", r"\1ail"), (r"(eau)x$", r"\1"),
    (r"(amir|anim|arsen|boc|can|capit|capor|chev|crist|génér|h[oô]pit|idé|journ|littor|loc|m|mét|minér|princip|radic"
     r"|termin)aux$", r"\1al"),
    (r"(au)x$", r"\1"), (r"(eu)x$", r"\1"), (r"(bij|caill|ch|gen|hib|jouj|p)oux$", r"\1ou"),
    (r"(?-i:^mes(dame|demoiselle)s$)", r"ma\1"), (r"(?-i:^Mes(dame|demoiselle)s$)", r"Ma\1"),
    (r"(?-i:^mes(sieur|seigneur)s$)", r"mon\1"), (r"(?-i:^Mes(sieur|seigneur)s$)", r"Mon\1"), (r"s$", ""),
)  # fmt: skip

_SPANISH_ALIKE = "lunes martes miércoles jueves viernes análisis torax yo pies"

_SPANISH_PLURALS = (
    (r"(sí|no)$", r"\1es"), (r"([aeiouáéíóú])$", r"\1s"), (r"ás$", "ases"), (r"és$", "eses"), (r"ís$", "ises"),
    (r"ós$", "oses"), (r"ús$", "uses"), (r"ión$", "iones"), (r"(l|r|n|d|j|s|x|ch|y)$", r"\1es"), (r"z$", "ces"),
    (r"$", "s"),
)  # fmt: skip

_SPANISH_SINGULARS = (
    (r"(sí|no)es$", r"\1"), (r"iones$", "ión"), (r"ces$", "z"), (r"(\w)ases$", r"\1ás"), (r"eses$", "és"),
    (r"ises$", "ís"), (r"(\w{2})oses$", r"\1ós"), (r"(\w)uses$", r"\1ús"), (r"(l|r|n|d|j|s|x|ch|y)e?s$", r"\1"),
    (r"([aeiouáéóíú])s$", r"\1"),
)  # fmt: skip

MAX_WORD: Final = 1_000  # characters: it is a noun


@dataclass(frozen=True, slots=True)
class Ending:
    """An English ending, what stands for it, and which letters may come before."""

    text: str
    forms: tuple[str, ...]
    after_vowel: bool
    after_consonant: bool

    def fits(self, word: str) -> bool:
        """Does a lower-case word have this ending?"""
        if not word.endswith(self.text):
            return False
        before = word[: -len(self.text)][-1:]
        return not before or (self.after_vowel if before in "aeiou" else self.after_consonant)

    def apply(self, word: str) -> list[str]:
        """The forms, capitalised where the ending was."""
        base, ending = word[: -len(self.text)], word[-len(self.text) :]
        upper = ending[:1].isascii() and ending[:1].isupper()
        return [base + (form[:1].upper() + form[1:] if upper else form) for form in self.forms]


def _endings(table: str) -> tuple[Ending, ...]:
    found = []
    for entry in table.split():
        ending, _, forms = entry.partition(">")
        text, _, after = ending.partition("/")
        shown = tuple("" if form == "-" else form for form in forms.split(","))
        found.append(Ending(text, shown, after in {"", "v"}, after in {"", "c"}))
    return tuple(found)


def _english(table: str, *, otherwise: str) -> Callable[[str], list[str]]:
    """`otherwise` is what a word gets that no ending fits."""
    endings, alike = _endings(table), frozenset(_ENGLISH_ALIKE.split())

    def inflect(word: str) -> list[str]:
        lower = word.lower()
        if not word or lower in alike:
            return [word]
        fitting = next((ending for ending in endings if ending.fits(lower)), None)
        return [word + otherwise] if fitting is None else fitting.apply(word)

    return inflect


def _by_patterns(alike: str, rules: tuple[tuple[str, str], ...]) -> Callable[[str], list[str]]:
    same = frozenset(alike.split())
    compiled = tuple((re.compile(pattern, re.IGNORECASE), replacement) for pattern, replacement in rules)

    def inflect(word: str) -> list[str]:
        if word.lower() in same:
            return [word]
        for pattern, replacement in compiled:
            if pattern.search(word):
                return [pattern.sub(replacement, word, count=1)]
        return [word]

    return inflect


_SINGULAR: Final[dict[str, Callable[[str], list[str]]]] = {
    "en": _english(_ENGLISH_SINGULARS, otherwise=""),
    "fr": _by_patterns(_FRENCH_ALIKE, _FRENCH_SINGULARS),
    "es": _by_patterns(_SPANISH_ALIKE, _SPANISH_SINGULARS),
}
_PLURAL: Final[dict[str, Callable[[str], list[str]]]] = {
    "en": _english(_ENGLISH_PLURALS, otherwise="s"),
    "fr": _by_patterns(_FRENCH_ALIKE, _FRENCH_PLURALS),
    "es": _by_patterns(_SPANISH_ALIKE, _SPANISH_PLURALS),
}


def singulars(word: str, locale: str) -> list[str]:
    """Every singular a plural may have, the likeliest first.

    Raises ValueError with Twig's message for a language that has no rules, and beyond MAX_WORD characters.
    """
    return _inflect(_SINGULAR, word, locale)


def plurals(word: str, locale: str) -> list[str]:
    """Every plural a singular may have; see `singulars`."""
    return _inflect(_PLURAL, word, locale)


def _inflect(table: dict[str, Callable[[str], list[str]]], word: str, locale: str) -> list[str]:
    if locale not in table:
        raise ValueError(f'Locale "{locale}" is not supported.')
    if len(word) > MAX_WORD:
        raise ValueError(f"A word has at most {MAX_WORD} characters")
    return table[locale](word)
