"""How one bank lays out its CSV file: which column is what, and what a sign means. A table, not code.
Floor 4: a column is named as the bank prints it, or by its number from 0 where the file has no names."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import MISSING, dataclass, fields
from enum import Enum
from typing import Any, Literal, cast, get_args

from fin_infra.errors import InvalidInput
from fin_infra.imports.statements.values import shown
from fin_infra.model.banking import AccountType
from fin_infra.model.currency import CURRENCIES

Column = str | int
Sign = Literal["printed", "inverted", "absolute"]
"""What the amounts' own sign means. `printed`: minus is money out. `inverted`: minus is money in, as cards print it.
`absolute`: nothing, the column or the indicator says which way the money went."""
Order = Literal["dmy", "mdy", "ymd"]
"""How the days are written, where the file itself does not tell."""
DELIMITERS = (",", ";", "\t", "|")
_MAX_TEXT = 200
_MAX_COLUMNS = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """The columns of one kind of CSV file. Either `amount`, or `debit` and `credit`, says how much."""

    name: str
    source: str
    """Where these columns can be looked up: a public repository and path, an address, or who described them."""
    header: tuple[str, ...] = ()
    """The column names in order, as printed; empty for files without them."""
    optional: tuple[str, ...] = ()
    """Those of the header that some exports of the bank leave out."""
    width: int | None = None
    """How many columns a file without names has; it is tried on such files only."""
    delimiter: str | None = None
    decimal_mark: Literal[".", ","] | None = None
    order: Order | None = None
    institution: str | None = None
    type: AccountType = AccountType.UNKNOWN
    fixed_currency: str | None = None
    account_label: tuple[str, ...] = ()
    """What stands before the account number above the column names: `IBAN`, `Konto:`."""

    date: Column
    amount: Column | None = None
    debit: Column | None = None
    credit: Column | None = None
    sign: Sign = "printed"
    indicator: Column | None = None
    """The column that says money in or out in a word."""
    money_in: tuple[str, ...] = ()
    money_out: tuple[str, ...] = ()
    fee: Column | None = None
    """A fee that the account pays on top of the amount."""
    balance: Column | None = None
    """What the account holds after the row."""
    balance_owed: bool = False
    """True where the balance is what is owed, so that purchases make it larger."""
    description: tuple[Column, ...] = ()
    """The first of them that is not empty."""
    memo: tuple[Column, ...] = ()
    """All of them, joined."""
    occurred: Column | None = None
    currency: Column | None = None
    account: Column | None = None
    product: Column | None = None
    """What splits one account number into several pots, each with a balance of its own."""
    id: Column | None = None
    type_text: Column | None = None
    check_number: Column | None = None
    reference: Column | None = None
    counterparty: Column | None = None
    counterparty_bank: Column | None = None
    original_currency: Column | None = None
    rate: Column | None = None
    status: Column | None = None
    posted: tuple[str, ...] = ()
    """Words in the status column for posted rows; a file without column names is known by them."""
    pending: tuple[str, ...] = ()
    """Words in the status column for rows that are announced and not posted."""
    void: tuple[str, ...] = ()
    """Words in the status column for rows that never moved money: reverted, declined, a note."""

    effect: Column | None = None
    """The column that says whether a row changed the balance, where the bank also prints rows that did not."""
    without_effect: tuple[str, ...] = ()

    exact: bool = False
    """True for what the book itself writes: amounts are plain numbers of any length, and an apostrophe in front of a
    text keeps it from being a formula and does not belong to it."""

    def columns(self) -> Iterator[Column]:
        """Return the columns that are read."""
        for name in _COLUMNS:
            value: Column | None = getattr(self, name)
            if value is not None:
                yield value
        yield from self.description
        yield from self.memo

    def to_dict(self) -> dict[str, Any]:
        """Return what differs from a plain layout, as JSON-ready builtins."""
        found: dict[str, Any] = {}
        for each in fields(self):
            value: Any = getattr(self, each.name)
            if value != each.default or each.default is MISSING:
                found[each.name] = _plain(each.name, value)
        return found

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Layout:
        """Build a layout from what `to_dict` gave; what is missing has its default.

        Raises:
            InvalidInput: a field does not exist, or its value is not what it should be.
        """
        names = {each.name for each in fields(cls)}
        unknown = sorted(set(data) - names)
        if unknown:
            raise InvalidInput(f"A layout has no field {shown(str(unknown[0]))!r}; the fields are those of `Layout`.")
        missing = [name for name in ("name", "source", "date") if name not in data]
        if missing:
            raise InvalidInput(f"A layout needs the field {missing[0]!r}.")
        return cls(**{name: _checked(name, value) for name, value in data.items()}).checked()

    def checked(self) -> Layout:
        """Return the layout, if it says enough and nothing that contradicts itself.

        Raises:
            InvalidInput: it does not.
        """
        two = self.debit is not None and self.credit is not None
        if (self.amount is None) == (not two) and (self.debit is None) == (self.credit is None) and not two:
            raise InvalidInput("A layout names the column of the amount, or those of debit and credit.")
        if self.amount is not None and (self.debit is not None or self.credit is not None):
            raise InvalidInput("A layout names the column of the amount, or those of debit and credit, not both.")
        if (self.indicator is None) != (not self.money_out):
            raise InvalidInput("A layout with an indicator column names its words for money in and out.")
        if self.sign == "absolute" and self.amount is not None and self.indicator is None:
            raise InvalidInput("A layout whose amounts have no sign needs an indicator column.")
        if self.delimiter not in (None, *DELIMITERS):
            raise InvalidInput("A layout's delimiter is a comma, semicolon, tab or bar.")
        if self.fixed_currency is not None and self.fixed_currency not in CURRENCIES:
            raise InvalidInput(f"{shown(self.fixed_currency)!r} is not an ISO 4217 currency code.")
        wanted = set(self.columns())
        if self.header and any(isinstance(column, str) and column not in self.header for column in wanted):
            raise InvalidInput("A layout reads a column that its header does not name.")
        if not self.header and any(not isinstance(column, int) for column in wanted):
            raise InvalidInput("A layout of a file without column names reads its columns by number.")
        return self


_COLUMNS = (
    "date",
    "amount",
    "debit",
    "credit",
    "indicator",
    "fee",
    "balance",
    "occurred",
    "currency",
    "account",
    "product",
    "id",
    "type_text",
    "check_number",
    "reference",
    "counterparty",
    "counterparty_bank",
    "original_currency",
    "rate",
    "status",
    "effect",
)
_TEXTS = ("header", "optional", "account_label", "money_in", "money_out", "posted", "pending", "void", "without_effect")
_LISTS = ("description", "memo", *_TEXTS)
_CHOICES: Mapping[str, tuple[Any, ...]] = {
    "sign": get_args(Sign),
    "order": (None, *get_args(Order)),
    "decimal_mark": (None, ".", ","),
}


def _plain(name: str, value: Any) -> Any:
    if name in _LISTS:
        return list(value)
    return value.value if isinstance(value, Enum) else value


def _checked(name: str, value: Any) -> Any:
    """Return a field's value as a layout keeps it; what comes from a file may be anything."""
    if name in _CHOICES:
        if value not in _CHOICES[name]:
            raise InvalidInput(f"A layout's {name} is one of {', '.join(map(repr, _CHOICES[name]))}.")
        return value
    if name == "type":
        try:
            return AccountType(value)
        except ValueError:
            raise InvalidInput("A layout's type is a kind of account, such as 'depository' or 'credit'.") from None
    if name in _LISTS:
        if not isinstance(value, (list, tuple)) or len(cast("list[Any]", value)) > _MAX_COLUMNS:
            raise InvalidInput(f"A layout's {name} is a list.")
        return tuple(_one(name, item, texts=name in _TEXTS) for item in cast("list[Any]", value))
    if value is None:
        return None
    if name in ("balance_owed", "exact"):
        if type(value) is not bool:
            raise InvalidInput(f"A layout's {name} is true or false.")
        return value
    if name == "width":
        if type(value) is not int or not 1 <= value <= _MAX_COLUMNS:
            raise InvalidInput("A layout's width is a number of columns.")
        return value
    return _one(name, value, texts=name not in _COLUMNS)


def _one(name: str, value: Any, *, texts: bool) -> Column:
    if isinstance(value, str) and len(value) <= _MAX_TEXT:
        return value
    if not texts and type(value) is int and 0 <= value < _MAX_COLUMNS:
        return value
    raise InvalidInput(f"A layout's {name} is {'text' if texts else 'a column: its name, or its number from 0'}.")
