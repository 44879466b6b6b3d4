"""Statement files and joined accounts, as methods of a book.
Floor 6: a plan writes nothing; `imports.py`, `undo.py`, `join.py` and `separate.py` have the steps themselves."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from fin_infra.book import imports, join, originals, separate, undo
from fin_infra.book.documents import GivenFile, given
from fin_infra.book.import_records import Document, ImportPlan, ImportResult
from fin_infra.book.imported_rows import documents_of
from fin_infra.book.imports import Word
from fin_infra.book.methods import Household, method
from fin_infra.imports.statements import Answer, read_statement
from fin_infra.imports.statements.base import content_of
from fin_infra.model import Listing, StatementFile
from fin_infra.transport import Flow, M, blocking

Source = str | os.PathLike[str] | bytes | StatementFile


class Imports(Household[M]):
    @method
    def plan_import(
        self,
        source: str | os.PathLike[str] | bytes | StatementFile,
        *,
        account_id: int | None = None,
        new_account: bool = False,
        answers: Sequence[Answer] = (),
        name: str | None = None,
        skip_unreadable: bool = False,
    ) -> Flow[ImportPlan]:
        """Return what an import of a statement file would do; nothing is written.

        Args:
            source: a path, the content, or a file that `read_statement` has read with other options.
            account_id: the account that the file is of, by the person's word.
            new_account: the file is of an account that the book does not have, by the person's word.
            answers: what a person says to `asked` of an earlier plan.
            name: what to call the file; by default the path's last part.
            skip_unreadable: set aside what cannot be read in the file, instead of refusing it.

        Raises:
            StatementUnreadable: the file cannot be read.
            InvalidInput: the account is not in the book, or cannot be the one of the file.
            VaultError: what earlier files printed cannot be opened.
            BookUnavailable: the database cannot be read now.
        """
        file = yield from blocking(_read, source, None, name, skip_unreadable)
        word = Word(account_id=account_id, new_account=new_account, answers=tuple(answers))
        return (yield from blocking(imports.plan, self.engine, self.owner, self.vault, file, word))

    @method
    def import_statement(
        self,
        source: str | os.PathLike[str] | bytes | StatementFile,
        *,
        account_id: int | None = None,
        new_account: bool = False,
        answers: Sequence[Answer] = (),
        name: str | None = None,
        skip_unreadable: bool = False,
        original: str | os.PathLike[str] | bytes | None = None,
    ) -> Flow[ImportResult]:
        """Import a statement file: what the book has stays as it is, what is new is added, what is unclear is asked.

        The arguments are those of `plan_import`. The same content again changes nothing.

        Args:
            original: path or content of the file itself where `source` has been read already, so that it can be kept.

        Raises:
            StatementUnreadable: the file cannot be read.
            InvalidInput: a person has to say which account the file is of, or it is not the one that they say.
            VaultError, ConfigurationError: what the file prints cannot be sealed.
            BookUnavailable: the database cannot be used now; nothing was written.
        """
        kept = (source if original is None else original) if self.keep.files else None
        file = yield from blocking(_read, source, kept, name, skip_unreadable)
        word = Word(account_id=account_id, new_account=new_account, answers=tuple(answers))
        return (yield from blocking(imports.import_file, self.engine, self.owner, self.vault, file, word, self.clock()))

    @method
    def undo_import(self, id: int) -> Flow[Document]:
        """Take an import back: what only it told is removed, and the log keeps both.

        Transactions that a connection or another file tells too stay, and so does what a person said.

        Raises:
            InvalidInput: the book does not have it, or it was undone before.
            BookUnavailable: the database cannot be used now; nothing was written.
        """
        return (yield from blocking(undo.undo, self.engine, self.owner, self.vault, id, self.clock()))

    @method
    def imported_file(self, id: int) -> Flow[bytes]:
        """Return the file of an import as it was, byte for byte.

        Raises:
            InvalidInput: the book does not have the import.
            NotRemembered: the book does not keep the file itself.
            VaultError: it cannot be opened.
            BookUnavailable: the database cannot be read now.
        """
        return (yield from blocking(originals.original_of, self.engine, self.owner, self.vault, id))

    @method
    def save_imported_file(self, id: int, file: str | os.PathLike[str]) -> Flow[int]:
        """Write the file of an import as it was into a new file, which only you may read. Return its size in bytes.

        Raises:
            InvalidInput: the book does not have the import, there is such a file already, or its folder is not there.
            NotRemembered: the book does not keep the file itself.
            VaultError: it cannot be opened; nothing is left in its place.
            BookUnavailable: the book cannot be read, or the file cannot be written; nothing is left in its place.
        """
        return (yield from blocking(originals.save_original, self.engine, self.owner, self.vault, id, Path(file)))

    @method
    def imports(self) -> Flow[Listing[Document]]:
        """Return every file that was imported, the oldest first, undone ones too."""
        return Listing((yield from self.ask(documents_of)))

    @method
    def join(self, account_id: int, other_id: int) -> Flow[int]:
        """Say that two accounts are one. Return the number of changes; 0 where they are one already.

        Equal transactions become one, as often as they occur; those that may be one are asked. The account of a
        connection stays rather than a file's, and otherwise `account_id`.

        Raises:
            InvalidInput: one of them is not in the book, or their currencies differ.
            BookUnavailable: the database cannot be used now; nothing was written.
        """
        args = (self.engine, self.owner, self.vault, account_id, other_id, self.clock())
        return (yield from blocking(join.join, *args))

    @method
    def separate(self, account_id: int) -> Flow[int]:
        """Say that a joined account is one of its own. Return the number of changes.

        Each of the two has what its own sources told. A transaction or trade that both told stays, with what a person
        said of it, in the account that told it first, and the other one has its own. No proof joins them after that;
        `join` does.

        Args:
            account_id: the account that was joined to another one, or that other one, where no further was joined to
                it.

        Raises:
            InvalidInput: it is not in the book or joined with no other, or several were joined to it.
            BookUnavailable: the database cannot be used now; nothing was written.
        """
        args = (self.engine, self.owner, self.vault, account_id, self.clock())
        return (yield from blocking(separate.separate, *args))


def _read(source: Source, original: Source | None, name: str | None, skip_unreadable: bool) -> GivenFile:
    """Read a file; `original` is what to keep of it. A path is read once, so that what is kept is what was read."""
    if isinstance(source, StatementFile):
        read, content = source, None if isinstance(original, StatementFile) else original
    else:
        content = content_of(source)
        read = read_statement(content, skip_unreadable=skip_unreadable)
    if name is None:
        name = f"statement.{read.format}" if isinstance(source, (bytes, StatementFile)) else Path(source).name
    kept = content if content is None or isinstance(content, bytes) else Path(content)
    return given(read, name, kept if original is not None else None)
