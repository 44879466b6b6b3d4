"""Tokens of the login: what is sent for one, how long it serves, how often it is asked for, what its refusals are."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from threading import Barrier
from typing import Any
from urllib.parse import parse_qsl

import httpx2
import jwt as pyjwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from joserfc import jwt
from joserfc.jwk import RSAKey
from jwt.algorithms import RSAAlgorithm

from bankersbank.finastra import (
    AsyncFinastraAPIClient,
    ClientCredentialsTokenProvider,
    FinastraAPIClient,
    FinastraConfig,
)
from fin_infra.errors import (
    AuthenticationFailed,
    ConfigurationError,
    DeadlineExceeded,
    FinInfraError,
    MissingExtra,
    NotFound,
    PermissionDenied,
    ProviderError,
    ProviderUnavailable,
    RateLimited,
    UnexpectedPayload,
)
from fin_infra.flow import BreakerState
from fin_infra.sandbox import running
from fin_infra.transport import Reply, Request
from fin_infra.transport.config import HttpConfig
from fin_infra.transport.http import AsyncHttpTransport, HttpTransport
from fin_infra.transport.replay import AsyncReplay, Replay
from tests.bankersbank.support import LOOPBACK, MODES, bare_client, call, config, is_login, reply

EMPTY = reply({"items": []})
FORM = "application/x-www-form-urlencoded"
EXPIRED = reply({"statusCode": 401, "message": "Access token is missing or invalid."}, 401)
MANY = 200


@cache
def key(bits: int = 2048) -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, bits)


def pem(private: Any, password: bytes | None = None) -> str:
    lock = serialization.BestAvailableEncryption(password) if password else serialization.NoEncryption()
    return private.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, lock
    ).decode()  # fmt: skip


def public(private: Any) -> str:
    return (
        private.public_key()
        .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
        .decode()
    )


class Login:
    """Numbers its tokens and says how long they last; other requests get `answer`."""

    def __init__(self, lifetime: Any = 300, answer: Callable[[Request], Reply | Exception] = lambda _: EMPTY) -> None:
        self.lifetime, self.answer = lifetime, answer
        self.logins: list[Request] = []
        self.bearers: list[str] = []

    def __call__(self, request: Request) -> Reply | Exception:
        if is_login(request):
            self.logins.append(request)
            body = {"access_token": f"token-{len(self.logins)}", "token_type": "Bearer"}
            return reply(body if self.lifetime is None else body | {"expires_in": self.lifetime})
        self.bearers.append(dict(request.headers)["Authorization"].removeprefix("Bearer "))
        return self.answer(request)


def form(request: Request) -> dict[str, str]:
    assert request.content is not None
    return dict(parse_qsl(request.content.decode(), keep_blank_values=True, strict_parsing=True))


# What is sent


def test_client_when_constructed_then_nothing_is_asked_for() -> None:
    for mode in MODES:
        assert bare_client(mode, Login()).transport.seen == []  # type: ignore[attr-defined]  # a Replay


@pytest.mark.parametrize("mode", MODES)
def test_login_with_a_secret_when_sent_then_byte_for_byte_what_the_vendor_documents(mode: str) -> None:
    login = Login()
    call(
        bare_client(mode, login, client_id="an id&=%", client_secret="s/e+c é", realm="bank-north"), "list_collaterals"
    )
    (sent,) = login.logins
    assert (sent.method, sent.path, sent.params) == ("POST", "/login/v1/bank-north/oidc/token", ())
    assert sent.content == (
        b"grant_type=client_credentials&client_id=an+id%26%3D%25&client_secret=s%2Fe%2Bc+%C3%A9&scope=openid"
    )
    assert dict(sent.headers) == {"Content-Type": FORM, "Accept": "application/json"}
    assert login.bearers == ["token-1"]


def test_scope_when_empty_then_left_to_the_server() -> None:
    login = Login()
    call(bare_client("sync", login, scope=""), "list_collaterals")
    assert set(form(login.logins[0])) == {"grant_type", "client_id", "client_secret"}


def test_login_with_a_key_when_sent_then_a_signed_assertion_and_neither_id_nor_secret() -> None:
    login = Login(lifetime=1)
    client = bare_client("sync", login, private_key=pem(key()), key_id="kid-7", client_secret=None, scope="accounts")
    before = int(time.time())
    call(client, "list_collaterals")
    client.transport.now = 10.0  # type: ignore[attr-defined]  # a Replay
    call(client, "list_collaterals")
    after = int(time.time())
    forms = [form(request) for request in login.logins]
    assert len(forms) == 2
    tokens = []
    for sent in forms:
        assert set(sent) == {"grant_type", "client_assertion_type", "client_assertion", "scope"}
        assert sent["grant_type"] == "client_credentials"
        assert sent["client_assertion_type"] == "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
        assert sent["scope"] == "accounts"
        tokens.append(jwt.decode(sent["client_assertion"], RSAKey.import_key(public(key())), algorithms=["RS256"]))
    for token in tokens:
        assert token.header == {"alg": "RS256", "kid": "kid-7", "typ": "JWT"}
        assert set(token.claims) == {"iss", "sub", "aud", "jti", "exp"}
        assert token.claims["iss"] == token.claims["sub"] == "an-id"
        assert token.claims["aud"] == f"{LOOPBACK}/login/v1"
        assert before + 60 <= token.claims["exp"] <= after + 1800  # the vendor's own sample says 30 minutes
    assert tokens[0].claims["jti"] != tokens[1].claims["jti"]


def test_audience_when_the_base_url_is_the_vendors_then_the_documented_one() -> None:
    login = Login()
    changes = {"private_key": pem(key()), "key_id": "k", "base_url": "https://api.fusionfabric.cloud/"}
    call(bare_client("sync", login, **changes), "list_collaterals")
    assertion = form(login.logins[0])["client_assertion"]
    decoded = jwt.decode(assertion, RSAKey.import_key(public(key())), algorithms=["RS256"])
    assert decoded.claims["aud"] == "https://api.fusionfabric.cloud/login/v1"


@pytest.mark.parametrize("kind", ["public", "elliptic", "encrypted", "text", "cut"])
def test_private_key_when_it_cannot_sign_then_says_so_without_it_and_nothing_is_sent(kind: str) -> None:
    texts = {
        "public": public(key()),
        "elliptic": pem(ec.generate_private_key(ec.SECP256R1())),
        "encrypted": pem(key(), b"pass"),
        "text": "hello",
        "cut": pem(key())[:400],
    }
    login = Login()
    client = bare_client("sync", login, private_key=texts[kind], key_id="k")
    with pytest.raises(ConfigurationError, match="FINASTRA_B2B_PRIVATE_KEY_PATH"):
        call(client, "list_collaterals")
    assert client.transport.seen == []  # type: ignore[attr-defined]  # a Replay


def test_private_key_when_pyjwt_knows_no_rsa_then_says_what_to_install() -> None:
    pyjwt.unregister_algorithm("RS256")  # as PyJWT is without cryptography
    try:
        with pytest.raises(MissingExtra, match=r"fin-infra-kit\[finastra\]"):
            call(bare_client("sync", Login(), private_key=pem(key()), key_id="k"), "list_collaterals")
    finally:
        pyjwt.register_algorithm("RS256", RSAAlgorithm(RSAAlgorithm.SHA256))


def test_private_key_when_it_has_no_key_id_then_refused_at_construction() -> None:
    with pytest.raises(ConfigurationError, match="FINASTRA_B2B_KEY_ID"):
        config(private_key=pem(key()))
    with pytest.raises(ConfigurationError, match="key id"):
        ClientCredentialsTokenProvider(client_id="a", client_secret="b", private_key=pem(key()))
    with pytest.raises(ConfigurationError, match="client secret"):
        ClientCredentialsTokenProvider(client_id="a")


def test_secret_when_it_is_no_text_then_refused_at_construction_without_it() -> None:
    with pytest.raises(ConfigurationError) as caught:
        bare_client("sync", Login(), client_secret="s3cret\udcff")
    error: BaseException | None = caught.value
    while error is not None:
        assert "s3cret" not in repr(error) + str(vars(error))
        error = error.__context__


# How long a token serves


@pytest.mark.parametrize(
    ("lifetime", "serves_s"),
    [
        (None, 270),
        (300, 270),
        ("300", 270),
        (3600, 3570),
        (100, 90),
        (10, 9),
        (1, 0.9),
        (10**11, 86_370),
        (10**400, 86_370),
    ],
    ids=lambda value: str(value)[:12],
)
@pytest.mark.parametrize("mode", MODES)
def test_token_when_its_lifetime_is_said_or_not_then_kept_until_the_margin(
    mode: str, lifetime: Any, serves_s: float
) -> None:
    login = Login(lifetime)
    client = bare_client(mode, login)
    transport: Any = client.transport
    for now in (0.0, serves_s - 0.01, serves_s + 0.01):
        transport.now = now
        call(client, "list_collaterals")
    assert login.bearers == ["token-1", "token-1", "token-2"]


def test_lifetime_when_the_login_is_slow_then_counts_from_the_question() -> None:
    login = Login(lifetime=100)
    client = bare_client("sync", login)
    transport: Any = client.transport
    answer = transport._responder

    def slow(request: Request) -> Any:
        transport.now += 8.0 if is_login(request) else 0.0
        return answer(request)

    transport._responder = slow
    for now in (0.0, 89.0, 91.0):
        transport.now = now
        call(client, "list_collaterals")
    assert len(login.logins) == 2


@pytest.mark.parametrize(
    "lifetime",
    [0, -1, "0", "-5", "", "soon", "3e2", "٣٠٠", " 300", True, False, 299.5, [300], {}, "0" * 13 + "5"],
)
def test_lifetime_when_it_is_odd_then_refused_by_name_and_the_token_is_not_used(lifetime: Any) -> None:
    login = Login(lifetime)
    with pytest.raises(UnexpectedPayload):
        call(bare_client("sync", login), "list_collaterals")
    assert login.bearers == []


@pytest.mark.parametrize(
    "token",
    [None, "", " ", "a b", " a", "a ", "a\n", "a\r\nX-Evil: 1", "tökén", "a\x00b", 7, True, ["a"], {"a": "b"}],
)
def test_token_when_it_does_not_fit_a_header_then_refused_by_name_and_nothing_is_sent(token: Any) -> None:
    client = bare_client("sync", lambda request: reply({"access_token": token, "expires_in": 300}))
    with pytest.raises(UnexpectedPayload, match="access_token"):
        call(client, "list_collaterals")
    assert [request.path for request in client.transport.requests] == ["/login/v1/sandbox/oidc/token"]  # type: ignore[attr-defined]  # a Replay


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b"null", b'"token"', b"{}", b"\xff", b"[" * 5000])
def test_login_when_it_answers_nonsense_then_unexpected_payload(body: bytes) -> None:
    with pytest.raises(UnexpectedPayload):
        call(bare_client("sync", lambda request: reply(body)), "list_collaterals")


# Refusals


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(
    ("status", "body", "code"),
    [
        (401, {"error": "invalid_client", "error_description": "secret s3cret is wrong"}, "invalid_client"),
        (400, {"error": "invalid_scope"}, "invalid_scope"),
        (400, {"error": "unauthorized_client"}, "unauthorized_client"),
        (400, {"error": "s3cret"}, None),
        (400, {"error": ["invalid_client"]}, None),
        (403, {"statusCode": 403, "message": "Access to this API is not allowed for s3cret"}, None),
        (404, {"statusCode": 404, "message": "Resource not found"}, None),
        (410, b"", None),
        (405, b"<html>s3cret", None),
        (422, b"[", None),
    ],
)
def test_login_when_it_refuses_then_authentication_failed_asked_once_and_quotes_nothing(
    mode: str, status: int, body: Any, code: str | None
) -> None:
    client = bare_client(mode, lambda request: reply(body, status, ff_trace_id="trace-1"))
    for _ in range(6):  # more often than would open the breaker
        with pytest.raises(AuthenticationFailed, match="FINASTRA_B2B_CLIENT_ID") as caught:
            call(client, "get_collateral", "C1")
    error = caught.value
    assert (error.vendor_code, error.http_status, error.retryable) == (code, status, False)
    assert error.trace == {"ff-trace-id": "trace-1"}
    assert error.request_id == "trace-1"
    assert "s3cret" not in f"{error!r} {error} {error.extra()}"
    assert len(client.transport.requests) == 6  # type: ignore[attr-defined]  # a Replay
    assert client.policy.breaker.state is BreakerState.CLOSED


def test_login_when_it_does_not_know_the_tenant_then_no_collateral_seems_to_be_missing() -> None:
    client = bare_client("sync", lambda request: reply({"statusCode": 404, "message": "Resource not found"}, 404))
    with pytest.raises(ProviderError, match="FINASTRA_TENANT") as caught:
        call(client, "get_collateral", "C1")
    assert not isinstance(caught.value, NotFound)


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (reply(b"", 500), ProviderUnavailable),
        (reply({"error": "temporarily_unavailable"}, 503), ProviderUnavailable),
        (reply(b"", 408), ProviderUnavailable),
        (reply(b"", 429), RateLimited),
        (ProviderUnavailable("cannot connect", retryable=True), ProviderUnavailable),
    ],
)
def test_login_when_it_is_down_then_the_breaker_opens(answer: Any, kind: type[ProviderError]) -> None:
    client = bare_client("sync", lambda request: answer, breaker_threshold=2, max_attempts=1)
    for state in (BreakerState.CLOSED, BreakerState.OPEN):
        with pytest.raises(kind):
            call(client, "list_collaterals")
        assert client.policy.breaker.state is state


@pytest.mark.parametrize(("timeout_s", "deadline_s"), [(10.0, 30.0), (10.0, 5.0), (5.0, 5.0)])
def test_login_when_it_hangs_then_the_breaker_opens_whatever_is_longer(timeout_s: float, deadline_s: float) -> None:
    def hang(request: Request) -> Exception:
        assert request.until is not None
        transport.now += min(request.timeout_s, request.until - transport.now)
        if transport.now >= request.until:
            return DeadlineExceeded("late", retryable=True)
        return ProviderUnavailable("no answer", retryable=True)

    client = bare_client("sync", hang, timeout_s=timeout_s, deadline_s=deadline_s, breaker_threshold=2)
    transport: Any = client.transport
    for state in (BreakerState.CLOSED, BreakerState.OPEN):
        with pytest.raises(ProviderError):
            call(client, "list_collaterals")
        assert client.policy.breaker.state is state


def test_login_when_only_the_caller_is_in_a_hurry_then_the_breaker_stays_closed() -> None:
    from fin_infra.flow import deadline

    def hang(request: Request) -> Exception:
        assert request.until is not None
        transport.now = request.until
        return DeadlineExceeded("late", retryable=True)

    client = bare_client("sync", hang, breaker_threshold=1)
    transport: Any = client.transport
    with deadline(0.5), pytest.raises(DeadlineExceeded):
        call(client, "list_collaterals")
    assert client.policy.breaker.state is BreakerState.CLOSED


@pytest.mark.parametrize("mode", MODES)
def test_token_when_refused_twice_then_the_error_says_what_to_check(mode: str) -> None:
    login = Login(answer=lambda request: EXPIRED)
    with pytest.raises(AuthenticationFailed, match="even when new"):
        call(bare_client(mode, login), "list_collaterals")
    assert login.bearers == ["token-1", "token-2"]


@pytest.mark.parametrize("mode", MODES)
def test_product_when_forbidden_then_the_token_is_kept(mode: str) -> None:
    login = Login(answer=lambda request: reply({"statusCode": 403, "message": "no"}, 403))
    client = bare_client(mode, login)
    for _ in range(2):
        with pytest.raises(PermissionDenied):
            call(client, "list_collaterals")
    assert login.bearers == ["token-1", "token-1"]


# Who shares a token


def test_token_when_clients_share_the_provider_then_one_login_serves_them_and_a_renewal_too() -> None:
    login = Login()
    tokens = ClientCredentialsTokenProvider(client_id="an-id", client_secret="a-made-up-secret")
    sync = FinastraAPIClient(config(), tokens=tokens, transport=Replay(login))
    loop = AsyncFinastraAPIClient(config(), tokens=tokens, transport=AsyncReplay(login))
    for client in (sync, loop, sync):
        call(client, "list_collaterals")
    assert login.bearers == ["token-1"] * 3
    refused = {"token-1"}
    login.answer = lambda _: EXPIRED if login.bearers[-1] in refused else EMPTY
    for client in (loop, sync, loop):
        call(client, "list_collaterals")
    assert login.bearers[3:] == ["token-1", "token-2", "token-2", "token-2"]


def test_token_when_clients_do_not_share_the_provider_then_each_has_its_own_tenants() -> None:
    logins = {tenant: Login() for tenant in ("bank-north", "bank-south")}
    clients = [bare_client("sync", login, realm=tenant) for tenant, login in logins.items()]
    for client in clients * 2:
        call(client, "list_collaterals")
    for tenant, login in logins.items():
        assert [request.path for request in login.logins] == [f"/login/v1/{tenant}/oidc/token"]
        assert login.bearers == ["token-1"] * 2


def test_provider_when_shown_then_neither_id_nor_secret_nor_token() -> None:
    login = Login()
    client = bare_client("sync", login)
    call(client, "list_collaterals")
    shown = f"{client.access!r} {client!r} {client.config!r} {client.transport!r} {client.policy!r} {login.logins[0]!r}"
    for secret in ("an-id", "a-made-up-secret", "token-1"):
        assert secret not in shown


# Against the sandbox


class Sandbox:
    """A running sandbox and its control plane."""

    def __init__(self, url: str) -> None:
        self.base_url = f"{url}/finastra"
        self._http = httpx2.Client(base_url=f"{url}/_sandbox", timeout=60, trust_env=False)

    def control(self, method: str, place: str, /, **body: Any) -> Any:
        answer = self._http.request(method, place, json=body)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def arrived(self) -> list[tuple[str, int]]:
        """What came since the last look: `login` or `product`, and its status."""
        rows = self.control("GET", "/requests")["requests"]
        self.control("DELETE", "/requests")
        return [("login" if row["path"].startswith("/login/") else "product", row["status"]) for row in rows]

    def config(self, **changes: Any) -> FinastraConfig:
        client = {"client_id": "sandbox-b2b-client", "client_secret": "sandbox-b2b-secret", "base_url": self.base_url}
        return FinastraConfig(**client | {"timeout_s": 120.0, "deadline_s": 240.0} | changes)

    def close(self) -> None:
        self._http.close()


@pytest.fixture(scope="module")
def sandbox_url() -> Iterator[str]:
    with running() as url:
        yield url


@pytest.fixture
def sandbox(sandbox_url: str) -> Iterator[Sandbox]:
    made = Sandbox(sandbox_url)
    made.control("POST", "/reset")
    yield made
    made.close()


class Skewed:
    """A clock that the test can move, over the real one."""

    skew_s = 0.0

    def monotonic(self) -> float:
        return time.monotonic() + self.skew_s


class ThreadsTogether(Skewed, HttpTransport):
    """Holds every refused answer back until `count` callers have one."""

    gate: Barrier | None = None

    def step(self, effect: Any) -> Any:
        answer = super().step(effect)
        if self.gate is not None and isinstance(answer, Reply) and answer.status == 401:
            self.gate.wait()
        return answer


class TasksTogether(Skewed, AsyncHttpTransport):
    gate: asyncio.Barrier | None = None

    async def step(self, effect: Any) -> Any:
        answer = await super().step(effect)
        if self.gate is not None and isinstance(answer, Reply) and answer.status == 401:
            await self.gate.wait()
        return answer


def test_token_when_revoked_under_two_hundred_threads_then_one_login_and_no_call_fails(sandbox: Sandbox) -> None:
    transport = ThreadsTogether(HttpConfig(base_url=sandbox.base_url))
    with FinastraAPIClient(sandbox.config(), transport=transport) as client:
        wanted = [row.id for row in client.list_collaterals()]
        transport.gate = Barrier(MANY, timeout=120)
        sandbox.control("POST", "/finastra", revoke=True)
        sandbox.arrived()
        with ThreadPoolExecutor(MANY) as pool:
            found = list(pool.map(lambda _: [row.id for row in client.list_collaterals()], range(MANY)))
    assert found == [wanted] * MANY
    arrived = sandbox.arrived()
    assert {kind: arrived.count(kind) for kind in set(arrived)} == {
        ("product", 401): MANY,
        ("login", 200): 1,
        ("product", 200): MANY,
    }


def test_token_when_revoked_under_two_hundred_tasks_then_one_login_and_no_call_fails(sandbox: Sandbox) -> None:
    async def main() -> tuple[list[str], list[list[str]]]:
        transport = TasksTogether(HttpConfig(base_url=sandbox.base_url))
        async with AsyncFinastraAPIClient(sandbox.config(), transport=transport) as client:
            wanted = [row.id for row in await client.list_collaterals()]
            transport.gate = asyncio.Barrier(MANY)
            sandbox.control("POST", "/finastra", revoke=True)
            sandbox.arrived()
            pages = await asyncio.gather(*(client.list_collaterals() for _ in range(MANY)))
            return wanted, [[row.id for row in page] for page in pages]

    wanted, found = asyncio.run(main())
    assert found == [wanted] * MANY
    arrived = sandbox.arrived()
    assert {kind: arrived.count(kind) for kind in set(arrived)} == {
        ("product", 401): MANY,
        ("login", 200): 1,
        ("product", 200): MANY,
    }


@pytest.mark.parametrize("mode", MODES)
def test_token_when_its_time_is_over_under_two_hundred_calls_then_one_login_and_no_refusal(
    sandbox: Sandbox, mode: str
) -> None:
    sandbox.control("POST", "/finastra", token_ttl_s=20)

    def over(transport: Skewed) -> None:
        sandbox.control("POST", "/clock", advance_s=20)
        transport.skew_s += 20.0
        sandbox.arrived()

    async def tasks() -> int:
        transport = TasksTogether(HttpConfig(base_url=sandbox.base_url))
        async with AsyncFinastraAPIClient(sandbox.config(), transport=transport) as client:
            await client.list_collaterals()
            over(transport)
            return len(await asyncio.gather(*(client.list_collaterals() for _ in range(MANY))))

    def threads() -> int:
        transport = ThreadsTogether(HttpConfig(base_url=sandbox.base_url))
        with FinastraAPIClient(sandbox.config(), transport=transport) as client, ThreadPoolExecutor(MANY) as pool:
            client.list_collaterals()
            over(transport)
            return len(list(pool.map(lambda _: client.list_collaterals(), range(MANY))))

    assert (asyncio.run(tasks()) if mode == "async" else threads()) == MANY
    arrived = sandbox.arrived()
    assert arrived.count(("login", 200)) == 1
    assert arrived.count(("product", 200)) == MANY
    assert len(arrived) == MANY + 1


def test_token_when_one_provider_serves_threads_and_loops_then_one_login(sandbox: Sandbox) -> None:
    settings = sandbox.config()
    tokens = ClientCredentialsTokenProvider(client_id=settings.client_id, client_secret=settings.client_secret)

    def in_loop(number: int) -> int:
        async def main() -> int:
            async with AsyncFinastraAPIClient(settings, tokens=tokens) as client:
                return len(await asyncio.gather(*(client.list_collaterals() for _ in range(number))))

        return asyncio.run(main())

    def in_thread(number: int) -> int:
        with FinastraAPIClient(settings, tokens=tokens) as client:
            return len([client.list_collaterals() for _ in range(number)])

    with ThreadPoolExecutor(12) as pool:
        jobs = [pool.submit(in_loop if number % 2 else in_thread, 5) for number in range(12)]
        assert [job.result(240) for job in jobs] == [5] * 12
    arrived = sandbox.arrived()
    assert arrived.count(("login", 200)) == 1
    assert arrived.count(("product", 200)) == 60


def test_login_with_a_key_when_the_sandbox_knows_it_then_a_token_each_time_it_is_asked(sandbox: Sandbox) -> None:
    sandbox.control("POST", "/finastra/keys", client_id="sandbox-b2b-client", kid="k1", public_key=public(key()))
    with FinastraAPIClient(sandbox.config(client_secret=None, private_key=pem(key()), key_id="k1")) as client:
        assert len(client.list_collaterals()) == 50
        sandbox.control("POST", "/finastra", revoke=True)
        assert len(client.list_collaterals()) == 50, "the second assertion is another one"
    with FinastraAPIClient(sandbox.config(private_key=pem(key()), key_id="another")) as client:
        with pytest.raises(AuthenticationFailed) as caught:
            client.list_collaterals()
        assert caught.value.vendor_code == "invalid_client"


@pytest.mark.parametrize(
    "changes", [{"client_secret": "wrong"}, {"client_id": "nobody"}, {"realm": "bank-east"}, {"scope": "payments"}]
)
def test_login_when_the_sandbox_refuses_then_authentication_failed(sandbox: Sandbox, changes: dict[str, str]) -> None:
    with FinastraAPIClient(sandbox.config(**changes)) as client, pytest.raises(AuthenticationFailed) as caught:
        client.get_collateral("C1")
    assert len(sandbox.arrived()) == 1
    assert caught.value.trace


def test_login_when_a_fault_passes_then_the_call_succeeds(sandbox: Sandbox) -> None:
    for kind in ("status_503", "drop_before", "drop_after", "rate_limit"):
        sandbox.control("POST", "/reset")
        sandbox.control("POST", "/faults", vendor="finastra", path="/login", kind=kind, count=1)
        with FinastraAPIClient(sandbox.config()) as client:
            assert len(client.list_collaterals()) == 50, kind


def test_errors_when_raised_then_ours_whatever_the_login_says(sandbox: Sandbox) -> None:
    for kind in ("truncated", "malformed", "html", "empty", "status_500", "timeout"):
        sandbox.control("POST", "/reset")
        sandbox.control("POST", "/faults", vendor="finastra", path="/login", kind=kind, seconds=0.01)
        with FinastraAPIClient(sandbox.config(max_attempts=1)) as client, pytest.raises(FinInfraError) as caught:
            client.list_collaterals()
        assert isinstance(caught.value, (UnexpectedPayload, ProviderUnavailable)), kind
        assert json.dumps(caught.value.extra())
