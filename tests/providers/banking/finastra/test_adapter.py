"""Finastra's B2C accounts in our model: each value is read off the fixture files by hand."""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest

from fin_infra.cli.keys import verify
from fin_infra.cli.providers import ls
from fin_infra.errors import (
    AuthenticationFailed,
    ConfigurationError,
    FeatureDisabled,
    FinInfraError,
    NotFound,
    PermissionDenied,
    ProviderError,
    ProviderUnavailable,
    RateLimited,
    UnexpectedPayload,
)
from fin_infra.model import AccountStatus, AccountSubtype, AccountType, Money
from fin_infra.providers import registry
from fin_infra.providers.banking.finastra import Finastra, Settings
from fin_infra.providers.provider import Endpoint, endpoint, http_transport
from fin_infra.questions.providers import statuses
from fin_infra.sandbox import running
from fin_infra.settings import load
from fin_infra.transport import Reply, Request, Sync
from fin_infra.transport.replay import Replay, fixture_responder

FOLDER = Path(__file__).parent
GIVEN = {"client_id": "a-made-up-client", "client_secret": "a-made-up-secret"}
LOGIN = "/login/v1/sandbox/oidc/token"
TOKEN = Reply(200, b'{"access_token": "made-up-token", "expires_in": 300}')


class Bank:
    """An adapter that answers from memory, and the requests it made."""

    def __init__(self, answers: Any = None, **given: Any) -> None:
        self.transport = Replay(fixture_responder(FOLDER) if answers is None else answers)
        place = Endpoint("http://127.0.0.1:1", "custom", load(Settings, {**GIVEN, "max_attempts": 1, **given}))
        self.client: Finastra[Sync] = Finastra(self.transport, place)

    @property
    def requests(self) -> list[Request]:
        return self.transport.requests


def reply(body: Any, status: int = 200) -> Reply:
    return Reply(status, json.dumps(body).encode())


def balance_of(type: str, ledger: Any, **more: Any) -> Any:
    row = {"id": "a-1", "currency": "EUR", "type": type, "ledgerBalance": ledger, **more}
    return Bank([TOKEN, reply(row)]).client.balance("a-1")


def listed(*rows: dict[str, Any], **meta: Any) -> Reply:
    return reply({"items": rows, "_meta": {"limit": 200, "pageCount": 1, "itemCount": len(rows), "page": 1, **meta}})


def row(id: str) -> dict[str, Any]:
    return {"id": id, "number": "0012345671", "currency": "USD", "type": "SAVINGS"}


@pytest.fixture
def clean(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[pytest.MonkeyPatch]:
    """No variables of ours, no YAML map, and no instance of another test."""
    for name in [*os.environ]:
        if name.startswith(("FIN_INFRA_", "FINASTRA_", "TELLER_", "ALPHA_VANTAGE_", "COINGECKO_", "ECB_", "FEATURE_")):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    registry.reset()
    yield monkeypatch
    registry.reset()


def test_accounts_when_listed_then_types_by_table_and_new_words_kept() -> None:
    found = Bank().client.accounts()
    assert [(a.id, a.type, a.subtype, a.subtype_text) for a in found] == [
        ("a-current", AccountType.DEPOSITORY, AccountSubtype.CHECKING, "CURRENT"),
        ("a-savings", AccountType.DEPOSITORY, AccountSubtype.SAVINGS, "SAVINGS"),
        ("a-deposit", AccountType.DEPOSITORY, AccountSubtype.SAVINGS, "DEPOSIT"),
        ("a-term", AccountType.DEPOSITORY, AccountSubtype.CERTIFICATE_OF_DEPOSIT, "TERMDEPOSIT"),
        ("a-loan", AccountType.LOAN, AccountSubtype.UNKNOWN, "LOAN"),
        ("a-card", AccountType.CREDIT, AccountSubtype.CREDIT_CARD, "CREDITCARD"),
        ("a-other", AccountType.UNKNOWN, AccountSubtype.UNKNOWN, "OTHER"),
        ("a-new", AccountType.UNKNOWN, AccountSubtype.UNKNOWN, "NOSTRO"),
    ]
    assert [a.currency for a in found] == ["EUR", "USD", "JPY", "USD", "EUR", "USD", "EUR", "EUR"]
    assert {a.status for a in found} == {AccountStatus.UNKNOWN}
    assert all((a.institution.id, a.institution.name) == ("sandbox", "Finastra") for a in found)
    assert all((a.source, a.capabilities) == ("banking:finastra", {"balances"}) for a in found)
    assert found.meta is not None
    assert found.meta.provider == "banking:finastra"


def test_accounts_when_listed_then_names_are_made_of_type_and_last_four() -> None:
    current, savings, *_, other, new = Bank().client.accounts()
    assert (current.name, current.last_four) == ("Current account 7890", "7890")
    assert (savings.name, savings.last_four) == ("Savings account 5671", "5671")
    assert (other.name, other.last_four) == ("Account", None)  # 0012 would be the whole number
    assert (new.name, new.last_four) == ("Account", None)


def test_accounts_when_asked_then_signed_with_a_token_of_the_login_tenant() -> None:
    bank = Bank([TOKEN, listed(row("a-1"))], login_tenant="bank-north", scope="accounts", context="INT", tenant="ours")
    (account,) = bank.client.accounts()
    login, asked = bank.requests
    assert (login.method, login.path) == ("POST", "/login/v1/bank-north/oidc/token")
    assert parse_qs((login.content or b"").decode()) == {
        "grant_type": ["client_credentials"],
        "client_id": ["a-made-up-client"],
        "client_secret": ["a-made-up-secret"],
        "scope": ["accounts"],
    }
    assert asked.path == "/corporate/channels/accounts/me/v1/accounts"
    assert dict(asked.params) == {"limit": "200", "offset": "0", "accountContext": "INT"}
    assert dict(asked.headers)["Authorization"] == "Bearer made-up-token"
    assert account.institution.id == "bank-north"


def test_accounts_when_there_are_two_pages_then_all_of_both() -> None:
    pages = [listed(row("a-1"), pageCount=2, itemCount=2), listed(row("a-2"), pageCount=2, itemCount=2)]
    bank = Bank([TOKEN, *pages])
    assert [account.id for account in bank.client.accounts()] == ["a-1", "a-2"]
    assert [dict(request.params)["offset"] for request in bank.requests[1:]] == ["0", "200"]


@pytest.mark.parametrize("itemCount", [0, 1, 3])
def test_accounts_when_rows_are_missing_then_no_half_list(itemCount: int) -> None:
    with pytest.raises(UnexpectedPayload, match="itemCount"):
        Bank([TOKEN, listed(row("a-1"), row("a-2"), itemCount=itemCount)]).client.accounts()


def test_account_when_asked_then_status_too() -> None:
    client = Bank().client
    assert client.account("a-current").status is AccountStatus.OPEN
    assert client.account("a-savings").status is AccountStatus.UNKNOWN
    with pytest.raises(NotFound) as absent:
        client.account("a-absent")
    assert "nobody should see" not in str(absent.value)


def test_account_when_status_is_a_new_word_then_unknown() -> None:
    answer = reply({**row("a-1"), "status": "BLOCKED"})
    assert Bank([TOKEN, answer]).client.account("a-1").status is AccountStatus.UNKNOWN


def test_balance_when_asked_then_to_the_cent() -> None:
    balance = Bank().client.balance("a-current")
    assert balance.account_id == "a-current"
    assert balance.current == Money(Decimal("55456.72"), "EUR")
    assert balance.available == Money(Decimal("80456.72"), "EUR")


def test_balance_when_loan_then_debt_is_negative() -> None:
    balance = Bank().client.balance("a-loan")
    assert balance.current == Money(Decimal("-1820000.00"), "EUR")
    assert balance.available == Money(Decimal(0), "EUR")


@pytest.mark.parametrize("type", ["CURRENT", "SAVINGS", "DEPOSIT", "TERMDEPOSIT"])
@pytest.mark.parametrize("ledger", ["1,000.10", "-1,000.10", "0.00"])
def test_balance_when_depository_then_as_printed(type: str, ledger: str) -> None:
    assert balance_of(type, ledger).current == Money(Decimal(ledger.replace(",", "")), "EUR")


@pytest.mark.parametrize("type", ["LOAN", "CREDITCARD"])
def test_balance_when_loan_or_card_is_positive_then_refused_because_the_sign_is_not_confirmed(type: str) -> None:
    assert balance_of(type, "-0.01").current == Money(Decimal("-0.01"), "EUR")
    assert balance_of(type, "0.00").current == Money(Decimal(0), "EUR")
    with pytest.raises(UnexpectedPayload, match="loan or card is positive") as refused:
        balance_of(type, "987,654.32")
    assert "987" not in str(refused.value)


@pytest.mark.parametrize("type", ["OTHER", "NOSTRO"])
def test_balance_when_type_says_nothing_then_refused_instead_of_guessed(type: str) -> None:
    with pytest.raises(UnexpectedPayload, match="sign"):
        balance_of(type, "10.00")


def test_balance_when_available_is_absent_then_none() -> None:
    assert balance_of("CURRENT", "10.00").available is None


@pytest.mark.parametrize("ledger", [None, "", "1.000,10", "ten", True, "12,34.5", "NaN"])
def test_balance_when_ledger_is_no_amount_then_the_field_is_named(ledger: Any) -> None:
    with pytest.raises(UnexpectedPayload, match="ledgerBalance"):
        balance_of("CURRENT", ledger)


@pytest.mark.parametrize(
    ("operation", "ids"),
    [
        ("details", ("a-1",)),
        ("transaction", ("a-1", "t-1")),
        ("identity", ()),
        ("delete_account", ("a-1",)),
        ("delete_enrollment", ()),
    ],
)
def test_operation_when_not_offered_then_one_sentence_and_no_request(operation: str, ids: tuple[str, ...]) -> None:
    bank = Bank([])
    with pytest.raises(FeatureDisabled) as refused:
        getattr(bank.client, operation)(*ids)
    assert str(refused.value) == (f"banking:finastra does not offer {operation}; it offers account, accounts, balance.")
    assert bank.requests == []


def test_transactions_when_walked_then_not_offered() -> None:
    with pytest.raises(FeatureDisabled, match="does not offer transactions"):
        list(Bank([]).client.transactions("a-1"))


@pytest.mark.parametrize("url", ["https://api.fusionfabric.cloud", "http://192.0.2.1:8060/finastra"])
def test_client_when_endpoint_is_not_on_this_machine_then_refused(url: str) -> None:
    transport = Replay([])
    with pytest.raises(FeatureDisabled, match="local sandbox"):
        Finastra(transport, Endpoint(url, "live", load(Settings, GIVEN)))
    assert transport.seen == []


@pytest.mark.parametrize("mode", ["live", "auto"])
def test_endpoint_when_calls_would_go_live_then_not_offered(clean: pytest.MonkeyPatch, mode: str) -> None:
    clean.setenv("FIN_INFRA_MODE", mode)
    for name, value in GIVEN.items():
        clean.setenv(f"FINASTRA_B2C_{name.upper()}", value)
    with pytest.raises(FeatureDisabled, match="FINASTRA_B2C_BASE_URL") as refused:
        registry.resolve("banking:finastra")
    assert not any(value in str(refused.value) for value in GIVEN.values())


def test_endpoint_when_nothing_is_set_then_the_sandbox_with_its_own_credentials(clean: pytest.MonkeyPatch) -> None:
    place = endpoint(Finastra.info)
    assert (place.base_url, place.environment) == ("http://127.0.0.1:8060/finastra", "sandbox")
    assert dict(place.settings.identity())["client_id"] == "sandbox-b2c-client"


def test_door_when_no_provider_is_named_then_one_that_can_go_live(clean: pytest.MonkeyPatch) -> None:
    assert registry.resolve("banking").source == "banking:teller"
    clean.setenv("FEATURE_BANKING_TELLER", "0")
    registry.reset()
    assert registry.resolve("banking").source == "banking:finastra"


def test_overview_when_live_then_not_offered_and_other_providers_unharmed(
    clean: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    clean.setenv("FIN_INFRA_MODE", "live")
    clean.setenv("TELLER_ACCESS_TOKEN", "test_token_made_up")
    shown = {row.provider: (row.environment, row.health) for row in statuses()}
    assert shown["banking:finastra"] == (None, "not offered")
    assert shown["banking:teller"] == ("live", "unused")
    ls(as_json=True)
    rows = {row["provider"]: row for row in json.loads(capsys.readouterr().out)}
    assert rows["banking:finastra"]["environment"] == "not offered"
    assert "FINASTRA_B2C_BASE_URL" in rows["banking:finastra"]["problem"]
    assert rows["banking:teller"]["problem"] is None


@pytest.mark.parametrize(("keys", "ok"), [([], True), (["banking:finastra"], False)])
def test_keys_verify_when_live_then_fails_only_where_asked_for(
    clean: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], keys: list[str], ok: bool
) -> None:
    clean.setenv("FIN_INFRA_MODE", "live")
    for cls in registry.providers():
        if cls is not Finastra:
            clean.setenv(f"FEATURE_{cls.info.provider_key.replace(':', '_').upper()}", "0")
    assert verify(keys, as_json=True) is ok
    (found,) = json.loads(capsys.readouterr().out)
    assert (found["provider"], found["result"]) == ("banking:finastra", "not offered")


def test_keys_verify_when_nothing_is_set_then_no_key_is_asked_for(
    clean: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert verify([], as_json=True) is True
    rows = {row["provider"]: row for row in json.loads(capsys.readouterr().out)}
    assert (rows["banking:finastra"]["result"], rows["banking:finastra"]["next_step"]) == ("no key needed", "")


def test_settings_when_shown_then_neither_client_nor_secret() -> None:
    settings = load(Settings, GIVEN)
    shown = f"{settings!r} {settings} {Bank([]).client!r} {Bank([]).client.access!r}"
    assert not any(value in shown for value in GIVEN.values())


@pytest.mark.parametrize("given", [{"login_tenant": "a/b"}, {"context": "EVERYTHING"}, {"login_tenant": "a" * 65}])
def test_settings_when_unusable_then_the_name_and_not_the_value(given: dict[str, str]) -> None:
    ((name, value),) = given.items()
    with pytest.raises(ConfigurationError, match=name) as refused:
        load(Settings, {**GIVEN, **given})
    assert value not in str(refused.value)


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (reply({"error": "invalid_client", "error_description": "a-made-up-secret"}, 401), AuthenticationFailed),
        (reply({"statusCode": 403, "message": "a-made-up-secret"}, 403), AuthenticationFailed),
        (reply({"statusCode": 429, "message": "slow down"}, 429), RateLimited),
        (reply({"statusCode": 503, "message": "down"}, 503), ProviderUnavailable),
        (reply({"expires_in": 300}), UnexpectedPayload),
        (reply({"access_token": "made-up-token", "expires_in": "soon"}), UnexpectedPayload),
        (Reply(200, b"<html>"), UnexpectedPayload),
    ],
)
def test_login_when_it_fails_then_typed_and_our_variables_and_nothing_secret(
    answer: Reply, error: type[ProviderError], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    bank = Bank([answer])
    with pytest.raises(error) as refused:
        bank.client.accounts()
    assert (refused.value.provider, refused.value.operation) == ("banking:finastra", "accounts")
    assert [request.path for request in bank.requests] == [LOGIN]
    told = f"{refused.value} {vars(refused.value)} {refused.value.extra()} {caplog.text}"
    assert not any(word in told for word in (*GIVEN.values(), "made-up-token", "FINASTRA_B2B"))
    if error is AuthenticationFailed:
        assert "FINASTRA_B2C_CLIENT_SECRET" in str(refused.value)


def test_product_when_it_refuses_the_application_then_permission_denied() -> None:
    with pytest.raises(PermissionDenied, match="portal"):
        Bank([TOKEN, reply({"statusCode": 403, "message": "no"}, 403)]).client.accounts()


@pytest.fixture(scope="module")
def sandbox() -> Iterator[str]:
    with running() as url:
        yield url


@pytest.mark.parametrize(
    ("kind", "error"),
    [
        ("rate_limit", RateLimited),
        ("status_503", ProviderUnavailable),
        ("drop_after", ProviderUnavailable),
        ("truncated", UnexpectedPayload),
        ("html", UnexpectedPayload),
        ("empty", UnexpectedPayload),
        ("expired_token", AuthenticationFailed),
    ],
)
def test_login_when_the_sandbox_strikes_it_then_typed_and_healed_by_the_next_call(
    sandbox: str, kind: str, error: type[FinInfraError]
) -> None:
    import httpx2

    settings = load(Settings, {**Finastra.info.sandbox, "max_attempts": 1})
    place = Endpoint(f"{sandbox}/finastra", "sandbox", settings)
    transport: Any = http_transport(Finastra, place, "sync")
    client: Finastra[Sync] = Finastra(transport, place)
    with httpx2.Client(base_url=sandbox, timeout=30) as control:
        control.post("/_sandbox/faults", json={"vendor": "finastra", "kind": kind, "path": "/login", "count": 1})
    try:
        with pytest.raises(error) as refused:
            client.accounts()
        assert "sandbox-b2c" not in f"{refused.value} {vars(refused.value)}"
        assert len(client.accounts()) == 8
    finally:
        transport.close()
