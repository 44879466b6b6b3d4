"""The error tree: one stable code each, one table, and errors that survive travel."""

from __future__ import annotations

import copy
import pickle
import re
from pathlib import Path

import pytest

from fin_infra import errors
from fin_infra.errors import (
    AuthenticationFailed,
    CircuitOpen,
    ConfigurationError,
    FeatureDisabled,
    FinInfraError,
    InvalidInput,
    MissingExtra,
    PermissionDenied,
    ProviderError,
    UnknownSymbol,
    error_classes,
)

OURS = [cls for cls in error_classes() if cls.__module__ == errors.__name__]

# Codes are a promise: a line here is never changed or removed, only added.
CODES = {
    "fin.error": 500,
    "fin.configuration": 500,
    "fin.missing_extra": 500,
    "fin.journal_unavailable": 503,
    "fin.feature_disabled": 404,
    "fin.provider_not_found": 404,
    "fin.invalid_input": 422,
    "fin.webhook_refused": 400,
    "fin.client_closed": 500,
    "fin.currency_mismatch": 422,
    "fin.unknown_currency": 422,
    "fin.invalid_instrument": 422,
    "fin.ambiguous_symbol": 409,
    "fin.several_rates": 422,
    "fin.naive_time": 422,
    "fin.not_remembered": 404,
    "fin.unknown_calendar": 422,
    "fin.beyond_calendar": 422,
    "fin.rate_unavailable": 404,
    "fin.stale_rate": 409,
    "fin.order_checks_failed": 422,
    "fin.idempotency_conflict": 422,
    "fin.order_in_flight": 409,
    "fin.vault": 500,
    "fin.seal_broken": 500,
    "fin.vault_key_missing": 500,
    "fin.vault_key_exhausted": 500,
    "fin.book_unavailable": 503,
    "fin.book_outdated": 500,
    "fin.synced_just_now": 429,
    "fin.lease_lost": 409,
    "fin.statement_unreadable": 422,
    "fin.provider_error": 502,
    "fin.authentication_failed": 502,
    "fin.permission_denied": 502,
    "fin.not_covered": 422,
    "fin.not_found": 404,
    "fin.unknown_symbol": 404,
    "fin.rate_limited": 429,
    "fin.reauth_required": 409,
    "fin.account_closed": 410,
    "fin.invalid_request": 422,
    "fin.cursor_refused": 409,
    "fin.order_rejected": 422,
    "fin.order_state_unknown": 504,
    "fin.provider_unavailable": 503,
    "fin.circuit_open": 503,
    "fin.deadline_exceeded": 504,
    "fin.unexpected_payload": 502,
}


def test_codes_when_listed_then_are_the_promised_ones() -> None:
    assert {cls.code: cls.status for cls in OURS} == CODES


@pytest.mark.parametrize("cls", OURS)
def test_class_when_defined_then_says_everything_itself(cls: type[FinInfraError]) -> None:
    assert {"code", "title", "next_step"} <= vars(cls).keys()
    assert re.fullmatch(r"fin\.[a-z_]+", cls.code)
    assert re.fullmatch(r"[A-Z`].*\.", cls.next_step)


def test_codes_when_compared_then_none_is_used_twice() -> None:
    assert len({cls.code for cls in OURS}) == len(OURS)
    assert len({cls.title for cls in OURS}) == len(OURS)


def test_docstring_when_it_draws_the_tree_then_draws_the_real_one() -> None:
    drawn: list[tuple[str, str]] = []
    path: list[str] = []
    for line in (errors.__doc__ or "").splitlines():
        match = re.match(r"((?:│   |    )*)(?:├── |└── )?([A-Z]\w+)(?: \(\w+\))?(?: {2,}\S|$)", line)
        if not match or (" " in line.strip() and "──" not in line):
            continue
        depth = len(match[1]) // 4 + ("──" in line)
        path[depth:] = [match[2]]
        if depth:
            drawn.append((path[depth - 1], match[2]))
    parents = [(base.__name__, cls.__name__) for cls in OURS for base in cls.__bases__ if base in OURS]
    assert sorted(drawn) == sorted(parents)


def test_docs_when_the_table_is_read_then_equals_the_code() -> None:
    text = (Path(__file__).parents[1] / "docs" / "errors.md").read_text()
    rows = [
        [cell.strip(" `") for cell in line.strip("|").split("|")] for line in text.splitlines() if line[:3] == "| `"
    ]
    assert [row[:3] for row in rows] == [[cls.code, cls.__name__, str(cls.status)] for cls in OURS]
    assert [row[4] for row in rows] == [cls.next_step.strip(" `") for cls in OURS]
    assert all(row[4] for row in rows)
    assert len({row[4] for row in rows}) == len(rows)


def made(cls: type[FinInfraError]) -> FinInfraError:
    if cls is errors.CircuitOpen:
        return errors.CircuitOpen(2.5, provider="banking:x", operation="accounts")
    if cls is errors.OrderRejected:
        reason = errors.RejectReason.INSUFFICIENT_BUYING_POWER
        return errors.OrderRejected(
            "text", reason=reason, facts={"buying_power": "5"}, vendor_code="40310000", http_status=403
        )
    if cls is errors.CursorRefused:
        return errors.CursorRefused("text", from_beginning=True, vendor_code="v", http_status=400)
    if cls is errors.OrderStateUnknown:
        return errors.OrderStateUnknown("text", client_order_id="fin-1")
    if issubclass(cls, ProviderError):
        return cls("text", retryable=True, retry_after=2.5, vendor_code="v", provider="banking:x", operation="accounts")
    if cls is errors.AmbiguousSymbol:
        return errors.AmbiguousSymbol("text", ["US:A", "US:B"])
    if cls is errors.SeveralRates:
        return errors.SeveralRates("text", [0.25, 4.0])
    if cls is errors.BeyondCalendar:
        return errors.BeyondCalendar("text", "1990-01-01", "2028-12-31")
    if cls is errors.OrderChecksFailed:
        return errors.OrderChecksFailed([("halt", "Trading is halted."), ("size", "Too much.")])
    if cls is errors.StatementUnreadable:
        return errors.StatementUnreadable("text", 12)
    return cls("text")


@pytest.mark.parametrize("cls", OURS)
def test_error_when_pickled_or_copied_then_keeps_its_facts(cls: type[FinInfraError]) -> None:
    error = made(cls)
    for twin in (pickle.loads(pickle.dumps(error)), copy.copy(error), copy.deepcopy(error)):
        assert type(twin) is cls
        assert str(twin) == str(error)
        assert vars(twin) == vars(error)
        assert twin.extra() == error.extra()


def test_provider_error_when_shown_then_text_says_where_and_facts_are_apart() -> None:
    error = made(errors.RateLimited)
    assert str(error) == "banking:x accounts: text"
    assert error.extra() == {
        "retry_after": 2.5,
        "provider": "banking:x",
        "operation": "accounts",
        "vendor_code": "v",
        "retryable": True,
    }
    assert str(ProviderError("text")) == "text"


def test_order_errors_when_shown_then_facts_are_apart() -> None:
    failed, rejected = made(errors.OrderChecksFailed), made(errors.OrderRejected)
    assert str(failed) == "Trading is halted. Too much."
    assert failed.extra() == {
        "failures": [{"rule": "halt", "detail": "Trading is halted."}, {"rule": "size", "detail": "Too much."}]
    }
    assert rejected.extra() == {
        "vendor_code": "40310000",
        "retryable": False,
        "reason": "insufficient_buying_power",
        "facts": {"buying_power": "5"},
    }
    assert made(errors.OrderStateUnknown).extra() == {"retryable": True, "client_order_id": "fin-1"}


def test_order_error_when_pickled_after_it_was_explained_then_keeps_where_it_was() -> None:
    error = errors.OrderStateUnknown("text", client_order_id="fin-1")
    error.provider, error.operation = "brokerage:x", "submit_order"
    assert str(pickle.loads(pickle.dumps(error))) == "brokerage:x submit_order: text"


def test_circuit_open_when_caught_then_is_a_runtime_error_with_the_fixed_text() -> None:
    error = made(errors.CircuitOpen)
    assert isinstance(error, RuntimeError)
    assert str(error) == "circuit_open"
    assert error.extra() == {
        "retry_after": 2.5,
        "provider": "banking:x",
        "operation": "accounts",
        "retryable": True,
    }


def test_input_errors_when_caught_then_are_value_errors() -> None:
    assert [cls for cls in OURS if issubclass(cls, errors.InvalidInput)] == [
        c for c in OURS if issubclass(c, ValueError)
    ]


def test_outage_when_asked_then_only_these_speak_against_the_vendor() -> None:
    assert {cls for cls in OURS if issubclass(cls, ProviderError) and cls.outage} == {
        errors.RateLimited,
        errors.ProviderUnavailable,
        errors.CircuitOpen,
    }


def test_classes_when_a_package_adds_its_own_then_each_is_listed_once() -> None:
    class Mixed(errors.UnknownSymbol, errors.InvalidInput):
        code = "fin.mixed"

    found = list(error_classes())
    assert found.count(Mixed) == 1
    assert len(found) == len(set(found))


SETTING = re.compile(r"[A-Z]{3,}_[A-Z_]+")


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (
            ConfigurationError("SQL_URL cannot be read; write postgresql://user:password@host/name."),
            "The service is not set up for this; its operator finds the reason in the log.",
        ),
        (MissingExtra("pip install 'fin-infra[service]'"), ConfigurationError.told),
        (
            AuthenticationFailed("check ALPACA_API_KEY", provider="brokerage:alpaca", operation="account"),
            "brokerage:alpaca account: the provider does not accept the credentials of this service",
        ),
        (
            PermissionDenied("the plan does not cover SIP data; set ALPACA_FEED=iex, or ask for older data"),
            "the plan does not cover SIP data.",
        ),
        (PermissionDenied("set ALPACA_FEED=iex"), "not covered by the provider plan or consent"),
        (FeatureDisabled("This is off; FEATURE_X_Y=1 switches it on."), "This is off."),
        (FeatureDisabled("a does not offer b; it offers c, d."), "a does not offer b; it offers c, d."),
        (UnknownSymbol("BTC_USD is not known; look it up"), "BTC_USD is not known; look it up"),
        (InvalidInput("Correct that."), "Correct that."),
        (
            CircuitOpen(29.2, provider="banking:teller", operation="accounts"),
            "banking:teller is paused after repeated failures; come back in 30 s.",
        ),
        (CircuitOpen(), "The provider is paused after repeated failures; come back later."),
    ],
)
def test_error_when_a_caller_of_a_service_is_told_then_no_setting_and_no_code_word(
    error: FinInfraError, told: str
) -> None:
    assert error.for_caller() == told
    assert str(pickle.loads(pickle.dumps(error)).for_caller()) == told


def test_errors_when_their_class_speaks_to_operators_then_no_text_of_theirs_reaches_a_caller() -> None:
    for cls in (ConfigurationError, MissingExtra, AuthenticationFailed):
        text = "FIN_INFRA_SECRET_PLACE at db.internal:5432"
        assert "db.internal" not in cls(text).for_caller()
        assert not SETTING.search(cls(text).for_caller())
