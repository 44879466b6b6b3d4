"""Known brokers and exchanges, each with its public source.
Floor 4: a new one is one record here, if its rows are like those of another."""

from __future__ import annotations

from fin_infra.imports.statements.delimited.layout import Layout
from fin_infra.imports.statements.delimited.trades.layout import TradeLayout
from fin_infra.model.banking import AccountType

_REDS = "https://github.com/redstreet/beancount_reds_importers/blob/HEAD/beancount_reds_importers/importers"
_HLEDGER = "https://github.com/simonmichael/hledger/blob/HEAD/examples/csv"
_BITTYTAX = "https://github.com/BittyTax/BittyTax/blob/HEAD/src/bittytax/conv/parsers"
_INVESTMENT = AccountType.INVESTMENT


def _fidelity(name: str, source: str, what: str, kind: str, balance: tuple[str, ...]) -> TradeLayout:
    return TradeLayout(
        rows=Layout(
            name=name,
            source=source,
            institution="Fidelity",
            header=(
                "Run Date",
                "Action",
                "Symbol",
                what,
                kind,
                "Quantity",
                "Price ($)",
                "Commission ($)",
                "Fees ($)",
                "Accrued Interest ($)",
                "Amount ($)",
                *balance,
                "Settlement Date",
            ),
            fixed_currency="USD",
            type=_INVESTMENT,
            order="mdy",
            date="Run Date",
            amount="Amount ($)",
        ),
        type_text="Action",
        ticker="Symbol",
        name=what,
        units="Quantity",
        unit_price="Price ($)",
        settled="Settlement Date",
        fees=("Commission ($)", "Fees ($)"),
    )


def _coinbase(currency: str, price: str, total: str, fees: str) -> TradeLayout:
    """Coinbase has renamed four of its columns over the years."""
    return TradeLayout(
        kind="coinbase",
        rows=Layout(
            name=f"Coinbase ({currency}, {fees})",
            source=f"{_BITTYTAX}/coinbase.py",
            institution="Coinbase",
            header=(
                "ID",
                "Timestamp",
                "Transaction Type",
                "Asset",
                "Quantity Transacted",
                currency,
                price,
                "Subtotal",
                total,
                fees,
                "Notes",
            ),
            optional=("ID",),
            type=_INVESTMENT,
            decimal_mark=".",
            order="ymd",
            date="Timestamp",
            amount="Subtotal",
            currency=currency,
        ),
        type_text="Transaction Type",
        ticker="Asset",
        units="Quantity Transacted",
        unit_price=price,
        fees=(fees,),
        memo="Notes",
        id="ID",
    )


TRADES = (
    TradeLayout(
        rows=Layout(
            name="Schwab brokerage",
            source=f"{_REDS}/schwab/tests/schwab_csv_brokerage/schwab_csv_brokerage_Transactions_123.csv",
            institution="Charles Schwab",
            header=("Date", "Action", "Symbol", "Description", "Quantity", "Price", "Fees & Comm", "Amount"),
            fixed_currency="USD",
            type=_INVESTMENT,
            order="mdy",
            date="Date",
            amount="Amount",
        ),
        type_text="Action",
        ticker="Symbol",
        name="Description",
        units="Quantity",
        unit_price="Price",
        fees=("Fees & Comm",),
        unsigned_units=True,
    ),
    _fidelity(
        "Fidelity cash management",
        f"{_REDS}/fidelity/fidelity_cma_csv.py",
        "Security Description",
        "Security Type",
        (),
    ),
    _fidelity(
        "Fidelity brokerage",
        f"{_REDS}/fidelity/fidelity_brokerage_csv.py",
        "Description",
        "Type",
        ("Cash Balance ($)",),
    ),
    TradeLayout(
        rows=Layout(
            name="Vanguard",
            source=f"{_HLEDGER}/vanguard.csv.rules",
            institution="Vanguard",
            header=(
                "Account Number",
                "Trade Date",
                "Settlement Date",
                "Transaction Type",
                "Transaction Description",
                "Investment Name",
                "Symbol",
                "Shares",
                "Share Price",
                "Principal Amount",
                "Commission Fees",
                "Net Amount",
                "Accrued Interest",
                "Account Type",
            ),
            fixed_currency="USD",
            type=_INVESTMENT,
            order="mdy",
            date="Trade Date",
            amount="Net Amount",
            account="Account Number",
        ),
        type_text="Transaction Type",
        ticker="Symbol",
        name="Investment Name",
        units="Shares",
        unit_price="Share Price",
        settled="Settlement Date",
        fees=("Commission Fees",),
        memo="Transaction Description",
        holdings=("Account Number", "Investment Name", "Symbol", "Shares", "Share Price", "Total Value"),
    ),
    _coinbase(
        "Price Currency", "Price at Transaction", "Total (inclusive of fees and/or spread)", "Fees and/or Spread"
    ),
    _coinbase(
        "Spot Price Currency",
        "Spot Price at Transaction",
        "Total (inclusive of fees and/or spread)",
        "Fees and/or Spread",
    ),
    _coinbase("Spot Price Currency", "Spot Price at Transaction", "Total (inclusive of fees)", "Fees"),
    TradeLayout(
        kind="kraken",
        rows=Layout(
            name="Kraken ledger",
            source=f"{_HLEDGER}/kraken-ledgers.csv.rules",
            institution="Kraken",
            header=("txid", "refid", "time", "type", "subtype", "aclass", "asset", "amount", "fee", "balance"),
            type=_INVESTMENT,
            decimal_mark=".",
            order="ymd",
            date="time",
            amount="amount",
        ),
        type_text="type",
        ticker="asset",
        units="amount",
        fees=("fee",),
        id="refid",
    ),
)
