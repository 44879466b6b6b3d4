"""What files tell of a trade beside what brokers do: symbol, identifier, day of settlement, fee and reference.
Floor 6: Alembic executes this file; it is never changed."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from fin_infra.book.columns import Day, Exact, Key

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    for name, kind in (("symbol", Key), ("identifier", Key), ("settled", Day), ("fee", Exact), ("reference", Key)):
        op.add_column("trades", sa.Column(name, kind))
