"""InstrumentKey: canonical or refused, with a sentence that says what is right."""

from __future__ import annotations

import pickle
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fin_infra.errors import InvalidInstrument
from fin_infra.model.currency import CURRENCIES
from fin_infra.model.instrument import InstrumentKey

# Published: Apple's identifiers, and London's Royal Bank (numeric SEDOL) and Diageo-style letter SEDOLs.
PUBLISHED = [
    "ISIN:US0378331005",
    "ISIN:GB0002875804",
    "ISIN:XS2530435473",
    "CUSIP:037833100",
    "SEDOL:0263494",
    "SEDOL:BD6K457",
    "FIGI:BBG000B9XRY4",
]

CODES = st.sampled_from(sorted(CURRENCIES))
ROOTS = st.text(string.ascii_uppercase + string.digits + "&", min_size=1, max_size=6)
# `.P` alone is a preferred share, which has the one form `.PR`
CLASSES = st.lists(st.text(string.ascii_uppercase, min_size=1, max_size=3), max_size=2).filter(
    lambda classes: classes[:1] not in (["P"], ["PR"]) or classes == ["PR"]
)
SLUGS = st.from_regex(r"[a-z0-9_-][a-z0-9._-]{0,20}", fullmatch=True)
KEYS = st.one_of(
    st.builds(
        lambda mic, root, classes: InstrumentKey(mic, ".".join([root, *classes])),
        st.sampled_from(["US", "XNAS", "XNYS", "XLON", "BATS", "XTSE", "MTAA"]),
        ROOTS,
        CLASSES,
    ),
    st.builds(lambda number: InstrumentKey("XHKG", str(number)), st.integers(1, 99999)),
    st.builds(lambda slug: InstrumentKey("CRYPTO", slug), SLUGS),
    st.tuples(CODES, CODES)
    .filter(lambda pair: pair[0] != pair[1])
    .map(lambda pair: InstrumentKey("FX", pair[0] + pair[1])),
    st.sampled_from(PUBLISHED).map(InstrumentKey.parse),
)


@given(KEYS)
def test_text_form_of_any_key_reads_back_as_the_same_key(key: InstrumentKey) -> None:
    assert InstrumentKey.parse(str(key)) == key
    assert pickle.loads(pickle.dumps(key)) == key
    assert len({key, InstrumentKey.parse(str(key))}) == 1


@given(st.text(max_size=20), st.text(max_size=20))
def test_any_text_gives_a_key_or_our_error(namespace: str, symbol: str) -> None:
    for build in (lambda: InstrumentKey(namespace, symbol), lambda: InstrumentKey.parse(namespace + symbol)):
        try:
            key = build()
        except InvalidInstrument:
            continue
        assert str(key).isascii()


@pytest.mark.parametrize("text", PUBLISHED)
def test_published_identifier_is_accepted_and_every_single_digit_corruption_refused(text: str) -> None:
    namespace, _, symbol = text.partition(":")
    assert str(InstrumentKey.parse(text)) == text
    corrupted = [
        symbol[:place] + digit + symbol[place + 1 :]
        for place, character in enumerate(symbol)
        if character.isdigit()
        for digit in string.digits
        if digit != character
    ]
    assert len(corrupted) >= 9 * 4
    for wrong in corrupted:
        with pytest.raises(InvalidInstrument):
            InstrumentKey(namespace, wrong)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("ISIN:US0378331004", "check digit should be 5"),
        ("CUSIP:037833109", "check digit should be 0"),
        ("SEDOL:0263495", "check digit should be 4"),
        ("FIGI:BBG000B9XRY5", "check digit should be 4"),
        ("ISIN:US037833100", "form of a ISIN"),
        ("ISIN:us0378331005", "form of a ISIN"),
        ("ISIN:ZZ0378331001", "no ISIN begins with ZZ"),
        ("SEDOL:A263494", "vowels"),
        ("SEDOL:1B63494", "form of a SEDOL"),
        ("FIGI:BBG00AB9XRY4", "vowels"),
        ("AAPL", "no namespace"),
        ("", "no namespace"),
        ("aapl:US", "'aapl' is not a namespace"),
        ("XNA:AAPL", "four-character MIC"),
        ("XNAS:", "write it like XNAS:AAPL"),
        ("XNAS:aapl", "write XNAS:AAPL"),
        ("XNYS:BRK-B", r"write XNYS:BRK\.B"),
        ("US:BRK/B", r"write US:BRK\.B"),
        ("NYSE:IBM", "write XNYS:IBM"),
        ("XHKG:0700", "write XHKG:700"),
        ("XNAS:AAPL\n", "not an instrument key"),
        ("XNAS:../secret", "not an instrument key"),
        ("CRYPTO:BTC", "CoinGecko id in lower case"),
        ("CRYPTO:../ping", "CoinGecko id"),
        ("CRYPTO:", "CoinGecko id"),
        ("FX:EURGBX", "'GBX' is not an ISO 4217"),
        ("FX:EUR/USD", "two ISO 4217 codes"),
        ("FX:USDUSD", "twice"),
    ],
)
def test_wrong_key_is_refused_with_the_right_form(text: str, says: str) -> None:
    with pytest.raises(InvalidInstrument, match=says):
        InstrumentKey.parse(text)


def test_key_of_other_types_is_refused() -> None:
    with pytest.raises(InvalidInstrument, match="two strings"):
        InstrumentKey("XNAS", None)  # type: ignore[arg-type]  # what a user may try


def test_pair_has_base_and_quote_and_other_keys_have_none() -> None:
    pair = InstrumentKey.parse("FX:XAUUSD")
    assert (pair.is_fx, pair.is_crypto, pair.base, pair.quote) == (True, False, "XAU", "USD")
    coin = InstrumentKey.parse("CRYPTO:bitcoin-avalanche-bridged-btc-b")
    assert (coin.is_fx, coin.is_crypto) == (False, True)
    with pytest.raises(InvalidInstrument, match="not a currency pair"):
        _ = coin.base


def test_leading_zeros_stay_where_they_belong_to_the_symbol() -> None:
    assert str(InstrumentKey.parse("XSHE:000001")) == "XSHE:000001"
    assert str(InstrumentKey.parse("XKRX:005930")) == "XKRX:005930"
