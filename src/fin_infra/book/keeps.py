"""What a household may do with all of its book, as its methods: export, erase, and look whether it adds up.
Floor 6: the steps themselves are in `export.py`, `erasure.py` and `reconcile.py`."""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import suppress
from datetime import date
from pathlib import Path
from typing import BinaryIO

from fin_infra.book import erasure, export
from fin_infra.book.exports.rows import Choice
from fin_infra.book.exports.writing import ExportFormat, export_file, export_into
from fin_infra.book.methods import Household, method
from fin_infra.book.reconcile import discrepancies
from fin_infra.book.records import Discrepancy, ErasureResult, Export, ExportedFile
from fin_infra.errors import FinInfraError
from fin_infra.model import Listing
from fin_infra.security.envelope import WrappedKey
from fin_infra.transport import Flow, M, blocking


class Keeps(Household[M]):
    @method
    def reconcile(self) -> Flow[Listing[Discrepancy]]:
        """Return where two balances of an account do not differ by the posted transactions between them.

        Of bank accounts and cards only: a broker's balance moves with prices, and a loan's with interest. Where a
        balance was asked for in the middle of a day, that day's later transactions make a difference that the next
        balance takes back; it is marked as evened out.
        """
        return Listing((yield from self.ask(discrepancies)))

    @method
    def export(self, folder: str | os.PathLike[str]) -> Flow[Export]:
        """Write everything of the household into a new folder: CSV for lists, JSON for the rest, without tokens.

        Raises:
            InvalidInput: the folder is there already, or the one around it is not.
            BookUnavailable: the book cannot be read, or a file cannot be written; nothing is left behind.
        """
        return (yield from blocking(export.write, self.engine, self.owner, Path(folder), self.vault))

    @method
    def export_transactions(
        self,
        file: str | os.PathLike[str],
        *,
        format: ExportFormat | None = None,
        account_id: int | None = None,
        start: date | None = None,
        end: date | None = None,
        hidden: bool = False,
    ) -> Flow[ExportedFile]:
        """Write transactions of one account, or of all, into a new file for other programs.

        This book knows its own CSV and OFX files again: importing one adds no transaction and asks nothing.

        Args:
            file: a path; its ending says the format where `format` does not.
            start: first day.
            end: day after the last one.
            hidden: with what a person hid or deleted.

        Raises:
            InvalidInput: the file is there already, the folder is not, the format is unknown, or the account is.
            MissingExtra: Parquet needs pyarrow, which you install yourself.
            BookUnavailable: the book cannot be read, or the file cannot be written; nothing is left behind.
        """
        choice = Choice(account_id=account_id, start=start, end=end, hidden=hidden)
        args = (self.engine, self.owner, Path(file), format, choice, self.clock())
        return (yield from blocking(export_file, *args))

    @method
    def write_transactions(
        self,
        out: BinaryIO,
        *,
        format: ExportFormat,
        account_id: int | None = None,
        start: date | None = None,
        end: date | None = None,
        hidden: bool = False,
    ) -> Flow[int]:
        """Write what `export_transactions` writes into an open file. Return how many transactions there are.

        Raises:
            InvalidInput: the book has no such account.
            MissingExtra: Parquet needs pyarrow, which you install yourself.
            BookUnavailable: the book cannot be read, or the file cannot be written; what is in it is not whole then.
        """
        choice = Choice(account_id=account_id, start=start, end=end, hidden=hidden)
        return (yield from blocking(export_into, self.engine, self.owner, out, format, choice, self.clock()))

    @method
    def erase(self) -> Flow[ErasureResult]:
        """Destroy everything of the household: its keys first, then all rows; what is left is counted.

        Restoring a backup from before leaves the household out. Vendors keep their access until the person ends it
        there.

        Raises:
            BookUnavailable: the database cannot be used now; what was destroyed stays so, and the next erasure goes on.
        """
        keys = yield from blocking(erasure.destroy_keys, self.database, self.owner, self.clock())
        self._forget(keys)
        rows = yield from blocking(erasure.delete_rows, self.database, self.owner)
        scrubbed = yield from blocking(erasure.scrub, self.database)
        left = yield from blocking(erasure.left, self.database, self.owner)
        return ErasureResult(rows=rows, left=left, scrubbed=scrubbed)

    def _forget(self, keys: Sequence[str]) -> None:
        """Drop the keys from this process; where the vault cannot be had, it holds none of them."""
        with suppress(FinInfraError):
            for key in keys:
                self.vault().forget(WrappedKey.from_text(key))
