"""Answer the Investments product from the world's brokerage accounts.
Floor 8: an amount is positive when it takes cash out, so a purchase is; an option's quantity is contracts times 100.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING

from fin_infra.sandbox.kernel.reply import number
from fin_infra.sandbox.vendors.plaid.accounts import BrokerSource, ident
from fin_infra.sandbox.vendors.plaid.items import Item
from fin_infra.sandbox.vendors.plaid.refusals import Json, Refused
from fin_infra.sandbox.vendors.plaid.schema import part
from fin_infra.sandbox.world.holdings import Movement
from fin_infra.sandbox.world.portfolio import CASH_EQUIVALENT, Instrument

if TYPE_CHECKING:
    from fin_infra.sandbox.vendors.plaid.routes import Call
    from fin_infra.sandbox.vendors.plaid.vendor import Plaid

_TYPES = {
    "crypto": "cryptocurrency",
    "etf": "etf",
    "mutualfund": "mutual fund",
    "option": "derivative",
    "stock": "equity",
}
_MOVES = {
    "BUY": ("buy", "buy"),
    "CONTRIBUTION": ("cash", "contribution"),
    "DIVIDEND": ("cash", "dividend"),
    "EXTERNAL_ASSET_TRANSFER_IN": ("transfer", "transfer"),
    "EXTERNAL_ASSET_TRANSFER_OUT": ("transfer", "transfer"),
    "OPTIONEXPIRATION": ("transfer", "expire"),
    "REI": ("buy", "dividend reinvestment"),
    "SELL": ("sell", "sell"),
    "SPLIT": ("transfer", "split"),
    "WITHDRAWAL": ("cash", "withdrawal"),
}
PAGE = 100


class Investments:
    """The operations on holdings and investment transactions."""

    def __init__(self, vendor: Plaid) -> None:
        self._vendor = vendor

    def _accounts(self, item: Item, call: Call) -> list[tuple[str, BrokerSource]]:
        chosen = self._vendor.items.chosen(item, call)
        found = [(account_id, source) for account_id, source in chosen if isinstance(source, BrokerSource)]
        if not found:
            raise Refused("NO_INVESTMENT_ACCOUNTS")
        return found

    def _bodies(self, item: Item, accounts: list[tuple[str, BrokerSource]]) -> list[Json]:
        """Return accounts as this product shows them: with what is borrowed on margin, which nobody here does."""
        found: list[Json] = []
        for body in self._vendor.items.bodies(item, list(accounts)):
            balances = {**part(body, "balances"), "margin_loan_amount": None}
            found.append({**body, "balances": balances})
        return found

    def holdings(self, call: Call) -> Json:
        """Answer what each account holds, cash included, and the securities once each."""
        item = self._vendor.items.healthy(call, "investments")
        accounts, securities, rows = self._accounts(item, call), dict[str, Json](), list[Json]()
        for account_id, source in accounts:
            for security, row in self._held(source, item.looked):
                securities[str(security["security_id"])] = security
                rows.append({"account_id": account_id, "security_id": security["security_id"], **row})
        return {
            "accounts": self._bodies(item, accounts),
            "holdings": rows,
            "is_investments_fallback_item": False,
            "item": self._vendor.items.body(item),
            "securities": list(securities.values()),
        }

    def _held(self, source: BrokerSource, now: datetime) -> Iterator[tuple[Json, Json]]:
        standing, market = source.walk.standing(now), self._vendor.world.portfolios.market
        for position in standing.positions.values():
            row = position.instrument
            price, units = market.price(row, now), position.units * row.multiplier
            cost = None if position.cost is None else position.cost * units
            yield self._security(row, now), _holding(units, price or Decimal(0), cost, row.currency, now)
        for currency, amount in standing.cash.items():
            yield _cash(currency, now), _holding(amount, Decimal(1), amount, currency, now)

    def _security(self, row: Instrument, now: datetime) -> Json:
        price = self._vendor.world.portfolios.market.price(row, now)
        contract = {
            "contract_type": row.right.lower(),
            "expiration_date": row.expires.isoformat(),
            "strike_price": number(row.strike),
            "underlying_security_ticker": row.underlying,
        }
        return {
            **_security_head(row.key, row.name, _TYPES[row.kind], row.currency),
            "close_price": number(price),
            "close_price_as_of": None if price is None else now.date().isoformat(),
            "is_cash_equivalent": row.key in CASH_EQUIVALENT,
            "market_identifier_code": row.mic,
            "option_contract": contract if row.kind == "option" else None,
            "ticker_symbol": row.key,
        }

    def transactions(self, call: Call) -> Json:
        """Answer movements between two dates, newest first, a page of them."""
        item = self._vendor.items.healthy(call, "investments")
        accounts, securities = self._accounts(item, call), dict[str, Json]()
        first, last = date.fromisoformat(call.text("start_date")), date.fromisoformat(call.text("end_date"))
        rows = [
            (account_id, move)
            for account_id, source in accounts
            for move in source.walk.booked(item.looked)
            if first <= move.at.date() <= last
        ]
        rows.sort(key=lambda pair: (pair[1].at, pair[1].id), reverse=True)
        offset, count = call.options.get("offset") or 0, call.options.get("count") or PAGE
        page = rows[offset : offset + count]
        for _, move in page:
            if move.instrument is not None:
                security = self._security(move.instrument, item.looked)
                securities[str(security["security_id"])] = security
        return {
            "accounts": self._bodies(item, accounts),
            "investment_transactions": [_moved(item, account_id, move) for account_id, move in page],
            "is_investments_fallback_item": False,
            "item": self._vendor.items.body(item),
            "securities": list(securities.values()),
            "total_investment_transactions": len(rows),
        }


def _holding(units: Decimal, price: Decimal, cost: Decimal | None, currency: str, now: datetime) -> Json:
    return {
        "cost_basis": number(cost),
        "institution_price": number(price),  # never null on the wire: what has no market is at zero there
        "institution_price_as_of": now.date().isoformat(),
        "institution_price_datetime": None,
        "institution_value": number(units * price),
        "iso_currency_code": currency,
        "quantity": number(units),
        "tax_lots": [],
        "unofficial_currency_code": None,
        "vested_quantity": None,
        "vested_value": None,
    }


def _security_head(key: str, name: str, kind: str, currency: str) -> Json:
    """Return what every security has; identifiers that need a license are null."""
    return {
        "cfi_code": None,
        "cusip": None,
        "figi": None,
        "fixed_income": None,
        "industry": None,
        "institution_id": None,
        "institution_security_id": None,
        "isin": None,
        "iso_currency_code": currency,
        "name": name,
        "proxy_security_id": None,
        "sector": None,
        "security_id": ident("security", key),
        "sedol": None,
        "subtype": kind if kind != "derivative" else "option",
        "type": kind,
        "unofficial_currency_code": None,
        "update_datetime": None,
    }


def _cash(currency: str, now: datetime) -> Json:
    return {
        **_security_head(f"CUR:{currency}", f"Cash in {currency}", "cash", currency),
        "close_price": 1,
        "close_price_as_of": now.date().isoformat(),
        "is_cash_equivalent": True,
        "market_identifier_code": None,
        "option_contract": None,
        "ticker_symbol": f"CUR:{currency}",
    }


def _moved(item: Item, account_id: str, move: Movement) -> Json:
    row = move.instrument
    kind, subtype = _MOVES[move.type]
    return {
        "account_id": account_id,
        "amount": number(-move.amount),
        "cancel_transaction_id": None,
        "date": move.at.date().isoformat(),
        "fees": number(move.fee),
        "investment_transaction_id": ident(item.id, move.id),
        "iso_currency_code": move.currency,
        "name": f"{subtype.upper()} {row.name}" if row else subtype.upper(),
        "price": number(move.price or Decimal(0)),
        "quantity": number(move.units * (row.multiplier if row else 1)),
        "security_id": ident("security", row.key) if row else None,
        "subtype": subtype,
        "transaction_datetime": None,
        "type": kind,
        "unofficial_currency_code": None,
    }
