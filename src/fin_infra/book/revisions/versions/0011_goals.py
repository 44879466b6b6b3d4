"""Goals that people set, and alerts that they do not want to see again.
Floor 6: Alembic executes this file; it is never changed."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from fin_infra.book.columns import Day, Exact, Instant, Key, Whole

revision = "0011"
down_revision = "0010"


def _scope() -> list[sa.Column[str]]:
    return [sa.Column(name, Key, primary_key=True, autoincrement=False) for name in ("tenant", "user_id")]


def upgrade() -> None:
    op.create_table(
        "goals",
        *_scope(),
        sa.Column("id", Whole, primary_key=True, autoincrement=False),
        *(sa.Column(name, Key, nullable=False) for name in ("kind", "name", "currency")),
        sa.Column("target", Exact, nullable=False),
        sa.Column("account", Whole),
        sa.Column("monthly", Exact),
        sa.Column("by_day", Day),
        sa.Column("annual_rate", Exact, nullable=False),
        sa.Column("made_at", Instant, nullable=False),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_table(
        "dismissed_alerts",
        *_scope(),
        sa.Column("alert", Key, primary_key=True),
        sa.Column("kind", Key, nullable=False),
        sa.Column("dismissed_at", Instant, nullable=False),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
