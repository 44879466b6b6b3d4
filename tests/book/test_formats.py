"""One account in four formats, whose files overlap: nothing is doubled and no twin is lost once a person has answered.

The ledger is made here and written as OFX, with texts of 32 characters, CSV, MT940 and CAMT; the person knows it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import NamedTuple

import pytest

from fin_infra.book import Book, open_book
from fin_infra.imports.statements import read_statement
from fin_infra.security import keyring
from fin_infra.transport import Sync
from tests.support.effort import share

LEDGERS = share(1_000, test=12, quick=3)
NUMBER, FIRST = "12345678", date(2026, 3, 2)
TEXTS = (
    "Coffee at the corner",
    "Card payment Lighthouse Bookstore Harbor Street invoice 1",
    "Card payment Lighthouse Bookstore Harbor Street invoice 2",
    "Standing order rent of the flat in Lantern Row",
    "Salary",
)
AMOUNTS = (-450, -900, -1250, 200_000)
OPENING = 100_000


class Row(NamedTuple):
    day: date
    cents: int
    text: str

    @property
    def amount(self) -> str:
        return f"{Decimal(abs(self.cents)) / 100:.2f}"


def ofx(rows: Sequence[Row]) -> bytes:
    told = "".join(
        f"<STMTTRN><TRNTYPE>OTHER<DTPOSTED>{row.day:%Y%m%d}<TRNAMT>{'-' if row.cents < 0 else ''}{row.amount}"
        f"<FITID>{row.day:%d}-{at}<NAME>{row.text[:32]}</STMTTRN>"
        for at, row in enumerate(rows)
    )
    account = f"<BANKACCTFROM><BANKID>10020030<ACCTID>{NUMBER}<ACCTTYPE>CHECKING</BANKACCTFROM>"
    inner = f"<CURDEF>EUR{account}<BANKTRANLIST>{told}</BANKTRANLIST>"
    head = "OFXHEADER:100\nDATA:OFXSGML\n\n"
    return f"{head}<OFX><BANKMSGSRSV1><STMTTRNRS><STMTRS>{inner}</STMTRS></STMTTRNRS></BANKMSGSRSV1></OFX>".encode()


def csv(rows: Sequence[Row]) -> bytes:
    lines = [f"{row.day},{row.text},{'-' if row.cents < 0 else ''}{row.amount}" for row in rows]
    return "\n".join(["Date,Description,Amount", *lines, ""]).encode()


def mt940(rows: Sequence[Row]) -> bytes:
    def level(tag: str, cents: int, day: date) -> str:
        return f":{tag}:{'D' if cents < 0 else 'C'}{day:%y%m%d}EUR{Decimal(abs(cents)) / 100:.2f}".replace(".", ",")

    told = "".join(
        f":61:{row.day:%y%m%d%m%d}{'D' if row.cents < 0 else 'C'}{row.amount.replace('.', ',')}NMSCNONREF\n"
        f":86:{row.text}\n"
        for row in rows
    )
    end = OPENING + sum(row.cents for row in rows)
    return (
        f":20:X\n:25:10020030/{NUMBER}\n:28C:1/1\n{level('60F', OPENING, rows[0].day)}\n{told}"
        f"{level('62F', end, rows[-1].day)}\n-\n"
    ).encode()


def camt(rows: Sequence[Row]) -> bytes:
    def level(code: str, cents: int, day: date) -> str:
        mark = "DBIT" if cents < 0 else "CRDT"
        return (
            f"<Bal><Tp><CdOrPrtry><Cd>{code}</Cd></CdOrPrtry></Tp><Amt Ccy='EUR'>{Decimal(abs(cents)) / 100:.2f}</Amt>"
            f"<CdtDbtInd>{mark}</CdtDbtInd><Dt><Dt>{day}</Dt></Dt></Bal>"
        )

    told = "".join(
        f"<Ntry><Amt Ccy='EUR'>{row.amount}</Amt><CdtDbtInd>{'DBIT' if row.cents < 0 else 'CRDT'}</CdtDbtInd>"
        f"<Sts>BOOK</Sts><BookgDt><Dt>{row.day}</Dt></BookgDt><NtryDtls><TxDtls><RmtInf><Ustrd>{row.text}</Ustrd></RmtInf>"
        "</TxDtls></NtryDtls></Ntry>"
        for row in rows
    )
    end = OPENING + sum(row.cents for row in rows)
    account = f"<Acct><Id><Othr><Id>{NUMBER}</Id></Othr></Id><Ccy>EUR</Ccy></Acct>"
    levels = level("OPBD", OPENING, rows[0].day) + level("CLBD", end, rows[-1].day)
    return (
        "<Document xmlns='urn:iso:std:iso:20022:tech:xsd:camt.053.001.02'><BkToCstmrStmt><GrpHdr/>"
        f"<Stmt><Id>1</Id>{account}{levels}{told}</Stmt></BkToCstmrStmt></Document>"
    ).encode()


FORMATS: Mapping[str, Callable[[Sequence[Row]], bytes]] = {"ofx": ofx, "csv": csv, "mt940": mt940, "camt": camt}


def ledger(random: Random) -> list[Row]:
    rows = [
        Row(FIRST + timedelta(days=random.randrange(12)), random.choice(AMOUNTS), random.choice(TEXTS))
        for _ in range(random.randrange(4, 14))
    ]
    twins = [random.choice(rows) for _ in range(random.randrange(3))]
    return sorted([*rows, *twins])


def whole_days(rows: list[Row], random: Random) -> list[Row]:
    """Return the ledger between two days: a bank exports all of a day."""
    days = sorted({row.day for row in rows})
    first = random.randrange(len(days))
    chosen = days[first : first + random.randrange(1, len(days) + 1)]
    return [row for row in rows if row.day in chosen]


def alike(one: str, other: str) -> bool:
    """Tell whether two texts are of one row of the ledger, as a person who knows it does."""
    forms = [{text, text[:32].strip()} for text in TEXTS]
    return any({one, other} <= each for each in forms)


def answer_all(book: Book[Sync]) -> None:
    for _ in range(200):
        questions = book.questions()
        if not questions:
            return
        question = questions[0]
        one, other = book.transaction(question.id), book.transaction(question.other_id)
        same = (one.date, one.amount) == (other.date, other.amount) and alike(one.description, other.description)
        book.answer(question.id, question.other_id, same=same)
    raise AssertionError("the questions do not end")


@pytest.fixture
def book(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Book[Sync]]:
    monkeypatch.setenv("FIN_INFRA_VAULT_KEYS", keyring.new_key_text("one"))
    found = open_book(f"sqlite:///{tmp_path / 'book.db'}")
    yield found
    found.engine.dispose()


@pytest.mark.parametrize("seed", range(LEDGERS))
def test_exports_when_they_overlap_in_several_formats_then_each_row_is_there_once(book: Book[Sync], seed: int) -> None:
    random = Random(seed)
    rows, days = ledger(random), set[date]()
    for number in range(random.randrange(2, 6)):
        part = whole_days(rows, random)
        signed = any(row.cents < 0 for row in part)  # a CSV file without a minus does not say what is money in
        name = random.choice([name for name in FORMATS if signed or name != "csv"])
        days |= {row.day for row in part}
        read = read_statement(FORMATS[name](part), account=NUMBER, currency="EUR")
        accounts = book.accounts()
        book.import_statement(read, name=f"{number}.{name}", account_id=accounts[0].id if accounts else None)
        answer_all(book)
    found = Counter((row.date, row.amount.amount) for row in book.transactions(limit=1_000))
    assert found == Counter((row.day, Decimal(row.cents) / 100) for row in rows if row.day in days)
