"""A search finds what a plain look at every text finds, on both databases, whatever became of the texts."""

from __future__ import annotations

import random
from collections.abc import Callable
from itertools import count
from pathlib import Path
from unicodedata import normalize

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fin_infra.book import Book, backup, schema, search
from fin_infra.book.engine import Database, reading, writing
from fin_infra.book.lease import Owner
from fin_infra.book.tables import said, transactions
from fin_infra.transport import Sync
from tests.book.small import Home, page, told
from tests.support.effort import effort

USERS = count()
LETTERS = "aAbBäÄöÖßẞéİıσςΣ012%_\\\"'*:()-. \n\u0308\u0301漢字🙂"
WORDS = st.sampled_from(
    ["COFFEE", "Café", "STRASSE", "Straße", "Müller", "MU\u0308LLER", "REWE", "0%_s", '"AND"', "1234"]
)
TEXTS = st.lists(st.one_of(WORDS, st.text(LETTERS, max_size=6)), min_size=1, max_size=4).map(" ".join)


def decomposed(text: str) -> str:
    return normalize("NFD", text)


FORMS: tuple[Callable[[str], str], ...] = (str.upper, str.lower, str.casefold, decomposed)


def opened(home: Home) -> Book[Sync]:
    return Book(home.database, home.owner, "sync", lambda: home.vault, home.clock)


def plain(text: str) -> str:
    """Canonical caseless matching, as D145 of the Unicode standard has it, with composed letters."""
    return normalize("NFC", normalize("NFD", text).casefold())


def expected(book: Book[Sync], needle: str) -> set[int]:
    rows = book.transactions(limit=1_000, hidden=True, removed=True)
    texts = {row.id: (row.description, row.counterparty, row.note) for row in rows}
    return {id for id, each in texts.items() if any(plain(needle) in plain(text) for text in each if text)}


def found(book: Book[Sync], needle: str) -> set[int]:
    return {row.id for row in book.transactions(search=needle, limit=1_000, hidden=True, removed=True)}


def check(book: Book[Sync], needles: list[str]) -> None:
    for needle in filter(None, needles):
        assert found(book, needle) == expected(book, needle), needle


@st.composite
def searches(draw: st.DrawFn, texts: list[str]) -> list[str]:
    """Parts of what is there, in another case and form; and what may not be there."""
    needles = [draw(TEXTS)]
    for _ in range(4):
        text = draw(st.sampled_from(texts))
        start = draw(st.integers(0, max(0, len(text) - 1)))
        part = text[start : start + draw(st.integers(1, 9))]
        needles.append(draw(st.sampled_from(FORMS))(part))
    return needles


@settings(max_examples=effort(60), suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.data())
def test_search_when_texts_come_change_and_go_then_it_finds_what_a_plain_look_does(
    database: Database, data: st.DataObject
) -> None:
    home = Home(database, f"user-{next(USERS)}")
    book = opened(home)
    texts = data.draw(st.lists(TEXTS, min_size=1, max_size=8))
    others = data.draw(st.lists(st.one_of(st.none(), TEXTS), min_size=len(texts), max_size=len(texts)))
    pairs = enumerate(zip(texts, others, strict=True))
    rows = [told(f"t-{n}", f"-{n + 1}", text=text, counterparty=other) for n, (text, other) in pairs]
    home.sync(page(*rows))
    known = texts + [other for other in others if other]
    check(book, data.draw(searches(known)))
    ids = sorted(row.id for row in book.transactions(limit=1_000))
    for _ in range(data.draw(st.integers(1, 4))):
        which, text = data.draw(st.integers(0, len(rows) - 1)), data.draw(TEXTS)
        match data.draw(st.sampled_from(["note", "no note", "reword", "hide", "take back"])):
            case "note" if text.strip():
                book.note(ids[which], text)
            case "no note":
                book.note(ids[which], None)
            case "reword":
                home.sync(page(told(f"t-{which}", f"-{which + 1}", text=text)))
            case "hide":
                book.hide([ids[which]])
            case _:
                home.sync(page(removed=[f"t-{which}"]))
        check(book, data.draw(searches([*known, text])))


@pytest.fixture
def home(database: Database) -> Home:
    found = Home(database)
    found.sync(
        page(
            told("t-1", "-5", text="Bäckerei MÜLLER", counterparty="Ann Lee"),
            told("t-2", "-7", text="CARD PAYMENT 00012345"),
            told("t-3", "-9", text="card payment 00099999"),
        )
    )
    return found


def descriptions(book: Book[Sync], needle: str) -> list[str]:
    return sorted(row.description for row in book.transactions(search=needle, limit=1_000))


def test_search_when_a_text_has_another_case_or_form_then_it_is_found_on_both_databases(home: Home) -> None:
    book = opened(home)
    for needle in ("müller", "MÜLLER", "MU\u0308LLER", "ÄCK", "lee", "ANN LEE", "äc", "ü"):
        assert descriptions(book, needle) == ["Bäckerei MÜLLER"], needle
    assert descriptions(book, "payment 00012345") == ["CARD PAYMENT 00012345"]
    assert descriptions(book, "CARD PAYMENT") == ["CARD PAYMENT 00012345", "card payment 00099999"]
    assert descriptions(book, "muller") == descriptions(book, "RAnn") == []


def test_search_when_it_spans_two_texts_then_nothing_is_found(home: Home) -> None:
    book = opened(home)
    for needle in ("müllerann", "müller ann", "müller\x1fann", "müller\nann"):
        assert descriptions(book, needle) == []


def test_search_when_the_index_narrows_nothing_down_then_all_texts_are_compared(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    book = opened(home)
    monkeypatch.setattr(search, "MOST", 0)
    monkeypatch.setattr(search, "_OFTEN", 0)
    assert descriptions(book, "payment 00012345") == ["CARD PAYMENT 00012345"]
    assert descriptions(book, "nowhere") == []


def test_candidates_when_three_letters_are_rare_then_few_rows_are_looked_at(home: Home) -> None:
    index = search.index_of
    with reading(home.database.engine) as db:
        rare = index(db).candidates(db, home.owner, "bäckerei")
        assert rare is not None
        assert len(rare) == 1
        assert index(db).candidates(db, home.owner, "bä") is None
        assert index(db).candidates(db, Owner("default", "somebody"), "bäckerei") == []
        assert index(db).candidates(db, Owner("other", home.owner.user_id), "bäckerei") == []


def test_search_when_two_households_have_the_same_words_then_each_finds_its_own(home: Home) -> None:
    other = Home(home.database, "bob")
    other.sync(page(told("t-9", "-1", text="Bäckerei MÜLLER Nord")))
    assert descriptions(opened(other), "müller") == ["Bäckerei MÜLLER Nord"]
    assert descriptions(opened(home), "müller") == ["Bäckerei MÜLLER"]
    opened(other).erase()
    assert descriptions(opened(other), "müller") == []
    assert descriptions(opened(home), "müller") == ["Bäckerei MÜLLER"]


@pytest.mark.parametrize("url", ["sqlite"], indirect=True)
def test_erase_when_done_then_no_three_letters_of_the_texts_are_left_in_the_index(home: Home) -> None:
    other = Home(home.database, "bob")
    other.sync(page(told("t-9", "-1", text="xyz")))
    opened(home).note(opened(home).transactions(limit=1)[0].id, "planted note")
    assert {"äck", "lan", "xyz"} <= terms(home.database)
    assert opened(home).erase().left == {}
    assert terms(home.database) == {"xyz"}


def terms(database: Database) -> set[str]:
    """Return every trigram that stands in the index, whoever's it is."""
    with database.engine.connect() as db:
        db.exec_driver_sql("CREATE VIRTUAL TABLE temp.terms USING fts5vocab('main', 'search', 'row')")
        try:
            return set(db.exec_driver_sql("SELECT term FROM temp.terms").scalars())
        finally:
            db.exec_driver_sql("DROP TABLE temp.terms")


def test_backup_when_restored_then_the_search_finds_the_same(home: Home, tmp_path: Path) -> None:
    book = opened(home)
    book.note(book.transactions(search="00012345")[0].id, "für Émile")
    url = home.database.engine.url.render_as_string(hide_password=False)
    backup.write_backup(tmp_path / "backup.db", url)
    book.note(book.transactions(search="émile")[0].id, "something else")
    backup.restore_backup(tmp_path / "backup.db", url, replace=True)
    assert descriptions(book, "ÉMILE") == descriptions(book, "012345") == ["CARD PAYMENT 00012345"]
    assert descriptions(book, "something") == []
    backup.restore_backup(tmp_path / "backup.db", f"sqlite:///{tmp_path / 'moved.db'}")
    moved = Database(f"sqlite:///{tmp_path / 'moved.db'}")
    assert descriptions(Book(moved, home.owner, "sync", lambda: home.vault, home.clock), "ÉMILE") != []
    moved.engine.dispose()


def test_upgrade_when_the_book_is_older_then_its_texts_and_notes_are_found(bare_url: str) -> None:
    database = Database(bare_url)
    schema.upgrade(database, schema.REVISIONS[schema.REVISIONS.index("0013") - 1])
    rows = [
        (id, 1, "c", f"t-{id}", "2026-03-02", text, "USD", "-1", -10_000, "posted", "unknown", None, None, None)
        for id, text in ((2, "Bäckerei"), (3, "Kiosk"))
    ]
    names = [column.name for column in transactions.c]
    with writing(database.engine) as db:
        for row in rows:
            values = dict(zip(names, ("default", "ada", *row), strict=True))
            marks = ", ".join(f":{name}" for name in names)
            db.execute(sa.text(f"INSERT INTO transactions ({', '.join(names)}) VALUES ({marks})"), values)
        db.execute(said.insert(), {"tenant": "default", "user_id": "ada", "id": 3, "kind": "note", "value": "Für Ann"})
    schema.upgrade(database)
    with reading(database.engine) as db:
        for needle, ids in (("BÄCK", [2]), ("FÜR", [3]), ("kiosk", [3]), ("nobody", [])):
            ask = sa.select(transactions.c.id).where(search.having(db, Owner("default", "ada"), needle).condition)
            assert list(db.scalars(ask)) == ids
    database.engine.dispose()


def test_search_when_many_have_the_words_then_each_is_found_once_by_the_cursor(
    database: Database,
) -> None:
    home, made = Home(database), random.Random(7)
    rows = [told(f"t-{n}", f"-{n + 1}", day=made.randint(1, 28), text=f"Shop {n % 3} ref {n:05}") for n in range(4_000)]
    home.sync(page(*rows))
    book = opened(home)
    ids: list[int] = []
    while part := book.transactions(search="SHOP 1", limit=500, after=ids[-1] if ids else None):
        ids += [row.id for row in part]
    assert ids == [row.id for row in book.transactions(limit=10_000) if row.description.startswith("Shop 1")]
    assert [row.description for row in book.transactions(search="REF 00042")] == ["Shop 0 ref 00042"]
