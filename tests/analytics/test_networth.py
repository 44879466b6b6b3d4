"""Net worth: sums checked by hand, gaps said out loud, nothing counted that has no value."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fin_infra.analytics import Priced, WorthRecord, net_worth
from fin_infra.errors import InvalidInput, NaiveTime, UnknownCurrency
from fin_infra.model import (
    Account,
    AccountBalance,
    AccountStatus,
    AccountSubtype,
    AccountType,
    Balance,
    CryptoPrice,
    Holding,
    Institution,
    InstrumentKey,
    Money,
    NetWorth,
    Price,
    Quote,
    RateTable,
    SourceError,
    WorthItem,
    WorthKind,
)

NOW = datetime(2026, 11, 20, 15, tzinfo=UTC)
RATES = RateTable(
    source="fx:ecb",
    as_of=NOW,
    base="EUR",
    date=date(2026, 11, 19),
    rates={"USD": Decimal("1.25"), "GBP": Decimal("0.80"), "JPY": Decimal("160")},
)


def item(amount: str | None, currency: str = "USD", name: str = "") -> WorthItem:
    money = Money.of(amount, currency) if amount is not None else None
    return WorthItem(kind=WorthKind.ACCOUNT, id=name or f"in {currency}", source="banking:teller", amount=money)


def worth(
    records: Iterable[WorthRecord],
    rates: RateTable | None = RATES,
    *,
    prices: Mapping[InstrumentKey, Priced] | None = None,
    on: date | datetime = NOW,
    currency: str = "USD",
    errors: Sequence[SourceError] = (),
) -> NetWorth:
    return net_worth(records, prices or {}, rates, on=on, currency=currency, errors=errors)


def test_net_worth_when_currencies_differ_then_each_is_converted_at_the_published_rate() -> None:
    # 100 EUR = 125 USD; 80 GBP = 100 EUR = 125 USD; -1600 JPY = -10 EUR = -12.50 USD
    found = worth([item("100", "EUR"), item("80", "GBP"), item("-1600", "JPY")])
    assert found.total == Money.of("237.50", "USD")
    assert found.assets == Money.of("250.00", "USD")
    assert found.liabilities == Money.of("-12.50", "USD")
    assert found.complete
    assert [line.rate_date for line in found.lines] == [date(2026, 11, 19)] * 3


def test_net_worth_when_yen_and_dollars_meet_then_they_are_never_simply_added() -> None:
    found = worth([item("1000", "JPY"), item("1", "USD")])
    assert found.total == Money.of("8.81", "USD")  # 1000 / 160 * 1.25 = 7.8125, rounded 7.81


def test_net_worth_when_an_item_has_no_amount_then_total_says_what_it_lacks() -> None:
    found = worth([item("10"), item(None, name="acc_2")])
    assert found.total == Money.of("10.00", "USD")
    assert not found.complete
    assert found.missing == ("banking:teller acc_2: the source gives no amount",)


def test_net_worth_when_a_currency_has_no_rate_then_its_line_has_no_value() -> None:
    found = worth([item("10"), item("5", "CHF")])
    assert found.lines[1].value is None
    assert "CHF" in (found.lines[1].missing or "")
    assert not found.complete


def test_net_worth_when_rates_are_a_month_old_then_they_are_not_used() -> None:
    later = datetime(2026, 12, 20, tzinfo=UTC)
    found = worth([item("10", "EUR")], on=later)
    assert found.total is None
    assert not found.complete


def test_net_worth_when_no_rates_at_all_then_own_currency_still_counts() -> None:
    found = worth([item("10"), item("5", "EUR")], None)
    assert found.total == Money.of("10.00", "USD")
    assert "no exchange rate for EUR/USD" in found.missing[0]


def test_net_worth_when_nothing_answered_then_total_is_none_and_not_zero() -> None:
    down = SourceError(provider="banking:teller", operation="accounts", code="fin.provider_unavailable", message="down")
    found = worth([], errors=[down])
    assert found.total is None
    assert found.assets is None
    assert found.liabilities is None


def test_net_worth_when_there_is_nothing_to_count_then_total_is_zero() -> None:
    found = worth([])
    assert found.total == Money.zero("USD")
    assert found.complete


def test_net_worth_when_currency_has_no_cents_rule_then_it_is_refused() -> None:
    with pytest.raises(InvalidInput):
        worth([item("1", "XAU")], currency="XAU")


@given(st.lists(st.tuples(st.decimals(-(10**9), 10**9, places=2), st.sampled_from(["USD", "EUR", "GBP", "JPY"]))))
def test_net_worth_when_all_have_rates_then_lines_add_up_to_the_total(rows: list[tuple[Decimal, str]]) -> None:
    found = worth([item(str(amount), currency, str(n)) for n, (amount, currency) in enumerate(rows)])
    assert found.total is not None
    assert found.assets is not None
    assert found.liabilities is not None
    assert sum((line.value.amount for line in found.lines if line.value), Decimal(0)) == found.total.amount
    assert found.assets + found.liabilities == found.total


def quoted(key: str, day: date) -> WorthItem:
    return WorthItem(
        kind=WorthKind.HOLDING,
        id=key,
        source="market:finnhub",
        amount=Money.of("100", "USD"),
        at=day,
        instrument=InstrumentKey.parse(key),
    )


@pytest.mark.parametrize(
    ("key", "day", "complete"),
    [
        ("US:IBM", date(2019, 6, 10), False),
        ("CRYPTO:bitcoin", date(2017, 7, 14), False),
        ("US:IBM", date(2026, 11, 16), True),  # 17, 18 and 19 November are three sessions before the 20th
        ("US:IBM", date(2026, 11, 13), False),  # Friday: the 16th is a fourth
        ("XXXX:IBM", date(2026, 11, 16), True),  # no calendar: three days
        ("XXXX:IBM", date(2026, 11, 15), False),
    ],
)
def test_net_worth_when_a_price_is_old_by_sessions_then_it_is_missing_with_its_day(
    key: str, day: date, complete: bool
) -> None:
    found = worth([item("5"), quoted(key, day)])
    assert found.complete is complete
    assert found.total == Money.of("105.00" if complete else "5.00", "USD")
    assert complete or day.isoformat() in found.missing[0]
    assert found.lines[1].at == day


@pytest.mark.parametrize(
    ("institution", "ending", "asked"),
    [
        ("Chase", "8236", True),
        ("CHASE", "8236", True),
        (None, "8236", True),
        ("Citi", "8236", False),
        ("Chase", "1", False),
    ],
)
def test_net_worth_when_a_statement_may_be_a_live_account_then_it_asks(
    institution: str | None, ending: str, asked: bool
) -> None:
    live = replace(item("100"), institution="Chase", ending="8236")
    file = replace(item("70", name="file"), kind=WorthKind.STATEMENT, institution=institution, ending=ending)
    found = worth([file, live])
    assert found.complete is not asked
    assert found.total == Money.of("100.00" if asked else "170.00", "USD")
    assert ("possible duplicate" in " ".join(found.missing)) is asked


@pytest.mark.parametrize(
    ("hours", "complete"), [(0, True), (24, True), (25, False), (30, False), (24 * 365, False), (-1, True)]
)
def test_net_worth_when_a_coin_was_priced_hours_ago_then_after_a_day_it_is_missing(hours: int, complete: bool) -> None:
    instant = NOW - timedelta(hours=hours)
    found = worth([item("5"), replace(quoted("CRYPTO:bitcoin", instant.date()), instant=instant)])
    assert found.complete is complete
    assert found.total == Money.of("105.00" if complete else "5.00", "USD")
    assert complete or f"old: of {instant.isoformat()}, more than 24 hours before" in found.missing[0]


def test_net_worth_when_a_share_was_priced_on_friday_then_a_weekend_does_not_age_it() -> None:
    share = replace(quoted("US:IBM", date(2026, 11, 13)), instant=datetime(2026, 11, 13, 21, tzinfo=UTC))
    assert worth([share], on=datetime(2026, 11, 16, 15, tzinfo=UTC)).complete


@pytest.mark.parametrize(
    ("amount", "currency", "shown"),
    [
        ("66803.7263304349008", "USD", "66803.73"),
        ("0", "USD", "0.00"),
        ("12.5", "JPY", "12"),
        ("1.23456", "KWD", "1.235"),
        ("1.23456789", "XAU", "1.23456789"),
        ("2.5000001", "XDR", "2.5000001"),
    ],
)
def test_net_worth_when_an_amount_is_a_product_then_its_line_shows_minor_units(
    amount: str, currency: str, shown: str
) -> None:
    (line,) = worth([item(amount, currency)]).lines
    assert str(line.amount) == f"{shown} {currency}"


ACCOUNT = Account(
    source="banking:teller",
    as_of=NOW,
    id="acc_1",
    name="Everyday",
    type=AccountType.CREDIT,
    subtype=AccountSubtype.CREDIT_CARD,
    subtype_text="credit_card",
    currency="USD",
    status=AccountStatus.OPEN,
    institution=Institution(id="chase", name="Chase"),
    last_four="8236",
    enrollment_id="enr_1",
)


def balance(amount: str | None, at: datetime = NOW, account: Account = ACCOUNT) -> AccountBalance:
    current = None if amount is None else Money.of(amount, "USD")
    read = Balance(
        source=account.source,
        as_of=at,
        account_id=account.id,
        current=current,
        available=Money.of("900", "USD"),
    )
    return AccountBalance(account=account, balance=read)


def test_account_when_its_balance_is_given_then_it_counts_on_its_day() -> None:
    found = worth([balance("-12.34", datetime(2026, 11, 18, 9, tzinfo=UTC))])
    (line,) = found.lines
    assert (found.total, found.complete) == (Money.of("-12.34", "USD"), True)
    assert (line.kind, line.id, line.source) == (WorthKind.ACCOUNT, "acc_1", "banking:teller")
    assert (line.at, line.age_days) == (date(2026, 11, 18), 2)


def test_account_when_its_balance_is_unknown_then_the_reason_is_named() -> None:
    unread = AccountBalance(account=ACCOUNT, balance=None, missing="no answer")
    assert worth([unread]).missing == ("banking:teller acc_1: no answer",)
    assert worth([replace(unread, missing=None)]).missing == ("banking:teller acc_1: the balance was not read",)
    assert worth([balance(None)]).missing == ("banking:teller acc_1: the bank gives no balance",)


def test_account_when_read_twice_on_a_day_then_the_later_reading_counts() -> None:
    morning, noon = balance("10", NOW - timedelta(hours=3)), balance("7", NOW)
    for records in ([morning, noon], [noon, morning], [noon, morning, noon]):
        assert worth(records).total == Money.of("7.00", "USD")
        assert worth(records).complete


def test_account_when_two_readings_of_an_instant_differ_then_neither_counts() -> None:
    found = worth([balance("10"), balance("7")])
    assert found.total is None
    assert found.missing == ("banking:teller acc_1: 2 different amounts of the same day, 2026-11-20",)


@pytest.mark.parametrize(("login", "total"), [("enr_1", "20.00"), ("enr_2", "10.00"), (None, "10.00")])
def test_account_when_another_login_shows_its_ending_then_it_is_asked(login: str | None, total: str) -> None:
    other = replace(ACCOUNT, id="acc_2", enrollment_id=login)
    found = worth([balance("10"), balance("10", account=other)])
    assert found.total == Money.of(total, "USD")
    assert found.complete is (total == "20.00")


IBM, BITCOIN = InstrumentKey.parse("US:IBM"), InstrumentKey.parse("CRYPTO:bitcoin")


def quote(price: str, day: date | None, at: datetime = NOW, currency: str = "USD", key: InstrumentKey = IBM) -> Quote:
    return Quote(
        source="market:finnhub",
        as_of=at,
        key=key,
        price=Decimal(price),
        currency=currency,
        unit=currency,
        trading_day=day,
    )


def spot(price: str, at: datetime, currency: str = "USD") -> CryptoPrice:
    return CryptoPrice(source="crypto:coingecko", as_of=at, key=BITCOIN, price=Decimal(price), currency=currency)


def test_holding_when_it_is_priced_then_it_counts_at_the_day_of_the_price() -> None:
    # 3 shares at 12.345 make 37.035, half to even 37.04 (37.035 is between 37.03 and 37.04: 4 is even)
    (line,) = worth(
        [Holding(key="US:IBM", quantity=Decimal(3))], prices={IBM: quote("12.345", date(2026, 11, 19))}
    ).lines
    assert (line.value, line.at, line.source, line.id) == (
        Money.of("37.04", "USD"),
        date(2026, 11, 19),
        "market:finnhub",
        "US:IBM",
    )


@pytest.mark.parametrize(
    ("price", "reason"),
    [
        (None, "holding US:IBM: no price is given"),
        (
            SourceError(provider="market:finnhub", operation="price", code="fin.rate_limited", message="too many"),
            "market:finnhub US:IBM: too many",
        ),
        (quote("1", date(2019, 6, 10)), "market:finnhub US:IBM: old: of 2019-06-10, more than 3 sessions before"),
        (quote("1", None, datetime(2019, 6, 10, tzinfo=UTC)), "market:finnhub US:IBM: old: of 2019-06-10, more than 3"),
        (quote("1", None, currency="BTC"), "market:finnhub US:IBM: 'BTC' is not an ISO 4217 currency code"),
        (quote("1", None, key=InstrumentKey.parse("US:KO")), "market:finnhub US:IBM: the price is one of US:KO"),
        (Price(money=Money.of("1", "USD"), day=date(2026, 11, 27)), "price US:IBM: of 2026-11-27, after 2026-11-21"),
    ],
)
def test_holding_when_its_price_cannot_be_counted_then_the_reason_is_named(price: Priced | None, reason: str) -> None:
    found = worth([item("5"), Holding(key="US:IBM", quantity=Decimal(3))], prices={IBM: price} if price else {})
    assert found.total == Money.of("5.00", "USD")
    assert len(found.missing) == 1
    assert found.missing[0].startswith(reason)


def test_holding_when_its_key_cannot_be_read_then_the_others_count() -> None:
    found = worth(
        [item("5"), Holding(key="BTC", quantity=Decimal(1)), Holding(key="US:IBM", quantity=Decimal("1E+999"))],
        prices={IBM: quote("3", None)},
    )
    assert found.total == Money.of("5.00", "USD")
    assert [text.partition(":")[0] for text in found.missing] == ["holding BTC", "market"]


def test_holding_when_a_coin_was_priced_two_days_ago_then_hours_decide_and_not_sessions() -> None:
    coin = Holding(key="CRYPTO:bitcoin", quantity=Decimal("0.5"))
    fresh, old = spot("100", NOW - timedelta(hours=23)), spot("100", NOW - timedelta(hours=47))
    assert worth([coin], prices={BITCOIN: fresh}).total == Money.of("50.00", "USD")
    assert not worth([coin], prices={BITCOIN: old}).complete
    given = Price(money=Money.of("100", "EUR"), day=date(2026, 11, 20), instant=NOW - timedelta(hours=25))
    assert not worth([coin], prices={BITCOIN: given}).complete
    assert worth([coin], prices={BITCOIN: replace(given, instant=NOW)}).total == Money.of("62.50", "USD")


def test_holding_when_two_quantities_are_given_then_they_contradict_each_other() -> None:
    three, four = (Holding(key="US:IBM", quantity=Decimal(units)) for units in (3, 4))
    prices = {IBM: quote("2", date(2026, 11, 20))}
    assert worth([three, three], prices=prices).total == Money.of("6.00", "USD")
    assert "2 different amounts of the same day" in worth([three, four], prices=prices).missing[0]


def test_holding_when_short_then_it_is_owed() -> None:
    found = worth([Holding(key="US:IBM", quantity=Decimal(-3))], prices={IBM: quote("2", None)})
    assert (found.assets, found.liabilities) == (Money.zero("USD"), Money.of("-6.00", "USD"))


@pytest.mark.parametrize(
    ("on", "total", "as_of"),
    [
        (date(2026, 11, 18), "1.00", datetime(2026, 11, 18, 23, 59, 59, 999999, tzinfo=UTC)),
        (date(2026, 11, 19), "20.00", datetime(2026, 11, 19, 23, 59, 59, 999999, tzinfo=UTC)),
        (date(2026, 11, 20), "300.00", datetime(2026, 11, 20, 23, 59, 59, 999999, tzinfo=UTC)),
        # 00:30 on the 19th in Auckland (+13:00) is 11:30 on the 18th in UTC; somewhere it is the 19th already
        (
            datetime(2026, 11, 19, 0, 30, tzinfo=timezone(timedelta(hours=13))),
            "20.00",
            datetime(2026, 11, 18, 11, 30, tzinfo=UTC),
        ),
        # at 09:59 in UTC it is the 18th in the farthest zone, +14:00, too
        (datetime(2026, 11, 18, 9, 59, tzinfo=UTC), "1.00", datetime(2026, 11, 18, 9, 59, tzinfo=UTC)),
    ],
)
def test_on_when_records_are_of_later_days_then_only_those_until_it_count(
    on: date | datetime, total: str, as_of: datetime
) -> None:
    days = {"1": date(2026, 11, 18), "20": date(2026, 11, 19), "300": date(2026, 11, 20)}
    found = worth([replace(item(amount), at=day) for amount, day in days.items()], on=on)
    assert (found.total, found.as_of, found.as_of.tzinfo) == (Money.of(total, "USD"), as_of, UTC)
    assert found.complete


def test_on_when_everything_known_is_later_then_it_is_missing() -> None:
    found = worth([replace(item("1"), at=date(2026, 11, 19))], on=date(2026, 11, 18))
    assert found.missing == ("banking:teller in USD: of 2026-11-19, after 2026-11-18",)


def test_on_when_it_has_no_zone_or_is_no_day_then_a_sentence_says_what_to_give() -> None:
    with pytest.raises(NaiveTime, match="has no time zone; add one"):
        worth([], on=datetime(2026, 11, 20))  # noqa: DTZ001
    with pytest.raises(InvalidInput, match=r"`on` must be a datetime.date or ISO text"):
        worth([], on=5)  # type: ignore[arg-type]
    assert worth([], on="2026-11-20") == worth([], on=date(2026, 11, 20))  # type: ignore[arg-type]
    assert worth([], on=date.max).complete
    assert worth([], on=datetime.max.replace(tzinfo=UTC)).complete


@pytest.mark.parametrize("record", ["a.ofx", None, {}, ACCOUNT])
def test_records_when_one_is_something_else_then_a_sentence_names_what_is_taken(record: object) -> None:
    with pytest.raises(InvalidInput, match="`records` must be a list, each item a Statement or"):
        worth([record])  # type: ignore[list-item]


def test_currency_when_it_does_not_exist_then_it_is_refused_with_nothing_to_count_too() -> None:
    with pytest.raises(UnknownCurrency):
        worth([], currency="usd")


def test_ages_when_given_then_they_decide() -> None:
    old, price = replace(item("1"), at=date(2026, 11, 10)), quoted("US:IBM", date(2026, 11, 17))
    assert net_worth([old, price], {}, None, on=NOW, currency="USD").complete
    found = net_worth([old, price], {}, None, on=NOW, currency="USD", max_days=9, max_sessions=1)
    assert [text.partition(": ")[2] for text in found.missing] == [
        "old: of 2026-11-10, more than 9 days before 2026-11-20",
        "old: of 2026-11-17, more than 1 sessions before 2026-11-20",
    ]


def test_price_when_nothing_names_its_instrument_then_three_days_are_its_age() -> None:
    bond = replace(item("100"), priced=True)
    assert worth([replace(bond, at=date(2026, 11, 16))]).complete
    assert not worth([replace(bond, at=date(2026, 11, 15))]).complete


CURRENCIES = ("USD", "EUR", "GBP", "JPY", "CHF")
"""RATES has all but CHF."""
