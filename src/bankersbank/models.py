"""What Finastra's products return, as typed records.
Floor 3: bankersbank. The collaterals' schema is not published: what may be absent is None, `raw` keeps everything."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from fin_infra.model import Listing, Meta, Money, Record
from fin_infra.model.currency import CURRENCIES
from fin_infra.model.personal import Personal, pii

SOURCE = "finastra"


@dataclass(frozen=True, slots=True, kw_only=True)
class Collateral(Record):
    """Something pledged for a loan. Amounts are what the vendor printed, None where it gave none; never summed here."""

    id: str
    kind: str | None
    """The vendor's own word."""
    status: str | None
    """The vendor's own word; no list of them is published."""
    description: str | None = field(repr=False, metadata=pii(Personal.FREE_TEXT))
    currency: str | None
    """The vendor's word for the currency of all amounts here, ISO 4217 as far as is known; None without one."""
    discounted_net_amount: Decimal | None = None
    net_amount: Decimal | None = None
    estimated_value: Decimal | None = None
    valuation: Decimal | None = None

    @property
    def value(self) -> Money | None:
        """The most cautious amount there is: discounted net, net, estimate, valuation; None if unknown."""
        amounts = (self.discounted_net_amount, self.net_amount, self.estimated_value, self.valuation)
        amount = next((amount for amount in amounts if amount is not None), None)
        return Money(amount, self.currency) if amount is not None and self.currency in CURRENCIES else None


class CollateralPage(Listing[Collateral]):
    """One page of the list. `total` is what the vendor says there are in all, None where it does not say."""

    __slots__ = ("starting_index", "total")

    def __init__(
        self,
        items: Iterable[Collateral] = (),
        meta: Meta | None = None,
        *,
        starting_index: int = 0,
        total: int | None = None,
    ) -> None:
        super().__init__(items, meta)
        self.starting_index = starting_index
        self.total = total

    @property
    def rows(self) -> int:
        """How many rows the vendor sent, those that cannot be read included."""
        return len(self) + len(self.errors)

    @property
    def next_index(self) -> int | None:
        """Where the following page starts; None after the last one, which without `total` only an empty page tells.

        An empty page before the total is not the last one: the same index may be asked for again.
        """
        after = self.starting_index + self.rows
        done = not self.rows if self.total is None else after >= self.total
        return None if done else after


@dataclass(frozen=True, slots=True, kw_only=True)
class B2CAccount(Record):
    """An account of a customer. `number` is personal and stays out of the repr."""

    id: str
    number: str | None = field(repr=False, metadata=pii(Personal.ACCOUNT_NUMBER, private=True))
    type: str
    """The vendor's own word, such as CURRENT."""
    currency: str
    status: str | None = None
    """ACTIVE or INACTIVE; only the single account says it."""
    number_format: str | None = None
    """BBAN, IBAN, UPIC, DMST or OTHER; only the single account says it."""
    country: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class B2CBalance(Record):
    """The balances of one account, signed as the vendor prints them."""

    account_id: str
    type: str
    ledger: Money
    available: Money | None
    on: date | None
    """The day the balances are of."""
