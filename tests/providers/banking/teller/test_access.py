"""Teller's credentials: which are needed where, and a real TLS server that insists on a client certificate."""

from __future__ import annotations

import asyncio
import json
import ssl
import threading
from collections.abc import Generator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import trustme

from fin_infra.errors import AuthenticationFailed, ConfigurationError, ProviderUnavailable
from fin_infra.providers.banking.teller.adapter import Settings, TellerClient
from fin_infra.providers.provider import Endpoint, endpoint, http_transport
from fin_infra.settings import load
from fin_infra.transport.replay import Replay

BOTH = {"certificate": "certificate.pem", "private_key": "private_key.pem"}


@pytest.fixture(autouse=True)
def _no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("ACCESS_TOKEN", "CERTIFICATE", "PRIVATE_KEY", "BASE_URL"):
        monkeypatch.delenv(f"TELLER_{name}", raising=False)
    monkeypatch.delenv("FIN_INFRA_MODE", raising=False)


def build(**given: Any) -> TellerClient[Any]:
    place = endpoint(TellerClient.info, given)
    return TellerClient(Replay([]), place)


def test_client_when_no_token_then_sandbox() -> None:
    client = build()
    assert (client.environment, client.settings.access_token is not None) == ("sandbox", True)


def test_client_when_live_token_without_certificate_then_names_both_variables() -> None:
    with pytest.raises(ConfigurationError, match=r"TELLER_CERTIFICATE and TELLER_PRIVATE_KEY") as caught:
        build(access_token="token_livelivelive")
    assert "token_live" not in str(caught.value)


def test_client_when_tellers_own_sandbox_token_then_no_certificate_needed() -> None:
    assert build(access_token="test_token_abc").environment == "live"


def test_client_when_live_token_with_certificate_then_built() -> None:
    assert build(access_token="token_livelivelive", **BOTH).environment == "live"


@pytest.mark.parametrize(
    ("given", "missing"),
    [("certificate", "TELLER_PRIVATE_KEY"), ("private_key", "TELLER_CERTIFICATE")],
)
def test_client_when_half_a_certificate_then_names_the_missing_half(given: str, missing: str) -> None:
    with pytest.raises(ConfigurationError, match=missing):
        build(access_token="test_token_abc", **{given: "some.pem"})


def test_live_mode_when_no_token_then_names_the_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FIN_INFRA_MODE", "live")
    with pytest.raises(ConfigurationError, match="TELLER_ACCESS_TOKEN"):
        build()


def test_settings_when_from_environment_then_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TELLER_ACCESS_TOKEN", "token_fromenv")
    monkeypatch.setenv("TELLER_CERTIFICATE", "c.pem")
    monkeypatch.setenv("TELLER_PRIVATE_KEY", "k.pem")
    assert TellerClient.certificate(build().settings) == ("c.pem", "k.pem")


class Bank(BaseHTTPRequestHandler):
    """Answers every path with no accounts, and remembers who asked."""

    seen: list[tuple[str, str]]

    def do_GET(self) -> None:
        connection: Any = self.connection
        subject = dict(pair[0] for pair in connection.getpeercert()["subject"])
        self.seen.append((subject.get("organizationName", ""), self.headers["Authorization"]))
        body = json.dumps([]).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Stay silent."""


class QuietServer(ThreadingHTTPServer):
    def handle_error(self, request: Any, client_address: Any) -> None:
        """Refused handshakes are expected here."""

    def finish_request(self, request: Any, client_address: Any) -> None:
        request.settimeout(5)
        request.do_handshake()
        super().finish_request(request, client_address)


class TlsBank:
    """A server on loopback that only talks to holders of a certificate of its authority."""

    def __init__(self, folder: Path) -> None:
        authority = trustme.CA()
        self.ca_file = self._write(folder / "ca.pem", authority.cert_pem)
        self.client = self._identity(folder, authority, "app")
        self.stranger = self._identity(folder, trustme.CA(), "stranger")
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert("127.0.0.1").configure_cert(context)
        authority.configure_trust(context)
        context.verify_mode = ssl.CERT_REQUIRED
        handler = type("Handler", (Bank,), {"seen": []})
        self.seen: list[tuple[str, str]] = handler.seen
        self.server = QuietServer(("127.0.0.1", 0), handler)
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True, do_handshake_on_connect=False)
        self.url = f"https://127.0.0.1:{self.server.server_address[1]}"

    def _identity(self, folder: Path, authority: trustme.CA, name: str) -> dict[str, str]:
        leaf = authority.issue_cert(f"{name}@example.com", organization_name=name)
        chain = b"".join(blob.bytes() for blob in leaf.cert_chain_pems)
        (folder / f"{name}.pem").write_bytes(chain)
        return {
            "certificate": str(folder / f"{name}.pem"),
            "private_key": self._write(folder / f"{name}.key", leaf.private_key_pem),
        }

    @staticmethod
    def _write(file: Path, blob: trustme.Blob) -> str:
        file.write_bytes(blob.bytes())
        return str(file)


@pytest.fixture(scope="module")
def bank(tmp_path_factory: pytest.TempPathFactory) -> Generator[TlsBank]:
    bank = TlsBank(tmp_path_factory.mktemp("tls"))
    thread = threading.Thread(target=bank.server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    yield bank
    bank.server.shutdown()
    thread.join()
    bank.server.server_close()


def ask(bank: TlsBank, mode: str, **given: Any) -> Any:
    settings = load(Settings, {"access_token": "token_live", "max_attempts": 1, "ca_file": bank.ca_file, **given})
    place = Endpoint(bank.url, "custom", settings)
    if mode == "sync":
        transport = http_transport(TellerClient, place, "sync")
        try:
            return TellerClient(transport, place).accounts()
        finally:
            transport.close()  # type: ignore[attr-defined]  # the HTTP transport has one

    async def run() -> Any:
        transport = http_transport(TellerClient, place, "async")
        try:
            return await TellerClient(transport, place).accounts()
        finally:
            await transport.aclose()  # type: ignore[attr-defined]  # the HTTP transport has one

    return asyncio.run(run())


@pytest.mark.parametrize("mode", ["sync", "async"])
def test_mutual_tls_when_certificate_given_then_server_sees_application_and_token(bank: TlsBank, mode: str) -> None:
    bank.seen.clear()
    assert ask(bank, mode, **bank.client) == []
    ((application, authorization),) = bank.seen
    assert (application, authorization.startswith("Basic ")) == ("app", True)


@pytest.mark.parametrize("mode", ["sync", "async"])
@pytest.mark.parametrize("who", ["nobody", "stranger"])
def test_mutual_tls_when_certificate_is_missing_or_foreign_then_nothing_gets_through(
    bank: TlsBank, mode: str, who: str
) -> None:
    bank.seen.clear()
    with pytest.raises((AuthenticationFailed, ProviderUnavailable)):  # the server may say why, or just hang up
        ask(bank, mode, **(bank.stranger if who == "stranger" else {}))
    assert bank.seen == []


def test_tls_when_server_is_not_trusted_then_no_token_is_sent(bank: TlsBank) -> None:
    bank.seen.clear()
    with pytest.raises(ProviderUnavailable):
        ask(bank, "sync", **bank.client, ca_file=None)
    assert bank.seen == []


@pytest.mark.parametrize("broken", ["absent.pem", "key"])
def test_mutual_tls_when_files_are_unusable_then_one_clear_sentence(bank: TlsBank, broken: str) -> None:
    files = {"certificate": broken if broken == "absent.pem" else bank.client["private_key"]}
    with pytest.raises(ConfigurationError, match="client certificate cannot be loaded"):
        ask(bank, "sync", **{**bank.client, **files})


def test_trust_when_ca_file_is_unusable_then_one_clear_sentence(bank: TlsBank) -> None:
    with pytest.raises(ConfigurationError, match="ca_file"):
        ask(bank, "sync", **bank.client, ca_file="absent.pem")
