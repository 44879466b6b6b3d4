"""Questions about what somebody holds: at brokers, in orders, altogether.
Floor 6: those over several providers name in the answer who did not answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, replace
from typing import Literal

from fin_infra.model import AccountError, Listing, NetWorth, Order, Portfolio, SourceError
from fin_infra.questions import remembered
from fin_infra.questions.asked import Asked
from fin_infra.questions.brokers import Brokers
from fin_infra.questions.holdings import HoldingSources, holdings_of
from fin_infra.questions.net_worth import Sources, net_worth_of, parse_holdings
from fin_infra.transport import Flow


def holdings(asked: Asked, *, currency: str | None) -> Flow[Portfolio]:
    wanted = currency and currency.upper()
    book = yield from remembered.book_of(asked, "brokerage")
    found = None if book is None else (yield from remembered.portfolio(book, wanted))
    return found or (yield from asked.together(lambda: _holdings(asked, wanted)))


async def _holdings(asked: Asked, currency: str | None) -> Portfolio:
    sources = _holding_sources(asked)
    portfolio, errors = await holdings_of(sources, currency)
    beside = [error for error in (*errors, *sources.failed) if error not in portfolio.errors]
    return replace(portfolio, errors=(*portfolio.errors, *map(_account_error, beside)))


def _holding_sources(asked: Asked) -> HoldingSources:
    if asked.sources is not None and asked.sources.holdings is not None:
        return asked.sources.holdings
    from fin_infra.fx import easy_fx

    return Brokers.default().counted(easy_fx(mode="async"), real_bank=False)


def _account_error(error: SourceError) -> AccountError:
    return error if isinstance(error, AccountError) else AccountError(**asdict(error))


def net_worth(asked: Asked, *, currency: str, holding: Sequence[str]) -> Flow[NetWorth]:
    named, currency = parse_holdings(holding), currency.upper()
    book = yield from remembered.book_of(asked, "banking")
    worth = None if book is None else (yield from remembered.net_worth(book, currency))
    if worth is None:
        held = named if holding else asked.holdings
        return (yield from asked.together(lambda: net_worth_of(_sources(asked), currency, held, asked.records())))
    if not named:
        return worth
    only = replace(_sources(asked), banking=None, holdings=None, off=())
    return remembered.besides(worth, (yield from asked.together(lambda: net_worth_of(only, currency, named))))


def _sources(asked: Asked) -> Sources:
    return asked.sources or Sources.default()


def orders(asked: Asked, *, status: Literal["open", "closed", "all"], limit: int) -> Flow[Listing[Order]]:
    broker = asked.brokerage()
    return asked.first(lambda: broker.orders(status=status), limit)
