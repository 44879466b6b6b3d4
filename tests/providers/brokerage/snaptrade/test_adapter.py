"""SnapTrade: requests signed as they are sent, answers read exactly, refusals with a next step."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from fin_infra.errors import (
    AuthenticationFailed,
    ConfigurationError,
    InvalidInput,
    InvalidRequest,
    NotFound,
    PermissionDenied,
    ProviderError,
    ProviderUnavailable,
    RateLimited,
    ReauthRequired,
    UnexpectedPayload,
)
from fin_infra.flow import CallRecord, observe_calls
from fin_infra.model import AssetClass, Listing, Money, OrderStatus, OrderType, PositionSide, Side, TimeInForce
from fin_infra.providers.brokerage.snaptrade.adapter import Settings, SnapTrade
from fin_infra.providers.brokerage.snaptrade.payloads import STATUSES
from fin_infra.providers.brokerage.snaptrade.signature import signature
from fin_infra.providers.provider import Endpoint
from fin_infra.settings import load
from fin_infra.transport import Reply, Request, Sync
from fin_infra.transport.config import HttpConfig
from fin_infra.transport.engine import Writer
from fin_infra.transport.replay import Replay, fixture_responder

HERE = Path(__file__).parent
KEYS = {"client_id": "CID", "consumer_key": "ck-5d1e", "user_id": "ada", "user_secret": "us 7f&3e"}


@pytest.fixture(autouse=True)
def _no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("CLIENT_ID", "CONSUMER_KEY", "USER_ID", "USER_SECRET", "BASE_URL", "LEGACY_PATHS"):
        monkeypatch.delenv(f"SNAPTRADE_{name}", raising=False)


def place(**given: Any) -> Endpoint:
    settings = {**KEYS, "max_attempts": 1, **given}
    return Endpoint(
        "http://127.0.0.1:1", "custom", load(Settings, {k: v for k, v in settings.items() if v is not None})
    )


def recorded(**given: Any) -> SnapTrade[Sync]:
    return SnapTrade(Replay(fixture_responder(HERE)), place(**given))


def answering(body: Any, status: int = 200, headers: dict[str, str] | None = None, **given: Any) -> SnapTrade[Sync]:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return SnapTrade(Replay(lambda request: Reply(status, content, headers or {})), place(**given))


def sent(client: SnapTrade[Sync]) -> list[Request]:
    assert isinstance(client.transport, Replay)
    return client.transport.requests


# How a request leaves.


def test_request_when_sent_then_the_person_the_client_and_a_signature_over_the_query_on_the_wire() -> None:
    client = recorded()
    client.now = lambda: 1795281301.9
    client.balances("a-1")
    [request] = sent(client)
    assert request.params == (
        ("userId", "ada"),
        ("userSecret", "us 7f&3e"),
        ("clientId", "CID"),
        ("timestamp", "1795281301"),
    )
    config = HttpConfig(base_url="http://127.0.0.1:1")
    target = Writer(config).write(request).url.target.decode()
    path, _, query = target.partition("?")
    assert path == "/accounts/a-1/balances"
    assert dict(request.headers)["Signature"] == signature("ck-5d1e", path, query)


def test_request_when_paths_are_legacy_then_sent_with_the_prefix_and_signed_without() -> None:
    client = answering([], legacy_paths=True)
    client.now = lambda: 1.0
    client.balances("a-1")
    [request] = sent(client)
    assert request.path == "/api/v1/accounts/a-1/balances"
    assert dict(request.headers)["Signature"] == signature("ck-5d1e", "/accounts/a-1/balances", request.query)


def test_request_when_repeated_then_signed_anew_with_the_time_of_the_attempt() -> None:
    replies = iter([Reply(503, b"{}"), Reply(200, b"[]")])
    client = SnapTrade(Replay(lambda request: next(replies)), place(max_attempts=2))
    times = iter([100.0, 107.0])
    client.now = lambda: next(times)
    client.balances("a-1")
    assert [dict(request.params)["timestamp"] for request in sent(client)] == ["100", "107"]
    assert len({dict(request.headers)["Signature"] for request in sent(client)}) == 2


def test_request_when_it_concerns_no_person_then_the_secret_stays_at_home() -> None:
    client = recorded(user_id=None, user_secret=None)
    assert client.users() == ["ada", "ben"]
    assert client.register_user("ada").user_secret == "us-7f3e"
    client.delete_user("ada")
    assert all("userSecret" not in dict(request.params) for request in sent(client))
    assert json.loads(sent(client)[1].content or b"") == {"userId": "ada"}


def test_request_when_the_person_is_not_set_then_error_says_how_to_get_one() -> None:
    with pytest.raises(ConfigurationError, match=r"SNAPTRADE_USER_ID and SNAPTRADE_USER_SECRET, which register_user"):
        recorded(user_secret=None).positions("a-1")


def test_login_url_when_asked_then_read_only_and_body_and_signature_agree() -> None:
    client = recorded()
    link = client.login_url(broker="SCHWAB", reconnect="c-2")
    [request] = sent(client)
    content = json.loads(request.content or b"")
    assert content == {"broker": "SCHWAB", "reconnect": "c-2", "connectionType": "read"}
    assert dict(request.headers)["Signature"] == signature("ck-5d1e", "/snapTrade/login", request.query, content)
    assert link.url == "https://portal.example/redeem?token=pt-91c2"
    assert "pt-91c2" not in repr(link)
    assert "se-44" not in repr(link)
    assert not {"url", "session_id", "raw"} & set(link.to_dict())
    assert link.to_dict(private=True)["url"] == link.url


@pytest.mark.parametrize("call", ["register_user", "refresh", "delete_user"])
def test_change_when_it_fails_then_never_repeated(call: str) -> None:
    client = answering({"detail": "x"}, 503, max_attempts=3)
    with pytest.raises(ProviderUnavailable):
        getattr(client, call)("c-1")
    assert len(sent(client)) == 1


def test_secrets_when_anything_is_shown_then_not_among_it() -> None:
    told: list[str] = []
    stop = observe_calls(lambda record: told.append(repr({n: getattr(record, n) for n in CallRecord.__slots__})))
    client = answering({"detail": "us 7f&3e ck-5d1e", "code": "1083"}, 401)
    with pytest.raises(AuthenticationFailed) as caught:
        client.positions("a-1")
    stop()
    told += [str(caught.value), repr(caught.value), repr(caught.value.extra()), repr(client), repr(client.settings)]
    told += [repr(request) for request in sent(client)] + [repr(recorded().register_user("ada"))]
    told += [recorded().register_user("ada").to_json(), recorded().register_user("ada")._repr_html_()]
    for secret in ("us 7f", "us+7f", "us-7f3e", "ck-5d1e"):
        assert not [text for text in told if secret in text]


# Positions.


@pytest.fixture(scope="module")
def positions() -> dict[str, Any]:
    return {row.symbol_text: row for row in recorded().positions("a-1")}


def test_positions_when_read_then_none_is_dropped_and_all_have_the_brokers_time(positions: dict[str, Any]) -> None:
    assert len(positions) == 17
    assert {row.as_of for row in positions.values()} == {datetime(2026, 11, 20, 14, 59, 0, 123456, tzinfo=UTC)}
    assert {row.account_id for row in positions.values()} == {"a-1"}


@pytest.mark.parametrize(
    ("symbol", "key", "asset_class"),
    [
        ("BRK/B", "XNYS:BRK.B", AssetClass.EQUITY),
        ("BRK.B", "XNYS:BRK.B", AssetClass.EQUITY),
        ("BRK-B", "XNYS:BRK.B", AssetClass.EQUITY),
        ("REI-UN.TO", "XTSE:REI.UN", AssetClass.EQUITY),
        ("VAB.TO", "XTSE:VAB", AssetClass.EQUITY),
        ("BARC.L", "XLON:BARC", AssetClass.EQUITY),
        ("SIVBQ", "OOTC:SIVBQ", AssetClass.EQUITY),
        ("SWVXX", "US:SWVXX", AssetClass.EQUITY),
        ("AAPL  261218C00240000", "OCC:AAPL261218C00240000", AssetClass.OPTION),
        ("XXBT", "CRYPTO:bitcoin", AssetClass.CRYPTO),
        ("UNI", None, AssetClass.CRYPTO),
        ("ETH2.S", None, AssetClass.CRYPTO),
        ("912828YK0", None, AssetClass.UNKNOWN),
        ("NOWHERE", None, AssetClass.EQUITY),
        ("SHOP", None, AssetClass.EQUITY),
    ],
)
def test_positions_when_spelt_by_brokers_then_one_key_or_none(
    positions: dict[str, Any], symbol: str, key: str | None, asset_class: AssetClass
) -> None:
    row = positions[symbol]
    assert (row.key and str(row.key), row.asset_class) == (key, asset_class)


def test_positions_when_long_then_value_cost_and_gain_to_the_last_digit(positions: dict[str, Any]) -> None:
    row = positions["BRK/B"]
    assert (row.side, row.quantity, row.current_price) == (PositionSide.LONG, 25, Decimal("506.94"))
    assert row.market_value == Money.of("12673.50", "USD")
    assert row.cost_basis == Money.of("10078.75", "USD")
    assert row.unrealized == Money.of("2594.75", "USD")


def test_positions_when_short_then_everything_is_negative(positions: dict[str, Any]) -> None:
    row = positions["TSLA"]
    assert (row.side, row.quantity) == (PositionSide.SHORT, -15)
    assert row.market_value == Money.of("-5904.45", "USD")
    assert row.cost_basis == Money.of("-3676.50", "USD")
    assert row.unrealized == Money.of("-2227.95", "USD")  # sold at 245.10, now dearer


def test_positions_when_option_then_price_per_share_and_worth_per_contract(positions: dict[str, Any]) -> None:
    row, mini = positions["AAPL  261218C00240000"], positions["AAPL  261218C00250000"]
    assert (row.average_entry_price, row.market_value) == (Decimal("5.10"), Money.of("1270", "USD"))
    assert row.cost_basis == Money.of("1020", "USD")
    assert mini.market_value == Money.of("-30.5", "USD")  # ten shares


def test_positions_when_price_is_missing_then_none_and_never_zero(positions: dict[str, Any]) -> None:
    row = positions["SIVBQ"]
    assert (row.current_price, row.market_value, row.unrealized) == (None, None, None)
    assert row.cost_basis == Money.of("34", "USD")
    no_cost = positions["BRK-B"]
    assert (no_cost.average_entry_price, no_cost.cost_basis, no_cost.unrealized) == (None, None, None)


def test_positions_when_in_pence_then_pounds(positions: dict[str, Any]) -> None:
    row = positions["BARC.L"]
    assert (row.currency, row.current_price, row.average_entry_price) == ("GBP", Decimal("3.105"), Decimal("2.5"))
    assert row.market_value == Money.of("621", "GBP")


def test_positions_when_no_currency_then_that_of_the_instrument_or_no_money_at_all(positions: dict[str, Any]) -> None:
    assert (positions["VAB.TO"].currency, positions["VAB.TO"].market_value) == ("CAD", Money.of("2347", "CAD"))
    assert (positions["NOWHERE"].currency, positions["NOWHERE"].market_value) == ("XXX", None)


def test_positions_when_worth_is_no_product_of_units_and_price_then_none(positions: dict[str, Any]) -> None:
    bond = positions["912828YK0"]
    assert (bond.quantity, bond.current_price, bond.market_value) == (5000, Decimal("99.21"), None)


def test_positions_when_tiny_then_every_digit(positions: dict[str, Any]) -> None:
    row = positions["ETH2.S"]
    assert str(row.market_value.amount) == "3.006348103E-15"
    assert str(positions["XXBT"].market_value.amount) == "22831.0116300"


def test_positions_when_counted_as_cash_then_marked(positions: dict[str, Any]) -> None:
    assert [symbol for symbol, row in positions.items() if row.in_cash] == ["SWVXX"]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"units": None}, "units"),
        ({"units": "many"}, "units"),
        ({"price": "NaN"}, "price"),
        ({"price": True}, "price"),
        ({"instrument": None}, "instrument"),
        ({"instrument": {"kind": "stock"}}, "symbol"),
        ({"instrument": {"symbol": "X"}}, "kind"),
    ],
)
def test_positions_when_one_is_malformed_then_named_and_the_others_come(change: dict[str, Any], field: str) -> None:
    row = json.loads((HERE / "positions.json").read_text())["reply"]["json"]["results"][0]
    found = answering({"results": [row | change, row]}).positions("a-1")
    assert len(found) == 1
    (error,) = found.errors
    assert error.place == "results[0]"
    assert f"'{field}'" in error.reason


# Everything else that is read.


def test_balances_when_read_then_by_currency_and_missing_is_none() -> None:
    dollars, canadian, tether = recorded().balances("a-1")
    assert (dollars.cash, dollars.buying_power) == (Money.of("-1250.75", "USD"), Money.of(48000, "USD"))
    assert (canadian.currency, canadian.cash, canadian.buying_power) == ("CAD", None, None)
    assert (tether.currency, tether.cash) == ("USDT", None)  # no ISO 4217 code, so no money


def test_connections_when_read_then_disabled_ones_are_told() -> None:
    one, two = recorded().connections()
    assert (one.id, one.broker, one.broker_name, one.can_trade) == ("c-1", "ROBINHOOD", "Robinhood", True)
    assert (one.disabled, one.disabled_at) == (False, None)
    assert (two.broker_name, two.can_trade, two.disabled) == ("Questrade Canada", False, True)
    assert two.disabled_at == datetime(2026, 11, 12, 18, 22, 10, 345612, tzinfo=UTC)


def test_accounts_when_read_then_of_all_connections_without_personal_data_in_the_repr() -> None:
    client = recorded()
    one, two = client.accounts()
    assert [request.path for request in sent(client)] == [
        "/authorizations",
        "/authorizations/c-1/accounts",
        "/authorizations/c-2/accounts",
    ]
    assert (one.total, one.is_paper, one.status) == (Money.of("15363.23", "USD"), False, "open")
    assert one.holdings_synced_at == datetime(2026, 11, 20, 14, 59, 0, 500000, tzinfo=UTC)
    assert one.transactions_synced_on == date(2026, 11, 19)
    assert (two.total, two.first_sync_done, two.holdings_synced_at, two.is_paper) == (None, False, None, True)
    for private in ("Jane Roe", "Q6542138443", "54953432", "8857"):
        assert private not in repr([one, two])


def test_activities_when_paged_then_each_once_money_in_is_positive_and_zero_means_none() -> None:
    client = recorded(page_size=2)
    sale, option, deposit = list(client.activities("a-1"))
    assert (sale.side, sale.quantity, sale.price, sale.amount, sale.fee) == (
        Side.SELL,
        4,
        Decimal("203.19"),
        Money.of("807.81", "CAD"),
        Money.of("4.95", "CAD"),
    )
    assert (sale.at, sale.day) == (datetime(2026, 11, 18, 14, 31, 7, 250000, tzinfo=UTC), date(2026, 11, 18))
    assert (str(option.key), option.side, option.amount) == (
        "OCC:AAPL261218C00240000",
        Side.BUY,
        Money.of("-1271.3", "USD"),
    )
    assert (option.at, option.day) == (None, date(2026, 11, 10))  # midnight is a date without a time
    assert (deposit.amount, deposit.price, deposit.quantity, deposit.key) == (Money.of(500, "USD"), None, None, None)
    assert (deposit.at, deposit.day) == (None, date(2026, 11, 12))
    assert "Jane Roe" not in repr([sale, option, deposit])
    assert [dict(request.params)["offset"] for request in sent(client)] == ["0", "2"]


def test_activities_when_between_two_days_then_the_last_is_not_among_them() -> None:
    client = recorded(page_size=2)
    found = list(client.activities("a-1", start=date(2026, 11, 10), end=date(2026, 11, 18)))
    assert [row.id for row in found] == ["t-2", "t-1"]
    assert dict(sent(client)[0].params) | {"startDate": "2026-11-10", "endDate": "2026-11-17"} == dict(
        sent(client)[0].params
    )
    client = recorded()
    assert list(client.activities("a-1", start=date(2026, 11, 10), end=date(2026, 11, 10))) == []
    assert sent(client) == []
    with pytest.raises(InvalidInput, match="not after"):
        list(client.activities("a-1", start=date(2026, 11, 10), end=date(2026, 11, 9)))


def activity_page(ids: list[str], total: int) -> Reply:
    row = json.loads((HERE / "activities_2.json").read_text())["reply"]["json"]["data"][0]
    body = {"data": [row | {"id": ident} for ident in ids], "pagination": {"offset": 0, "limit": 2, "total": total}}
    return Reply(200, json.dumps(body).encode())


@pytest.mark.parametrize(
    ("pages", "error"),
    [
        ([(["a", "b"], 3), (["b", "c"], 4)], ProviderUnavailable),
        ([(["a", "b"], 4), (["c"], 3)], ProviderUnavailable),
        ([(["a", "b"], 4), ([], 4)], UnexpectedPayload),
    ],
)
def test_activities_when_the_list_moves_or_breaks_off_then_an_error_and_never_a_gap(
    pages: list[tuple[list[str], int]], error: type[ProviderError]
) -> None:
    client = SnapTrade(Replay([activity_page(*page) for page in pages]), place())
    found: list[str] = []

    def read() -> None:
        for row in client.activities("a-1"):
            found.append(row.id)

    with pytest.raises(error):
        read()
    assert found == ["a", "b"]


def test_orders_when_read_then_documented_words_and_what_no_member_fits_as_text() -> None:
    done, silent, trailing, cut = recorded().orders("a-1")
    assert (done.status, done.side, done.type, done.time_in_force) == (
        OrderStatus.FILLED,
        Side.BUY,
        OrderType.MARKET,
        TimeInForce.DAY,
    )
    assert (str(done.key), done.filled_average_price) == ("XNAS:AAPL", Decimal("271.8700"))
    assert done.filled_at == datetime(2026, 11, 19, 15, 0, 1, 500000, tzinfo=UTC)
    assert (silent.status, silent.side, silent.type, silent.filled_quantity) == (None, None, None, None)
    assert (trailing.type, trailing.type_text) == (None, "TrailingStop")
    assert (trailing.trail_percent, trailing.trail_price) == (5, None)
    assert (str(cut.key), cut.asset_class, cut.side, cut.action) == (
        "OCC:AAPL261218C00240000",
        AssetClass.OPTION,
        Side.SELL,
        "SELL_OPEN",
    )
    assert (cut.status, cut.filled_quantity, cut.type) == (OrderStatus.CANCELED, 3, OrderType.STOP_LIMIT)


def test_orders_when_closed_are_wanted_then_final_ones_only() -> None:
    client = recorded()
    assert [row.id for row in client.orders("a-1", status="closed")] == ["o-1", "o-4"]
    assert dict(sent(client)[0].params)["state"] == "all"
    some: Any = "none"
    with pytest.raises(InvalidInput, match="one of 'open', 'closed', 'all', not 'none'"):
        client.orders("a-1", status=some)


DOCUMENTED = (
    "NONE PENDING ACCEPTED FAILED REJECTED CANCELED PARTIAL_CANCELED CANCEL_PENDING EXECUTED PARTIAL REPLACE_PENDING "
    "REPLACED STOPPED SUSPENDED EXPIRED QUEUED TRIGGERED ACTIVATED PENDING_RISK_REVIEW CONTINGENT_ORDER"
)


def test_order_status_when_documented_then_in_the_table_and_else_refused() -> None:
    assert set(STATUSES) == set(DOCUMENTED.split())
    row = json.loads((HERE / "orders.json").read_text())["reply"]["json"][0]
    for status in ("executed", "FILLED", "", None):
        found = answering([row | {"status": status}, row]).orders("a-1")
        assert [order.id for order in found] == [row["brokerage_order_id"]]
        assert [(error.id, "'status'" in error.reason) for error in found.errors] == [(row["brokerage_order_id"], True)]


# Refusals.


@pytest.mark.parametrize(
    ("status", "body", "kind", "words"),
    [
        (
            401,
            {"detail": "Unable to verify signature sent", "status_code": 401, "code": "1076"},
            AuthenticationFailed,
            "CONSUMER_KEY",
        ),
        (401, {"default_detail": "x", "default_code": 1076}, AuthenticationFailed, "clock"),
        (400, {"default_detail": "Unable to verify data sent", "default_code": 1076}, InvalidRequest, "parameters"),
        (401, {"detail": "x", "code": "1083"}, AuthenticationFailed, "SNAPTRADE_USER_ID"),
        (402, {"detail": "x", "code": 3003}, ReauthRequired, "login_url"),
        (402, {"detail": "x"}, ReauthRequired, "disabled"),
        (403, {"detail": "x", "default_code": 1141}, PermissionDenied, "feature"),
        (403, {"detail": "x", "code": "1066"}, PermissionDenied, "may not"),
        (404, {"detail": "x", "code": "1011"}, NotFound, "not found at SnapTrade"),
        (400, {"detail": "x", "code": "1010"}, InvalidRequest, "registered already"),
        (410, {"detail": "x"}, NotFound, "closed this endpoint"),
        (425, {"detail": "x", "code": 3012}, ProviderUnavailable, "first time"),
        (429, {"detail": "x", "status_code": 429, "code": "0000"}, RateLimited, "limit"),
        (429, {"detail": "x", "status_code": 429, "code": "throttled"}, RateLimited, "refreshed a moment ago"),
        (500, {"detail": "x", "status_code": 500, "code": 1000}, ProviderUnavailable, "500"),
        (501, {"error": "The orders endpoint is not yet implemented"}, PermissionDenied, "cannot get"),
        (503, {"detail": "x", "status_code": 503, "code": 3002}, ProviderUnavailable, "broker behind"),
        (502, b"<html>", ProviderUnavailable, "502"),
        (400, [1], InvalidRequest, "malformed"),
        (418, {"code": {"a": 1}}, InvalidRequest, "418"),
    ],
)
def test_refusal_when_documented_then_typed_with_the_next_step(
    status: int, body: Any, kind: type[ProviderError], words: str
) -> None:
    with pytest.raises(ProviderError, match=words) as caught:
        answering(body, status).positions("a-1")
    assert type(caught.value) is kind
    assert caught.value.http_status == status


def test_refusal_when_of_one_connection_then_the_vendor_is_not_held_to_be_down() -> None:
    for status, code in ((425, "3012"), (429, "throttled")):
        client = answering({"detail": "x", "code": code}, status, breaker_threshold=1)
        for _ in range(3):
            with pytest.raises(ProviderError, match=r"first time|a moment ago"):
                client.positions("a-1")
        assert len(sent(client)) == 3


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "7"}, 7),
        ({"x-ratelimit-remaining": "0", "x-ratelimit-reset": "31"}, 31),
        ({"x-ratelimit-remaining": "4", "x-ratelimit-reset": "31"}, None),
        ({}, None),
    ],
)
def test_refusal_when_limited_then_says_when_to_come_back(headers: dict[str, str], seconds: float | None) -> None:
    with pytest.raises(RateLimited) as caught:
        answering({"detail": "x", "code": "0000"}, 429, headers).positions("a-1")
    assert caught.value.retry_after == (None if seconds is None else pytest.approx(seconds, abs=0.01))


# What the vendor documents.


def test_examples_when_published_then_typed_values_or_typed_errors(samples: Path) -> None:
    published = json.loads((samples / "snaptrade" / "openapi_examples.json").read_text())
    refused = 0
    for name, body in published.items():
        status = int(name.split()[-1])
        if status >= 400:
            with pytest.raises(ProviderError) as caught:
                answering(body, status).positions("a-1")
            assert type(caught.value) is not ProviderError
            refused += 1
    assert refused == 56

    [order] = answering(published["GET /accounts/{accountId}/recentOrders 200"]["orders"]).orders("a-1")
    assert (order.id, order.status, order.quantity) == ("66a033fa-da74-4fcf-b527-feefdec9257e", None, 100)
    assert (str(order.key), order.trail_price) == ("OCC:AAPL261218C00240000", Decimal("0.60"))
    [account] = _accounts(published["GET /accounts 200"])
    assert (account.institution, account.total) == ("Robinhood", Money.of("15363.23", "USD"))
    assert account.holdings_synced_at == datetime(2024, 6, 28, 18, 42, 46, 561408, tzinfo=UTC)
    [link] = answering(published["GET /authorizations 200"]).connections()
    assert (link.broker, link.can_trade, link.disabled, link.disabled_at) == ("ROBINHOOD", True, False, None)
    example = published["GET /accounts/{accountId}/activities 200"]
    [row] = answering(example | {"pagination": {"offset": 0, "limit": 100, "total": 1}}).activities("a-1")
    assert (row.amount, row.price, row.quantity) == (Money.of("263.82", "USD"), Decimal("0.4"), Decimal("5.2"))
    assert (row.day, row.side) == (date(2024, 3, 22), Side.BUY)


def _accounts(rows: list[Any]) -> Any:
    link = json.loads((HERE / "authorizations.json").read_text())["reply"]["json"][:1]
    link[0]["id"] = rows[0]["brokerage_authorization"]
    replies = [Reply(200, json.dumps(body).encode()) for body in (link, rows)]
    return SnapTrade(Replay(replies), place()).accounts()


def test_examples_of_other_shapes_when_given_then_refused_and_never_misread(samples: Path) -> None:
    published = json.loads((samples / "snaptrade" / "openapi_examples.json").read_text())
    for name in ("GET / 200", "GET /accounts/{accountId}/balanceHistory 200", "POST /trade/place 200"):
        for operation in ("positions", "balances", "orders"):
            with pytest.raises(UnexpectedPayload):
                getattr(answering(published[name]), operation)("a-1")


# What cannot be read.


@pytest.mark.parametrize("fresh", [7, "now", {"as_of": "yesterday"}, {"as_of": 7}])
def test_positions_when_their_age_cannot_be_read_then_they_come_and_it_is_named(fresh: object) -> None:
    body = json.loads((HERE / "positions.json").read_text())["reply"]["json"]
    found = answering(body | {"data_freshness": fresh}).positions("a-1")
    assert len(found) == len(body["results"])
    assert [error.place for error in found.errors] == ["data_freshness"]


def test_positions_when_units_are_null_then_that_row_is_named_and_never_zero() -> None:
    rows = json.loads((HERE / "positions.json").read_text())["reply"]["json"]["results"]
    found = answering({"results": [rows[0] | {"units": None}, *rows[1:]]}).positions("a-1")
    assert len(found) == len(rows) - 1
    assert [(error.place, "'units'" in error.reason) for error in found.errors] == [("results[0]", True)]


def test_users_when_one_is_no_id_then_named() -> None:
    found = answering(["ada", 7, "", "ben"]).users()
    assert isinstance(found, Listing)
    assert (list(found), [error.place for error in found.errors]) == (["ada", "ben"], ["users[1]", "users[2]"])
