"""What holds for every net worth, against a small model that knows accounts, days and fractions and nothing of ours."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from fin_infra.analytics import WorthRecord, net_worth
from fin_infra.model import (
    Account,
    AccountBalance,
    AccountStatus,
    AccountSubtype,
    AccountType,
    Balance,
    Holding,
    Institution,
    InstrumentKey,
    Money,
    NetWorth,
    Price,
    RateTable,
    SourceError,
    Statement,
    StatementAccount,
    StatementBalance,
    WorthItem,
    WorthKind,
)

DAY = date(2026, 11, 20)
PER_EURO = {"EUR": Fraction(1), "USD": Fraction(5, 4), "GBP": Fraction(4, 5)}
RATES = RateTable(
    source="fx:ecb",
    as_of=datetime(2026, 11, 20, 15, tzinfo=UTC),
    base="EUR",
    date=date(2026, 11, 19),
    rates={"USD": Decimal("1.25"), "GBP": Decimal("0.8")},
)


@dataclass(frozen=True)
class Fact:
    """Somebody says on a day, at an hour, what is on an account; None where they could not say."""

    kind: str
    number: int
    day: int
    hour: int
    amount: Decimal | None
    currency: str

    @property
    def account(self) -> tuple[object, ...]:
        return (self.kind, self.number, self.currency) if self.kind == "file" else (self.kind, self.number)

    @property
    def on(self) -> date:
        return DAY - timedelta(days=self.day)

    @property
    def record(self) -> WorthRecord:
        return {"file": _file, "bank": _bank, "house": _house}[self.kind](self)


def _money(fact: Fact) -> Money | None:
    return None if fact.amount is None else Money(fact.amount, fact.currency)


def _file(fact: Fact) -> Statement:
    number = f"{fact.number}0000000{fact.number}"
    account = StatementAccount(
        number=number, bank_id="1", type=AccountType.DEPOSITORY, type_text="CHECKING", currency=fact.currency
    )
    money = _money(fact)
    ledger = () if money is None else (StatementBalance(amount=money, at=fact.on, kind="ledger"),)
    return Statement(account=account, lines=(), balances=ledger, end=fact.on)


def _bank(fact: Fact) -> AccountBalance:
    at = datetime.combine(fact.on, datetime.min.time(), UTC) + timedelta(hours=fact.hour)
    account = Account(
        source="banking:x",
        as_of=at,
        id=f"acc_{fact.number}",
        name="",
        type=AccountType.DEPOSITORY,
        subtype=AccountSubtype.CHECKING,
        subtype_text="checking",
        currency=fact.currency,
        status=AccountStatus.OPEN,
        institution=Institution(id="x", name="X"),
    )
    read = Balance(source="banking:x", as_of=at, account_id=account.id, current=_money(fact), available=None)
    return AccountBalance(account=account, balance=read)


def _house(fact: Fact) -> WorthItem:
    return WorthItem(
        kind=WorthKind.ACCOUNT, id=f"house {fact.number}", source="manual", amount=_money(fact), at=fact.on
    )


def known(facts: Sequence[Fact]) -> dict[tuple[object, ...], tuple[Decimal, str] | None]:
    """Return what is true of each account at the end of DAY, None where it is not known."""
    found: dict[tuple[object, ...], tuple[Decimal, str] | None] = {}
    for account in {fact.account for fact in facts}:
        said = [fact for fact in facts if fact.account == account and fact.on <= DAY]
        if account[0] == "file":
            said = [fact for fact in said if fact.amount is not None]  # a file without a balance says nothing
        last = [fact for fact in said if fact.on == max(each.on for each in said)]
        last = [fact for fact in last if fact.amount is not None]
        if account[0] == "bank":
            last = [fact for fact in last if fact.hour == max(each.hour for each in last)]
        amounts = {(fact.amount, fact.currency) for fact in last if fact.amount is not None}
        found[account] = amounts.pop() if len(amounts) == 1 else None
    return found


def cents(amount: Decimal, currency: str) -> Fraction | None:
    """Return the value in cents of a dollar; None for a currency without a rate."""
    if currency not in PER_EURO:
        return None
    return Fraction(round(Fraction(amount) / PER_EURO[currency] * PER_EURO["USD"] * 100))


def modelled(facts: Sequence[Fact]) -> tuple[Fraction | None, bool]:
    """Return the total in cents and whether it is complete."""
    values = [cents(*each) if each else None for each in known(facts).values()]
    sums = [value for value in values if value is not None]
    return (sum(sums, Fraction(0)) if sums or not values else None), None not in values


def total(facts: Sequence[Fact], *more: WorthRecord, rates: RateTable | None = RATES) -> NetWorth:
    return net_worth([*(fact.record for fact in facts), *more], {}, rates, on=DAY, currency="USD")


FACTS = st.lists(
    st.builds(
        Fact,
        st.sampled_from(["file", "bank", "house"]),
        st.integers(1, 3),
        st.integers(-2, 4),
        st.integers(0, 2),
        st.none() | st.decimals(-1000, 1000, places=2),
        st.sampled_from(["USD", "EUR", "GBP", "CHF"]),
    ),
    max_size=9,
)


@given(FACTS)
def test_total_when_records_are_of_any_days_then_it_is_that_of_the_model(facts: list[Fact]) -> None:
    found, (expected, complete) = total(facts), modelled(facts)
    assert (None if found.total is None else Fraction(found.total.amount) * 100) == expected
    assert found.complete is complete


@given(FACTS, st.randoms())
def test_total_when_records_change_their_order_or_repeat_then_nothing_else_does(
    facts: list[Fact], random: Random
) -> None:
    found, other = total(facts), total(random.sample(facts + facts, 2 * len(facts)))
    assert (found.total, found.complete, sorted(found.missing)) == (other.total, other.complete, sorted(other.missing))


@given(FACTS)
def test_total_when_there_are_no_rates_then_other_currencies_are_never_in_it(facts: list[Fact]) -> None:
    found = total(facts, rates=None)
    dollars = [each[0] for each in known(facts).values() if each and each[1] == "USD"]
    assert (found.total.amount if found.total else Decimal(0)) == sum(dollars, Decimal(0))
    assert all(line.amount is None or line.amount.currency == "USD" for line in found.lines if line.value)


@given(FACTS)
def test_total_when_lines_have_values_then_it_is_their_sum(facts: list[Fact]) -> None:
    found = total(facts)
    values = [line.value.amount for line in found.lines if line.value]
    assert (found.total.amount if found.total else Decimal(0)) == sum(values, Decimal(0))
    assert found.complete is all(line.value is not None for line in found.lines)
    assert len(found.missing) == len([line for line in found.lines if line.missing])


UNKNOWN = st.sampled_from(
    [
        WorthItem(kind=WorthKind.ACCOUNT, id="car", source="manual", amount=None),
        Holding(key="US:IBM", quantity=Decimal(1)),
        Fact("bank", 9, 0, 0, None, "USD").record,
        Fact("file", 9, 0, 0, None, "USD").record,
        replace(_file(Fact("file", 9, 0, 0, Decimal(0), "USD")), left_out=("a holding is set aside",)),
    ]
)


@given(FACTS, UNKNOWN)
def test_total_when_something_unknown_comes_in_then_it_is_incomplete_and_else_the_same(
    facts: list[Fact], unknown: WorthRecord
) -> None:
    before, after = total(facts), total(facts, unknown)
    assert not after.complete
    assert (after.total or Money.zero("USD")) == (before.total or Money.zero("USD"))
    assert set(before.missing) < set(after.missing)


@given(FACTS)
def test_total_when_a_source_did_not_answer_then_it_is_incomplete_and_else_the_same(facts: list[Fact]) -> None:
    down = SourceError(provider="banking:y", operation="accounts", code="fin.provider_unavailable", message="down")
    records = [fact.record for fact in facts]
    after = net_worth(records, {}, RATES, on=DAY, currency="USD", errors=[down, down])
    assert not after.complete
    assert after.missing == (*total(facts).missing, "banking:y accounts: down")
    assert (after.total or Money.zero("USD")) == (total(facts).total or Money.zero("USD"))


@given(FACTS, st.sampled_from(["file", "bank", "house"]), st.integers(1, 3), st.decimals(-1000, 1000, places=2))
def test_total_when_a_newer_balance_comes_in_then_it_replaces_the_older(
    facts: list[Fact], kind: str, number: int, amount: Decimal
) -> None:
    before = [fact for fact in facts if fact.on < DAY]
    newer = Fact(kind, number, 0, 0, amount, "USD")
    found = total([*before, newer])
    elsewhere = modelled([fact for fact in before if fact.account != newer.account])[0] or Fraction(0)
    assert found.total is not None
    assert Fraction(found.total.amount) * 100 == elsewhere + cents(amount, "USD")  # type: ignore[operator]  # dollars


@given(FACTS, st.decimals(-1000, 1000, places=4), st.decimals(0, 1000, places=4))
def test_total_when_a_priced_holding_comes_in_then_it_grows_by_its_value(
    facts: list[Fact], quantity: Decimal, price: Decimal
) -> None:
    key = InstrumentKey.parse("US:IBM")
    priced = {key: Price(money=Money(price, "EUR"), day=DAY)}
    records = [*(fact.record for fact in facts), Holding(key="US:IBM", quantity=quantity)]
    found = net_worth(records, priced, RATES, on=DAY, currency="USD")
    value = round(Fraction(quantity) * Fraction(price) * PER_EURO["USD"] * 100)
    assert found.total is not None
    assert Fraction(found.total.amount) * 100 == (modelled(facts)[0] or 0) + value
