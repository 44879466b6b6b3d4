"""Run the revisions on the connection that `schema.py`, or a service's own Alembic, has opened.
Floor 6: Alembic executes this file; it is imported by nobody else."""

from __future__ import annotations

from typing import Any

from alembic import context

from fin_infra.book.tables import meta


def run(connection: Any) -> None:
    context.configure(connection=connection, target_metadata=meta, version_table="book_revision")
    with context.begin_transaction():
        context.run_migrations()


if getattr(context, "config", None) is not None:
    run(context.config.attributes["connection"])
