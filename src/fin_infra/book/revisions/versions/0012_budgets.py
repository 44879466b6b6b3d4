"""What a person does to a budget, step by step, and monthly sums that are kept only to be quick.
Floor 6: Alembic executes this file; it is never changed."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

from fin_infra.book.columns import Bytes, Exact, Instant, Key, Whole

revision = "0012"
down_revision = "0011"


def _table(name: str, *columns: sa.Column[Any]) -> None:
    scope = (sa.Column(each, Key, primary_key=True, autoincrement=False) for each in ("tenant", "user_id"))
    op.create_table(name, *scope, *columns, sqlite_strict=True, sqlite_with_rowid=False)


def upgrade() -> None:
    _table(
        "budget_steps",
        sa.Column("id", Whole, primary_key=True, autoincrement=False),
        sa.Column("kind", Key, nullable=False),
        *(sa.Column(name, Key) for name in ("month", "category", "other", "currency")),
        sa.Column("amount", Exact),
        *(sa.Column(name, Key) for name in ("until", "word")),
        sa.Column("at", Instant, nullable=False),
    )
    _table("sums_state", sa.Column("head", Whole, nullable=False), sa.Column("version", Key, nullable=False))
    _table(
        "month_sums",
        sa.Column("month", Key, primary_key=True, autoincrement=False),
        sa.Column("sums", Key, nullable=False),
        sa.Column("ids", Bytes, nullable=False),
    )
