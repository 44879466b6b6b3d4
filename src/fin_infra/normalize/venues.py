"""Which trading calendar an instrument keeps to.
Floor 1: the venue is the namespace of the key; a calendar's table is read when it is first asked, not here."""

from __future__ import annotations

from fin_infra.arguments import checked
from fin_infra.calendars import Calendar, calendar
from fin_infra.errors import InvalidInstrument
from fin_infra.model.instrument import US_MICS, InstrumentKey

_NASDAQ_MICS = frozenset({"XNAS", "XNGS", "XNMS", "XNCM"})
"""Nasdaq, and its market tiers, which have MICs of their own."""

_NO_VENUE = {
    "FX": "currencies trade between banks, and no calendar is shipped for that",
    "ISIN": "an identifier names no venue; take the listing, such as XNYS:IBM",
    "FIGI": "an identifier names no venue; take the listing, such as XNYS:IBM",
    "CUSIP": "an identifier names no venue; take the listing, such as XNYS:IBM",
    "SEDOL": "an identifier names no venue; take the listing, such as XNYS:IBM",
}


@checked
def calendar_of(key: InstrumentKey) -> Calendar:
    """Return the calendar of the instrument's venue: `XLON:BATS` has XLON, `US:AAPL` XNYS, `CRYPTO:bitcoin` 24/7.

    Raises:
        InvalidInstrument: the key names no venue, as currency pairs and identifiers do not.
        UnknownCalendar: no calendar of that venue is shipped.
    """
    namespace = key.namespace
    if namespace in _NO_VENUE:
        raise InvalidInstrument(f"{key} has no trading calendar: {_NO_VENUE[namespace]}.")
    if namespace in _NASDAQ_MICS:
        return calendar("XNAS")
    return calendar("XNYS" if namespace == "US" or namespace in US_MICS else namespace)
