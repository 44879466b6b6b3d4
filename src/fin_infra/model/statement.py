"""What a bank statement file says, before it is merged with anything.
Floor 0: money in is positive; `warnings` says what was recognized but not read."""

from __future__ import annotations

import warnings
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import ClassVar

from fin_infra.arguments import checked
from fin_infra.model.banking import AccountType
from fin_infra.model.money import Money
from fin_infra.model.personal import Personal, pii
from fin_infra.model.record import Model, Rows


@dataclass(frozen=True, slots=True, kw_only=True)
class StatementAccount(Model):
    """The account a statement is about. The number stays out of the repr."""

    number: str = field(repr=False, metadata=pii(Personal.ACCOUNT_NUMBER, private=True))
    bank_id: str | None = field(default=None, metadata=pii(Personal.ROUTING_NUMBER))
    """Routing number, bank code or, for investments, the broker's name."""
    branch_id: str | None = None
    type: AccountType = AccountType.UNKNOWN
    type_text: str | None = None
    currency: str
    institution: str | None = None
    institution_id: str | None = None

    @property
    def identity(self) -> tuple[str, str, str, str, str, str]:
        """Institution, bank, branch, number, kind and currency, as printed: what ids of transactions are unique within.

        Equal ones are one account. Different ones may still be: a bank's OFX names no institution where its QFX does.
        `imports.statements.same_account` tells those that a person has to be asked about.
        """
        return (
            self.institution_id or self.institution or "",
            self.bank_id or "",
            self.branch_id or "",
            self.number,
            (self.type_text or self.type.value).upper(),
            self.currency,
        )

    @property
    def key(self) -> tuple[str, str, str, str, str, str]:
        """The old name of `identity`."""
        warnings.warn("StatementAccount.key is now StatementAccount.identity", DeprecationWarning, stacklevel=2)
        return self.identity

    @property
    def ending(self) -> str:
        """The last letters and digits of the number, at most four and at most half of them: never a whole number."""
        return _ending(self.number)

    @property
    def label(self) -> str:
        """What to call the account in front of people."""
        return f"account ending {self.ending}" if self.ending else "account"


@dataclass(frozen=True, slots=True, kw_only=True)
class StatementBalance(Model):
    """A balance as printed. Banks do not agree on its sign for cards: most print money owed as negative."""

    amount: Money
    at: date | None
    kind: str
    """`ledger` (what was posted by the end of the statement), `available`, or `opening` (posted before its first line).

    Some formats also have `interim` (posted so far, in the middle of a day) and `forward` (expected on a later day);
    investment accounts `margin`, `short` and `buying_power`, pension plans what came from where: `401k_pretax`,
    `401k_match` ... `401k_total`, which are parts of the account's worth and no further money.
    """


@dataclass(frozen=True, slots=True, kw_only=True)
class StatementCounterparty(Model):
    """The other account of a transfer, as far as the file names it. The number stays out of the repr."""

    number: str = field(repr=False, metadata=pii(Personal.ACCOUNT_NUMBER, private=True))
    bank_id: str | None = field(default=None, metadata=pii(Personal.ROUTING_NUMBER))
    branch_id: str | None = None
    type_text: str | None = None

    @property
    def ending(self) -> str:
        """The last letters and digits of the number, as `StatementAccount.ending`."""
        return _ending(self.number)


@dataclass(frozen=True, slots=True, kw_only=True)
class StatementLine(Model):
    """One transaction of a statement file."""

    id: str | None
    """The file's own id (FITID): unique only within account and institution, and not always stable."""
    posted: date
    """The bank's own calendar date, as printed."""
    amount: Money
    """Positive is money in. In the account's currency unless the file states the transaction in another one."""
    description: str = field(repr=False, metadata=pii(Personal.FREE_TEXT))
    """Payee or text of the transaction; empty where the file gives none."""
    memo: str | None = field(default=None, repr=False, metadata=pii(Personal.FREE_TEXT))
    type_text: str | None = None
    """The bank's word for the kind of transaction; it does not decide the sign."""
    check_number: str | None = None
    occurred: date | None = None
    """When the person acted, where the file says so."""
    original_currency: str | None = None
    """Currency the transaction was converted from; None where the file names none."""
    rate: Decimal | None = None
    """The exchange rate as printed next to a foreign currency; banks do not agree on its direction."""
    corrects: str | None = None
    """Id of the earlier transaction that this one replaces or deletes."""
    extended_name: str | None = field(default=None, repr=False, metadata=pii(Personal.FREE_TEXT))
    """The payee's full name, where the file has it beside a `description` cut to 32 characters."""
    counterparty: StatementCounterparty | None = None
    reference_number: str | None = None
    """The bank's reference (REFNUM) besides the id."""
    sic: str | None = None
    """The payee's industry by the Standard Industrial Classification, as printed."""
    offset: int = field(default=0, compare=False)
    """Byte offset of the transaction in the file."""
    place: str | None = field(default=None, compare=False)
    """Where a person finds it, where that is not a line of text: `page 2, line 14`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StatementPosition(Model):
    """A holding named by an investment statement.

    What is owed is negative: units and value of a SHORT position are, whatever sign the file prints (brokers differ).
    """

    security_id: str
    id_type: str
    """CUSIP, ISIN, or the broker's own scheme."""
    units: Decimal
    unit_price: Decimal | None
    market_value: Money | None
    at: date | None = None
    side: str | None = None
    """LONG or SHORT, in capitals; None where the file does not say."""
    name: str | None = None
    ticker: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StatementTrade(Model):
    """One row of an investment account: a purchase, a sale, income, or a movement of units or money."""

    id: str | None
    day: date
    """The trade's day, as printed; for income the day it was paid."""
    type_text: str
    """The file's word for what happened: BUYSTOCK, ReinvDiv, `Sell`."""
    settled: date | None = None
    security_id: str | None = None
    id_type: str | None = None
    """CUSIP, ISIN, or the broker's own scheme."""
    ticker: str | None = None
    name: str | None = None
    units: Decimal | None = None
    """Negative for what left the account."""
    unit_price: Money | None = None
    amount: Money | None = None
    """What it did to the account's money, fees and taxes in it: positive is money in. None where it moves none."""
    fee: Money | None = None
    """Commission, fees and taxes, positive; `amount` has them in already."""
    memo: str | None = field(default=None, repr=False, metadata=pii(Personal.FREE_TEXT))
    offset: int = field(default=0, compare=False)
    """Byte offset in the file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement(Rows[StatementLine]):
    """One account's part of a statement file; its frame is that of `lines`."""

    ROWS: ClassVar[str] = "lines"

    account: StatementAccount
    lines: tuple[StatementLine, ...]
    balances: tuple[StatementBalance, ...] = ()
    positions: tuple[StatementPosition, ...] = ()
    positions_listed: bool = False
    """True where the file lists the holdings, even if there are none; False where it says nothing about them."""
    pending: tuple[StatementLine, ...] = ()
    """What the bank announces and has not posted. Not in `lines`, in no sum and in no proof."""
    trades: tuple[StatementTrade, ...] = ()
    difference: Money | None = None
    """What the closing balance is above the opening balance and the lines together; None where they agree, or nothing
    can be said. A file that does not add up is refused, unless the caller accepts the difference.
    """
    start: date | None = None
    end: date | None = None
    left_out: tuple[str, ...] = ()
    """Holdings and money owed that were set aside on request, and loans that are only mentioned.

    A total over the statement lacks them.

    Each is in `warnings` too."""
    warnings: tuple[str, ...] = ()

    @checked
    def balance(self, kind: str = "ledger") -> StatementBalance | None:
        """Return the latest balance of that kind; one without a date is oldest.

        None where the file gives none, or several of the latest day that differ.
        """
        found = [balance for balance in self.balances if balance.kind == kind]
        latest = max((balance.at or date.min for balance in found), default=None)
        last = [balance for balance in found if (balance.at or date.min) == latest]
        return last[0] if last and all(balance.amount == last[0].amount for balance in last) else None


@dataclass(frozen=True, slots=True, kw_only=True)
class StatementFile(Model):
    """A whole file: every statement in it, in file order."""

    format: str
    encoding: str
    """The encoding the text was really in, whatever the header said."""
    statements: tuple[Statement, ...]
    left_out: tuple[str, ...] = ()
    """Money that the file speaks of and `statements` does not hold, such as a loan, a balance in no account's place, or
    accounts that were all given one number.

    A total over the file lacks it.

    Each is in `warnings` too."""
    warnings: tuple[str, ...] = ()


def _ending(number: str) -> str:
    signs = "".join(char for char in number if char.isalnum())
    return signs[len(signs) - min(4, len(signs) // 2) :]
