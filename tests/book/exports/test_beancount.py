"""The beancount text, by a small reader of its own: every line is of the grammar, every entry balances."""

from __future__ import annotations

import re
from collections import defaultdict
from decimal import Decimal
from pathlib import Path

from fin_infra.book import Book, SplitPart
from fin_infra.model import Money
from fin_infra.transport import Sync
from tests.book.exports.ledger import Vendor, full, told

ACCOUNT = r"(?:Assets|Liabilities|Equity|Income|Expenses)(?::[A-Z0-9][A-Za-z0-9-]*)+"
TEXT = r'"((?:[^"\\\n]|\\["\\n])*)"'
DAY = r"(\d{4}-\d\d-\d\d)"
OPEN = re.compile(rf"{DAY} open ({ACCOUNT})")
COMMODITY = re.compile(rf"{DAY} commodity ([A-Z]{{3}})")
HEAD = re.compile(rf"{DAY} ([*!]) (?:{TEXT} )?{TEXT}((?: \^[A-Za-z0-9-]+)*)")
META = re.compile(rf"  ([a-z][a-z0-9-]*): {TEXT}")
POSTING = re.compile(rf"  ({ACCOUNT})  (-?\d+(?:\.\d+)?) ([A-Z]{{3}})")
Entry = tuple[str, str, str, list[tuple[str, Decimal, str]], dict[str, str]]


def read(file: Path) -> tuple[list[Entry], dict[str, str], dict[str, str]]:
    """Return entries, openings and commodities; a line that is none of the grammar fails the test."""
    entries: list[Entry] = []
    opened: dict[str, str] = {}
    commodities: dict[str, str] = {}
    for line in file.read_text("utf-8").split("\n"):
        if head := HEAD.fullmatch(line):
            entries.append((head[1], head[2], _unescaped(head[4]), [], {}))
        elif posting := POSTING.fullmatch(line):
            entries[-1][3].append((posting[1], Decimal(posting[2]), posting[3]))
        elif meta := META.fullmatch(line):
            if entries and not opened:
                entries[-1][4][meta[1]] = _unescaped(meta[2])
        elif found := OPEN.fullmatch(line):
            assert found[2] not in opened
            opened[found[2]] = found[1]
        elif found := COMMODITY.fullmatch(line):
            commodities[found[2]] = found[1]
        else:
            assert not line or line.startswith(";"), line
    return entries, opened, commodities


def _unescaped(text: str) -> str:
    return re.sub(r"\\(.)", lambda found: {"n": "\n"}.get(found[1], found[1]), text)


def checked(file: Path) -> list[Entry]:
    """Return the entries of a file in which each balances, and each name is opened on its first day or before."""
    entries, opened, commodities = read(file)
    for day, _, _, postings, _ in entries:
        sums: defaultdict[str, Decimal] = defaultdict(Decimal)
        for account, amount, currency in postings:
            sums[currency] += amount
            assert opened[account] <= day
            assert commodities[currency] <= day
        assert len(postings) > 1
        assert set(sums.values()) == {Decimal(0)}
    return entries


def test_beancount_when_written_then_every_entry_balances_in_opened_accounts(book: Book[Sync], tmp_path: Path) -> None:
    full(book)
    book.export_transactions(tmp_path / "all.beancount")
    entries = {text: each for each in checked(tmp_path / "all.beancount") for text in [each[2]]}
    assert len(checked(tmp_path / "all.beancount")) == 10
    [shoes] = book.transactions(search="Shoes")
    day, flag, _, postings, meta = entries["Shoes"]
    assert postings[0] == (f"Liabilities:Card-gold-{shoes.account_id}", Decimal("-20.10"), "USD")
    assert (day, flag, meta["category"]) == ("2026-03-03", "*", shoes.category)
    assert postings[1][0].startswith("Expenses:")
    assert entries["Announced"][1] == "!"
    assert "<OFX> & OFXHEADER\n:20: \"quoted\", 'single'" in entries


def test_beancount_when_a_person_has_split_noted_and_linked_then_it_says_so(book: Book[Sync], tmp_path: Path) -> None:
    Vendor(book).says(
        told("1", "-10.00", text="Market"),
        told("2", "-50.00", 4, "To savings"),
        told("3", "50.00", 4, "From checking", account="a"),
    )
    rows = {row.description: row.id for row in book.transactions()}
    book.note(rows["Market"], 'with "Ann" \\ Bob')
    parts = [("food", "-7.00"), ("haus & hof", "-3.00")]
    split = [SplitPart(category=name, amount=Money(Decimal(amount), "EUR")) for name, amount in parts]
    book.split(rows["Market"], split)
    book.link(rows["To savings"], rows["From checking"])
    book.export_transactions(tmp_path / "all.beancount")
    found = {each[2]: each for each in checked(tmp_path / "all.beancount")}
    assert [posting[:2] for posting in found["Market"][3][1:]] == [
        ("Expenses:Food", Decimal("7.00")),
        ("Expenses:Haus-hof", Decimal("3.00")),
    ]
    assert found["Market"][4]["note"] == 'with "Ann" \\ Bob'
    assert found["To savings"][3][1] == ("Equity:Transfers", Decimal("50.00"), "EUR")
    assert found["From checking"][3][1] == ("Equity:Transfers", Decimal("-50.00"), "EUR")
