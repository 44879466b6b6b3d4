"""The index of a search, filled from the transactions and notes that are there.
Floor 6: Alembic executes this file; it is never changed."""

from __future__ import annotations

from alembic import op

from fin_infra.book.search import rebuild

revision = "0013"
down_revision = "0012"

SQLITE = (
    "CREATE TABLE search_households (number INTEGER PRIMARY KEY, tenant TEXT NOT NULL, user_id TEXT NOT NULL,"
    " UNIQUE (tenant, user_id)) STRICT",
    "CREATE VIRTUAL TABLE search USING fts5(text, tokenize='trigram case_sensitive 1', detail=none, columnsize=0)",
)
POSTGRES = (
    'CREATE TABLE search (tenant TEXT COLLATE "C" NOT NULL, user_id TEXT COLLATE "C" NOT NULL, id BIGINT NOT NULL,'
    ' text TEXT COLLATE "C" NOT NULL, grams INTEGER[] NOT NULL, PRIMARY KEY (tenant, user_id, id))',
    "CREATE INDEX search_grams ON search USING gin (grams)",
)


def upgrade() -> None:
    db = op.get_bind()
    for statement in SQLITE if db.dialect.name == "sqlite" else POSTGRES:
        db.exec_driver_sql(statement)
    rebuild(db)
