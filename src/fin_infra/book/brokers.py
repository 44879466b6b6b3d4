"""Brokers and aggregators as sources of the book: what each account holds now, and what was done in it.
Floor 6: holdings and cash come in the first page of a run, deals in as many as they need; see `deals.py`."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time
from decimal import Decimal
from functools import partial
from typing import Any

from fin_infra.analytics.worth_holdings import ending_of
from fin_infra.book import pages
from fin_infra.book.deals import PAGE, DealRun, Stream, cursor_of, of_activity, of_orders, read_cursor
from fin_infra.book.pages import CASH, IN_CASH, NO_CURRENCY, UNREAD, Holder, Level, Page
from fin_infra.errors import AuthenticationFailed, FinInfraError, ReauthRequired
from fin_infra.model import (
    AccountStatus,
    AccountSubtype,
    AccountType,
    BrokerAccount,
    BrokerConnection,
    CashBalance,
    HoldingAccount,
    Listing,
    Position,
)
from fin_infra.providers.interfaces.aggregator import BrokerageAggregatorProvider
from fin_infra.providers.interfaces.brokerage import BrokerageProvider
from fin_infra.providers.interfaces.webhooks import WebhookProvider
from fin_infra.transport import Flow, Invoke

_ONE = Decimal(1)
_CLOSED = frozenset({"closed", "account_closed", "archived"})
_REFUSED = (AuthenticationFailed, ReauthRequired)
"""Errors that the whole connection has, whatever was being asked."""


@dataclass(slots=True)
class FirstPage:
    """What the first page of a run says."""

    login: str | None = None
    holders: list[Holder] = field(default_factory=list[Holder])
    levels: list[Level] = field(default_factory=list[Level])
    held: dict[str, datetime] = field(default_factory=dict[str, datetime])
    positions: list[pages.Position] = field(default_factory=list[pages.Position])
    cash_unread: list[str] = field(default_factory=list[str])
    unread: list[str] = field(default_factory=list[str])
    streams: list[Stream] = field(default_factory=list[Stream])


class _Source(ABC):
    """What both kinds have in common: a run is holdings first, then the deals since the last one."""

    resumes = False

    def __init__(self, page: int = PAGE) -> None:
        self._page = page
        self._run = DealRun({}, [])

    def changes(self, cursor: str) -> Flow[Page]:
        starts, number = read_cursor(cursor)
        read = FirstPage()
        if number == 0:
            read = yield from self._first()
            self._run = DealRun(starts, read.streams)
        run = self._run
        deals = yield from run.take(self._page, read.unread)
        complete = not run.left
        return Page(
            after=cursor_of(run.next_starts(), 0) if complete else cursor_of(run.starts, number + 1),
            complete=complete,
            login=read.login,
            holders=read.holders,
            levels=read.levels,
            held=list(read.held),
            held_at=read.held,
            positions=read.positions,
            cash_unread=read.cash_unread,
            deals=deals,
            deal_windows=run.windows() if complete else [],
            unread=read.unread,
        )

    @abstractmethod
    def _first(self) -> Flow[FirstPage]:
        """Ask for everything but the deals: the first page of a run begins with it."""


class BrokerSource(_Source):
    """The account of one login at a broker."""

    def __init__(self, broker: BrokerageProvider[Any], page: int = PAGE) -> None:
        super().__init__(page)
        self._broker = broker

    def _first(self) -> Flow[FirstPage]:
        broker = self._broker
        account: BrokerAccount = yield Invoke(broker.account)
        held: Listing[Position] = yield Invoke(broker.positions)
        read = FirstPage(holders=[self._holder(account)], levels=[_cash(account)])
        hold(read, account.id, held, account.as_of, None)
        if "activities" in broker.can:
            rows = partial(_since, broker.activities)
            deals = partial(of_activity, account.id, account.currency)
            read.streams = [Stream(account.id, rows, deals, all_there=True)]
        elif "orders" in broker.can:
            rows = partial(_since, partial(broker.orders, status="all"))
            read.streams = [Stream(account.id, rows, partial(of_orders, account.id), slow=True)]
        return read

    def _holder(self, account: BrokerAccount) -> Holder:
        title = self._broker.info.title
        return Holder(
            vendor_id=account.id,
            name=title,
            type=AccountType.INVESTMENT.value,
            subtype=AccountSubtype.BROKERAGE.value,
            currency=account.currency,
            institution=title,
            ending=ending_of(account.number),
            status=_status(account.status),
        )


class AggregatorSource(_Source):
    """All accounts that an aggregator shows of one person. One that cannot be read does not hide the others."""

    def __init__(self, aggregator: BrokerageAggregatorProvider[Any], page: int = PAGE) -> None:
        super().__init__(page)
        self._aggregator = aggregator

    def _first(self) -> Flow[FirstPage]:
        aggregator = self._aggregator
        listed: Listing[HoldingAccount] = yield Invoke(aggregator.accounts)
        login = aggregator.login_id if isinstance(aggregator, WebhookProvider) else None
        read = FirstPage(login=login, unread=[*map(str, listed.errors)])
        yield from self._links(listed, read)
        failed: list[FinInfraError] = []
        for account in listed:
            error = yield from self._account(account, read)
            failed += [error] if error else []
        if failed and len(failed) == len(listed):
            raise failed[0]
        return read

    def _links(self, listed: Sequence[HoldingAccount], read: FirstPage) -> Flow[None]:
        """Name the accounts behind a disabled connection: what is shown of them is as old as that."""
        if "connections" not in self._aggregator.can:
            return
        links: Listing[BrokerConnection] = yield Invoke(self._aggregator.connections)
        behind = {account.connection_id for account in listed}
        read.unread += [
            f"the connection to {link.broker_name} is disabled; what is shown of it is older, connect it again"
            for link in links
            if link.disabled and link.id in behind
        ]

    def _account(self, account: HoldingAccount, read: FirstPage) -> Flow[FinInfraError | None]:
        """Read one account into `read`; return the error where neither its cash nor its positions can be had."""
        balances, no_cash = yield from self._part(account, "balances", read)
        held, no_positions = yield from self._part(account, "positions", read)
        main = main_currency(account, balances)
        read.holders.append(_aggregated(account, main))
        at = min(account.as_of, account.holdings_synced_at or account.as_of)
        read.levels += [cash_level(account.id, each, at) for each in balances or () if each.currency == main]
        if balances is None or balances.errors:
            read.cash_unread.append(account.id)
        if held is not None and account.first_sync_done:
            hold(read, account.id, held, at, [each for each in balances or () if each.currency != main])
        elif held is not None:
            read.unread.append(f"{_name(account)}: the aggregator is still reading it for the first time")
        if "activities" in self._aggregator.can:
            rows = partial(self._activities, account.id)
            deals = partial(of_activity, account.id, main)
            read.streams.append(Stream(account.id, rows, deals, all_there=account.first_sync_done))
        elif "orders" in self._aggregator.can:
            rows = partial(self._orders, account.id)
            read.streams.append(Stream(account.id, rows, partial(of_orders, account.id), slow=True, listed=True))
        return no_cash if no_positions else None

    def _part(self, account: HoldingAccount, what: str, read: FirstPage) -> Flow[tuple[Any, FinInfraError | None]]:
        """Ask for a part of an account; where it cannot be had now, what the book has keeps its age."""
        ask: Callable[[str], Any] = getattr(self._aggregator, what)
        try:
            found: Listing[Any] = yield Invoke(partial(ask, account.id))
        except _REFUSED:
            raise
        except FinInfraError as exc:
            read.unread.append(f"{_name(account)}: its {what} cannot be read: {exc.for_caller()}")
            return None, exc
        if what != "positions":
            read.unread += [f"{_name(account)}: {error}" for error in found.errors]
        return found, None

    def _activities(self, account: str, start: date | None) -> Any:
        return self._aggregator.activities(account, start=start)

    def _orders(self, account: str, start: date | None) -> Any:
        return self._aggregator.orders(account, status="all")


def _since(ask: Callable[..., Any], start: date | None) -> Any:
    """Ask a broker for what happened from a day on."""
    return ask(start=None if start is None else datetime.combine(start, time(), UTC))


def _status(word: str | None) -> str:
    return AccountStatus.CLOSED.value if (word or "").casefold() in _CLOSED else AccountStatus.OPEN.value


def _cash(account: BrokerAccount) -> Level:
    return Level(account=account.id, at=account.as_of, currency=account.cash.currency, current=account.cash.amount)


def _aggregated(account: HoldingAccount, currency: str) -> Holder:
    return Holder(
        vendor_id=account.id,
        name=account.name or account.institution,
        type=AccountType.INVESTMENT.value,
        subtype=AccountSubtype.BROKERAGE.value,
        currency=currency,
        institution=account.institution,
        ending=ending_of(account.number),
        status=_status(account.status),
    )


def _name(account: HoldingAccount) -> str:
    """Return what to call an account where its name and number must not stand."""
    ending = ending_of(account.number)
    return f"{account.institution} {ending}" if ending else account.institution


def main_currency(account: HoldingAccount, balances: Sequence[CashBalance] | None) -> str:
    """Return the currency that an account is kept in: that of its total, else of its cash."""
    currencies = sorted(each.currency for each in balances or ())
    total = account.total.currency if account.total else None
    unread = isinstance(balances, Listing) and bool(balances.errors)
    if total is not None and (total in currencies or balances is None or unread or not currencies):
        return total
    return currencies[0] if currencies else NO_CURRENCY


def cash_level(account: str, balance: CashBalance, at: datetime) -> Level:
    cash = balance.cash.amount if balance.cash is not None else None
    return Level(account=account, at=at, currency=balance.currency, current=cash)


def hold(
    read: FirstPage, account: str, held: Listing[Position], at: datetime, cash: Sequence[CashBalance] | None
) -> None:
    """Add all that an account holds, what cannot be read by its name and cash in further currencies too."""
    found = [_position(account, each) for each in sorted(held, key=_order)]
    found += [_purse(account, each) for each in cash or ()]
    found += [_unread(account, error.place, error.id, error.reason) for error in held.errors]
    read.unread += map(str, held.errors)
    read.positions += told_apart(found)
    read.held[account] = min([at, *(each.as_of for each in held)])


def _order(position: Position) -> tuple[str, ...]:
    """Return what rows of one instrument are sorted by, so that they have the same names at each sync."""
    return position.symbol_text, str(position.side), str(position.quantity), str(position.cost_basis)


def told_apart(positions: Sequence[pages.Position]) -> list[pages.Position]:
    """Give what is held in several rows, such as in cash and on margin, a number each."""
    seen: dict[str, int] = {}
    found: list[pages.Position] = []
    for each in positions:
        count = seen[each.vendor_id] = seen.get(each.vendor_id, 0) + 1
        found.append(each if count == 1 else replace(each, vendor_id=f"{each.vendor_id} #{count}"))
    return found


def _position(account: str, position: Position) -> pages.Position:
    name = position.symbol_text or str(position.key)
    value, basis = position.market_value, position.cost_basis
    return pages.Position(
        account=account,
        vendor_id=f"{name} {position.asset_class.value} {position.side.value}",
        instrument=str(position.key) if position.key else None,
        name=name,
        quantity=position.quantity,
        price=position.current_price,
        value=value.amount if value is not None else None,
        basis=basis.amount if basis is not None else None,
        currency=value.currency if value is not None else position.currency,
        kind=IN_CASH if position.in_cash else None,
        asset_class=position.asset_class.value,
        average_price=position.average_entry_price,
        identifier=position.identifier,
    )


def _purse(account: str, balance: CashBalance) -> pages.Position:
    """Return cash in a further currency: a balance of an account is in one."""
    amount = balance.cash.amount if balance.cash is not None else None
    return pages.Position(
        account=account,
        vendor_id=f"cash {balance.currency}",
        instrument=None,
        name=f"{balance.currency} cash",
        quantity=Decimal(0) if amount is None else amount,
        price=None if amount is None else _ONE,
        value=amount,
        basis=None,
        currency=balance.currency,
        kind=CASH,
    )


def _unread(account: str, place: str, ident: str | None, reason: str) -> pages.Position:
    return pages.Position(
        account=account,
        vendor_id=f"unread {ident or place}",
        instrument=None,
        name=f"a position that cannot be read ({reason})",
        quantity=Decimal(0),
        price=None,
        value=None,
        basis=None,
        currency=NO_CURRENCY,
        kind=UNREAD,
    )
