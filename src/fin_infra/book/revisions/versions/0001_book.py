"""The first tables of the book.
Floor 6: Alembic executes this file."""

from __future__ import annotations

from alembic import op

from fin_infra.book.tables import meta

revision = "0001"
down_revision = None


def upgrade() -> None:
    meta.create_all(op.get_bind())
