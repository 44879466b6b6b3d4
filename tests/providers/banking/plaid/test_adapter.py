"""Plaid's operations: the vendor's published examples, with values read off them by hand, and payloads of our own."""

from __future__ import annotations

import json
import logging
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from fin_infra.errors import ConfigurationError, NotFound, ProviderUnavailable, UnexpectedPayload
from fin_infra.flow import row_errors
from fin_infra.model import (
    AccountSubtype,
    AccountType,
    ActivityStatus,
    AssetClass,
    Category,
    LiabilityKind,
    Money,
    RecurringStatus,
    Side,
    TransactionStatus,
)
from fin_infra.providers.banking.plaid import Plaid
from fin_infra.providers.banking.plaid.categories import ADDED, RENAMED, category, in_version_2, version_of
from tests.providers.banking.plaid.support import (
    ITEM,
    SAMPLES,
    TOKEN,
    Client,
    account,
    changes,
    refusal,
    reply,
    row,
    sample,
)

published = pytest.mark.skipif(not SAMPLES.is_dir(), reason="the vendor's published examples are not here")
HOUSE = "BxBXxLj1m4HMXBm9WZJyUg9XLd4rKEhw8Pb1J"
CARD = "dVzbVMLjrxTnLjX4G66XUp5GLklm4oiZy88yK"


def usd(amount: str) -> Money:
    return Money(Decimal(amount), "USD")


def accounts(*rows: Any, **more: Any) -> Any:
    return reply({"accounts": list(rows), "item": ITEM, "request_id": "req-1", **more})


# --- the published examples -----------------------------------------------------------------------------------------


@published
def test_changes_when_the_published_example_is_read_then_money_out_is_negative_and_links_are_kept() -> None:
    client = Client(sample("spec_example_transactions_sync"))
    page = client.plaid.transaction_changes("cursor-1")
    [bought], [modified] = page.added, page.modified
    assert (bought.id, bought.date, bought.amount) == (
        "lPNjeW1nR6CDn5okmGQ6hEpMo4lLNoSrzqDje",
        date(2023, 9, 24),
        usd("-72.1"),
    )
    assert (bought.status, bought.pending_id) == (TransactionStatus.POSTED, "no86Eox18VHMvaOVL7gPUM9ap3aR1LsAVZ5nc")
    assert (bought.counterparty, bought.category) == ("Walmart", Category.SHOPPING)
    assert bought.category_text == "GENERAL_MERCHANDISE_SUPERSTORES"
    assert bought.raw is not None
    assert bought.raw["location"]["postal_code"] == "92064"
    assert (modified.amount, modified.status, modified.pending_id) == (usd("-28.34"), TransactionStatus.PENDING, None)
    assert modified.counterparty == "Burger King"
    assert page.removed == ("CmdQTNgems8BT1B7ibkoUXVPyAeehT3Tmzk0l",)
    assert (page.has_more, page.ready) == (False, True)
    assert page.next_cursor is not None
    assert page.next_cursor.startswith("tVUUL15lYQN5rBnfDIc1I8xudpGdIlw9nsgeXWvhOfkECvUeR663i3Dt1uf")
    [(path, asked)] = client.asked
    assert (path, asked["cursor"], asked["access_token"]) == ("/transactions/sync", "cursor-1", TOKEN)
    assert page.meta is not None
    assert page.meta.request_id == "Wvhy9PZHQLV8njG"


@published
def test_balances_when_the_published_example_is_read_then_debts_are_negative() -> None:
    found = Client(sample("spec_example_accounts_balance_get")).plaid.balances()
    assert [(each.current, each.available) for each in found] == [
        (usd("110"), usd("100")),
        (usd("-410"), None),
        (usd("-65262"), None),
    ]


@published
def test_liabilities_when_the_published_example_is_read_then_each_by_its_kind() -> None:
    card, house, study = Client(sample("spec_example_liabilities_get")).plaid.liabilities()
    assert [each.kind for each in (card, house, study)] == [*LiabilityKind][:3]
    assert [(apr.percentage, apr.type_text) for apr in card.aprs][:2] == [
        (Decimal("15.24"), "balance_transfer_apr"),
        (Decimal("27.95"), "cash_apr"),
    ]
    assert (card.minimum_payment, card.next_payment_due, card.is_overdue) == (usd("20"), date(2020, 5, 28), False)
    assert (card.last_statement_balance, card.last_payment) == (usd("1708.77"), usd("168.25"))
    assert (house.interest_rate, house.rate_type_text, house.account_id) == (Decimal("3.99"), "fixed", HOUSE)
    assert (house.minimum_payment, house.past_due, house.escrow) == (usd("3141.54"), usd("2304"), usd("3141.54"))
    assert (house.matures_on, house.principal) == (date(2045, 7, 31), usd("425000"))
    assert house.account_number == "3120194154"
    assert "3120194154" not in repr(house)
    assert (study.matures_on, study.interest_rate) == (date(2032, 7, 28), Decimal("5.25"))


@published
def test_details_when_the_published_example_is_read_then_every_scheme() -> None:
    found = Client(sample("spec_example_auth_get")).plaid.details("vzeNDwK7KQIm4yEog683uElbp9GRLEFXGK98D")
    assert found.account_number == "9900009606"
    assert found.routing_numbers == {
        "ach": "011401533",
        "wire": "021000021",
        "eft": "02101140",
        "bacs": "601613",
        "bic": "NWBKGB21",
    }
    with pytest.raises(NotFound, match="no number"):
        Client(sample("spec_example_auth_get")).plaid.details("another")


@published
def test_institution_when_the_published_example_is_read_then_its_name_and_products() -> None:
    client = Client(sample("spec_example_institutions_get_by_id"))
    found = client.plaid.institution("ins_109512")
    assert (found.name, found.products) == ("Houndstooth Bank", ("auth", "balance", "identity", "transactions"))
    assert client.plaid.institution("ins_109512") is found, "asked for a second time"
    assert client.asked == [("/institutions/get_by_id", {"institution_id": "ins_109512", "country_codes": ["US"]})]


@published
def test_categories_when_compared_with_the_published_table_then_each_code_of_either_version_is_known() -> None:
    table = json.loads((SAMPLES / "pfc_taxonomy_v2_v1.json").read_text())
    assert {each["detailed"] for each in table if each["v1_detailed"] is None} | {"OTHER_OTHER"} == ADDED
    renamed = {
        each["v1_detailed"]: each["detailed"]
        for each in table
        if each["v1_detailed"] not in (None, each["detailed"]) and "|" not in each["v1_detailed"]
    }
    assert renamed == RENAMED
    transfers = {each["detailed"] for each in table if each["primary"].startswith("TRANSFER_")}
    fees = {each["detailed"] for each in table if each["primary"] == "BANK_FEES"}
    none = {each["detailed"] for each in table if category(each["primary"], each["detailed"]) is Category.UNKNOWN}
    invested = {name for name in transfers if "INVESTMENT" in name}
    assert none == (transfers - invested) | fees | {"OTHER_OTHER"}


# --- categories -----------------------------------------------------------------------------------------------------


def test_category_version_when_a_row_states_it_then_that_one_else_by_its_code() -> None:
    assert version_of("FOOD_AND_DRINK_COFFEE", "v2") == "v2"
    assert version_of("INCOME_WAGES", None) == "v1"
    assert version_of("INCOME_RENTAL", None) == "v2"
    assert version_of("FOOD_AND_DRINK_COFFEE", None) is None
    assert in_version_2("TRANSFER_IN_CASH_ADVANCES_AND_LOANS") == "LOAN_DISBURSEMENTS_OTHER_DISBURSEMENT"
    assert category("TRANSFER_IN", "TRANSFER_IN_CASH_ADVANCES_AND_LOANS") is Category.LOAN
    assert category("INCOME", "INCOME_WAGES") is category("INCOME", "INCOME_SALARY") is Category.INCOME
    assert category("A_WORD", "A_WORD_OF_TOMORROW") is Category.UNKNOWN


# --- accounts and balances ------------------------------------------------------------------------------------------


def test_accounts_when_words_are_new_then_they_are_kept_and_unknown() -> None:
    told = [
        account("a", "depository", "checking") | {"persistent_account_id": "p-1"},
        account("b", "credit", "credit card"),
        account("c", "loan", "moon loan"),
        account("d", "stars", "sky"),
    ]
    client = Client(accounts(*told))
    first, card, loan, strange = client.plaid.accounts()
    assert (first.type, first.subtype, first.last_four) == (AccountType.DEPOSITORY, AccountSubtype.CHECKING, "0001")
    assert (first.institution.name, first.enrollment_id, first.institution_account_id) == (
        "First Bank",
        "item-1",
        "p-1",
    )
    assert "p-1" not in repr(first)
    assert (card.type, card.subtype) == (AccountType.CREDIT, AccountSubtype.CREDIT_CARD)
    assert (loan.subtype, loan.subtype_text) == (AccountSubtype.UNKNOWN, "moon loan")
    assert (strange.type, strange.subtype_text) == (AccountType.UNKNOWN, "sky")
    assert ("transactions" in first.capabilities, "transactions" in loan.capabilities) == (True, False)


def test_accounts_when_the_item_has_no_name_of_the_bank_then_it_is_looked_up_once() -> None:
    unnamed = {name: value for name, value in ITEM.items() if name != "institution_name"}
    body = {"accounts": [account("a")], "item": unnamed, "request_id": "r"}
    bank = {"institution": {"institution_id": "ins_1", "name": "Looked Up", "products": []}, "request_id": "r"}
    client = Client(reply(body), reply(bank), reply(body))
    for _ in range(2):
        assert client.plaid.accounts()[0].institution.name == "Looked Up"
    assert [path for path, _ in client.asked] == ["/accounts/get", "/institutions/get_by_id", "/accounts/get"]
    failing = Client(reply(body), refusal("INTERNAL_SERVER_ERROR", "API_ERROR", 500), max_attempts=1)
    assert failing.plaid.accounts()[0].institution.name == "ins_1"


def test_balances_when_a_number_is_exact_or_not_in_a_known_currency_then_digits_stay_and_others_are_named() -> None:
    told = [
        account("a", current=0.1),
        account("b", current=1, iso_currency_code=None),
        account("c", "stars", "sky"),
        account("d", current=None, available=None),
        account("e", "credit", "credit card", current=-5.25),
    ]
    found = Client(accounts(*told)).plaid.balances()
    assert [(each.account_id, each.current) for each in found] == [("a", usd("0.1")), ("e", usd("5.25"))]
    assert [error.id for error in found.errors] == ["b", "c", "d"]


def test_balance_when_asked_then_one_account_live_and_no_other() -> None:
    client = Client(accounts(account("a")), accounts(account("b")))
    assert client.plaid.balance("a").current == usd("10")
    [(path, asked)] = client.asked
    assert (path, asked["options"]) == ("/accounts/balance/get", {"account_ids": ["a"]})
    with pytest.raises(UnexpectedPayload, match="another account"):
        client.plaid.balance("a")


# --- transactions ---------------------------------------------------------------------------------------------------


def test_changes_when_signs_digits_and_zeros_come_then_exact_and_turned() -> None:
    rows = (b"123456789012.34", b"-0.1", b"1e2", b"0")
    body = changes("c", *[row(f"t{n}", 0) for n in range(4)]).content
    for amount in rows:
        body = body.replace(b'"amount": 0,', b'"amount": ' + amount + b",", 1)
    page = Client(reply(body)).plaid.transaction_changes()
    assert [str(each.amount.amount) for each in page.added] == ["-123456789012.34", "0.1", "-1E+2", "0"]
    assert page.errors == ()


def test_changes_when_a_row_cannot_be_read_then_it_is_named_and_hides_no_other() -> None:
    bad = [row("x", pending="maybe"), row("y", iso_currency_code=None), row("z", day="tomorrow")]
    page = Client(
        changes("c", row("a"), *bad, modified=[row("b"), {"transaction_id": "w"}])
    ).plaid.transaction_changes()
    assert [each.id for each in (*page.added, *page.modified)] == ["a", "b"]
    assert [(each.place, each.id) for each in page.errors] == [
        ("added[1]", "x"),
        ("added[2]", "y"),
        ("added[3]", "z"),
        ("modified[1]", "w"),
    ]
    assert not any("maybe" in each.reason or "tomorrow" in each.reason for each in page.errors)


def test_changes_when_nothing_is_ready_then_no_cursor_and_no_more() -> None:
    page = Client(changes("", more=True, status="NOT_READY")).plaid.transaction_changes()
    assert (page.next_cursor, page.has_more, page.ready) == (None, False, False)


def test_changes_when_the_page_itself_is_wrong_then_an_error() -> None:
    for body in (b"[]", b'{"added": []}', b"<html>", json.dumps({"added": 1}).encode()):
        with pytest.raises(UnexpectedPayload):
            Client(reply(body)).plaid.transaction_changes()


def window(*ids: str, total: int) -> Any:
    return reply({"transactions": [row(each) for each in ids], "total_transactions": total, "request_id": "r"})


def test_transactions_when_walked_then_by_offset_with_both_days_in_the_window() -> None:
    client = Client(window("a", "b", total=3), window("c", total=3), page_size=2)
    rows = list(client.plaid.transactions("a", start=date(2026, 1, 1), end=date(2026, 2, 1)))
    assert [each.id for each in rows] == ["a", "b", "c"]
    first, second = (asked for _, asked in client.asked)
    assert (first["start_date"], first["end_date"]) == ("2026-01-01", "2026-01-31")
    assert (first["options"]["offset"], second["options"]["offset"]) == (0, 2)
    assert first["options"]["account_ids"] == ["a"]
    assert list(Client().plaid.transactions("a", start=date(2026, 1, 1), end=date(2026, 1, 1))) == []


def test_transactions_when_the_list_moves_between_pages_then_none_is_lost_or_doubled() -> None:
    grown = Client(window("a", "b", total=3), window("b", "c", total=4), window(total=4), page_size=2)
    assert [each.id for each in grown.plaid.transactions("a")] == ["a", "b", "c"]
    shrunk = Client(window("a", "b", total=4), window("d", total=3), window("c", "d", total=3), page_size=2)
    assert [each.id for each in shrunk.plaid.transactions("a")] == ["a", "b", "d", "c"]
    assert [asked["options"]["offset"] for _, asked in shrunk.asked] == [0, 2, 2]


def test_transactions_when_a_row_cannot_be_read_then_it_is_named_while_walking() -> None:
    body = {"transactions": [row("a"), row("b", amount="x")], "total_transactions": 2, "request_id": "r"}
    with row_errors() as unread:
        assert [each.id for each in Client(reply(body)).plaid.transactions("a")] == ["a"]
    assert [each.id for each in unread] == ["b"]


def test_recurring_when_streams_come_then_signs_are_turned_and_words_kept() -> None:
    def stream(ident: str, amount: float, **more: Any) -> dict[str, Any]:
        money = {"amount": amount, "iso_currency_code": "USD", "unofficial_currency_code": None}
        found = {"account_id": "a", "stream_id": ident, "category": [], "category_id": None, "description": "Rent"}
        found |= {"merchant_name": "", "first_date": "2026-01-01", "last_date": "2026-03-01", "frequency": "MONTHLY"}
        found |= {"transaction_ids": ["t"], "average_amount": money, "last_amount": money, "is_active": True}
        return {**found, "status": "MATURE", "is_user_modified": False, **more}

    body = {
        "inflow_streams": [stream("pay", -2000.5)],
        "outflow_streams": [stream("rent", 900, status="NEW_WORD"), stream("bad", 1, first_date="x")],
        "request_id": "r",
    }
    found = Client(reply(body)).plaid.recurring()
    pay, rent = found
    assert (pay.average, pay.status, pay.frequency_text) == (usd("2000.5"), RecurringStatus.MATURE, "monthly")
    assert (rent.last, rent.status, rent.status_text) == (usd("-900"), RecurringStatus.UNKNOWN, "NEW_WORD")
    assert (rent.next_on, rent.counterparty) == (None, None)
    assert [each.id for each in found.errors] == ["bad"]


# --- investments ----------------------------------------------------------------------------------------------------


def security(ident: str, kind: str, ticker: str | None, **more: Any) -> dict[str, Any]:
    found = {"security_id": ident, "type": kind, "ticker_symbol": ticker, "name": f"Name {ident}"}
    found |= {"iso_currency_code": "USD", "market_identifier_code": None, "isin": None, "cusip": None}
    return {**found, "option_contract": None, **more}


def holding(ident: str, quantity: float, value: float, **more: Any) -> dict[str, Any]:
    found = {"account_id": "i", "security_id": ident, "quantity": quantity, "institution_price": 1}
    found |= {"institution_value": value, "cost_basis": None, "iso_currency_code": "USD"}
    return {**found, "unofficial_currency_code": None, **more}


SECURITIES = [
    security("apple", "equity", "AAPL", market_identifier_code="XNAS"),
    security("vti", "etf", "VTI"),
    security("cash", "cash", "CUR:USD"),
    security("coin", "cryptocurrency", "CUR:BTC"),
    security("call", "derivative", "AAPL270115C00300000", option_contract={"contract_type": "call"}),
    security("bond", "fixed income", None, cusip="912810TM0"),
    security("thing", "a new type", "ODD"),
]


def test_holdings_when_read_then_keys_cash_and_contracts_as_brokers_tell_them() -> None:
    rows = [
        holding("apple", 3, 600.3, cost_basis=450),
        holding("vti", -2, -500),
        holding("cash", 25.5, 25.5),
        holding("coin", 0.00293644, 200),
        holding("call", 200, 1000),
        holding("bond", 1, 99),
        holding("thing", 1, 7),
    ]
    told = [account("i", "investment", "brokerage", current=9999), account("c")]
    found = Client(accounts(*told, holdings=rows, securities=SECURITIES)).plaid.holdings()
    assert [each.id for each in found.accounts] == ["i"]
    assert found.accounts[0].total == usd("9999")
    apple, vti, coin, call, bond, thing = found.positions
    assert (str(apple.key), apple.market_value, apple.cost_basis) == ("XNAS:AAPL", usd("600.3"), usd("450"))
    assert apple.unrealized == usd("150.3")
    assert (str(vti.key), vti.side.value) == ("US:VTI", "short")
    assert (str(coin.key), coin.quantity, coin.asset_class) == (
        "CRYPTO:bitcoin",
        Decimal("0.00293644"),
        AssetClass.CRYPTO,
    )
    assert (str(call.key), call.quantity) == ("OCC:AAPL270115C00300000", Decimal(2)), "200 shares are two contracts"
    assert (str(bond.key), bond.asset_class) == ("CUSIP:912810TM0", AssetClass.UNKNOWN)
    assert (thing.key, thing.symbol_text) == (None, "ODD")
    assert [(each.currency, each.cash) for each in found.balances] == [("USD", usd("25.5"))]


def test_holdings_when_no_cash_is_told_then_what_is_left_of_the_total_or_nothing() -> None:
    told = account("i", "investment", "brokerage", current=1000)
    whole = Client(accounts(told, holdings=[holding("apple", 3, 600.3)], securities=SECURITIES)).plaid.holdings()
    assert [each.cash for each in whole.balances] == [usd("399.7")]
    rows = [holding("apple", 3, 600.3), holding("vti", 1, 1, iso_currency_code="EUR")]
    mixed = Client(accounts(told, holdings=rows, securities=SECURITIES)).plaid.holdings()
    assert mixed.balances == ()
    bad = [holding("apple", 3, 600.3), holding("vti", "x", 1)]  # type: ignore[arg-type]  # what a vendor may send
    partly = Client(accounts(told, holdings=bad, securities=SECURITIES)).plaid.holdings()
    assert (len(partly.positions), partly.balances) == (1, ())
    [error] = partly.errors
    assert (error.operation, error.account_id, error.code) == ("positions", "i", "fin.unreadable_row")


def test_activities_when_read_then_money_in_is_positive_and_sides_by_type() -> None:
    def done(ident: str, kind: str, subtype: str, amount: float, **more: Any) -> dict[str, Any]:
        found = {"investment_transaction_id": ident, "account_id": "i", "security_id": "apple", "date": "2026-02-03"}
        found |= {"name": ident, "quantity": 0, "amount": amount, "price": 0, "fees": None, "type": kind}
        return {**found, "subtype": subtype, "iso_currency_code": "USD", "unofficial_currency_code": None, **more}

    rows = [
        done("buy", "buy", "buy", 210.5, quantity=2, price=105, fees=0.5),
        done("sell", "sell", "sell", -99, quantity=-1, price=99),
        done("div", "cash", "dividend", -3.21, security_id=None),
        done("off", "cancel", "a new word", 5),
    ]
    body = {"item": ITEM, "accounts": [], "securities": SECURITIES, "investment_transactions": rows, "request_id": "r"}
    client = Client(reply({**body, "total_investment_transactions": 4}))
    buy, sell, dividend, canceled = client.plaid.activities(start=date(2026, 1, 1), end=date(2026, 3, 1))
    assert (buy.side, buy.quantity, buy.amount, buy.fee) == (Side.BUY, 2, usd("-210.5"), usd("0.5"))
    assert (sell.side, sell.quantity, sell.amount) == (Side.SELL, 1, usd("99"))
    assert (str(sell.key), sell.day) == ("XNAS:AAPL", date(2026, 2, 3))
    assert (dividend.type, dividend.amount, dividend.key, dividend.quantity) == ("dividend", usd("3.21"), None, None)
    assert (canceled.status, canceled.type, canceled.counts) == (ActivityStatus.CANCELED, "a new word", False)


# --- what is sent ---------------------------------------------------------------------------------------------------


def test_requests_when_sent_then_keys_in_headers_token_in_the_body_and_nothing_in_the_address() -> None:
    client = Client(accounts(account("a")))
    client.plaid.accounts()
    [sent] = client.transport.requests
    headers = dict(sent.headers)
    assert (headers["PLAID-CLIENT-ID"], headers["PLAID-SECRET"], headers["Plaid-Version"]) == (
        "client-1",
        "secret-1",
        "2020-09-14",
    )
    assert (sent.method, sent.path, sent.params) == ("POST", "/accounts/get", ())
    assert json.loads(sent.content or b"") == {"access_token": TOKEN}


def test_calls_when_the_vendor_fails_then_reads_are_repeated_and_changes_are_not() -> None:
    down = refusal("INTERNAL_SERVER_ERROR", "API_ERROR", 500)
    reading = Client(down, accounts(account("a")))
    assert len(reading.plaid.accounts()) == 1
    changing = Client(down, reply({"request_id": "r"}))
    with pytest.raises(ProviderUnavailable):
        changing.plaid.end_login()
    with pytest.raises(ProviderUnavailable):
        Client(down).plaid.exchange("public-sandbox-x")
    assert len(changing.asked) == 1


def test_client_when_it_has_no_login_then_links_start_and_nothing_is_read() -> None:
    link = {"link_token": "link-sandbox-1", "expiration": "2026-03-01T12:30:00Z", "request_id": "r"}
    client = Client(reply(link), access_token=None)
    assert client.plaid.start_link(user="u").token == "link-sandbox-1"
    with pytest.raises(ConfigurationError, match="PLAID_ACCESS_TOKEN"):
        client.plaid.accounts()


def test_urls_when_the_environment_is_named_then_its_host() -> None:
    for env in ("sandbox", "production"):
        assert Client(env=env).plaid.settings.live_url() == f"https://{env}.plaid.com"


def test_log_when_calls_are_made_then_without_token_secret_or_words_of_the_vendor(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    client = Client(accounts(account("a")), refusal("ITEM_LOGIN_REQUIRED"))
    client.plaid.accounts()
    with pytest.raises(Exception, match="sign in again") as caught:
        client.plaid.accounts()
    for text in (TOKEN, "secret-1", "words that nobody should see", "nor these"):
        assert text not in caplog.text + str(caught.value)


def test_exchangeable_when_a_token_is_public_then_it_is() -> None:
    assert Plaid.exchangeable("public-sandbox-1")
    assert not Plaid.exchangeable(TOKEN)


def test_moments_when_stated_then_aware() -> None:
    told = account("a", last_updated_datetime="2026-03-01T10:00:00-05:00")
    [found] = Client(accounts(told)).plaid.balances()
    assert found.as_of == datetime(2026, 3, 1, 15, tzinfo=UTC)
