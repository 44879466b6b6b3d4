"""Check digits and number plans of cards, accounts and taxpayers.
Floor 0: each function takes the bare signs, without spaces or dashes, and says whether they can be such a number."""

from __future__ import annotations

from functools import cache

from fin_infra.pii.tables import CARD_RANGES, IBAN_LENGTHS, ITIN_GROUPS, MAJOR

_DOUBLED = "0246813579"
"""Twice each digit, with the digits of the product added up."""


def luhn(digits: str) -> bool:
    """Say whether the last digit is the check digit of ISO/IEC 7812-1, annex B."""
    plain = sum(map(int, digits[-1::-2]))
    doubled = sum(int(_DOUBLED[int(digit)]) for digit in digits[-2::-2])
    return (plain + doubled) % 10 == 0


def card_network(digits: str) -> str | None:
    """Return the network whose range and length a card number fits and whose check digit it has; None for no card."""
    if (len(digits), digits[:2]) not in _starts() or not luhn(digits):
        return None
    for network, length, first, last in CARD_RANGES:
        if len(digits) in length and first <= digits[: len(first)] <= last:
            return network
    return None


@cache
def _starts() -> frozenset[tuple[int, str]]:
    """Return all lengths with the first two digits that go with them."""
    return frozenset(
        (length, f"{start:02}")
        for _, lengths, first, last in CARD_RANGES
        for length in lengths
        for start in range(int(first.ljust(2, "0")[:2]), int(last.ljust(2, "9")[:2]) + 1)
    )


def is_major(network: str, length: int) -> bool:
    """Say whether most cards of the network have this length: numbers of other kinds seldom look like one by chance."""
    return MAJOR.get(network) == length


def iban(text: str) -> int | None:
    """Return how many of the first letters and digits are an IBAN (ISO 13616), or None."""
    length = IBAN_LENGTHS.get(text[:2].upper())
    if length is None or len(text) < length or not text.isascii():
        return None
    moved = text[4:length] + text[:4]
    return length if int("".join(str(int(sign, 36)) for sign in moved)) % 97 == 1 else None


def ssn(digits: str) -> bool:
    """Say whether nine digits can be a Social Security number.

    No area 000, 666 or 900 to 999, no group 00, no serial 0000 (https://www.ssa.gov/employer/randomization.html).
    """
    area, group, serial = digits[:3], digits[3:5], digits[5:]
    return area not in ("000", "666") and area < "900" and group != "00" and serial != "0000"


def itin(digits: str) -> bool:
    """Say whether nine digits can be an ITIN or an ATIN: 9, and a group that the IRS gives out."""
    return digits[0] == "9" and any(first <= digits[3:5] <= last for first, last in ITIN_GROUPS)
