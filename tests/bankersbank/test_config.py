"""The FINASTRA_* variables: what each takes, what it refuses and in which words, and when it is read."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from bankersbank.config import VARIABLES
from bankersbank.finastra import (
    AsyncFinastraAPIClient,
    ClientCredentialsTokenProvider,
    FinastraAPIClient,
    FinastraConfig,
)
from fin_infra.errors import ConfigurationError, FeatureDisabled, FinInfraError, ProviderUnavailable
from fin_infra.flow import BreakerState
from fin_infra.transport import Reply
from fin_infra.transport.replay import Replay
from tests.bankersbank.support import call, reply

CLIENT = {"FINASTRA_B2B_CLIENT_ID": "an-id", "FINASTRA_B2B_CLIENT_SECRET": "a-made-up-secret"}
PEM = "-----BEGIN PRIVATE KEY-----\nmade up\n-----END PRIVATE KEY-----\n"
DEFAULTS = {
    "private_key": None,
    "key_id": None,
    "base_url": "https://api.fusionfabric.cloud",
    "product": "total-lending/collaterals/b2b/v2",
    "realm": "sandbox",
    "scope": "openid",
    "collaterals": True,
    "b2c": False,
    "breaker": True,
    "breaker_threshold": 5,
    "breaker_cooldown_s": 30.0,
    "retry_min_sleep_s": 0.0,
    "max_attempts": 3,
    "timeout_s": 10.0,
    "deadline_s": 30.0,
}
FLAGS = ("FEATURE_FINASTRA_COLLATERALS", "FEATURE_FINASTRA_B2C", "FEATURE_FINASTRA_BREAKER")
COUNTS = ("FINASTRA_BREAKER_FAIL_THRESHOLD", "FINASTRA_MAX_ATTEMPTS")
SPANS = ("FINASTRA_BREAKER_COOLDOWN_SEC", "FINASTRA_TIMEOUT_SEC", "FINASTRA_DEADLINE_SEC")
NO_NUMBER = [
    "text",
    "-1",
    "-0.5",
    "inf",
    "-inf",
    "nan",
    "1e3",
    "0x10",
    "+5",
    "5,0",
    "1_000",
    "५",
    "５",
    "5 s",
    "9" * 400,
]
GOOD: Mapping[str, list[tuple[str, Any]]] = {
    "FINASTRA_B2B_CLIENT_ID": [("another-id", "another-id"), (" padded\t", "padded"), ("-1", "-1")],
    "FINASTRA_B2B_CLIENT_SECRET": [("s/e+c=r&t", "s/e+c=r&t"), ("ünïcode", "ünïcode"), ("x" * 5000, "x" * 5000)],
    "FINASTRA_B2B_KEY_ID": [("kid-1", "kid-1")],
    "FINASTRA_B2B_BASE_URL_COLLATERALS": [
        ("http://127.0.0.1:8060/finastra/", "http://127.0.0.1:8060/finastra/"),
        ("https://api.preprod.fusionfabric.cloud", "https://api.preprod.fusionfabric.cloud"),
    ],
    "FINASTRA_B2B_PRODUCT_COLLATERALS": [("total-lending/collaterals/b2b/v3", "total-lending/collaterals/b2b/v3")],
    "FINASTRA_TENANT": [("finastra-dev", "finastra-dev"), ("a.b_c", "a.b_c"), ("0", "0")],
    "FINASTRA_SCOPE": [("accounts", "accounts"), ("openid accounts", "openid accounts")],
    **{name: [("1", True), ("0", False), ("true", True), ("OFF", False), (" yes ", True)] for name in FLAGS},
    **{name: [("1", 1), ("7", 7), ("1000000", 1_000_000), ("007", 7)] for name in COUNTS},
    **{name: [("31", 31.0), ("0.5", 0.5), ("86400", 86_400.0)] for name in SPANS},
    "FINASTRA_RETRY_MIN_SLEEP_MS": [("0", 0.0), ("50", 0.05), ("0.5", 0.0005), ("60000", 60.0)],
}
BAD: Mapping[str, list[str]] = {
    "FINASTRA_B2B_CLIENT_ID": ["id\udcff"],
    "FINASTRA_B2B_CLIENT_SECRET": ["secret\udcff"],
    "FINASTRA_B2B_KEY_ID": ["kid\udcff"],
    "FINASTRA_SCOPE": ["openid\udcff"],
    "FINASTRA_B2B_BASE_URL_COLLATERALS": [
        "text",
        "-1",
        "//api.fusionfabric.cloud",
        "ftp://api.fusionfabric.cloud",
        "http://api.fusionfabric.cloud",
        "https://",
        "https://api.fusionfabric.cloud:port",
        "https://api.fusionfabric.cloud:0",
        "https://user:pa55@api.fusionfabric.cloud",
        "https://api.fusionfabric.cloud?key=pa55",
        "https://api fusionfabric cloud",
        "https://äpi.fusionfabric.cloud",
    ],
    "FINASTRA_B2B_PRODUCT_COLLATERALS": ["/a/v1", "a/v1/", "a//v1", "a/../v1", "..", "a/.", "a?b", "a b", "%2e%2e"],
    "FINASTRA_TENANT": ["a/b", "..", ".", "a b", "a?b", "%2e", "ä", "x" * 65, "a\nb"],
    **{name: ["text", "2", "-1", "1.0", "inf", "nan", "１", "9" * 400, "yes please", "1\x00"] for name in FLAGS},
    **{name: [*NO_NUMBER, "0", "2.5", "1000001", "0000010000000", "0000001" + "0" * 5000] for name in COUNTS},
    **{name: [*NO_NUMBER, "0", "0.0", "1.", ".5"] for name in SPANS},
    "FINASTRA_RETRY_MIN_SLEEP_MS": [*NO_NUMBER, "1.", ".5"],
}
FIELDS = {variable: name for name, (variable, _) in VARIABLES.items()}


@pytest.fixture(autouse=True)
def _blank_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in FIELDS:
        monkeypatch.delenv(name, raising=False)


def rows(table: Mapping[str, list[Any]]) -> list[Any]:
    pairs = [(name, value) for name, values in table.items() for value in values]
    return [pytest.param(name, value, id=f"{name}-{str(value)[:20]!a}") for name, value in pairs]


def chain(error: BaseException | None) -> str:
    told = ""
    while error is not None:
        told += f"{error!r} {error} {vars(error)}"
        error = error.__context__
    return told


def test_tables_when_compared_then_each_variable_is_tried_with_good_and_bad() -> None:
    everything_else = {"FINASTRA_B2B_PRIVATE_KEY_PATH"}  # a file; see below
    assert set(GOOD) == set(BAD) == set(FIELDS) - everything_else


@pytest.mark.parametrize(("variable", "value"), rows(GOOD))
def test_variable_when_good_then_fills_its_field_and_no_other(variable: str, value: tuple[str, Any]) -> None:
    text, wanted = value
    found = FinastraConfig.from_env(CLIENT | {variable: text})
    expected = DEFAULTS | {"client_id": "an-id", "client_secret": "a-made-up-secret"} | {FIELDS[variable]: wanted}
    assert {name: getattr(found, name) for name in expected} == expected
    assert type(getattr(found, FIELDS[variable])) is type(wanted)


@pytest.mark.parametrize(("variable", "text"), rows(BAD))
def test_variable_when_bad_then_refused_at_construction_by_its_name_and_not_repeated(
    variable: str, text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if "\x00" in text:
        with pytest.raises(ConfigurationError, match=variable):
            FinastraConfig.from_env(CLIENT | {variable: text})
        return
    for name, value in (CLIENT | {variable: text}).items():
        monkeypatch.setenv(name, value)
    for client in (FinastraAPIClient, AsyncFinastraAPIClient):
        with pytest.raises(ConfigurationError, match=variable) as caught:
            client()
        told = chain(caught.value)
        assert "pa55" not in told
        if len(text) > 3 and "://" not in text:
            assert text not in told


@pytest.mark.parametrize("blank", ["", " ", "\t\n"])
@pytest.mark.parametrize("variable", sorted(set(FIELDS) - set(CLIENT)))
def test_variable_when_blank_then_as_if_unset(variable: str, blank: str) -> None:
    found = FinastraConfig.from_env(CLIENT | {variable: blank})
    assert {name: getattr(found, name) for name in DEFAULTS} == DEFAULTS


@pytest.mark.parametrize("blank", [None, "", "  "])
@pytest.mark.parametrize("variable", sorted(CLIENT))
def test_credentials_when_missing_or_blank_then_the_error_names_the_variable(variable: str, blank: str | None) -> None:
    environ = {name: text for name, text in CLIENT.items() if name != variable}
    with pytest.raises(ConfigurationError, match=variable) as caught:
        FinastraConfig.from_env(environ if blank is None else environ | {variable: blank})
    assert "a-made-up-secret" not in chain(caught.value)


@pytest.mark.parametrize("variable", sorted(set(FIELDS) - {"FINASTRA_B2B_PRIVATE_KEY_PATH"}))
def test_argument_when_given_then_wins_over_the_environment_even_a_bad_one(variable: str) -> None:
    name, wanted = FIELDS[variable], GOOD[variable][0][1]
    for other in (GOOD[variable][-1][0], BAD[variable][0]):
        assert getattr(FinastraConfig.from_env(CLIENT | {variable: other}, **{name: wanted}), name) == wanted


def test_argument_when_unknown_then_refused_by_name() -> None:
    with pytest.raises(ConfigurationError, match="brakes"):
        FinastraConfig.from_env(CLIENT, brakes=True)


@pytest.mark.parametrize("value", [-1, float("nan")])
@pytest.mark.parametrize("variable", [*COUNTS, *SPANS, "FINASTRA_RETRY_MIN_SLEEP_MS"])
def test_argument_when_it_is_no_amount_of_anything_then_refused_by_the_variables_name(
    variable: str, value: float
) -> None:
    with pytest.raises(ConfigurationError, match=variable):
        FinastraConfig.from_env(CLIENT, **{FIELDS[variable]: value})


def test_private_key_when_its_file_is_there_then_read_and_not_shown(tmp_path: Path) -> None:
    file = tmp_path / "key.pem"
    file.write_text(PEM)
    environ = {
        "FINASTRA_B2B_CLIENT_ID": "an-id",
        "FINASTRA_B2B_PRIVATE_KEY_PATH": f" {file} ",
        "FINASTRA_B2B_KEY_ID": "kid-1",
    }
    found = FinastraConfig.from_env(environ)
    assert (found.private_key, found.key_id, found.client_secret) == (PEM, "kid-1", None)
    for secret in ("made up", "kid-1", "an-id"):
        assert secret not in repr(found)


@pytest.mark.parametrize("kind", ["missing", "folder", "bytes", "nul", "no right"])
def test_private_key_when_its_file_cannot_be_read_then_the_error_names_the_variable_and_not_the_file(
    tmp_path: Path, kind: str
) -> None:
    file = tmp_path / "s3cret-name.pem"
    if kind == "bytes":
        file.write_bytes(b"\xff\xfe")
    if kind == "no right":
        file.write_text(PEM)
        file.chmod(0)
        if os.access(file, os.R_OK):
            pytest.skip("this user may read everything")
    place = {"folder": str(tmp_path), "nul": f"{file}\x00"}.get(kind, str(file))
    with pytest.raises(ConfigurationError, match="FINASTRA_B2B_PRIVATE_KEY_PATH") as caught:
        FinastraConfig.from_env(CLIENT | {"FINASTRA_B2B_PRIVATE_KEY_PATH": place, "FINASTRA_B2B_KEY_ID": "k"})
    assert "s3cret-name" not in str(caught.value)


@pytest.mark.parametrize("secret", [{}, {"FINASTRA_B2B_CLIENT_SECRET": "a-made-up-secret"}])
def test_private_key_when_the_key_id_is_missing_then_the_error_names_it(tmp_path: Path, secret: dict[str, str]) -> None:
    (tmp_path / "key.pem").write_text(PEM)
    environ = {"FINASTRA_B2B_CLIENT_ID": "an-id", "FINASTRA_B2B_PRIVATE_KEY_PATH": str(tmp_path / "key.pem")}
    with pytest.raises(ConfigurationError, match="FINASTRA_B2B_KEY_ID"):
        FinastraConfig.from_env(environ | secret)


# When the variables are read


def test_modules_when_imported_then_read_no_variable() -> None:
    """With every variable bad, and with an environment that tells who looks into it."""
    code = (
        "import os\n"
        "class Told(type(os.environ)):\n"
        "    def __getitem__(self, name):\n"
        "        assert 'FINASTRA' not in str(name), name\n"
        "        return super().__getitem__(name)\n"
        "os.environ.__class__ = Told\n"
        "import bankersbank.finastra, bankersbank.config, bankersbank.tokens, bankersbank.metrics\n"
        "try:\n"
        "    bankersbank.finastra.FinastraConfig.from_env()\n"
        "except AssertionError:\n"
        "    print('read at construction')\n"
    )
    environ = os.environ | dict.fromkeys(FIELDS, "½")
    done = subprocess.run([sys.executable, "-c", code], env=environ, capture_output=True, text=True, timeout=120)
    assert (done.returncode, done.stdout.strip(), done.stderr) == (0, "read at construction", "")


def test_environment_when_changed_then_the_next_client_differs_and_the_old_does_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name, text in CLIENT.items():
        monkeypatch.setenv(name, text)
    first = FinastraAPIClient()
    monkeypatch.setenv("FINASTRA_TENANT", "bank-north")
    monkeypatch.setenv("FINASTRA_BREAKER_FAIL_THRESHOLD", "1")
    monkeypatch.setenv("FEATURE_FINASTRA_COLLATERALS", "0")
    second = FinastraAPIClient()
    assert (first.tenant, second.tenant) == ("sandbox", "bank-north")
    assert (first.config.breaker_threshold, second.config.breaker_threshold) == (5, 1)
    assert (first.config.collaterals, second.config.collaterals) == (True, False)


# What the settings do


def client(answer: Any = None, **variables: str) -> Any:
    """A client by its variables, over replayed logins and `answer` for all else."""
    token = reply({"access_token": "made-up-token", "expires_in": 86_400})

    def respond(request: Any) -> Any:
        return token if request.path.startswith("/login/") else answer or reply({"items": []})

    return FinastraAPIClient(FinastraConfig.from_env(CLIENT | variables), transport=Replay(respond))


@pytest.mark.parametrize("operation", ["list_collaterals", "get_collateral", "collaterals"])
def test_collaterals_when_switched_off_then_feature_disabled_and_nothing_is_sent(operation: str) -> None:
    bank = client(FEATURE_FINASTRA_COLLATERALS="0")
    with pytest.raises(FeatureDisabled, match="FEATURE_FINASTRA_COLLATERALS"):
        list(call(bank, operation, *(["C1"] if operation == "get_collateral" else [])))
    assert bank.transport.seen == []


def test_breaker_when_switched_off_then_never_opens_and_when_on_at_its_threshold() -> None:
    down = Reply(503, b"")
    on = client(down, FINASTRA_BREAKER_FAIL_THRESHOLD="3", FINASTRA_BREAKER_COOLDOWN_SEC="5")
    off = client(down, FINASTRA_BREAKER_FAIL_THRESHOLD="3", FEATURE_FINASTRA_BREAKER="0")
    for number in range(1, 21):
        for bank in (on, off):
            with pytest.raises(ProviderUnavailable):
                call(bank, "list_collaterals")
        if number in (2, 3):
            assert on.policy.breaker.state is (BreakerState.CLOSED if number == 2 else BreakerState.OPEN)
    assert off.policy.breaker.state is BreakerState.CLOSED
    assert len(off.transport.requests) == 1 + 20 * 3, "a login, then three attempts each"
    assert len(on.transport.requests) == 1 + 3 * 3
    on.transport.now += 5.0
    with pytest.raises(ProviderUnavailable):
        call(on, "list_collaterals")
    assert len(on.transport.requests) == 1 + 4 * 3


def test_pacing_when_set_then_every_pause_is_longer_by_it(monkeypatch: pytest.MonkeyPatch) -> None:
    paced = client(reply(b"", 503, retry_after="2"), FINASTRA_RETRY_MIN_SLEEP_MS="50")
    with pytest.raises(ProviderUnavailable):
        call(paced, "list_collaterals")
    assert paced.transport.pauses == [2.05, 2.05]
    diced = client(Reply(503, b""), FINASTRA_RETRY_MIN_SLEEP_MS="5000")
    with pytest.raises(ProviderUnavailable):
        call(diced, "list_collaterals")
    assert len(diced.transport.pauses) == 2
    assert all(5.0 <= pause < 6.0 for pause in diced.transport.pauses)


def test_product_and_base_url_when_set_then_the_request_goes_there() -> None:
    bank = client(
        FINASTRA_B2B_PRODUCT_COLLATERALS="lending/things/v9", FINASTRA_B2B_BASE_URL_COLLATERALS="https://a.example/x"
    )
    call(bank, "list_collaterals")
    assert bank.transport.requests[-1].path == "/lending/things/v9/collaterals"
    real = FinastraAPIClient(bank.config)
    assert real.transport.config.base_url == "https://a.example/x"  # type: ignore[attr-defined]  # an HttpTransport


def test_errors_when_raised_then_all_of_our_tree() -> None:
    for variable, texts in BAD.items():
        for text in texts:
            with pytest.raises(FinInfraError):
                FinastraAPIClient(FinastraConfig.from_env(CLIENT | {variable: text}), transport=Replay([]))


def test_realm_when_given_by_its_old_name_then_works_and_warns() -> None:
    with pytest.warns(DeprecationWarning, match="realm"):
        config = FinastraConfig.from_env(CLIENT, tenant="bank-north")
    assert config.realm == "bank-north"
    with pytest.warns(DeprecationWarning, match="realm"):
        assert config.but(tenant="bank-south").realm == "bank-south"
    with pytest.warns(DeprecationWarning, match="realm"):
        assert config.tenant == "bank-north"
    with pytest.warns(DeprecationWarning, match="realm"):
        tokens = ClientCredentialsTokenProvider(client_id="a", client_secret="b", tenant="bank-north")
    assert repr(tokens) == "<ClientCredentialsTokenProvider /login/v1/bank-north/oidc/token>"
