"""Write money and times as people in a locale expect them.
Floor 1: babel is imported on first use; every digit of an amount is written, so round with `Money.quantize` before."""

from __future__ import annotations

# Arguments are checked although they are typed: callers without a type checker get a sentence, not a traceback.
# pyright: reportUnnecessaryIsInstance=false
import re
from datetime import date, datetime
from decimal import Context, localcontext
from typing import TYPE_CHECKING, Literal

from fin_infra.arguments import checked
from fin_infra.errors import InvalidInput, MissingExtra
from fin_infra.model.currency import CURRENCIES
from fin_infra.model.money import EXACT_DIGITS, Money
from fin_infra.normalize.times import aware, calendar_day, in_zone
from fin_infra.normalize.times import zone as named_zone

if TYPE_CHECKING:
    from babel import Locale

Style = Literal["short", "medium", "long", "full"]
_STYLES = ("short", "medium", "long", "full")


@checked
def format_money(money: Money, locale: str) -> str:
    """Write money as people there do: `1.234,50 €` in `de_DE`, `€1,234.50` in `en_US`.

    There are as many decimals as the currency has by ISO 4217, none for yen and three for Kuwaiti dinars, and more
    where the amount has more: nothing is rounded.

    Raises:
        InvalidInput: no such locale.
        MissingExtra: babel is not installed.
    """
    parsed = _locale(locale)
    from babel.numbers import format_currency, get_currency_symbol, parse_pattern

    decimals = CURRENCIES[money.currency] or 0
    pattern = parse_pattern(parsed.currency_formats["standard"].pattern)
    pattern.frac_prec = (decimals, decimals)
    if get_currency_symbol(money.currency, parsed)[-1:].isalpha():  # CLDR's spacing, which babel leaves out: KWD 1.500
        positive, negative = pattern.prefix
        pattern.prefix = re.sub("¤$", "¤\N{NO-BREAK SPACE}", positive), re.sub("¤$", "¤\N{NO-BREAK SPACE}", negative)
    with localcontext(Context(prec=EXACT_DIGITS)):  # babel works in the thread's context, which rounds to 28 digits
        return format_currency(
            money.amount,
            money.currency,
            format=pattern,
            locale=parsed,
            currency_digits=False,
            decimal_quantization=False,
        )


@checked
def format_time(moment: datetime, locale: str, *, zone: str | None = None, style: Style = "long") -> str:
    """Write an instant as people there do, in `zone`, or else in the zone it came with.

    The styles `long` and `full` name the zone; with `short` and `medium` say it elsewhere.

    Raises:
        NaiveTime: the datetime has no time zone.
        InvalidInput: no such locale, zone or style.
        MissingExtra: babel is not installed.
    """
    local = aware(moment) if zone is None else in_zone(moment, named_zone(zone))
    parsed = _locale(locale)
    from babel.dates import format_datetime

    return format_datetime(local, format=_style(style), locale=parsed)


@checked
def format_date(day: date, locale: str, *, style: Style = "medium") -> str:
    """Write a calendar day as people there do; raise as `format_time` does, and for an instant, whose day is open."""
    parsed = _locale(locale)
    from babel.dates import format_date as babel_date

    return babel_date(calendar_day(day), format=_style(style), locale=parsed)


def _locale(name: str) -> Locale:
    try:
        from babel import Locale, UnknownLocaleError
    except ModuleNotFoundError as exc:
        raise MissingExtra.of("Writing for a locale needs", exc.name, "calendars") from None
    try:
        return Locale.parse(name.replace("-", "_"))
    except (UnknownLocaleError, ValueError, TypeError, AttributeError):
        raise InvalidInput(f"{name!r} is not a locale that is known; write one such as en_US or de_DE.") from None


def _style(style: Style) -> Style:
    if style not in _STYLES:
        raise InvalidInput(f"{style!r} is not a style; use {', '.join(_STYLES)}.")
    return style
