"""Reprs of one line and tables for notebooks: what matters, and nothing personal."""

from __future__ import annotations

import dataclasses
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from html.parser import HTMLParser
from typing import Any

import pytest

from fin_infra.model import (
    Account,
    AccountStatus,
    AccountSubtype,
    AccountType,
    Balance,
    Candle,
    CandleSeries,
    Institution,
    Listing,
    Model,
    Money,
    Quote,
    RowError,
    Transaction,
    TransactionStatus,
)
from tests.support.models import PRIVATE_MARK, RAW_MARK, daily, made, models

MODELS = [model for model in models() if issubclass(model, Model)]
AT = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)
PERSONAL = "Jordan Roe's"


def transaction(**more: Any) -> Transaction:
    facts: dict[str, Any] = {
        "source": "banking:teller",
        "as_of": AT,
        "id": "txn_1",
        "account_id": "acc_1",
        "date": date(2026, 11, 19),
        "amount": Money.of("-12.30", "USD"),
        "status": TransactionStatus.POSTED,
        "description": PERSONAL,
    }
    return Transaction(**facts | more)


def account(name: str = PERSONAL, bank: str = "Bank") -> Account:
    return Account(
        source="banking:teller",
        as_of=AT,
        id="acc_1",
        name=name,
        type=AccountType.DEPOSITORY,
        subtype=AccountSubtype.CHECKING,
        subtype_text="checking",
        currency="USD",
        status=AccountStatus.OPEN,
        institution=Institution(id="i", name=bank),
    )


def series(count: int) -> CandleSeries:
    bar = Candle(start=AT, open=Decimal(1), high=Decimal(1), low=Decimal(1), close=Decimal("1.10"))
    return daily(*(dataclasses.replace(bar, start=AT + timedelta(days=n)) for n in range(count)), as_of=AT)


class Table(HTMLParser):
    """Reads the cells of a table, and every tag there is."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.cells: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.tags.append(tag)
        if tag in ("td", "th", "caption"):
            self.cells.append("")

    def handle_data(self, data: str) -> None:
        self.cells[-1] += data


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (
            transaction(),
            "Transaction(id='txn_1', date=2026-11-19, amount=-12.30 USD, status=posted, account_id='acc_1', …)",
        ),
        (
            account(),
            "Account(id='acc_1', type=depository, subtype=checking, currency='USD', status=open,"
            " institution=<Institution i>, …)",
        ),
        (
            Balance(source="s", as_of=AT, account_id="a", current=Money.of("5", "USD"), available=None),
            "Balance(current=5 USD, account_id='a', source='s', as_of=2026-11-20T15:00:00+00:00)",
        ),
        (
            series(250),
            "CandleSeries(key=US:AAPL, interval=1d, adjustment=raw, currency='USD', unit='USD',"
            " candles=<250 Candle>, …)",
        ),
        (
            Institution(id="i", name="Bank", products=("a", "b")),
            "Institution(id='i', name='Bank', products=['a', 'b'])",
        ),
    ],
    ids=lambda value: type(value).__name__,
)
def test_repr_when_printed_then_as_written_by_hand(value: Model, text: str) -> None:
    assert repr(value) == text


@pytest.mark.parametrize("full", [True, False], ids=["full", "empty"])
@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_repr_when_of_any_model_then_one_short_line_without_secrets(model: type[Any], full: bool) -> None:
    value = made(model, full=full)
    hidden = {field.name: "hidden-" + field.name for field in dataclasses.fields(model) if not field.repr}
    for field in dataclasses.fields(model):
        if field.name in hidden and isinstance(getattr(value, field.name), str):
            object.__setattr__(value, field.name, hidden[field.name])
    text, table = repr(value), value._repr_html_()
    assert text.startswith(f"{model.__name__}(")
    assert "\n" not in text
    assert len(text) <= 120
    for shown in (text, table):
        assert not [secret for secret in (RAW_MARK, PRIVATE_MARK, "hidden-") if secret in shown]
    assert table.startswith("<table>")


def test_listing_when_printed_then_a_line_each_and_what_is_left_out() -> None:
    balances = [made(Balance)] * 12
    lines = repr(Listing(balances, errors=[RowError(place="a[3]", reason="no id")])).splitlines()
    assert len(lines) == 12
    assert lines[0] == f"[{balances[0]!r},"
    assert lines[-2:] == [" … 2 more,", " … and 1 row that could not be read (see .errors)]"]
    assert repr(Listing([])) == "[]"
    assert repr(Listing([1, 2])) == "[1,\n 2]"


def test_table_when_of_a_listing_then_a_row_each_and_a_count() -> None:
    table = Table(Listing([account(), account()], errors=[RowError(place="a[3]", reason="no id")])._repr_html_())
    assert table.cells[0] == "2 rows; 1 row that could not be read (see .errors)"
    assert table.cells[1:7] == ["id", "type", "subtype", "currency", "status", "institution"]
    assert table.tags.count("tr") == 3
    assert "acc_1" in table.cells
    assert "depository" in table.cells


def test_table_when_of_a_series_then_its_rows_and_no_more_than_twenty() -> None:
    table = Table(series(250)._repr_html_())
    assert table.cells[0].startswith("CandleSeries(key=US:AAPL")
    assert "the first 20 are shown" in table.cells[0]
    assert table.tags.count("tr") == 21
    assert table.cells[1:3] == ["start", "open"]


@pytest.mark.parametrize("planted", ["<script>alert(1)</script>", "\"><img src=x onerror='x'>", "&lt;b&gt;"])
def test_table_when_a_vendor_sends_markup_then_it_stays_text(planted: str) -> None:
    for shown in (
        Institution(id="i", name=planted)._repr_html_(),
        Listing([Institution(id="i", name=planted)])._repr_html_(),
        Listing([Quote(**{**_fields(made(Quote)), "unit": planted})])._repr_html_(),
        made(Quote).__class__(**{**_fields(made(Quote)), "unit": planted})._repr_html_(),
    ):
        table = Table(shown)
        assert set(table.tags) == {"table", "caption", "thead", "tbody", "tr", "th", "td"}
        assert planted in table.cells


def test_table_when_a_series_names_markup_then_its_caption_stays_text() -> None:
    table = Table(dataclasses.replace(series(1), unit="<b>")._repr_html_())
    assert "b" not in table.tags
    assert "unit='<b>'" in table.cells[0]


def test_table_when_text_is_long_then_cut() -> None:
    table = Table(Institution(id="i", name="x" * 500)._repr_html_())
    assert max(map(len, table.cells)) == 80


def _fields(model: Any) -> dict[str, Any]:
    return {field.name: getattr(model, field.name) for field in dataclasses.fields(model)}
