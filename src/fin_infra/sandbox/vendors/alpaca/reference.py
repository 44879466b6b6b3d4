"""Answer Alpaca's reference paths: assets, the market clock and the trading calendar.
Floor 8: clock and calendar follow the sandbox clock and the exchange's rules.
"""

from __future__ import annotations

from datetime import date, timedelta

from starlette.responses import Response

from fin_infra.sandbox.broker import hours
from fin_infra.sandbox.broker.assets import Asset
from fin_infra.sandbox.broker.refusals import missing
from fin_infra.sandbox.kernel.reply import json_reply
from fin_infra.sandbox.vendors.alpaca import replies
from fin_infra.sandbox.vendors.alpaca.call import Call

CALENDAR_FIRST, CALENDAR_LAST = date(2006, 1, 1), date(2035, 12, 31)


class ReferenceApi:
    """The reference paths."""

    def assets(self, call: Call) -> Response:
        """Answer every asset of a class, equities unless asked otherwise; there are no pages."""
        kind, exchange = call.choice("asset_class", "us_equity", "crypto", "us_option"), call.text("exchange")
        active = call.choice("status", "active", "inactive", "all") != "inactive"
        wanted = call.words("attributes")
        rows = [_shown(call, asset) for asset in call.assets.values() if asset.kind == kind and active]
        rows = [row for row in rows if exchange in ("", row["exchange"])]
        return json_reply([row for row in rows if not wanted or set(wanted) & set(map(str, _attributes(row)))])

    def asset(self, call: Call) -> Response:
        """Answer one asset by symbol or id."""
        wanted = call.path("symbol")
        for asset in call.assets.values():
            if wanted in (asset.symbol, asset.id) or (asset.is_crypto and wanted == asset.position_symbol):
                return json_reply(_shown(call, asset))
        raise missing(f"asset not found for {wanted}")

    def clock(self, call: Call) -> Response:
        """Answer whether the market is open, and when it opens and closes next."""
        now = call.now
        return json_reply(
            {
                "timestamp": replies.local(now),
                "is_open": hours.phase(now) == "regular",
                "next_open": replies.local(hours.opening_after(now).opens),
                "next_close": replies.local(hours.closing_after(now).closes),
            }
        )

    def calendar(self, call: Call) -> Response:
        """Answer the sessions between two dates, both included."""
        start = max(call.day("start", CALENDAR_FIRST), CALENDAR_FIRST)
        end = min(call.day("end", CALENDAR_LAST), CALENDAR_LAST)
        by_settlement = call.choice("date_type", "trading", "settlement") == "settlement"
        if by_settlement:
            found = hours.sessions(start - timedelta(days=10), end)
            return json_reply([_day(s) for s in found if start <= hours.settlement(s.day) <= end])
        return json_reply([_day(s) for s in hours.sessions(start, end)])


def _shown(call: Call, asset: Asset) -> dict[str, object]:
    return replies.asset(asset, call.broker.market.tape.last(asset, call.now))


def _attributes(row: dict[str, object]) -> list[object]:
    found = row["attributes"]
    return list(found) if isinstance(found, list) else []  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]  # texts, as `replies.asset` makes them


def _day(session: hours.Session) -> dict[str, object]:
    starts, opens, closes, ends = (
        at.astimezone(hours.NEW_YORK) for at in (session.starts, session.opens, session.closes, session.ends)
    )
    return {
        "date": session.day.isoformat(),
        "open": f"{opens:%H:%M}",
        "close": f"{closes:%H:%M}",
        "session_open": f"{starts:%H%M}",
        "session_close": f"{ends:%H%M}",
        "settlement_date": hours.settlement(session.day).isoformat(),
    }
