"""What vendors tell by themselves, when a login ends by itself, and which news a sync has heard of.
Floor 6: Alembic executes this file; it is never changed."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from fin_infra.book.columns import Instant, Key, Whole

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.create_table(
        "webhooks",
        *(sa.Column(name, Key, primary_key=True, autoincrement=False) for name in ("provider", "event_id")),
        sa.Column("kind", Key, nullable=False),
        sa.Column("type", Key, nullable=False),
        sa.Column("login", Key),
        sa.Column("account", Key),
        sa.Column("said_at", Instant),
        sa.Column("ends_at", Instant),
        sa.Column("reason", Key),
        sa.Column("taken_at", Instant, nullable=False),
        sa.Column("outcome", Key, nullable=False),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_index("webhooks_outcome", "webhooks", ["outcome", "taken_at"])
    op.create_index("connections_vendor", "connections", ["provider", "vendor_id"])
    op.create_index("accounts_vendor", "accounts", ["vendor_id"])
    op.add_column("connections", sa.Column("ends_at", Instant))
    op.add_column("streams", sa.Column("news", Whole))
    op.add_column("streams", sa.Column("heard", Whole))
