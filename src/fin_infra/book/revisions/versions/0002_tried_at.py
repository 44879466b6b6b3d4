"""When the last sync of a connection began, which schedules go by.
Floor 6: Alembic executes this file; it is never changed."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from fin_infra.book.columns import Instant

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.add_column("streams", sa.Column("tried_at", Instant, nullable=True))
