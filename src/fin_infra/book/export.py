"""Everything of a household as files that people and programs can use: CSV for lists, JSON for the rest and the log.
Floor 6: one transaction, so that all files are of one moment; a folder appears whole or not at all. No tokens."""

from __future__ import annotations

import os
import re
import secrets
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec
import sqlalchemy as sa

from fin_infra.book import logins, read, verified
from fin_infra.book.accounts import Accounts
from fin_infra.book.columns import Instant, instant
from fin_infra.book.copying import PART, stored_rows
from fin_infra.book.documents import ORIGINAL, SOURCE, records_at
from fin_infra.book.engine import reading
from fin_infra.book.file_sealing import FileSealer
from fin_infra.book.imported_rows import documents_of
from fin_infra.book.lease import Owner
from fin_infra.book.originals import opened_for_owner, original_parts
from fin_infra.book.records import (
    BookAccount,
    BookBalance,
    BookHolding,
    BookTrade,
    BookTransaction,
    Connection,
    Export,
)
from fin_infra.book.sealing import payload
from fin_infra.book.tables import (
    PERSONAL,
    SCOPE,
    accounts,
    balances,
    connections,
    holdings,
    households,
    month_sums,
    pages,
    payloads,
    streams,
    sums_state,
    trades,
    transactions,
    vault_keys,
)
from fin_infra.errors import FinInfraError, InvalidInput
from fin_infra.model.frames import table_of
from fin_infra.model.spreadsheets import to_csv
from fin_infra.security.vault import Vault

AS_LISTS = (accounts, balances, connections, holdings, trades, transactions)
"""Tables that become CSV, as records."""
NOT_OF_PEOPLE = (households, streams, pages, vault_keys, sums_state, month_sums)
"""What the book keeps for itself: positions, leases, pages that are not applied yet, wrapped keys, and sums."""
_UNSAFE = re.compile(r"[^A-Za-z0-9._-]")
_UNSHOWN = frozenset({*SCOPE, "e4", "sealed", "data_key", "idempotency_key", "asked"})
ABOUT = """\
Everything that fin-infra has stored about this household, as of one moment.

*.csv   lists for a spreadsheet: exact amounts with the currency in a column of its own, days as 2026-01-31, instants in
        UTC. Money in is positive. Text that a spreadsheet would take for a formula begins with an apostrophe.
*.json  the rest, an array of records: what you said (said), your rules (rules), what you did to your budget
        (budget_steps), your goals (goals), alerts you have dismissed (dismissed_alerts), what you were asked (doubts),
        ids at vendors (aliases), houses and cars (assets, asset_values), files that were read (documents,
        document_parts), every change (changes), checks of who you are (verifications) with what they found out
        (identity-reports), what vendors and files said (vendor-records), and which files are in the folder files
        (files).
files/  statement files as you gave them, each behind the number of its import.

Access tokens are not here: they give power over your accounts. These files are not encrypted; keep them safe.
"""


def write(engine: sa.Engine, owner: Owner, folder: Path, vault: Callable[[], Vault]) -> Export:
    """Write the files into a new folder.

    Raises:
        InvalidInput: the folder is there already, or the one around it is not.
        BookUnavailable: the book cannot be read, or a file cannot be written; nothing is left in the folder's place.
    """
    if folder.exists():
        raise InvalidInput(f"{folder} is there already; give the export a new folder.")
    if not folder.parent.is_dir():
        raise InvalidInput(f"The folder {folder.parent} is not there; make it first.")
    part = folder.with_name(f".{folder.name}.{secrets.token_hex(4)}.part")
    try:
        with reading(engine) as db:
            part.mkdir(mode=0o700)
            rows = _files(db, owner, part, vault)
            part.rename(folder)
    finally:
        if part.exists():
            shutil.rmtree(part, ignore_errors=True)
    return Export(folder=str(folder), rows=rows)


def _files(db: sa.Connection, owner: Owner, folder: Path, vault: Callable[[], Vault]) -> dict[str, int]:
    lists: Mapping[str, tuple[Any, Iterable[list[Any]]]] = {
        "accounts": (BookAccount, [read.account_rows(db, owner)]),
        "balances": (BookBalance, _balances(db, owner)),
        "connections": (Connection, [read.connection_rows(db, owner)]),
        "holdings": (BookHolding, _holdings(db, owner)),
        "trades": (BookTrade, [read.trade_rows(db, owner, None, None, None, limit=2**31 - 1)]),
        "transactions": (BookTransaction, _transactions(db, owner)),
    }
    rows = {f"{name}.csv": _csv(folder / f"{name}.csv", *these) for name, these in lists.items()}
    for table in PERSONAL:
        if table not in (*AS_LISTS, *NOT_OF_PEOPLE, payloads):
            rows[f"{table.name}.json"] = _json(folder / f"{table.name}.json", _plain_rows(db, owner, table))
    rows["identity-reports.json"] = _json(folder / "identity-reports.json", _identity_reports(db, owner, vault))
    rows["files.json"] = _json(folder / "files.json", _originals(db, owner, folder, vault))
    rows["vendor-records.json"] = _json(folder / "vendor-records.json", _vendor_records(db, owner, vault))
    with _opened(folder / "about.txt") as file:
        file.write(ABOUT)
    return rows


def _opened(file: Path) -> Any:
    return os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8", newline="")


def _csv(file: Path, model: Any, parts: Iterable[list[Any]]) -> int:
    count = 0
    with _opened(file) as written:
        written.write(to_csv(table_of([], model)))
        for part in parts:
            if part:
                written.write(to_csv(table_of(part, model), header=False))
            count += len(part)
    return count


def _json(file: Path, rows: Iterable[Mapping[str, Any]]) -> int:
    """Write an array with a line for each record, so that no file has to be in memory at once."""
    count = 0
    with _opened(file) as written:
        written.write("[")
        for row in rows:
            written.write(",\n" if count else "\n")
            written.write(msgspec.json.encode(row).decode())
            count += 1
        written.write("\n]\n")
    return count


def _transactions(db: sa.Connection, owner: Owner) -> Iterator[list[Any]]:
    after: int | None = None
    while True:
        wanted = read.Wanted(with_hidden=True, with_removed=True, after=after, limit=PART)
        rows = read.transaction_rows(db, owner, wanted)
        yield rows
        if len(rows) < PART:
            return
        after = rows[-1].id


def _balances(db: sa.Connection, owner: Owner) -> Iterator[list[Any]]:
    """Yield the balances of every day, also of several sources of one account."""
    found = Accounts(db, owner)
    ask = sa.select(balances).where(owner.of(balances)).order_by(balances.c.account, balances.c.day)
    yield [read.balance_of(row, found.target(row.account)) for row in db.execute(ask)]


def _holdings(db: sa.Connection, owner: Owner) -> Iterator[list[Any]]:
    yield read.all_holding_rows(db, owner)


def _plain_rows(db: sa.Connection, owner: Owner, table: sa.Table) -> Iterator[dict[str, Any]]:
    for part in stored_rows(db, table, owner.of(table)):
        for row in part:
            yield {
                column.name: _plain(column, value)
                for column, value in zip(table.c, row, strict=True)
                if column.name not in _UNSHOWN
            }


def _plain(column: sa.Column[Any], value: Any) -> Any:
    if value is None:
        return None
    if column.name == "before":
        return msgspec.json.decode(value)
    return instant(value).isoformat() if isinstance(column.type, Instant) else value


def _identity_reports(db: sa.Connection, owner: Owner, vault: Callable[[], Vault]) -> Iterator[dict[str, Any]]:
    """Yield what checks of who the person is have found out; what cannot be opened is named with the reason."""
    for row in verified.rows(db, owner):
        if row.sealed is None:
            continue
        try:
            found = verified.opened(row, owner, vault())
            yield {"verification": row.id, "report": found.to_dict(private=True, pii=True)}
        except FinInfraError as exc:
            yield {"verification": row.id, "report": None, "reason": exc.title}


def _originals(db: sa.Connection, owner: Owner, folder: Path, vault: Callable[[], Vault]) -> Iterator[dict[str, Any]]:
    """Write the kept files of imports, and yield where each is; what cannot be opened is named with the reason."""
    sealer = FileSealer(db, owner, vault)
    for document in documents_of(db, owner):
        if not document.kept:
            continue
        name = f"files/{document.id}-{_UNSAFE.sub('_', document.name)[-80:]}"
        (folder / "files").mkdir(mode=0o700, exist_ok=True)
        try:
            with opened_for_owner(folder / name) as out:
                size = sum(map(out.write, original_parts(db, owner, sealer, document.id)))
            yield {"document": document.id, "file": name, "size": size}
        except FinInfraError as exc:
            (folder / name).unlink()
            yield {"document": document.id, "file": None, "reason": exc.title}


def _vendor_records(db: sa.Connection, owner: Owner, vault: Callable[[], Vault]) -> Iterator[dict[str, Any]]:
    """Yield what the vendors sent; what cannot be opened is named with the reason."""
    names = [column.name for column in payloads.c]
    sealers: dict[str, Any] = {}
    told = sa.and_(owner.of(payloads), ~payloads.c.source.startswith(ORIGINAL))
    for part in stored_rows(db, payloads, told):
        for values in part:
            row = dict(zip(names, values, strict=True))
            shown = {name: row[name] for name in ("source", "position")} | {"at": instant(row["at"]).isoformat()}
            try:
                if row["source"].startswith(SOURCE):
                    document, files = int(row["source"].removeprefix(SOURCE)), FileSealer(db, owner, vault)
                    yield {**shown, "records": records_at(db, owner, files, document, row["position"])}
                    continue
                if row["source"] not in sealers:
                    stored = logins.stored(db, owner, row["source"])
                    sealers[row["source"]] = logins.sealer_of(stored, owner, vault(), payloads=True)
                sealer = sealers[row["source"]]
                if sealer is None:
                    yield {**shown, "records": None, "reason": "The connection was ended, and its key destroyed."}
                    continue
                yield {**shown, "records": payload(sealer, row["position"], bytes(row["body"]))}
            except FinInfraError as exc:
                yield {**shown, "records": None, "reason": exc.title}
