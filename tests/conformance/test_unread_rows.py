"""A list of which one row cannot be read, over real HTTP: for every list that an adapter of a bank or broker has."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import pytest

from fin_infra.errors import UnexpectedPayload
from fin_infra.model import Holdings, TransactionChanges
from fin_infra.providers.provider import Provider
from tests.conformance.fault_bench import Bench, Watch, bench, benches, scope_of, stage
from tests.conformance.fault_cases import MODES, PROVIDERS, vendor
from tests.providers.list_cases import CHANGING, DOMAINS, OWN, listing_operations
from tests.support.sandbox_kinds import kinds_of
from tests.support.vendors import VENDORS

__all__ = ["bench", "benches", "stage"]  # fixtures
ADAPTERS = [cls for cls in PROVIDERS if cls.info.provider_key.partition(":")[0] in DOMAINS]


@pytest.mark.parametrize("cls", ADAPTERS, ids=vendor)
def test_kinds_when_an_adapter_has_lists_then_its_sandbox_can_spoil_a_row(cls: type[Provider[Any]]) -> None:
    assert "bad_row" in kinds_of(vendor(cls))


@pytest.mark.parametrize(("cls", "mode"), [pytest.param(c, m, id=f"{vendor(c)}-{m}") for c in ADAPTERS for m in MODES])
def test_list_when_a_row_cannot_be_read_then_the_others_come_and_it_is_named(
    bench: Bench, cls: type[Provider[Any]]
) -> None:
    struck = {f"{cls.info.provider_key.partition(':')[2]}/{name}" for name in spoiled(bench, cls)}
    asked = {name for name in listing_operations() if name.startswith(f"{cls.info.provider_key.partition(':')[2]}/")}
    assert struck == {name for name in asked if not name.endswith((*OWN, *CHANGING))}


def spoiled(bench: Bench, cls: type[Provider[Any]]) -> Iterator[str]:
    """Yield the operations in whose answers a row was spoiled, after a look at what came of it."""
    for case in VENDORS[cls.info.provider_key].cases:
        if case.changes or case.mends:
            continue
        with bench.client(cls, Watch(), **case.settings) as client:
            right = bench.call(client, case)
        for request in bench.arrivals(right.ident):
            bench.control("POST", "/faults", vendor=vendor(cls), kind="bad_row", count=1, **scope_of(request))
            with bench.client(cls, Watch(), **case.settings) as client:
                found = bench.call(client, case)
            errors = found.unread
            bench.control("DELETE", "/faults")
            if found.error is not None:  # one record that is looked for in a list: nobody knows whether it is that row
                assert isinstance(found.error, UnexpectedPayload), (case.name, found.error)
                assert not isinstance(right.value, Sequence), case.name
                continue
            own = isinstance(found.result, (Holdings, TransactionChanges))
            if own and found.result.errors:  # a record of several lists names them itself
                assert len(found.result.errors) == 1, case.name
                continue
            if not errors:
                assert found.value == right.value, case.name
                continue
            assert {error.place.rpartition("[")[2] for error in errors} == {"0]"}
            assert len(errors) == 1, (case.name, errors)
            kept = iter(right.value)
            assert len(found.value) < len(right.value)
            assert all(row in kept for row in found.value), case.name
            yield case.operation
