"""The revisions of the book's tables, for Alembic.
Floor 6: a released revision never changes; what is new is a further one."""
