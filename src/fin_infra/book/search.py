"""The index of a search: the folded words of each transaction, and which of three letters stand in them together.
Floor 6: it is written in the transaction of the rows; what it finds is compared with the text, so it only saves time.

SQLite keeps it as FTS5 by trigrams, PostgreSQL as an array of numbered trigrams under GIN; neither needs an extension.
Every number of a trigram, and every row of FTS5, is of one household: others cost it nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple, Protocol
from unicodedata import normalize
from zlib import crc32

import msgspec
import sqlalchemy as sa

from fin_infra.book.columns import Key
from fin_infra.book.engine import wanted
from fin_infra.book.lease import Owner
from fin_infra.book.tables import SCOPE, said, transactions

GRAM, _GRAMS = 3, 24
"""Letters to a trigram, and how many of a long search are looked at: the text is compared with all of it."""
MOST = 1_000
"""Rows that the index may name for one search. What stands in more is soon found by going through the newest."""
_PART = 5_000
_BETWEEN = "\x1f"
"""Stands between description, counterparty and note: a search never finds what begins in one and ends in another."""
_PLAIN = str.maketrans({_BETWEEN: " ", "\0": " "})


def fold(text: str) -> str:
    """Return words as they are searched: in one case, and each letter with its marks in one form."""
    if text.isascii():
        return text.lower().translate(_PLAIN)
    return normalize("NFC", normalize("NFD", text).casefold()).translate(_PLAIN)


def folded(*parts: str | None) -> str:
    """Return the texts of one row as the index keeps them."""
    return _BETWEEN.join(fold(part) for part in parts if part)


class Index(Protocol):
    """The index of one kind of database."""

    def write(self, db: sa.Connection, owner: Owner, texts: Mapping[int, str]) -> None:
        """Let rows have these texts, whatever they had."""
        ...

    def candidates(self, db: sa.Connection, owner: Owner, needle: str) -> Sequence[int] | None:
        """Return the rows that have a folded text; None where the index does not narrow it down."""
        ...

    def text(self, db: sa.Connection, owner: Owner) -> Any:
        """Return the folded texts of a row of `transactions`, as a part of a question."""
        ...

    def among(self, ids: Sequence[int]) -> Any:
        """Return the condition that a row of `transactions` is one of these."""
        ...

    def forget(self, db: sa.Connection, owner: Owner) -> None:
        """Destroy all that the index has of a household."""
        ...

    def clear(self, db: sa.Connection) -> None:
        """Empty the index."""
        ...

    def count(self, db: sa.Connection, owner: Owner) -> int:
        """Return how many rows of a household the index has."""
        ...


class SqliteIndex:
    """FTS5 by trigrams; the number of a row is that of its household, shifted, with the id of the transaction."""

    _SHIFT = 40

    def write(self, db: sa.Connection, owner: Owner, texts: Mapping[int, str]) -> None:
        if not texts:
            return
        db.exec_driver_sql("INSERT OR IGNORE INTO search_households (tenant, user_id) VALUES (?, ?)", _of(owner))
        first = self._first(db, owner)
        rows = [(first + id, text) for id, text in sorted(texts.items())]
        db.exec_driver_sql("INSERT OR REPLACE INTO search (rowid, text) VALUES (?, ?)", rows)

    def candidates(self, db: sa.Connection, owner: Owner, needle: str) -> Sequence[int] | None:
        first, grams = self._first(db, owner), _grams(needle)
        if not grams:
            return None
        rarest = sorted(grams, key=lambda gram: self._reach(db, first, gram))[:_RAREST]
        found = self._rows(db, first, rarest, needle, MOST + 1)
        return None if len(found) > MOST else [row - first for row in found]

    def _reach(self, db: sa.Connection, first: int, gram: str) -> int:
        """Return how old the last of a trigram's newest rows is: the rarer it is, the lower is the number."""
        ask = f"{_MATCH} ORDER BY rowid DESC LIMIT 1 OFFSET ?"
        values = (_quoted([gram]), first, self._last(first), _SAMPLE)
        return db.exec_driver_sql(ask, values).scalar() or 0

    def _rows(self, db: sa.Connection, first: int, grams: Sequence[str], needle: str, most: int) -> list[int]:
        ask = f"{_MATCH} AND instr(text, ?) > 0 ORDER BY rowid DESC LIMIT ?"
        values = (_quoted(grams), first, self._last(first), needle, most)
        return [row[0] for row in db.exec_driver_sql(ask, values)]

    def text(self, db: sa.Connection, owner: Owner) -> Any:
        rows = sa.table("search", sa.column("rowid", sa.Integer), sa.column("text", sa.Text))
        mine = rows.c.rowid == transactions.c.id + self._first(db, owner)
        return sa.select(rows.c.text).where(mine).scalar_subquery()

    def among(self, ids: Sequence[int]) -> Any:
        numbers = sa.func.json_each(sa.literal(str(list(ids)))).table_valued("value")
        return transactions.c.id.in_(sa.select(numbers.c.value))

    def forget(self, db: sa.Connection, owner: Owner) -> None:
        first = self._first(db, owner)
        db.exec_driver_sql("DELETE FROM search WHERE rowid BETWEEN ? AND ?", (first, self._last(first)))
        db.exec_driver_sql("DELETE FROM search_households WHERE tenant = ? AND user_id = ?", _of(owner))
        db.exec_driver_sql("INSERT INTO search (search) VALUES ('optimize')")  # until then trigrams are only marked

    def clear(self, db: sa.Connection) -> None:
        for statement in ("DELETE FROM search", "DELETE FROM search_households"):
            db.exec_driver_sql(statement)

    def count(self, db: sa.Connection, owner: Owner) -> int:
        first = self._first(db, owner)
        ask = "SELECT count(*) FROM search WHERE rowid BETWEEN ? AND ?"
        return int(db.exec_driver_sql(ask, (first, self._last(first))).scalar_one())

    def _first(self, db: sa.Connection, owner: Owner) -> int:
        """Return the number of a household's row 0; of one that has no rows, a number below all of them."""
        ask = "SELECT number FROM search_households WHERE tenant = ? AND user_id = ?"
        number = db.exec_driver_sql(ask, _of(owner)).scalar()
        return (number or 0) << self._SHIFT

    def _last(self, first: int) -> int:
        return first + (1 << self._SHIFT) - 1


_MATCH = "SELECT rowid FROM search WHERE search MATCH ? AND rowid BETWEEN ? AND ?"
_SAMPLE, _RAREST = 300, 3
"""How many rows tell how often a trigram occurs, and how many of the rarest trigrams are looked up together."""


def _quoted(grams: Iterable[str]) -> str:
    return " AND ".join(f'"{gram}"' for gram in (each.replace('"', '""') for each in grams))


class _Numbers(dict[str, str]):
    """The number of each trigram of a household: two that share one cost a look at the text, and no more."""

    def __init__(self, owner: Owner) -> None:
        self._seed = "\0".join(_of(owner))

    def __missing__(self, gram: str) -> str:
        number = self[gram] = str(crc32(f"{self._seed}\0{gram}".encode()) >> 1)
        return number

    def of(self, text: str) -> str:
        """Return the trigrams of words, as PostgreSQL writes an array."""
        return f"{{{','.join({self[text[at : at + GRAM]] for at in range(len(text) - GRAM + 1)})}}}"


class PostgresIndex:
    """Trigrams as numbers in which the household is mixed, so that GIN has a list for each of a household."""

    _table = sa.Table(
        "search",
        sa.MetaData(),
        *(sa.Column(name, Key, primary_key=True) for name in SCOPE),
        sa.Column("id", sa.BigInteger, primary_key=True),
        sa.Column("text", Key),
        sa.Column("grams", sa.Text),
    )
    _put = sa.text(
        "INSERT INTO search (tenant, user_id, id, text, grams)"
        " SELECT :tenant, :user_id, id, text, CAST(grams AS integer[])"
        " FROM jsonb_to_recordset(CAST(:page AS jsonb)) AS page(id bigint, text text, grams text)"
        " ON CONFLICT (tenant, user_id, id) DO UPDATE SET text = excluded.text, grams = excluded.grams"
    )
    # OFFSET 0 lets nothing but the trigrams choose the index: before its first ANALYZE PostgreSQL takes any other.
    _find = sa.text(
        "SELECT id FROM (SELECT * FROM search WHERE grams @> CAST(:grams AS integer[]) OFFSET 0) AS found"
        " WHERE tenant = :tenant AND user_id = :user_id AND strpos(text, :needle) > 0 LIMIT :most"
    )
    _newest = sa.text(
        "SELECT count(*) FROM (SELECT id FROM transactions WHERE tenant = :tenant AND user_id = :user_id"
        " ORDER BY day DESC, id DESC LIMIT :sample) AS newest WHERE strpos((SELECT text FROM search"
        " WHERE tenant = :tenant AND user_id = :user_id AND search.id = newest.id), :needle) > 0"
    )

    def write(self, db: sa.Connection, owner: Owner, texts: Mapping[int, str]) -> None:
        rows, numbers = sorted(texts.items()), _Numbers(owner)
        for at in range(0, len(rows), _PART):
            page = [{"id": id, "text": text, "grams": numbers.of(text)} for id, text in rows[at : at + _PART]]
            db.execute(self._put, {**owner.scope, "page": msgspec.json.encode(page).decode()})

    def candidates(self, db: sa.Connection, owner: Owner, needle: str) -> Sequence[int] | None:
        if len(needle) < GRAM:
            return None
        ask: dict[str, Any] = {**owner.scope, "needle": needle}
        if int(db.execute(self._newest, {**ask, "sample": 1_000}).scalar_one()) >= _OFTEN:
            return None
        asked = {**ask, "grams": _Numbers(owner).of(needle), "most": MOST + 1}
        found = list(db.scalars(self._find, asked))
        return None if len(found) > MOST else found

    def text(self, db: sa.Connection, owner: Owner) -> Any:
        rows = self._table
        return sa.select(rows.c.text).where(owner.of(rows), rows.c.id == transactions.c.id).scalar_subquery()

    def among(self, ids: Sequence[int]) -> Any:
        from sqlalchemy.dialects.postgresql import ARRAY

        return transactions.c.id == sa.any_(sa.literal(list(ids), ARRAY(sa.BigInteger)))

    def forget(self, db: sa.Connection, owner: Owner) -> None:
        db.execute(self._table.delete().where(owner.of(self._table)))

    def clear(self, db: sa.Connection) -> None:
        db.execute(self._table.delete())

    def count(self, db: sa.Connection, owner: Owner) -> int:
        ask = sa.select(sa.func.count()).select_from(self._table).where(owner.of(self._table))
        return int(db.execute(ask).scalar_one())


_OFTEN = 10
"""Of the newest thousand rows: so many with the words, and a hundred of them are found by going through the newest."""
_INDEXES: dict[str, Index] = {"sqlite": SqliteIndex(), "postgresql": PostgresIndex()}


def index_of(db: sa.Connection) -> Index:
    """Return the index of the database."""
    return _INDEXES[db.dialect.name]


class Found(NamedTuple):
    """The condition that a transaction has what is searched, and whether it is one of few rows that are known."""

    condition: Any
    few: bool


def having(db: sa.Connection, owner: Owner, search: str) -> Found:
    """Return the condition that words stand in the description, the counterparty or the note of a transaction."""
    index, needle = index_of(db), fold(search)
    ids = index.candidates(db, owner, needle)
    if ids is not None:
        return Found(index.among(ids), few=True)
    find = sa.func.instr if db.dialect.name == "sqlite" else sa.func.strpos
    return Found(find(index.text(db, owner), sa.literal(needle, sa.Text)) > 0, few=False)


Words = tuple[str, str | None]
"""Description and counterparty of a transaction."""


def write_texts(db: sa.Connection, owner: Owner, rows: Mapping[int, Words], noted: Iterable[int]) -> None:
    """Index rows by description and counterparty, with the notes that those of `noted` may have."""
    ask = sa.select(said.c.id, said.c.value).where(owner.of(said, kind="note"))
    notes: dict[int, str] = dict(wanted(db, ask, said.c.id, sorted(noted)))
    index_of(db).write(db, owner, {id: folded(*told, notes.get(id)) for id, told in rows.items()})


def write_note(db: sa.Connection, owner: Owner, row: int) -> None:
    """Index a transaction whose note has changed; a word about anything else is not searched."""
    t = transactions
    told = db.execute(sa.select(t.c.text, t.c.counterparty).where(owner.of(t, id=row))).first()
    if told is not None:
        write_texts(db, owner, {row: (told.text, told.counterparty)}, [row])


def rebuild(db: sa.Connection) -> None:
    """Index all transactions of all households, in the place of what the index has."""
    index_of(db).clear(db)
    t = transactions.c
    for scope in db.execute(sa.select(t.tenant, t.user_id).distinct()).all():
        owner, after = Owner(*scope), 0
        ask = sa.select(t.id, t.text, t.counterparty).where(owner.of(transactions)).order_by(t.id).limit(_PART)
        while rows := db.execute(ask.where(t.id > after)).all():
            found = {row.id: (row.text, row.counterparty) for row in rows}
            write_texts(db, owner, found, found)
            after = rows[-1].id


def _grams(needle: str) -> list[str]:
    return list(dict.fromkeys(needle[at : at + GRAM] for at in range(len(needle) - GRAM + 1)))[:_GRAMS]


def _of(owner: Owner) -> tuple[str, str]:
    return owner.tenant, owner.user_id
