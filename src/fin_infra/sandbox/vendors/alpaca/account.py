"""Answer Alpaca's account paths: the account, its configuration, portfolio history and activities.
Floor 8: history is worked out from the entries of the book; nothing is recorded for it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

from starlette.responses import Response

from fin_infra.sandbox.broker import hours, tickets
from fin_infra.sandbox.broker.account import Settings
from fin_infra.sandbox.broker.assets import random_uuid
from fin_infra.sandbox.broker.book import Deposit, Fill
from fin_infra.sandbox.broker.history import worth, worths
from fin_infra.sandbox.broker.money import plus, ratio
from fin_infra.sandbox.broker.refusals import invalid, unprocessable
from fin_infra.sandbox.kernel.reply import json_reply, number
from fin_infra.sandbox.vendors.alpaca import replies
from fin_infra.sandbox.vendors.alpaca.call import Call

TIMEFRAMES = {"1Min": 1, "5Min": 5, "15Min": 15, "1H": 60, "1D": 0}
UNITS = {"D": 1, "W": 7, "M": 30, "A": 365}
LONGEST = timedelta(days=40 * 365)
INTRADAY_REACH = timedelta(days=30)
FLAGS = ("fractional_trading", "no_shorting", "suspend_trade", "ptp_no_exception_entry", "disable_overnight_trading")
TRADE, OTHER = "trade_activity", "non_trade_activity"


class AccountApi:
    """The account paths."""

    def account(self, call: Call) -> Response:
        """Answer the account valued at the sandbox's instant."""
        return json_reply(replies.account(call.engine, call.now))

    def configurations(self, call: Call) -> Response:
        """Answer what the owner has set."""
        return json_reply(_settings(call.engine.settings))

    def configure(self, call: Call) -> Response:
        """Change what the owner has set; fields of the retired pattern day trader rule are ignored."""
        body, settings = call.body, call.engine.settings
        multiplier = body.get("max_margin_multiplier")
        if multiplier is not None and str(multiplier) not in ("1", "2", "4"):
            raise unprocessable("invalid max_margin_multiplier")
        email = body.get("trade_confirm_email") or settings.trade_confirm_email
        if email not in ("all", "none"):
            raise unprocessable("invalid trade_confirm_email")
        flags = {name: tickets.flag(body[name], name) for name in FLAGS if body.get(name) is not None}
        for name, value in flags.items():
            setattr(settings, name, value)
        settings.trade_confirm_email = str(email)
        settings.max_margin_multiplier = int(str(multiplier or settings.max_margin_multiplier))
        return json_reply(_settings(settings))

    def portfolio_history(self, call: Call) -> Response:
        """Answer equity and profit over time, from `start` or over `period`, up to `end` or now."""
        timeframe = call.text("timeframe")
        start, end = _window(call)
        if not timeframe:
            timeframe = (
                "1D" if end - start > timedelta(days=7) else "15Min" if end - start > timedelta(days=1) else "5Min"
            )
        if timeframe not in TIMEFRAMES:
            raise invalid("invalid timeframe")
        if timeframe != "1D" and end - start > INTRADAY_REACH:
            raise unprocessable("timeframes under a day are limited to 30 days")
        windows = [pair for pair in _windows(start, end, TIMEFRAMES[timeframe]) if pair[1] > call.engine.opened]
        book, tape = call.engine.book, call.engine.tape
        base = worth(book, tape, max(start, call.engine.opened))
        found = list(worths(book, tape, [min(until, call.now) for _, until in windows]))
        profits = [plus(each.profit, -base.profit) for each in found]
        return json_reply(
            {
                "timestamp": [int(since.timestamp()) for since, _ in windows],
                "equity": [number(each.equity) for each in found],
                "profit_loss": [number(profit) for profit in profits],
                "profit_loss_pct": [number(ratio(p, base.equity)) if base.equity else None for p in profits],
                "base_value": number(base.equity),
                "base_value_asof": hours.local_day(max(start, call.engine.opened)).isoformat(),
                "timeframe": timeframe,
                "cashflow": {},
            }
        )

    def activities(self, call: Call) -> Response:
        """Answer fills and cash movements, newest first unless asked otherwise, a page at a time."""
        path = call.request.path_params.get("kind")
        kinds = [path] if path else [kind.upper() for kind in call.words("activity_types")]
        category = call.text("category")
        if category not in ("", TRADE, OTHER) or (category and kinds):
            raise invalid(
                "invalid category" if category not in ("", TRADE, OTHER) else "category excludes activity_types"
            )
        rows = [(entry, _row(call, entry)) for entry in call.engine.book.entries if _is_inside(call, entry)]
        shown = [row for entry, row in rows if not category or isinstance(entry, Fill) is (category == TRADE)]
        shown = [row for row in shown if not kinds or row["activity_type"] in kinds]
        if call.choice("direction", "desc", "asc") == "desc":
            shown.reverse()
        if token := call.text("page_token"):
            at = next((n for n, row in enumerate(shown) if row["id"] == token), None)
            if at is None:
                raise invalid("invalid page_token")
            shown = shown[at + 1 :]
        return json_reply(shown[: call.whole("page_size", 100, 1, 100)])


def _settings(settings: Settings) -> dict[str, object]:
    return {
        "fractional_trading": settings.fractional_trading,
        "max_margin_multiplier": str(settings.max_margin_multiplier),
        "no_shorting": settings.no_shorting,
        "suspend_trade": settings.suspend_trade,
        "trade_confirm_email": settings.trade_confirm_email,
        "ptp_no_exception_entry": settings.ptp_no_exception_entry,
        "max_options_trading_level": settings.max_options_trading_level,
        "disable_overnight_trading": settings.disable_overnight_trading,
    }


def _window(call: Call) -> tuple[datetime, datetime]:
    """Return what is looked at; at most two of start, end and period may be given."""
    start, end, period = call.instant("start"), call.instant("end"), call.text("period")
    if start and end and period:
        raise invalid("only two of start, end and period are accepted")
    found = re.fullmatch(r"([1-9]\d{0,3})([DWMA])", period or "1M")
    if found is None:
        raise invalid("invalid period")
    span = min(timedelta(days=int(found[1]) * UNITS[found[2]]), LONGEST)
    first, now = datetime(2006, 2, 1, tzinfo=UTC), call.now
    start = None if start is None else min(max(start, first), now)
    end = start + span if start and period else end
    end = now if end is None else min(max(end, first), now)
    return max(start or end - span, first), end


def _windows(start: datetime, end: datetime, minutes: int) -> Iterator[tuple[datetime, datetime]]:
    """Yield start and end of each window of regular trading; with `minutes` 0 a session is one window."""
    for session in hours.sessions(hours.local_day(start), hours.local_day(end)):
        step = timedelta(minutes=minutes) if minutes else session.closes - session.opens
        since = session.opens
        while since < session.closes and since <= end:
            if since >= start or not minutes:
                yield since, min(since + step, session.closes)
            since += step


def _is_inside(call: Call, entry: Deposit | Fill) -> bool:
    after, until = call.instant("after"), call.instant("until")
    if call.text("date") and hours.local_day(entry.at) != call.day("date", date.min):
        return False
    return (after is None or entry.at > after) and (until is None or entry.at < until)


def _row(call: Call, entry: Deposit | Fill) -> dict[str, object]:
    ident = entry.id if isinstance(entry, Fill) else random_uuid(call.engine.id, "deposit", entry.number)
    return replies.activity(entry, ident)
