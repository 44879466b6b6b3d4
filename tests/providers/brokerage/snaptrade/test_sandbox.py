"""What only SnapTrade has, against the running sandbox in both modes."""

from __future__ import annotations

from fin_infra.providers.brokerage.snaptrade.adapter import SnapTrade
from tests.providers.brokerage.snaptrade.conformance import accounts
from tests.support.adapters import Connect
from tests.support.sandbox import Sandbox


def test_paths_when_legacy_then_the_same_answers(connect: Connect, sandbox: Sandbox) -> None:
    ident = accounts(sandbox)["questrade-margin"]["id"]
    new, old = connect(SnapTrade), connect(SnapTrade, legacy_paths=True)
    for operation in ("positions", "balances", "orders"):
        assert len(new(operation, ident)) == len(old(operation, ident))
    assert new("positions", ident) == old("positions", ident)


def test_user_when_registered_then_nothing_to_see_until_a_broker_is_connected(connect: Connect) -> None:
    ask = connect(SnapTrade)
    user = ask("register_user", "newcomer+ü@example.com")
    assert user.user_id in ask("users")
    theirs = connect(SnapTrade, user_id=user.user_id, user_secret=user.user_secret)
    assert (theirs("connections"), theirs("accounts")) == ([], [])
    assert theirs("login_url", redirect="https://app.example/?a=b&c=ü").url.startswith("https://")
    ask("delete_user", user.user_id)
    assert user.user_id not in ask("users")
