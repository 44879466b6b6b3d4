"""Every list that an adapter of a bank or broker reads, with an answer for it: what the matrix of rows is made of."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from bankersbank.finastra import FinastraAPIClient, FinastraConfig
from fin_infra.flow import row_errors
from fin_infra.model import RowError
from fin_infra.providers import registry
from fin_infra.providers.banking.finastra import Finastra
from fin_infra.providers.banking.plaid import Plaid
from fin_infra.providers.banking.teller import TellerClient
from fin_infra.providers.brokerage.alpaca import Alpaca
from fin_infra.providers.brokerage.snaptrade import SnapTrade
from fin_infra.providers.provider import Endpoint, Provider
from fin_infra.settings import load
from fin_infra.transport import Reply, Request
from fin_infra.transport.replay import Replay

PROVIDERS = Path(__file__).parent
DOMAINS = ("banking", "brokerage")
NOW = datetime(2026, 11, 26, tzinfo=UTC)
TOKEN: Mapping[str, Any] = {"access_token": "made-up-token", "expires_in": 86_400}
COLLATERAL = {
    "id": "C1",
    "collateralType": "PROPERTY",
    "status": "x",
    "currency": "USD",
    "valuation": {"amount": 1, "currency": "USD"},
    "estimatedValue": "1,000.00",
}
BALANCE = {
    "id": "A1",
    "type": "CURRENT",
    "currency": "USD",
    "ledgerBalance": "1.00",
    "availableBalance": "1.00",
    "balanceAsOn": "2026-11-20",
}


def recorded(vendor: str, name: str) -> Any:
    """Return the body of a recording, numbers exact."""
    text = (PROVIDERS / vendor / f"{name}.json").read_text()
    return json.loads(text, parse_float=Decimal)["reply"]["json"]


@dataclass(frozen=True, kw_only=True)
class ListCase:
    """One operation that reads a list: rows as they were recorded, and a client that is answered with changed ones."""

    rows: Sequence[Any]
    read: Callable[[Any], Any]
    """Call the operation of a client, and return what it lists."""
    path: str
    """The end of the path that the list comes from."""
    wrap: Callable[[list[Any]], Any] = lambda rows: rows
    ident: str | None = "id"
    """The field that identifies a row."""
    other: Mapping[str, Any] | None = None
    """Answers to what the operation asks besides, by the end of the path."""
    after: Callable[[Request], bool] = lambda request: False
    """Whether a request is for a page after the last."""
    cls: type[Provider[Any]] | type[FinastraAPIClient]
    given: Mapping[str, Any]

    def ask(self, rows: list[Any]) -> tuple[list[Any], list[RowError]]:
        """Return what the operation lists and what it names, for an answer of these rows."""
        with row_errors() as errors:
            found = list(self.read(self._client(rows)))
        return found, errors

    def _client(self, rows: list[Any]) -> Any:
        transport = Replay(lambda request: self._answer(request, rows))
        if issubclass(self.cls, FinastraAPIClient):
            return FinastraAPIClient(FinastraConfig(**self.given), transport=transport)
        settings = load(self.cls.info.settings, {"max_attempts": 1, **self.given})
        return self.cls(transport, Endpoint("http://127.0.0.1:1", "custom", settings))

    def _answer(self, request: Request, rows: list[Any]) -> Reply:
        if request.path.endswith(self.path):
            return _reply(self.wrap([] if self.after(request) else rows))
        return _reply(next(body for path, body in (self.other or {}).items() if request.path.endswith(path)))


def _reply(body: Any) -> Reply:
    return Reply(200, json.dumps(body, default=float).encode(), received_at=NOW)


def _asked(name: str) -> Callable[[Request], bool]:
    return lambda request: name in dict(request.params)


_TELLER: dict[str, Any] = {"cls": TellerClient, "given": {"access_token": "test_token_x"}}
_ALPACA: dict[str, Any] = {"cls": Alpaca, "given": {"api_key_id": "PKX", "api_secret_key": "s"}}
_SNAPTRADE: dict[str, Any] = {
    "cls": SnapTrade,
    "given": {"client_id": "c", "consumer_key": "k", "user_id": "u", "user_secret": "s"},
}
_B2C: dict[str, Any] = {
    "cls": Finastra,
    "given": {"client_id": "c", "client_secret": "s"},
    "wrap": lambda rows: {"items": rows, "_meta": {"pageCount": 1, "itemCount": len(rows)}},
    "other": {"/oidc/token": TOKEN},
}
_B2B: dict[str, Any] = _B2C | {
    "cls": FinastraAPIClient,
    "given": {"client_id": "c", "client_secret": "s", "base_url": "http://127.0.0.1:9/finastra", "b2c": True},
}
_COLLATERALS: dict[str, Any] = _B2B | {
    "rows": [COLLATERAL],
    "path": "/collaterals",
    "wrap": lambda rows: {"items": rows, "_meta": {"totalCount": len(rows)}},
}


def _alpaca(name: str, operation: str, path: str, **given: Any) -> dict[str, ListCase]:
    read = given.pop("read", lambda client: getattr(client, operation)())
    rows = given.pop("rows", None) or recorded("brokerage/alpaca", name)
    return {f"alpaca/{operation}": ListCase(rows=rows, read=read, path=path, **_ALPACA, **given)}


def _snaptrade(name: str, operation: str, path: str, **given: Any) -> dict[str, ListCase]:
    body = recorded("brokerage/snaptrade", name)
    rows = next((body[key] for key in ("results", "data") if isinstance(body, dict) and key in body), body)
    read = given.pop("read", lambda client: getattr(client, operation)("a-1"))
    return {f"snaptrade/{operation}": ListCase(rows=rows, read=read, path=path, **_SNAPTRADE, **given)}


_ITEM = {"item_id": "item-1", "institution_id": "ins_1", "institution_name": "First Bank", "error": None}
_USD = {"iso_currency_code": "USD", "unofficial_currency_code": None}
_ACCOUNT: dict[str, Any] = {
    "account_id": "a",
    "name": "Checking",
    "mask": "0001",
    "type": "depository",
    "subtype": "checking",
    "balances": {"available": 9, "current": 10.5, "limit": None, **_USD},
}
_OWNER = {
    "names": ["Ada"],
    "phone_numbers": [{"data": "1", "primary": True, "type": "home"}],
    "emails": [{"data": "a@example.org", "primary": True, "type": "primary"}],
    "addresses": [{"data": {"city": "C", "region": "R", "street": "S", "postal_code": "1", "country": "US"}}],
}
_SPENT: dict[str, Any] = {
    "transaction_id": "t-1",
    "account_id": "a",
    "amount": 1.5,
    "date": "2026-03-01",
    "pending": False,
    "name": "Shop",
    "merchant_name": "Shop",
    "personal_finance_category": {"primary": "TRAVEL", "detailed": "TRAVEL_FLIGHTS"},
    "counterparties": [{"name": "Shop", "type": "merchant"}],
    "pending_transaction_id": None,
    **_USD,
}
_DONE: dict[str, Any] = {
    "investment_transaction_id": "i-1",
    "account_id": "a",
    "security_id": "s-1",
    "date": "2026-03-01",
    "name": "Bought",
    "quantity": 2,
    "amount": 210.5,
    "price": 105,
    "fees": 0.5,
    "type": "buy",
    "subtype": "buy",
    **_USD,
}
_STREAM: dict[str, Any] = {
    "stream_id": "st-1",
    "account_id": "a",
    "description": "Rent",
    "merchant_name": None,
    "first_date": "2026-01-01",
    "last_date": "2026-03-01",
    "predicted_next_date": "2026-04-01",
    "frequency": "MONTHLY",
    "transaction_ids": ["t-1"],
    "average_amount": {"amount": 900, **_USD},
    "last_amount": {"amount": 900, **_USD},
    "is_active": True,
    "status": "MATURE",
    "personal_finance_category": {"primary": "RENT_AND_UTILITIES", "detailed": "RENT_AND_UTILITIES_RENT"},
}
_CARD: dict[str, Any] = {
    "account_id": "a",
    "aprs": [
        {"apr_percentage": 15.24, "apr_type": "cash_apr", "balance_subject_to_apr": 5, "interest_charge_amount": 1}
    ],
    "is_overdue": False,
    "last_payment_amount": 168.25,
    "last_payment_date": "2026-02-22",
    "last_statement_issue_date": "2026-02-28",
    "last_statement_balance": 1708.77,
    "minimum_payment_amount": 20,
    "next_payment_due_date": "2026-03-28",
}
_SECURITY = {"security_id": "s-1", "type": "equity", "ticker_symbol": "AAPL", "iso_currency_code": "USD", "name": "A"}


def _plaid(operation: str, path: str, row: Any, wrap: Callable[[list[Any]], Any], **given: Any) -> dict[str, ListCase]:
    read = given.pop("read", lambda bank: getattr(bank, operation)())
    keys = {"client_id": "c", "secret": "s", "access_token": "access-sandbox-x"}
    case = ListCase(rows=[row], read=read, path=path, wrap=wrap, cls=Plaid, given=keys, **given)
    return {f"plaid/{operation}": case}


def _beside(name: str, **more: Any) -> Callable[[list[Any]], Any]:
    return lambda rows: {"item": _ITEM, "accounts": [_ACCOUNT], "request_id": "r", **more, name: rows}


def _accounts_of(rows: list[Any]) -> list[Any]:
    """Return an account for each row: amounts of debts have its currency."""
    return [
        {**_ACCOUNT, "account_id": row["account_id"]} for row in rows if isinstance(row, dict) and "account_id" in row
    ]


FIRST, LAST = date(2026, 11, 25), date(2026, 11, 28)
CASES: Mapping[str, ListCase] = {
    "teller/accounts": ListCase(
        rows=recorded("banking/teller", "accounts"), read=lambda bank: bank.accounts(), path="/accounts", **_TELLER
    ),
    "teller/transactions": ListCase(
        rows=recorded("banking/teller", "transactions_checking"),
        read=lambda bank: bank.transactions("acc_chk"),
        path="/transactions",
        after=_asked("from_id"),
        other={"/acc_chk": recorded("banking/teller", "account_checking")},
        **_TELLER,
    ),
    "teller/identity": ListCase(
        rows=recorded("banking/teller", "identity"),
        read=lambda bank: bank.identity(),
        path="/identity",
        ident=None,
        **_TELLER,
    ),
    "teller/institutions": ListCase(
        rows=recorded("banking/teller", "institutions"),
        read=lambda bank: bank.institutions(),
        path="/institutions",
        **_TELLER,
    ),
    "finastra/accounts": ListCase(
        rows=recorded("banking/finastra", "accounts")["items"],
        read=lambda bank: bank.accounts(),
        path="/accounts",
        **_B2C,
    ),
    "bankersbank/accounts": ListCase(
        rows=recorded("banking/finastra", "accounts")["items"],
        read=lambda bank: bank.accounts(),
        path="/accounts",
        **_B2B,
    ),
    "bankersbank/balances": ListCase(
        rows=[BALANCE], read=lambda bank: bank.balances("CURRENT"), path="/balances-by-account-type", **_B2B
    ),
    "bankersbank/collaterals": ListCase(read=lambda bank: bank.collaterals(), **_COLLATERALS),
    "bankersbank/list_collaterals": ListCase(read=lambda bank: bank.list_collaterals(), **_COLLATERALS),
    **_plaid("accounts", "/accounts/get", _ACCOUNT, _beside("accounts"), ident="account_id"),
    **_plaid("balances", "/accounts/get", _ACCOUNT, _beside("accounts"), ident="account_id"),
    **_plaid("identity", "/identity/get", {**_ACCOUNT, "owners": [_OWNER]}, _beside("accounts"), ident="account_id"),
    **_plaid(
        "transactions",
        "/transactions/get",
        _SPENT,
        lambda rows: {"transactions": rows, "total_transactions": len(rows)},
        ident="transaction_id",
        read=lambda bank: bank.transactions("a"),
    ),
    **_plaid(
        "activities",
        "/investments/transactions/get",
        _DONE,
        lambda rows: {
            "securities": [_SECURITY],
            "investment_transactions": rows,
            "total_investment_transactions": len(rows),
        },
        ident="investment_transaction_id",
    ),
    **_plaid(
        "recurring",
        "/transactions/recurring/get",
        _STREAM,
        lambda rows: {"inflow_streams": rows, "outflow_streams": []},
        ident="stream_id",
    ),
    **_plaid(
        "liabilities",
        "/liabilities/get",
        _CARD,
        lambda rows: {"accounts": _accounts_of(rows), "liabilities": {"credit": rows, "mortgage": None, "student": []}},
        ident="account_id",
    ),
    **_plaid(
        "institutions",
        "/institutions/get",
        {"institution_id": "ins_1", "name": "First Bank", "products": ["auth"]},
        lambda rows: {"institutions": rows, "total": len(rows)},
        ident="institution_id",
    ),
    **_alpaca("orders", "orders", "/v2/orders"),
    **_alpaca("positions", "positions", "/v2/positions", ident=None),
    **_alpaca("activities", "activities", "/activities"),
    **_alpaca("assets", "assets", "/v2/assets"),
    **_alpaca("cancel_orders", "cancel_orders", "/v2/orders"),
    **_alpaca("watchlists", "watchlists", "/watchlists", rows=[recorded("brokerage/alpaca", "watchlist")]),
    **_alpaca(
        "calendar",
        "calendar",
        "/calendar",
        read=lambda broker: broker.calendar(start=FIRST, end=LAST),
        ident=None,
    ),
    **_snaptrade("authorizations", "connections", "/authorizations", read=lambda client: client.connections()),
    **_snaptrade(
        "accounts_1",
        "accounts",
        "/c-1/accounts",
        read=lambda client: client.accounts(),
        other={"/authorizations": recorded("brokerage/snaptrade", "authorizations")[:1]},
    ),
    **_snaptrade("users", "users", "/listUsers", read=lambda client: client.users(), ident=None),
    **_snaptrade("balances", "balances", "/balances", ident=None),
    **_snaptrade("positions", "positions", "/positions/all", wrap=lambda rows: {"results": rows}, ident=None),
    **_snaptrade(
        "activities_1",
        "activities",
        "/activities",
        wrap=lambda rows: {"data": rows, "pagination": {"total": len(rows), "offset": 0, "limit": 1000}},
    ),
    **_snaptrade("orders", "orders", "/orders", ident="brokerage_order_id"),
}


OWN = ("/check_order", "/reconcile_orders")
"""List what we say of orders ourselves, no vendor's rows."""
CHANGING = ("/cancel_orders",)
"""Take effect when they are asked: no suite can ask them twice and compare."""


def listing_operations(words: Sequence[str] = ("Pages[", "Listing[", "list[", "CollateralPage")) -> Iterator[str]:
    """Yield `vendor/operation` for everything of a bank or broker that lists rows, as the code declares it."""
    for domain in DOMAINS:
        for cls in registry.providers(domain):
            vendor = cls.info.provider_key.partition(":")[2]
            yield from (f"{vendor}/{name}" for name in sorted(cls.can) if _returns(cls, name, words))
    yield from (f"bankersbank/{name}" for name in dir(FinastraAPIClient) if _returns(FinastraAPIClient, name, words))


def _returns(cls: type[Any], name: str, words: Sequence[str]) -> bool:
    fn = getattr(getattr(cls, name), "fn", None)
    returned = "" if fn is None else str(fn.__annotations__.get("return", ""))
    return any(word in returned for word in words)
