"""Thousands of lines made by something else than what masks them: nothing personal is read, and clean lines stay."""

from __future__ import annotations

import pytest

from fin_infra.pii import mask
from fin_infra.providers.registry import providers
from tests.pii.corpus import Corpus, leaked
from tests.support.effort import share

LINES = share(24_000, test=4_000, quick=2_200)
CHANGED = 0.001
"""Share of clean lines that may be changed: one in ten numbers of sixteen digits has a card's check digit."""
TOKENS_OF_VENDORS = list(providers())


@pytest.mark.parametrize("seed", [1, 2])
def test_mask_when_lines_hold_personal_data_then_nothing_of_it_is_left(seed: int) -> None:
    found = [(line, mask(line.line)) for line in Corpus(seed).dirty(LINES)]
    assert [(line.kind, line.line, masked) for line, masked in found if line.leaks(masked)] == []


@pytest.mark.parametrize("seed", [1, 2])
def test_mask_when_lines_are_clean_then_all_but_a_thousandth_stay(seed: int) -> None:
    lines = list(Corpus(seed).clean(LINES))
    changed = [(line, mask(line)) for line in lines if mask(line) != line]
    assert len(changed) <= CHANGED * LINES, changed


def test_mask_when_done_twice_then_changes_nothing_more() -> None:
    for line in Corpus(3).dirty(LINES // 4):
        assert mask(mask(line.line)) == mask(line.line)


def test_leak_when_a_value_stands_there_then_it_is_found() -> None:
    """The measure itself: it would see a number that was not masked, or only regrouped."""
    assert leaked("4111 1111 1111 1111", "card 4111-1111-1111-1111")
    assert leaked("000123456789", "account 00012345***")
    assert not leaked("000123456789", "account ***6789")


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("order_id=4111111111111111", "order_id=***1111"),  # a card of a large network is one whatever it is called
        ("order_id: 36569309025904", "order_id: 36569309025904"),  # the length of Diners Club, named as an order
        ("1764234909123 1764234909 20261127091509", "1764234909123 1764234909 20261127091509"),
        ("amount 4111111111111111.00 USD", "amount 4111111111111111.00 USD"),
        ("digest 4111111111111111aaaaaaaaaaaaaaaa", "digest 4111111111111111aaaaaaaaaaaaaaaa"),
        ("see%204111111111111111&x", "see%20***1111&x"),
        ('"a\\n123-45-6789"', '"a\\n***"'),
        ("000-12-3456 and 666-12-3456", "000-12-3456 and 666-12-3456"),  # no such area, and no label
        ("ssn 000-12-3456", "ssn ***"),
        ("021000021 is nothing, routing 021000021", "021000021 is nothing, routing ***0021"),
        ("account 20.50 USD, account 123456 rows", "account 20.50 USD, account 123456 rows"),
        ("<ACCTID>000123456789<BANKID>021000021", "<ACCTID>***6789<BANKID>***0021"),
        ("GET /banking/accounts/123456789012/balance", "GET /banking/accounts/***9012/balance"),
        ("q=%2Bx%253Dtoken%253DS3CRETVALUE%26x", "q=%2Bx%253Dtoken%253D***%26x"),
        ("P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<", "***"),
        ("GB0002634946 BAE SYSTEMS PLC ORD", "GB0002634946 BAE SYSTEMS PLC ORD"),
        ("row NO9386011117947KQX of 7", "row NO9386011117947KQX of 7"),  # longer than the IBAN it begins like
        ("tokens=512 token_type=bearer, the token is expired", "tokens=512 token_type=bearer, the token is expired"),
        ("İ account 123456789012", "İ account ***9012"),  # a capital that is two signs in lower case
    ],
)
def test_mask_when_a_line_is_hard_to_judge_then_as_decided(text: str, wanted: str) -> None:
    assert mask(text) == wanted


@pytest.mark.parametrize("word", ["said", "paid", "aid", "lifetime", "reorder", "bits", "order paid by", "refund"])
def test_card_of_a_rare_length_when_a_word_only_ends_like_a_label_then_masked(word: str) -> None:
    """13 digits, beginning like a Visa card, with the check digit that Luhn's sum by hand gives."""
    assert mask(f"{word} 4677 6255 1706 6: not accepted") == f"{word} ***7066: not accepted"


@pytest.mark.parametrize("label", ["id", "order id:", "clientOrderId=", "x-trace-id: ", '"time": ', "ts_ms=", "amount"])
def test_number_of_a_rare_card_length_when_it_has_another_label_then_readable(label: str) -> None:
    assert mask(f"{label} 4677625517066") == f"{label} 4677625517066"
