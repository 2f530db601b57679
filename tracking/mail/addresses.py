"""Mailboxes: one strict grammar for what people write, what rules hold, and what goes on the wire.

    mailbox = address / name "<" address ">"      (RFC 5322, 3.4, without comments, groups, routes and folding)

A *template* of a mailbox may hold `{{ … }}` in both parts. Its structure is taken apart before a value is put in, so no
value of an event can add a recipient.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from email_validator import SPECIAL_USE_DOMAIN_NAMES, EmailNotValidError, validate_email

from tracking.errors import AddressError

NAME_LIMIT = 255
SUBJECT_LIMIT = 998
TEXT_LIMIT = 4_000  # characters of all that people write in one field of addresses
ADDRESS_LIMIT = 320  # far above what is valid; keeps slow checks away from long rubbish
LOCAL_LIMIT = 64  # octets; RFC 5321, 4.5.3.1.1
RIGHT = "Write a@b.com or Name <a@b.com>."

# Servers disagree on where such an address ends, and whose it is ("a@b.com"@c.com).
_QUOTED = "{}: an address in quotes before the @-sign is not taken, as mail servers read it in different ways."

# Local relays and catchers use these; the library documents this list as the place to say so.
SPECIAL_USE_DOMAIN_NAMES[:] = [name for name in SPECIAL_USE_DOMAIN_NAMES if name not in {"test", "local", "invalid"}]

# C0, DEL, C1, the two Unicode line ends, every Bidi_Control, halves of surrogate pairs.
_UNSAFE = re.compile(r"[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]+")

# What nearly every address looks like, and what the library gives back unchanged; about forty times faster.
_PLAIN_ADDRESS = re.compile(
    r"(?=[^@]{1,64}@[^@]{1,63}\Z)[a-z0-9_+-]+(?:\.[a-z0-9_+-]+)*@"
    r"(?:[a-z0-9]+(?:-[a-z0-9]+)*\.)+(?!arpa\Z|onion\Z|localhost\Z)[a-z]{2,}\Z"
)

# At most 500 characters each: an open one costs little wherever it stands.
_TAG = r"\{\{(?:[^}]|\}(?!\})){0,500}+\}\}|\{%(?:[^%]|%(?!\})){0,500}+%\}|\{\#(?:[^\#]|\#(?!\})){0,500}+\#\}"
_TAGS = re.compile(_TAG)
_ESCAPED = re.compile(rf"({_TAG})|\\(.)")
_TOKENS = r"""
    (?P<quoted>"(?:{tag}[^"\\]|\\.)*+")
  | (?P<angle><(?:{tag}[^<>])*+>)
  | (?P<word>=\?[^?\s<>"]++\?[bBqQ]\?[^?\s<>"]*+\?=)
  | (?P<space>[ ]++)
  | (?P<special>[][()<>@,:;"\\])
  | (?P<atom>[^][()<>@,:;"\\ ={{]++|.)
"""
_VALUE = re.compile(_TOKENS.format(tag=""), re.VERBOSE)
_TEMPLATE = re.compile(rf"(?P<tag>{_TAG}) | (?P<open>\{{[{{%\#]) | " + _TOKENS.format(tag=f"{_TAG}|"), re.VERBOSE)
_ADDRESS_SPECIAL = re.compile(r'[][()<>,:;"\\\s]')


@dataclass(frozen=True, slots=True)
class Mailbox:
    """One mailbox, fit for a header: the address normalised, the name without control characters and bounded.

    Raises AddressError when the address is none.
    """

    address: str
    name: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "address", check_address(self.address))
        if self.name:
            object.__setattr__(self, "name", clean_phrase(self.name, limit=NAME_LIMIT)[0])


def parse_mailbox(text: str) -> Mailbox:
    """The mailbox that `text` is: `a@b.com`, `Name <a@b.com>` or `"Name, Quoted" <a@b.com>`. Raises AddressError."""
    name, address = _take_apart(text, _VALUE)
    if len(name) > NAME_LIMIT:
        raise AddressError(f"{_shown(text)}: a name has at most {NAME_LIMIT} characters.")
    return Mailbox(address, name)


def split_mailbox(text: str) -> tuple[str, str]:
    """The name part (empty if none) and the address part of one mailbox *template*.

    Both may hold `{{ … }}`. What is fixed is checked now: an address without placeholders must be one.
    Raises AddressError.
    """
    name, address = _take_apart(text, _TEMPLATE)
    _check_address_template(address)
    return name, address


def split_mailboxes(text: str) -> list[str]:
    """The parts of a list of mailbox templates, cut at the commas outside quotes, angle brackets and placeholders.

    Raises AddressError for an empty part, an open quote, bracket or placeholder, and for semicolons.
    """
    _refuse_unsafe(text)
    parts = [""]
    for kind, token in _tokens(text, _TEMPLATE):
        if kind == "special" and token == ",":
            parts.append("")
        elif kind == "special" and token == ";":
            raise AddressError("Separate the addresses by commas, not by semicolons.")
        else:
            parts[-1] += token
    parts = [part.strip(" ") for part in parts]
    if "" in parts:
        raise AddressError(f"An address is missing before or after a comma. {RIGHT}")
    return parts


def check_address(text: str) -> str:
    """The address in the form that goes on the wire: domain in lower case and A-labels, local part in NFC.

    Spaces around it are dropped. Refused with AddressError: domains without a dot, IP addresses, quoted local parts.
    A local part outside ASCII is taken; see `needs_smtputf8`.
    """
    if _PLAIN_ADDRESS.match(text):
        return text
    return _check_unusual_address(text)


@lru_cache(maxsize=8192)
def _check_unusual_address(text: str) -> str:
    _refuse_unsafe(text)
    if len(text) > ADDRESS_LIMIT:
        raise AddressError(f"{_shown(text)} is too long for an address.")
    if text.lstrip(" ").startswith('"'):
        raise AddressError(_QUOTED.format(_shown(text)))
    try:
        found = validate_email(text.strip(" "), check_deliverability=False, strict=True, allow_quoted_local=False)
    except (EmailNotValidError, UnicodeError) as error:
        raise AddressError(f"{_shown(text)} is not an address: {error} {RIGHT}") from error
    local, domain = found.local_part, found.ascii_domain
    if len(local.encode()) > LOCAL_LIMIT:
        raise AddressError(f"{_shown(text)} is not an address: too long before the @-sign.")
    return f"{local}@{domain}"


def needs_smtputf8(address: str) -> bool:
    """Whether only a server with SMTPUTF8 (RFC 6531) can take this checked address."""
    return not address.isascii()


def is_clean(text: str, limit: int = SUBJECT_LIMIT) -> bool:
    """Whether `clean_phrase` will surely remove nothing; of several phrases, it may be asked for all together."""
    return text.isascii() and text.isprintable() and len(text) <= limit


def clean_phrase(text: str, limit: int = SUBJECT_LIMIT) -> tuple[str, bool]:
    """A rendered subject or display name made fit for a header, and whether something had to be removed.

    Each run of control characters, line ends of any kind, bidi controls and halves of surrogate pairs becomes one
    space; ends are trimmed; at most `limit` characters stay. Trimming alone does not count as removal.
    """
    if is_clean(text, limit):  # nearly all, and it takes no search to know
        return text.strip(" "), False
    cleaned, runs = _UNSAFE.subn(" ", text)
    cleaned = cleaned.strip(" ")
    return cleaned[:limit].rstrip(" "), runs > 0 or len(cleaned) > limit


def _take_apart(text: str, grammar: re.Pattern[str]) -> tuple[str, str]:
    _refuse_unsafe(text)
    found = list(_tokens(text.strip(" "), grammar))
    if not found:
        raise AddressError(f"An address is missing. {RIGHT}")
    if found[-1][0] != "angle":
        return "", _lone_address(text, found)
    angle = found.pop()[1]
    # Pasted from a mail's source: an encoded word, and whatever stands with it, is taken by its letters.
    pasted = any(kind == "word" for kind, _ in found)
    for kind, token in found:
        if kind in {"special", "angle"} and not (pasted and token in {":", "@"}):
            raise AddressError(f'{_shown(text)}: put a name that holds {token[0]} in quotes, as in "Name" <a@b.com>.')
    return _name(found), angle[1:-1].strip(" ")


def _lone_address(text: str, found: list[tuple[str, str]]) -> str:
    """The whole text as an address. What is wrong with it is said here only where a hint helps."""
    kinds = {kind for kind, _ in found}
    if "angle" in kinds:
        raise AddressError(f"{_shown(text)}: nothing may follow the > of an address. {RIGHT}")
    if found[0][0] == "quoted" and len(found) > 1 and found[1][1] == "@":
        raise AddressError(_QUOTED.format(_shown(text)))
    if kinds & {"quoted", "space"}:
        raise AddressError(f"{_shown(text)} is not an address. {RIGHT}")
    return text.strip(" ")


def _name(found: list[tuple[str, str]]) -> str:
    words = (_unquote(token) if kind == "quoted" else " " if kind == "space" else token for kind, token in found)
    return "".join(words).strip(" ")


def _unquote(token: str) -> str:
    return _ESCAPED.sub(lambda match: match[1] or match[2], token[1:-1])


def _tokens(text: str, grammar: re.Pattern[str]) -> Iterator[tuple[str, str]]:
    for match in grammar.finditer(text):
        kind = str(match.lastgroup)
        if kind == "open":
            raise AddressError(f"{_shown(text)}: a placeholder is opened by {match[0]} and not closed.")
        if match[0] == '"':
            raise AddressError(f"{_shown(text)}: a quote is opened and not closed.")
        if match[0] == "<":
            raise AddressError(f"{_shown(text)}: a < needs one > behind it. {RIGHT}")
        yield kind, match[0]


def _check_address_template(address: str) -> None:
    """Refuse what no value can turn into one address."""
    if "{%" not in address and "@" in (probe := _TAGS.sub("x.co", address)):
        check_address(probe)
    elif not _TAGS.search(address):
        check_address(address)
    elif special := _ADDRESS_SPECIAL.search(_TAGS.sub("", address)):
        raise AddressError(f"{_shown(address)}: an address cannot hold {special[0]!r}. {RIGHT}")


def _refuse_unsafe(text: str) -> None:
    if len(text) > TEXT_LIMIT:
        raise AddressError(f"{_shown(text)} is too long: at most {TEXT_LIMIT:,} characters.")
    if _UNSAFE.search(text):
        raise AddressError(f"{_shown(text)} holds line breaks or invisible control characters: remove them.")


def _shown(text: str) -> str:
    """The text for a message: bounded, with whatever cannot be seen escaped."""
    return repr(text if len(text) <= 80 else f"{text[:79]}…")
