"""Indices, futures, the offshore yuan and venues written last: what people type that no key stands for."""

from __future__ import annotations

import pytest

from fin_infra.errors import AmbiguousSymbol, InvalidInstrument
from fin_infra.normalize import instrument


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("^GSPC", "is an index"),
        (".SPX", "is an index"),
        ("SPX", "is an index"),
        ("GC=F", "is a futures contract"),
        ("ESZ26", "is a futures contract"),
        ("CLZ2026", "is a futures contract"),
        ("ZC.CBT", "is a futures contract"),
        ("ESZ6", "is a futures contract"),
        ("/ESZ6", "is a futures contract"),
        ("CL1 Comdty", "is a futures contract"),
        ("SPX Index", "is an index"),
        ("UKX", "is an index"),
        ("NKY", "is an index"),
        ("TNX", "is an index"),
        ("EUR", "write EUR/USD for its rate, or US:EUR for a share"),
        ("usd", "write USD/EUR for its rate, or US:USD for a share"),
        ("GBp", "write GBP/USD for its rate"),
        ("GBX", "write GBP/USD for its rate"),
        ("XAU", "write XAU/USD for its rate"),
        ("AAPL:US", "write US:AAPL"),
        ("AAPL:NASDAQ", "write XNAS:AAPL"),
        ("VOD:LN", "write XLON:VOD"),
        ("AAPL UX", "neither a known venue suffix"),
        ("AAPL PA", "neither a known venue suffix"),
        ("USDCNH", "offshore yuan"),
        ("CNH=X", "offshore yuan"),
        ("US:AAPL220121C00025000", "write OCC:AAPL220121C00025000"),
    ],
)
def test_instrument_when_there_is_no_key_then_a_sentence_says_what_it_is(text: str, says: str) -> None:
    with pytest.raises(InvalidInstrument, match=says) as caught:
        instrument(text)
    assert "CRYPTO:" not in str(caught.value)


@pytest.mark.parametrize("ticker", ["ALL", "COP", "NOK", "US:EUR"])
def test_instrument_when_a_share_has_a_currencys_code_then_it_is_the_share(ticker: str) -> None:
    assert instrument(ticker).symbol == ticker.removeprefix("US:")


def test_instrument_when_a_futures_contract_is_also_a_well_formed_sedol_then_it_asks() -> None:
    """1*C + 3*L + 1*Z + 7*2 + 3*0 + 9*2 = 12 + 63 + 35 + 14 + 18 = 142, so the check digit is 8."""
    with pytest.raises(AmbiguousSymbol, match="futures contract") as caught:
        instrument("CLZ2028")
    assert caught.value.candidates == ("SEDOL:CLZ2028",)


def test_instrument_when_only_the_shape_of_an_index_or_contract_is_there_then_the_key_is_read() -> None:
    assert str(instrument("XTKS:7203")) == "XTKS:7203"
    assert [str(instrument(text)) for text in ("DAX", "CNHI", "SPXL")] == ["US:DAX", "US:CNHI", "US:SPXL"]
