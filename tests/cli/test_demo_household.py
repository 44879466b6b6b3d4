"""The demo's household: in a folder of its own, whatever book the user has, and months that add up."""

from __future__ import annotations

import os
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from fin_infra.book import open_book
from fin_infra.cli.demo_household import USER, household, months
from fin_infra.settings import book_url
from fin_infra.testing import sandbox


def row(day: str, amount: str, status: str = "posted", currency: str = "USD") -> dict[str, Any]:
    return {"date": day, "status": status, "amount": {"amount": amount, "currency": currency}}


def test_months_when_added_up_then_each_currency_and_month_has_its_own_and_pending_ones_wait() -> None:
    rows = [
        row("2026-11-20", "-10.50"),
        row("2026-11-02", "100.00"),
        row("2026-11-01", "-0.50"),
        row("2026-11-19", "-99.00", "pending"),
        row("2026-10-31", "7.00"),
        row("2026-10-01", "-3", currency="EUR"),
    ]
    assert months(rows) == [
        ("2026-11", "USD", Decimal("100.00"), Decimal("11.00")),
        ("2026-10", "USD", Decimal("7.00"), Decimal(0)),
        ("2026-10", "EUR", Decimal(0), Decimal(3)),
    ]
    assert months([]) == []


def test_household_when_the_user_has_a_book_then_the_demo_stays_away_from_it_and_leaves_nothing(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    mine = f"sqlite:///{tmp_path / 'mine.db'}"
    monkeypatch.setenv("SQL_URL", mine)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    with sandbox(), household():
        assert "SQL_URL" not in os.environ
        place = Path(book_url().removeprefix("sqlite:///"))
        book = open_book(user=USER)
        assert "healthy" in {connection.state.value for connection in book.connections()}
        assert len(book.accounts()) >= 4
        assert open_book().accounts() == [], "it is the demo user's"
        book.engine.dispose()
    assert os.environ["SQL_URL"] == mine
    assert os.environ["XDG_DATA_HOME"] == str(tmp_path)
    assert not place.exists()
    assert list(tmp_path.iterdir()) == []
