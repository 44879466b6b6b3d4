"""The tables and their revisions: they agree, they are scoped, and another revision is refused with the command."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from fin_infra.book import schema
from fin_infra.book.engine import Database, reading, writing
from fin_infra.book.feed import read_changes
from fin_infra.book.lease import Owner, take
from fin_infra.book.tables import PERSONAL, SCOPE, meta
from fin_infra.errors import BookOutdated, ConfigurationError

MARKET = {"prices", "splits", "rates", "erasures", "filled", "webhooks"}
BY_VENDOR = {"connections_vendor", "accounts_vendor"}
"""Indexes for what a vendor tells by itself: it knows its own ids, and nobody's household."""


def test_tables_when_personal_then_every_key_begins_with_tenant_and_user() -> None:
    assert {table.name for table in meta.sorted_tables} - {table.name for table in PERSONAL} == MARKET
    for table in PERSONAL:
        assert tuple(column.name for column in table.primary_key)[:2] == SCOPE
        for index in table.indexes:
            by_vendor = index.name in BY_VENDOR
            assert by_vendor or tuple(column.name for column in index.columns)[:2] == SCOPE


def test_revisions_when_all_are_run_then_the_tables_are_those_of_the_program(bare_url: str) -> None:
    database = Database(bare_url)
    assert schema.revision(database) is None
    schema.upgrade(database)
    with reading(database.engine) as db:
        opts = {"compare_type": True, "version_table": schema.VERSION_TABLE, "include_object": _is_one_text}
        assert compare_metadata(MigrationContext.configure(db, opts=opts), meta) == []
    assert schema.revision(database) == schema.REVISIONS[-1]
    assert schema.upgrade(database) == (schema.REVISIONS[-1], schema.REVISIONS[-1])
    database.engine.dispose()


def _is_one_text(_object: object, name: str | None, *_more: object) -> bool:
    """Leave the index of a search out: each database has its own, and `search.py` fills it."""
    return not (name or "").startswith("search")


def test_upgrade_when_the_book_is_of_the_first_revision_then_its_rows_are_there_and_its_syncs_go_on(
    bare_url: str,
) -> None:
    database = Database(bare_url)
    schema.upgrade(database, "0001")
    with pytest.raises(BookOutdated, match=r"revision 0001, and this program works with .*; run `fin-infra book upg"):
        schema.check(database)
    row = "('t', 'u', 'c-1', 3, 0, 'cursor', 'cursor', 0, 0, 0)"
    names = 'tenant, user_id, connection, fence, until, cursor, run_cursor, kept, applied, "whole"'
    with writing(database.engine) as db:
        db.execute(sa.text(f"INSERT INTO streams ({names}) VALUES {row}"))
        row = "('t', 'u', 'c-1', 'banking:model', 'healthy', 0, 1, 0, 0)"
        names = "tenant, user_id, id, provider, state, since, generation, sealed_times, made_at"
        db.execute(sa.text(f"INSERT INTO connections ({names}) VALUES {row}"))
        db.execute(sa.text("INSERT INTO households (tenant, user_id, head) VALUES ('t', 'u', 1)"))
        row = "('t', 'u', 1, 'said', 'note', 7, 'person', 0, NULL)"
        db.execute(sa.text(f"INSERT INTO changes VALUES {row}"))
    assert schema.upgrade(database) == ("0001", schema.REVISIONS[-1])
    lease = take(database.engine, Owner("t", "u"), "c-1", datetime(2026, 3, 1, tzinfo=UTC))
    assert lease is not None
    assert (lease.fence, lease.cursor) == (4, "cursor")
    [change] = read_changes(database.engine, Owner("t", "u"), 0, 10)
    assert (change.position, change.subject, change.id) == (1, "said", 7)
    database.engine.dispose()


def test_book_when_its_revision_is_newer_then_it_is_refused_with_its_version(database: Database) -> None:
    with writing(database.engine) as db:
        db.execute(sa.text(f"UPDATE {schema.VERSION_TABLE} SET version_num = '9999'"))
    with pytest.raises(BookOutdated, match=r"revision 9999, which is newer .* install a newer fin-infra"):
        schema.check(database)
    with pytest.raises(BookOutdated):
        schema.upgrade(database)


def test_book_when_its_revision_is_older_then_the_text_names_the_command(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(schema, "REVISIONS", (*schema.REVISIONS, "0999"))
    with pytest.raises(BookOutdated, match="`fin-infra book upgrade`"):
        schema.check(database)


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("mysql://x/y", "SQLite or PostgreSQL, not in mysql"),
        ("sqlite://", "in memory would be forgotten"),
        ("nonsense", "cannot be read; write sqlite:///"),
    ],
)
def test_url_when_it_cannot_be_used_then_the_sentence_says_what_can(url: str, words: str) -> None:
    with pytest.raises(ConfigurationError, match=words):
        Database(url)
