"""Days and instants in requests: the forms of RFC 3339 are read, digits and everything else are refused."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from typing import Annotated, Any

import pytest
from fastapi import APIRouter, FastAPI, Query
from fastapi.testclient import TestClient
from hypothesis import given
from hypothesis import strategies as st

from fin_infra.api import PUBLIC, add_banking, add_fx, add_market_data, moments
from fin_infra.api.moments import Day, DayOrInstant, zoned
from fin_infra.api.problems import add_problems
from tests.support.sandbox_control import Control

DIGITS = ["20261101", "2026", "0", "86400", "-1", "1700000000", "1795651200", "1e3", "٢٠٢٦-٠١-٠٢"]
NOT_DAYS = [*DIGITS, "", "2026-1-2", "2026-02-30", "0000-01-01", "2026-W01-1", "2026-001", "2026-01-02 ", "today"]
NOT_INSTANTS = ["2026-01-02T14:30Z", "20260102T143000Z", "2026-01-02T14Z", "2026-01-02T14:30:00+0100"]
NOT_INSTANTS += ["2026-01-02T25:00:00Z", "2026-01-02T23:59:60Z", "2026-01-02 14:30:00Z", "2026-01-02T14:30:00+25:00"]


def _client() -> TestClient:
    router = APIRouter()

    @router.get("/day")
    async def a_day(at: Annotated[Day, Query()] = None) -> dict[str, str]:
        return {"kind": type(at).__name__, "at": str(at)}

    @router.get("/moment")
    async def a_moment(at: Annotated[DayOrInstant, Query()] = None) -> dict[str, str]:
        return {"kind": type(at).__name__, "at": str(zoned("at", at))}

    app = FastAPI()
    add_problems(app)
    app.include_router(router)
    return TestClient(app)


CLIENT = _client()


@pytest.mark.parametrize("text", NOT_DAYS)
def test_day_when_in_another_form_then_422(text: str) -> None:
    assert CLIENT.get("/day", params={"at": text}).status_code == 422
    assert CLIENT.get("/moment", params={"at": text}).status_code == 422


@pytest.mark.parametrize("text", [*NOT_INSTANTS, "2026-01-02T14:30:00", "2026-01-02T14:30"])
def test_instant_when_in_another_form_or_without_a_zone_then_422(text: str) -> None:
    assert CLIENT.get("/moment", params={"at": text}).status_code == 422


@pytest.mark.parametrize(
    ("path", "text", "kind", "shown"),
    [
        ("/day", "2026-01-02", "date", "2026-01-02"),
        ("/moment", "2026-01-02", "date", "2026-01-02"),
        ("/moment", "2026-01-02T00:00:00Z", "datetime", "2026-01-02 00:00:00+00:00"),
        ("/moment", "2026-01-02t09:30:00.5-05:00", "datetime", "2026-01-02 09:30:00.500000-05:00"),
    ],
)
def test_moment_when_in_the_form_of_the_rfc_then_read(path: str, text: str, kind: str, shown: str) -> None:
    assert CLIENT.get(path, params={"at": text}).json() == {"kind": kind, "at": shown}


def test_moment_when_left_out_then_none() -> None:
    assert CLIENT.get("/moment").json()["kind"] == CLIENT.get("/day").json()["kind"] == "NoneType"


@given(st.dates())
def test_day_when_written_in_the_form_then_it_reads_back(at: date) -> None:
    assert moments.day(f"{at.year:04}-{at.month:02}-{at.day:02}") == at


@given(st.datetimes(), st.integers(-23 * 60, 23 * 60))
def test_instant_when_written_in_the_form_then_it_reads_back(at: datetime, minutes: int) -> None:
    sign, offset = "-" if minutes < 0 else "+", abs(minutes)
    text = f"{at.isoformat()}{sign}{offset // 60:02}:{offset % 60:02}"
    assert moments.instant(text) == at.replace(tzinfo=timezone(timedelta(minutes=minutes)))
    assert moments.instant(f"{at.isoformat()}Z") == at.replace(tzinfo=UTC)


@pytest.mark.parametrize("text", DIGITS[:7])
@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/market/candles/AAPL", "start"),
        ("/market/candles/AAPL", "end"),
        ("/banking/accounts/a/transactions", "start"),
        ("/banking/accounts/a/transactions", "end"),
        ("/fx/USD/EUR", "on"),
    ],
)
def test_route_when_a_day_is_given_as_digits_then_422_and_no_vendor_is_asked(
    sandbox: Control, path: str, name: str, text: str
) -> None:
    app = FastAPI()
    for add in (add_market_data, add_banking, add_fx):
        add(app, auth=PUBLIC)
    assert TestClient(app).get(path, params={name: text}).status_code == 422
    assert [row for vendor in ("alpha-vantage", "teller", "ecb") for row in sandbox.requests(vendor)] == []


def test_parameters_when_they_are_days_or_instants_then_each_is_read_by_this_module() -> None:
    app = FastAPI()
    for add in (add_market_data, add_banking, add_fx):
        add(app, auth=PUBLIC)
    found = [
        (path, parameter["name"])
        for path, methods in app.openapi()["paths"].items()
        for parameter in methods["get"].get("parameters", [])
        if '"date' in str(parameter["schema"]).replace("'", '"')
    ]
    assert len(found) == 5
    for path, name in found:
        refused: Any = TestClient(app).get(path.replace("{key}", "AAPL"), params={name: "2026"})
        assert refused.status_code == 422, (path, name)
