"""Which accounts of statement files are one, which are not, and which are asked about."""

from __future__ import annotations

from itertools import combinations
from typing import Any

import pytest

from fin_infra.imports.statements import AccountMatch, account_candidates, same_account
from fin_infra.model.banking import AccountType
from fin_infra.model.statement import StatementAccount


def account(**values: Any) -> StatementAccount:
    plain: dict[str, Any] = {
        "number": "00012345678",
        "bank_id": "30004",
        "branch_id": "0001",
        "type": AccountType.DEPOSITORY,
        "type_text": "CHECKING",
        "currency": "EUR",
        "institution": "North",
        "institution_id": "42",
    }
    return StatementAccount(**(plain | values))


CARD = account(number="4000000000000002", bank_id=None, branch_id=None, type=AccountType.CREDIT, type_text=None)


@pytest.mark.parametrize(
    "values",
    [
        {"branch_id": "0002"},
        {"bank_id": "30005"},
        {"type_text": "SAVINGS"},
        {"currency": "USD"},
        {"number": "00012345679"},
        {"number": "5678"},
        {"number": "XXXXXXX5679"},
        {"number": "9XXXXXX5678"},
        {"number": "XXXXXXXXX78"},
        {"number": "XXXXXXX5678", "branch_id": "2"},
        {"number": "XXXXXXX5678", "bank_id": None, "institution_id": "43"},
        {"type": AccountType.CREDIT, "type_text": None},
        {"institution_id": "43", "bank_id": None},
    ],
)
def test_account_when_both_files_print_something_else_then_is_another(values: dict[str, Any]) -> None:
    other = account(**values)
    assert account().identity != other.identity
    assert same_account(account(), other) is AccountMatch.DIFFERENT
    assert same_account(other, account()) is AccountMatch.DIFFERENT
    assert account_candidates(account(), [other]) == ()


@pytest.mark.parametrize(
    "values",
    [
        {"institution": None, "institution_id": None},
        {"institution_id": None, "institution": "NORTH"},
        {"institution_id": "3000"},
        {"branch_id": None},
        {"bank_id": None},
        {"type": AccountType.UNKNOWN, "type_text": None},
        {"number": "000 1234 5678"},
        {"number": "12345678"},
        {"number": "FR7630004000100012345678"},
        {"number": "XXXXXXX5678"},
        {"number": "*******5678"},
        {"number": "0001•••5678"},
        {"branch_id": "001"},
        {"bank_id": "030004"},
    ],
)
def test_account_when_one_file_says_less_then_a_person_is_asked(values: dict[str, Any]) -> None:
    other = account(**values)
    assert account().identity != other.identity
    assert same_account(account(), other) is AccountMatch.ASK
    assert same_account(other, account()) is AccountMatch.ASK
    assert account_candidates(other, [account(), CARD]) == (account(),)


def test_account_when_the_key_is_equal_then_is_the_same_and_nothing_is_asked() -> None:
    assert same_account(account(), account()) is AccountMatch.SAME
    assert account_candidates(account(), [account(branch_id=None), account()]) == ()


def test_card_when_the_institution_is_named_otherwise_then_its_number_is_enough_to_ask() -> None:
    other = StatementAccount(
        number=CARD.number, type=AccountType.CREDIT, currency="EUR", institution="Elsewhere", institution_id="7"
    )
    assert same_account(CARD, other) is AccountMatch.ASK


def test_card_when_masked_then_another_institution_keeps_it_apart() -> None:
    """Four digits are not a whole number: cards of two banks end alike."""
    masked = {"number": "XXXXXXXXXXXX0002", "institution": "Elsewhere", "institution_id": "7"}
    other = account(bank_id=None, branch_id=None, type=AccountType.CREDIT, type_text=None, **masked)
    assert same_account(CARD, other) is AccountMatch.DIFFERENT


def test_match_when_asked_in_either_order_then_is_the_same() -> None:
    accounts = [account(), CARD, account(branch_id=None), account(number="12345678"), account(institution_id=None)]
    for one, other in combinations(accounts, 2):
        assert same_account(one, other) is same_account(other, one)


@pytest.mark.parametrize(
    ("number", "ending"),
    [("7788", "88"), ("12345-6", "456"), ("000111222", "1222"), ("2", ""), ("12345678", "5678"), ("1-2-3-4", "34")],
)
def test_ending_when_the_number_is_short_then_it_is_never_whole(number: str, ending: str) -> None:
    assert account(number=number).ending == ending
    assert account(number=number).label == (f"account ending {ending}" if ending else "account")
