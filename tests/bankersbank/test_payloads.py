"""What the SDK makes of the vendor's JSON: exact amounts, words kept as they are, and one error for all nonsense."""

from __future__ import annotations

import json
from contextlib import suppress
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bankersbank import payloads
from bankersbank.finastra import Collateral
from fin_infra.errors import FinInfraError, UnexpectedPayload
from fin_infra.model import Money
from fin_infra.transport import Reply, Request
from tests.bankersbank.support import LOOPBACK, MODES, ROOT, call, client, products, reply
from tests.support.effort import effort

SECRET = "Jane Doe DE89370400440532013000"
BALANCE = {
    "id": "ACC1",
    "type": "CURRENT",
    "currency": "EUR",
    "ledgerBalance": "55,456.72",
    "availableBalance": "1.00",
    "balanceAsOn": "2020-03-05",
}
ACCOUNT = {"id": "ACC1", "number": "DE89370400440532013000", "type": "CURRENT", "currency": "EUR"}


def one(body: Any) -> Collateral:
    return payloads.one_collateral(body if isinstance(body, Reply) else reply(body))


@pytest.mark.parametrize(
    ("printed", "exact"),
    [
        ('"55,456.72"', "55456.72"),
        ('"1,234,567.001"', "1234567.001"),
        ('"-1,234.50"', "-1234.50"),
        ('"1234.50"', "1234.50"),
        ('" 12.00 "', "12.00"),
        ('"0"', "0"),
        ('"0.1"', "0.1"),
        ('"-999"', "-999"),
        ("7", "7"),
        ("-7", "-7"),
        ("0.1", "0.1"),
        ("-1234567890.123456789", "-1234567890.123456789"),
        ("12345678901234567890123", "12345678901234567890123"),
        ("1e3", "1000"),
    ],
)
def test_amount_when_printed_in_any_way_then_exact(printed: str, exact: str) -> None:
    body = f'{{"id": "C1", "currency": "EUR", "valuation": {printed}}}'.encode()
    amount = one(reply(body)).valuation
    assert type(amount) is Decimal
    assert amount == Decimal(exact)
    if printed != "1e3":
        assert str(amount) == exact


@settings(max_examples=effort(200))
@given(st.decimals(allow_nan=False, allow_infinity=False, places=3, min_value=-(10**15), max_value=10**15))
def test_amount_when_grouped_by_thousands_then_the_same_number(amount: Decimal) -> None:
    assert str(payloads.decimal(f"{amount:,.3f}", "valuation")) == f"{amount:.3f}"


@pytest.mark.parametrize(
    "nonsense",
    [
        "1,23",
        "1.234,56",
        "1,2345.00",
        "12,34,567.00",
        ",123",
        "1,",
        "1.",
        ".5",
        " ",
        "abc",
        "inf",
        "-Infinity",
        "nan",
        "NaN",
        "1e5",
        "+1",
        "--1",
        "1_000",
        "$5",
        "5 EUR",
        "0x10",
        "\u0661\u0662",
        "\uff11\uff12",
        "\u22125",
        "1" * 41,
        True,
        False,
        [],
        ["1"],
        {},
        {"amount": True},
        {"amount": "1,23"},
        {"amount": {"amount": "1"}},
    ],
)
def test_amount_when_it_cannot_be_one_then_refused_by_the_fields_name(nonsense: Any) -> None:
    with pytest.raises(UnexpectedPayload) as caught:
        one({"id": "C1", "estimatedValue": nonsense})
    wanted = "the answer's field 'estimatedValue' should be an amount such as 1234.56 or '1,234.56'"
    assert str(caught.value) == wanted


def test_amounts_when_text_is_empty_then_none() -> None:
    assert one({"id": "C1", "estimatedValue": ""}).estimated_value is None


@pytest.mark.parametrize("content", [b'{"id":"C","valuation":NaN}', b'{"id":"C","valuation":Infinity}', b"{", b""])
def test_collateral_when_the_body_is_no_json_then_unexpected(content: bytes) -> None:
    with pytest.raises(UnexpectedPayload, match="not JSON"):
        one(reply(content))


def test_value_when_there_are_several_amounts_then_the_most_cautious() -> None:
    names = ("discountedNetCollateralAmount", "netCollateralAmount", "estimatedValue", "valuation")
    amounts = ("1.00", "2.00", "3.00", "4.00")
    row: dict[str, Any] = {"id": "C1", "currency": "EUR"} | dict(zip(names, amounts, strict=True))
    for wanted, name in zip(amounts, names, strict=True):
        assert one(row).value == Money(Decimal(wanted), "EUR")
        row[name] = None
    assert one(row).value is None  # nothing is invented
    assert one({"id": "C1", "valuation": "4.00"}).value is None  # an amount of no currency is no money
    assert one({"id": "C1", "currency": "EUR", "valuation": "0.00"}).value == Money(Decimal(0), "EUR")


def test_amounts_when_nested_then_their_currency_is_the_records() -> None:
    found = one({"id": "C1", "valuation": {"amount": "1,250,000.00", "currency": "EUR"}, "estimatedValue": 5})
    assert (found.valuation, found.estimated_value, found.currency) == (Decimal("1250000.00"), Decimal(5), "EUR")
    assert found.value == Money(Decimal(5), "EUR")
    coded = one({"id": "C1", "currencyCode": "JPY", "valuation": {"amount": None, "currencyCode": "JPY"}})
    assert (coded.valuation, coded.currency) == (None, "JPY")


@pytest.mark.parametrize(
    "row",
    [
        {"currency": "USD", "valuation": {"amount": "1", "currency": "EUR"}},
        {"valuation": {"amount": 1, "currency": "EUR"}, "estimatedValue": {"amount": 1, "currency": "USD"}},
    ],
)
def test_amounts_when_in_two_currencies_then_refused(row: dict[str, Any]) -> None:
    with pytest.raises(UnexpectedPayload, match="one currency"):
        one({"id": "C1"} | row)


def test_words_when_unknown_then_kept_as_they_are() -> None:
    found = one({"id": 4711, "collateralType": "Airship", "status": "Half pledged", "description": SECRET, "new": [1]})
    assert (found.id, found.kind, found.status, found.description) == ("4711", "Airship", "Half pledged", SECRET)
    assert found.raw is not None
    assert found.raw["new"] == [1]
    assert SECRET not in repr(found)
    assert "new" not in repr(found)
    assert one({"collateralId": "C9", "type": "Barge"}).kind == "Barge"


@pytest.mark.parametrize(
    ("row", "field"),
    [
        ({}, "id"),
        ({"id": None}, "id"),
        ({"id": ""}, "id"),
        ({"id": 1.5}, "id"),
        ({"id": True}, "id"),
        ({"id": [SECRET]}, "id"),
        ({"id": "C1", "status": {"secret": SECRET}}, "status"),
        ({"id": "C1", "description": [SECRET]}, "description"),
        ({"id": "C1", "currency": {"secret": SECRET}}, "currency"),
        ({"id": "C1", "valuation": SECRET}, "valuation"),
        ({"id": "C1", "valuation": {"amount": SECRET}}, "valuation"),
        ({"id": "C1", "valuation": {"amount": 1, "currency": [SECRET]}}, "currency"),
    ],
)
def test_collateral_when_a_field_is_missing_or_mistyped_then_named_and_nothing_quoted(
    row: dict[str, Any], field: str
) -> None:
    with pytest.raises(UnexpectedPayload, match=repr(field)) as caught:
        one(row)
    assert "Jane" not in str(caught.value)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"id": None}, "id"),
        ({"type": None}, "type"),
        ({"currency": None}, "currency"),
        ({"currency": "ZZZ"}, "currency"),
        ({"ledgerBalance": None}, "ledgerBalance"),
        ({"ledgerBalance": SECRET}, "ledgerBalance"),
        ({"availableBalance": SECRET}, "availableBalance"),
        ({"availableBalance": {"amount": 1}}, "availableBalance"),
        ({"balanceAsOn": "05.03.2020"}, "balanceAsOn"),
        ({"balanceAsOn": "2020-02-30"}, "balanceAsOn"),
        ({"balanceAsOn": SECRET}, "balanceAsOn"),
    ],
)
def test_balance_when_a_field_is_missing_or_mistyped_then_named_and_nothing_quoted(
    change: dict[str, Any], field: str
) -> None:
    with pytest.raises(UnexpectedPayload, match=repr(field)) as caught:
        payloads.balance(BALANCE | change, reply())
    assert "Jane" not in str(caught.value)


def test_balance_when_only_the_ledger_is_given_then_the_rest_is_none() -> None:
    row = {name: value for name, value in BALANCE.items() if name not in ("availableBalance", "balanceAsOn")}
    found = payloads.balance(row, reply())
    assert (found.available, found.on) == (None, None)
    assert found.ledger == Money(Decimal("55456.72"), "EUR")


def test_account_when_shown_then_its_number_is_not() -> None:
    found = payloads.account(ACCOUNT | {"cutomerReference": SECRET}, reply())
    assert found.number == ACCOUNT["number"]
    assert "DE89" not in repr(found) + found.to_json()
    assert "Jane" not in repr(found)


numbers = st.integers() | st.floats(allow_nan=False, allow_infinity=False)
leaves = st.none() | st.booleans() | numbers | st.text(max_size=8) | st.sampled_from(["EUR", "1,000.00", "ACC1", ""])
OURS = "collateralId collateralType status valuation estimatedValue amount currencyCode items collaterals _meta "
OURS += "totalCount pageCount causes field error"
names = st.sampled_from([*BALANCE, *ACCOUNT, *OURS.split()]) | st.text(max_size=4)
trees = st.recursive(leaves, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(names, inner, max_size=8))
rows = st.dictionaries(names, trees, max_size=10).map(lambda row: {"id": "X", "type": "Y", "currency": "EUR"} | row)
OPERATIONS: tuple[tuple[str, tuple[Any, ...]], ...] = (
    ("list_collaterals", ()),
    ("get_collateral", ("C1",)),
    ("accounts", ()),
    ("account", ("A1",)),
    ("balance", ("A1",)),
    ("balances", ("CURRENT",)),
)


@settings(max_examples=effort(200), deadline=None)
@given(
    mode=st.sampled_from(MODES),
    operation=st.sampled_from(OPERATIONS),
    body=trees | rows | st.lists(rows, max_size=3) | st.fixed_dictionaries({"items": st.lists(rows, max_size=3)}),
    status=st.sampled_from([200, 200, 200, 204, 400, 404, 500]),
)
def test_operation_when_any_json_comes_back_then_a_record_or_one_of_our_errors(
    mode: str, operation: tuple[str, tuple[Any, ...]], body: Any, status: int
) -> None:
    bank = client(mode, lambda request: reply(body, status), base_url=LOOPBACK, b2c=True, max_attempts=1)
    with suppress(UnexpectedPayload if status < 300 else FinInfraError):
        call(bank, operation[0], *operation[1])


@settings(max_examples=effort(200))
@given(row=rows)
def test_parser_when_any_row_comes_then_a_record_or_unexpected_payload(row: dict[str, Any]) -> None:
    decoded = reply(row).json()
    for parse in (payloads.collateral, payloads.account, payloads.balance):
        with suppress(UnexpectedPayload):
            parse(decoded, reply())


@settings(max_examples=effort(100))
@given(body=trees)
def test_list_when_any_json_comes_then_a_page_or_unexpected_payload(body: Any) -> None:
    with suppress(UnexpectedPayload):
        payloads.collateral_page(reply(body), 0)


@pytest.mark.parametrize("body", [{}, {"items": None}, {"items": {}}, {"collaterals": "x"}, None, "x", 7])
def test_list_when_it_is_no_list_of_objects_then_unexpected(body: Any) -> None:
    with pytest.raises(UnexpectedPayload, match="list of objects"):
        payloads.collateral_page(reply(body), 0)


@pytest.mark.parametrize("strange", [1, [], None, {}, {"id": ""}])
def test_list_when_a_row_cannot_be_read_then_it_is_named_and_the_others_come(strange: Any) -> None:
    page = payloads.collateral_page(reply([strange, {"id": "c-2"}]), 0)
    assert [row.id for row in page] == ["c-2"]
    reason = (
        "the answer's field 'id' should be text that is not empty"
        if type(strange) is dict and strange
        else "a row should be"
    )
    assert [(error.place, error.reason.startswith(reason)) for error in page.errors] == [("items[0]", True)]
    assert page.rows == 2


@pytest.mark.parametrize("count", ["57", 57.0, True, -1, None, [57]])
def test_total_when_it_is_no_whole_number_then_unknown(count: Any) -> None:
    assert payloads.total(reply({"_meta": {"totalCount": count}}).json()) is None


def test_balances_when_recorded_then_exact(samples: Path) -> None:
    recorded = json.loads((samples / "finastra" / "SYNTHETIC_balances_by_account_type.json").read_text())
    (found,) = call(client("sync", lambda request: reply(recorded), b2c=True), "balances", "CURRENT")
    assert (found.account_id, found.type, found.on) == ("ACC1", "CURRENT", date(2020, 3, 5))
    assert found.ledger == found.available == Money(Decimal("55456.72"), "EUR")
    assert found.raw == recorded["items"][0]


class Pages:
    """`pages` pages of two rows each; `offset` counts rows, `_meta.pageCount` pages, as at the vendor."""

    def __init__(self, pages: int, meta: Any = ...) -> None:
        self.pages, self.meta = pages, meta

    def __call__(self, request: Request) -> Reply:
        query = dict(request.params)
        number = int(query["offset"]) // int(query["limit"])
        rows = [ACCOUNT | {"id": f"A{number}-{row}"} for row in range(2 if number < self.pages else 0)]
        meta = {"limit": 200, "pageCount": self.pages, "itemCount": 2 * self.pages, "page": number + 1}
        return reply({"items": rows, "_meta": meta if self.meta is ... else self.meta})


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("pages", [0, 1, 2, 5])
def test_accounts_when_the_list_has_pages_then_as_many_requests_and_each_row_once(mode: str, pages: int) -> None:
    bank = client(mode, Pages(pages), b2c=True)
    found = call(bank, "accounts", "INT")
    assert [row.id for row in found] == [f"A{page}-{row}" for page in range(pages) for row in range(2)]
    asked = [dict(request.params) for request in products(bank)]
    assert [query["offset"] for query in asked] == [str(200 * number) for number in range(max(1, pages))]
    assert {(query["limit"], query["accountContext"]) for query in asked} == {("200", "INT")}


@pytest.mark.parametrize("meta", [None, {}, [], {"pageCount": "2"}, {"pageCount": -1}, {"pageCount": True}])
def test_accounts_when_the_number_of_pages_is_unknown_then_an_error_instead_of_a_part(meta: Any) -> None:
    with pytest.raises(UnexpectedPayload, match="pageCount"):
        call(client("sync", Pages(2, meta), b2c=True), "accounts")


def test_accounts_when_there_is_no_end_of_pages_then_an_error() -> None:
    bank = client("sync", Pages(1, {"pageCount": 10**12}), b2c=True)
    with pytest.raises(UnexpectedPayload, match="pageCount"):
        call(bank, "accounts")
    assert len(products(bank)) <= 1000


@pytest.mark.parametrize("mode", MODES)
def test_get_json_when_numbers_have_a_point_then_decimal(mode: str) -> None:
    bank = client(mode, lambda request: reply(b'{"rate": 0.1, "big": 12345678901234567890123, "text": "0.1"}'))
    found = call(bank, "get_json", f"/{ROOT}/rates")
    assert found == {"rate": Decimal("0.1"), "big": 12345678901234567890123, "text": "0.1"}
    assert type(found["rate"]) is Decimal
