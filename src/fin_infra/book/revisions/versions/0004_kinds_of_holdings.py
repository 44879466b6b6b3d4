"""What kind of instrument a holding is of, what was paid for a unit, and what names it when its symbol changes.
Floor 6: Alembic executes this file; it is never changed."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from fin_infra.book.columns import Exact, Key

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.add_column("holdings", sa.Column("asset_class", Key))
    op.add_column("holdings", sa.Column("average_price", Exact))
    op.add_column("holdings", sa.Column("identifier", Key))
