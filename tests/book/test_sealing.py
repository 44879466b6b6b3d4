"""What a vendor sent is sealed at rest under the key of its connection, and no row stands for another."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from fin_infra.book import lease, logins
from fin_infra.book.engine import Database, reading, writing
from fin_infra.book.lease import kept_pages, packed, unpacked
from fin_infra.book.pages import Page
from fin_infra.book.sealing import payload
from fin_infra.book.tables import changes, connections, pages, payloads
from fin_infra.errors import LeaseLost, SealBroken
from tests.book.small import Home, Told, page, stored_bytes, told


def sealer(home: Home):
    found = logins.sealer_of(home.row(), home.owner, home.vault, payloads=True)
    assert found is not None
    return found


def interrupted(home: Home) -> None:
    """Leave a run in its middle, as a worker that dies does: two pages are kept."""
    flow = home.flow(Told(page(told("t-1", "-5"), after="1", complete=False), page(told("t-2", "-7"), complete=True)))
    effect = next(flow)
    for _ in range(2):
        effect = flow.send(effect.fn())
    effect.fn()
    flow.close()


def test_page_when_kept_then_it_is_sealed_and_the_next_run_reads_it(database: Database) -> None:
    home = Home(database)
    interrupted(home)
    with reading(database.engine) as db:
        stored = [bytes(row.body) for row in db.execute(sa.select(pages))]
    assert len(stored) == 2
    assert all(body.startswith(b"fv1.") for body in stored)
    home.sync()
    with reading(database.engine) as db:
        assert db.execute(sa.select(sa.func.count()).select_from(pages)).scalar_one() == 0
        # account, two transactions, beside the entries of the connection
        subjects = db.execute(sa.select(changes.c.subject).where(home.owner.of(changes))).scalars().all()
    assert sorted(subjects).count("transaction") == 2
    assert home.row().sealed_times == 1 + 2 + 1, "the token, two pages, and one payload of what both brought"


def test_page_when_it_stands_for_another_then_it_is_refused(database: Database) -> None:
    home = Home(database)
    interrupted(home)
    with writing(database.engine) as db:
        first = db.execute(sa.select(pages.c.body).where(pages.c.number == 1)).scalar_one()
        db.execute(sa.update(pages).where(pages.c.number == 2).values(body=first))
    held = lease.take(database.engine, home.owner, home.connection, home.clock() + lease.LEASE, sealer(home))
    assert held is not None
    with reading(database.engine) as db, pytest.raises(SealBroken):
        list(kept_pages(db, held))


def test_payload_when_a_page_changes_something_then_the_vendors_records_are_kept_sealed(database: Database) -> None:
    home = Home(database)
    home.sync(page(told("t-1", "-5"), told("t-2", "-7")))
    home.sync(page(told("t-1", "-5")))
    with reading(database.engine) as db:
        [row] = db.execute(sa.select(payloads).where(home.owner.of(payloads))).all()
        head = db.execute(sa.select(sa.func.max(changes.c.position)).where(changes.c.subject == "transaction"))
        assert row.position == head.scalar_one(), "the position of the last change that the page brought"
    assert b"raw words" not in bytes(row.body)
    words = "raw words of Corner Grocery"
    assert payload(sealer(home), row.position, bytes(row.body)) == [
        {"id": "t-1", "words": words},
        {"id": "t-2", "words": words},
    ]
    with pytest.raises(SealBroken):
        payload(sealer(home), row.position + 1, bytes(row.body))


def test_payload_when_nobody_keeps_it_then_there_is_none(database: Database) -> None:
    home = Home(database)
    home.sync(page(told("t-1", "-5"), after="1", complete=False), page(told("t-2", "-7")), payloads=False)
    with reading(database.engine) as db:
        assert db.execute(sa.select(payloads)).all() == []
        assert db.execute(sa.select(connections.c.sealed_times)).scalar_one() == 3


def test_page_when_the_connection_has_no_key_then_it_is_plain_and_has_no_payload() -> None:
    one = page(told("t-1", "-5"))
    body = packed(one, 1, None)
    assert unpacked(body, 1, None) == Page(
        after=one.after, complete=True, holders=one.holders, transactions=one.transactions
    )


def test_lease_when_the_connection_is_erased_then_nobody_fills_the_book_again(database: Database) -> None:
    home = Home(database)
    with writing(database.engine) as db:
        db.execute(connections.delete())
    with pytest.raises(LeaseLost, match="was erased"):
        lease.take(database.engine, home.owner, home.connection, home.clock())


@pytest.mark.parametrize("url", ["sqlite"], indirect=True)
def test_page_when_kept_then_no_word_of_it_is_in_the_file(database: Database) -> None:
    home = Home(database)
    interrupted(home)
    assert stored_bytes(database, ["Corner Grocery", "raw words", "token-planted"]) == []
    home.sync()
    assert stored_bytes(database, ["Corner Grocery", "raw words", "token-planted"]) == ["Corner Grocery"]
