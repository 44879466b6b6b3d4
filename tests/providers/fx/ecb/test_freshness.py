"""How long a file of the ECB is good for: until the next publication, and never where the sandbox's clock may jump."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, tzinfo
from decimal import Decimal

import pytest

from fin_infra.errors import InvalidInput
from fin_infra.providers.fx import ecb as module
from fin_infra.providers.fx.ecb import DUE_S, KEPT_S, Ecb, Settings
from fin_infra.providers.provider import Endpoint
from fin_infra.settings import load
from fin_infra.transport import Reply, Request, Sync
from fin_infra.transport.replay import Replay
from tests.providers.fx.ecb.test_adapter import asked, cubes


def file(*days: str) -> bytes:
    """A file of these days, whose dollar is worth 1 and as many hundredths as the day of the month."""
    return cubes(*(f'<Cube time="{day}"><Cube currency="USD" rate="1.{day[-2:]}"/></Cube>'.encode() for day in days))


def bank(answer: Callable[[Request], Reply], environment: str = "custom") -> Ecb[Sync]:
    settings = load(Settings, {"max_attempts": 1})
    return Ecb(Replay(answer), Endpoint("http://127.0.0.1:1", environment, settings))  # type: ignore[arg-type]  # one of its words


class Clock(datetime):
    """A clock that stands where a test puts it."""

    at = datetime(2024, 4, 5, 13, 0, tzinfo=UTC)

    @classmethod
    def now(cls, tz: tzinfo | None = None) -> datetime:  # type: ignore[override]  # no clock of its own kind
        return cls.at.astimezone(tz)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> type[Clock]:
    monkeypatch.setattr(module, "datetime", Clock)
    monkeypatch.setattr(Clock, "at", Clock.at)
    return Clock


# when it is asked for, the newest day in it, when again, how many seconds later, and whether it is asked for anew
MOMENTS = [
    ("before today's are due", "2024-04-04T12:00", "2024-04-04T12:59", KEPT_S - 1, "2024-04-03", False),
    ("an hour later", "2024-04-04T11:00", "2024-04-04T12:01", KEPT_S + 1, "2024-04-03", True),
    ("they came due meanwhile", "2024-04-04T13:59", "2024-04-04T14:01", 120, "2024-04-03", True),
    ("they are there", "2024-04-04T14:01", "2024-04-04T14:50", KEPT_S - 1, "2024-04-04", False),
    ("due and not there yet", "2024-04-04T14:01", "2024-04-04T14:05", DUE_S - 1, "2024-04-03", False),
    ("due and not there yet, minutes later", "2024-04-04T14:01", "2024-04-04T14:07", DUE_S + 1, "2024-04-03", True),
    ("on a Sunday with Friday's", "2024-04-07T10:00", "2024-04-07T10:50", KEPT_S - 1, "2024-04-05", False),
    ("on Monday morning with Friday's", "2024-04-08T09:00", "2024-04-08T09:50", KEPT_S - 1, "2024-04-05", False),
    ("in winter an hour later in UTC", "2024-01-11T14:30", "2024-01-11T14:50", KEPT_S - 1, "2024-01-10", False),
    ("in winter when due", "2024-01-11T14:59", "2024-01-11T15:01", 120, "2024-01-10", True),
]


@pytest.mark.parametrize(
    ("first", "then", "seconds", "newest", "anew"), [row[1:] for row in MOMENTS], ids=[row[0] for row in MOMENTS]
)
def test_file_when_asked_again_then_kept_until_there_may_be_a_newer_one(
    clock: type[Clock], first: str, then: str, seconds: float, newest: str, anew: bool
) -> None:
    client = bank(lambda request: Reply(200, file(newest)))
    assert isinstance(client.transport, Replay)
    clock.at = datetime.fromisoformat(first).replace(tzinfo=UTC)
    client.latest()
    clock.at = datetime.fromisoformat(then).replace(tzinfo=UTC)
    client.transport.now += seconds
    client.latest()
    assert len(asked(client)) == 1 + anew


def test_file_when_it_is_the_sandboxs_then_never_kept() -> None:
    client = bank(lambda request: Reply(200, file("2100-01-04")), "sandbox")
    client.latest()
    client.latest()
    assert len(asked(client)) == 2


def test_latest_when_another_file_is_newer_then_two_questions_have_one_answer() -> None:
    client = bank(
        lambda request: Reply(200, file("2024-04-04") if "daily" in request.path else file("2024-04-05", "2024-04-04"))
    )
    assert client.rate("EUR", "USD", on=date(2024, 4, 5)).rate == Decimal("1.05")
    assert client.latest().date == date(2024, 4, 5)
    assert client.rate("EUR", "USD").rate == Decimal("1.05")


def test_rate_when_the_day_has_not_come_anywhere_then_refused_and_today_of_the_first_zone_is_not(
    clock: type[Clock],
) -> None:
    clock.at = datetime(2024, 4, 4, 11, 0, tzinfo=UTC)  # in Kiritimati it is the 5th already
    client = bank(lambda request: Reply(200, file("2024-04-03")))
    assert client.rate("EUR", "USD", on=date(2024, 4, 5)).date == date(2024, 4, 3)
    with pytest.raises(InvalidInput, match="2024-04-06 has not come yet"):
        client.rate("EUR", "USD", on=date(2024, 4, 6))
    ahead = bank(lambda request: Reply(200, file("2024-04-10")))  # the sandbox's clock, moved
    assert ahead.rate("EUR", "USD", on=date(2024, 4, 10)).date == date(2024, 4, 10)
    assert timedelta(0) < ahead.latest().as_of - clock.at
