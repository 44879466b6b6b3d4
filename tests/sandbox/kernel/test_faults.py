"""Which fault hits: scope by vendor, path, query and method, counts, chance, and descriptions that are wrong."""

from __future__ import annotations

from typing import Any

import pytest

from fin_infra.sandbox.kernel.clock import Clock
from fin_infra.sandbox.kernel.faults import FaultBoard
from fin_infra.sandbox.kernel.state import Sandbox
from fin_infra.sandbox.vendors import all_vendors

KINDS = Sandbox(7, Clock(), all_vendors()).kinds


def _hits(board: FaultBoard, vendor: str, path: str, method: str = "GET", **query: str) -> list[str]:
    return [fault.id for fault in board.strike(vendor, method, path, query)]


@pytest.mark.parametrize(
    ("pattern", "path", "hit"),
    [
        ("*", "/accounts", True),
        ("/accounts", "/accounts", True),
        ("/accounts", "/accounts/acc_1/balances", True),
        ("/accounts/", "/accounts/acc_1", True),
        ("/accounts", "/accountsx", False),
        ("/accounts/*/balances", "/accounts/acc_1/balances", True),
        ("/accounts/*/balances", "/accounts/acc_1/details", False),
        ("/identity", "/accounts", False),
    ],
)
def test_path_when_a_glob_or_a_prefix_then_whole_segments_match(pattern: str, path: str, hit: bool) -> None:
    board = FaultBoard(7, KINDS)
    board.add({"vendor": "teller", "kind": "status_500", "path": pattern})
    assert bool(_hits(board, "teller", path)) is hit


def test_scope_when_vendor_method_or_query_differ_then_no_hit() -> None:
    board = FaultBoard(7, KINDS)
    board.add({"vendor": "alpha-vantage", "kind": "status_500", "method": "get", "query": {"function": "TIME_*"}})
    assert _hits(board, "alpha-vantage", "/query", function="TIME_SERIES_DAILY") == ["fault-1"]
    assert _hits(board, "alpha-vantage", "/query", function="GLOBAL_QUOTE") == []
    assert _hits(board, "alpha-vantage", "/query", "DELETE", function="TIME_SERIES_DAILY") == []
    assert _hits(board, "coingecko", "/query", function="TIME_SERIES_DAILY") == []


def test_count_when_used_up_then_the_next_fault_has_its_turn() -> None:
    board = FaultBoard(7, KINDS)
    board.add({"vendor": "ecb", "kind": "status_500", "count": 2})
    board.add({"vendor": "ecb", "kind": "status_502"})
    assert [_hits(board, "ecb", "/x") for _ in range(4)] == [["fault-1"], ["fault-1"], ["fault-2"], ["fault-2"]]
    assert [(f.applied, f.remaining) for f in board.all()] == [(2, 0), (2, None)]


def test_probability_when_one_half_then_the_same_half_on_every_run() -> None:
    def run(seed: int) -> list[bool]:
        board = FaultBoard(seed, KINDS)
        board.add({"vendor": "ecb", "kind": "status_500", "probability": 0.5})
        return [bool(_hits(board, "ecb", "/x")) for _ in range(400)]

    assert run(7) == run(7) != run(8)
    assert 150 < sum(run(7)) < 250


def test_probability_when_zero_or_one_then_never_or_always() -> None:
    board = FaultBoard(7, KINDS)
    board.add({"vendor": "ecb", "kind": "status_500", "probability": 0})
    assert not any(_hits(board, "ecb", "/x") for _ in range(50))
    board.add({"vendor": "ecb", "kind": "status_502", "probability": 1})
    assert all(_hits(board, "ecb", "/x") == ["fault-2"] for _ in range(50))


@pytest.mark.parametrize(
    ("spec", "text"),
    [
        ({"vendor": "teler", "kind": "empty"}, "Unknown vendor 'teler'; use one of a"),
        ({"vendor": "teller", "kind": "drop_befor"}, "did you mean 'drop_before'?"),
        ({"vendor": "teller", "kind": "zzz"}, "use one of rate_limit,"),
        ({"vendor": "teller"}, "Unknown fault kind None"),
        ({"vendor": "teller", "kind": "quota_note"}, "does not exist at 'teller'"),
        ({"vendor": "teller", "kind": "short_page"}, "does not exist at 'teller'"),
        ({"vendor": "*", "kind": "empty_page"}, "does not exist at '*'"),
        ({"vendor": "finastra", "kind": "quota_note"}, "does not exist at 'finastra'"),
        ({"vendor": "ecb", "kind": "expired_token"}, "does not exist at 'ecb'"),
        ({"vendor": "teller", "kind": "empty", "cuont": 1}, "Unknown field 'cuont'"),
        ({"vendor": "teller", "kind": "empty", "count": 0}, "`count` must be a whole number from 1"),
        ({"vendor": "teller", "kind": "empty", "count": True}, "`count` must be"),
        ({"vendor": "teller", "kind": "empty", "probability": 2}, "`probability` must be a number from 0 to 1"),
        ({"vendor": "teller", "kind": "latency", "seconds": "1"}, "`seconds` must be a number"),
        ({"vendor": "teller", "kind": "latency", "seconds": float("nan")}, "`seconds` must be a number"),
        ({"vendor": "teller", "kind": "rate_limit", "retry_after": 1.5}, "`retry_after` must be a whole number"),
        ({"vendor": "teller", "kind": "empty", "path": ""}, "`path` must be text"),
        ({"vendor": "teller", "kind": "empty", "query": ["a"]}, "`query` must be an object"),
    ],
)
def test_add_when_the_description_is_wrong_then_one_sentence_says_so(spec: dict[str, Any], text: str) -> None:
    board = FaultBoard(7, KINDS)
    with pytest.raises(ValueError) as caught:  # noqa: PT011  # the text is checked below
        board.add(spec)
    assert text in str(caught.value)
    assert board.all() == []
