"""By how much a statement file did not add up that was imported all the same.
Floor 6: Alembic executes this file; it is never changed."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from fin_infra.book.columns import Exact

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    op.add_column("document_parts", sa.Column("difference", Exact))
