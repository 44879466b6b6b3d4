"""Where and how to connect: base URLs, certificates, which hosts may be reached without TLS.
Floor 2: checked when it is made, so that a wrong address never waits for its first request."""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from urllib.parse import urlsplit

from fin_infra.errors import ConfigurationError

_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpConfig:
    """Where and how to connect.

    `certificate` is a client certificate as (certificate file, key file) for vendors with mutual TLS; `ca_file` trusts
    a private authority. Plain http is for loopback, or for hosts you vouch for with `allow_http`.
    """

    base_url: str
    certificate: tuple[str, str] | None = field(default=None, repr=False)
    ca_file: str | None = None
    allow_http: bool = False
    hosts: Mapping[str, str] = field(default_factory=dict[str, str])
    """Further base URLs by name, for vendors that serve a part of their API elsewhere (`Request.host`)."""

    def __post_init__(self) -> None:
        if not _is_base_url(self.base_url):
            raise ConfigurationError("A base URL looks like https://api.example.com, with no user, key or query in it.")
        url = urlsplit(self.base_url)
        if url.scheme == "http" and not (self.is_loopback or self.allow_http):
            raise ConfigurationError(
                f"Credentials would travel to {url.hostname} unencrypted; use https, or set allow_http if you mean it."
            )
        for name in self.hosts:
            self.at(name)

    def at(self, name: str) -> HttpConfig:
        """Return the configuration of a further base URL, or this one for an empty name."""
        return replace(self, base_url=self.hosts[name], hosts={}) if name else self

    @property
    def is_loopback(self) -> bool:
        return urlsplit(self.base_url).hostname in _LOOPBACK

    @property
    def host(self) -> str:
        """Host, and port where it is not the usual one: for the Host header and error texts."""
        url = urlsplit(self.base_url)
        host = f"[{url.hostname}]" if ":" in (url.hostname or "") else url.hostname or ""
        return host if url.port in (None, _PORTS[url.scheme]) else f"{host}:{url.port}"

    def tls(self) -> ssl.SSLContext | None:
        """Return the TLS settings, None for plain http."""
        if urlsplit(self.base_url).scheme == "http":
            return None
        from httpcore2 import default_ssl_context

        try:
            context = ssl.create_default_context(cafile=self.ca_file) if self.ca_file else default_ssl_context()
        except (OSError, ssl.SSLError):
            raise ConfigurationError(
                "The file of trusted authorities (ca_file or SSL_CERT_FILE) cannot be read as PEM."
            ) from None
        if self.certificate:
            try:
                # an empty password makes an encrypted key an error instead of a prompt on the terminal
                context.load_cert_chain(*self.certificate, password="")
            except (OSError, ssl.SSLError):
                raise ConfigurationError(
                    "The client certificate cannot be loaded; check that certificate and key are PEM files that belong "
                    "together, can be read and are not encrypted."
                ) from None
        return context


def _is_base_url(text: str) -> bool:
    try:
        url = urlsplit(text)
        port = url.port
    except ValueError:
        return False
    clean = text.isascii() and text.isprintable() and not set(text) & set(" ?#@\\")
    return clean and url.scheme in _PORTS and bool(url.hostname) and port != 0
