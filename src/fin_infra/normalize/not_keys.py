"""Refuse what people type that has no key: indices, futures, a currency alone and the offshore yuan.
Floor 1: no adapter serves them, so each gets a sentence that says what it is and what to ask for instead."""

from __future__ import annotations

import re

from fin_infra.errors import InvalidInstrument
from fin_infra.model.instrument import InstrumentKey
from fin_infra.normalize.tables import FUTURES_SUFFIXES, INDICES, MONEY_CODES

FUTURE = re.compile(r"/?[A-Z]{1,3}[FGHJKMNQUVXZ](?:\d{1,2}|20\d\d)")
"""Root, month letter and year: `ESZ6`, `ESZ26`, `CLZ2026`."""
_INDEX = re.compile(r"[\^.][A-Z0-9]+", re.IGNORECASE)
_YELLOW_KEYS = ("INDEX", "COMDTY")


def refuse_what_has_no_key(text: str) -> None:
    """Raise InvalidInstrument for an index, a future, a currency alone or the offshore yuan; return for all else."""
    upper, _, yellow_key = text.upper().rpartition(" ")  # as Bloomberg calls the last word of `SPX Index`
    if yellow_key not in _YELLOW_KEYS:
        upper, yellow_key = text.upper(), ""
    if yellow_key == "INDEX" or _INDEX.fullmatch(upper) or upper in INDICES:
        share = f"US:{upper}" if upper in INDICES else "US:SPY"
        raise InvalidInstrument(
            f"{text!r} is an index, which has no key; take a fund that follows it, or write {share} for a share."
        )
    if upper in MONEY_CODES:
        pair = "GBP/USD" if upper == "GBX" else f"{upper}/{'EUR' if upper == 'USD' else 'USD'}"
        raise InvalidInstrument(f"{text!r} is a currency; write {pair} for its rate, or US:{upper} for a share.")
    if (
        yellow_key == "COMDTY"
        or upper.endswith("=F")
        or upper.rpartition(".")[2] in FUTURES_SUFFIXES
        or _is_future(upper)
    ):
        raise InvalidInstrument(f"{text!r} is a futures contract, which has no key; no provider here has futures.")
    if "CNH" in (upper[:3], upper.removesuffix("=X")[-3:]) and len(re.sub("[^A-Z]", "", upper.removesuffix("=X"))) in (
        3,
        6,
    ):
        raise InvalidInstrument(
            f"{text!r}: CNH, the offshore yuan, is not an ISO 4217 code and has no key; CNY is the onshore rate, which"
            " is another price, such as FX:USDCNY."
        )


def _is_future(text: str) -> bool:
    """Say whether the text is a contract; a well-formed SEDOL of that shape is for the caller to decide."""
    if not FUTURE.fullmatch(text):
        return False
    try:
        InstrumentKey("SEDOL", text)
    except InvalidInstrument:
        return True
    return False
