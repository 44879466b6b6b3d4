"""ECB: the right file for each question, cross rates by hand, and a parser that takes nothing but rate files."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fin_infra.errors import (
    InvalidInput,
    NotFound,
    ProviderUnavailable,
    RateUnavailable,
    StaleRate,
    UnexpectedPayload,
    UnknownCurrency,
)
from fin_infra.providers.fx.ecb import DUE_S, KEPT_S, Ecb, Settings, read_tables
from fin_infra.providers.provider import Endpoint, endpoint, http_transport
from fin_infra.settings import load
from fin_infra.transport import Async, Reply, Request, Sync
from fin_infra.transport.replay import AsyncReplay, Replay
from tests.support.effort import effort, share

HERE = Path(__file__).parent
DAILY, RECENT, ALL = (f"/stats/eurofxref/eurofxref-{name}.xml" for name in ("daily", "hist-90d", "hist"))
HEAD = (
    b'<g:Envelope xmlns:g="http://www.gesmes.org/xml/2002-08-01" '
    b'xmlns="http://www.ecb.int/vocabulary/2002-08-01/eurofxref">'
)
TAIL = b"</g:Envelope>"
DAY = b'<Cube time="2024-04-05"><Cube currency="USD" rate="1.0841"/></Cube>'


@pytest.fixture(autouse=True)
def _no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("ECB_BASE_URL", "FIN_INFRA_MODE"):
        monkeypatch.delenv(name, raising=False)


def place() -> Endpoint:
    return Endpoint("http://127.0.0.1:1", "custom", load(Settings, {"max_attempts": 1}))


def answer(request: Request) -> Reply:
    return Reply(200, (HERE / request.path.removeprefix("/stats/eurofxref/eurofxref-")).read_bytes())


def bank() -> Ecb[Sync]:
    return Ecb(Replay(answer), place())


def asked(ecb: Ecb[Sync]) -> list[str]:
    assert isinstance(ecb.transport, Replay)
    return [request.path for request in ecb.transport.requests]


def cubes(*days: bytes) -> bytes:
    return HEAD + b"<Cube>" + b"".join(days) + b"</Cube>" + TAIL


def test_latest_when_daily_file_then_its_table_with_time_of_publication() -> None:
    ecb = bank()
    table = ecb.latest()
    assert (table.base, table.date, table.source) == ("EUR", date(2024, 4, 5), "fx:ecb")
    assert {code: str(rate) for code, rate in table.rates.items()} == {
        "USD": "1.0625",
        "JPY": "160.00",
        "GBP": "0.8500",
        "CHF": "0.9775",
    }
    assert table.as_of == datetime(2024, 4, 5, 14, 0, tzinfo=UTC)  # 16:00 in Frankfurt, in summer
    assert table.meta is not None
    assert asked(ecb) == [DAILY]


def test_as_of_when_winter_then_an_hour_later_in_utc() -> None:
    [winter] = read_tables(cubes(DAY.replace(b"2024-04-05", b"2024-01-05")))
    assert winter.as_of == datetime(2024, 1, 5, 15, 0, tzinfo=UTC)


def test_history_when_recent_then_the_short_file_oldest_first_and_half_open() -> None:
    ecb = bank()
    tables = ecb.history(start=date(2024, 3, 28), end=date(2024, 4, 5))
    assert [table.date for table in tables] == [date(2024, 3, 28), date(2024, 4, 4)]
    assert asked(ecb) == [RECENT]


def test_history_when_older_than_the_short_file_then_the_whole_one() -> None:
    ecb = bank()
    tables = ecb.history(start=date(1999, 1, 1), end=date(2022, 3, 2))
    assert [table.date for table in tables] == [date(1999, 1, 4), date(2022, 3, 1)]
    assert asked(ecb) == [RECENT, ALL]


def test_history_when_days_have_no_publication_then_empty() -> None:
    assert bank().history(start=date(2024, 3, 29), end=date(2024, 4, 4)) == []
    assert bank().history(start=date(2024, 4, 5), end=date(2024, 4, 5)) == []


def test_history_when_it_ends_before_it_starts_then_invalid_input() -> None:
    with pytest.raises(InvalidInput, match="cannot end before it starts"):
        bank().history(start=date(2024, 4, 5), end=date(2024, 4, 4))


def test_history_when_given_an_instant_then_asks_for_a_date() -> None:
    with pytest.raises(InvalidInput, match=r"`start` must be a datetime\.date .* such as 2024-04-04"):
        bank().history(start=datetime(2024, 4, 4, tzinfo=UTC), end=date(2024, 4, 5))


def test_files_when_asked_within_minutes_then_kept_and_later_asked_again() -> None:
    ecb = bank()
    assert isinstance(ecb.transport, Replay)
    ecb.latest()
    ecb.transport.now += DUE_S  # the file is old, so today's rates are due
    ecb.latest()
    assert asked(ecb) == [DAILY]
    ecb.transport.now += KEPT_S
    ecb.latest()
    assert asked(ecb) == [DAILY, DAILY]


def test_kept_table_when_a_caller_changes_its_copy_then_others_see_nothing_of_it() -> None:
    ecb = bank()
    first = ecb.latest()
    assert isinstance(first.rates, dict)
    first.rates["USD"] = Decimal(0)
    second = ecb.latest()
    assert second.rates["USD"] == Decimal("1.0625")
    assert first.meta is not second.meta


@pytest.mark.parametrize(
    ("base", "quote", "rate", "via"),
    [
        ("EUR", "USD", "1.0625", None),
        ("USD", "JPY", "150.5882352941176470588235294117647", "EUR"),  # 160 / 1.0625 = 2560 / 17
        ("GBP", "USD", "1.25", "EUR"),  # 1.0625 / 0.85
        ("USD", "GBP", "0.8", "EUR"),
        ("GBP", "EUR", "1.176470588235294117647058823529412", None),  # 20 / 17
    ],
)
def test_rate_when_two_currencies_then_one_division_through_the_euro(
    base: str, quote: str, rate: str, via: str | None
) -> None:
    found = bank().rate(base, quote)
    assert found.rate == Decimal(rate)
    assert (found.base, found.quote, found.date, found.via) == (base, quote, date(2024, 4, 5), via)
    assert found.source == "fx:ecb"
    assert found.meta is not None


def test_rate_when_a_currency_meets_itself_then_one() -> None:
    assert bank().rate("CHF", "CHF").rate == 1


@pytest.mark.parametrize(
    ("on", "table"),
    [
        (date(2024, 4, 5), date(2024, 4, 5)),
        (date(2024, 4, 7), date(2024, 4, 5)),
        (date(2024, 4, 4), date(2024, 4, 4)),
        (date(2024, 4, 3), date(2024, 3, 28)),  # six days: Easter
        (date(1999, 1, 11), date(1999, 1, 4)),
    ],
)
def test_rate_when_on_a_day_then_its_table_or_the_last_before(on: date, table: date) -> None:
    assert bank().rate("EUR", "USD", on=on).date == table


def test_rate_when_the_last_table_is_older_than_a_week_then_stale_with_pair_and_dates() -> None:
    with pytest.raises(StaleRate, match=r"GBP/USD rate before 2024-04-13 is of 2024-04-05, 8 days"):
        bank().rate("GBP", "USD", on=date(2024, 4, 13))
    assert bank().rate("GBP", "USD", on=date(2024, 4, 12)).date == date(2024, 4, 5)


def test_rate_when_before_the_euro_then_unavailable_with_pair_and_date() -> None:
    with pytest.raises(RateUnavailable, match=r"begin on 1999-01-04, so EUR/USD on 1999-01-03 is unknown"):
        bank().rate("EUR", "USD", on=date(1999, 1, 3))


def test_rate_when_the_bank_does_not_publish_it_then_unavailable_with_pair_and_date() -> None:
    with pytest.raises(RateUnavailable, match=r"no SAR rate for 2024-04-05, so USD/SAR is unknown"):
        bank().rate("USD", "SAR")


@pytest.mark.parametrize(
    ("code", "why"),
    [
        ("RUB", "2022-03-01"),
        ("HRK", "Croatia"),
        ("BGN", "Bulgaria"),
        ("EEK", "Estonia"),
        ("TRL", "has TRY"),
    ],
)
def test_rate_when_the_series_has_ended_then_says_why(code: str, why: str) -> None:
    with pytest.raises(RateUnavailable, match=rf"EUR/{code} rate for 2024-04-05: .*{why}.*; take an earlier date"):
        bank().rate("EUR", code)


def test_rate_when_the_series_had_not_ended_then_as_published() -> None:
    assert bank().rate("EUR", "RUB", on=date(2022, 3, 1)).rate == Decimal("117.2010")
    with pytest.raises(RateUnavailable, match="RUB/USD rate for 2022-03-02"):
        bank().rate("RUB", "USD", on=date(2022, 3, 2))
    assert bank().rate("EUR", "EEK", on=date(1999, 1, 4)).rate == Decimal("15.6466")


@pytest.mark.parametrize("code", ["usd", "XYZ", "", "GBX", "BTC"])
def test_rate_when_no_iso_code_then_unknown_currency_and_no_request(code: str) -> None:
    ecb = bank()
    with pytest.raises(UnknownCurrency):
        ecb.rate("EUR", code)
    assert not asked(ecb)


async def test_async_when_the_same_answers_then_the_same_results() -> None:
    ecb: Ecb[Async] = Ecb(AsyncReplay(answer), place())
    assert (await ecb.latest()).rates["GBP"] == Decimal("0.8500")
    assert len(await ecb.history(start=date(1999, 1, 1), end=date(2030, 1, 1))) == 6
    assert (await ecb.rate("GBP", "USD")).rate == Decimal("1.25")
    with pytest.raises(StaleRate):
        await ecb.rate("GBP", "USD", on=date(2023, 1, 1))


def test_read_when_outer_cube_is_empty_then_unexpected_payload_worth_a_retry() -> None:
    with pytest.raises(UnexpectedPayload, match="no rates in it; ask again later") as caught:
        read_tables(cubes())
    assert caught.value.retryable


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "not XML"),
        (b"<html><body>maintenance</body></html>", "web page"),
        (b"<!DOCTYPE html><html></html>", "document type"),
        (b"<!doctype html><p>sorry", "not XML"),
        (b'{"error": "no"}', "not XML"),
        (cubes(DAY)[:-20], "not XML"),
        (cubes(DAY, DAY), "a day that comes twice"),
        (cubes(b'<Cube time="2024-04-05"/>'), "day without rates"),
        (cubes(b"<Cube/>"), "not a date"),
        (cubes(DAY.replace(b"2024-04-05", b"2024-02-30")), "not a date"),
        (cubes(DAY.replace(b"2024-04-05", b"05.04.2024")), "not a date"),
        (cubes(DAY.replace(b"USD", b"usd")), "day without rates"),
        (cubes(DAY.replace(b"USD", b"EUR")), "day without rates"),
        (cubes(DAY).replace(b"eurofxref", b"other"), "no rates in it"),
        (cubes(DAY).replace(b"2002-08-01", b"1999-01-01", 1), "another document"),
        (HEAD + b"<x><Cube>" + DAY + b"</Cube></x>" + TAIL, "no rates in it"),
    ],
)
def test_read_when_it_is_no_rate_file_then_unexpected_payload(content: bytes, why: str) -> None:
    with pytest.raises(UnexpectedPayload, match=why):
        read_tables(content)


LAUGHS = b"".join(b'<!ENTITY l%d "%s">' % (n, b"&l%d;" % (n - 1) * 10) for n in range(1, 10))
DOCTYPES = {
    "billion laughs": b'<!DOCTYPE lolz [<!ENTITY l0 "lol">' + LAUGHS + b"]>" + cubes(DAY.replace(b"1.0841", b"&l9;")),
    "external entity": b'<!DOCTYPE x [<!ENTITY f SYSTEM "file:///etc/passwd">]>' + cubes(DAY.replace(b"USD", b"&f;")),
    "external subset": b'<!DOCTYPE x SYSTEM "http://127.0.0.1:1/x.dtd">' + cubes(DAY),
    "parameter entity": b'<!DOCTYPE x [<!ENTITY % p SYSTEM "http://127.0.0.1:1/p">%p;]>' + cubes(DAY),
    "default attributes": b'<!DOCTYPE x [<!ATTLIST Cube rate CDATA "9">]>' + cubes(DAY),
}


@pytest.mark.parametrize("name", DOCTYPES)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-be", "utf-16-le", "utf-32", "utf-7"])
def test_read_when_there_is_a_document_type_then_refused_in_every_encoding(name: str, encoding: str) -> None:
    content = DOCTYPES[name].decode().encode(encoding)
    with pytest.raises(UnexpectedPayload, match=r"document type|not XML in UTF-8"):
        read_tables(content)


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-be", "utf-32"])
def test_read_when_encoding_is_not_utf_8_then_refused(encoding: str) -> None:
    with pytest.raises(UnexpectedPayload, match="not XML in UTF-8"):
        read_tables(cubes(DAY).decode().encode(encoding))


@pytest.mark.parametrize("declared", ["utf-8", "UTF-7", "iso-8859-1", "utf-16", "cp037", "nonsense"])
def test_read_when_declared_encoding_lies_then_utf_8_all_the_same(declared: str) -> None:
    [table] = read_tables(f'<?xml version="1.0" encoding="{declared}"?>'.encode() + cubes(DAY))
    assert table.rates == {"USD": Decimal("1.0841")}


def test_read_when_prefixes_and_quotes_differ_then_namespaces_decide() -> None:
    content = (
        b"<Envelope xmlns='http://www.gesmes.org/xml/2002-08-01' xmlns:e='http://www.ecb.int/vocabulary/2002-08-01/"
        b"eurofxref'><e:Cube><note/><e:Cube time='2024-04-05'><e:Cube rate=\"1.0841\" currency='USD'/>"
        b"</e:Cube></e:Cube></Envelope>"
    )
    assert read_tables(content)[0].rates == {"USD": Decimal("1.0841")}


def test_read_when_file_is_huge_then_refused_before_parsing() -> None:
    with pytest.raises(UnexpectedPayload, match="larger than 32 MiB"):
        read_tables(b"<" * (32 * 2**20 + 1))


def test_read_when_nested_deeply_then_unexpected_payload() -> None:
    with pytest.raises(UnexpectedPayload):
        read_tables(HEAD + b"<Cube>" * 50_000 + b"</Cube>" * 50_000 + TAIL)


@settings(max_examples=effort(200), deadline=None)
@given(
    content=st.one_of(
        st.binary(max_size=200),
        st.lists(
            st.sampled_from(
                [HEAD, TAIL, DAY, b"<Cube>", b"</Cube>", b"<!DOCTYPE x>", b"\xef\xbb\xbf", b"&a;", b"<a/>"]
            ),
            max_size=8,
        ).map(b"".join),
        st.tuples(st.integers(0, 300), st.binary(max_size=4)).map(
            lambda edit: cubes(DAY)[: edit[0]] + edit[1] + cubes(DAY)[edit[0] + len(edit[1]) :]
        ),
    )
)
def test_latest_when_any_bytes_then_positive_rates_or_our_error(content: bytes) -> None:
    with suppress(UnexpectedPayload):
        table = Ecb(Replay(lambda request: Reply(200, content)), place()).latest()
        assert table.rates
        assert all(rate > 0 for rate in table.rates.values())


def test_sample_when_one_day_with_apostrophes_then_read_exactly(samples: Path) -> None:
    [table] = read_tables((samples / "ecb" / "ex_success.xml").read_bytes())
    assert (table.date, len(table.rates)) == (date(2015, 1, 7), 31)
    assert (str(table.rates["GBP"]), str(table.rates["ZAR"])) == ("0.78230", "13.8588")


def test_sample_when_odd_rates_then_read_exactly(samples: Path) -> None:
    [table] = read_tables((samples / "ecb" / "rm_odd_exchange_rates.xml").read_bytes())
    assert (table.date, table.rates["USD"], table.rates["EEK"]) == (date(2010, 4, 20), 1, 11)


def test_sample_when_history_then_oldest_first_and_read_exactly(samples: Path) -> None:
    tables = read_tables((samples / "ecb" / "ph_eurofxref-hist-partial.xml").read_bytes())
    assert [table.date for table in tables] == sorted(table.date for table in tables)
    by_day = {table.date: table.rates for table in tables}
    assert (by_day[date(2021, 1, 8)]["USD"], by_day[date(2021, 1, 8)]["HUF"]) == (Decimal("1.225"), Decimal("359.62"))
    assert by_day[date(1999, 1, 4)]["ZAR"] == Decimal("6.9358")


def test_samples_when_listed_then_every_one_is_read(samples: Path) -> None:
    assert all(read_tables(file.read_bytes()) for file in (samples / "ecb").iterdir())


@pytest.mark.parametrize(("status", "kind"), [(404, NotFound), (503, ProviderUnavailable), (302, UnexpectedPayload)])
def test_refusal_when_status_is_an_error_then_typed(status: int, kind: type[Exception]) -> None:
    with pytest.raises(kind):
        Ecb(Replay([Reply(status, b"<html></html>")]), place()).latest()


def test_endpoint_when_nothing_is_set_then_sandbox_and_live_on_request(monkeypatch: pytest.MonkeyPatch) -> None:
    assert endpoint(Ecb.info).base_url == "http://127.0.0.1:8060/ecb"
    monkeypatch.setenv("FIN_INFRA_MODE", "live")
    assert endpoint(Ecb.info).base_url == "https://www.ecb.europa.eu"


def test_sandbox_down_when_asked_then_says_what_to_start_or_set() -> None:
    found = Endpoint("http://127.0.0.1:9", "sandbox", load(Settings, {"max_attempts": 1}))
    with pytest.raises(ProviderUnavailable, match=r"fin-infra sandbox serve.*FIN_INFRA_MODE=live"):
        Ecb(http_transport(Ecb, found, "sync"), found).latest()


@pytest.mark.parametrize(
    "content",
    [
        cubes(DAY.replace(b"1.0841", b"0")),
        cubes(DAY.replace(b"1.0841", b"0.000")),
        cubes(DAY.replace(b"1.0841", b"-1.0841")),
        cubes(DAY.replace(b"1.0841", b"1,0841")),
        cubes(DAY.replace(b"1.0841", b"N/A")),
        cubes(DAY.replace(b"1.0841", b"NaN")),
        cubes(DAY.replace(b"1.0841", b"1e5")),
        cubes(DAY.replace(b"1.0841", "١".encode())),
        cubes(DAY.replace(b' rate="1.0841"', b"")),
        cubes(DAY.replace(b"/></Cube>", b'/><Cube currency="USD" rate="2"/></Cube>')),
    ],
)
def test_read_when_one_rate_is_none_then_it_is_named_and_hides_no_other(content: bytes) -> None:
    with_yen = content.replace(b"</Cube></Cube>", b'<Cube currency="JPY" rate="164.1"/></Cube></Cube>', 1)
    if with_yen == content:
        with_yen = content.replace(b"<Cube currency", b'<Cube currency="JPY" rate="164.1"/><Cube currency', 1)
    (table,) = read_tables(with_yen)
    assert table.unread == ("USD",)
    assert table.rates == {"JPY": Decimal("164.1")}


@pytest.mark.parametrize("code", [b"usd", b"EUR", b"", b"US", b"USDX", "€".encode()])
def test_read_when_a_rate_is_for_no_currency_then_named_by_a_question_mark_and_hides_no_other(code: bytes) -> None:
    odd = b'<Cube currency="' + code + b'" rate="2"/></Cube>'
    (table,) = read_tables(cubes(DAY.replace(b"</Cube>", odd)))
    assert (table.rates, table.unread) == ({"USD": Decimal("1.0841")}, ("?",))


BAD_DAYS = {
    "undated": (b'<Cube time="05.04.2024"><Cube currency="USD" rate="9"/></Cube>', None),
    "impossible": (b'<Cube time="2023-02-29"><Cube currency="USD" rate="9"/></Cube>', None),
    "nameless": (b'<Cube><Cube currency="USD" rate="9"/></Cube>', None),
    "empty": (b'<Cube time="2024-04-05"/>', "2024-04-05"),
    "rateless": (b'<Cube time="2024-04-05"><Cube currency="USD" rate="-"/></Cube>', "2024-04-05"),
    "twice": (DAY + DAY.replace(b"1.0841", b"9"), "2024-04-05"),
}
NEXT = b'<Cube time="2024-04-08"><Cube currency="USD" rate="1.09"/></Cube>'
BEFORE = b'<Cube time="2024-04-04"><Cube currency="USD" rate="1.08"/></Cube>'


@pytest.mark.parametrize("name", BAD_DAYS)
def test_history_when_one_day_cannot_be_read_then_it_is_named_and_hides_no_other(name: str) -> None:
    day, ident = BAD_DAYS[name]
    ecb = Ecb(Replay(lambda request: Reply(200, cubes(NEXT, day, BEFORE))), place())
    tables = ecb.history(start=date(2024, 4, 4), end=date(2024, 4, 9))
    assert [(table.date, table.rates["USD"]) for table in tables] == [
        (date(2024, 4, 4), Decimal("1.08")),
        (date(2024, 4, 8), Decimal("1.09")),
    ]
    (error,) = tables.errors
    assert (error.place, error.id) == ("days[1]", ident)
    assert tables.meta is not None
    later = ecb.history(start=date(2024, 4, 8), end=date(2024, 4, 9))
    assert [error.id for error in later.errors] == ([] if ident else [None])


@pytest.mark.parametrize("name", ["empty", "rateless", "twice"])
def test_rate_when_its_day_cannot_be_read_then_unavailable_and_not_the_day_before(name: str) -> None:
    ecb = Ecb(Replay(lambda request: Reply(200, cubes(NEXT, BAD_DAYS[name][0], BEFORE))), place())
    for on in (date(2024, 4, 5), date(2024, 4, 7)):
        with pytest.raises(RateUnavailable, match="2024-04-05 cannot be read"):
            ecb.rate("EUR", "USD", on=on)
    assert ecb.rate("EUR", "USD", on=date(2024, 4, 4)).rate == Decimal("1.08")
    assert ecb.rate("EUR", "USD", on=date(2024, 4, 8)).rate == Decimal("1.09")


CELLS = [None, b"", b"0", b"-1", b"1,0841", b"NaN", b"1e3", b"Infinity", b"a-word-nobody-knows", b" 1.1"]
"""What a cell of the recorded files may turn into; None leaves the attribute out."""


def spoiled(content: bytes) -> Iterator[bytes]:
    """Yield a file with each attribute of each row replaced or left out."""
    for found in re.finditer(rb' (time|currency|rate)=(["\'])(.*?)\2', content):
        for cell in CELLS:
            put = b"" if cell is None else b" " + found[1] + b'="' + cell + b'"'
            yield content[: found.start()] + put + content[found.end() :]


@pytest.mark.parametrize("name", ["daily", "hist-90d", "hist"])
def test_file_when_any_cell_is_strange_then_every_other_rate_comes_and_the_row_is_named(name: str) -> None:
    content = (HERE / f"{name}.xml").read_bytes()
    whole = {(table.date, code): rate for table in read_tables(content) for code, rate in table.rates.items()}
    for changed in [*spoiled(content)][:: share(1, test=2, quick=7)]:
        try:
            tables = read_tables(changed)
        except UnexpectedPayload:
            assert name == "daily"  # its one day has no date
            continue
        rates = {(table.date, code): rate for table in tables for code, rate in table.rates.items()}
        assert rates.items() <= whole.items()
        lost = {day for day, _ in whole.keys() - rates.keys()}
        assert len(lost) == 1
        assert len(tables.errors) + sum(len(table.unread) for table in tables) == 1
