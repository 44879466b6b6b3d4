"""What only CoinGecko says, against the running sandbox in both modes."""

from __future__ import annotations

from typing import Any

import pytest

from fin_infra.errors import AuthenticationFailed
from fin_infra.model import InstrumentKey
from fin_infra.providers.crypto.coingecko.adapter import CoinGecko
from tests.conformance.test_crypto import OPERATIONS
from tests.support.adapters import Connect

BITCOIN = InstrumentKey("CRYPTO", "bitcoin")


@pytest.mark.parametrize(
    ("given", "step"),
    [
        ({"api_key": "CG-nobody-knows-this"}, "COINGECKO_API_KEY"),
        ({"api_key": "CG-sandboxprokey"}, "COINGECKO_PLAN=pro"),
        ({"plan": "pro"}, "COINGECKO_PLAN=demo"),
    ],
)
def test_key_when_it_is_wrong_then_says_what_to_set(connect: Connect, given: dict[str, str], step: str) -> None:
    client = connect(CoinGecko, **given)
    for operation in OPERATIONS.values():
        with pytest.raises(AuthenticationFailed, match=step) as caught:
            operation(client)
        assert "nobody-knows" not in str(caught.value)


@pytest.mark.parametrize("given", [{"api_key": None}, {"api_key": "CG-sandboxprokey", "plan": "pro"}])
def test_plan_when_keyless_or_pro_then_answers_too(connect: Connect, given: dict[str, Any]) -> None:
    client = connect(CoinGecko, **given)
    assert client("price", BITCOIN).price > 0
    client("ping")
