"""Reverse splits that pay out a fraction, and holdings that go on under another key."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

from fin_infra.analytics import diff_holdings, merge_holdings
from fin_infra.model import (
    AccountError,
    AssetClass,
    ChangeKind,
    HoldingAccount,
    Holdings,
    InstrumentKey,
    Money,
    Portfolio,
    Position,
    PositionSide,
    Split,
)
from fin_infra.model.networth import UNREADABLE_ROW

NOW = datetime(2026, 11, 26, tzinfo=UTC)
FB, META = InstrumentKey("XNAS", "FB"), InstrumentKey("XNAS", "META")


def portfolio(
    key: InstrumentKey, quantity: str, price: str, identifier: str | None = None, errors: tuple[AccountError, ...] = ()
) -> Portfolio:
    units, each = Decimal(quantity), Decimal(price)
    position = Position(
        source="b:x",
        as_of=NOW,
        account_id="a",
        key=key,
        asset_class=AssetClass.EQUITY,
        side=PositionSide.LONG,
        quantity=units,
        available_quantity=None,
        currency="USD",
        average_entry_price=None,
        current_price=each,
        market_value=Money(units * each, "USD"),
        cost_basis=None,
        unrealized=None,
        symbol_text=key.symbol,
        identifier=identifier,
    )
    account = HoldingAccount(
        source="b:x",
        as_of=NOW,
        id="a",
        connection_id="c",
        institution="X",
        name=None,
        number=None,
        status=None,
        category=None,
        is_paper=None,
        total=None,
    )
    return merge_holdings(Holdings(accounts=(account,), positions=(position,), balances=(), errors=errors))


def test_reverse_split_when_a_fraction_is_paid_out_then_is_found() -> None:
    (change,) = diff_holdings(portfolio(FB, "25", "2"), portfolio(FB, "2", "20.4"))
    assert (change.kind, change.split, change.delta) == (ChangeKind.SPLIT_ADJUSTED, Split(1, 10), Decimal(-23))


def test_sale_when_the_price_stays_then_is_a_change_and_no_split() -> None:
    (change,) = diff_holdings(portfolio(FB, "25", "2"), portfolio(FB, "2", "2.1"))
    assert change.kind is ChangeKind.CHANGED


def test_rename_when_given_then_is_no_trade() -> None:
    (change,) = diff_holdings(portfolio(FB, "5", "300"), portfolio(META, "5", "301"), renames={FB: META})
    assert (change.kind, change.renamed_from, change.delta) == (ChangeKind.RENAMED, InstrumentKey("US", "FB"), 0)


def test_rename_when_the_identifier_stays_then_is_found_and_what_was_bought_is_told() -> None:
    renamed, bought = diff_holdings(portfolio(FB, "5", "300", "figi:B"), portfolio(META, "7", "301", "figi:B"))
    kinds = {(row.kind, row.delta) for row in (renamed, bought)}
    assert kinds == {(ChangeKind.RENAMED, Decimal(0)), (ChangeKind.CHANGED, Decimal(2))}


def test_other_instrument_when_nothing_says_rename_then_closed_and_opened() -> None:
    changes = diff_holdings(portfolio(FB, "5", "300", "figi:B"), portfolio(META, "5", "301", "figi:C"))
    assert {change.kind for change in changes} == {ChangeKind.CLOSED, ChangeKind.OPENED}


def test_total_when_a_row_could_not_be_read_then_is_incomplete_and_nothing_counts_as_closed() -> None:
    error = AccountError(
        provider="b:x",
        operation="positions",
        code=UNREADABLE_ROW,
        message="results[0]: the answer's field 'units' should be a number",
        account_id="a",
    )
    partial = portfolio(META, "5", "301", errors=(error,))
    assert not partial.complete
    assert "'units'" in partial.missing[0]
    assert diff_holdings(portfolio(FB, "5", "300"), partial) == []
