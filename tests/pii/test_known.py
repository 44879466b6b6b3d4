"""Exact secrets: masked in every way they are written, forgotten when they are discarded, in no repr."""

from __future__ import annotations

import gc
import json
from collections.abc import Iterator
from urllib.parse import quote, quote_plus

import pytest

from fin_infra.pii import KNOWN, Known, mask
from fin_infra.providers.market.alpha_vantage import AlphaVantage
from fin_infra.providers.registry import resolve

ODD = 'Zq7+odd/Secret=47"11&x é'


@pytest.fixture(params=["QWERTYUIOPASDFGH", ODD, "900123450", "pass word-7 with spaces"])
def secret(request: pytest.FixtureRequest) -> Iterator[str]:
    KNOWN.add(request.param)
    yield request.param
    KNOWN.discard(request.param)


def test_mask_when_a_secret_is_known_then_it_is_hidden_however_it_is_written(secret: str) -> None:
    forms = (secret, quote(secret), quote(secret, safe=""), quote_plus(secret), json.dumps(secret)[1:-1])
    for form in forms:
        for line in (f"saw {form} there", f"x={form}&y", f"a\n{form}", json.dumps({"n": f"a\n{secret}"})):
            masked = mask(line)
            assert form not in masked, line
            assert secret not in masked
            assert "***" in masked
    assert secret not in repr(KNOWN)


def test_mask_when_a_secret_is_discarded_as_often_as_added_then_it_is_read_again() -> None:
    known = Known()
    known.add("QWERTYUIOP", "QWERTYUIOP")
    known.discard("QWERTYUIOP")
    assert known.within("a QWERTYUIOP b") == ["QWERTYUIOP"]
    known.discard("QWERTYUIOP", "never added")
    assert known.within("a QWERTYUIOP b") == []
    assert len(known) == 0


@pytest.mark.parametrize("value", ["", "abc12", "a-b-c-d-e-f", "......"])
def test_known_when_a_value_would_mask_ordinary_words_then_it_is_not_taken(value: str) -> None:
    known = Known()
    known.add(value)
    assert len(known) == 0


def test_known_when_one_value_holds_another_then_both_are_hidden() -> None:
    KNOWN.add("secretvalue77", "value77")
    try:
        assert mask("secretvalue77 value77") == "*** ***"
    finally:
        KNOWN.discard("secretvalue77", "value77")


def test_provider_when_it_has_a_live_key_then_texts_hide_the_key_as_long_as_it_lives() -> None:
    key = "ZXCVBNMASDFGHJKL"
    provider = resolve("market:alpha_vantage", api_key=key)
    assert isinstance(provider, AlphaVantage)
    assert mask(f"the vendor said {key}") == "the vendor said ***"
    del provider
    from fin_infra.providers import registry

    registry.reset()
    gc.collect()
    assert mask(f"the vendor said {key}") == f"the vendor said {key}"
