"""Read a statement file, whatever its format.
Floor 4: the content chooses the format, never the file's extension; a new format is one file and one entry point."""

from __future__ import annotations

# Callers without a type checker are told what is wrong, so arguments are checked although they are typed.
# pyright: reportUnnecessaryIsInstance=false
import os
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, ClassVar, Literal

from fin_infra.arguments import checked
from fin_infra.errors import ConfigurationError, InvalidInput, StatementUnreadable, UnknownCurrency
from fin_infra.model.currency import CURRENCIES
from fin_infra.model.statement import StatementFile

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

GROUP = "fin_infra.statements"
MAX_BYTES = 64 * 1024 * 1024
MAX_ACCOUNT = 64
HEAD_BYTES = 64 * 1024
_ZIP = (b"PK\x03\x04", b"PK\x05\x06")
_PACKED = b"\x1f\x8b"
"""How a gzip file begins: one that is only wrapped would be read with its texts in the wrong encoding."""

DecimalMark = Literal[".", ","]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadOptions:
    """What the caller says about a file that the file does not say itself; see `read_statement`."""

    account: str | None = field(default=None, repr=False)
    currency: str | None = None
    decimal_mark: DecimalMark | None = None
    day_first: bool | None = None
    password: str | None = field(default=None, repr=False)
    skip_unreadable: bool = False
    accept_difference: bool = False


_PLAIN_OPTIONS = ReadOptions()


class StatementFormat(ABC):
    """A file format of bank statements. Add one by two hooks and an entry point in the group `fin_infra.statements`."""

    title: ClassVar[str]
    """What people call the format; shown where a file has none of the known formats."""

    guesses: ClassVar[bool] = False
    """Whether it knows files by their likeness alone; it is asked after all formats that have marks of their own."""

    def is_marked(self, head: bytes) -> bool:
        """Tell whether a file begins as only this format's do; all formats are asked so, and then by `recognizes`.

        So words of another format in the texts of a file do not make it one of those.
        """
        return False

    @abstractmethod
    def recognizes(self, head: bytes) -> bool:
        """Tell from the first 64 KiB whether a file has this format. Must be quick and must not raise."""

    @abstractmethod
    def read(self, data: bytes, options: ReadOptions = _PLAIN_OPTIONS) -> StatementFile:
        """Read the whole file, or raise StatementUnreadable with byte and line of the fault."""


@checked
def read_statement(
    source: str | os.PathLike[str] | bytes,
    *,
    account: str | None = None,
    currency: str | None = None,
    decimal_mark: DecimalMark | None = None,
    day_first: bool | None = None,
    password: str | None = None,
    skip_unreadable: bool = False,
    accept_difference: bool = False,
    max_bytes: int = MAX_BYTES,
) -> StatementFile:
    """Read a statement file from a path or from its bytes.

    Args:
        source: a path, or the content itself as bytes; a ZIP archive of statement files is read as one file.
        account: account number for statements that name none; ignored where the file names one.
        currency: ISO 4217 code for statements that name none; ignored where the file names one.
        decimal_mark: what `1,234` means in this file, for files whose other amounts do not tell.
        day_first: whether 01/02 is the first of February, for files whose other days do not tell.
        password: what opens a protected file.
        skip_unreadable: set transactions, balances and holdings aside that cannot be read, each named in `warnings`
            with its byte and line, instead of refusing the file for them.
        accept_difference: read a file whose balances and transactions do not add up; `Statement.difference` says by how
            much.
        max_bytes: larger files, and archives that unpack to more, are refused unread.

    Raises:
        StatementUnreadable: the file cannot be read as a whole; `offset` and `line` are the place at fault.
        UnknownCurrency, InvalidInput: `currency`, `account` or `decimal_mark` is not what it should be.
    """
    options = _checked(
        ReadOptions(
            account=account,
            currency=currency,
            decimal_mark=decimal_mark,
            day_first=day_first,
            password=password,
            skip_unreadable=skip_unreadable,
            accept_difference=accept_difference,
        )
    )
    data = content_of(source, max_bytes)
    if data.startswith(_ZIP):
        from fin_infra.imports.statements.archive import read_archive  # it reads its members as this does a file

        return read_archive(data, options, max_bytes, _read)
    return _read(data, options)


def _read(data: bytes, options: ReadOptions) -> StatementFile:
    """Read one file with the first format that recognizes it."""
    formats = statement_formats()
    head = data[:HEAD_BYTES]
    marked = (form for form in formats.values() if form.is_marked(head))
    form = next(marked, None) or next((form for form in formats.values() if form.recognizes(head)), None)
    if form is not None:
        return form.read(data, options)
    titles = ", ".join(form.title for form in formats.values())
    broken = "".join(f" {reason}" for reason in _installed()[1])
    raise StatementUnreadable(
        f"This is not a statement file of a known format; export the account as one of these: {titles}.{broken}"
    )


def _checked(options: ReadOptions) -> ReadOptions:
    """Return the options as formats take them, or say which is not what it should be."""
    account, currency, mark = options.account, options.currency, options.decimal_mark
    if currency is not None and currency not in CURRENCIES:
        raise UnknownCurrency(f"{currency!r} is not an ISO 4217 currency code; write it like 'EUR'.")
    if mark not in (None, ".", ","):
        raise InvalidInput(f"decimal_mark is '.' or ',', not {mark!r}.")
    if account is not None and not (account.strip() and account.isprintable() and len(account) <= MAX_ACCOUNT):
        raise InvalidInput(f"account is an account number: 1 to {MAX_ACCOUNT} printable characters.")
    return replace(options, account=account.strip() if account else None)


def content_of(source: str | os.PathLike[str] | bytes, max_bytes: int = MAX_BYTES) -> bytes:
    """Return the content of a path, or the bytes given.

    Raises:
        StatementUnreadable: it cannot be opened, is empty or packed, or has more than `max_bytes`.
        InvalidInput: it is neither a path nor bytes.
    """
    if not isinstance(source, (str, bytes, os.PathLike)):
        raise InvalidInput(f"A statement is given as a path or as bytes, not as {type(source).__name__}.")
    data = source if isinstance(source, bytes) else _content(source, max_bytes)
    if len(data) > max_bytes:
        raise StatementUnreadable(_too_large(max_bytes))
    if not data.strip(b"\0 \t\r\n"):
        raise StatementUnreadable("The statement file is empty; export it again from the bank.")
    if data.startswith(_PACKED):
        raise StatementUnreadable("This is a packed file (gzip); unpack it and give the statement inside it.")
    return data


def statement_formats() -> Mapping[str, StatementFormat]:
    """Return the installed formats that can be used by name, in the order in which they are asked.

    Built-in ones come before others, and what guesses comes last. Looked up once per process.
    """
    return _installed()[0]


@cache
def _installed() -> tuple[Mapping[str, StatementFormat], tuple[ConfigurationError, ...]]:
    """Return the formats, and why others cannot be used: one broken package spoils no file of another format."""
    from importlib.metadata import entry_points  # 20 ms that only a reader of files should pay

    points: dict[str, EntryPoint] = {}
    for point in sorted(entry_points(group=GROUP), key=lambda point: not point.value.startswith("fin_infra.")):
        points.setdefault(point.name, point)
    formats: dict[str, StatementFormat] = {}
    broken: list[ConfigurationError] = []
    for name, point in points.items():
        try:
            formats[name] = _load(name, point.load)
        except ConfigurationError as exc:
            broken.append(exc)
    asked = dict(sorted(formats.items(), key=lambda each: each[1].guesses))
    return MappingProxyType(asked), tuple(broken)


def _load(name: str, load: Callable[[], object]) -> StatementFormat:
    try:
        loaded = load()
    except Exception as error:
        raise ConfigurationError(
            f"The statement format {name!r} cannot be loaded ({type(error).__name__}); fix or remove its package."
        ) from error
    if not (isinstance(loaded, type) and issubclass(loaded, StatementFormat)):
        raise ConfigurationError(
            f"The entry point {name!r} in {GROUP} is not a StatementFormat; fix or remove its package."
        )
    return loaded()


def _content(source: str | os.PathLike[str], max_bytes: int) -> bytes:
    path = Path(source)
    try:
        if path.is_dir():
            raise StatementUnreadable(f"{path.name!r} is a folder; give the path of one statement file in it.")
        if path.exists() and not path.is_file():
            raise StatementUnreadable(f"{path.name!r} is not a regular file; give the path of a statement file.")
        with path.open("rb") as file:
            return file.read(max_bytes + 1)
    except FileNotFoundError:
        raise StatementUnreadable(f"There is no file {path.name!r}; check the path.") from None
    except (OSError, ValueError) as error:
        reason = (error.strerror if isinstance(error, OSError) else None) or "not a usable path"
        raise StatementUnreadable(f"{path.name!r} cannot be opened ({reason}); check path and rights.") from None


def _too_large(max_bytes: int) -> str:
    return f"The statement file is larger than {max_bytes:,} bytes; export a shorter period, or raise max_bytes."
