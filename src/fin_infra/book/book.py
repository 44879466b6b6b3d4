"""`open_book()`: the book of a household, for sync and async users.
Floor 6: it connects in `links.py` and syncs in `syncs.py`; what it is asked and told is in `reads.py` and `says.py`."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any, Literal, overload

from fin_infra.arguments import checked
from fin_infra.book import schema
from fin_infra.book.assets import Assets
from fin_infra.book.budgets import Budgets
from fin_infra.book.doctor import Doctor
from fin_infra.book.engine import Database, default_url
from fin_infra.book.goals import Goals
from fin_infra.book.imported import Imports
from fin_infra.book.insights import Insights
from fin_infra.book.keeps import Keeps
from fin_infra.book.lease import Owner
from fin_infra.book.methods import Household, Keep, utc_now
from fin_infra.book.prices import Prices
from fin_infra.book.reads import Reads
from fin_infra.book.says import Says
from fin_infra.book.sync import Clock
from fin_infra.book.verifications import Verifications
from fin_infra.book.worth import Worth
from fin_infra.security.keyring import FILE, KEYS, Keyring, create_key_file
from fin_infra.security.vault import Vault
from fin_infra.settings import CoreSettings, load
from fin_infra.transport import Async, M, Sync

DEFAULT_TENANT = "default"
_KEY_FILE = "vault.keys"


class Book(
    Doctor[M],
    Reads[M],
    Says[M],
    Imports[M],
    Keeps[M],
    Prices[M],
    Assets[M],
    Worth[M],
    Verifications[M],
    Insights[M],
    Budgets[M],
    Goals[M],
):
    """What a household's money did, remembered: SQLite in a file, or PostgreSQL."""

    @checked
    def of(self, user: str, tenant: str = DEFAULT_TENANT) -> Book[M]:
        """Return the book of another household in the same database; it shares the engine and costs nothing to make."""
        return Book(self.database, Owner(tenant, user), self.mode, self._vault, self.clock, self.keep)


@overload
def open_book(
    url: str | None = None,
    *,
    user: str = "",
    tenant: str = DEFAULT_TENANT,
    mode: Literal["sync"] = "sync",
    vault: Vault | None = None,
    clock: Clock = utc_now,
    keep_payloads: bool = True,
    keep_files: bool | None = None,
) -> Book[Sync]: ...
@overload
def open_book(
    url: str | None = None,
    *,
    user: str = "",
    tenant: str = DEFAULT_TENANT,
    mode: Literal["async"],
    vault: Vault | None = None,
    clock: Clock = utc_now,
    keep_payloads: bool = True,
    keep_files: bool | None = None,
) -> Book[Async]: ...
@checked
def open_book(
    url: str | None = None,
    *,
    user: str = "",
    tenant: str = DEFAULT_TENANT,
    mode: Literal["sync", "async"] = "sync",
    vault: Vault | None = None,
    clock: Clock = utc_now,
    keep_payloads: bool = True,
    keep_files: bool | None = None,
) -> Book[Any]:
    """Open the book of a household, and make it where there is none.

    Args:
        url: `sqlite:///path/book.db` or `postgresql://user@host/name`; SQL_URL where None, and without it a file in
            the user's data folder.
        user: whose book, in an app with several users; each has one of their own.
        tenant: whose user, in an app with several tenants.
        vault: what seals tokens; by FIN_INFRA_VAULT_KEYS where None, and without it by a key file beside a book in
            SQLite.
        clock: gives the aware time of now.
        keep_payloads: keep the vendor's own records behind each change, sealed; only of logins with credentials.
        keep_files: keep statement files themselves, sealed; FIN_INFRA_KEEP_FILES where None, and without it yes.

    Raises:
        MissingExtra: the extra `book` is not installed.
        BookOutdated: the book is of another revision; the text names the command.
        BookUnavailable: the database cannot be used now.
        ConfigurationError: the URL cannot be used.
    """
    database = Database(url or default_url())
    schema.check(database)
    owner = Owner(tenant, user)
    keep = Keep(keep_payloads, load(CoreSettings).keep_files if keep_files is None else keep_files)
    return Book(database, owner, mode, _vault_of(database, vault), clock, keep)


def _vault_of(database: Database, given: Vault | None) -> Callable[[], Vault]:
    @cache
    def vault() -> Vault:
        import os

        if given is not None:
            return given
        file = database.file
        if file is not None and not any(os.environ.get(name, "").strip() for name in (KEYS, FILE)):
            return Vault(create_key_file(file.with_name(_KEY_FILE), "book"))
        return Vault(Keyring.from_env())

    return vault


__all__ = ["Book", "Household", "open_book"]
