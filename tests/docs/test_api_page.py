"""The table of docs/api.md: its routes are those of the OpenAPI document, its scopes are enforced by the service."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from asset_aggregator.api import create_app
from fin_infra.providers import registry

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "api.md").read_text("utf-8")
ROWS = [
    (*route.split(" "), scope)
    for line in PAGE.splitlines()
    if (row := re.match(r"\| (`(?:GET|POST|PATCH|DELETE) .*?) \| (.*?) \|", line))
    for route in re.findall(r"`(\w+ /[^`]*)`", row[1])
    for scope in [row[2].strip("`")]
]
SCOPES = {scope for *_, scope in ROWS if scope != "none"}
DEVELOPMENT_ONLY = {("GET", "/ping"), ("GET", "/status")}


def _token(scope: str) -> str:
    """Return the token that may do everything but `scope`."""
    return f"all-but-{scope.replace(':', '-')}-".ljust(32, "x")


@pytest.fixture(scope="module")
def client() -> Iterator[TestClient]:
    entries = [f"{_token(s)[:20].rstrip('-')}[{' '.join(sorted(SCOPES - {s}))}]={_token(s)}" for s in sorted(SCOPES)]
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setenv("FEATURE_IDENTITY", "1")
        monkeypatch.setenv("FIN_INFRA_MODE", "sandbox")
        monkeypatch.setenv("FIN_INFRA_API_TOKENS", ",".join(entries))
        monkeypatch.setenv("LOG_FORMAT", "none")
        registry.reset()
        with TestClient(create_app()) as found:
            yield found
        registry.reset()


def test_routes_when_compared_with_the_openapi_document_then_the_page_has_each_and_no_other(client: TestClient) -> None:
    paths = client.get("/openapi.json").json()["paths"]
    served = {(verb.upper(), path) for path, operations in paths.items() for verb in operations}
    assert {(verb, path) for verb, path, _ in ROWS} == served - DEVELOPMENT_ONLY


@pytest.mark.parametrize(("verb", "path", "scope"), ROWS)
def test_route_when_the_token_has_every_scope_but_its_own_then_403(
    client: TestClient, verb: str, path: str, scope: str
) -> None:
    url = re.sub(r"\{\w+\}", "x", path)
    if scope == "none":
        assert client.request(verb, url).status_code != 401
        return
    assert client.request(verb, url).status_code == 401
    reply = client.request(verb, url, headers={"Authorization": f"Bearer {_token(scope)}"})
    assert (reply.status_code, scope in reply.text) == (403, True), reply.text
