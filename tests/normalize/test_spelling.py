"""Vendor spellings as data: what is written reads back."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fin_infra.errors import InvalidInstrument
from fin_infra.model import InstrumentKey
from fin_infra.normalize import Spelling

ALPHA_VANTAGE = Spelling(
    class_separator="-",
    suffixes={
        "XLON": ".LON",
        "XFRA": ".FRK",
        "XETR": ".DEX",
        "XTSE": ".TRT",
        "XTSX": ".TRV",
        "XBOM": ".BSE",
        "XSHG": ".SHH",
        "XSHE": ".SHZ",
    },
)
YAHOO = Spelling(
    class_separator="-",
    suffixes={"XLON": "L", "XHKG": "HK", "XTKS": "T", "XTSE": "TO", "XNSE": "NS", "XSHE": "SZ", "XKRX": "KS"},
    zero_pad={"XHKG": 4},
    fx="{base}{quote}=X",
)
BLOOMBERG = Spelling(class_separator="/", suffixes={"XLON": " LN", "XHKG": " HK", "US": " US"}, us_mics=())
SEC = Spelling()
ALPHA_VANTAGE_LIST = Spelling(class_separator="-", preferred="-P-")


@pytest.mark.parametrize(
    ("spelling", "key", "text"),
    [
        (ALPHA_VANTAGE, "US:BRK.B", "BRK-B"),
        (ALPHA_VANTAGE, "US:IBM", "IBM"),
        (ALPHA_VANTAGE, "XLON:TSCO", "TSCO.LON"),
        (ALPHA_VANTAGE, "XLON:BATS", "BATS.LON"),
        (ALPHA_VANTAGE, "US:BTI", "BTI"),
        (ALPHA_VANTAGE, "XTSE:CTC.A", "CTC-A.TRT"),
        (ALPHA_VANTAGE, "XSHE:000002", "000002.SHZ"),
        (ALPHA_VANTAGE, "XBOM:RELIANCE", "RELIANCE.BSE"),
        (YAHOO, "XLON:BATS", "BATS.L"),
        (YAHOO, "XLON:BT.A", "BT-A.L"),
        (YAHOO, "XHKG:700", "0700.HK"),
        (YAHOO, "XHKG:5", "0005.HK"),
        (YAHOO, "XHKG:80700", "80700.HK"),
        (YAHOO, "XTKS:7203", "7203.T"),
        (YAHOO, "XKRX:005930", "005930.KS"),
        (YAHOO, "XTSE:BBD.PR.B", "BBD-PR-B.TO"),
        (YAHOO, "XNSE:BAJAJ-AUTO", "BAJAJ-AUTO.NS"),
        (YAHOO, "XNSE:M&M", "M&M.NS"),
        (YAHOO, "FX:EURUSD", "EURUSD=X"),
        (BLOOMBERG, "US:BRK.B", "BRK/B US"),
        (BLOOMBERG, "XHKG:700", "700 HK"),
        (BLOOMBERG, "XLON:BATS", "BATS LN"),
        (SEC, "US:BRK.B", "BRK.B"),
        (ALPHA_VANTAGE_LIST, "US:BAC.PRL", "BAC-P-L"),
        (ALPHA_VANTAGE_LIST, "US:AXIA.PR", "AXIA-P"),
    ],
)
def test_key_and_vendor_text_are_each_others_image(spelling: Spelling, key: str, text: str) -> None:
    assert spelling.write(InstrumentKey.parse(key)) == text
    assert str(spelling.read(text)) == key


@pytest.mark.parametrize("mic", ["XNYS", "XNAS", "XASE", "ARCX", "BATS"])
def test_us_venue_is_written_bare_and_read_as_the_composite(mic: str) -> None:
    assert ALPHA_VANTAGE.write(InstrumentKey(mic, "BRK.B")) == "BRK-B"
    assert str(ALPHA_VANTAGE.read("BRK-B")) == "US:BRK.B"


@pytest.mark.parametrize(
    ("spelling", "key", "says"),
    [
        (ALPHA_VANTAGE, "XHKG:700", "no spelling for XHKG:700; it knows US, XLON"),
        (ALPHA_VANTAGE, "FX:EURUSD", "no spelling"),
        (ALPHA_VANTAGE, "CRYPTO:bitcoin", "no spelling"),
        (ALPHA_VANTAGE, "ISIN:US0378331005", "no spelling"),
        (BLOOMBERG, "XNYS:IBM", "no spelling"),
        (Spelling(suffixes={"XLON": ".L"}), "US:ABC.L", "would be read as XLON:ABC"),
        (Spelling(suffixes={"XSHE": ".SZ"}, zero_pad={"XSHE": 6}), "XSHE:000001", "would be read as XSHE:1"),
        (ALPHA_VANTAGE, "US:SAP.XYZ", "is not a venue"),
    ],
)
def test_key_the_vendor_cannot_spell_is_refused(spelling: Spelling, key: str, says: str) -> None:
    with pytest.raises(InvalidInstrument, match=says):
        spelling.write(InstrumentKey.parse(key))


@pytest.mark.parametrize("text", ["SAP.XYZ", "", ".LON", "^GSPC", "GC=F", "aapl", "IBM ", "A/B"])
def test_text_that_is_no_symbol_of_the_vendor_is_refused(text: str) -> None:
    with pytest.raises(InvalidInstrument):
        ALPHA_VANTAGE.read(text)


@given(
    st.sampled_from([ALPHA_VANTAGE, YAHOO, BLOOMBERG, SEC]),
    st.sampled_from(["US", "XLON", "XTSE", "XHKG", "XSHE"]),
    st.from_regex(r"([A-Z]{1,5}(\.[A-OQ-Z]|\.PR[A-Z]?)?|[1-9][0-9]{0,4})", fullmatch=True),
)
def test_written_key_reads_back_as_the_same_key_or_is_refused(spelling: Spelling, mic: str, symbol: str) -> None:
    key = InstrumentKey(mic, symbol)
    try:
        text = spelling.write(key)
    except InvalidInstrument:
        assert mic != "US"
        assert mic not in spelling.suffixes
        return
    assert spelling.read(text) == key


def test_write_when_given_a_text_then_error_says_how_to_make_a_key() -> None:
    with pytest.raises(InvalidInstrument, match="instrument"):
        Spelling().write("AAPL")  # type: ignore[arg-type]  # the mistake under test


def test_spelling_when_asked_again_then_is_not_worked_out_again(monkeypatch: pytest.MonkeyPatch) -> None:
    spelling, key = Spelling(class_separator="-"), InstrumentKey("US", "BRK.B")
    assert spelling.write(key) == "BRK-B"
    monkeypatch.setattr(Spelling, "read", None)
    assert spelling.write(InstrumentKey("US", "BRK.B")) == "BRK-B"


def test_spelling_when_it_has_written_very_many_then_keeps_only_some(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fin_infra.normalize.spelling.KEPT", 3)
    spelling = Spelling()
    symbols = ["A", "B", "C", "D", "E", "A"]
    assert [spelling.write(InstrumentKey("US", symbol)) for symbol in symbols] == symbols
    assert 0 < len(spelling._written) <= 3


def test_spelling_when_refused_once_then_is_refused_again() -> None:
    spelling = Spelling()
    for _ in range(2):
        with pytest.raises(InvalidInstrument, match="no spelling"):
            spelling.write(InstrumentKey("XLON", "TSCO"))
    assert spelling == Spelling()
