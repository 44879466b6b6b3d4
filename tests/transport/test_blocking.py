"""`blocking`: a call that may block, as a step of a flow."""

from __future__ import annotations

import pytest

from fin_infra.transport import Blocking, blocking


def test_blocking_when_it_is_run_then_the_driver_calls_and_the_flow_gets_the_result() -> None:
    flow = blocking(int, "ff", base=16)
    effect = next(flow)
    assert isinstance(effect, Blocking)
    with pytest.raises(StopIteration) as stop:
        flow.send(effect.fn())
    assert stop.value.value == 255


def test_blocking_when_never_run_then_nothing_is_called() -> None:
    called: list[str] = []
    blocking(called.append, "x")
    assert called == []


def test_blocking_when_the_call_fails_then_the_flow_hears_it() -> None:
    flow = blocking(int, "x")
    next(flow)
    with pytest.raises(ValueError, match="from the driver"):
        flow.throw(ValueError("from the driver"))
