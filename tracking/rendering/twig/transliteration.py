"""Unicode to ASCII, for slugs: Latin, Cyrillic and Greek letters and common signs.

Other scripts need ICU's data: with PyICU they are written in Latin letters, without it each letter becomes "?".
"""

from __future__ import annotations

import unicodedata
from functools import lru_cache
from importlib import import_module
from typing import Any, Final

# Letters that Unicode does not take apart, as "letters=ASCII".
_PAIRS = """
    Æ=AE Ð=D Ø=O Þ=TH ß=ss æ=ae ð=d ø=o þ=th Đ=D đ=d Ħ=H ħ=h ı=i ĸ=q Ŀ=L ŀ=l Ł=L ł=l ŉ='n Ŋ=N ŋ=n Œ=OE œ=oe Ŧ=T ŧ=t
    ƀ=b Ɓ=B Ƃ=B ƃ=b Ƈ=C ƈ=c Ɖ=D Ɗ=D Ƌ=D ƌ=d Ɛ=E Ƒ=F ƒ=f Ɠ=G ƕ=hv Ɩ=I Ɨ=I Ƙ=K ƙ=k ƚ=l Ɲ=N ƞ=n Ƣ=OI ƣ=oi Ƥ=P ƥ=p
    ƫ=t Ƭ=T ƭ=t Ʈ=T Ʋ=V Ƴ=Y ƴ=y Ƶ=Z ƶ=z Ǥ=G ǥ=g Ȥ=Z ȥ=z ȷ=j Ⱥ=A Ȼ=C ȼ=c Ƚ=L Ⱦ=T Ƀ=B Ʉ=U Ɇ=E ɇ=e Ɉ=J ɉ=j Ɍ=R ɍ=r Ɏ=Y
    ɏ=y ẞ=SS ©=(C) ®=(R) €=EUR £=GBP ¥=JPY ₤=L. ₣=Fr. ₹=Rs ₺=TL ×=* ÷=/ «=<< »=>> ‘=' ’=' ‚=, ‛=' “=" ”=" „=,, ‟="
    ′=' ″=" ‹=< ›=> ‐=- ‑=- ‒=- –=- —=- ―=- −=- ‖=|| ⁄=/ 、=, 。=. ¡=! ¿=? ·=.
"""

_CYRILLIC = """
    А=A Б=B В=V Г=G Д=D Е=E Ж=Z З=Z И=I Й=J К=K Л=L М=M Н=N О=O П=P Р=R С=S Т=T У=U Ф=F Х=H Ц=C Ч=C Ш=S Щ=S Ы=Y Э=E
    Ю=U Я=A І=I Ї=I Є=E Ґ=G Ў=U Ђ=D Ѓ=G Ѕ=Z Ј=J Љ=L Њ=N Ћ=C Ќ=K Џ=D
"""

_GREEK = """
    Α=A Β=B Γ=G Δ=D Ε=E Ζ=Z Η=E Θ=TH Ι=I Κ=K Λ=L Μ=M Ν=N Ξ=X Ο=O Π=P Ρ=R Σ=S Τ=T Υ=Y Φ=PH Χ=CH Ψ=PS Ω=O ς=s
"""


def _load() -> Any:
    """PyICU's module, None where it is not installed."""
    try:
        found = import_module("icu")
    except ImportError:
        return None
    return found if hasattr(found, "ICU_VERSION") else None


_ICU: Final = _load()


@lru_cache(maxsize=1)
def _table() -> dict[int, str]:
    pairs = dict(entry.split("=", 1) for entry in f"{_PAIRS} {_CYRILLIC} {_GREEK}".split())
    lower = {key.lower(): value.lower() for key, value in pairs.items() if key.isupper() and len(key.lower()) == 1}
    # A capital before a small letter is written "Th", not "TH"; slugs are read either way, so one form is kept.
    return {ord(key): value for key, value in {**lower, **pairs}.items()}


@lru_cache(maxsize=1)
def _any_latin() -> Any:
    """ICU's transliterator, which takes long to make."""
    return _ICU.Transliterator.createInstance("Any-Latin")


def to_ascii(text: str) -> str:
    """The text in ASCII; "?" for every letter that nothing is known for."""
    if text.isascii():
        return text
    taken_apart = unicodedata.normalize("NFD", text).translate(_table())
    if not _bare(taken_apart).isascii() and _ICU is not None:
        taken_apart = _any_latin().transliterate(taken_apart)
    plain = _bare(unicodedata.normalize("NFKD", taken_apart)).translate(_table())
    return "".join(character if character.isascii() else "?" for character in plain)


def _bare(text: str) -> str:
    """Without combining marks."""
    return "".join(character for character in text if unicodedata.category(character) != "Mn")


def german_to_ascii(text: str) -> str:
    """The same, umlauts as "ae", "oe", "ue"."""
    umlauts = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "Ä": "AE", "Ö": "OE", "Ü": "UE"})
    composed = unicodedata.normalize("NFC", text)
    mixed = [
        _umlaut(character, composed[place + 1 : place + 2]) for place, character in enumerate(composed)
    ]  # fmt: skip
    return to_ascii("".join(mixed).translate(umlauts))


def _umlaut(character: str, following: str) -> str:
    """A capital umlaut before a small letter: "Ae"."""
    return {"Ä": "Ae", "Ö": "Oe", "Ü": "Ue"}[character] if character in "ÄÖÜ" and following.islower() else character
