"""One account counts once, or is asked: banks, brokers and files name it in their own ways."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fin_infra.analytics import net_worth
from fin_infra.model import AccountType, Money, NetWorth, StatementAccount, WorthItem, WorthKind

NOW = datetime(2026, 11, 20, 15, tzinfo=UTC)
BANK = StatementAccount(
    number="000111222", bank_id="021000021", type=AccountType.DEPOSITORY, type_text="CHECKING", currency="USD"
)


def worth(*items: WorthItem) -> NetWorth:
    return net_worth(items, {}, None, on=NOW, currency="USD")


def filed(amount: str | None, account: StatementAccount = BANK, day: int = 10, what: str = "") -> WorthItem:
    return WorthItem(
        kind=WorthKind.STATEMENT,
        id=f"{account.label} {what}".strip(),
        source="statement:ofx",
        amount=None if amount is None else Money.of(amount, "USD"),
        missing="unreadable" if amount is None else None,
        at=date(2026, 11, day),
        reading_of=" ".join((*account.identity, what)),
        institution=account.institution,
        ending=account.ending,
        account=" ".join(account.identity),
        statement=account,
    )


def live(amount: str | None, source: str, institution: str | None, ending: str, **rest: Any) -> WorthItem:
    kind = WorthKind.ACCOUNT if source.startswith("banking") else WorthKind.HOLDING
    money = None if amount is None else Money.of(amount, "USD")
    base = WorthItem(kind=kind, id=f"{institution} {ending}", source=source, amount=money, at=NOW.date())
    return replace(base, institution=institution, ending=ending, **rest)


@pytest.mark.parametrize(
    ("other", "total", "complete"),
    [
        (replace(BANK, institution="B1", institution_id="10898"), "140.00", False),  # QFX of the bank that wrote OFX
        (replace(BANK, number="00000000000111222"), "140.00", False),
        (replace(BANK, number="XXXXX1222"), "140.00", False),
        (replace(BANK, bank_id=None, type=AccountType.UNKNOWN, type_text=None), "140.00", False),
        (replace(BANK, type_text="SAVINGS"), "240.00", True),
        (replace(BANK, bank_id="121000248"), "240.00", True),
        (replace(BANK, currency="CAD"), "240.00", True),
        (replace(BANK, number="999888777"), "240.00", True),
        (BANK, "140.00", True),
    ],
)
def test_net_worth_when_two_files_may_be_of_one_account_then_the_later_counts_and_the_other_is_asked(
    other: StatementAccount, total: str, complete: bool
) -> None:
    old, new = filed("100", BANK, day=3), filed("140", other, day=12)
    for found in (worth(old, new), worth(new, old)):
        assert found.total == Money.of(total, "USD")
        assert found.complete is complete
        assert complete or found.missing == (
            f"statement:ofx account ending 1222: possible duplicate of statement:ofx {new.id}; leave one of them out",
        )


def test_net_worth_when_a_number_is_too_short_to_show_then_two_files_are_asked_all_the_same() -> None:
    one = replace(BANK, number="7")
    found = worth(filed("100", one, day=3), filed("140", replace(one, institution="B1"), day=12))
    assert found.total == Money.of("140.00", "USD")
    assert len(found.missing) == 1


def test_net_worth_when_the_file_is_newer_than_the_live_balance_then_the_live_one_still_counts() -> None:
    found = worth(live("9", "banking:teller", "Chase", "1222", at=date(2026, 11, 15)), filed("70", day=18))
    assert found.total == Money.of("9.00", "USD")
    assert found.missing[0].startswith("statement:ofx account ending 1222: possible duplicate of banking:teller Chase")


def test_net_worth_when_items_of_an_account_have_several_days_then_its_latest_decides() -> None:
    broker = replace(BANK, type=AccountType.INVESTMENT, type_text=None)
    mixed = [filed("1", broker, day=3, what="IBM"), filed("20", broker, day=12, what="cash")]
    found = worth(filed("300", replace(broker, institution="B1"), day=5), *mixed)
    assert found.total == Money.of("21.00", "USD")


def test_net_worth_when_a_third_file_is_another_account_then_only_the_doubtful_one_is_asked() -> None:
    qfx, share = replace(BANK, institution="B1"), replace(BANK, type_text="SAVINGS")
    found = worth(filed("1", BANK, 3), filed("20", qfx, 5), filed("300", share, 4))
    assert found.total == Money.of("320.00", "USD")
    assert len(found.missing) == 1


@pytest.mark.parametrize(
    ("bank", "broker", "ending", "asked"),
    [
        ("Fidelity", "Fidelity", "8443", True),
        ("Fidelity Investments", "Fidelity", "8443", True),
        ("Charles Schwab", "Schwab Brokerage", "8443", True),
        ("JPMorganChase", "Chase", "8443", True),
        ("Bank of the West", "Bank of Utah", "8443", False),
        ("B1", "Chase", "8443", True),
        (None, "Chase", "8443", True),
        ("Citi", "Chase", "8443", False),
        ("Fidelity", "Fidelity", "43", True),
        ("Fidelity", "Fidelity", "3", False),
        ("Fidelity", "Fidelity", "84", False),
        ("Fidelity", "Fidelity", "8444", False),
    ],
)
def test_net_worth_when_a_bank_and_a_broker_show_one_account_then_the_brokers_view_counts(
    bank: str | None, broker: str, ending: str, asked: bool
) -> None:
    account = live("5000", "banking:teller", bank, "8443")
    synced = date(2026, 11, 19)
    held = live("4000", "brokerage:snaptrade", broker, ending, account="a", id="US:VTI", at=synced)
    cash = live("900", "brokerage:snaptrade", broker, ending, account="a", id="cash", at=synced)
    for found in (worth(account, held, cash), worth(cash, held, account)):
        assert found.total == Money.of("4900.00" if asked else "9900.00", "USD")
        assert found.complete is not asked
        assert asked is (
            f"banking:teller {bank} 8443: possible duplicate of brokerage:snaptrade US:VTI, brokerage:snaptrade cash; "
            "leave one of them out" in found.missing
        )


def test_net_worth_when_two_aggregators_show_one_account_then_it_counts_once() -> None:
    one = [live("10", "brokerage:snaptrade", "Alpaca", "1234", account="s", id=f"US:{name}") for name in "ABCD"]
    other = live("41", "brokerage:alpaca", "Alpaca", "1234", account="t", at=date(2026, 11, 19))
    found = worth(*one, other)
    assert found.total == Money.of("40.00", "USD")
    assert found.missing == (
        "brokerage:alpaca Alpaca 1234: possible duplicate of brokerage:snaptrade US:A, brokerage:snaptrade US:B and 2 "
        "more; leave one of them out",
    )


@pytest.mark.parametrize(("login", "asked"), [("one", False), ("two", True)])
def test_net_worth_when_one_source_shows_an_ending_twice_then_the_login_tells(login: str, asked: bool) -> None:
    one = live("10", "banking:teller", "Chase", "1234", connection="one", id="acc_1")
    other = live("10", "banking:teller", "Chase", "1234", connection=login, id="acc_2")
    assert worth(one, other).complete is not asked
    assert worth(one, other).total == Money.of("10.00" if asked else "20.00", "USD")


def test_net_worth_when_the_live_account_has_no_amount_then_the_file_counts_and_the_gap_is_named() -> None:
    down = live(None, "banking:teller", "Chase", "1222", missing="no answer")
    found = worth(down, filed("70"))
    assert found.total == Money.of("70.00", "USD")
    assert found.missing == ("banking:teller Chase 1222: no answer",)


def test_net_worth_when_one_view_is_read_in_part_then_the_whole_one_counts() -> None:
    part = live("10", "brokerage:snaptrade", "Chase", "1222", account="s", id="cash")
    unread = live(None, "brokerage:snaptrade", "Chase", "1222", account="s", id="everything", missing="not read")
    found = worth(part, unread, live("500", "banking:teller", "Chase", "1222"))
    assert found.total == Money.of("500.00", "USD")
    assert [text.partition(":")[2].partition(" ")[0] for text in found.missing] == ["snaptrade", "snaptrade"]
    assert "not read" in " ".join(found.missing)


def test_net_worth_when_the_live_balance_is_old_then_the_newer_file_counts() -> None:
    found = worth(live("9", "banking:teller", "Chase", "1222", at=date(2026, 1, 2)), filed("70"))
    assert found.total == Money.of("70.00", "USD")
    assert "old: of 2026-01-02" in found.missing[0]


ITEMS = st.one_of(
    st.builds(
        lambda amount, day, bank, number: filed(
            amount and str(amount), replace(BANK, bank_id=bank, number=number), day=day
        ),
        st.none() | st.decimals(-1000, 1000, places=2),
        st.integers(1, 20),
        st.sampled_from([None, "021000021", "9"]),
        st.sampled_from(["000111222", "111222", "XX1222", "77776666"]),
    ),
    st.builds(
        lambda amount, source, bank, number: live(
            None if amount is None else str(amount), source, bank, number, account=f"{source} {bank} {number}"
        ),
        st.none() | st.decimals(-1000, 1000, places=2),
        st.sampled_from(["banking:teller", "brokerage:alpaca", "brokerage:snaptrade"]),
        st.sampled_from([None, "Chase", "JPMorgan Chase", "Citi"]),
        st.sampled_from(["1222", "22", "6666"]),
    ),
)


@given(st.lists(ITEMS, max_size=8), st.randoms())
def test_net_worth_when_the_order_of_accounts_changes_then_nothing_else_does(
    items: Sequence[WorthItem], random: Random
) -> None:
    found, other = worth(*items), worth(*random.sample(items, len(items)))
    assert (found.total, found.complete, sorted(found.missing)) == (other.total, other.complete, sorted(other.missing))
    assert found.complete is all(line.value is not None for line in found.lines)
    assert len([line for line in found.lines if line.missing]) == len(found.missing)
