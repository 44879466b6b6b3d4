"""A book that is not in order is told so, a sentence for each fault."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa

from fin_infra.book.checks import check, facts
from fin_infra.book.engine import Database, writing
from fin_infra.book.tables import aliases, changes, households, said, streams
from tests.book.small import Home, level, page, told


@pytest.fixture
def home(database: Database) -> Home:
    home = Home(database)
    home.sync(page(told("t-1", "-5"), levels=[level("100")]))
    return home


def test_check_when_all_is_in_order_then_nothing_is_told(home: Home) -> None:
    assert check(home.database) == []


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda owner: changes.delete().where(owner.of(changes, position=2)), "the log has a gap between positions 1"),
        (lambda owner: sa.update(households).where(owner.of(households)).values(head=9), "ends at 4, and its head"),
        (lambda owner: sa.update(aliases).where(owner.of(aliases)).values(id=77), "1 rows of aliases name a row"),
        (lambda owner: said.insert().values(**owner.scope, id=77, kind="note", value="x"), "1 rows of said name a row"),
        (lambda owner: sa.update(streams).where(owner.of(streams)).values(kept=2), "0 of 2 kept pages"),
    ],
)
def test_check_when_rows_do_not_fit_then_a_sentence_says_so(
    home: Home, spoil: Callable[[Any], Any], words: str
) -> None:
    with writing(home.database.engine) as db:
        db.execute(spoil(home.owner))
    [sentence] = check(home.database)
    assert words in sentence
    assert "fin-infra book restore" in sentence
    assert sentence.startswith("'ada' of tenant 'default'")


def test_check_when_balances_do_not_add_up_then_account_days_and_amounts_are_told(home: Home) -> None:
    home.sync(page(levels=[level("80.5", 4)]))
    [sentence] = check(home.database)
    assert "from 2026-03-02 to 2026-03-04 should have come to 100 USD, and 80.5 USD was told" in sentence
    assert "the difference is -19.5 USD" in sentence


def test_facts_when_asked_then_they_are_those_of_the_household(home: Home) -> None:
    Home(home.database, "bob").sync(page(told("t-2", "-5"), told("t-3", "-5")))
    found = facts(home.database, home.owner)
    assert (found["revision"], found["head"], found["accounts"], found["transactions"], found["trades"]) == (
        found["program"],
        4,  # connection, account, transaction, balance
        1,
        1,
        0,
    )
    assert found["size"] + found.get("log_size", 0) > 4_096
    assert "hunter2" not in found["book"]
