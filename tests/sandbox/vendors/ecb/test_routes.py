"""The ECB's files: both namespaces, TARGET days, publication at 16:00 Frankfurt time, currencies that left."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ElementTree
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

ROOT = "/ecb/stats/eurofxref"
EUROFXREF = "{http://www.ecb.int/vocabulary/2002-08-01/eurofxref}"


def _days(ask: Any, name: str) -> dict[str, dict[str, Decimal]]:
    reply = ask(f"{ROOT}/{name}.xml")
    assert (reply.status_code, reply.headers["content-type"]) == (200, "text/xml; charset=utf-8")
    tree = ElementTree.fromstring(reply.content)
    assert tree.tag == "{http://www.gesmes.org/xml/2002-08-01}Envelope"
    outer = tree.findall(f"{EUROFXREF}Cube")
    assert len(outer) == 1
    return {
        day.attrib["time"]: {row.attrib["currency"]: Decimal(row.attrib["rate"]) for row in day} for day in outer[0]
    }


def test_daily_when_published_at_four_in_frankfurt_then_todays_rates(ask: Any) -> None:
    days = _days(ask, "eurofxref-daily")
    assert list(days) == ["2026-11-20"]
    rates = days["2026-11-20"]
    assert len(rates) == 29
    assert "EUR" not in rates
    assert "BGN" not in rates
    assert (rates["USD"], rates["JPY"], rates["GBP"]) == (Decimal("1.1624"), Decimal("179.35"), Decimal("0.88120"))


def test_daily_when_a_minute_before_publication_or_on_sunday_then_the_last_rates(ask: Any) -> None:
    ask("/_sandbox/clock", "POST", json={"set": "2026-11-20T14:59:00Z"})
    assert list(_days(ask, "eurofxref-daily")) == ["2026-11-19"]
    ask("/_sandbox/clock", "POST", json={"set": "2026-11-22T20:00:00Z"})
    assert list(_days(ask, "eurofxref-daily")) == ["2026-11-20"]


def test_daily_when_summer_time_then_an_hour_earlier_in_utc(ask: Any) -> None:
    ask("/_sandbox/clock", "POST", json={"set": "2026-07-15T14:00:00Z"})
    assert list(_days(ask, "eurofxref-daily")) == ["2026-07-15"]


def test_ninety_days_when_asked_then_newest_first_without_weekends(ask: Any) -> None:
    days = [date.fromisoformat(day) for day in _days(ask, "eurofxref-hist-90d")]
    assert days == sorted(days, reverse=True)
    assert all(day.weekday() < 5 for day in days)
    assert (days[0], days[-1], len(days)) == (date(2026, 11, 20), date(2026, 8, 24), 65)


def test_history_when_asked_then_holidays_are_missing_and_currencies_stop_when_they_did(ask: Any) -> None:
    days = _days(ask, "eurofxref-hist")
    assert {"2026-01-01", "2026-04-03", "2026-04-06", "2026-05-01", "2026-12-25"} & set(days) == set()
    assert min(days) == "2020-01-02"
    last = {code: max(day for day, rates in days.items() if code in rates) for code in ("RUB", "HRK", "BGN")}
    assert last == {"RUB": "2022-03-01", "HRK": "2022-12-30", "BGN": "2025-12-31"}
    assert {rates["BGN"] for rates in days.values() if "BGN" in rates} == {Decimal("1.9558")}
    assert _days(ask, "eurofxref-daily").items() <= days.items()


def test_files_when_read_as_text_then_quotes_differ_as_at_the_bank(ask: Any) -> None:
    assert re.search(r"<Cube currency='USD' rate='1\.1624'/>", ask(f"{ROOT}/eurofxref-daily.xml").text)
    assert re.search(r'<Cube currency="USD" rate="1\.1624"/>', ask(f"{ROOT}/eurofxref-hist-90d.xml").text)


@pytest.mark.parametrize("path", ["/ecb/", f"{ROOT}/eurofxref-weekly.xml"])
def test_path_when_unknown_then_a_404_page(ask: Any, path: str) -> None:
    reply = ask(path)
    assert (reply.status_code, reply.headers["content-type"]) == (404, "text/html; charset=utf-8")
