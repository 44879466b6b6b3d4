"""What people type, and what it means."""

from __future__ import annotations

import csv
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fin_infra.errors import AmbiguousSymbol, InvalidInput, InvalidInstrument
from fin_infra.model import InstrumentKey
from fin_infra.normalize import SUFFIXES, US_MICS, crypto_id, instrument
from fin_infra.normalize.tables import CLASHING_COINS, COINS, TWO_LISTINGS, VENUE_NAMES


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("AAPL", "US:AAPL"),
        (" aapl ", "US:AAPL"),
        ("BTI", "US:BTI"),
        ("BRK.B", "US:BRK.B"),
        ("BRK-B", "US:BRK.B"),
        ("BRK/B", "US:BRK.B"),
        ("BRK B", "US:BRK.B"),
        ("BAC.PRK", "US:BAC.PRK"),
        ("BATS.L", "XLON:BATS"),
        ("BT-A.L", "XLON:BT.A"),
        ("TSCO.LON", "XLON:TSCO"),
        ("0700.HK", "XHKG:700"),
        ("700.hk", "XHKG:700"),
        ("7203.T", "XTKS:7203"),
        ("000001.SZ", "XSHE:000001"),
        ("BAJAJ-AUTO.NS", "XNSE:BAJAJ-AUTO"),
        ("EUR/USD", "FX:EURUSD"),
        ("eur-usd", "FX:EURUSD"),
        ("EURUSD", "FX:EURUSD"),
        ("EURUSD=X", "FX:EURUSD"),
        ("JPY=X", "FX:USDJPY"),
        ("BTC/USD", "CRYPTO:bitcoin"),
        ("WBTC-EUR", "CRYPTO:wrapped-bitcoin"),
        ("BTC.B/USD", "CRYPTO:bitcoin-avalanche-bridged-btc-b"),
        ("ETH/BTC", "CRYPTO:ethereum"),
        ("BTCUSD", "CRYPTO:bitcoin"),
        ("bitcoin", "CRYPTO:bitcoin"),
        ("US0378331005", "ISIN:US0378331005"),
        ("037833100", "CUSIP:037833100"),
        ("BD6K457", "SEDOL:BD6K457"),
        ("BBG000B9XRY4", "FIGI:BBG000B9XRY4"),
        ("XNAS:AAPL", "XNAS:AAPL"),
        ("XNYS:BRK-B", "XNYS:BRK.B"),
        ("nasdaq:aapl", "XNAS:AAPL"),
        ("LSE:BATS", "XLON:BATS"),
        ("XHKG:0700", "XHKG:700"),
        ("CRYPTO:link", "CRYPTO:link"),
        ("crypto:BTC", "CRYPTO:bitcoin"),
        ("fx:eur/usd", "FX:EURUSD"),
        ("isin:us0378331005", "ISIN:US0378331005"),
        ("US:BATS", "US:BATS"),
    ],
)
def test_instrument_from_text_people_type(text: str, key: str) -> None:
    assert str(instrument(text)) == key


@pytest.mark.parametrize(
    ("text", "candidates"),
    [
        ("BTC", ("US:BTC", "CRYPTO:bitcoin")),
        ("eth", ("US:ETH", "CRYPTO:ethereum")),
        ("BTC.B", ("US:BTC.B", "CRYPTO:bitcoin-avalanche-bridged-btc-b")),
        ("BATS", ("US:BATS", "XLON:BATS")),
        ("UNI", ("US:UNI", "CRYPTO:uniswap", "CRYPTO:unicorn-token")),
        ("UNI/USD", ("CRYPTO:uniswap", "CRYPTO:unicorn-token")),
        ("tron", ("US:TRON", "CRYPTO:tron")),
    ],
)
def test_instrument_from_text_with_two_meanings_raises_with_candidates(text: str, candidates: tuple[str, ...]) -> None:
    with pytest.raises(AmbiguousSymbol) as caught:
        instrument(text)
    assert caught.value.candidates == candidates
    assert all(candidate in str(caught.value) for candidate in candidates)
    assert [str(instrument(candidate)) for candidate in candidates] == list(candidates)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "symbol in plain letters"),
        ("   ", "symbol in plain letters"),
        ("ＡＡＰＬ", "plain letters"),
        ("ß", "plain letters"),
        ("7203", "add the venue"),
        ("FOO.XYZ", "neither a known venue suffix nor a share class"),
        ("EUR/XYZ", "neither a currency nor a share class"),
        ("FOOBARS", "CRYPTO:foobars for a coin, or search"),
        ("FOO/USD", "search for it"),
        ("EUR/EUR", "twice"),
        ("GBX/USD", "not a crypto ticker"),
        ("US0378331006", "check digit should be 5"),
        ("BBG000B9XRY5", "check digit should be 4"),
        (":", "not a namespace"),
        ("XNAS:", "write it like"),
        ("NOWHERE:IBM", "not a namespace"),
    ],
)
def test_instrument_from_text_without_meaning_raises_with_the_next_step(text: str, says: str) -> None:
    with pytest.raises(InvalidInstrument, match=says):
        instrument(text)


@given(st.text(max_size=16))
def test_instrument_from_any_text_is_a_key_or_our_error(text: str) -> None:
    for read in (instrument, crypto_id):
        try:
            key = read(text)
        except (InvalidInstrument, AmbiguousSymbol):
            continue
        assert instrument(str(key)) == key


@pytest.mark.parametrize(
    ("text", "coin"),
    [
        ("BTC", "bitcoin"),
        ("btc", "bitcoin"),
        ("WBTC", "wrapped-bitcoin"),
        ("BTC.B", "bitcoin-avalanche-bridged-btc-b"),
        ("Bitcoin", "bitcoin"),
        ("usd-coin", "usd-coin"),
        ("pepe", "pepe"),
        ("CRYPTO:link", "link"),
        ("CRYPTO:BTC", "bitcoin"),
    ],
)
def test_crypto_id_from_ticker_or_id(text: str, coin: str) -> None:
    assert crypto_id(text) == InstrumentKey("CRYPTO", coin)


@pytest.mark.parametrize("ticker", ["UNI", "uni", "BOND", "CRYPTO:UNI"])
def test_crypto_id_from_clashing_ticker_raises_with_every_coin(ticker: str) -> None:
    with pytest.raises(AmbiguousSymbol, match="several coins") as caught:
        crypto_id(ticker)
    assert len(caught.value.candidates) == 2


@pytest.mark.parametrize("text", ["FOO", "", " ", "Pepe", "../ping", "ＢＴＣ"])
def test_crypto_id_from_unknown_ticker_raises_with_the_next_step(text: str) -> None:
    with pytest.raises(InvalidInput):
        crypto_id(text)


def test_tables_hold_only_valid_keys_and_no_ticker_twice() -> None:
    assert not COINS.keys() & CLASHING_COINS.keys()
    for coins in ((coin,) for coin in COINS.values()), CLASHING_COINS.values():
        for group in coins:
            assert [InstrumentKey("CRYPTO", coin).symbol for coin in group] == list(group)
    for mic in (*SUFFIXES.values(), *VENUE_NAMES.values(), *US_MICS):
        InstrumentKey(mic, "ABC")
    for ticker, candidates in TWO_LISTINGS.items():
        assert {InstrumentKey.parse(text).symbol for text in candidates} == {ticker}


def test_every_suffix_names_a_venue_that_is_published(samples: Path) -> None:
    with (samples / "openfigi" / "mapping_mic_figi-exchange-codes.csv").open(encoding="utf-8") as file:
        published = {row["MIC"] for row in csv.DictReader(file, delimiter="|")}
    assert set(SUFFIXES.values()) - published == set()


def test_suffix_table_of_the_docs_equals_the_table_in_use() -> None:
    page = (Path(__file__).resolve().parents[2] / "docs" / "normalization.md").read_text(encoding="utf-8")
    written: dict[str, str] = {}
    for line in page.splitlines():
        if line.startswith("| `."):
            cells = [cell.strip() for cell in line.strip("|").split("|")]
            for names, mic in zip(cells[::2], cells[1::2], strict=True):
                written |= dict.fromkeys(re.findall(r"`\.(\w+)`", names), mic)
    assert written == SUFFIXES


def test_symbols_when_there_is_no_text_then_invalid_instrument() -> None:
    for read in (instrument, crypto_id, InstrumentKey.parse):
        with pytest.raises(InvalidInstrument):
            read(None)  # type: ignore[arg-type]  # the mistake under test
