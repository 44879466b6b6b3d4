"""Whatever happens on an account, its opening balance plus what posted is what it holds now."""

from __future__ import annotations

from contextlib import suppress
from decimal import Decimal
from itertools import islice
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fin_infra.errors import UnexpectedPayload
from fin_infra.model import Money, TransactionStatus
from fin_infra.transport import Reply, Request
from tests.providers.banking.teller.support import Teller, reply
from tests.support.effort import effort

CENTS = st.integers(-10_000_000, 10_000_000)
ENTRIES = st.lists(st.tuples(CENTS, st.booleans()), max_size=40)


def wire(cents: int) -> str:
    """Write cents as the bank does, without Decimal."""
    return f"{'-' if cents < 0 else ''}{abs(cents) // 100}.{abs(cents) % 100:02d}"


class Bank:
    """A bank that thinks in cents of money in, and tells them with the sign Teller uses for the account type."""

    def __init__(self, type: str, opening: int, entries: list[tuple[int, bool]]) -> None:
        self.type, self.sign = type, -1 if type == "credit" else 1
        self.rows: list[dict[str, Any]] = []
        self.held = opening
        for n, (cents, posted) in enumerate(entries):
            self.held += cents if posted else 0
            self.rows.insert(0, self.row(n, cents, posted))

    def row(self, n: int, cents: int, posted: bool) -> dict[str, Any]:
        return {
            "id": f"txn_{n}",
            "account_id": "acc_1",
            "date": "2026-03-01",
            "amount": wire(self.sign * cents),
            "description": "x",
            "status": "posted" if posted else "pending",
            "running_balance": wire(self.sign * self.held) if posted else None,
            "details": {"category": None, "counterparty": {"name": None, "type": None}},
        }

    def __call__(self, request: Request) -> Reply:
        query = dict(request.params)
        if request.path.endswith("/balances"):
            return reply({"account_id": "acc_1", "ledger": wire(self.sign * self.held), "available": None})
        if request.path.endswith("/transactions"):
            mark = query.get("from_id")
            at = 0 if mark is None else 1 + [row["id"] for row in self.rows].index(mark)
            return reply(self.rows[at : at + int(query["count"])])
        links = {"self": "x"}
        named = {"id": "acc_1", "name": "x", "subtype": "x", "currency": "USD", "status": "open", "type": self.type}
        return reply({**named, "institution": {"id": "i", "name": "I"}, "links": links})


@pytest.mark.parametrize("type", ["depository", "credit"])
@given(opening=CENTS, entries=ENTRIES, page_size=st.integers(1, 7))
@settings(max_examples=effort(100), deadline=None)
def test_ledger_when_signs_are_normalised_then_opening_plus_posted_is_current(
    type: str, opening: int, entries: list[tuple[int, bool]], page_size: int
) -> None:
    bank = Bank(type, opening, entries)
    client = Teller(bank, page_size=page_size).client
    balance, found = client.balance("acc_1"), list(client.transactions("acc_1"))
    assert [row.id for row in found] == [row["id"] for row in bank.rows]
    posted = [row for row in found if row.status is TransactionStatus.POSTED]
    start = Money(Decimal(opening) / 100, "USD")
    assert Money.total([start, *(row.amount for row in posted)], "USD") == balance.current
    if posted:
        assert posted[0].running_balance == balance.current
    assert all(row.running_balance is None for row in found if row.status is TransactionStatus.PENDING)


@given(pages=st.lists(st.lists(st.integers(0, 8), max_size=4), max_size=12), pending=st.sets(st.integers(0, 8)))
@settings(max_examples=effort(150), deadline=None)
def test_paging_when_the_vendor_sends_any_pages_then_ends_with_each_id_once(
    pages: list[list[int]], pending: set[int]
) -> None:
    """At most nine ids exist, so a walk that never ends would need repeated pages."""
    bank = Bank("depository", 0, [(n, n not in pending) for n in range(9)])
    by_number = {int(row["id"].removeprefix("txn_")): row for row in bank.rows}
    script = iter([*pages, *([[0, 1, 2]] * 20)])

    def answer(request: Request) -> Reply:
        if request.path.endswith("/transactions"):
            return reply([by_number[n] for n in next(script)])
        return bank(request)

    found: list[str] = []
    with suppress(UnexpectedPayload):  # the other way to end
        for row in islice(Teller(answer).client.transactions("acc_1"), 100):
            found.append(row.id)
    assert len(found) == len(set(found)) <= 9
