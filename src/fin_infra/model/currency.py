"""Currencies: ISO 4217 codes, past and present, and how many decimals each has.
Floor 0: gold, drawing rights and the oldest withdrawn codes have no minor unit; asking for one is an error."""

from __future__ import annotations

from fin_infra.arguments import shown
from fin_infra.errors import InvalidInput, UnknownCurrency
from fin_infra.model._iso4217 import FUNDS, MINOR_UNITS, NAMES, WITHDRAWN

CURRENCIES: dict[str, int | None] = MINOR_UNITS
"""Every code, in use and withdrawn, with its minor units; None where ISO 4217 gives none."""


def minor_units(code: str) -> int:
    """Return how many decimals amounts of this currency have.

    Raises:
        UnknownCurrency: the code is not in ISO 4217.
        InvalidInput: the code has no minor unit (XAU, XDR, XXX), or was withdrawn before the list gave one.
    """
    digits = MINOR_UNITS.get(_known(code))
    if digits is not None:
        return digits
    why = f"was withdrawn ({WITHDRAWN[code]}) and ISO 4217 gives no" if code in WITHDRAWN else "has no"
    raise InvalidInput(f"{code} ({NAMES[code]}) {why} minor unit; keep the exact amount or round it yourself.")


def is_active(code: str) -> bool:
    """Say whether the code is in use; False for withdrawn ones; raise UnknownCurrency for the rest."""
    return _known(code) not in WITHDRAWN


def is_fund(code: str) -> bool:
    """Say whether the code is a fund or indexed unit (CLF, USN), which nobody pays with."""
    return _known(code) in FUNDS


def currency_name(code: str) -> str:
    """Return the English name ISO 4217 gives the code, or gave it last."""
    return NAMES[_known(code)]


def _known(code: str) -> str:
    if code not in MINOR_UNITS:
        raise unknown(code)
    return code


def unknown(code: object) -> UnknownCurrency:
    """Return the error for what is not a code, with the one that is probably meant."""
    meant = code.strip().upper() if isinstance(code, str) else ""
    advice = f"write {meant}" if meant in MINOR_UNITS else "write three capitals such as USD"
    given = repr(code) if isinstance(code, str) else shown(code)
    return UnknownCurrency(f"{given} is not an ISO 4217 currency code; {advice}.")
