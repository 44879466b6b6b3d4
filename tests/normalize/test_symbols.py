"""What people type, and what it means."""

from __future__ import annotations

import csv
import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fin_infra.errors import AmbiguousSymbol, InvalidInput, InvalidInstrument
from fin_infra.model import InstrumentKey
from fin_infra.normalize import SUFFIXES, US_MICS, crypto_id, instrument
from fin_infra.normalize.tables import (
    BLOOMBERG_CODES,
    CLASHING_COINS,
    COINS,
    DOUBTFUL_BLOOMBERG,
    DOUBTFUL_SUFFIXES,
    INDICES,
    TWO_LISTINGS,
    VENUE_NAMES,
)
from fin_infra.providers.market.alpha_vantage.symbols import SPELLING
from tests.support.effort import SHARED, share


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


@pytest.mark.parametrize("text", ["FOO", "", " ", "Foocoin", "../ping", "ＢＴＣ"])
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


def test_every_doubtful_suffix_and_index_is_told_apart_by_what_is_published(samples: Path) -> None:
    with (samples / "openfigi" / "mapping_mic_figi-exchange-codes.csv").open(encoding="utf-8") as file:
        published = {row[name] for row in csv.DictReader(file, delimiter="|") for name in ("MIC", "Operating MIC")}
    offered = {form.partition(":")[0] for forms in DOUBTFUL_SUFFIXES.values() for form in forms} - {"US"}
    assert offered - published == set()
    with (samples / "alphavantage" / "LISTING_STATUS_42ba3c24.csv").open(encoding="utf-8") as file:
        assert INDICES.isdisjoint(row["symbol"] for row in csv.DictReader(file))


NASDAQ_TIERS = {"XNMS", "XNGS", "XNCM"}


def test_every_bloomberg_code_means_the_venues_that_are_published(samples: Path) -> None:
    """A code is a venue's own or its country's composite; one that is also a US series asks."""
    with (samples / "openfigi" / "mapping_mic_figi-exchange-codes.csv").open(encoding="utf-8") as file:
        rows = [{name: cell.strip() for name, cell in row.items()} for row in csv.DictReader(file, delimiter="|")]
    codes: dict[str, set[str]] = {}
    for row in rows:
        mics = {row["MIC"], row["Operating MIC"]} | ({"XNAS"} if row["MIC"] in NASDAQ_TIERS else set())
        for column in ("EQUITY EXCH CODE", "Composite Code"):
            codes.setdefault(row[column], set()).update(mics)
    for code, mic in BLOOMBERG_CODES.items():
        assert mic == "US" or mic in codes[code], code
    for code, forms in DOUBTFUL_BLOOMBERG.items():
        for form in forms:
            assert form.startswith("US:{root}.") or form.partition(":")[0] in codes[code], code
    assert {code for code in codes if re.fullmatch("P[A-Z]|UN|RT|WS|WI|WD|CL|PR", code)} & set(BLOOMBERG_CODES) == set()


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


@pytest.mark.parametrize(
    ("text", "key"),
    [
        *((text, "US:BAC.PRL") for text in ("BAC-P-L", "BAC.PRL", "BAC PR L", "BAC-PL", "BAC/PRL", "BAC^L", "BACpL")),
        ("XNYS:BAC-P-L", "XNYS:BAC.PRL"),
        ("AAPL220121C00025000", "OCC:AAPL220121C00025000"),
        ("AAPL  220121C00025000", "OCC:AAPL220121C00025000"),
        ("BTCUSDT", "CRYPTO:bitcoin"),
        ("ETHBTC", "CRYPTO:ethereum"),
        ("BTC_USDT", "CRYPTO:bitcoin"),
        ("EUR_USD", "FX:EURUSD"),
        ("LON:VOD", "XLON:VOD"),
        ("ETR:SAP", "XETR:SAP"),
        ("TYO:7203", "XTKS:7203"),
        ("HKG:0700", "XHKG:700"),
        ("AAPL US", "US:AAPL"),
        ("VOD LN", "XLON:VOD"),
        ("7203 JP", "XTKS:7203"),
        ("AAPL.US", "US:AAPL"),
        ("AACTWS", "US:AACTWS"),
        ("BP/ LN", "XLON:BP"),
        ("BT/A LN", "XLON:BT.A"),
        ("700 hk equity", "XHKG:700"),
        ("AAPL UW", "XNAS:AAPL"),
        ("AAPL.OQ", "XNAS:AAPL"),
        ("PETR4.SAO", "BVMF:PETR4"),
        ("130A.T", "XTKS:130A"),
    ],
)
def test_instrument_when_spelt_as_elsewhere_then_the_one_key(text: str, key: str) -> None:
    assert str(instrument(text)) == key


@pytest.mark.parametrize(
    ("text", "candidates"),
    [
        ("BAC.PR.L", ("US:BAC.PRL", "XLON:BAC.PR")),
        ("BAC.P.L", ("US:BAC.PRL", "XLON:BAC.P")),
        ("CEZ.PR", ("XPRA:CEZ", "US:CEZ.PR")),
        ("AAPL.O", ("XNAS:AAPL", "US:AAPL.O")),
        ("IBM.N", ("XNYS:IBM", "US:IBM.N")),
        ("BALY.T", ("US:BALY.T",)),
        ("TSE:7203", ("XTKS:7203", "XTSE:7203")),
        ("GALP PL", ("XLIS:GALP", "US:GALP.PRL")),
        ("PKN PW", ("XWAR:PKN", "US:PKN.PRW")),
        ("IBM UN", ("XNYS:IBM", "US:IBM.UN")),
        ("SHOP CN", ("XTSE:SHOP", "XTSX:SHOP")),
        ("6488 TT", ("XTAI:6488", "ROCO:6488")),
        ("247540 KS", ("XKRX:247540", "XKOS:247540")),
        ("USDC.e", ("US:USDC.E",)),
        ("BAC-PR", ("US:BAC.PR", "US:BAC.PRR")),
        ("EURXYZ", ("US:EURXYZ",)),
    ],
)
def test_instrument_when_another_venue_is_possible_then_ambiguous(text: str, candidates: tuple[str, ...]) -> None:
    with pytest.raises(AmbiguousSymbol) as caught:
        instrument(text)
    assert caught.value.candidates == candidates
    assert [str(instrument(candidate)) for candidate in candidates] == list(candidates)


def test_key_when_a_preferred_share_is_not_canonical_then_the_text_has_the_right_one() -> None:
    with pytest.raises(InvalidInstrument, match=r"write US:BAC\.PRL"):
        InstrumentKey("US", "BAC.P.L")


def meanings(text: str) -> tuple[str, ...]:
    try:
        return (str(instrument(text)),)
    except AmbiguousSymbol as error:
        return error.candidates


def test_instrument_when_a_listed_symbol_is_typed_bare_then_never_another_venue(samples: Path) -> None:
    path = samples / "alphavantage" / "LISTING_STATUS_42ba3c24.csv"
    with path.open(encoding="utf-8") as file:
        listed = [row["symbol"] for row in csv.DictReader(file)]
    read = 0
    for text in listed:
        try:
            key = SPELLING.read(text)
        except InvalidInstrument:
            continue
        read += 1
        assert SPELLING.write(key) == text
        for typed in (text, key.symbol):
            assert str(key) in meanings(typed), typed
    assert read == 1645


TAILS = sorted({*SUFFIXES, *DOUBTFUL_SUFFIXES, *BLOOMBERG_CODES, *DOUBTFUL_BLOOMBERG})
TAILS += ["A", "B", "PR", "PRA", "PA", "WS", "E", "USD", "USDT", "Z6", "Equity", "Index"]
ROOTS = st.one_of(
    st.from_regex(r"[A-Za-z]{1,6}", fullmatch=True),
    st.from_regex(r"[0-9]{1,6}", fullmatch=True),
    st.sampled_from(sorted({*COINS, *CLASHING_COINS, *INDICES, "EUR", "USD"})),
)
MARKS = st.sampled_from([".", "-", "/", " ", "_", "^", "", "="])


@settings(max_examples=share(20_000, test=1_000, quick=300), deadline=None, suppress_health_check=SHARED)
@given(ROOTS, st.lists(st.tuples(MARKS, st.sampled_from(TAILS)), min_size=1, max_size=2))
def test_instrument_when_any_spelling_is_typed_then_every_key_it_may_mean_reads_back(
    root: str, parts: list[tuple[str, str]]
) -> None:
    text = root + "".join(mark + tail for mark, tail in parts)
    try:
        keys = meanings(text)
    except InvalidInstrument:
        return
    assert keys
    assert [str(instrument(key)) for key in keys] == list(keys), text


def test_instrument_when_no_offered_key_could_exist_then_is_refused() -> None:
    with pytest.raises(InvalidInstrument, match="is not a symbol; write one"):
        instrument("AAVE^A PE")


def _meanings(text: str) -> list[str]:
    """Return what a text may mean: one key, or those that are asked."""
    try:
        return [str(instrument(text))]
    except AmbiguousSymbol as exc:
        return [str(key) for key in exc.candidates]


@pytest.mark.parametrize("ticker", [*COINS, *CLASHING_COINS])
def test_ticker_of_a_coin_when_typed_bare_then_is_never_silently_a_share(ticker: str) -> None:
    assert any(key.startswith("CRYPTO:") for key in _meanings(ticker))


@pytest.mark.parametrize(
    "text", ["WETH", "MATIC", "TRUMP", "BTCB", "TUSD", "weth", "WBNB", "USDE", "GRT", "YFI", "PYUSD", "PAXG", "WSTETH"]
)
def test_ticker_of_a_well_known_coin_when_typed_bare_then_both_meanings_are_named(text: str) -> None:
    assert f"US:{text.upper()}" in (meanings := _meanings(text))
    assert any(key.startswith("CRYPTO:") for key in meanings)


@pytest.mark.parametrize(
    "text",
    [
        "BAM.PR.X.TO",
        "BAM-PX.TO",
        "BAM-PR-X.TO",
        "BAM-P-X.TO",
        "TSX:BAM.PR.X",
        "XTSE:BAM.PRX",
        "XTSE:BAM PR X",
        "xtse:bam.pr.x",
    ],
)
def test_preferred_share_in_toronto_when_spelled_in_any_way_then_one_key(text: str) -> None:
    assert str(instrument(text)) == "XTSE:BAM.PR.X"


def test_units_and_pool_companies_in_canada_when_read_then_are_no_preferred_shares() -> None:
    assert str(instrument("XTSE:BIP-UN")) == "XTSE:BIP.UN"
    assert str(instrument("XTSX:ABC.P")) == str(instrument("XTSX:ABC-P")) == "XTSX:ABC.P"
