"""Rules that a person has for categories, and in which order they said what they said.
Floor 6: Alembic executes this file; it is never changed."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from fin_infra.book.columns import Exact, Instant, Key, Whole

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    op.create_table(
        "rules",
        *(sa.Column(name, Key, primary_key=True, autoincrement=False) for name in ("tenant", "user_id")),
        sa.Column("id", Whole, primary_key=True, autoincrement=False),
        sa.Column("place", Whole, nullable=False),
        sa.Column("category", Key, nullable=False),
        *(sa.Column(name, Key) for name in ("contains", "pattern")),
        *(sa.Column(name, Exact) for name in ("low", "high")),
        sa.Column("account", Whole),
        sa.Column("sign", Key),
        sa.Column("made_at", Instant, nullable=False),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.add_column("said", sa.Column("position", Whole))
