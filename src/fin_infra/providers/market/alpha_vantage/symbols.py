"""Alpha Vantage's spelling of symbols, and when the venues it covers trade.
Floor 3: tables and pure functions; a venue without a spelling is not covered."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

from fin_infra.calendars import Session
from fin_infra.errors import BeyondCalendar, InvalidInstrument, NotCovered, UnknownCalendar
from fin_infra.model import InstrumentKey
from fin_infra.normalize import US_MICS, Spelling, calendar_of, zone

NEW_YORK = "America/New_York"
# .LON, .FRK and .BSE are in recorded symbol searches; the other suffixes are unconfirmed by a recording.
SPELLING = Spelling(
    class_separator="-",
    preferred="-P-",  # as in LISTING_STATUS: BAC-P-L, and AXIA-P without a series
    suffixes={
        "XLON": ".LON",
        "XETR": ".DEX",
        "XFRA": ".FRK",
        "XTSE": ".TRT",
        "XTSX": ".TRV",
        "XBOM": ".BSE",
        "XSHG": ".SHH",
        "XSHE": ".SHZ",
        "XHKG": ".HKG",
    },
    zero_pad={"XHKG": 4},
)
VENUE_ZONES = {
    "XLON": "Europe/London",
    "XETR": "Europe/Berlin",
    "XFRA": "Europe/Berlin",
    "XTSE": "America/Toronto",
    "XTSX": "America/Toronto",
    "XBOM": "Asia/Kolkata",
    "XSHG": "Asia/Shanghai",
    "XSHE": "Asia/Shanghai",
    "XHKG": "Asia/Hong_Kong",
}
"""Where the days of a venue begin; the other venues are in New York. The answers say US/Eastern for all of them."""


def venue_zone(key: InstrumentKey) -> str:
    return VENUE_ZONES.get(key.namespace, NEW_YORK)


def spelled(key: InstrumentKey) -> str:
    """Return the vendor's spelling; NotCovered if it has none, so that another source is asked."""
    try:
        return SPELLING.write(key)
    except InvalidInstrument as exc:
        typed = isinstance(key, InstrumentKey)  # pyright: ignore[reportUnnecessaryIsInstance]  # untyped users
        raise (NotCovered(str(exc)) if typed else exc) from None


def session_of(key: InstrumentKey, first: date, after: date) -> tuple[datetime, datetime]:
    """Return when trading opens and closes between two days at the venue; midnights where no calendar knows."""
    if sessions := _sessions(key, first, after):
        return sessions[0].open, sessions[-1].close
    at_venue = zone("UTC" if key.namespace == "FX" else venue_zone(key))
    opens, closes = (datetime.combine(day, time(), at_venue).astimezone(UTC) for day in (first, after))
    return opens, closes


def _sessions(key: InstrumentKey, first: date, after: date) -> list[Session] | None:
    try:
        return calendar_of(key).sessions(first, after)
    except (InvalidInstrument, UnknownCalendar, BeyondCalendar):
        return None


def session_at(key: InstrumentKey, at: datetime) -> date | None:
    """Return the day whose session is on or over at an instant given in the venue's zone; None if there is none."""
    day = at.date()
    sessions = _sessions(key, day, day + timedelta(days=1))
    return day if sessions is None or any(session.open <= at for session in sessions) else None


def true_since(opens: datetime, closes: datetime, received_at: datetime) -> datetime:
    """Return when a session's last price was true: at its close, or when it was received if that was earlier."""
    return received_at if opens <= received_at < closes else closes


def same_symbol(symbol: str, asked: str) -> bool:
    return symbol == asked or key_of(symbol) == SPELLING.read(asked)


def key_of(symbol: str) -> InstrumentKey | None:
    """Return the key of a spelling; None where it names no venue that we know."""
    try:
        return SPELLING.read(symbol)
    except InvalidInstrument:
        return None


def in_dollars(key: InstrumentKey) -> bool:
    """Say whether `key` is listed in the United States: prices are in dollars there, and the batch covers it."""
    return key.namespace == "US" or key.namespace in US_MICS
