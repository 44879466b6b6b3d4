"""Nothing secret where people look: client secret, private key, assertion and bearer are searched for under faults.

Searched are all logs at DEBUG, every error in every form, the local variables of our frames, the metrics' text, the
reprs, and the sandbox's log of what arrived.
"""

from __future__ import annotations

import asyncio
import logging
import pickle
import traceback
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any
from urllib.parse import parse_qs, quote, quote_plus

import httpx2
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from prometheus_client import generate_latest

from bankersbank.finastra import AsyncFinastraAPIClient, FinastraAPIClient, FinastraConfig
from fin_infra.errors import ConfigurationError, FinInfraError
from fin_infra.sandbox import running
from fin_infra.transport import Reply, Request
from fin_infra.transport.config import HttpConfig
from fin_infra.transport.http import AsyncHttpTransport, HttpTransport
from fin_infra.transport.replay import AsyncReplay, Replay
from tests.bankersbank.support import MODES, call, reply
from tests.support.logs import Everything, everything
from tests.support.sandbox_kinds import kinds_of

CLIENT_ID, SECRET, KEY_ID = "sandbox-b2b-client", "sandbox-b2b-secret", "kid-of-ours-4711"
ODD_SECRET = "Zq7+odd/Secret=4711&x"
VARIANTS = ("secret", "key")
FAULTS = ["none", *(kind for kind in kinds_of("finastra") if kind != "latency")]
PLACES = {"login": "/login", "product": "/total-lending"}


@cache
def private_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, 2048)


@cache
def pem() -> str:
    return (
        private_key()
        .private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        .decode()
    )


@cache
def public_pem() -> str:
    return (
        private_key()
        .public_key()
        .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
        .decode()
    )


def forms(secret: str) -> set[str]:
    return {secret, quote(secret), quote(secret, safe=""), quote_plus(secret), repr(secret)[1:-1]}


def of_the_key() -> set[str]:
    """Any line of the key is too much."""
    return {line for line in pem().splitlines() if "-----" not in line and len(line) > 20}


@pytest.fixture
def captured() -> Iterator[Everything]:
    with everything() as heard:
        yield heard


class Wire:
    """What was really sent and received: the bearers and assertions that must not be found elsewhere."""

    def __init__(self) -> None:
        self.secrets: set[str] = set()

    def note(self, effect: Any, answer: Any) -> None:
        if not isinstance(effect, Request) or not isinstance(answer, Reply):
            return
        if effect.path.startswith("/login/"):
            sent = parse_qs((effect.content or b"").decode())
            self.secrets.update(sent.get("client_assertion", []))
            try:
                self.secrets.add(str(answer.json()["access_token"]))
            except (FinInfraError, LookupError, TypeError):
                return
        else:
            self.secrets.add(dict(effect.headers)["Authorization"].removeprefix("Bearer "))


class Tapped(HttpTransport):
    def __init__(self, config: HttpConfig, wire: Wire) -> None:
        super().__init__(config)
        self._tap = wire.note

    def step(self, effect: Any) -> Any:
        answer = super().step(effect)
        self._tap(effect, answer)
        return answer


class AsyncTapped(AsyncHttpTransport):
    def __init__(self, config: HttpConfig, wire: Wire) -> None:
        super().__init__(config)
        self._tap = wire.note

    async def step(self, effect: Any) -> Any:
        answer = await super().step(effect)
        self._tap(effect, answer)
        return answer


def told(error: BaseException, *, frames: bool = True) -> str:
    """Return all that an error may tell: texts, facts, chain, traceback, pickle, and the locals of our frames."""
    seen, parts, queue = set[int](), [*traceback.format_exception(error)], [error]
    while queue:
        one = queue.pop()
        if id(one) in seen:
            continue
        seen.add(id(one))
        parts += [str(one), repr(one), repr(vars(one)), repr(one.args), repr(getattr(one, "__notes__", ""))]
        parts += [repr(one.extra())] if isinstance(one, FinInfraError) else []
        queue += [other for other in (one.__cause__, one.__context__) if other is not None]
    stack = traceback.TracebackException.from_exception(error, capture_locals=frames).stack
    ours = [frame for frame in stack if any(name in frame.filename for name in ("/bankersbank/", "/fin_infra/"))]
    parts += [repr(frame.locals) for frame in ours if "/tests/" not in frame.filename]
    return "\n".join([*parts, pickle.dumps(error).decode("latin-1")])


def reprs(client: Any) -> list[str]:
    things = [client, client.config, client.access, client.transport, client.policy, client.policy.limiter]
    return [
        f"{thing!r} {thing!s}" for thing in (*things, client.access._signer, client.transport.__dict__.get("config"))
    ]


def found(secrets: set[str], texts: list[str]) -> list[str]:
    """Return where a secret shows, with a little of what is around it."""
    places: list[str] = []
    for text in texts:
        for secret in sorted(secrets):
            if (at := text.casefold().find(secret.casefold())) >= 0:
                places.append(f"{secret!r} in ...{text[max(at - 100, 0) :][:250]}...")
    return places


@pytest.fixture(scope="module")
def sandbox_url() -> Iterator[str]:
    with running() as url:
        yield url


@pytest.fixture
def control(sandbox_url: str) -> Iterator[httpx2.Client]:
    with httpx2.Client(base_url=f"{sandbox_url}/_sandbox", timeout=60, trust_env=False) as client:
        assert client.post("/reset").status_code == 200
        registered = {"client_id": CLIENT_ID, "kid": KEY_ID, "public_key": public_pem()}
        assert client.post("/finastra/keys", json=registered).status_code == 200
        yield client


def settings(base_url: str, variant: str, **changes: Any) -> FinastraConfig:
    proof = {"client_secret": SECRET} if variant == "secret" else {"private_key": pem(), "key_id": KEY_ID}
    known = {"client_id": CLIENT_ID, "base_url": base_url, "max_attempts": 1, "timeout_s": 10.0}
    return FinastraConfig(**known | proof | changes)


def outcomes(mode: str, config: FinastraConfig, wire: Wire, asks: list[tuple[str, tuple[Any, ...]]]) -> list[str]:
    """Make the calls with one client and return all that they told, in results, errors and reprs."""
    texts: list[str] = []

    def looked(client: Any, name: str, error: FinInfraError | None, result: Any) -> None:
        texts.extend([repr(result) if error is None else told(error), *reprs(client)])

    async def tasks() -> None:
        transport = AsyncTapped(HttpConfig(base_url=config.base_url), wire)
        async with AsyncFinastraAPIClient(config, transport=transport) as client:
            for name, args in asks:
                try:
                    looked(client, name, None, await getattr(client, name)(*args))
                except FinInfraError as exc:
                    looked(client, name, exc, None)

    if mode == "async":
        asyncio.run(tasks())
        return texts
    with FinastraAPIClient(config, transport=Tapped(HttpConfig(base_url=config.base_url), wire)) as client:
        for name, args in asks:
            try:
                looked(client, name, None, getattr(client, name)(*args))
            except FinInfraError as exc:
                looked(client, name, exc, None)
    return texts


ASKS: list[tuple[str, tuple[Any, ...]]] = [
    ("list_collaterals", ()),
    ("get_collateral", ("no-such-id",)),
    ("get_json", ("/total-lending/collaterals/b2b/v2/collaterals", {"pageSize": 0})),
]


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("kind", FAULTS)
def test_call_when_a_fault_strikes_then_nothing_secret_is_told(
    control: httpx2.Client, sandbox_url: str, captured: Everything, kind: str, place: str, variant: str, mode: str
) -> None:
    wire = Wire()
    if kind != "none":
        fault = {"vendor": "finastra", "path": PLACES[place], "kind": kind} | (
            {"seconds": 0.01} if kind == "timeout" else {}
        )
        assert control.post("/faults", json=fault).status_code == 200
    patience = {"timeout_s": 0.5} if kind == "timeout_after" else {}  # it is the client that gives up
    texts = outcomes(mode, settings(f"{sandbox_url}/finastra", variant, **patience), wire, ASKS)
    texts += [generate_latest().decode(), control.get("/requests").text, control.get("/finastra").text]
    secrets = forms(SECRET) | of_the_key() | {form for secret in wire.secrets for form in forms(secret)}
    assert wire.secrets or kind != "none"
    assert found(secrets, texts + captured.texts) == []
    assert {"fin_infra", "httpcore2.http11"} <= captured.names


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(
    "changes",
    [
        {"client_secret": ODD_SECRET},
        {"client_secret": None, "private_key": "wrong " + "Zq7" * 20, "key_id": KEY_ID},
        {"realm": "bank-east"},
        {"scope": "payments"},
        {"base_url": "http://127.0.0.1:9"},
    ],
    ids=lambda changes: "-".join(changes),
)
def test_call_when_the_client_is_not_set_up_right_then_the_error_tells_no_secret(
    control: httpx2.Client, sandbox_url: str, captured: Everything, mode: str, changes: dict[str, Any]
) -> None:
    wire = Wire()
    texts = outcomes(
        mode, settings(**{"base_url": f"{sandbox_url}/finastra", "variant": "secret"} | changes), wire, ASKS[:1]
    )
    assert "Traceback" in texts[0], "it fails"
    texts += [generate_latest().decode(), control.get("/requests").text]
    assert found({"Zq7", *forms(SECRET), *forms(ODD_SECRET)}, texts + captured.texts) == []


def test_search_when_an_error_is_of_the_matrix_then_a_secret_planted_in_it_is_found(captured: Everything) -> None:
    """The search itself: each place gives a planted secret away."""
    logging.getLogger("some.library").debug("sent %s", SECRET)
    logging.getLogger("fin_infra").info("call", extra={"body": SECRET})
    error = ConfigurationError("bad")
    error.add_note(SECRET)
    inner = ConfigurationError("outer")
    inner.__context__ = ValueError(SECRET)
    planted = ConfigurationError("planted")
    planted.body = SECRET  # type: ignore[attr-defined]  # what a careless line could do
    texts = [*captured.texts, told(error), told(inner), pickle.dumps(planted).decode("latin-1")]
    assert len(found({SECRET}, texts)) == 5


# A vendor that says everything back


def echo(request: Request) -> dict[str, str]:
    heard = f"{dict(request.headers)} {(request.content or b'').decode()} bearer-of-ours"
    words = ("message", "title", "detail", "details", "instance", "error", "error_description", "statusCode", "status")
    return dict.fromkeys(words, heard)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("status", [200, 302, 400, 401, 403, 404, 408, 422, 429, 500, 503])
def test_call_when_the_vendor_repeats_what_it_was_sent_then_it_is_not_passed_on(
    captured: Everything, mode: str, place: str, status: int
) -> None:
    good = reply({"access_token": "bearer-of-ours", "expires_in": 300})

    def respond(request: Request) -> Reply:
        at_login = request.path.startswith("/login/")
        if at_login and place == "product":
            return good
        heard = echo(request)
        return Reply(status, reply(heard).content, {"x-request-id": heard["message"], "www-authenticate": "Bearer x"})

    config = settings("http://127.0.0.1:9/finastra", "secret", client_secret=ODD_SECRET)
    client: Any = (
        FinastraAPIClient(config, transport=Replay(respond))
        if mode == "sync"
        else AsyncFinastraAPIClient(config, transport=AsyncReplay(respond))
    )
    with pytest.raises(FinInfraError) as caught:
        call(client, "list_collaterals")
    an_answer = (place, status) == ("product", 200)  # the frames that read it hold it; it is data, not a secret
    texts = [told(caught.value, frames=not an_answer), *reprs(client), generate_latest().decode(), *captured.texts]
    assert found({"bearer-of-ours", *forms(ODD_SECRET)}, texts) == []


@pytest.mark.parametrize(
    "body",
    [
        {"access_token": "bearer-of-ours", "expires_in": "never"},
        {"access_token": "bearer-of-ours\r\nX-Evil: 1", "expires_in": 300},
        {"access_token": "bearer-of-ours two", "expires_in": 300},
        {"access_token": ["bearer-of-ours"], "expires_in": 300},
        ["bearer-of-ours"],
        "bearer-of-ours",
    ],
)
@pytest.mark.parametrize("mode", MODES)
def test_login_when_its_answer_cannot_be_used_then_the_error_does_not_hold_the_token(
    captured: Everything, mode: str, body: Any
) -> None:
    respond: Callable[[Request], Reply] = lambda request: reply(body)  # noqa: E731  # a type that two transports share
    config = settings("http://127.0.0.1:9/finastra", "secret", client_secret=ODD_SECRET)
    client: Any = (
        FinastraAPIClient(config, transport=Replay(respond))
        if mode == "sync"
        else AsyncFinastraAPIClient(config, transport=AsyncReplay(respond))
    )
    with pytest.raises(FinInfraError) as caught:
        call(client, "list_collaterals")
    assert found({"bearer-of-ours", *forms(ODD_SECRET)}, [told(caught.value), *reprs(client), *captured.texts]) == []
