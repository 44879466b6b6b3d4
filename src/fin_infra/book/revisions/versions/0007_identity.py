"""Checks of who a person is.
Floor 6: Alembic executes this file; it is never changed."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from fin_infra.book.columns import Instant, Key

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    op.create_table(
        "verifications",
        *(sa.Column(name, Key, primary_key=True, autoincrement=False) for name in ("tenant", "user_id", "id")),
        *(sa.Column(name, Key, nullable=False) for name in ("provider", "kind", "state")),
        sa.Column("since", Instant, nullable=False),
        *(sa.Column(name, Key) for name in ("reason", "vendor_id", "idempotency_key")),
        *(sa.Column(name, Key, nullable=False) for name in ("asked", "redaction")),
        sa.Column("made_at", Instant, nullable=False),
        *(sa.Column(name, Instant) for name in ("ended_at", "told_at")),
        *(sa.Column(name, Key) for name in ("sealed", "data_key")),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
