"""What statement files say, which spans of prices were asked for, who was erased, and the key of what files print.
Floor 6: Alembic executes this file; it is never changed."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

from fin_infra.book.columns import Day, Exact, Instant, Key, Whole

revision = "0003"
down_revision = "0002"


def _table(name: str, keys: dict[str, Any], *facts: sa.Column[Any]) -> None:
    columns = [sa.Column(each, kind, primary_key=True, autoincrement=False) for each, kind in keys.items()]
    op.create_table(name, *columns, *facts, sqlite_strict=True, sqlite_with_rowid=False)


def upgrade() -> None:
    scope: dict[str, Any] = {"tenant": Key, "user_id": Key}
    _table(
        "document_parts",
        {**scope, "document": Whole, "number": Whole},
        sa.Column("account", Whole, nullable=False),
        sa.Column("lines", Whole, nullable=False),
        sa.Column("day", Day),
        sa.Column("currency", Key),
        sa.Column("current", Exact),
        sa.Column("available", Exact),
    )
    op.create_index("document_parts_account", "document_parts", ["tenant", "user_id", "account"])
    _table(
        "vault_keys",
        {**scope, "name": Key},
        sa.Column("data_key", Key, nullable=False),
        sa.Column("sealed_times", Whole, nullable=False),
    )
    _table("erasures", {"fingerprint": Key}, sa.Column("at", Instant, nullable=False))
    _table("filled", {"subject": Key, "start": Day}, sa.Column("end", Day, nullable=False))
    op.add_column("assets", sa.Column("removed_on", Day))
    op.add_column("holdings", sa.Column("kind", Key))
