"""Read what people and vendors write: symbols, currencies, numbers, time.
Floor 1: stands on the model and the calendars; what stays ambiguous raises with the candidates instead of guessing."""

from fin_infra.model.instrument import US_MICS
from fin_infra.normalize.fx import convert, cross_rate
from fin_infra.normalize.numbers import MINOR_CURRENCIES, decimal_from_text, minor_currency, optional_decimal
from fin_infra.normalize.spelling import Spelling
from fin_infra.normalize.symbols import crypto_id, instrument
from fin_infra.normalize.tables import SUFFIXES
from fin_infra.normalize.times import (
    ZONE_ALIASES,
    aware,
    calendar_day,
    check_days,
    from_unix,
    from_unix_ms,
    in_zone,
    localize,
    to_utc,
    trading_date,
    zone,
)
from fin_infra.normalize.venues import calendar_of

__all__ = [
    "MINOR_CURRENCIES",
    "SUFFIXES",
    "US_MICS",
    "ZONE_ALIASES",
    "Spelling",
    "aware",
    "calendar_day",
    "calendar_of",
    "check_days",
    "convert",
    "cross_rate",
    "crypto_id",
    "decimal_from_text",
    "from_unix",
    "from_unix_ms",
    "in_zone",
    "instrument",
    "localize",
    "minor_currency",
    "optional_decimal",
    "to_utc",
    "trading_date",
    "zone",
]
