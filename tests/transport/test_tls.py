"""TLS and client certificates, with an authority made for the occasion."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
import trustme
from cryptography.hazmat.primitives import serialization

from fin_infra.errors import AuthenticationFailed, ConfigurationError, ProviderUnavailable
from fin_infra.transport import Request
from fin_infra.transport.config import HttpConfig

GET = Request("GET", "/x", timeout_s=10.0)


class Files:
    """PEM files of an authority and a client, and a TLS server that wants that client."""

    def __init__(self, folder: Path) -> None:
        self.ca = trustme.CA()
        self.ca_file = folder / "ca.pem"
        self.ca.cert_pem.write_to_path(str(self.ca_file))
        client = self.ca.issue_cert("client@example.org")
        self.certificate, self.key = folder / "client.pem", folder / "client.key"
        client.cert_chain_pems[0].write_to_path(str(self.certificate))
        client.private_key_pem.write_to_path(str(self.key))


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Files:
    return Files(tmp_path_factory.mktemp("pem"))


@pytest.fixture(params=[ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3], ids=["tls1.2", "tls1.3"])
def url(files: Files, request: pytest.FixtureRequest) -> Iterator[str]:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.maximum_version = request.param
    context.verify_mode = ssl.CERT_REQUIRED
    files.ca.configure_trust(context)
    files.ca.issue_cert("127.0.0.1").configure_cert(context)
    listener = socket.create_server(("127.0.0.1", 0))

    def accept() -> None:
        while True:
            try:
                raw, _ = listener.accept()
            except OSError:
                return
            with raw.dup() as held:  # a close with unread bytes would reset the connection and lose the alert
                with suppress(OSError), context.wrap_socket(raw, server_side=True) as connection:
                    connection.recv(65536)
                    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}")
                with suppress(OSError):
                    held.shutdown(socket.SHUT_WR)
                    held.settimeout(5)
                    while held.recv(65536):
                        pass

    thread = Thread(target=accept, daemon=True)
    thread.start()
    yield f"https://127.0.0.1:{listener.getsockname()[1]}"
    listener.shutdown(socket.SHUT_RDWR)
    listener.close()
    thread.join(5)


def test_client_certificate_when_given_then_server_lets_us_in(url: str, files: Files, ask: Any) -> None:
    reply = ask(url, GET, ca_file=str(files.ca_file), certificate=(str(files.certificate), str(files.key)))
    assert reply.status == 200


def test_client_certificate_when_missing_then_error_says_so(url: str, files: Files, ask: Any) -> None:
    with pytest.raises(AuthenticationFailed, match="client certificate") as caught:
        ask(url, GET, ca_file=str(files.ca_file))
    assert not caught.value.retryable


def test_server_certificate_when_authority_is_unknown_then_nothing_is_sent(url: str, ask: Any) -> None:
    with pytest.raises(ProviderUnavailable, match="not one we trust") as caught:
        ask(url, GET)
    assert not caught.value.retryable


def test_client_certificate_when_unusable_then_configuration_error(files: Files, tmp_path: Path, ask: Any) -> None:
    other = tmp_path / "other.key"
    files.ca.issue_cert("other@example.org").private_key_pem.write_to_path(str(other))
    pem = files.key.read_bytes()
    key: Any = serialization.load_pem_private_key(pem, None)
    locked = tmp_path / "locked.key"
    locked.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.BestAvailableEncryption(b"passphrase"),
        )
    )
    empty = tmp_path / "empty.pem"
    empty.write_text("")
    pairs = [
        (files.certificate, tmp_path / "absent.key"),
        (files.certificate, other),
        (files.certificate, locked),
        (empty, files.key),
    ]
    for certificate, key_file in pairs:
        with pytest.raises(ConfigurationError, match="client certificate cannot be loaded") as caught:
            ask("https://127.0.0.1:1", GET, certificate=(str(certificate), str(key_file)))
        assert str(tmp_path) not in str(caught.value)


def test_ca_file_when_unusable_then_configuration_error(tmp_path: Path, ask: Any) -> None:
    with pytest.raises(ConfigurationError, match="ca_file"):
        ask("https://127.0.0.1:1", GET, ca_file=str(tmp_path / "absent.pem"))


def test_certificate_when_config_is_printed_then_is_not_shown() -> None:
    config = HttpConfig(base_url="https://api.example.com", certificate=("/secret/a.pem", "/secret/b.key"))
    assert "secret" not in repr(config)


def test_client_key_when_encrypted_then_nobody_is_asked_for_a_password(
    files: Files, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a password of ours OpenSSL prompts on the terminal, and a service would hang there."""
    given: list[object] = []

    def load(self: ssl.SSLContext, certfile: str, keyfile: str, password: object = None) -> None:
        given.append(password)

    monkeypatch.setattr(ssl.SSLContext, "load_cert_chain", load)
    HttpConfig(base_url="https://127.0.0.1:1", certificate=("a.pem", "b.key")).tls()
    assert given == [""]
