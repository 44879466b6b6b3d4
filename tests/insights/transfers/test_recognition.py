"""Transfers, payments and refunds of whole households: by hand, with known truth, and in any order."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fin_infra.errors import InvalidInput
from fin_infra.insights import Entry, Judge, Label
from fin_infra.insights.categories import Categorizer
from fin_infra.insights.transfers import Activity, TransferKind, Transfers, pairs, recognize
from tests.insights.entries import entry
from tests.insights.household import ACCOUNTS, Household, Truth
from tests.support.effort import effort

OUT, IN = "TRANSFER TO SAVINGS", "TRANSFER FROM CHECKING"


def label(category: str, judge: Judge = Judge.VENDOR) -> Label:
    return Label(category=category, judge=judge, reason="Somebody says so.", confidence=Decimal("0.9"))


def found(*entries: Entry, **more: Any) -> Transfers:
    return recognize(Activity(entries=entries, accounts=ACCOUNTS, **more))


def sides(transfers: Transfers) -> list[tuple[str, ...]]:
    return [each.entry_ids for each in transfers.transfers]


def sent(id: str = "out", amount: str = "-200.00", **more: Any) -> Entry:
    return entry(more.pop("text", OUT), amount, **({"id": id, "account_id": "checking"} | more))


def got(id: str = "in", amount: str = "200.00", **more: Any) -> Entry:
    return entry(more.pop("text", IN), amount, **({"id": id, "account_id": "savings"} | more))


def test_recognize_when_amounts_are_equal_and_both_texts_speak_then_they_are_one_transfer():
    one = found(sent(day=6), got(day=9)).transfers[0]
    assert (one.kind, one.out_id, one.in_id, one.date) == (TransferKind.TRANSFER, "out", "in", dt.date(2026, 11, 6))
    assert (str(one.amount), str(one.received), one.confidence) == ("200.00 USD", "200.00 USD", Decimal("0.98"))
    assert one.reason == "Equal amounts in two accounts 3 days apart; both texts or labels speak of a transfer."


def test_recognize_when_six_days_or_a_cent_or_the_currency_are_between_then_they_are_no_pair():
    assert sides(found(sent(day=1), got(day=6))) == [("out", "in")]
    assert sides(found(sent(day=1), got(day=7))) == []
    assert sides(found(sent(), got(amount="199.99"))) == []
    assert sides(found(sent(), got(currency="EUR", account_id="euro"))) == []
    assert sides(found(sent(), got(account_id="checking"))) == []


@pytest.mark.parametrize("card", ["Lighthouse Rewards Card", "CASH BACK VISA", "Cash Rewards Credit Card"])
def test_recognize_when_the_card_is_called_after_what_it_gives_back_then_its_payment_is_one_all_the_same(card: str):
    out = sent(text="LIGHTHOUSE CARD AUTOPAY", counterparty=card)
    into = got(text="AUTOPAY PAYMENT - THANK YOU", account_id="visa")
    assert sides(found(out, into)) == [("out", "in")]
    assert sides(found(sent(text="CARD", counterparty="CASH BACK"), got(text="REWARDS", account_id="visa"))) == []


def test_recognize_when_the_money_goes_to_a_card_or_a_loan_then_it_is_a_payment_of_it():
    card = found(sent(text="AUTOPAY 3316"), got(text="PAYMENT THANK YOU", account_id="visa")).transfers[0]
    loan = found(sent(text="AUTO LOAN PMT"), got(text="PAYMENT RECEIVED", account_id="car")).transfers[0]
    paid_out = found(sent(text=OUT, account_id="car"), got(text=IN, account_id="checking")).transfers[0]
    assert [each.kind for each in (card, loan, paid_out)] == [
        TransferKind.CARD_PAYMENT,
        TransferKind.LOAN_PAYMENT,
        TransferKind.LOAN_PAYOUT,
    ]
    assert card.confidence == Decimal("0.99")
    assert "one text names the other account" in card.reason


def test_recognize_when_a_bill_and_a_strangers_payment_are_equal_then_they_are_no_pair():
    bill = sent(text="CITY POWER AUTOPAY")
    paid = got(text="PAYMENT THANK YOU", account_id="visa")
    told = found(bill, paid, labels={"out": label("RENT_AND_UTILITIES_GAS_AND_ELECTRICITY")})
    assert sides(told) == [("in",)]  # the payment came from somewhere else
    assert told.transfers[0].is_one_sided
    assert told.unclear == ()


def test_recognize_when_nobody_speaks_of_a_transfer_then_the_pair_is_unclear_and_not_counted():
    told = found(sent(text="WITHDRAWAL"), got(text="DEPOSIT"))
    assert (told.transfers, told.refunds) == ((), ())
    assert [(each.entry_ids, each.confidence) for each in told.unclear] == [(("out", "in"), Decimal("0.50"))]
    assert told.unclear[0].reason == "Equal amounts in two accounts on one day; neither text speaks of a transfer."


def test_recognize_when_people_pay_each_other_then_words_of_transfers_prove_nothing():
    told = found(sent(text="ZELLE TRANSFER TO MARCO"), got(text="TRANSFER FROM K OWENS"))
    assert told.transfers == ()
    assert len(told.unclear) == 1
    by_vendor = found(sent(text="ZELLE TO MARCO"), labels={"out": label("TRANSFER_OUT_ACCOUNT_TRANSFER")})
    assert by_vendor.transfers == ()


def test_recognize_when_the_text_names_a_third_account_then_the_pair_is_not_with_another_one():
    named = sent(text="ONLINE TRANSFER TO CHK ...7702")
    assert sides(found(named, got(text="DEPOSIT"))) == []
    assert sides(found(named, got(text="DEPOSIT"), got("joint", text="DEPOSIT", account_id="joint", day=4))) == [
        ("out", "joint")
    ]


def test_recognize_when_two_candidates_are_equal_then_it_is_unclear_and_names_the_other():
    told = found(sent(), got("a", text="DEPOSIT"), got("b", text="DEPOSIT", account_id="joint"))
    assert told.transfers == ()
    assert [each.entry_ids for each in told.unclear] == [("out", "b")]  # by the account's name, in any order
    assert told.unclear[0].reason.endswith("That of 2026-11-01 in account savings fits as well.")


def test_recognize_when_a_candidate_is_nearer_then_it_is_taken():
    assert sides(found(sent(day=3), got("near", day=4), got("far", day=5))) == [("out", "near")]


def test_recognize_when_two_equal_transfers_are_on_one_day_then_each_side_has_one_partner():
    told = found(sent("o1"), sent("o2"), got("i1"), got("i2", account_id="joint", text="TRANSFER FROM CHECKING"))
    assert len(told.transfers) == 2
    assert {id for each in told.transfers for id in each.entry_ids} == {"o1", "o2", "i1", "i2"}
    assert told.unclear == ()


def test_recognize_when_the_nearest_would_leave_another_one_alone_then_the_best_for_all_is_taken():
    """Taking o2-i1, which are a day apart, first would leave o1 and i2 eight days apart and alone."""
    told = found(sent("o1", day=1), sent("o2", day=6), got("i1", day=5), got("i2", day=9))
    assert sorted(sides(told)) == [("o1", "i1"), ("o2", "i2")]


def test_recognize_when_a_person_linked_then_their_word_comes_before_amounts_and_currencies():
    euro = got("euro", "180.00", currency="EUR", account_id="euro", text="SEPA")
    told = found(sent(), got(), euro, links={"out": "euro", "euro": "out"})
    linked = told.transfers[0]
    assert (linked.entry_ids, linked.confidence, linked.reason) == (("out", "euro"), 1, "You linked the two sides.")
    assert (str(linked.amount), str(linked.received)) == ("200.00 USD", "180.00 EUR")
    assert sides(told) == [("out", "euro")]  # the nearer looking one has no partner any more
    fee = found(sent(amount="-203.00"), got(), links={"in": "out"}).transfers[0]
    assert fee.reason == "You linked the two sides, which differ by 3.00 USD."


def test_recognize_when_links_are_stale_or_crossed_then_no_row_has_two_partners():
    gone = found(sent(), links={"out": "erased"}).transfers
    assert [(each.entry_ids, each.is_one_sided, each.confidence) for each in gone] == [(("out",), True, Decimal(1))]
    crossed = found(sent("a"), got("b"), got("c"), links={"a": "b", "c": "a", "b": "a"})
    assert [each.entry_ids for each in crossed.transfers] == [("a", "b"), ("c",)]
    assert sides(found(sent("a"), links={"a": "a"})) == [("a",)]


def test_recognize_when_a_person_says_it_is_not_one_then_it_is_not():
    for said in ({"apart": frozenset({"in"})}, {"labels": {"in": label("INCOME_SALARY", Judge.PERSON)}}):
        told = found(sent(), got(), **said)
        assert sides(told) == []
        assert told.unclear == ()


def test_recognize_when_only_one_side_is_in_the_book_then_the_label_decides_and_says_so():
    told = found(sent(), got(text="X"), got("cash", text="X", day=20), labels={
        "out": label("TRANSFER_OUT_SAVINGS"),
        "cash": label("TRANSFER_IN_DEPOSIT"),
        "in": label("INCOME_OTHER"),
    })  # fmt: skip
    assert [(each.entry_ids, each.is_one_sided, each.received) for each in told.transfers] == [(("out",), True, None)]
    assert told.transfers[0].reason.startswith("The other side is not in the book; a transfer by one side only:")


@pytest.mark.parametrize(
    ("category", "amount", "kind"),
    [
        ("LOAN_PAYMENTS_CREDIT_CARD_PAYMENT", "-50", TransferKind.CARD_PAYMENT),
        ("LOAN_PAYMENTS_MORTGAGE_PAYMENT", "-50", None),
        ("TRANSFER_OUT_WITHDRAWAL", "-50", None),
        ("LOAN_DISBURSEMENTS_PERSONAL", "50", TransferKind.LOAN_PAYOUT),
        ("TRANSFER_IN_SAVINGS", "50", TransferKind.TRANSFER),
    ],
)
def test_recognize_when_one_side_is_labeled_then_the_kind_is_by_its_category(category, amount, kind):
    told = found(entry("X", amount, account_id="checking"), labels={"X": label(category)}).transfers
    assert [each.kind for each in told] == ([] if kind is None else [kind])


def test_recognize_when_the_model_alone_calls_one_side_a_transfer_then_its_text_has_to_say_so_too():
    by_model = {"X": label("TRANSFER_OUT_SAVINGS", Judge.MODEL), OUT: label("TRANSFER_OUT_SAVINGS", Judge.MODEL)}
    assert sides(found(entry("X"), entry(OUT), labels=by_model)) == [(OUT,)]


def test_recognize_when_there_is_nothing_then_nothing_is_found():
    assert recognize(Activity(entries=())) == Transfers(transfers=(), refunds=(), unclear=())


def test_recognize_when_two_rows_have_one_id_then_it_says_so():
    with pytest.raises(InvalidInput, match="Two transactions have one id"):
        found(sent(), sent())


def activity_of(truth: Truth) -> Activity:
    categorizer = Categorizer()
    labels = {each.id: categorizer.label(each) for each in truth.entries}
    return Activity(entries=truth.entries, labels=labels, accounts=ACCOUNTS, links=truth.links)


def test_recognize_when_households_are_made_up_then_precision_and_recall_are_at_least_98_percent():
    """Measured over 20 households of 24 months, 35,641 rows (`FIN_INFRA_TEST_TIER=long`):

    pairs: precision 0.990, recall 0.994; rows that are sides of a transfer: precision 0.996, recall 0.995;
    refunds: precision 1.000, recall 1.000; 88 % have the very purchase that was meant, the others another one of the
    same merchant. Wrong are strangers' deposits of the amount and the day of a transfer to another bank, and missed are
    sides that both say no more than DEPOSIT and WITHDRAWAL, which are reported as unclear.

    One hand wrote the generator and the words that the recognition knows, so expect less on real rows.
    """
    pairs, rows, refunds = (Counter[str]() for _ in range(3))
    for seed in range(effort(20)):
        truth = Household(seed).months(24)
        told = recognize(activity_of(truth))
        by_id = {each.id: each for each in truth.entries}
        whole = [(each.out_id, each.in_id) for each in told.transfers if not each.is_one_sided]
        score(pairs, Counter(place(by_id, *pair) for pair in truth.pairs), Counter(place(by_id, *p) for p in whole))
        found_rows = Counter(id for each in told.transfers for id in each.entry_ids)
        assert set(found_rows.values()) == {1}
        score(rows, Counter(truth.sides), found_rows)
        score(refunds, Counter(truth.refunds.keys()), Counter(each.entry_id for each in told.refunds))
    for each in (pairs, rows, refunds):
        assert each["hit"] >= 0.98 * each["told"]
        assert each["hit"] >= 0.98 * each["true"]
        assert each["true"] > 100


def place(by_id: dict[str, Entry], out: str | None, into: str | None) -> tuple[object, ...]:
    """Return a pair without the ids: of two equal transfers on one day, either side goes with either."""
    one, other = by_id[out or ""], by_id[into or ""]
    return one.account_id, one.date, one.amount, other.account_id, other.date


def score(counts: Counter[str], true: Counter[Any], told: Counter[Any]) -> None:
    counts.update(hit=(true & told).total(), true=true.total(), told=told.total())


@settings(max_examples=effort(40))
@given(st.integers(0, 10_000), st.randoms(use_true_random=False))
def test_recognize_when_rows_come_in_another_order_then_it_finds_the_same(seed, random):
    truth = Household(seed).months(2)
    activity = activity_of(truth)
    shuffled = random.sample(list(truth.entries), len(truth.entries))
    turned = Activity(
        entries=shuffled,
        labels=dict(sorted(activity.labels.items(), reverse=True)),
        accounts=ACCOUNTS[::-1],
        links=dict(reversed(truth.links.items())),
    )
    assert recognize(turned) == recognize(activity)


FEW = st.lists(
    st.tuples(
        st.sampled_from(["checking", "savings", "joint", "visa"]),
        st.integers(1, 9),
        st.sampled_from(["-5.00", "5.00", "-7.00", "7.00"]),
        st.sampled_from([OUT, IN, "DEPOSIT", "PAYMENT THANK YOU", "XFER 9081", "STARBUCKS", "ZELLE TO ANN"]),
    ),
    max_size=24,
)


@settings(max_examples=effort(200))
@given(FEW, st.randoms(use_true_random=False))
def test_recognize_when_equal_amounts_crowd_then_it_is_one_answer_and_every_row_counts_once(rows, random):
    entries = [
        entry(text, amount, id=f"{at:02}", account_id=account, day=day)
        for at, (account, day, amount, text) in enumerate(rows)
    ]
    told = found(*entries)
    assert found(*random.sample(entries, len(entries))) == told
    used = [id for each in told.transfers for id in each.entry_ids] + [each.entry_id for each in told.refunds]
    assert len(used) == len(set(used))
    for pair in (each for each in (*told.transfers, *told.unclear) if not each.is_one_sided):
        one, other = (next(e for e in entries if e.id == id) for id in pair.entry_ids)
        assert one.account_id != other.account_id
        assert one.amount + other.amount == 0
        assert abs((one.date - other.date).days) <= 5


def test_recognize_when_there_are_ten_times_the_rows_then_about_ten_times_as_many_pairs_are_looked_at(
    monkeypatch: pytest.MonkeyPatch,
):
    looked: Counter[str] = Counter()
    strength = pairs._strength

    def counted(*args: Any) -> int:
        looked["at"] += 1
        return strength(*args)

    monkeypatch.setattr(pairs, "_strength", counted)

    def pairs_of(count: int) -> int:
        day = dt.date(2020, 1, 1)
        rows = [
            entry(
                OUT if at % 2 else IN,
                "-5.00" if at % 2 else "5.00",
                id=f"{at}",
                account_id="checking" if at % 2 else "savings",
                date=day + dt.timedelta(days=at // 20),
            )
            for at in range(count)
        ]
        looked.clear()
        assert len(found(*rows).transfers) == count // 2
        return looked["at"]

    few = pairs_of(300)
    assert 0 < pairs_of(3_000) <= 12 * few
