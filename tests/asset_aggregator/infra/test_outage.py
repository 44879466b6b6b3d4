"""A store that failed is left alone, tried by one request at a time, and reported once an outage."""

from __future__ import annotations

import logging

import pytest

from asset_aggregator.infra.outage import Outage


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_store_when_it_fails_then_one_request_a_pause_asks_it_and_one_warning_tells(
    caplog: pytest.LogCaptureFixture,
) -> None:
    clock = Clock()
    outage = Outage("cache unavailable", pause_s=5, clock=clock)
    asked = []
    with caplog.at_level(logging.INFO):
        for second in (0.0, 0.0, 4.9, 5.0, 5.1, 10.0):
            clock.now = 1000 + second
            if outage.may_ask():
                asked.append(second)
                outage.failed(ConnectionError("user:hunter2@redis"))
        assert asked == [0.0, 5.0, 10.0]
        clock.now += 5
        assert outage.may_ask()
        assert not outage.may_ask()  # the one before is still waiting
        outage.worked()
        assert outage.may_ask()
    assert [record.levelname for record in caplog.records] == ["WARNING", "INFO"]
    assert "hunter2" not in caplog.text


def test_store_when_it_fails_after_it_worked_again_then_that_is_another_outage(
    caplog: pytest.LogCaptureFixture,
) -> None:
    outage = Outage("cache unavailable")
    for _ in range(2):
        outage.failed(ConnectionError())
        outage.worked()
    assert [record.levelname for record in caplog.records if record.levelname == "WARNING"] == ["WARNING"] * 2
