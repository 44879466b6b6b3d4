"""Finastra's login: secrets, assertions signed by another library, tokens that age, tenants that stay apart."""

from __future__ import annotations

import json
import time
from functools import lru_cache
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from joserfc import jwt
from joserfc.jwk import OctKey, RSAKey

LIST = "/finastra/total-lending/collaterals/b2b/v2/collaterals"
LIVE_AUDIENCE = "https://api.fusionfabric.cloud/login/v1"
JWT_BEARER = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
CLIENT = "sandbox-b2b-client"
EXPIRED = {"statusCode": 401, "message": "Access token is missing or invalid."}


@lru_cache
def _key(name: str, bits: int = 2048) -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=bits)


def _public(key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey) -> str:
    return key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def _private(key: rsa.RSAPrivateKey) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def _claims(**changed: Any) -> dict[str, Any]:
    usual = {"iss": CLIENT, "sub": CLIENT, "aud": LIVE_AUDIENCE, "jti": "one", "exp": int(time.time()) + 1800}
    return {name: value for name, value in {**usual, **changed}.items() if value is not None}


def _signed(claims: dict[str, Any], key: str = "ours", header: dict[str, Any] | None = None) -> str:
    return jwt.encode(header or {"alg": "RS256", "kid": "k1"}, claims, RSAKey.import_key(_private(_key(key))))


def _register(ask: Any, client_id: str = CLIENT) -> None:
    body = {"client_id": client_id, "kid": "k1", "public_key": _public(_key("ours"))}
    reply = ask("/_sandbox/finastra/keys", "POST", json=body)
    assert reply.json() == {"keys": [{"client_id": client_id, "kid": "k1"}]}


def _assert(ask: Any, assertion: str, **form: str) -> Any:
    data = {"grant_type": "client_credentials", "client_assertion_type": JWT_BEARER, "client_assertion": assertion}
    return ask("/finastra/login/v1/sandbox/oidc/token", "POST", data={**data, **form})


def _refused(reply: Any) -> tuple[int, str]:
    assert set(reply.json()) == {"error", "error_description"}
    assert reply.headers["cache-control"] == "no-store"
    return reply.status_code, reply.json()["error"]


def test_token_when_the_secret_is_right_then_a_bearer_that_opens_the_product(ask: Any) -> None:
    reply = ask.finastra_login()
    assert (reply.status_code, reply.headers["cache-control"]) == (200, "no-store")
    body = reply.json()
    assert set(body) == {"access_token", "expires_in", "token_type", "scope"}
    assert (body["expires_in"], body["token_type"], body["scope"]) == (300, "Bearer", "openid")
    bearer = {"authorization": f"Bearer {body['access_token']}"}
    assert ask(LIST, headers=bearer).status_code == 200
    assert ask(LIST, headers={"authorization": f"bearer {body['access_token']}"}).status_code == 200


@pytest.mark.parametrize(
    ("form", "expected"),
    [
        ({"client_secret": "wrong"}, (401, "invalid_client")),
        ({"client_secret": ""}, (401, "invalid_client")),
        ({"client_secret": "sandbox-b2c-secret"}, (401, "invalid_client")),
        ({"client_id": "nobody"}, (401, "invalid_client")),
        ({"client_id": ""}, (401, "invalid_client")),
        ({"grant_type": ""}, (400, "invalid_request")),
        ({"grant_type": "authorization_code"}, (400, "unsupported_grant_type")),
        ({"scope": "openid admin"}, (400, "invalid_scope")),
        ({"client_assertion": "x", "client_assertion_type": JWT_BEARER}, (400, "invalid_request")),
    ],
)
def test_token_when_the_form_is_wrong_then_the_error_of_rfc_6749_and_no_token(
    ask: Any, form: dict[str, str], expected: tuple[int, str]
) -> None:
    assert _refused(ask.finastra_login(**form)) == expected
    assert ask("/_sandbox/finastra").json()["tokens_issued"] == 0


@pytest.mark.parametrize("scope", ["openid", "accounts", "openid accounts"])
def test_token_when_a_scope_is_asked_then_it_is_told_back(ask: Any, scope: str) -> None:
    assert ask.finastra_login(scope=scope).json()["scope"] == scope


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("application/json", b'{"grant_type":"client_credentials"}'),
        ("multipart/form-data; boundary=x", b"--x--"),
        ("", b"grant_type=client_credentials"),
        ("application/x-www-form-urlencoded", b""),
        ("application/x-www-form-urlencoded", b"grant_type=client_credentials&grant_type=client_credentials"),
        ("application/x-www-form-urlencoded", b"\xff=\xfe"),
    ],
)
def test_token_when_the_body_is_no_such_form_then_invalid_request(ask: Any, content_type: str, body: bytes) -> None:
    reply = ask("/finastra/login/v1/sandbox/oidc/token", "POST", content=body, headers={"content-type": content_type})
    assert _refused(reply) == (400, "invalid_request")


def test_tenant_when_unknown_then_the_gateways_404(ask: Any) -> None:
    expected = (404, {"statusCode": 404, "message": "Resource not found"})
    for reply in (ask.finastra_login("bank-east"), ask("/finastra/login/v1/x/.well-known/openid-configuration")):
        assert (reply.status_code, reply.json()) == expected


def test_token_when_the_method_is_wrong_then_the_gateways_405(ask: Any) -> None:
    for path, method in (("/finastra/login/v1/sandbox/oidc/token", "GET"), (LIST, "POST"), (LIST, "DELETE")):
        reply = ask(path, method)
        assert (reply.status_code, reply.json()["statusCode"]) == (405, 405)


def test_discovery_when_read_then_its_token_endpoint_answers(ask: Any) -> None:
    found = ask("/finastra/login/v1/bank-north/.well-known/openid-configuration").json()
    assert found["issuer"] == "http://sandbox/finastra/login/v1/bank-north"
    client = {"client_id": CLIENT, "client_secret": "sandbox-b2b-secret"}
    reply = ask(found["token_endpoint"], "POST", data={"grant_type": "client_credentials", **client})
    assert reply.status_code == 200


def test_token_when_its_life_is_over_on_the_sandbox_clock_then_401(ask: Any) -> None:
    bearer = ask.finastra_bearer()
    ask("/_sandbox/clock", "POST", json={"advance_s": 299})
    assert ask(LIST, headers=bearer).status_code == 200
    ask("/_sandbox/clock", "POST", json={"advance_s": 1})
    reply = ask(LIST, headers=bearer)
    assert (reply.status_code, reply.json()) == (401, EXPIRED)


def test_token_life_when_set_then_new_tokens_have_it_and_old_ones_keep_theirs(ask: Any) -> None:
    old = ask.finastra_bearer()
    assert ask("/_sandbox/finastra", "POST", json={"token_ttl_s": 20}).json()["token_ttl_s"] == 20
    body = ask.finastra_login().json()
    assert body["expires_in"] == 20
    ask("/_sandbox/clock", "POST", json={"advance_s": 20})
    assert ask(LIST, headers={"authorization": f"Bearer {body['access_token']}"}).status_code == 401
    assert ask(LIST, headers=old).status_code == 200


def test_tokens_when_revoked_then_401_for_all_and_a_new_one_works(ask: Any) -> None:
    bearers = [ask.finastra_bearer(), ask.finastra_bearer("bank-north")]
    assert ask("/_sandbox/finastra", "POST", json={"revoke": True}).json()["tokens_issued"] == 2
    assert [ask(LIST, headers=bearer).status_code for bearer in bearers] == [401, 401]
    assert ask(LIST, headers=ask.finastra_bearer()).status_code == 200
    assert ask("/_sandbox/finastra").json()["tokens_issued"] == 3


@pytest.mark.parametrize(
    "headers",
    [{}, {"authorization": "Bearer "}, {"authorization": "Bearer nobodys"}, {"authorization": "Basic eDp5"}],
)
def test_product_when_the_token_is_missing_or_foreign_then_401(ask: Any, headers: dict[str, str]) -> None:
    reply = ask(LIST, headers=headers)
    assert (reply.status_code, reply.json()) == (401, EXPIRED)


def test_product_when_the_token_is_for_the_other_one_then_403_in_the_gateways_shape(ask: Any) -> None:
    accounts = "/finastra/corporate/channels/accounts/me/v1/accounts?accountContext=ViewAccount"
    for path, side in ((LIST, "b2c"), (accounts, "b2b")):
        reply = ask(path, headers=ask.finastra_bearer(side=side))
        assert (reply.status_code, set(reply.json())) == (403, {"statusCode", "message"})
        assert reply.json()["statusCode"] == 403


def test_tokens_when_two_sandboxes_share_a_seed_then_the_same_and_each_used_once(ask: Any) -> None:
    from fin_infra.sandbox import create_app

    other = type(ask)(create_app())
    asked = [("sandbox", "b2b"), ("bank-north", "b2b"), ("sandbox", "b2b"), ("sandbox", "b2c")]
    ours = [ask.finastra_bearer(*which)["authorization"] for which in asked]
    assert ours == [other.finastra_bearer(*which)["authorization"] for which in asked]
    assert len(set(ours)) == 4


def test_token_when_it_was_issued_before_a_reset_then_it_never_opens_another_tenants_data(ask: Any) -> None:
    old = ask.finastra_bearer("sandbox")
    ask("/_sandbox/reset", "POST")
    ask.finastra_bearer("bank-north")
    assert ask(LIST, headers=old).status_code == 401


@pytest.mark.parametrize("audience", [LIVE_AUDIENCE, "http://sandbox/finastra/login/v1", ["else", LIVE_AUDIENCE]])
def test_assertion_when_signed_with_the_registered_key_then_a_token(ask: Any, audience: Any) -> None:
    _register(ask)
    reply = _assert(ask, _signed(_claims(aud=audience)))
    assert reply.status_code == 200, reply.text
    assert ask(LIST, headers={"authorization": f"Bearer {reply.json()['access_token']}"}).status_code == 200


def test_assertion_when_sent_with_its_own_client_id_then_a_token_and_with_anothers_none(ask: Any) -> None:
    _register(ask)
    assert _assert(ask, _signed(_claims()), client_id=CLIENT).status_code == 200
    assert _refused(_assert(ask, _signed(_claims(jti="two")), client_id="sandbox-b2c-client")) == (
        401,
        "invalid_client",
    )


@pytest.mark.parametrize(
    "changed",
    [
        {"aud": "https://api.fusionfabric.cloud"},
        {"aud": None},
        {"iss": "nobody", "sub": "nobody"},
        {"iss": "sandbox-b2c-client"},
        {"sub": "sandbox-b2c-client"},
        {"iss": None},
        {"iss": ["sandbox-b2b-client"]},
        {"sub": None},
        {"jti": None},
        {"jti": ["one"]},
        {"exp": None},
        {"exp": int(time.time()) - 60},
        {"exp": int(time.time()) + 2 * 3600},
        {"exp": "tomorrow"},
        {"exp": str(int(time.time()) + 900)},
        {"exp": float("inf")},
        {"exp": True},
        {"nbf": float("inf")},
    ],
)
def test_assertion_when_a_claim_is_wrong_then_invalid_client(ask: Any, changed: dict[str, Any]) -> None:
    _register(ask)
    assert _refused(_assert(ask, _signed(_claims(**changed)))) == (401, "invalid_client")


def test_assertion_when_its_jti_comes_again_then_invalid_client(ask: Any) -> None:
    _register(ask)
    assert _assert(ask, _signed(_claims())).status_code == 200
    assert _refused(_assert(ask, _signed(_claims(exp=int(time.time()) + 900)))) == (401, "invalid_client")
    assert _assert(ask, _signed(_claims(jti="another"))).status_code == 200


def test_assertion_when_the_key_is_not_the_registered_one_then_invalid_client(ask: Any) -> None:
    assert _refused(_assert(ask, _signed(_claims()))) == (401, "invalid_client")  # none registered
    _register(ask)
    assert _refused(_assert(ask, _signed(_claims(), key="theirs"))) == (401, "invalid_client")
    other_kid = _signed(_claims(), header={"alg": "RS256", "kid": "k2"})
    assert _refused(_assert(ask, other_kid)) == (401, "invalid_client")
    assert _refused(_assert(ask, _signed(_claims(), header={"alg": "RS256"}))) == (401, "invalid_client")
    assert _assert(ask, _signed(_claims())).status_code == 200  # a refused one has not used its jti up


def test_assertion_when_the_key_is_another_clients_then_invalid_client(ask: Any) -> None:
    _register(ask, "sandbox-b2c-client")
    assert _refused(_assert(ask, _signed(_claims()))) == (401, "invalid_client")


def test_assertion_when_the_public_key_is_used_as_a_shared_secret_then_invalid_client(ask: Any) -> None:
    _register(ask)
    shared = OctKey.import_key(_public(_key("ours")).replace("-----", "#####"))  # the library refuses a plain PEM
    forged = jwt.encode({"alg": "HS256", "kid": "k1"}, _claims(), shared)
    assert _refused(_assert(ask, forged)) == (401, "invalid_client")


@pytest.mark.parametrize("assertion", ["", "x", "a.b.c", "é.é.é", "e30.e30.", "eyJraWQiOlsiazEiXX0.e30.eA", "." * 5000])
def test_assertion_when_it_is_no_jwt_then_invalid_client(ask: Any, assertion: str) -> None:
    assert _refused(_assert(ask, assertion)) == (401, "invalid_client")


def test_assertion_when_its_type_is_another_then_invalid_request(ask: Any) -> None:
    reply = _assert(ask, _signed(_claims()), client_assertion_type="urn:ietf:params:oauth:grant-type:saml2-bearer")
    assert _refused(reply) == (400, "invalid_request")


def test_key_when_it_is_too_short_private_or_no_rsa_then_refused(ask: Any) -> None:
    wrong = [
        _public(_key("short", 1024)),
        _private(_key("ours")).decode(),
        _public(ec.generate_private_key(ec.SECP256R1())),
        "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n",
        7,
    ]
    for public_key in wrong:
        body = {"client_id": CLIENT, "kid": "k1", "public_key": public_key}
        reply = ask("/_sandbox/finastra/keys", "POST", json=body)
        assert (reply.status_code, "2048 bits or more" in reply.json()["error"]) == (422, True)


def test_requests_when_logged_then_neither_secret_nor_assertion_nor_bearer(ask: Any) -> None:
    _register(ask)
    assertion = _signed(_claims())
    bearer = _assert(ask, assertion).json()["access_token"]
    ask.finastra_login()
    query = {"client_secret": "sandbox-b2b-secret", "client_assertion": assertion, "access_token": bearer}
    ask(LIST, headers={"authorization": f"Bearer {bearer}"}, params=query)
    shown = ask("/_sandbox/requests").text + ask("/_sandbox/finastra").text
    assert len(json.loads(ask("/_sandbox/requests").text)["requests"]) == 3
    for secret in ("sandbox-b2b-secret", assertion, bearer, bearer.rpartition(".")[2]):
        assert secret not in shown


def test_every_answer_when_given_then_trace_headers_and_the_callers_request_id(ask: Any) -> None:
    bearer = ask.finastra_bearer()
    ask("/_sandbox/faults", "POST", json={"vendor": "finastra", "kind": "status_503", "path": "/down"})
    ask("/_sandbox/faults", "POST", json={"vendor": "finastra", "kind": "truncated", "path": "/login"})
    paths = [LIST, f"{LIST}/nope", f"{LIST}?pageSize=0", "/finastra/nope", "/finastra/down", "/finastra/login/x"]
    replies = [ask(path, headers={**bearer, "x-request-id": f"mine-{n}"}) for n, path in enumerate(paths)]
    assert [reply.status_code for reply in replies] == [200, 404, 400, 404, 503, 404]
    assert [reply.headers["x-request-id"] for reply in replies] == [f"mine-{n}" for n in range(6)]
    for name in ("ff-trace-id", "activityId"):
        assert len({reply.headers[name] for reply in replies}) == 6
    assert "x-request-id" not in ask(LIST, headers=bearer).headers
    assert "ff-trace-id" not in ask.teller("/accounts").headers


def test_login_when_a_fault_hits_it_then_no_token_is_issued_unless_the_drop_came_after(ask: Any) -> None:
    for kind, issued in (("status_502", 0), ("drop_before", 0), ("drop_after", 1)):
        ask("/_sandbox/reset", "POST")
        body = {"vendor": "finastra", "kind": kind, "path": "/login", "count": 1}
        ask("/_sandbox/faults", "POST", json=body)
        if kind.startswith("drop"):
            with pytest.raises(ConnectionResetError):
                ask.finastra_login()
        else:
            assert ask.finastra_login().json() == {"statusCode": 502, "message": "Bad gateway"}
        assert ask("/_sandbox/finastra").json()["tokens_issued"] == issued
