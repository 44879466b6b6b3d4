"""Numbers that are recognized anywhere: cards and IBANs by their check digits, others by the way they are written.
Floor 0: patterns for candidates, and the verdict about each; they begin with a digit, where few signs are digits."""

from __future__ import annotations

import re

from fin_infra.pii import digits
from fin_infra.pii.draft import MASK, Part, Shown, ending, whole

_SEP = r"\0*[ .\-_+\u00a0]"
CARD = (
    r"\d(?<![\d.]\d)(?:"
    rf"\d{{11,18}}|\d{{3}}(?P<c>{_SEP})\d{{4}}(?P=c)\d{{4}}(?:(?P=c)\d{{1,4}}){{0,2}}"
    rf"|\d{{3}}(?P<a>{_SEP})\d{{6}}(?P=a)\d{{4,5}})(?!\d|\.\d)"
)
_COUNTRY = r"(?<=[a-z][a-z]\d\d)(?<![a-z0-9][a-z][a-z]\d\d)"
IBAN = rf"\d\d{_COUNTRY}(?:[a-z0-9]{{11,30}}|(?P<i>\0*[ +\-\u00a0])[a-z0-9]{{4}}(?:(?P=i)[a-z0-9]{{1,4}}){{2,7}})"
"""From the third sign on; the first two are letters, and no word goes before them."""
TAXPAYER = r"\d(?<![\w-]\d)\d{2}-\d{2}-\d{4}(?![\w-])"
_E164 = r"\+[1-9](?:\0*[ ().\-\u00a0]?\0*[ ().\-\u00a0]?\d){9,14}(?![\d.,]*\d)"
_PARENS = r"\([2-9]\d{2}\)\0* ?[2-9]\d{2}\0*[ -]\d{4}(?!\d)"
_DASHED = r"[2-9](?<![\w.-][2-9])\d{2}-[2-9]\d{2}-\d{4}(?![\w-])"
PHONE = rf"{_E164}|{_PARENS}|{_DASHED}"
"""E.164 with its plus sign, and numbers as they are written in North America."""
CANDIDATE = (
    # at the start of a run of digits: what any of the patterns above has there, looked at and not consumed
    r"\d(?<!\d\d)(?=(?P<as_iban>\d(?<=[a-z][a-z]\d\d)(?<![a-z0-9][a-z][a-z]\d\d)(?:\0*[ +\-\u00a0])?[a-z0-9]{4})"
    r"|(?P<as_card>\d{11}|\d{3}\0*[ .\-_+\u00a0]\d{4})|(?P<as_dashed>\d\d-\d\d\d?-\d{4}))"
    r"|\+(?=(?P<as_plus>\d\W{0,4}\d))|\((?=(?P<as_parens>\d{3}\)))"
)
_NAMED_OTHERWISE = re.compile(
    # whole words, or the end of one such as `clientorderid`: `said` and `paid` end like a label and are none
    r"(?:(?<![a-z])(?:order|trade|fill|time(?:stamp)?|ts|epoch|amount|quantity|volume|seq(?:uence)?|offset|trace|span"
    r"|ref(?:erence)?|nonce|request|event|id)|(?:order|trade|fill|trace|span|request|event)id|timestamp)"
    r"(?:[_ ]?(?:ids?|no|number|key|[mun]?s|millis|micros|nanos|at))?"
    r"[\\\0]{0,4}[\"']?[\s\0]{0,4}[=:#]?[\s\0]{0,4}\\?[\"']?$"
)
_BEFORE = 40
"""Characters before a number in which a label can say that it is something else."""
_HEX = frozenset("0123456789abcdef-")
_HEX_LENGTH = 24
"""A run of hex digits as long as this is a hash or an id, whatever digits stand in it."""


def iban(match: re.Match[str], found: str) -> Part | None:
    """Hide an IBAN with the right check digits and length; words that follow its groups stay.

    The match begins after the country's letters, which stay, too.
    """
    gap = match["i"]
    country = match.string[match.start() - 2 : match.start()]
    length = digits.iban(country + (found.replace(gap, "") if gap else found))
    if length is None:
        return None
    end = length - 2 + ((length - 1) // 4 * len(gap) if gap else 0)
    following = found[end : end + 1] or match.string[match.end() : match.end() + 1]
    return None if following.isalnum() else Part(ending(match, found[:end]), end)


def card(match: re.Match[str], found: str) -> str | None:
    """Hide a card number: one of a large network always, others unless they are named as something else."""
    number = "".join(sign for sign in found if sign.isdigit())
    network = digits.card_network(number)
    if network is None or _in_hex(match):
        return None
    if not digits.is_major(network, len(number)) and _named_otherwise(match):
        return None
    return ending(match, number)


def taxpayer(match: re.Match[str], found: str) -> str | None:
    number = found.replace("-", "")
    return MASK if digits.ssn(number) or digits.itin(number) else None


def _in_hex(match: re.Match[str]) -> bool:
    """Say whether the digits are a part of a longer run of hex digits, or of an id with dashes."""
    text, start, end = match.string, match.start(), match.end()
    while start > 0 and text[start - 1] in _HEX:
        start -= 1
    while end < len(text) and text[end] in _HEX:
        end += 1
    return end - start > len(match[0]) and sum(sign != "-" for sign in text[start:end]) >= _HEX_LENGTH


def _named_otherwise(match: re.Match[str]) -> bool:
    return _NAMED_OTHERWISE.search(match.string[max(0, match.start() - _BEFORE) : match.start()]) is not None


RULES: tuple[tuple[tuple[str, ...], str, Shown], ...] = (
    (("as_iban",), IBAN, iban),
    (("as_card", "as_iban"), CARD, card),
    (("as_dashed",), TAXPAYER, taxpayer),
    (("as_plus", "as_parens", "as_dashed"), PHONE, whole),
)
"""The groups of `CANDIDATE` that call for a pattern, the pattern, and the verdict about its matches."""
