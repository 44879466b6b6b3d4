"""Callers prove who they are by a token in a header; scopes are enforced; the document says so."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

import pytest
from fastapi import APIRouter, Depends, FastAPI
from fastapi.testclient import TestClient
from hypothesis import given
from hypothesis import strategies as st

from asset_aggregator.infra import AppEnv, Auth, Principal, ServiceSettings, demo_token
from fin_infra.api import User
from fin_infra.errors import ConfigurationError

MakeService = Callable[..., FastAPI]
FULL, BANKING, AREA = "f" * 30, "b" * 30, "a" * 30
TOKENS = f"ana={FULL}, bob[banking:read]={BANKING}, cy[banking:*]={AREA}"


def _router(auth: Auth) -> APIRouter:
    router = APIRouter()
    caller = auth.require("banking:read")

    @router.get("/banking")
    async def banking(
        principal: Principal = Depends(caller),  # noqa: B008  # FastAPI's way for a dependency made at run time
    ) -> dict[str, str]:
        return {"who": principal.name}

    router.add_api_route("/market", banking_free, dependencies=[Depends(auth.require("market:read"))])
    return router


async def banking_free() -> str:
    return "ok"


@pytest.fixture
def client(make_service: MakeService) -> TestClient:
    auth = Auth(TOKENS)
    return TestClient(make_service(_router(auth), auth=auth))


@pytest.mark.parametrize(
    ("headers", "who"),
    [
        ({"Authorization": f"Bearer {FULL}"}, "ana"),
        ({"authorization": f"bearer  {FULL} "}, "ana"),
        ({"X-API-Key": BANKING}, "bob"),
        ({"X-API-Key": AREA}, "cy"),
        ({"X-API-Key": BANKING, "Authorization": "Bearer nonsense"}, "bob"),
    ],
)
def test_caller_with_a_known_token_is_let_in(client: TestClient, headers: dict[str, str], who: str) -> None:
    assert client.get("/banking", headers=headers).json() == {"who": who}


@pytest.mark.parametrize(
    ("headers", "error"),
    [
        ({}, ""),
        ({"Authorization": "Bearer "}, ', error="invalid_token"'),
        ({"Authorization": f"Bearer {FULL[:-1]}"}, ', error="invalid_token"'),
        ({"Authorization": f"Basic {FULL}"}, ', error="invalid_token"'),
        ({"Authorization": FULL}, ', error="invalid_token"'),
        ({"X-API-Key": FULL + "f"}, ', error="invalid_token"'),
        ({"X-API-Key": "x" * 5000}, ', error="invalid_token"'),
        ({"X-API-Key": "é".encode()}, ', error="invalid_token"'),
    ],
)
def test_caller_without_a_known_token_gets_401_with_challenge(
    client: TestClient, headers: dict[str, str], error: str
) -> None:
    response = client.get("/banking", headers=headers)
    assert response.status_code == 401
    assert response.json()["code"] == "fin.http.unauthenticated"
    assert response.headers["www-authenticate"] == f'Bearer realm="fin-infra"{error}'
    assert "***" not in response.json()["detail"]
    assert FULL[:-1] not in response.text


def test_token_in_the_url_is_not_accepted(client: TestClient) -> None:
    assert client.get("/banking", params={"token": FULL, "api_key": FULL, "access_token": FULL}).status_code == 401


def test_caller_without_the_scope_gets_403_naming_it(client: TestClient) -> None:
    response = client.get("/market", headers={"X-API-Key": BANKING})
    assert response.status_code == 403
    assert response.json()["code"] == "fin.http.forbidden"
    assert "market:read" in response.json()["detail"]
    assert 'error="insufficient_scope", scope="market:read"' in response.headers["www-authenticate"]
    assert client.get("/market", headers={"X-API-Key": AREA}).status_code == 403
    assert client.get("/market", headers={"X-API-Key": FULL}).status_code == 200


def test_openapi_when_a_route_needs_a_token_names_both_schemes(client: TestClient) -> None:
    document = client.get("/openapi.json").json()
    schemes = document["components"]["securitySchemes"]
    assert {name: (s["type"], s.get("scheme") or s.get("name")) for name, s in schemes.items()} == {
        "BearerToken": ("http", "bearer"),
        "ApiKey": ("apiKey", "X-API-Key"),
    }
    assert document["paths"]["/banking"]["get"]["security"] == [{"BearerToken": []}, {"ApiKey": []}]
    assert not document["paths"]["/healthz"]["get"].get("security")


def test_tokens_when_held_are_not_readable_from_the_objects() -> None:
    auth = Auth(TOKENS)
    held = repr(auth) + repr(vars(auth)) + repr(auth._known) + repr(ServiceSettings(api_tokens=TOKENS))
    assert FULL not in held
    assert BANKING not in held


@pytest.mark.parametrize("tokens", ["short", f"a={FULL},b={FULL}", f"a[x]{FULL}", f"{FULL} {FULL}"])
def test_tokens_when_unusable_are_refused_without_being_repeated(tokens: str) -> None:
    with pytest.raises(ConfigurationError, match="FIN_INFRA_API_TOKENS") as caught:
        Auth(tokens)
    assert FULL not in str(caught.value)


def test_token_without_a_name_covers_everything() -> None:
    (known,) = Auth(f" {FULL} ,")._known  # no request is needed to see how an entry is read
    assert known.principal == Principal("token-1", frozenset({"*"}))
    assert known.principal.covers("market:read")


@pytest.mark.parametrize("tokens", [f"{FULL},{BANKING}", f"ana={FULL},{BANKING}", f",{FULL}"])
def test_token_without_a_name_that_is_not_first_is_refused_with_the_names_that_keep_keys(tokens: str) -> None:
    with pytest.raises(ConfigurationError, match=r"idempotency keys belong to a name; .* token-1 keeps .* first"):
        Auth(tokens)


@given(st.permutations([("ana", FULL), ("ana", BANKING), ("token-2", AREA), ("cy", "c" * 30)]), st.integers(0, 4))
def test_users_when_the_list_is_reordered_or_cut_keep_their_names(rows: list[tuple[str, str]], left: int) -> None:
    rows = rows[:left]
    known = Auth(",".join(f"{name}={token}" for name, token in rows))._known
    assert [(row.principal.name, row.digest) for row in known] == [
        (name, hashlib.sha256(token.encode()).digest()) for name, token in rows
    ]


@pytest.mark.parametrize(
    ("entry", "user"),
    [
        ("ana", User("ana", "default")),
        ("ana@default", User("ana", "default")),
        ("ana@north-1", User("ana", "north-1")),
        ("ana@north-1[banking:read]", User("ana", "north-1")),
    ],
)
def test_tenant_in_an_entry_is_the_users_and_the_default_one_elsewhere(entry: str, user: User) -> None:
    (known,) = Auth(f"{entry}={FULL}")._known
    assert known.principal.user == user
    assert known.principal.covers("market:read") is ("[" not in entry)


@pytest.mark.parametrize("entry", ["ana@", "@north", "ana@a/b", "ana@north@south", f"ana@{'t' * 65}", "ana[x]@north"])
def test_tenant_when_it_cannot_be_read_is_refused_with_the_form(entry: str) -> None:
    with pytest.raises(ConfigurationError, match="name@tenant=token"):
        Auth(f"{entry}={FULL}")


def test_token_without_a_name_when_rotated_is_the_same_user() -> None:
    assert {Auth(tokens)._known[0].principal.name for tokens in (FULL, BANKING, f"{AREA},ana={FULL}")} == {"token-1"}


def test_demo_token_when_none_is_configured_works_on_loopback_only(make_service: MakeService) -> None:
    auth = Auth.from_settings(ServiceSettings())
    assert auth.demo is not None
    app = make_service(_router(auth), auth=auth, api_tokens="")
    headers = {"Authorization": f"Bearer {auth.demo}"}
    assert TestClient(app, client=("127.0.0.1", 1)).get("/banking", headers=headers).json() == {"who": "demo"}
    assert TestClient(app, client=("::1", 1)).get("/banking", headers=headers).status_code == 200
    assert TestClient(app, client=("203.0.113.7", 1)).get("/banking", headers=headers).status_code == 401


def test_demo_token_when_tokens_are_configured_is_not_made() -> None:
    assert Auth.from_settings(ServiceSettings(api_tokens=TOKENS)).demo is None


@pytest.mark.parametrize("settings", [{"host": "0.0.0.0"}, {"env": AppEnv.PROD}, {"env": AppEnv.TEST}])
def test_demo_token_beyond_a_personal_machine_is_refused(settings: dict[str, object]) -> None:
    with pytest.raises(ConfigurationError, match="Set FIN_INFRA_API_TOKENS"):
        Auth.from_settings(ServiceSettings(**settings))  # type: ignore[arg-type]  # one of the fields, by name


def test_demo_token_when_made_is_long_and_different_each_time() -> None:
    made = {demo_token() for _ in range(50)}
    assert len(made) == 50
    assert all(len(token) >= 43 for token in made)
