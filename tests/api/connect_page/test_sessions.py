"""Links to the page and its sessions: once, for a while, and of the right kind."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import jwt
import pytest

from fin_infra.api.connect_page.sessions import CODE_LIVES, SESSION_LIVES, Sessions
from fin_infra.api.users import User

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
SECRET = bytes(range(32))
ANN = User("ann", "acme")


class Clock:
    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> datetime:
        return self.now


def test_code_when_redeemed_then_the_session_is_of_that_user_and_the_code_is_used_up() -> None:
    sessions = Sessions(SECRET, Clock())
    code, until = sessions.code(ANN)
    assert until == NOON + timedelta(minutes=2)
    session = sessions.redeem(code)
    assert sessions.user(session) == ANN
    assert sessions.redeem(code) is None


def test_code_when_it_is_old_then_it_opens_nothing() -> None:
    clock = Clock()
    sessions = Sessions(SECRET, clock)
    code, _ = sessions.code(ANN)
    clock.now += CODE_LIVES
    assert sessions.redeem(code) is None


def test_session_when_half_an_hour_is_over_then_nobody_is_known() -> None:
    clock = Clock()
    sessions = Sessions(SECRET, clock)
    session = sessions.redeem(sessions.code(ANN)[0])
    clock.now += SESSION_LIVES - timedelta(seconds=1)
    assert sessions.user(session) == ANN
    clock.now += timedelta(seconds=1)
    assert sessions.user(session) is None


def test_tokens_when_taken_for_each_other_then_they_are_refused() -> None:
    sessions = Sessions(SECRET, Clock())
    code, _ = sessions.code(ANN)
    assert sessions.user(code) is None
    session = sessions.redeem(code)
    assert session is not None
    assert sessions.redeem(session) is None


def test_session_when_another_machine_has_the_secret_then_it_goes_on_there() -> None:
    one, other, stranger = Sessions(SECRET, Clock()), Sessions(SECRET, Clock()), Sessions(clock=Clock())
    session = one.redeem(one.code(ANN)[0])
    assert other.user(session) == ANN
    assert stranger.user(session) is None


@pytest.mark.parametrize("token", ["", "x", "a.b.c", "é" * 40])
def test_token_when_it_is_none_then_nobody_is_known(token: str) -> None:
    sessions = Sessions(SECRET, Clock())
    assert sessions.user(token) is None
    assert sessions.redeem(token) is None


@pytest.mark.parametrize("changed", [{"sub": 5}, {"tenant": None}, {"jti": 1}])
def test_token_when_its_claims_are_of_other_kinds_then_nobody_is_known(changed: dict[str, object]) -> None:
    until = NOON + timedelta(minutes=1)
    claims = {"sub": "ann", "tenant": "acme", "aud": "connect-session", "exp": until, "jti": "1"} | changed
    assert Sessions(SECRET, Clock()).user(jwt.encode(claims, SECRET, algorithm="HS256")) is None


def test_token_when_unsigned_then_nobody_is_known() -> None:
    claims = {"sub": "ann", "tenant": "acme", "aud": "connect-session", "exp": NOON + timedelta(days=1), "jti": "1"}
    assert Sessions(SECRET, Clock()).user(jwt.encode(claims, "", algorithm="none")) is None


def test_secret_when_it_is_short_then_it_is_refused() -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        Sessions(b"short")
