"""Quick construction gives the same records, and verbatim records read like mappings."""

from __future__ import annotations

import gc
import os
import pickle
import threading
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from fin_infra.errors import UnexpectedPayload
from fin_infra.model import Money, Transaction, TransactionStatus
from fin_infra.providers.bulk import Verbatim, collector_paused, quick

GIVEN: dict[str, Any] = {
    "source": "x:y",
    "as_of": datetime(2026, 1, 1, tzinfo=UTC),
    "id": "1",
    "account_id": "2",
    "date": date(2026, 1, 1),
    "amount": Money(Decimal("1.00"), "USD"),
    "status": TransactionStatus.POSTED,
    "description": "d",
}


def test_quick_when_fields_given_then_equal_to_the_ordinary_record_defaults_included() -> None:
    assert quick(Transaction)(**GIVEN) == Transaction(**GIVEN)
    assert quick(Money)(amount=Decimal(1), currency="USD") == Money(Decimal(1), "USD")


def test_quick_when_record_made_then_still_frozen() -> None:
    made = quick(Transaction)(**GIVEN)
    with pytest.raises(AttributeError):
        made.id = "3"  # type: ignore[misc]  # this is what must fail


@pytest.mark.parametrize("change", [{"colour": 1}, {"id": ...}])
def test_quick_when_a_field_is_unknown_or_missing_then_type_error(change: dict[str, Any]) -> None:
    given = {name: value for name, value in (GIVEN | change).items() if value is not ...}
    with pytest.raises(TypeError):
        quick(Transaction)(**given)


def test_quick_when_class_makes_its_own_values_then_refused() -> None:
    @dataclass(frozen=True, slots=True)
    class Made:
        rows: list[int] = field(default_factory=list)

    with pytest.raises(TypeError):
        quick(Made)
    with pytest.raises(TypeError):
        quick(dict)


def test_verbatim_when_read_then_like_the_object_it_was() -> None:
    row = Verbatim(b'{"a": 1.10, "b": null}')
    assert isinstance(row, Mapping)
    assert dict(row) == {"a": Decimal("1.10"), "b": None} == row
    assert (len(row), row.get("c"), "b" in row) == (2, None, True)
    assert pickle.loads(pickle.dumps(row)) == row
    assert "1.10" not in repr(row)


def test_verbatim_when_very_many_then_no_work_for_the_collector() -> None:
    assert not gc.is_tracked(Verbatim(b"{}"))


def test_verbatim_when_bytes_are_broken_then_our_error() -> None:
    with pytest.raises(UnexpectedPayload):
        Verbatim(b'{"a": ')["a"]


# The pause of the collector.


@pytest.fixture
def collector() -> Iterator[None]:
    was_on = gc.isenabled()
    gc.enable()
    yield
    (gc.enable if was_on else gc.disable)()


def test_pause_when_nested_or_failing_then_the_outermost_gives_the_collector_back(collector: None) -> None:
    with suppress(ZeroDivisionError), collector_paused():
        with collector_paused():
            assert not gc.isenabled()
        assert not gc.isenabled()
        _ = 1 / 0
    assert gc.isenabled()


def test_pause_when_the_collector_was_off_then_it_stays_off(collector: None) -> None:
    gc.disable()
    with collector_paused():
        pass
    assert not gc.isenabled()


def test_pause_when_threads_overlap_then_it_is_off_until_the_last_ends(collector: None) -> None:
    entered, leave = threading.Event(), threading.Event()

    def other() -> None:
        with collector_paused():
            entered.set()
            leave.wait(10)

    with collector_paused():
        thread = threading.Thread(target=other)
        thread.start()
        assert entered.wait(10)
    assert not gc.isenabled()
    leave.set()
    thread.join()
    assert gc.isenabled()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
def test_pause_when_another_thread_forks_then_the_child_has_its_collector(collector: None) -> None:
    with collector_paused():
        child = os.fork()
        if not child:
            with collector_paused():
                pass
            os._exit(0 if gc.isenabled() else 1)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
        assert not gc.isenabled()
