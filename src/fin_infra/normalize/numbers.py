"""Numbers as they arrive on the wire, and units that are a hundredth of a currency.
Floor 1: text becomes Decimal exactly; a missing number is None, never 0."""

from __future__ import annotations

from collections.abc import Collection
from decimal import Decimal

from fin_infra.arguments import checked, shown
from fin_infra.errors import InvalidInput, UnknownCurrency
from fin_infra.model.currency import CURRENCIES
from fin_infra.model.money import decimal_from_text

__all__ = ["MINOR_CURRENCIES", "decimal_from_text", "minor_currency", "optional_decimal"]

_ONE = Decimal(1)
_HUNDREDTH = Decimal("0.01")

MINOR_CURRENCIES: dict[str, str] = {
    "GBX": "GBP",
    "GBp": "GBP",
    "ZAc": "ZAR",
    "ZAC": "ZAR",
    "ILA": "ILS",
}
"""Quote units that are not currencies, each a hundredth of one: London pence, Johannesburg cents, Tel Aviv agorot."""


def optional_decimal(
    text: str | None, missing: Collection[str] = frozenset({"", "-", "None", "null"})
) -> Decimal | None:
    """Read a number that may be missing; None for None and for the words in `missing`.

    Raises:
        InvalidInput: anything else that is not a plain number.
    """
    try:
        if text is None or text in missing:
            return None
    except TypeError:
        raise InvalidInput(f"`text` must be a str, and `missing` a set of them, not {shown(text)}.") from None
    return decimal_from_text(text)


@checked
def minor_currency(unit: str) -> tuple[str, Decimal]:
    """Return the currency of a quote unit and how much of it one unit is: `GBX` is 0.01 `GBP`, `USD` is 1 `USD`.

    Raises:
        UnknownCurrency: neither a known quote unit nor an ISO 4217 code. Case counts: `GBp` is pence, `GBP` pounds.
    """
    major = MINOR_CURRENCIES.get(unit)
    if major is not None:
        return major, _HUNDREDTH
    if unit in CURRENCIES:
        return unit, _ONE
    known = ", ".join(MINOR_CURRENCIES)
    raise UnknownCurrency(f"{unit!r} is neither an ISO 4217 code nor a quote unit that is known ({known}).")
