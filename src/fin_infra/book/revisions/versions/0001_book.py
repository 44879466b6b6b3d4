"""The first tables of the book.
Floor 6: Alembic executes this file; it is never changed."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

from fin_infra.book.columns import Bytes, Day, Exact, Instant, Key, Whole

revision = "0001"
down_revision = None


def _key(name: str, kind: Any = Key) -> sa.Column[Any]:
    return sa.Column(name, kind, primary_key=True, autoincrement=False)


def _fact(name: str, kind: Any = Key) -> sa.Column[Any]:
    return sa.Column(name, kind, nullable=False)


def _maybe(name: str, kind: Any = Key) -> sa.Column[Any]:
    return sa.Column(name, kind, nullable=True)


def _scope() -> list[sa.Column[Any]]:
    return [_key("tenant"), _key("user_id")]


def _table(name: str, *columns: sa.Column[Any]) -> None:
    op.create_table(name, *columns, sqlite_strict=True, sqlite_with_rowid=False)


def upgrade() -> None:
    _table("households", *_scope(), _fact("head", Whole))
    _table(
        "connections",
        *_scope(),
        _key("id"),
        _fact("provider"),
        _fact("state"),
        _fact("since", Instant),
        _maybe("reason"),
        _maybe("next_step"),
        _maybe("sealed"),
        _maybe("data_key"),
        _fact("generation", Whole),
        _fact("sealed_times", Whole),
        _fact("made_at", Instant),
        _maybe("synced_at", Instant),
    )
    _table(
        "streams",
        *_scope(),
        _key("connection"),
        _fact("fence", Whole),
        _fact("until", Instant),
        _fact("cursor"),
        _fact("run_cursor"),
        _fact("kept", Whole),
        _fact("applied", Whole),
        _fact("whole", Whole),
    )
    _table("pages", *_scope(), _key("connection"), _key("number", Whole), _fact("body", Bytes))
    _table("payloads", *_scope(), _key("source"), _key("position", Whole), _fact("at", Instant), _fact("body", Bytes))
    _table(
        "accounts",
        *_scope(),
        _key("id", Whole),
        _fact("source"),
        _fact("vendor_id"),
        _fact("name"),
        _fact("type"),
        _fact("subtype"),
        _fact("currency"),
        _fact("institution"),
        _maybe("ending"),
        _fact("status"),
        _maybe("joined", Whole),
        _maybe("sealed"),
    )
    _table(
        "balances",
        *_scope(),
        _key("account", Whole),
        _key("day", Day),
        _fact("source"),
        _fact("at", Instant),
        _fact("currency"),
        _maybe("current", Exact),
        _maybe("available", Exact),
        _maybe("e4", Whole),
    )
    _table("snapshots", *_scope(), _key("account", Whole), _key("day", Day), _fact("source"), _fact("at", Instant))
    _table(
        "holdings",
        *_scope(),
        _key("account", Whole),
        _key("day", Day),
        _key("vendor_id"),
        _maybe("instrument"),
        _fact("name"),
        _fact("quantity", Exact),
        _maybe("price", Exact),
        _maybe("value", Exact),
        _maybe("basis", Exact),
        _fact("currency"),
    )
    _table(
        "transactions",
        *_scope(),
        _key("id", Whole),
        _fact("account", Whole),
        _fact("source"),
        _fact("vendor_id"),
        _fact("day", Day),
        _fact("text"),
        _fact("currency"),
        _fact("amount", Exact),
        _maybe("e4", Whole),
        _fact("state"),
        _fact("category"),
        _maybe("category_text"),
        _maybe("type_text"),
        _maybe("counterparty"),
    )
    op.create_index("transactions_account", "transactions", ["tenant", "user_id", "account", "day"])
    op.create_index("transactions_day", "transactions", ["tenant", "user_id", "day", "id"])
    _table(
        "trades",
        *_scope(),
        _key("id", Whole),
        _fact("account", Whole),
        _fact("source"),
        _fact("vendor_id"),
        _fact("day", Day),
        _maybe("at", Instant),
        _fact("kind"),
        _maybe("instrument"),
        _maybe("quantity", Exact),
        _maybe("price", Exact),
        _maybe("amount", Exact),
        _fact("currency"),
        _fact("text"),
        _fact("state"),
    )
    op.create_index("trades_account", "trades", ["tenant", "user_id", "account", "day"])
    _table("aliases", *_scope(), _key("source"), _key("vendor_id"), _fact("id", Whole))
    op.create_index("aliases_id", "aliases", ["tenant", "user_id", "id"])
    _table(
        "documents",
        *_scope(),
        _key("id", Whole),
        _fact("name"),
        _fact("digest"),
        _fact("format"),
        _fact("state"),
        _fact("at", Instant),
    )
    _table("assets", *_scope(), _key("id", Whole), _fact("name"), _fact("kind"), _fact("currency"), _fact("state"))
    _table("asset_values", *_scope(), _key("asset", Whole), _key("day", Day), _fact("amount", Exact))
    _table("said", *_scope(), _key("id", Whole), _key("kind"), _fact("value"))
    _table(
        "doubts",
        *_scope(),
        _key("row", Whole),
        _key("other", Whole),
        _fact("kind"),
        _fact("institution"),
        _fact("pattern"),
        _fact("at", Instant),
        _maybe("same", Whole),
    )
    op.create_index("doubts_pattern", "doubts", ["tenant", "user_id", "institution", "pattern"])
    _table(
        "changes",
        *_scope(),
        _key("position", Whole),
        _fact("subject"),
        _fact("kind"),
        _fact("id", Whole),
        _fact("source"),
        _fact("at", Instant),
        _maybe("before"),
    )
    _table(
        "prices",
        _key("instrument"),
        _key("day", Day),
        _key("recorded_at", Instant),
        _fact("source"),
        _fact("close", Exact),
        _fact("currency"),
    )
    _table("splits", _key("instrument"), _key("day", Day), _fact("ratio", Exact), _fact("source"))
    _table(
        "rates",
        _key("base"),
        _key("quote"),
        _key("day", Day),
        _key("recorded_at", Instant),
        _fact("source"),
        _fact("rate", Exact),
    )
