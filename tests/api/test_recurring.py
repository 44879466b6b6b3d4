"""Streams, forecast and bills over HTTP, of a file that was imported."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from icalendar import Calendar

from fin_infra.security import keyring
from tests.api.filled import got, serving

NOW = datetime(2026, 3, 20, 12, tzinfo=UTC)
DAYS = ("20251110", "20251210", "20260110", "20260210", "20260310")
ROWS = "".join(
    f"<STMTTRN><TRNTYPE>DEBIT<DTPOSTED>{day}<TRNAMT>-17.99<FITID>h{day}<NAME>HULU 877-8244858</STMTTRN>" for day in DAYS
)
FILE = (
    "OFXHEADER:100\nDATA:OFXSGML\n\n<OFX><BANKMSGSRSV1><STMTTRNRS><STMTRS><CURDEF>USD"
    "<BANKACCTFROM><BANKID>021000021<ACCTID>99887766<ACCTTYPE>CHECKING</BANKACCTFROM>"
    f"<BANKTRANLIST>{ROWS}</BANKTRANLIST><LEDGERBAL><BALAMT>50.00<DTASOF>20260319</LEDGERBAL>"
    "</STMTRS></STMTTRNRS></BANKMSGSRSV1></OFX>"
).encode()
PAID = {"amount": "-17.99", "currency": "USD"}


@pytest.fixture
def client(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[TestClient]:
    monkeypatch.setenv("FIN_INFRA_VAULT_KEYS", keyring.new_key_text("one"))
    with serving(tmp_path, [FILE], clock=lambda: NOW) as found:
        yield found


def test_recurring_when_a_file_was_imported_then_its_stream_is_there(client: TestClient) -> None:
    [stream] = got(client, "/recurring")
    assert (stream["merchant"], stream["frequency"], stream["next_date"]) == ("HULU", "monthly", "2026-04-10")
    assert (stream["average_amount"], stream["status"]) == (PAID, "mature")
    assert len(stream["entry_ids"]) == 5


def test_forecast_when_asked_then_days_months_and_the_lowest_point_are_there(client: TestClient) -> None:
    made = got(client, "/forecast", until="2026-05-31")
    [line] = made["accounts"]
    assert (line["opening"]["amount"], line["closing"]["amount"]) == ("50.00", "14.02")
    assert (line["low_point"]["amount"], line["low_date"]) == ("14.02", "2026-05-10")
    assert [each["net"]["amount"] for each in line["months"]] == ["0", "-17.99", "-17.99"]


def test_bills_when_asked_then_rows_or_a_calendar_file(client: TestClient) -> None:
    assert [(each["date"], each["amount"]) for each in got(client, "/bills", until="2026-05-31")] == [
        ("2026-04-10", PAID),
        ("2026-05-10", PAID),
    ]
    reply = client.get("/bills.ics")
    assert reply.status_code == 200
    assert reply.headers["content-type"] == "text/calendar; charset=utf-8"
    assert reply.headers["cache-control"] == "no-store"
    [event] = Calendar.from_ical(reply.text).walk("VEVENT")
    assert str(event["SUMMARY"]) == "HULU 17.99 USD"


@pytest.mark.parametrize("path", ["/forecast", "/bills", "/bills.ics"])
def test_expected_when_the_last_day_cannot_be_meant_then_a_problem_with_one_sentence(
    client: TestClient, path: str
) -> None:
    reply = client.get(path, params={"until": "2026-03-19"})
    assert reply.status_code == 422
    assert reply.json()["detail"] == "The last day, 2026-03-19, is before today, 2026-03-20."
    assert client.get(path, params={"until": "soon"}).status_code == 422
