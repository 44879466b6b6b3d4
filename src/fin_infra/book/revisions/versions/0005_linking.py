"""What a vendor calls a login and its bank, what a login was taken for, and the pages on which logins are linked.
Floor 6: Alembic executes this file; it is never changed."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from fin_infra.book.columns import Instant, Key

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    for name in ("vendor_id", "institution", "twin", "funds"):
        op.add_column("connections", sa.Column(name, Key))
    op.create_table(
        "links",
        *(sa.Column(name, Key, primary_key=True, autoincrement=False) for name in ("tenant", "user_id", "digest")),
        sa.Column("provider", Key, nullable=False),
        sa.Column("connection", Key),
        sa.Column("state", Key, nullable=False),
        sa.Column("made_at", Instant, nullable=False),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
