"""Which calendar an instrument keeps to."""

from __future__ import annotations

import pytest

from fin_infra.calendars import calendar
from fin_infra.errors import InvalidInstrument, UnknownCalendar
from fin_infra.model import InstrumentKey
from fin_infra.normalize import US_MICS, calendar_of
from fin_infra.providers.market.alpha_vantage.symbols import SPELLING


@pytest.mark.parametrize(
    ("key", "name"),
    [
        ("US:AAPL", "XNYS"),
        ("XNAS:AAPL", "XNAS"),
        ("XNGS:AAPL", "XNAS"),
        ("XNYS:BRK.B", "XNYS"),
        ("ARCX:SPY", "XNYS"),
        ("OTCM:TCEHY", "XNYS"),
        ("XLON:BATS", "XLON"),
        ("XTKS:7203", "XTKS"),
        ("XHKG:700", "XHKG"),
        ("XNSE:BAJAJ-AUTO", "XNSE"),
        ("XSWX:NESN", "XSWX"),
        ("CRYPTO:bitcoin", "24/7"),
    ],
)
def test_calendar_of_when_the_key_names_a_venue_then_is_the_venues(key: str, name: str) -> None:
    assert calendar_of(InstrumentKey.parse(key)) is calendar(name)


def test_calendar_of_when_the_venue_is_in_the_united_states_then_there_is_one() -> None:
    for mic in US_MICS:
        assert calendar_of(InstrumentKey(mic, "AAPL")).zone.key == "America/New_York"


@pytest.mark.parametrize(
    ("key", "why"),
    [
        ("FX:EURUSD", "FX:EURUSD has no trading calendar: currencies trade between banks"),
        ("ISIN:US0378331005", "names no venue"),
        ("CUSIP:037833100", "names no venue"),
    ],
)
def test_calendar_of_when_the_key_names_no_venue_then_says_why(key: str, why: str) -> None:
    with pytest.raises(InvalidInstrument, match=why):
        calendar_of(InstrumentKey.parse(key))


def test_calendar_of_when_the_venue_is_not_shipped_then_offers_what_is() -> None:
    with pytest.raises(UnknownCalendar, match="There is no trading calendar 'XBER'"):
        calendar_of(InstrumentKey.parse("XBER:SAP"))


@pytest.mark.parametrize("mic", [*SPELLING.suffixes, *sorted(SPELLING.us_mics), "US"])
def test_calendar_of_when_a_provider_serves_the_venue_then_there_is_one(mic: str) -> None:
    assert calendar_of(InstrumentKey(mic, "ABC")).last.year >= 2026
